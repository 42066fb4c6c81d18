/* HTTP sockets: binding, keeping over a restart, errors, stale paths, and shutdown by
 * reeve-rpcd. */
#include "common/sock.h"
#include "common/str.h"
#include "master/frontend/http_sockets.h"

#include "tests/unit/common/sock_listen.h"
#include "tests/unit/master/scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define S(text) ((char *)(uintptr_t)(text))

static int
tcp_port(int fd)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	return ntohs(address.sin_port);
}

static struct listener_config
tcp(int port)
{
	return (struct listener_config){ .section = S("inet_http_server"),
		.host = S("127.0.0.1"),
		.port = port,
		.username = S("x") };
}

static struct listener_config
unix_socket(const char *path)
{
	return (struct listener_config){ .section = S("unix_http_server"),
		.is_unix = true,
		.path = S(path),
		.mode = 0700,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.username = S("x") };
}

static struct http_sockets *
opened(struct config *config, struct http_sockets *old)
{
	char *error = NULL;
	struct http_sockets *listeners = http_sockets_open(config, old, &error);

	assert_null(error);
	assert_non_null(listeners);
	return listeners;
}

static void
expect_error(struct config *config, const char *want)
{
	char *error = NULL;

	assert_null(http_sockets_open(config, NULL, &error));
	assert_string_equal(error, want);
	free(error);
}

/* Whether a client can connect and is accepted. */
static bool
serves(const struct http_sockets *listeners, size_t i, const char *path)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int client, server;

	if (path != NULL) {
		client = sock_connect_unix(path);
	} else {
		to.sin_port = htons((uint16_t)tcp_port(http_sockets_fd(listeners, i)));
		client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(client, (struct sockaddr *)&to, sizeof(to)) == -1) {
			close(client);
			client = -1;
		}
	}
	if (client == -1)
		return false;
	server = sock_accept(http_sockets_fd(listeners, i));
	close(client);
	if (server == -1)
		return false;
	close(server);
	return true;
}

static void
kept_where_the_address_stays(void **state)
{
	const char *path = scratch_path(*state, "s.sock");
	struct listener_config first[] = { tcp(0), unix_socket(path) }, second[2];
	struct config config = { .listeners = first, .nlisteners = 2 };
	struct http_sockets *old = opened(&config, NULL), *new;
	int port = tcp_port(http_sockets_fd(old, 0)), fd = http_sockets_fd(old, 1);

	assert_true(serves(old, 0, NULL));
	assert_true(serves(old, 1, path));
	second[0] = unix_socket(path);
	second[1] = tcp(port); /* the kernel has chosen a port for "0" */
	config.listeners = second;
	new = opened(&config, old);
	assert_int_equal(http_sockets_fd(new, 0), fd);
	assert_true(serves(new, 0, path));
	assert_true(serves(new, 1, NULL));
	http_sockets_free(new);
	assert_int_equal(access(path, F_OK), -1);
}

static void
refused(void **state)
{
	const char *path = scratch_path(*state, "s.sock");
	struct listener_config one[] = { unix_socket(path), tcp(0) }, other[1];
	struct config config = { .listeners = one, .nlisteners = 2 };
	struct http_sockets *listeners = opened(&config, NULL);
	char in_use[] =
	    "Another program is already listening on a port that one of our "
	    "HTTP servers is configured to use.  Shut this program down first before "
	    "starting supervisord.";

	config.nlisteners = 1;
	config.listeners = other;
	other[0] = unix_socket(path);
	expect_error(&config, in_use);
	assert_true(serves(listeners, 0, path));
	other[0] = tcp(tcp_port(http_sockets_fd(listeners, 1)));
	expect_error(&config, in_use);
	http_sockets_free(listeners);
	other[0] = unix_socket("/nowhere/at/all/s.sock");
	expect_error(
	    &config, "Cannot open an HTTP server: socket.error reported errno.ENOENT (2)");
}

static void
stale_socket_is_replaced(void **state)
{
	const char *path = scratch_path(*state, "s.sock");
	struct listener_config one[] = { unix_socket(path) };
	struct config config = { .listeners = one, .nlisteners = 1 };
	struct http_sockets *listeners;
	int fd = sock_listen_unix(path, 0700, (uid_t)-1, (gid_t)-1, 1);

	assert_true(fd != -1);
	close(fd);
	listeners = opened(&config, NULL);
	assert_true(serves(listeners, 0, path));
	http_sockets_free(listeners);
}

static void
listens_again_after_shutdown(void **state)
{
	const char *path = scratch_path(*state, "s.sock");
	struct listener_config both[] = { tcp(0), unix_socket(path) };
	struct config config = { .listeners = both, .nlisteners = 2 };
	struct http_sockets *listeners = opened(&config, NULL);
	int port = tcp_port(http_sockets_fd(listeners, 0));

	both[0].port = port; /* a port chosen by the kernel would change */
	listeners = opened(&config, listeners);
	assert_false(http_sockets_listen_again(listeners, &config, 0));
	assert_false(http_sockets_listen_again(listeners, &config, 1));
	assert_string_equal(((struct scratch *)*state)->log, "");
	shutdown(http_sockets_fd(listeners, 0), SHUT_RDWR);
	shutdown(http_sockets_fd(listeners, 1), SHUT_RDWR);
	assert_false(serves(listeners, 1, path));
	/* The Unix socket has another descriptor afterwards. */
	assert_false(http_sockets_listen_again(listeners, &config, 0));
	assert_true(http_sockets_listen_again(listeners, &config, 1));
	assert_int_equal(tcp_port(http_sockets_fd(listeners, 0)), port);
	assert_true(serves(listeners, 0, NULL));
	assert_true(serves(listeners, 1, path));
	http_sockets_free(listeners);
}

static void
announced(void **state)
{
	struct scratch *scratch = *state;
	struct listener_config some[] = { tcp(1), tcp(2), tcp(3), tcp(4) };
	char *interfaces[] = { S("supervisor") };
	struct config config = {.listeners = some, .nlisteners = 3,
	    .interfaces = interfaces, .ninterfaces = 1};

	some[1].username = some[2].username = NULL;
	some[2].host = S("");
	http_sockets_announce(&config);
	assert_string_equal(scratch->log,
	    "INFO RPC interface 'supervisor' initialized\n"
	    "INFO RPC interface 'supervisor' initialized\n"
	    "CRIT Server 'inet_http_server' running without any HTTP authentication "
	    "checking\n"
	    "INFO RPC interface 'supervisor' initialized\n"
	    "CRIT Server 'inet_http_server' running without any HTTP authentication "
	    "checking\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

/* A copy of the socket in a child that was just forked does not keep the port in use. */
static void
closed_with_a_copy(void **state UNUSED)
{
	struct listener_config listener = tcp(0);
	struct config config = { .listeners = &listener, .nlisteners = 1 };
	struct http_sockets *all = opened(&config, NULL);
	int copy = dup(http_sockets_fd(all, 0));

	listener = tcp(tcp_port(copy));
	http_sockets_free(all);
	all = opened(&config, NULL);
	assert_true(serves(all, 0, NULL));
	http_sockets_free(all);
	close(copy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(kept_where_the_address_stays), TEST(refused),
	    TEST(stale_socket_is_replaced), TEST(listens_again_after_shutdown),
	    TEST(announced), TEST(closed_with_a_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
