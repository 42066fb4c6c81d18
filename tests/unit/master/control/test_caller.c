/* Caller: the claims of reeve-rpcd narrow what a connection may do. */
#include "master/control/caller.h"

#include "common/compiler.h"
#include "common/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static char *denied[] = { (char *)(uintptr_t) "supervisor.readProcessStderrLog", NULL };
static char *more[] = { (char *)(uintptr_t) "supervisor.stopProcess", NULL };
static struct user_config users[] = {
	{ .name = (char *)(uintptr_t) "admin", .role = ROLE_ADMIN },
	{ .name = (char *)(uintptr_t) "bob",
	    .role = ROLE_VIEW,
	    .methods = more,
	    .deny_methods = denied },
};

/* What becomes of a command of a reeve-rpcd whose server has this max_role=: "" or why it
 * is refused. */
static void
expect(enum role ceiling, const char *by, enum cmd_id cmd, const char *want)
{
	struct config config = { .users = users, .nusers = nitems(users) };
	struct rights *rights = rights_new(&config, 1);
	struct caller caller = { .grant = grant_of_role(ROLE_ADMIN), .ceiling = ceiling };
	json_t *claims = by != NULL ? json_loads(by, JSON_DECODE_ANY, NULL) : NULL;
	enum fault fault = FAULT_NONE;
	char *why = NULL;

	assert_int_equal(caller_read(&caller, rights, claims, &fault, &why) &&
		caller_may(&caller, cmd, &why),
	    *want == '\0');
	assert_string_equal(why != NULL ? why : "", want);
	free(why);
	json_decref(claims);
	rights_free(rights);
}

#define MALFORMED "parameter 'by' must be an object of strings"
#define LIMITED "process.stop needs role operate, and max_role= of the server is view"
#define UNKNOWN "the user in parameter 'by' is not configured"

