/* Grant: the decisions, by role, methods and programs, and their reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "common/compiler.h"
#include "proto/grant.h"

#define LIST(...) (const char *const[]){ __VA_ARGS__, NULL }

static const struct api_method plugin = { "cache.clear", "boolean", ROLE_OPERATE, CMD_HELLO,
	"" };

/* A method, whose command has the same verdict unless it is CMD_HELLO. */
static void
expect(const struct grant_source *source, enum role ceiling, const char *name,
    enum grant_verdict want)
{
	const struct api_method *method = api_find(name);
	struct grant *grant = grant_new(source);

	if (method == NULL)
		method = &plugin;
	assert_string_equal(method->name, name);
	assert_non_null(grant);
	assert_int_equal(grant_check_method(grant, ceiling, method), want);
	if (method->cmd != CMD_HELLO)
		assert_int_equal(grant_check_cmd(grant, ceiling, method->cmd), want);
	grant_unref(grant);
}

static void
expect_cmd(const struct grant_source *source, enum role ceiling, enum cmd_id cmd,
    enum grant_verdict want)
{
	struct grant *grant = grant_new(source);

	assert_int_equal(grant_check_cmd(grant, ceiling, cmd), want);
	grant_unref(grant);
}

/* Every method and command, of every role below every ceiling. */
static void
test_roles(void **state)
{
	const struct api_method *method;

	(void)state;
	for (int role = ROLE_NONE; role < ROLE_MAX; role++)
		for (int ceiling = ROLE_NONE; ceiling < ROLE_MAX; ceiling++) {
			int least = role < ceiling ? role : ceiling;
			const struct grant *grant = grant_of_role((enum role)role);

			assert_int_equal(grant_role(grant), role);
			assert_true(grant_sees_all(grant));
			assert_true(grant_sees(grant, "web", "web"));
			assert_true(grant_sees_group(grant, "web"));
			assert_null(grant_user(grant));
			for (size_t i = 0; (method = api_nth(i)) != NULL; i++)
				assert_int_equal(
				    grant_check_method(grant, (enum role)ceiling, method),
				    (int)method->role <= least ? GRANT_OK : GRANT_ROLE);
			for (int id = 0; id < CMD_MAX; id++)
				assert_int_equal(grant_check_cmd(grant, (enum role)ceiling,
						     (enum cmd_id)id),
				    (int)cmd_table[id].role <= least ? GRANT_OK :
								       GRANT_ROLE);
		}
	assert_int_equal(grant_role(grant_of_role(ROLE_MAX)), ROLE_NONE);
	assert_int_equal(grant_role(grant_of_role((enum role) - 1)), ROLE_NONE);
}

