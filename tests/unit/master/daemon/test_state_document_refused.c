/* State document: removes or replaces one member after the other of a valid document; the
 * reader must refuse each result with a reason. */
#include "tests/unit/master/state_world.h"

static void
assert_refused(const json_t *doc, const char *about)
{
	struct scene *fresh = scene_new();
	char *why = NULL;

	if (state_document_read_early(&fresh->master, doc, &why) == 0 &&
	    state_document_read(&fresh->master, doc, &why) == 0)
		fail_msg("accepted although %s is wrong", about);
	assert_non_null(why);
	assert_non_null(strstr(why, "state document: "));
	free(why);
	scene_free(fresh);
}

/* Sets one member to this value for the check, then restores it. */
static void
assert_refused_with(json_t *doc, json_t *in, const char *name, const char *json)
{
	json_t *kept = json_incref(json_object_get(in, name));

	json_object_set_new(in, name, json_loads(json, JSON_DECODE_ANY, NULL));
	assert_refused(doc, json);
	json_object_set_new(in, name, kept);
}

/* Removes each member in turn, and replaces it by one of another type. */
static void
spoil(json_t *doc, json_t *part)
{
	json_t *names = json_copy(part), *value;
	const char *name;
	size_t i;

	if (json_is_array(part)) {
		json_array_foreach(names, i, value)
			spoil(doc, value);
	} else {
		json_object_foreach(names, name, value) {
			spoil(doc, value);
			json_object_set_new(part, name, json_real(0.5));
			assert_refused(doc, name);
			json_object_del(part, name);
			assert_refused(doc, name);
			json_object_set(part, name, value);
		}
	}
	json_decref(names);
}

static void
test_spoiled_members(void **state UNUSED)
{
	struct scene *old = scene_new();
	json_t *doc, *list;

	live(old);
	busy(old);
	doc = through_text(old);
	/* One process is enough, because all have the same members. */
	list = json_array_get(json_object_get(doc, "groups"), 0);
	list = json_object_get(list, "processes");
	spoil(doc, json_array_get(list, 1));
	json_object_del(doc, "groups");
	assert_refused(doc, "groups");
	json_decref(doc);
	scene_free(old);
}

static void
test_spoiled_rest(void **state UNUSED)
{
	struct scene *old = scene_new();
	json_t *doc;

	busy(old);
	doc = through_text(old);
	spoil(doc, json_object_get(doc, "jobs"));
	spoil(doc, json_object_get(doc, "daemon"));
	spoil(doc, json_object_get(doc, "master"));
	spoil(doc, json_object_get(doc, "sequences"));
	spoil(doc, json_object_get(doc, "events"));
	json_decref(doc);
	scene_free(old);
}

#define FLAGS "\"stop_failed\":false,\"failed\":false,"

static void
test_spoiled_sequences(void **state UNUSED)
{
	static const char *const cases[] = {
		"{}",
		"[{" FLAGS "\"number\":0,\"steps\":[]}]",
		"[{" FLAGS "\"number\":1,\"steps\":{}}]",
		"[{" FLAGS "\"number\":1,\"steps\":[{\"action\":4,\"target\":\"78\"}]}]",
		"[{" FLAGS "\"number\":1,\"steps\":[{\"action\":2,\"target\":null}]}]",
	};
	struct scene *old = scene_new();
	json_t *doc = through_text(old);

	for (size_t i = 0; i < nitems(cases); i++)
		assert_refused_with(doc, doc, "sequences", cases[i]);
	json_decref(doc);
	scene_free(old);
}

static void
test_spoiled_values(void **state UNUSED)
{
	struct scene *old = scene_new();
	json_t *doc = through_text(old), *group, *process, *jobs, *master;
	json_t *groups = json_object_get(doc, "groups"), *pool, *event;
	json_t *events = json_object_get(doc, "events");

	pool = json_array_get(json_object_get(events, "pools"), 0);
	event = json_array_get(json_object_get(pool, "waiting"), 0);
	group = json_array_get(groups, 0);
	process = json_array_get(json_object_get(group, "processes"), 0);
	master = json_object_get(doc, "master");
	jobs = json_object_get(doc, "jobs");
	const struct {
		json_t *in;
		const char *name, *json;
	} cases[] = {
		{ doc, "format", "0" },
		{ doc, "format", "3" },
		{ master, "next_id", "3" },
		{ master, "next_id", "-1" },
		{ doc, "groups", "[]" },
		{ group, "name", "\"nobody\"" },
		{ group, "rereads", "-1" },
		{ group, "name", "\"second\"" },
		{ process, "name", "\"nobody\"" },
		{ process, "id", "0" },
		{ process, "id", "2" },
		{ process, "pid", "2147483648" },
		{ process, "state", "\"SLEEPING\"" },
		{ process, "verdict", "\"guilty\"" },
		{ process, "spawnerr", "\"abc\"" },
		{ process, "spawnerr", "\"0g\"" },
		{ process, "spawnerr", "\"AA\"" },
		{ process, "child", "{}" },
		{ jobs, "next_number", "0" },
		{ json_object_get(jobs, "restarts"), "ids", "[0]" },
		{ jobs, "queue", "[{\"number\":1,\"kind\":4,\"signo\":0,\"ids\":[]}]" },
		{ jobs, "queue", "[{\"number\":1,\"kind\":-1,\"signo\":0,\"ids\":[]}]" },
		{ jobs, "queue",
		    "[{\"number\":1,\"kind\":0,\"signo\":0,\"ids\":[\"x\"]}]" },
		{ events, "pools", "[]" },
		{ pool, "name", "\"nobody\"" },
		{ pool, "name", "\"idle\"" },
		{ pool, "next_serial", "-1" },
		{ event, "type", "\"NONE\"" },
		{ event, "serial", "-1" },
		{ event, "payload", "\"ff\"" },
		{ json_object_get(doc, "daemon"), "state", "\"GLOOMY\"" },
		{ json_object_get(doc, "daemon"), "reason", "\"61\"" },
		{ json_object_get(doc, "daemon"), "by_pid", "true" },
	};

	for (size_t i = 0; i < nitems(cases); i++)
		assert_refused_with(doc, cases[i].in, cases[i].name, cases[i].json);
	json_decref(doc);
	scene_free(old);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spoiled_members),
		cmocka_unit_test(test_spoiled_rest),
		cmocka_unit_test(test_spoiled_values),
		cmocka_unit_test(test_spoiled_sequences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
