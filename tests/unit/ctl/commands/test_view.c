/* View: columns at every width, orders, the filter, keys, and hostile names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/compiler.h"
#include "common/mem.h"
#include "ctl/terminal/cells.h"
#include "ctl/commands/view.h"

#define T(text) ((char *)(uintptr_t)(text))
#define INFO(g, n, s, p, r) { .id = 1, .group = T(g), .name = T(n), .state = PROCESS_##s, \
	.pid = (p), .start = 1000, .restarts = (r), .spawnerr = T("no such file"), \
	.failure = T(""), .stopped_at = T("Not started"), .stop = 900, .last_status = 3 }

static const struct process_info infos[] = {
	INFO("db", "db", RUNNING, 812, 0),
	INFO("web", "web_1", RUNNING, 90, 12),
	INFO("web", "web_2", FATAL, 0, 3),
	INFO("x", "\033[31mred\n", EXITED, 0, 0),
	INFO("y", "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e", STOPPED, 0, 0),
};

static const struct process_stats stats[] = {
	{ 1, 812, 2, 5000, 15, 12900000, 3, 0, 0 },
	{ 2, 90, 1, 1000, 1234, 1003520, 3, 0, 0 },
};

static const struct view_row rows[] = {
	{ &infos[0], &stats[0] }, { &infos[1], &stats[1] }, { &infos[2], NULL },
	{ &infos[3], NULL }, { &infos[4], NULL },
};

static const struct view_scene scene = { .daemon = "demo",
	.state = "RUNNING",
	.note = "",
	.rows = rows,
	.count = nitems(rows),
	.now = 1000 + 90061,
	.time = "12:34:56",
	.counts_restarts = true };

/* Removes escape sequences; fails on other control characters. */
static void
strip(char *line)
{
	char *to = line;

	for (const char *c = line; *c != '\0'; c++) {
		if (*c == '\033') {
			assert_int_equal(c[1], '[');
			c += strcspn(c, "m");
			assert_int_equal(*c, 'm');
			continue;
		}
		assert_true((unsigned char)*c >= ' ' && *c != '\177');
		*to++ = *c;
	}
	*to = '\0';
}

static char *
shown(struct view *view, const struct view_scene *what, int width, int height)
{
	char **lines = view_lines(view, what, width, height);
	struct buf all;

	buf_init(&all, 0);
	for (int y = 0; y < height; y++) {
		strip(lines[y]);
		assert_true(cells_width(lines[y]) <= width);
		assert_int_equal(buf_printf(&all, "%s\n", lines[y]), 0);
	}
	view_lines_free(lines, height);
	assert_int_equal(buf_putc(&all, '\0'), 0);
	return buf_steal(&all);
}

static void
expect(struct view *view, int width, int height, const char *want)
{
	char *got = shown(view, &scene, width, height);

	assert_string_equal(got, want);
	free(got);
}

static void
test_lines(void **state)
{
	struct view view = { 0 };

	(void)state;
	expect(&view, 84, 8,
	    "demo RUNNING  2 RUNNING, 1 STOPPED, 1 EXITED, 1 FATAL"
	    "                       12:34:56\n"
	    "STATE    NAME                     PID     UPTIME   CPU%  MEMORY  RESTARTS\n"
	    "RUNNING  db                       812   1d 01:01    1.5   12.3M         0\n"
	    "RUNNING  web:web_1                 90   1d 01:01  123.4    980K        12\n"
	    "FATAL    web:web_2                  -          -      -       -         3\n"
	    "EXITED   x:?[31mred?                -          -      -       -         0\n"
	    "STOPPED  y:\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e       -"
	    "          -      -       -         0\n"
	    "q quit  / filter  c CPU  m memory  n name  ? keys"
	    "                                   \n");
	expect(&view, 20, 6,
	    "demo RUNNING  2 RUN~\n"
	    "STATE    NAME       \n"
	    "RUNNING  db         \n"
	    "RUNNING  web:web_1  \n"
	    "FATAL    web:web_2  \n"
	    "q quit  / filter  c~\n");
	/* With space, the last exit or the reason is shown. */
	expect(&view, 300, 1,
	    "demo RUNNING  2 RUNNING, 1 STOPPED, 1 EXITED, 1 FATAL                    "
	    "                                                                         "
	    "                                                                         "
	    "                                                                         "
	    "12:34:56\n");
}

/* No line is wider than the terminal, and each shows at least a part of the name. */
static void
test_every_size(void **state)
{
	struct view view = { .colour = true };
	char *got;

	(void)state;
	for (int width = 1; width <= 320; width++)
		for (int height = 1; height <= 12; height++) {
			got = shown(&view, &scene, width, height);
			if (height > 3 && width >= 20)
				assert_non_null(strstr(got, "db"));
			if (height > 6 && width >= 120)
				assert_non_null(strstr(got, "no such file"));
			free(got);
		}
}

/* The names in their order, after these keys. */
static void
expect_order(struct view *view, const char *keys, const char *want)
{
	char *got, *line, *rest, names[256] = "";
	struct view_scene narrow = scene;

	assert_true(view_keys(view, keys, strlen(keys)));
	got = rest = shown(view, &narrow, 20, 12);
	for (int y = 0; (line = strsep(&rest, "\n")) != NULL && y < 11; y++)
		if (y > 1 && strlen(line) > 9) {
			line[9 + strcspn(line + 9, " ")] = '\0';
			strncat(names, line + 9, sizeof(names) - strlen(names) - 2);
			strcat(names, " ");
		}
	if (strstr(names, want) != names)
		fail_msg("after '%s': %s", keys, names);
	free(got);
}

