/* Setup: the messages before the confinement, and their order. */
#include "rpcd/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ANSWER \
	"{\"protocol\":1,\"setup\":{\"uid\":7,\"gid\":8,\"user\":\"u\"," \
	"\"confinement\":\"strict\",\"loglevel\":\"debug\",\"listeners\":1," \
	"\"max_role\":\"view\"}}"
#define SETUP(uid, gid, level, listeners) \
	"{\"setup\":{\"uid\":" uid ",\"gid\":" gid ",\"confinement\":\"best\"," \
	"\"loglevel\":" level ",\"listeners\":" listeners "}}"
#define LISTENER \
	"{\"section\":\"s\",\"kind\":\"unix\",\"address\":\"a\",\"username\":\"user\"," \
	"\"password\":\"123\",\"unauthenticated_role\":null}"

static json_t *
object(const char *text)
{
	json_t *value = json_loads(text, 0, NULL);

	assert_non_null(value);
	return value;
}

static int
answer(struct setup *s, const char *text)
{
	json_t *value = object(text);
	int rc = setup_read_hello(s, value);

	json_decref(value);
	return rc;
}

static int
take(struct setup *s, const char *method, const char *text, int *fd)
{
	json_t *value = object(text);
	int rc = setup_notification(s, method, value, fd);

	json_decref(value);
	return rc;
}

static int
open_null(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static int
open_page(size_t size)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void
test_whole(void **state)
{
	struct setup s = { .level = LEVEL_INFO };
	int listener = open_null(), page = open_page(4096), none = -1;
	uint64_t number = 42;
	struct credentials_digest digest;

	(void)state;
	assert_int_equal(pwrite(page, &number, sizeof(number), 0), sizeof(number));
	assert_int_equal(answer(&s, ANSWER), 0);
	assert_int_equal(s.uid, 7);
	assert_int_equal(s.gid, 8);
	assert_true(s.strict);
	assert_int_equal(s.level, LEVEL_DEBUG);
	assert_int_equal(s.expected, 1);
	assert_int_equal(s.max_role, ROLE_VIEW);
	assert_int_equal(take(&s, "setup.listener", LISTENER, &listener), 1);
	assert_int_equal(listener, -1);
	assert_true(s.listeners[0].is_unix);
	assert_string_equal(s.listeners[0].section, "s");
	assert_string_equal(s.listeners[0].access.username, "user");
	assert_false(s.listeners[0].access.has_role);
	assert_non_null(credentials_find(s.listeners[0].access.own,
	    &(struct credential){ "user\0"
				  "123",
		8 },
	    &digest));
	assert_int_equal(take(&s, "setup.page", "{}", &page), 1);
	assert_int_equal(page, -1);
	assert_int_equal(atomic_load(s.page), 42);
	assert_int_equal(take(&s, "setup.end", "{}", &none), 1);
	assert_true(s.ended);
	/* Later messages are refused. */
	assert_int_equal(take(&s, "setup.end", "{}", &none), -1);
	assert_int_equal(take(&s, "stream.begin", "{}", &none), 0);
	assert_int_equal(munmap((void *)(uintptr_t)s.page, sizeof(number)), 0);
	setup_clear(&s);
}

static void
test_bad_answers(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"setup\":null}",
		SETUP("7", "8", "\"x\"", "1"),
		SETUP("-1", "8", "\"info\"", "1"),
		SETUP("7", "4294967295", "\"info\"", "1"),
		SETUP("7", "8", "\"info\"", "100000"),
		SETUP("\"7\"", "8", "\"info\"", "1"),
		SETUP("7", "8", "-1", "1"),
		SETUP("7", "8", "\"info\"", "1,\"max_role\":\"root\""),
	};

	(void)state;
	for (size_t i = 0; i < nitems(bad); i++) {
		struct setup s = { .level = LEVEL_INFO };

		if (answer(&s, bad[i]) != -1)
			fail_msg("accepted: %s", bad[i]);
		setup_clear(&s);
	}
}

