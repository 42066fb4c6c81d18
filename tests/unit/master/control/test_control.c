/* Control: authorization of every command for every role, both kinds of connection and
 * every state of the daemon; clients that break the protocol. */
#include "tests/unit/common/no_log.h"
#include "tests/unit/master/recorder.h"

#include "common/loop.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/child/usage.h"
#include "master/control/commands.h"
#include "master/control/control.h"
#include "master/control/daemon_ops.h"
#include "master/control/sequence.h"
#include "master/daemon/group_lifecycle.h"
#include "master/daemon/run.h"
#include "master/event/dispatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct scene {
	struct recorder recorder;
	struct master master;
	struct config config;
	struct connection *client;
	int fd; /* the other end of its socket */
	int id;
	bool closed, violated; /* arguments of the owner's callback */
};

static void
state_changed(void *ctx)
{
	struct scene *s = ctx;

	state_stream_daemon(s->master.state_stream);
}

static void
nothing(void *ctx)
{
	(void)ctx;
}

static const struct daemon_state_ops daemon_ops = { state_changed, nothing, nothing };

static int
process_row(void *ctx, const struct process *process, struct process_info *info)
{
	(void)ctx;
	return process_info_of(process, "", "", info);
}

static int
daemon_row(void *ctx, struct daemon_info *info)
{
	const struct scene *s = ctx;

	info->state = daemon_state_get(s->master.daemon);
	info->fatal_reason = strdup("");
	info->identifier = strdup("");
	info->logfile = strdup("");
	return 0;
}

static const struct state_stream_ops state_stream_ops = { process_row, daemon_row };

static int
greet(void *ctx, json_t *result)
{
	(void)ctx;
	return json_object_set_new(result, "setup", json_true());
}

static int
greeted(void *ctx)
{
	(void)ctx;
	return 0;
}

static void
owner_closed(void *ctx, const char *why, bool violation)
{
	struct scene *s = ctx;

	(void)why;
	s->closed = true;
	s->violated = violation;
}

static const struct connection_owner owner = {
    greet, greeted, nothing, nothing, owner_closed};

static const struct daemon_ops ops = {
	.shutdown = run_shutdown,
	.restart = run_restart,
	.add_group = group_lifecycle_add_named,
	.remove_group = group_lifecycle_remove_named,
};

static void
turn_end(void *ctx)
{
	struct scene *s = ctx;

	control_flush(s->master.control);
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);

	recorder_init(&s->recorder);
	s->fd = -1;
	s->master.config = &s->config;
	s->master.ops = &ops;
	s->master.loop = loop_new();
	s->recorder.groups = s->master.groups = groups_new(NULL);
	s->master.dispatcher =
	    dispatch_new(s->master.loop, s->master.groups, &s->master.next_event);
	s->master.daemon =
	    daemon_state_new(s->master.loop, s->master.groups, &daemon_ops, s);
	s->master.jobs = jobs_new(s->master.loop, s->master.groups, NULL);
	s->master.usage = usage_new(s->master.loop, s->master.groups, "/proc");
	s->master.sequences = commands_sequences_new(&s->master);
	s->master.state_stream = state_stream_new(&s->master.seq, -1, &state_stream_ops, s);
	s->master.mainlog = mainlog_open(NULL, 0, 0, false, -1);
	s->master.control = control_new(&s->master);
	log_init(no_log, NULL, LEVEL_CRITICAL);
	loop_at_turn_end(s->master.loop, turn_end, s);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	control_free(s->master.control);
	state_stream_free(s->master.state_stream);
	mainlog_free(s->master.mainlog);
	sequences_free(s->master.sequences);
	usage_free(s->master.usage);
	jobs_free(s->master.jobs);
	daemon_state_free(s->master.daemon);
	dispatch_free(s->master.dispatcher);
	groups_free(s->master.groups);
	loop_free(s->master.loop);
	recorder_clear(&s->recorder);
	if (s->fd != -1)
		close(s->fd);
	free(s);
	return 0;
}

/* Puts a new connection in place of the last one. */
static void
join(struct scene *s, bool rpcd)
{
	int fds[2];

	if (s->fd != -1)
		close(s->fd);
	if (s->client != NULL)
		control_drop(s->client);
	assert_int_equal(sock_pair(fds), 0);
	s->fd = fds[0];
	s->closed = s->violated = false;
	s->client = control_adopt(s->master.control, fds[1], rpcd ? &owner : NULL, s);
	assert_non_null(s->client);
}

