/* Frontend: setup, readiness, waiting clients, replacement and end. The test replaces the
 * processes, the reaper and the rest of the daemon. */
#include "common/sock.h"
#include "master/child/spawn.h"
#include "master/frontend/frontend.h"

#include "tests/unit/master/scratch.h"

#include <signal.h>

#define S(text) ((char *)(uintptr_t)(text))
#define START 1000000

struct connection {
	struct peer *peer;
};

/* The state of the master's side and of one reeve-rpcd. */
static struct world {
	struct loop *loop;
	struct frontends *all;
	struct http_sockets *sockets;
	struct frontend *frontend, *first;
	struct connection connections[8], *connection; /* the latest */
	enum role role;
	int64_t now;
	pid_t pid;
	int rpcd, page; /* its end of the connection; the page */
	reap_fn *reaped;
	void *reap_ctx;
	char argument[32]; /* of its program */
	int connects, drops, listens, ready, restarted, gone, done, kills;
} w;

/* ---- replacements of system functions ---- */

pid_t
spawn_child(const struct spawn_request *request)
{
	if (w.rpcd != -1)
		close(w.rpcd);
	w.rpcd = dup(request->extra_fds[0]);
	snprintf(w.argument, sizeof(w.argument), "%s",
	    request->argv[1] == NULL ? "" : request->argv[1]);
	return ++w.pid;
}

int
reaper_watch(struct reaper *reaper UNUSED, pid_t pid UNUSED, reap_fn *fn, void *ctx)
{
	w.reaped = fn;
	w.reap_ctx = ctx;
	return 0;
}

void
reaper_watch_stops(
    struct reaper *reaper UNUSED, pid_t pid UNUSED, reap_stopped_fn *fn UNUSED)
{
}

void
reaper_forget(struct reaper *reaper UNUSED, pid_t pid UNUSED)
{
}

int
kill(pid_t pid, int signo)
{
	assert_in_range(pid, 1, w.pid);
	assert_int_equal(signo, SIGKILL);
	w.kills++;
	return 0;
}

/* ---- replacements of the daemon ---- */

static void
drop_connection(struct connection *connection)
{
	peer_free(connection->peer);
	connection->peer = NULL;
}

static void
over(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	drop_connection(w.connection);
	frontend_closed(ctx, why, violation);
}

static struct connection *
connect_rpcd(
    void *ctx, int fd, enum role role, struct frontend *frontend, struct peer **peer)
{
	static const struct peer_ops ops = { .closed = over };

	assert_ptr_equal(ctx, &w);
	w.connection = &w.connections[w.connects++];
	w.role = role;
	w.frontend = frontend;
	if (w.first == NULL)
		w.first = frontend;
	w.connection->peer = peer_new(w.loop, fd, &ops, frontend);
	peer_options(w.connection->peer)->autoflush = true;
	*peer = w.connection->peer;
	return w.connection;
}

static void
drop(struct connection *connection)
{
	w.drops++;
	drop_connection(connection);
}

static void
is_restarted(void *ctx UNUSED)
{
	w.restarted++;
}

/* The callees of ready and gone may use the connection. */
static void
is_ready(void *ctx UNUSED)
{
	w.ready++;
	assert_ptr_equal(frontends_peer(w.all), w.connection->peer);
}

static void
is_gone(void *ctx UNUSED)
{
	w.gone++;
	assert_null(frontends_peer(w.all));
}

static void
count(void *counter)
{
	++*(int *)counter;
}

static void
listen_again(void *ctx UNUSED)
{
	w.listens++;
}

static const struct frontend_ops ops = {
    .connect = connect_rpcd,
    .drop = drop,
    .listen_again = listen_again,
    .restarted = is_restarted,
    .ready = is_ready,
    .gone = is_gone,
};

/* ---- the world ---- */

static void
pass(int64_t ms)
{
	w.now += ms;
	clock_freeze(w.now, w.now);
	for (int i = 0; i < 4; i++)
		assert_int_equal(loop_turn(w.loop, 0), 0);
}