static void
test_methods(void **state)
{
	struct grant_source bob = { .user = "bob", .role = ROLE_VIEW,
		.methods = LIST("supervisor.startProcess", "supervisor.sendRemote*") };

	(void)state;
	expect(&bob, ROLE_ADMIN, "supervisor.getState", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.readLog", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.startProcess", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.startProcessGroup", GRANT_ROLE);
	expect(&bob, ROLE_ADMIN, "supervisor.sendRemoteCommEvent", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.stopProcess", GRANT_ROLE);
	/* The ceiling limits methods= too. */
	expect(&bob, ROLE_OPERATE, "supervisor.startProcess", GRANT_OK);
	expect(&bob, ROLE_VIEW, "supervisor.startProcess", GRANT_ROLE);
	expect(&bob, ROLE_NONE, "supervisor.getState", GRANT_ROLE);
	/* deny_methods= wins. */
	bob.deny_methods = LIST("supervisor.startP*s", "system.*");
	expect(&bob, ROLE_ADMIN, "supervisor.startProcess", GRANT_DENIED);
	expect(&bob, ROLE_ADMIN, "system.multicall", GRANT_DENIED);
	expect(&bob, ROLE_ADMIN, "supervisor.getState", GRANT_OK);
	expect_cmd(&bob, ROLE_ADMIN, CMD_SUBSCRIBE, GRANT_OK);
	expect_cmd(&bob, ROLE_ADMIN, CMD_HELLO, GRANT_OK);
	bob.deny_methods = LIST("*");
	expect(&bob, ROLE_ADMIN, "supervisor.readLog", GRANT_DENIED);
	expect_cmd(&bob, ROLE_ADMIN, CMD_HELLO, GRANT_OK);
	/* The states of all processes are denied as a stream, too. */
	expect_cmd(&bob, ROLE_ADMIN, CMD_SUBSCRIBE, GRANT_DENIED);
	bob.deny_methods = LIST("supervisor.getAllProcessInfo");
	expect_cmd(&bob, ROLE_ADMIN, CMD_SUBSCRIBE, GRANT_DENIED);
	bob.deny_methods = LIST("reeve.getAllProcessI*");
	expect_cmd(&bob, ROLE_ADMIN, CMD_SUBSCRIBE, GRANT_DENIED);
	expect(&bob, ROLE_ADMIN, "supervisor.getAllProcessInfo", GRANT_OK);
	bob.deny_methods = LIST("*.getProcessInfo");
	expect_cmd(&bob, ROLE_ADMIN, CMD_SUBSCRIBE, GRANT_OK);
	bob.role = ROLE_NONE;
	bob.methods = LIST("*.getAllProcessInfo");
	expect_cmd(&bob, ROLE_ADMIN, CMD_SUBSCRIBE, GRANT_ROLE);
	bob.role = ROLE_VIEW;
	bob.methods = LIST("");
	bob.deny_methods = (const char *const[]){ NULL };
	expect(&bob, ROLE_ADMIN, "supervisor.stopProcess", GRANT_ROLE);
}

/* A method is the same under its old and its new name. */
static void
test_aliases(void **state)
{
	struct grant_source bob = { .user = "bob", .role = ROLE_ADMIN,
		.deny_methods = LIST("supervisor.clearProcessLog") };
	const struct api_method *method;

	(void)state;
	expect(&bob, ROLE_ADMIN, "supervisor.clearProcessLogs", GRANT_DENIED);
	bob.deny_methods = LIST("*.clearProcessLogs", "supervisor.readLog");
	expect(&bob, ROLE_ADMIN, "supervisor.clearProcessLog", GRANT_DENIED);
	expect(&bob, ROLE_ADMIN, "supervisor.readMainLog", GRANT_DENIED);
	expect(&bob, ROLE_ADMIN, "supervisor.readProcessLog", GRANT_OK);
	bob = (struct grant_source){ .user = "bob",
		.role = ROLE_VIEW,
		.methods = LIST("supervisor.clearProcessLog") };
	expect(&bob, ROLE_ADMIN, "supervisor.clearProcessLogs", GRANT_OK);
	for (size_t i = 0; (method = api_nth(i)) != NULL; i++)
		if (strncmp(method->help, "The old name of ", 16) == 0)
			assert_non_null(api_other_name(method->name));
}

/* A command that is sent for several methods is denied with each of them. */
static void
test_shared_command(void **state)
{
	struct grant_source bob = { .user = "bob", .role = ROLE_ADMIN,
		.deny_methods = LIST("supervisor.readProcessStderrLog") };
	struct grant *grant = grant_new(&bob);

	(void)state;
	assert_int_equal(grant_check_method(grant, ROLE_ADMIN,
			     api_find("supervisor.readProcessStdoutLog")),
	    GRANT_OK);
	assert_int_equal(grant_check_cmd(grant, ROLE_ADMIN, CMD_LOG_OPEN), GRANT_DENIED);
	grant_unref(grant);
}

/* Commands without a method need all of their parts. */
static void
test_parts(void **state)
{
	struct grant_source bob = { .user = "bob", .role = ROLE_STATES,
		.methods = LIST("supervisor.startProcess") };

	(void)state;
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_RESTART, GRANT_ROLE);
	bob.methods = LIST("supervisor.startProcess", "supervisor.stopProcess");
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_RESTART, GRANT_OK);
	expect_cmd(&bob, ROLE_VIEW, CMD_PROCESS_RESTART, GRANT_ROLE);
	expect_cmd(&bob, ROLE_ADMIN, CMD_GROUP_RESTART, GRANT_ROLE);
	bob.deny_methods = LIST("supervisor.startProcess");
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_RESTART, GRANT_DENIED);
	expect(&bob, ROLE_ADMIN, "reeve.restartProcesses", GRANT_DENIED);
	bob.methods = LIST("reeve.restartProcesses");
	expect(&bob, ROLE_ADMIN, "reeve.restartProcesses", GRANT_DENIED);
	bob.deny_methods = NULL;
	expect(&bob, ROLE_ADMIN, "reeve.restartProcesses", GRANT_OK);
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_RESTART, GRANT_OK);
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_STOP, GRANT_ROLE);
	bob.role = ROLE_ADMIN;
	bob.deny_methods = LIST("reeve.restartProcesses");
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_RESTART, GRANT_DENIED);
	expect_cmd(&bob, ROLE_ADMIN, CMD_PROCESS_STOP, GRANT_OK);
	bob = (struct grant_source){ .user = "bob",
		.role = ROLE_ADMIN,
		.deny_methods = LIST("supervisor.addProcessGroup") };
	expect_cmd(&bob, ROLE_ADMIN, CMD_CONFIG_UPDATE, GRANT_DENIED);
	expect_cmd(&bob, ROLE_ADMIN, CMD_CONFIG_PREVIEW, GRANT_OK);
	bob.deny_methods = LIST("supervisor.reloadConfig");
	expect_cmd(&bob, ROLE_ADMIN, CMD_CONFIG_PREVIEW, GRANT_DENIED);
	for (int id = 0; id < CMD_MAX; id++)
		for (int part = 0; cmd_table[id].parts >> part != 0; part++)
			if (cmd_table[id].parts >> part & 1)
				assert_int_equal(cmd_table[part].parts, 0);
}