static void
send_text(struct scene *s, const char *text)
{
	assert_int_equal(write(s->fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* New: the next line; NULL = the connection has ended. */
static json_t *
hear(struct scene *s)
{
	static char text[65536];
	size_t n = 0;

	for (int turns = 0; turns < 200; turns++) {
		ssize_t got = read(s->fd, text + n, 1);

		if (got == 0)
			return NULL;
		if (got == -1) {
			(void)loop_turn(s->master.loop, 5);
			continue;
		}
		turns = 0;
		if (text[n++] == '\n')
			return json_loadb(text, n, 0, NULL);
	}
	fail_msg("no answer");
	return NULL;
}

/* Calls a method and waits for the response. The fault's code, or 0. */
static int
call(struct scene *s, const char *method, const char *params)
{
	char line[512];
	json_t *answer;
	int code;

	snprintf(line, sizeof(line),
	    "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"%s\",\"params\":%s}\n", ++s->id,
	    method, params);
	send_text(s, line);
	while ((answer = hear(s)) != NULL &&
	    json_integer_value(json_object_get(answer, "id")) != s->id)
		json_decref(answer);
	assert_non_null(answer);
	code = (int)json_integer_value(
	    json_object_get(json_object_get(answer, "error"), "code"));
	json_decref(answer);
	return code;
}

static void
greet_master(struct scene *s)
{
	assert_int_equal(call(s, "hello", "{\"protocol\":1,\"program\":\"test\"}"), 0);
}

/* Valid parameters with names that do not exist, so that no handler changes anything. */
#define NOTHING "{\"name\":\"no\",\"signal\":\"HUP\",\"data\":\"\",\"stream\":\"stdout\"," \
		"\"from\":0,\"type\":\"\",\"names\":[\"no\"]}"

/* The fault that the authorization must give, or 0. */
static int
expected(const struct cmd *cmd, bool rpcd, enum role role, enum daemon_state state)
{
	if ((rpcd && !(cmd->flags & CMD_RPCD)) || (!rpcd && (cmd->flags & CMD_ONLY_RPCD)) ||
	    role < cmd->role)
		return FAULT_NOT_PERMITTED;
	if (state == DAEMON_FATAL && !(cmd->flags & CMD_IN_FATAL))
		return FAULT_FATAL_STATE;
	if (state == DAEMON_SHUTDOWN && !(cmd->flags & CMD_IN_SHUTDOWN))
		return FAULT_SHUTDOWN_STATE;
	return 0;
}

/* Commands that change the daemon's state or read its file have tests of their own. */
static bool
is_tried(enum cmd_id id, int want)
{
	return want != 0 ||
	    (id != CMD_DAEMON_SHUTDOWN && id != CMD_DAEMON_RESTART && id != CMD_HELLO &&
		id != CMD_CONFIG_REREAD && id != CMD_CONFIG_PREVIEW &&
		id != CMD_CONFIG_UPDATE && id <= CMD_DAEMON_RESTART);
}

/* With a role of the connection, or of the rights of its client. */
static void
try_all(struct scene *s, bool rpcd, bool granted, enum daemon_state state)
{
	for (int role = ROLE_NONE; role < ROLE_MAX; role++)
		for (enum cmd_id id = CMD_SUBSCRIBE; id <= CMD_DAEMON_RESTART; id++) {
			const struct cmd *cmd = &cmd_table[id];
			int want = expected(cmd, rpcd, (enum role)role, state), got;

			if (!is_tried(id, want))
				continue;
			join(s, rpcd);
			greet_master(s);
			if (granted)
				s->client->grant = grant_of_role((enum role)role);
			else
				s->client->role = (enum role)role;
			got = call(s, cmd->name, NOTHING);
			if (want != 0)
				assert_int_equal(got, want);
			else
				assert_true(got != FAULT_NOT_PERMITTED &&
				    got != FAULT_FATAL_STATE &&
				    got != FAULT_SHUTDOWN_STATE);
		}
}

static void
every_command_and_role(void **state)
{
	struct scene *s = *state;

	try_all(s, false, true, DAEMON_RUNNING);
	try_all(s, false, false, DAEMON_RUNNING);
	try_all(s, true, false, DAEMON_RUNNING);
	try_all(s, true, true, DAEMON_RUNNING);
	daemon_state_shutdown(s->master.daemon);
	try_all(s, false, true, DAEMON_SHUTDOWN);
	try_all(s, true, false, DAEMON_SHUTDOWN);
}

static void
every_command_in_fatal(void **state)
{
	struct scene *s = *state;

	daemon_state_break(s->master.daemon, "a test");
	try_all(s, false, true, DAEMON_FATAL);
	try_all(s, true, false, DAEMON_FATAL);
}

static void
parameters(void **state)
{
	struct scene *s = *state;

	join(s, false);
	greet_master(s);
	assert_int_equal(call(s, "process.start", "{}"), FAULT_INCORRECT_PARAMETERS);
	assert_int_equal(
	    call(s, "process.start", "{\"name\":7}"), FAULT_INCORRECT_PARAMETERS);
	assert_int_equal(
	    call(s, "process.start", "{\"name\":\"x\",\"new\":7}"), FAULT_BAD_NAME);
	assert_int_equal(call(s, "process.explode", "{}"), FAULT_UNKNOWN_METHOD);
	assert_int_equal(
	    call(s, "log.open", "{\"name\":\"x\",\"stream\":\"y\"}"), FAULT_BAD_NAME);
	assert_int_equal(call(s, "all.signal", "{\"signal\":\"HUP\"}"), 0);
}

/* A connection that breaks the protocol is closed, and its owner is called. */
static void
expect_violation(struct scene *s, const char *text)
{
	json_t *line;

	send_text(s, text);
	while ((line = hear(s)) != NULL)
		json_decref(line);
	assert_true(s->closed);
	assert_true(s->violated);
	s->client = NULL;
}

static void
violations(void **state)
{
	struct scene *s = *state;

	join(s, true);
	expect_violation(s, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"subscribe\"}\n");
	join(s, true);
	expect_violation(s, "no JSON\n");
	join(s, true);
	greet_master(s);
	expect_violation(s,
	    "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"hello\","
	    "\"params\":{\"protocol\":1,\"program\":\"x\"}}\n");
	join(s, true);
	greet_master(s);
	expect_violation(s, "{\"jsonrpc\":\"2.0\",\"method\":\"daemon.shutdown\"}\n");
	assert_int_equal(daemon_state_get(s->master.daemon), DAEMON_RUNNING);
}

/* A client that does not send hello in time is disconnected. */
static void
late_hello(void **state)
{
	struct scene *s = *state;

	join(s, true);
	(void)loop_turn(s->master.loop, 0);
	assert_false(s->closed);
	clock_freeze(clock_mono_ms() + CONTROL_HELLO_MS + 1, 0);
	(void)loop_turn(s->master.loop, 0);
	(void)loop_turn(s->master.loop, 0);
	clock_freeze(-1, -1);
	assert_true(s->closed && s->violated);
	s->client = NULL;
}

static void
unknown_protocol(void **state)
{
	struct scene *s = *state;

	join(s, false);
	assert_int_equal(
	    call(s, "hello", "{\"protocol\":2,\"program\":\"x\"}"), FAULT_FAILED);
	assert_null(hear(s));
	s->client = NULL;
}

static void
stream_precedes_reply(void **state)
{
	struct scene *s = *state;
	const char *want[] = { NULL, "stream.begin", "stream.daemon", "stream.end" };
	json_t *line;

	join(s, false);
	greet_master(s);
	send_text(s, "{\"jsonrpc\":\"2.0\",\"id\":500,\"method\":\"subscribe\"}\n");
	for (size_t i = 0; i < nitems(want); i++) {
		line = hear(s);
		assert_true(
		    str_equal(json_string_value(json_object_get(line, "method")), want[i]));
		json_decref(line);
	}
	send_text(s, "{\"jsonrpc\":\"2.0\",\"id\":501,\"method\":\"daemon.shutdown\"}\n");
	line = hear(s);
	assert_string_equal(
	    json_string_value(json_object_get(line, "method")), "stream.daemon");
	json_decref(line);
	line = hear(s);
	assert_int_equal(json_integer_value(json_object_get(line, "id")), 501);
	json_decref(line);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(every_command_and_role), TEST(every_command_in_fatal), TEST(parameters),
	    TEST(violations), TEST(late_hello), TEST(unknown_protocol),
	    TEST(stream_precedes_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