static void
test_orders(void **state)
{
	struct view view = { 0 };

	(void)state;
	expect_order(&view, "", "db web:web_1 web:web_2 x:?[31mred? ");
	expect_order(&view, "c", "web:web_1 db ");
	expect_order(&view, "c", "web:web_2 x:?[31mred? ");
	expect_order(&view, "m", "db web:web_1 ");
	expect_order(&view, "r", "web:web_1 web:web_2 db ");
	expect_order(&view, "t", "web:web_2 x:?[31mred? ");
	expect_order(&view, "p", "web:web_1 db ");
	expect_order(&view, "u", "db web:web_1 ");
	expect_order(&view, "n", "db web:web_1 web:web_2 x:?[31mred? ");
	expect_order(&view, "cc0", "db web:web_1 web:web_2 x:?[31mred? ");
}

static void
test_filter(void **state)
{
	struct view view = { 0 };
	char *got;

	(void)state;
	expect_order(&view, "/WEB", "web:web_1 web:web_2 ");
	assert_true(view.typing);
	/* While it is typed, letters are no commands. */
	expect_order(&view, "\177\177\177q", "");
	expect_order(&view, "\025web_2\r", "web:web_2 ");
	assert_false(view.typing);
	got = shown(&view, &scene, 80, 8);
	assert_non_null(strstr(got, "/web_2  1 of 5"));
	free(got);
	expect_order(&view, "\033", "db web:web_1 ");
	expect_order(&view, "/fatal\r", "web:web_2 ");
	expect_order(&view, "\033/90\r", "web:web_1 ");
	expect_order(&view, "\033/\u65e5\u672c\177", "y:");
	assert_string_equal(view.filter, "\u65e5");
	for (int i = 0; i < 1000; i++)
		assert_true(view_keys(&view, "/aaaaaaaaaa", 11));
	assert_true(strlen(view.filter) < VIEW_FILTER_MAX);
}

static void
test_keys(void **state)
{
	static const char *const ignored[] = { "\033[99;5u", "\033[", "\033O", "\033[1;2",
		"\033OP", "\033[24~", "z", "", "\t" };
	struct view view = { 0 };

	(void)state;
	expect(&view, 20, 4,
	    "demo RUNNING  2 RUN~\nSTATE    NAME       \n"
	    "RUNNING  db         \nq quit  / filter  c~\n");
	expect_order(&view, "", "db ");
	free(shown(&view, &scene, 20, 5));
	assert_true(view_keys(&view, "\033[B\033OBj", 7));
	assert_int_equal(view.top, 3);
	assert_true(view_keys(&view, "k\033[A", 4));
	assert_int_equal(view.top, 1);
	assert_true(view_keys(&view, "\033[6~", 4));
	assert_int_equal(view.top, 3);
	assert_true(view_keys(&view, "\033[F", 3));
	free(shown(&view, &scene, 20, 5));
	assert_int_equal(view.top, 3);
	assert_true(view_keys(&view, "\033[5~\033[H\033[A", 10));
	assert_int_equal(view.top, 0);
	for (size_t i = 0; i < nitems(ignored); i++) {
		struct view before = view;

		assert_true(view_keys(&view, ignored[i], strlen(ignored[i])));
		assert_memory_equal(&before, &view, sizeof(view));
	}
	assert_true(view_keys(&view, "?", 1));
	assert_true(view.help);
	assert_false(view_keys(&view, "q", 1));
	assert_false(view_keys(&view, "c\003", 2));
}

/* An error takes the last line; without rows and stats there is nothing to show. */
static void
test_scenes(void **state)
{
	struct view view = { 0 };
	struct view_scene other = scene;
	char *got;

	(void)state;
	other.note = "nope: ERROR (no such process)";
	got = shown(&view, &other, 80, 8);
	assert_non_null(strstr(got, other.note));
	free(got);
	other.counts_restarts = false;
	got = shown(&view, &other, 80, 8);
	assert_null(strstr(got, "RESTARTS"));
	free(got);
	other.count = 0;
	other.state = "";
	got = shown(&view, &other, 40, 3);
	assert_non_null(strstr(got, "demo  "));
	free(got);
}

static void
put(const char *text, int width, bool right, const char *want)
{
	struct buf out;

	buf_init(&out, 0);
	cells_put(&out, text, width, right);
	assert_int_equal(buf_putc(&out, '\0'), 0);
	assert_string_equal(buf_data(&out), want);
	buf_clear(&out);
}

static void
test_cells(void **state)
{
	(void)state;
	put("abc", 5, false, "abc  ");
	put("abc", 5, true, "  abc");
	put("abc", 3, false, "abc");
	put("abcd", 3, false, "ab~");
	put("abc", 1, true, "~");
	put("", 2, true, "  ");
	put("abc", 0, true, "");
	put("\u65e5\u672c", 4, false, "\u65e5\u672c");
	put("\u65e5\u672c", 3, false, "\u65e5~");
	put("\u65e5\u672c\u8a9e", 4, false, "\u65e5~ ");
	put("e\u0301", 2, false, "e\u0301 ");
	put("a\xff\x80z", 5, false, "a??z ");
	put("\u202egnp.exe", 8, false, "?gnp.exe");
	put("\t\x7f", 2, false, "??");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_cells),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
