/* Childenv: inherited variables, those that are set, and their precedence. */
#include "master/child/childenv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

/* A literal for a field that owns its text in a real configuration. */
#define S(text) ((char *)(uintptr_t)(text))

static char *const ours[] = {
    S("PATH=/bin"), S("A=ours"), S("NOTIFY_SOCKET=/run/x"), S("LISTEN_FDS=3"),
    S("LISTEN_PID=1"), S("WATCHDOG_USEC=5"), S("NOTIFY_SOCKETS=kept"), NULL};

static struct variable program_items[] = {
    {.name = S("A"), .value = S("program")}, {.name = S("B"), .value = S("program")},
    {.name = S("SUPERVISOR_ENABLED"), .value = S("0")}};

static struct listener_config inet = { .host = S(""), .port = 9001 };
static struct listener_config inet6 = { .host = S("[::1]"), .port = 9001 };
static struct listener_config both[] = {
    {.host = S("10.0.0.1"), .port = 80}, {.is_unix = true, .path = S("/run/s.sock")}};

static struct process_config
process_named(const char *name)
{
	struct process_config process = {
	    .environment = {program_items, nitems(program_items)}};

	process.name = S(name);
	return process;
}

static const char *
value_of(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static void
expect(char *const *env, const char *name, const char *value)
{
	const char *got = value_of(env, name);

	if (value == NULL) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got, value);
}

static void
order_of_winning(void **state)
{
	struct config config = { 0 };
	struct process_config process = process_named("web_0");
	char **env = childenv_new(ours, &config, "web", &process, NULL);

	(void)state;
	assert_non_null(env);
	expect(env, "PATH", "/bin");
	expect(env, "A", "program");
	expect(env, "B", "program");
	expect(env, "SUPERVISOR_ENABLED", "0");
	expect(env, "SUPERVISOR_PROCESS_NAME", "web_0");
	expect(env, "SUPERVISOR_GROUP_NAME", "web");
	expect(env, "SUPERVISOR_SERVER_URL", NULL);
	childenv_free(env);
}

static void
service_manager_variables_stay_behind(void **state)
{
	struct config config = { 0 };
	struct process_config process = process_named("p");
	char **env = childenv_new(ours, &config, "p", &process, NULL);

	(void)state;
	expect(env, "NOTIFY_SOCKET", NULL);
	expect(env, "LISTEN_FDS", NULL);
	expect(env, "LISTEN_PID", NULL);
	expect(env, "WATCHDOG_USEC", NULL);
	expect(env, "NOTIFY_SOCKETS", "kept");
	childenv_free(env);
}

/* The mark of a start replaces that of an outer daemon, and any of the configuration. */
static void
mark(void **state)
{
	struct config config = { 0 };
	struct process_config process = process_named("p");
	char *outer[] = { (char *)(uintptr_t) "REEVE_SPAWN=outer", NULL };
	char **env = childenv_new(outer, &config, "p", &process, NULL);

	(void)state;
	expect(env, "REEVE_SPAWN", "outer");
	childenv_free(env);
	env = childenv_new(outer, &config, "p", &process, "inner");
	expect(env, "REEVE_SPAWN", "inner");
	childenv_free(env);
}

static void
server_url(void **state)
{
	struct config config = { .listeners = &inet, .nlisteners = 1 };
	struct process_config process = process_named("p");
	char **env = childenv_new(ours, &config, "p", &process, NULL);

	(void)state;
	expect(env, "SUPERVISOR_SERVER_URL", "http://localhost:9001");
	childenv_free(env);
	config.listeners = &inet6;
	env = childenv_new(ours, &config, "p", &process, NULL);
	expect(env, "SUPERVISOR_SERVER_URL", "http://[::1]:9001");
	childenv_free(env);
	config.listeners = both;
	config.nlisteners = 2;
	env = childenv_new(ours, &config, "p", &process, NULL);
	expect(env, "SUPERVISOR_SERVER_URL", "unix:///run/s.sock");
	childenv_free(env);
	process.serverurl = S("http://elsewhere:1");
	env = childenv_new(ours, &config, "p", &process, NULL);
	expect(env, "SUPERVISOR_SERVER_URL", "http://elsewhere:1");
	childenv_free(env);
	process.serverurl = S("");
	env = childenv_new(ours, &config, "p", &process, NULL);
	expect(env, "SUPERVISOR_SERVER_URL", NULL);
	childenv_free(env);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(order_of_winning),
	    cmocka_unit_test(service_manager_variables_stay_behind),
	    cmocka_unit_test(mark),
	    cmocka_unit_test(server_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