static void
test_out_of_place(void **state)
{
	struct setup s = { .level = LEVEL_INFO };
	int none = -1, small = open_page(4), extra;

	(void)state;
	assert_int_equal(take(&s, "setup.end", "{}", &none), -1);
	assert_int_equal(answer(&s, ANSWER), 0);
	assert_int_equal(answer(&s, ANSWER), -1);
	assert_int_equal(take(&s, "setup.listener", LISTENER, &none), -1);
	assert_int_equal(take(&s, "setup.page", "{}", &none), -1);
	assert_int_equal(take(&s, "setup.page", "{}", &small), -1);
	assert_true(small >= 0);
	extra = open_null();
	assert_int_equal(take(&s, "setup.listener", "{\"kind\":1}", &extra), -1);
	assert_int_equal(
	    take(&s, "setup.listener",
		"{\"kind\":\"tcp\",\"unauthenticated_role\":\"king\"}", &extra),
	    -1);
	assert_int_equal(take(&s, "setup.listener", LISTENER, &extra), 1);
	/* All listeners have arrived, the page has not; one more listener is refused. */
	assert_int_equal(take(&s, "setup.end", "{}", &none), -1);
	extra = open_null();
	assert_int_equal(take(&s, "setup.listener", LISTENER, &extra), -1);
	close(extra);
	close(small);
	setup_clear(&s);
}

static void
test_role(void **state)
{
	struct setup s = { .level = LEVEL_INFO };
	int fd = open_null();

	(void)state;
	assert_int_equal(answer(&s, ANSWER), 0);
	assert_int_equal(take(&s, "setup.listener",
			     "{\"kind\":\"tcp\",\"username\":null,\"password\":null,"
			     "\"unauthenticated_role\":\"view\"}",
			     &fd),
	    1);
	assert_false(s.listeners[0].is_unix);
	assert_null(s.listeners[0].access.own);
	assert_true(s.listeners[0].access.has_role);
	assert_int_equal(s.listeners[0].access.local, ROLE_VIEW);
	assert_int_equal(s.listeners[0].access.remote, ROLE_VIEW);
	setup_clear(&s);
}

static void
test_metrics_role(void **state)
{
	static const struct {
		const char *text;
		int role; /* -1 = refused */
	} rows[] = {
		{ "{\"kind\":\"tcp\"}", ROLE_STATES },
		{ "{\"kind\":\"tcp\",\"metrics_role\":\"none\"}", ROLE_NONE },
		{ "{\"kind\":\"tcp\",\"metrics_role\":\"view\"}", ROLE_VIEW },
		{ "{\"kind\":\"tcp\",\"metrics_role\":\"admin\"}", ROLE_ADMIN },
		{ "{\"kind\":\"tcp\",\"metrics_role\":\"king\"}", -1 },
		{ "{\"kind\":\"tcp\",\"metrics_role\":\"\"}", -1 },
		{ "{\"kind\":\"tcp\",\"metrics_role\":null}", -1 },
		{ "{\"kind\":\"tcp\",\"metrics_role\":0}", -1 },
	};

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		struct setup s = { .level = LEVEL_INFO };
		int fd = open_null();

		assert_int_equal(answer(&s, ANSWER), 0);
		assert_int_equal(take(&s, "setup.listener", rows[i].text, &fd),
		    rows[i].role == -1 ? -1 : 1);
		if (rows[i].role != -1)
			assert_int_equal(s.listeners[0].access.metrics, rows[i].role);
		else
			close(fd);
		setup_clear(&s);
	}
}

/* True when the text is anywhere in the heap, also in freed memory. */
static bool
heap_has(const char *text, size_t len)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned long from = 0, to = 0;
	char line[512];
	bool found = false;

	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f) != NULL)
		found = strstr(line, "[heap]") != NULL &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2;
	fclose(f);
	return found && memmem((const void *)from, to - from, text, len) != NULL;
}

/* jansson wipes the memory that it frees while setup_wipe is on. */
static void
test_wiped(void **state)
{
	static const char secret[] = "a secret that is long enough to be seen";
	const char *tail = secret + 20; /* free lists overwrite the beginning */
	json_t *value;
	bool seen;

	(void)state;
	setup_wipe(true);
	value = json_string(secret);
	seen = heap_has(tail, strlen(tail));
	json_decref(value);
	setup_wipe(false);
	if (!seen)
		skip(); /* the heap of a sanitizer */
	assert_false(heap_has(tail, strlen(tail)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_out_of_place),
		cmocka_unit_test(test_role),
		cmocka_unit_test(test_metrics_role),
		cmocka_unit_test(test_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
