/* FastCGI socket: open while it is used, shared, and the errors of opening it. */
#include "common/sock.h"
#include "master/child/fcgi_socket.h"

#include "tests/unit/master/scratch.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define S(text) ((char *)(uintptr_t)(text))

static struct fcgi_config
unix_socket(const char *path)
{
	return (struct fcgi_config){ .url = S("unix://x"),
		.path = S(path),
		.mode = 0700,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.backlog = 5 };
}

static struct fcgi_config
tcp_socket(void)
{
	return (struct fcgi_config){
		.url = S("tcp://localhost:x"), .address = S("127.0.0.1"), .backlog = 5
	};
}

static int
taken(struct fcgi_socket *fcgi)
{
	char *why = NULL;

	assert_int_equal(fcgi_socket_acquire(fcgi, &why), 0);
	assert_null(why);
	assert_true(fcgi->fd != -1);
	return fcgi->fd;
}

static bool
answers(const char *path)
{
	int fd = sock_connect_unix(path);

	if (fd != -1)
		close(fd);
	return fd != -1;
}

/* Two users share one socket, which the last one closes. */
static void
test_shared(void **state)
{
	struct scratch *scratch = *state;
	const char *path = scratch_path(scratch, "sock");
	struct fcgi_config config = unix_socket(path);
	struct fcgi_socket fcgi = { .config = &config, .fd = -1 };
	int fd = taken(&fcgi);

	assert_int_equal(taken(&fcgi), fd);
	assert_int_equal(fcgi.fd, fd);
	assert_true(answers(path));
	fcgi_socket_release(&fcgi);
	assert_true(answers(path));
	assert_string_equal(scratch->log, "INFO Creating socket unix://x\n");
	fcgi_socket_release(&fcgi);
	assert_int_equal(fcgi.fd, -1);
	assert_false(answers(path));
	assert_int_equal(access(path, F_OK), 0);
	assert_string_equal(
	    scratch->log, "INFO Creating socket unix://x\nINFO Closing socket unix://x\n");
	(void)taken(&fcgi);
	assert_true(answers(path));
	fcgi_socket_release(&fcgi);
	assert_false(answers(path));
}

static void
test_tcp(void **state)
{
	struct fcgi_config config = tcp_socket();
	struct fcgi_socket fcgi = { .config = &config, .fd = -1 };
	struct sockaddr_in address;
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(address), info_len = sizeof(info);
	int fd = taken(&fcgi);

	(void)state;
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
	/* For a listening socket the kernel returns its backlog here. */
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len), 0);
	assert_int_equal(info.tcpi_sacked, 5);
	fcgi_socket_release(&fcgi);
}

static void
expect_refusal(const struct fcgi_config *config, const char *want)
{
	struct fcgi_socket fcgi = { .config = config, .fd = -1 };
	char *why = NULL;

	assert_int_equal(fcgi_socket_acquire(&fcgi, &why), -1);
	assert_string_equal(why, want);
	free(why);
	assert_int_equal(fcgi.fd, -1);
	assert_int_equal(fcgi_socket_check(config, &why), -1);
	assert_string_equal(why, want);
	free(why);
}

static void
test_refused(void **state)
{
	struct fcgi_config config = unix_socket(scratch_path(*state, "none/sock"));
	struct fcgi_config unknown = { .url = S("tcp://*:x"), .why = S("[Errno -2] who?") };

	expect_refusal(&config,
	    "Could not create FastCGI socket unix://x: [Errno 2] No such file or "
	    "directory");
	expect_refusal(
	    &unknown, "Could not create FastCGI socket tcp://*:x: [Errno -2] who?");
}

static void
test_check(void **state)
{
	struct scratch *scratch = *state;
	struct fcgi_config config = unix_socket(scratch_path(scratch, "sock"));
	char *why = NULL;

	assert_int_equal(fcgi_socket_check(&config, &why), 0);
	assert_null(why);
	assert_false(answers(config.path));
	assert_string_equal(
	    scratch->log, "INFO Creating socket unix://x\nINFO Closing socket unix://x\n");
}

#define IN_SCRATCH(test)                                                              \
	cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_SCRATCH(test_shared),
	    IN_SCRATCH(test_tcp),
	    IN_SCRATCH(test_refused),
	    IN_SCRATCH(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
