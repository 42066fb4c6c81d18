/* Each tests/data/ctl/NAME.json is one command with a server in a child process: "rows" and
 * "daemon" are its state, "steps" the requests that it expects after hello and subscribe,
 * with the frames that it then sends. Members that do not matter may be missing in rows;
 * "ID" in a frame is the id of the request. */
#include "common/clock.h"
#include "common/compiler.h"
#include "common/mem.h"
#include "common/sock.h"
#include "ctl/commands/command.h"
#include "ctl/commands/session.h"
#include "tests/unit/common/sock_listen.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define DATA "tests/data/ctl"

static const char row_defaults[] =
    "{\"spawn\":1,\"last\":{\"spawn\":1,\"verdict\":\"running\"},\"pid\":0,\"start\":0,"
    "\"stop\":0,\"exitstatus\":0,\"spawnerr\":\"\",\"stopped_at\":\"\","
    "\"stdout_logfile\":\"\",\"stderr_logfile\":\"\",\"fed_by_pipe\":true}";
static const char daemon_defaults[] =
    "{\"state\":1,\"fatal_reason\":\"\",\"pid\":4711,\"identifier\":\"supervisor\","
    "\"logfile\":\"\",\"has_main_interface\":true}";

struct played {
	FILE *in, *out;
	long long id; /* of the current request */
	json_int_t seq;
};

static json_t *
with_defaults(json_t *given, const char *defaults)
{
	json_t *whole = json_loads(defaults, 0, NULL);

	if (given != NULL)
		json_object_update(whole, given);
	return whole;
}

/* Fills in the id of the request; in frames of the state stream the number and missing
 * members. */
static void
complete(struct played *s, json_t *frame)
{
	json_t *params = json_object_get(frame, "params");
	const char *id = json_string_value(json_object_get(frame, "id"));
	const char *method = json_string_value(json_object_get(frame, "method"));

	json_object_set_new(frame, "jsonrpc", json_string("2.0"));
	if (id != NULL && strcmp(id, "ID") == 0)
		json_object_set_new(frame, "id", json_integer(s->id));
	if (method == NULL || strncmp(method, "stream.", 7) != 0)
		return;
	json_object_set_new(params, "seq", json_integer(++s->seq));
	if (json_object_get(params, "process") != NULL)
		json_object_set_new(params, "process",
		    with_defaults(json_object_get(params, "process"), row_defaults));
}

static void
send_frame(struct played *s, json_t *frame)
{
	char *line;

	complete(s, frame);
	line = json_dumps(frame, JSON_COMPACT);
	fprintf(s->out, "%s\n", line);
	fflush(s->out);
	free(line);
	json_decref(frame);
}

/* Reads a request and checks it; exits 3 if another one was expected. */
static void
expect(struct played *s, const char *method, json_t *params)
{
	char line[4096];
	json_t *frame, *got;

	if (fgets(line, sizeof(line), s->in) == NULL)
		_exit(2);
	frame = json_loads(line, 0, NULL);
	s->id = json_integer_value(json_object_get(frame, "id"));
	got = json_object_get(frame, "params");
	if (strcmp(json_string_value(json_object_get(frame, "method")), method) != 0 ||
	    (json_is_object(params) && !json_equal(params, got))) {
		fprintf(stderr, "unexpected: %s", line);
		_exit(3);
	}
	json_decref(frame);
}

static void
serve_snapshot(struct played *s, json_t *rows, json_t *daemon)
{
	size_t i;
	json_t *row;

	send_frame(s, json_pack("{ss, s{}}", "method", "stream.begin", "params"));
	send_frame(s,
	    json_pack("{ss, s{so}}", "method", "stream.daemon", "params", "daemon",
		with_defaults(daemon, daemon_defaults)));
	json_array_foreach(rows, i, row)
		send_frame(s,
		    json_pack("{ss, s{sO}}", "method", "stream.process", "params",
			"process", row));
	send_frame(s, json_pack("{ss, s{}}", "method", "stream.end", "params"));
}

static void
serve_steps(struct played *s, json_t *steps)
{
	size_t i, k;
	json_t *step, *frame;

	json_array_foreach(steps, i, step) {
		expect(s, json_string_value(json_object_get(step, "method")),
		    json_object_get(step, "params"));
		json_array_foreach(json_object_get(step, "send"), k, frame)
			send_frame(s, json_incref(frame));
	}
}

static int
accept_one(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	int fd = poll(&p, 1, 10000) == 1 ? sock_accept(listener) : -1;

	if (fd != -1)
		fcntl(fd, F_SETFL, 0);
	return fd;
}

NORETURN static void
serve(int listener, json_t *c)
{
	int fd = accept_one(listener);
	struct played s = { .in = fdopen(fd, "r"), .out = fdopen(dup(fd), "w") };
	json_t *hello = json_object_get(c, "hello");
	json_t *silent = json_object_get(c, "close_after_hello");

	if (s.in == NULL || s.out == NULL)
		_exit(2);
	expect(&s, "hello", NULL);
	send_frame(&s,
	    hello != NULL ?
		json_incref(hello) :
		json_pack("{ss, s{si, ss, ss, si}}", "id", "ID", "result", "protocol", 1,
		    "version", "0", "role", "admin", "pid", 4711));
	if (hello == NULL)
		expect(&s, "subscribe", NULL);
	if (hello == NULL && silent == NULL) {
		send_frame(&s, json_pack("{ss, sn}", "id", "ID", "result"));
		serve_snapshot(
		    &s, json_object_get(c, "rows"), json_object_get(c, "daemon"));
		serve_steps(&s, json_object_get(c, "steps"));
		/* The client closes the connection when it is done. */
		if (!json_is_true(json_object_get(c, "hang_up")) && fgetc(s.in) != EOF)
			_exit(4);
	}
	_exit(0);
}

