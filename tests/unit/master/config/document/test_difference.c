/* Difference: when a group has changed, the frames of a reread and a preview, and the
 * groups of the configuration afterwards. */
#include "common/mem.h"
#include "common/str.h"
#include "master/config/document/difference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define S(text) ((char *)(uintptr_t)(text))

static struct group_config
group(const char *url, const char *why)
{
	return (struct group_config){ .kind = GROUP_FCGI,
		.name = S("f"),
		.fcgi = { .url = S(url), .why = S(why), .mode = 0700, .backlog = 5 } };
}

static void
test_socket(void **state)
{
	struct group_config live = group("tcp://a:1", NULL), same = live;
	struct group_config other = group("tcp://a:2", NULL), mode = live, owner = live;
	struct group_config backlog = live, programs = live;

	(void)state;
	mode.fcgi.mode = 0600;
	owner.fcgi.gid = 7;
	backlog.fcgi.backlog = 6;
	programs.kind = GROUP_PROGRAMS;
	assert_true(conf_difference_is_same(&live, &same));
	assert_false(conf_difference_is_same(&live, &other));
	assert_false(conf_difference_is_same(&live, &mode));
	assert_false(conf_difference_is_same(&live, &owner));
	assert_false(conf_difference_is_same(&live, &backlog));
	assert_false(conf_difference_is_same(&live, &programs));
}

/* An address that is found at last is a change; one that is not found any more is none. */
static void
test_host(void **state)
{
	struct group_config known = group("tcp://a:1", NULL);
	struct group_config unknown = group("tcp://a:1", "who?");

	(void)state;
	assert_false(conf_difference_is_same(&unknown, &known));
	assert_true(conf_difference_is_same(&known, &unknown));
	assert_true(conf_difference_is_same(&unknown, &unknown));
	known.fcgi.address = S("127.0.0.1");
	assert_true(conf_difference_is_same(&known, &unknown));
}

/* --- frames ------------------------------------------------------------------------- */

/* New: the configuration of a text. */
static struct config *
load(const char *text)
{
	char path[] = "/tmp/reeve-difference-XXXXXX", *error = NULL;
	struct arguments arguments = { .configuration = path };
	struct config *config = NULL;
	int fd = mkstemp(path);

	assert_true(fd != -1 && dprintf(fd, "[supervisord]\n%s", text) > 0);
	if (config_load(&arguments, &config, &error) == -1)
		fail_msg("%s", error);
	close(fd);
	unlink(path);
	return config;
}

#define PROGRAM(name, options) "[program:" name "]\ncommand=/bin/cat\n" options

/* New: "kind field field;" for each frame but that of [supervisord]. */
static char *
sent(const struct conf_in_force *live, const struct config *fresh, bool explain)
{
	struct conf_writer writer;
	struct conf_frame frame;
	char *all = xstrdup(""), *more;
	const char *text;
	size_t n, at = 0;

	conf_writer_begin(&writer, NULL);
	conf_difference_write(&writer, live, fresh, explain);
	while (at < buf_len(&writer.out)) {
		at += (size_t)conf_frame_read(
		    buf_data(&writer.out) + at, buf_len(&writer.out) - at, &frame);
		if (frame.kind == CONF_DOCUMENT_BEGIN ||
		    frame.kind == CONF_DOCUMENT_DAEMON ||
		    frame.kind == CONF_DOCUMENT_MESSAGE)
			continue;
		more = xasprintf("%s%u", all, frame.kind);
		free(all);
		all = more;
		while (frame.kind != CONF_DOCUMENT_PROCESS &&
		    (text = conf_frame_next(&frame, &n)) != NULL) {
			more = xasprintf("%s %s", all, text);
			free(all);
			all = more;
		}
		more = xasprintf("%s;", all);
		free(all);
		all = more;
	}
	conf_writer_end(&writer);
	return all;
}

static void
assert_sent(
    const struct config *live, const struct config *fresh, bool explain, const char *want)
{
	struct conf_in_force force = { .config = live, .loglevel = live->loglevel,
		.active = (const struct group_config *const *)live->groups,
		.nactive = live->ngroups };
	char *got = sent(&force, fresh, explain);

	assert_string_equal(got, want);
	free(got);
}

static void
test_sent(void **state)
{
	struct config *live = load(PROGRAM("a", "") PROGRAM("b", "") PROGRAM("c", ""));
	struct config *fresh =
	    load(PROGRAM("a", "") PROGRAM("b", "priority=5\n") PROGRAM("d", ""));

	(void)state;
	assert_sent(live, live, false, "15;");
	/* b is sent as a group and its process, then d; c is gone; then the answer. */
	assert_sent(live, fresh, false,
	    "6 name b  priority 5 ;10;6 name d ;10;12 c;"
	    "13 added d;13 changed b;13 removed c;15;");
	assert_sent(live, fresh, true,
	    "13 added d;13 changed b priority: 999 -> 5 "
	    "b: priority: 999 -> 5;13 removed c;15;");
	config_free(live);
	config_free(fresh);
}