static void
test_claims(void **state UNUSED)
{
	static const struct {
		enum role ceiling;
		const char *by;
		enum cmd_id cmd;
		const char *want;
	} rows[] = {
		{ ROLE_ADMIN, NULL, CMD_DAEMON_SHUTDOWN, "" },
		{ ROLE_ADMIN, "{}", CMD_DAEMON_SHUTDOWN, "" },
		{ ROLE_ADMIN, "{\"user\":\"admin\"}", CMD_DAEMON_SHUTDOWN, "" },
		{ ROLE_ADMIN, "{\"user\":\"bob\"}", CMD_MAINLOG_OPEN, "" },
		{ ROLE_ADMIN, "{\"user\":\"bob\"}", CMD_PROCESS_STOP, "" },
		{ ROLE_ADMIN, "{\"user\":\"bob\"}", CMD_PROCESS_START,
		    "process.start needs role operate, and role= of [user:bob] is view" },
		/* One of the methods for the same command. */
		{ ROLE_ADMIN, "{\"user\":\"bob\"}", CMD_LOG_OPEN,
		    "log.open is denied by deny_methods= of [user:bob]" },
		{ ROLE_ADMIN,
		    "{\"user\":\"bob\",\"method\":\"supervisor.readProcessStdoutLog\"}",
		    CMD_LOG_OPEN, "" },
		{ ROLE_ADMIN,
		    "{\"user\":\"bob\",\"method\":\"supervisor.readProcessStderrLog\"}",
		    CMD_LOG_OPEN, "log.open is denied by deny_methods= of [user:bob]" },
		/* A method that does not send the command counts for nothing. */
		{ ROLE_ADMIN, "{\"user\":\"bob\",\"method\":\"supervisor.getState\"}",
		    CMD_DAEMON_SHUTDOWN,
		    "daemon.shutdown needs role admin, and role= of [user:bob] is view" },
		{ ROLE_ADMIN, "{\"user\":\"bob\",\"method\":\"supervisor.stopProcess\"}",
		    CMD_PROCESS_START,
		    "process.start needs role operate, and role= of [user:bob] is view" },
		{ ROLE_ADMIN, "{\"user\":\"bob\",\"method\":\"no.such\"}", CMD_PROCESS_STOP,
		    "" },
		/* The claim of another user does not exceed the connection. */
		{ ROLE_VIEW, "{\"user\":\"admin\"}", CMD_PROCESS_STOP, LIMITED },
		{ ROLE_VIEW, "{\"user\":\"bob\"}", CMD_PROCESS_STOP, LIMITED },
		{ ROLE_VIEW, NULL, CMD_PROCESS_STOP, LIMITED },
		{ ROLE_ADMIN, "{\"user\":\"eve\"}", CMD_PROCESS_STOP, UNKNOWN },
		{ ROLE_ADMIN, "{\"user\":\"\"}", CMD_PROCESS_STOP, UNKNOWN },
		{ ROLE_ADMIN, "{\"user\":\"eve\",\"server\":false}", CMD_HELLO, UNKNOWN },
		{ ROLE_ADMIN, "{\"user\":\"bob\",\"server\":true}", CMD_DAEMON_SHUTDOWN,
		    "" },
		{ ROLE_VIEW, "{\"user\":\"bob\",\"server\":true}", CMD_DAEMON_SHUTDOWN,
		    "daemon.shutdown needs role admin, and max_role= of the server is "
		    "view" },
		{ ROLE_ADMIN, "[]", CMD_PROCESS_STOP, MALFORMED },
		{ ROLE_ADMIN, "null", CMD_PROCESS_STOP, MALFORMED },
		{ ROLE_ADMIN, "\"bob\"", CMD_PROCESS_STOP, MALFORMED },
		{ ROLE_ADMIN, "{\"user\":1}", CMD_PROCESS_STOP, MALFORMED },
		{ ROLE_ADMIN, "{\"user\":null}", CMD_PROCESS_STOP, MALFORMED },
		{ ROLE_ADMIN, "{\"user\":\"bob\",\"server\":\"yes\"}", CMD_PROCESS_STOP,
		    MALFORMED },
		{ ROLE_ADMIN, "{\"from\":[]}", CMD_PROCESS_STOP, MALFORMED },
	};

	for (size_t i = 0; i < nitems(rows); i++)
		expect(rows[i].ceiling, rows[i].by, rows[i].cmd, rows[i].want);
}

static void
test_texts(void **state UNUSED)
{
	struct config config = { .users = users, .nusers = nitems(users) };
	struct rights *rights = rights_new(&config, 1);
	struct caller caller = { .grant = grant_of_role(ROLE_ADMIN) };
	json_t *by = json_pack("{s:s,s:s,s:s,s:s,s:s}", "user", "bob", "from", "::1",
	    "listener", "inet_http_server", "method", "x", "forwarded", "10.0.0.1");
	enum fault fault;
	char *why;

	assert_true(caller_read(&caller, rights, by, &fault, &why));
	assert_true(caller.claimed);
	assert_false(caller.is_server);
	assert_string_equal(caller.user, "bob");
	assert_string_equal(caller.from, "::1");
	assert_string_equal(caller.listener, "inet_http_server");
	assert_string_equal(caller.method, "x");
	assert_string_equal(caller.forwarded, "10.0.0.1");
	assert_ptr_equal(caller.grant, rights_of_user(rights, "bob"));
	json_decref(by);
	rights_free(rights);
}

/* A local user whom peer_users= does not name. */
static void
test_unmapped(void **state UNUSED)
{
	struct caller caller = {
		.grant = grant_of_role(ROLE_NONE), .ceiling = ROLE_ADMIN, .uid = 1002 };
	char *why;

	assert_false(caller_may(&caller, CMD_SUBSCRIBE, &why));
	assert_string_equal(
	    why, "subscribe needs role states, and peer_users= has no entry for uid 1002");
	free(why);
	assert_true(caller_may(&caller, CMD_HELLO, &why));
	assert_null(why);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_unmapped),
	};

	return cmocka_run_group_tests_name("caller", tests, NULL, NULL);
}