static pid_t
start_server(const char *path, json_t *c)
{
	int listener = sock_listen_unix(path, 0600, (uid_t)-1, (gid_t)-1, 4);
	pid_t pid;

	assert_int_not_equal(listener, -1);
	fflush(NULL);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0)
		serve(listener, c);
	close(listener);
	return pid;
}

static char *
run_line(const char *path, json_t *c, int *status)
{
	char *output;
	size_t len;
	const struct server_address where = { .control = path };
	struct session session = { .out = open_memstream(&output, &len),
		.server = server_new(&where) };

	assert_non_null(session.out);
	*status = command_run(&session, json_string_value(json_object_get(c, "line")));
	fclose(session.out);
	server_free(session.server);
	return output;
}

/* New: the text with SOCKET for the path of the socket. */
static char *
masked(char *text, const char *path)
{
	char *at = strstr(text, path), *out;

	if (at == NULL)
		return text;
	out = xasprintf("%.*sSOCKET%s", (int)(at - text), text, at + strlen(path));
	free(text);
	return out;
}

static void
run_case(const char *file, const char *path)
{
	json_error_t error;
	json_t *c = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	bool served = !json_is_true(json_object_get(c, "no_server"));
	const char *want = json_string_value(json_object_get(c, "output"));
	int status, ended = 0;
	pid_t pid = 0;
	char *output;

	if (c == NULL)
		fail_msg("%s: %s", file, error.text);
	if (served)
		pid = start_server(path, c);
	output = masked(run_line(path, c, &status), path);
	if (served)
		assert_int_equal(waitpid(pid, &ended, 0), pid);
	if (strcmp(output, want) != 0 || ended != 0)
		print_error("%s:\n", file);
	assert_string_equal(output, want);
	assert_int_equal(status, json_integer_value(json_object_get(c, "status")));
	assert_int_equal(ended, 0);
	free(output);
	json_decref(c);
}

static void
test_cases(void **state)
{
	char dir[] = "/tmp/reeve-commands-XXXXXX", *path;
	glob_t files;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/ctl", dir);
	assert_int_equal(glob(DATA "/*.json", 0, NULL, &files), 0);
	assert_true(files.gl_pathc >= 20);
	clock_freeze(1000, 1169000);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		run_case(files.gl_pathv[i], path);
		unlink(path);
	}
	clock_freeze(-1, -1);
	globfree(&files);
	free(path);
	rmdir(dir);
}

static void
test_stale_socket(void **state)
{
	char dir[] = "/tmp/reeve-commands-XXXXXX", *path, *output;
	json_t *c = json_pack("{ss}", "line", "pid");
	int listener, status;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/ctl", dir);
	listener = sock_listen_unix(path, 0600, (uid_t)-1, (gid_t)-1, 4);
	assert_int_not_equal(listener, -1);
	close(listener);
	output = masked(run_line(path, c, &status), path);
	assert_string_equal(output, "unix://SOCKET refused connection\n");
	assert_int_equal(status, 4);
	free(output);
	json_object_set_new(c, "line", json_string("shutdown"));
	output = masked(run_line(path, c, &status), path);
	assert_string_equal(
	    output, "ERROR: unix://SOCKET refused connection (already shut down?)\n");
	assert_int_equal(status, 1);
	free(output);
	unlink(path);
	rmdir(dir);
	free(path);
	json_decref(c);
}

/* Nothing is sent to a server of another user, unless that is root. */
static void
test_untrusted(void **state)
{
	char dir[] = "/tmp/reeve-commands-XXXXXX", *path, *output;
	json_t *c = json_pack("{ss}", "line", "shutdown");
	int status, ended, ready[2];
	pid_t pid;
	char byte;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/ctl", dir);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_int_equal(pipe(ready), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int listener, fd;
		if (setgid(65534) == -1 || setuid(65534) == -1)
			_exit(2);
		listener = sock_listen_unix(path, 0600, (uid_t)-1, (gid_t)-1, 4);
		if (listener == -1 || write(ready[1], "x", 1) != 1)
			_exit(2);
		fd = accept_one(listener);
		_exit(fd != -1 && read(fd, &byte, 1) == 0 ? 0 : 3);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	output = masked(run_line(path, c, &status), path);
	assert_int_equal(waitpid(pid, &ended, 0), pid);
	assert_int_equal(ended, 0);
	assert_string_equal(output,
	    "error: unix://SOCKET: not trusted: the server runs as "
	    "uid 65534, neither root nor this user\n");
	assert_int_equal(status, 1);
	free(output);
	close(ready[0]);
	close(ready[1]);
	unlink(path);
	rmdir(dir);
	free(path);
	json_decref(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_stale_socket),
		cmocka_unit_test(test_untrusted),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
