/* Caller: rights below the ceiling of the listener, and what the master receives. */
#include "rpcd/caller.h"

#include "common/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const char *const web[] = { "web", NULL };

static struct grant *
bob(enum role role)
{
	struct grant *grant = grant_new(
	    &(struct grant_source){ .user = "bob", .role = role, .programs = web });

	assert_non_null(grant);
	return grant;
}

static void
assert_by(const struct caller *caller, const char *want)
{
	json_t *by = caller_by(caller, "supervisor.startProcess");
	char *text = json_dumps(by, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);

	assert_string_equal(text, want);
	free(text);
	json_decref(by);
}

static void
test_by(void **state UNUSED)
{
	const struct caller_origin local = { .is_unix = true, .uid = 1000, .pid = 42 };
	struct caller_origin remote = { 0 };
	struct sockaddr_in in4 = { .sin_family = AF_INET, .sin_port = htons(4711) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	struct caller caller = { .ceiling = ROLE_ADMIN, .section = "unix_http_server" };
	struct grant *grant = bob(ROLE_OPERATE);

	caller.origin = &local;
	assert_by(&caller,
	    "{\"from\":\"uid 1000 pid 42\",\"listener\":\"unix_http_server\","
	    "\"method\":\"supervisor.startProcess\"}");
	caller_identify(&caller, CALLER_USER, grant);
	grant_unref(grant);
	caller.origin = &remote;
	caller.forwarded = "192.0.2.7, <b>\n\xff";
	assert_by(&caller,
	    "{\"forwarded\":\"192.0.2.7, <b>?\\uFFFD\",\"from\":\"unknown\","
	    "\"listener\":\"unix_http_server\",\"method\":\"supervisor.startProcess\","
	    "\"user\":\"bob\"}");
	caller.forwarded = NULL;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &in4.sin_addr), 1);
	caller_set_address(&remote, (const struct sockaddr *)&in4);
	caller.username = "root";
	caller_identify(&caller, CALLER_SERVER, grant_of_role(ROLE_ADMIN));
	assert_by(&caller,
	    "{\"from\":\"192.0.2.1:4711\",\"listener\":\"unix_http_server\","
	    "\"method\":\"supervisor.startProcess\",\"server\":true,\"user\":\"root\"}");
	assert_int_equal(inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr), 1);
	in6.sin6_scope_id = 2;
	caller_set_address(&remote, (const struct sockaddr *)&in6);
	caller_clear(&caller);
	assert_by(&caller,
	    "{\"from\":\"[fe80::1]:80\",\"listener\":\"unix_http_server\","
	    "\"method\":\"supervisor.startProcess\"}");
}

/* A header of a proxy is cut between two characters. */
static void
test_long_header(void **state UNUSED)
{
	const struct caller_origin origin = { 0 };
	struct caller caller = { .origin = &origin, .section = "s" };
	char text[16384];
	const char *kept;
	json_t *by;

	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	text[sizeof(text) - 2] = '\0';
	memmove(text + 1, text, sizeof(text) - 1);
	text[0] = 'x';
	caller.forwarded = text;
	by = caller_by(&caller, "m");
	kept = json_string_value(json_object_get(by, "forwarded"));
	assert_int_equal(strlen(kept), CALLER_FORWARDED_MAX - 1);
	json_decref(by);
}

static void
test_rights(void **state UNUSED)
{
	const struct caller_origin origin = { .is_unix = true, .uid = 7 };
	struct caller caller = { .ceiling = ROLE_VIEW, .origin = &origin };
	const struct api_method *start = api_find("supervisor.startProcess");
	struct grant *grant = bob(ROLE_ADMIN);

	assert_int_equal(caller_role(&caller), ROLE_NONE);
	assert_null(caller_user(&caller));
	assert_int_equal(caller_check_method(&caller, start), GRANT_ROLE);
	caller_identify(&caller, CALLER_USER, grant);
	grant_unref(grant);
	assert_int_equal(caller_role(&caller), ROLE_VIEW);
	assert_string_equal(caller_user(&caller), "bob");
	assert_int_equal(caller_check_method(&caller, start), GRANT_ROLE);
	assert_int_equal(caller_check_cmd(&caller, CMD_LOG_OPEN), GRANT_OK);
	assert_int_equal(caller_check_cmd(&caller, CMD_MAINLOG_OPEN), GRANT_NEEDS_ALL);
	caller.ceiling = ROLE_ADMIN;
	assert_int_equal(caller_check_method(&caller, start), GRANT_OK);
	caller_clear(&caller);
	assert_int_equal(caller_role(&caller), ROLE_NONE);
}

/* What supervisor.startProcess needs that the caller lacks. */
static void
assert_lacks(const struct caller *caller, const char *what)
{
	char *why = caller_why(caller, GRANT_ROLE, "supervisor.startProcess", ROLE_OPERATE);

	assert_string_equal(
	    why + strlen("supervisor.startProcess needs role operate, and "), what);
	free(why);
}

static void
test_why_of_peers(void **state UNUSED)
{
	const struct caller_origin origin = { .is_unix = true, .uid = 7 };
	struct caller caller = { .ceiling = ROLE_ADMIN, .origin = &origin };
	struct grant *grant = bob(ROLE_NONE);

	caller_identify(&caller, CALLER_PEER, grant_of_role(ROLE_NONE));
	assert_lacks(&caller, "peer_users= has no entry for uid 7");
	caller.forwarded = "192.0.2.1";
	assert_lacks(
	    &caller, "peer_users= does not hold for requests that a proxy passes on");
	caller.forwarded = NULL;
	caller_identify(&caller, CALLER_PEER, grant);
	grant_unref(grant);
	assert_lacks(&caller, "role= of [user:bob] is none");
	caller_identify(&caller, CALLER_PEER, grant_of_role(ROLE_ADMIN));
	caller.ceiling = ROLE_NONE;
	assert_lacks(&caller, "max_role= of the server is none");
	caller_clear(&caller);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_rights),
		cmocka_unit_test(test_why_of_peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