/* A group that is equal to supervisord is sent if it has another value. */
static void
test_sent_though_equal(void **state)
{
	struct config *live = load(PROGRAM("a", "stdout_logfile=/tmp/x\n"));
	struct config *fresh = load(PROGRAM("a", "stdout_logfile=AUTO\n"));

	(void)state;
	assert_sent(live, fresh, false, "6 name a ;10;15;");
	config_free(live);
	config_free(fresh);
}

/* All users are sent for a reread, and none for a preview; they change no group. The answer
 * tells what changes, but no password. */
static void
test_users(void **state)
{
#define USER(password) "[user:u]\nrole=view\npassword=" password "\nprograms=a\n"
	struct config *live = load(PROGRAM("a", "") USER("old"));
	struct config *fresh = load(PROGRAM("a", "") USER("new"));

	(void)state;
	assert_sent(live, fresh, false,
	    "5 section user:u  name u  password new  role view  programs a ;"
	    "13 users [user:u] password;15;");
	assert_sent(live, fresh, true, "13 users [user:u] password;15;");
	config_free(live);
	config_free(fresh);
}

/* Each kind of group has options of its own, whose changes a preview explains. */
static void
test_kinds_explained(void **state)
{
#define LISTENER(options) "[eventlistener:l]\ncommand=/bin/cat\n" options
#define FCGI(options) "[fcgi-program:f]\ncommand=/bin/cat\n" options
#define INTERFACE(options) "[rpcinterface:x]\ncommand=/bin/cat\n" options
	static const struct {
		const char *live, *fresh, *want;
	} cases[] = {
		{ LISTENER("events=TICK_5\n"),
		    LISTENER("events=TICK_5,TICK_60\nevent_length=bytes\nbuffer_size=7\n"),
		    "13 changed l events: TICK_5 -> TICK_5,TICK_60 buffer_size: 0 -> 7 "
		    "event_length: characters -> bytes;15;" },
		{ FCGI("socket=unix:///tmp/a\n"), FCGI("socket=unix:///tmp/b\n"),
		    "13 changed f socket: unix:///tmp/a -> unix:///tmp/b;15;" },
		{ FCGI("socket=unix:///tmp/a\n"),
		    FCGI("socket=unix:///tmp/a\nsocket_mode=0770\n"),
		    "13 changed f socket_mode: 0700 -> 0770;15;" },
		{ INTERFACE("secret=a\n"), INTERFACE("secret=b\nrole=view\n"),
		    "13 changed rpcinterface.x options role: states -> view;15;" },
		{ PROGRAM("l", ""), LISTENER("events=TICK_5\npriority=999\n"),
		    "13 changed l kind: program -> eventlistener;15;" },
	};

	(void)state;
	for (size_t i = 0; i < nitems(cases); i++) {
		struct config *live = load(cases[i].live), *fresh = load(cases[i].fresh);

		assert_sent(live, fresh, true, cases[i].want);
		assert_sent(live, live, true, "15;");
		config_free(live);
		config_free(fresh);
	}
}

static char *
names_of(const struct config *config)
{
	char *names = xstrdup(""), *more;

	for (size_t i = 0; i < config->ngroups; i++) {
		more = xasprintf("%s%s:%lld ", names, config->groups[i]->name,
		    (long long)config->groups[i]->priority);
		free(names);
		names = more;
	}
	for (size_t i = 0; i < config->nrows; i++) {
		more = xasprintf(
		    "%s%s%zu", names, config->rows[i].process->name, config->rows[i].nth);
		free(names);
		names = more;
	}
	return names;
}

static void
test_merge(void **state)
{
	struct config *live = load(PROGRAM("a", "") PROGRAM("b", "") PROGRAM("c", ""));
	struct config *fresh =
	    load(PROGRAM("b", "priority=1000\n") PROGRAM("d", "priority=1\n"));
	struct group_config *a = live->groups[0], *b = group_config_ref(live->groups[1]);
	char *gone[] = { S("c") }, *names;

	(void)state;
	assert_int_equal(config_merge_groups(live, fresh, gone, 1), 0);
	names = names_of(live);
	assert_string_equal(names, "d:1 a:999 b:1000 a1b2d0");
	assert_ptr_equal(live->groups[1], a);
	assert_ptr_not_equal(live->groups[2], b);
	/* A live group keeps its definition. */
	assert_int_equal(b->refs, 1);
	assert_int_equal(b->priority, 999);
	assert_int_equal(fresh->ngroups, 0);
	group_config_unref(b);
	assert_int_equal(config_merge_groups(live, fresh, NULL, 0), 0);
	assert_int_equal(live->ngroups, 3);
	free(names);
	config_free(live);
	config_free(fresh);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_sent),
	    cmocka_unit_test(test_sent_though_equal),
	    cmocka_unit_test(test_users),
	    cmocka_unit_test(test_kinds_explained),
	    cmocka_unit_test(test_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