static void
test_programs(void **state)
{
	struct grant_source bob = { .user = "bob", .role = ROLE_ADMIN,
		.programs = LIST("web", "db:one") };
	struct grant *grant = grant_new(&bob);

	(void)state;
	assert_false(grant_sees_all(grant));
	assert_true(grant_sees(grant, "web", "x"));
	assert_true(grant_sees(grant, "db", "one"));
	assert_false(grant_sees(grant, "db", "two"));
	assert_true(grant_sees_group(grant, "web"));
	assert_false(grant_sees_group(grant, "db"));
	grant_unref(grant);
	expect(&bob, ROLE_ADMIN, "supervisor.startProcess", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.addProcessGroup", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.readLog", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "supervisor.clearLog", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "supervisor.getAllConfigInfo", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "supervisor.reloadConfig", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "supervisor.shutdown", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "supervisor.restart", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "supervisor.sendRemoteCommEvent", GRANT_NEEDS_ALL);
	expect(&bob, ROLE_ADMIN, "cache.clear", GRANT_NEEDS_ALL);
	expect_cmd(&bob, ROLE_ADMIN, CMD_CONFIG_PREVIEW, GRANT_NEEDS_ALL);
	expect_cmd(&bob, ROLE_ADMIN, CMD_CONFIG_UPDATE, GRANT_NEEDS_ALL);
	/* methods= gives the methods of an [rpcinterface:], not those of the daemon. */
	bob.methods = LIST("cache.*", "supervisor.*");
	expect(&bob, ROLE_ADMIN, "cache.clear", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.readLog", GRANT_NEEDS_ALL);
	bob.programs = LIST("web", "*");
	bob.methods = NULL;
	expect(&bob, ROLE_ADMIN, "cache.clear", GRANT_OK);
	expect(&bob, ROLE_ADMIN, "supervisor.readLog", GRANT_OK);
	bob.role = ROLE_STATES;
	expect(&bob, ROLE_ADMIN, "cache.clear", GRANT_ROLE);
}

static void
test_sight(void **state)
{
	static const char *const lists[][3] = {
		{ "web", "db:one" }, { "db:one", "web" }, { "web" }, { "webdb:one" },
		{ NULL }, { "all" } };
	uint64_t sights[nitems(lists)];

	(void)state;
	assert_true(grant_sight(grant_of_role(ROLE_NONE)) == 0);
	for (size_t i = 0; i < nitems(lists); i++) {
		struct grant *grant = grant_new(
		    &(struct grant_source){ .user = "bob", .programs = lists[i] });
		struct grant *same = grant_new(
		    &(struct grant_source){ .role = ROLE_ADMIN, .programs = lists[i] });

		sights[i] = grant_sight(grant);
		assert_true(grant_sight(same) == sights[i]);
		assert_int_equal(sights[i] == 0, grant_sees_all(grant));
		for (size_t k = 0; k < i; k++)
			assert_true(sights[k] != sights[i]);
		grant_unref(grant);
		grant_unref(same);
	}
}

/* A grant as text sees the same. */
static void
test_programs_as_text(void **state)
{
	static const char *const lists[][3] = {
		{ "web", "db:one" }, { "web:w*" }, { "none" }, { "web", "all" } };
	char *text;

	(void)state;
	assert_int_equal(grant_write_programs(grant_of_role(ROLE_NONE), &text), 0);
	assert_null(text);
	for (size_t i = 0; i < nitems(lists); i++) {
		struct grant *grant =
				 grant_new(&(struct grant_source){ .programs = lists[i] }),
			     *read;

		assert_int_equal(grant_write_programs(grant, &text), 0);
		assert_int_equal(text == NULL, grant_sees_all(grant));
		read = grant_read_programs(text != NULL ? text : "*");
		assert_int_equal(grant_role(read), ROLE_NONE);
		assert_int_equal(
		    grant_sees(read, "web", "w1"), grant_sees(grant, "web", "w1"));
		assert_int_equal(
		    grant_sees(read, "db", "one"), grant_sees(grant, "db", "one"));
		assert_int_equal(
		    grant_sees(read, "db", "two"), grant_sees(grant, "db", "two"));
		grant_unref(read);
		grant_unref(grant);
		free(text);
	}
	/* No item names nothing. */
	struct grant *nothing =
	    grant_new(&(struct grant_source){ .programs = (const char *const[]){ NULL } });

	assert_int_equal(grant_write_programs(nothing, &text), 0);
	assert_string_equal(text, "");
	grant_unref(nothing);
	nothing = grant_read_programs(text);
	assert_false(grant_sees_all(nothing));
	assert_false(grant_sees(nothing, "web", "web"));
	grant_unref(nothing);
	free(text);
}

static void
test_equal(void **state)
{
	static const char *const two[] = { "a", "b", NULL };
	const struct grant_source sources[] = {
		{ .user = NULL, .role = ROLE_VIEW },
		{ .user = "bob", .role = ROLE_VIEW },
		{ .user = "alice", .role = ROLE_VIEW },
		{ .user = "bob", .role = ROLE_ADMIN },
		{ .user = "bob", .role = ROLE_VIEW, .programs = two },
		{ .user = "bob", .role = ROLE_VIEW, .programs = LIST("a") },
		{ .user = "bob", .role = ROLE_VIEW, .methods = two },
		{ .user = "bob", .role = ROLE_VIEW, .deny_methods = two },
		{ .user = "bob", .role = ROLE_VIEW, .deny_methods = two + 2 },
	};

	(void)state;
	for (size_t i = 0; i < nitems(sources); i++)
		for (size_t j = 0; j < nitems(sources); j++) {
			struct grant *a = grant_new(&sources[i]);
			struct grant *b = grant_new(&sources[j]);

			assert_int_equal(grant_equal(a, b), i == j);
			grant_unref(a);
			grant_unref(b);
		}
	assert_true(grant_equal(grant_of_role(ROLE_VIEW), grant_of_role(ROLE_VIEW)));
}

static void
test_references(void **state)
{
	struct grant *grant = grant_new(&(struct grant_source){ .user = "bob" });

	(void)state;
	assert_ptr_equal(grant_ref(grant), grant);
	grant_unref(grant);
	assert_string_equal(grant_user(grant), "bob");
	grant_unref(grant);
	grant_unref(NULL);
	grant = grant_of_role(ROLE_VIEW);
	grant_unref(grant_ref(grant));
	grant_unref(grant);
	assert_int_equal(grant_role(grant), ROLE_VIEW);
}

static void
expect_why(const struct grant *grant, enum role ceiling, enum grant_verdict verdict,
    const char *want)
{
	char *why = grant_why(grant, ceiling, verdict, "x.y", ROLE_OPERATE);

	assert_string_equal(why, want);
	free(why);
}

static void
test_why(void **state)
{
	struct grant *bob =
	    grant_new(&(struct grant_source){ .user = "bob", .role = ROLE_VIEW });

	(void)state;
	expect_why(
	    grant_of_role(ROLE_VIEW), ROLE_ADMIN, GRANT_ROLE, "x.y needs role operate");
	expect_why(
	    grant_of_role(ROLE_VIEW), ROLE_VIEW, GRANT_ROLE, "x.y needs role operate");
	expect_why(grant_of_role(ROLE_ADMIN), ROLE_VIEW, GRANT_ROLE,
	    "x.y needs role operate, and max_role= of the server is view");
	expect_why(bob, ROLE_ADMIN, GRANT_ROLE,
	    "x.y needs role operate, and role= of [user:bob] is view");
	/* A higher role, or methods=, would not suffice. */
	expect_why(bob, ROLE_VIEW, GRANT_ROLE,
	    "x.y needs role operate, and max_role= of the server is view");
	expect_why(
	    bob, ROLE_ADMIN, GRANT_DENIED, "x.y is denied by deny_methods= of [user:bob]");
	expect_why(
	    bob, ROLE_ADMIN, GRANT_NEEDS_ALL, "x.y needs programs=all in [user:bob]");
	grant_unref(bob);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_shared_command),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_programs),
		cmocka_unit_test(test_sight),
		cmocka_unit_test(test_programs_as_text),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_why),
	};

	return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