/* With a reeve-rpcd in the directory of our binary. */
static void
begin(const struct scratch *scratch, const struct config *config)
{
	struct frontend_use use = { .config = config, .ops = &ops, .ctx = &w };
	const char *rpcd = scratch_path(scratch, "reeve-rpcd");
	char *error = NULL, *self;
	int fd = open(rpcd, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	assert_int_not_equal(fd, -1);
	close(fd);
	w = (struct world){ .loop = use.loop = loop_new(), .now = START, .rpcd = -1 };
	clock_freeze(START, START);
	w.sockets = use.http_sockets = http_sockets_open(config, NULL, &error);
	assert_non_null(w.sockets);
	use.page = w.page = open("/dev/null", O_RDONLY | O_CLOEXEC);
	self = strdup(scratch_path(scratch, "reeved"));
	w.all = frontends_new(&use, self, &error);
	assert_non_null(w.all);
	free(self);
	frontends_start(w.all);
}

static void
finish(void)
{
	frontends_free(w.all);
	for (size_t i = 0; i < nitems(w.connections); i++)
		drop_connection(&w.connections[i]);
	http_sockets_free(w.sockets);
	close(w.page);
	if (w.rpcd != -1)
		close(w.rpcd);
	loop_free(w.loop);
	clock_freeze(-1, -1);
}

static void
reap(int status)
{
	if (w.rpcd != -1)
		close(w.rpcd);
	w.rpcd = -1;
	w.reaped(w.reap_ctx, w.pid, status);
	pass(0);
}

/* The content of reeve-rpcd's socket; a read ends at each descriptor. */
static const char *
received(void)
{
	static char text[8192];
	size_t len = 0;
	ssize_t n;

	while ((n = read(w.rpcd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	return text;
}

static struct listener_config
unix_listener(const char *path)
{
	return (struct listener_config){ .section = S("unix_http_server"),
		.is_unix = true,
		.path = S(path),
		.mode = 0700,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.username = S("user"),
		.password = S("secret"),
		.max_role = ROLE_ADMIN,
		.metrics_role = ROLE_VIEW };
}

/* ---- tests ---- */

static void
test_without_listeners(void **state)
{
	struct config config = { .nlisteners = 0 };

	begin(*state, &config);
	assert_int_equal(w.connects, 0);
	assert_null(frontends_peer(w.all));
	assert_false(frontends_have(w.all, 1));
	frontends_check(w.all);
	frontends_end(w.all, count, &w.done);
	assert_int_equal(w.done, 1);
	finish();
}

static void
test_life(void **state)
{
	struct listener_config listener = unix_listener(scratch_path(*state, "s.sock"));
	struct config config = { .listeners = &listener, .nlisteners = 1 };
	json_t *hello = json_object();
	const char *setup;

	begin(*state, &config);
	assert_int_equal(w.connects, 1);
	assert_int_equal(w.role, ROLE_ADMIN);
	assert_true(frontends_have(w.all, w.pid));
	assert_null(frontends_peer(w.all));
	assert_int_equal(frontend_greet(w.frontend, hello), 0);
	assert_int_equal(json_integer_value(
			     json_object_get(json_object_get(hello, "setup"), "listeners")),
	    1);
	json_decref(hello);
	assert_int_equal(frontend_greeted(w.frontend), 0);
	assert_int_equal(w.listens, 1);
	pass(0);
	setup = received();
	assert_non_null(strstr(setup, "\"setup.listener\""));
	assert_non_null(strstr(setup, "\"secret\""));
	assert_non_null(strstr(setup, "\"metrics_role\":\"view\""));
	assert_non_null(strstr(setup, "\"setup.page\""));
	assert_non_null(strstr(setup, "\"setup.end\""));
	frontend_ready(w.frontend);
	frontend_ready(w.frontend); /* ignored: it is ready already */
	assert_int_equal(w.ready, 1);
	/* It exits; its connection ends first. */
	close(w.rpcd);
	w.rpcd = -1;
	pass(0);
	assert_int_equal(w.gone, 1);
	assert_int_equal(w.drops, 0);
	reap(0);
	assert_int_equal(w.gone, 1);
	assert_int_equal(w.connects, 2);
	frontends_end(w.all, count, &w.done);
	pass(0);
	assert_int_equal(read(w.rpcd, &(char){ 0 }, 1), 0);
	assert_int_equal(w.done, 0);
	reap(0);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.drops, 1);
	pass(10000);
	assert_int_equal(w.connects, 2);
	finish();
}

/* Three listeners with two values of max_role=: two reeve-rpcd, the higher role first. */
static void
test_roles(void **state)
{
	struct listener_config listeners[] = {
		unix_listener(scratch_path(*state, "1.sock")),
		unix_listener(NULL),
		unix_listener(NULL),
	};
	struct config config = { .listeners = listeners, .nlisteners = 3 };
	json_t *hello = json_object(), *setup;

	listeners[0].path = strdup(scratch_path(*state, "1.sock"));
	listeners[1].path = strdup(scratch_path(*state, "2.sock"));
	listeners[2].path = strdup(scratch_path(*state, "3.sock"));
	listeners[0].max_role = listeners[2].max_role = ROLE_VIEW;
	listeners[1].max_role = ROLE_OPERATE;
	begin(*state, &config);
	assert_int_equal(w.connects, 2);
	/* The one that was started last. */
	assert_int_equal(w.role, ROLE_VIEW);
	assert_string_equal(w.argument, "max_role=view");
	assert_true(frontends_have(w.all, 1));
	assert_true(frontends_have(w.all, 2));
	assert_int_equal(frontend_greet(w.frontend, hello), 0);
	setup = json_object_get(hello, "setup");
	assert_int_equal(json_integer_value(json_object_get(setup, "listeners")), 2);
	assert_string_equal(json_string_value(json_object_get(setup, "max_role")), "view");
	json_decref(hello);
	/* It does not serve rpcinterface programs. */
	frontend_ready(w.frontend);
	assert_int_equal(w.ready, 0);
	assert_null(frontends_peer(w.all));
	frontend_closed(w.frontend, "", false);
	assert_int_equal(w.gone, 0);
	/* This one does. */
	w.connection = &w.connections[0];
	frontend_ready(w.first);
	assert_int_equal(w.ready, 1);
	assert_ptr_equal(frontends_peer(w.all), w.connection->peer);
	for (size_t i = 0; i < nitems(listeners); i++)
		free(listeners[i].path);
	finish();
}

static void
test_no_descriptors_for_its_setup(void **state)
{
	struct listener_config listener = unix_listener(scratch_path(*state, "s.sock"));
	struct config config = { .listeners = &listener, .nlisteners = 1 };
	struct scratch *scratch = *state;
	int page;

	begin(scratch, &config);
	close(w.page);
	page = w.page;
	assert_int_equal(frontend_greeted(w.frontend), -1);
	assert_int_equal(w.kills, 1);
	assert_int_equal(w.drops, 1);
	assert_int_equal(w.gone, 1);
	assert_non_null(strstr(
	    scratch->log, "ERRO cannot send the HTTP sockets to reeve-rpcd (1): Bad file"));
	w.page = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(w.page, page);
	finish();
}

/* The master pings a reeve-rpcd whose clients wait to be accepted. */
static void
test_waiting_client(void **state)
{
	const char *path = scratch_path(*state, "s.sock");
	struct listener_config listener = unix_listener(path);
	struct config config = { .listeners = &listener, .nlisteners = 1 };
	int client;

	begin(*state, &config);
	frontend_ready(w.frontend);
	pass(60000);
	assert_string_equal(received(), "");
	client = sock_connect_unix(scratch_path(*state, "s.sock"));
	assert_int_not_equal(client, -1);
	pass(0);
	pass(1000);
	assert_non_null(strstr(received(), "\"ping\""));
	close(client);
	finish();
}

/* A reeve-rpcd one of whose sockets was replaced is replaced after this iteration: it
 * serves until the next one is ready, and is told to retire then. */
static void
test_replacement(void **state)
{
	char *path = strdup(scratch_path(*state, "s.sock"));
	struct listener_config listener = unix_listener(path);
	struct config config = { .listeners = &listener, .nlisteners = 1 };
	struct connection *old;
	reap_fn *reaped;
	void *ctx;
	int rpcd;

	begin(*state, &config);
	frontend_ready(w.frontend);
	frontends_listen_again(w.all);
	frontends_check(w.all);
	assert_int_equal(w.connects, 1);
	assert_int_equal(unlink(path), 0);
	frontends_listen_again(w.all);
	old = w.connection;
	reaped = w.reaped;
	ctx = w.reap_ctx;
	rpcd = dup(w.rpcd);
	frontends_check(w.all);
	assert_int_equal(w.connects, 2);
	assert_true(frontends_have(w.all, 1));
	assert_true(frontends_have(w.all, 2));
	assert_ptr_equal(frontends_peer(w.all), old->peer);
	frontend_ready(w.frontend);
	assert_ptr_equal(frontends_peer(w.all), w.connection->peer);
	pass(0);
	close(w.rpcd);
	w.rpcd = rpcd;
	assert_non_null(strstr(received(), "\"retire\""));
	frontends_check(w.all);
	reaped(ctx, 1, 0);
	assert_false(frontends_have(w.all, 1));
	assert_int_equal(w.gone, 0);
	assert_int_equal(w.connects, 2);
	assert_int_equal(w.kills, 0);
	finish();
	free(path);
}

static void
adopt(int *rpcd, int64_t retired_ms, int pid)
{
	struct frontend_record record = {.role = S("admin"),
	    .form_key = S("01234567890123456789012345678901"
			  "23456789012345678901234567890123"),
	    .path = S("/nowhere/reeve-rpcd"), .greeted = true};
	struct helper_record helper = {
	    .pid = pid, .ready = true, .retired_ms = retired_ms, .log = -1};
	struct connection *connection;
	int pair[2];

	assert_int_equal(sock_pair(pair), 0);
	*rpcd = pair[1];
	assert_int_equal(frontends_adopt(w.all, &record, &helper, pair[0], &connection), 0);
	assert_ptr_equal(connection, w.connection);
}

/* After an upgrade: the one that has not retired serves until another one is ready. Of
 * three the oldest is ended. */
static void
test_adopted(void **state)
{
	struct listener_config listener = unix_listener(scratch_path(*state, "s.sock"));
	struct config config = { .listeners = &listener, .nlisteners = 1 };
	json_t *hello = json_object();
	int rpcd[3];

	begin(*state, &config);
	w.pid = 50;
	adopt(&rpcd[0], START + 1000, 51);
	assert_null(frontends_peer(w.all));
	adopt(&rpcd[1], START + 500000, 52);
	pass(0);
	assert_int_equal(fcntl(rpcd[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(read(rpcd[0], &(char){ 0 }, 1), -1);
	adopt(&rpcd[2], -1, 53);
	assert_ptr_equal(frontends_peer(w.all), w.connection->peer);
	pass(0);
	assert_int_equal(read(rpcd[0], &(char){ 0 }, 1), 0);
	/* The next process has the same key. */
	assert_int_equal(frontend_greet(w.first, hello), 0);
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(hello, "setup"), "form_key")),
	    "0123456789012345678901234567890123456789012345678901234567890123");
	json_decref(hello);
	w.connection = &w.connections[0];
	frontend_ready(w.first);
	pass(0);
	close(w.rpcd);
	w.rpcd = rpcd[2];
	assert_non_null(strstr(received(), "\"retire\""));
	w.pid = 53;
	close(rpcd[0]);
	close(rpcd[1]);
	finish();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_without_listeners),
	    TEST(test_life),
	    TEST(test_roles),
	    TEST(test_no_descriptors_for_its_setup),
	    TEST(test_waiting_client),
	    TEST(test_replacement),
	    TEST(test_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
