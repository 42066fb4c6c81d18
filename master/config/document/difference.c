#include "master/config/document/difference.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_kind.h"

#include <stdlib.h>
#include <string.h>

#define DIFFERENCE_BYTES \
	(256 * 1024) /* of all texts that explain: the answer is one message */

/* Whether two objects of this kind are equal: to supervisord, or in each value. */
typedef bool difference_equal_fn(const struct conf_object *, const void *, const void *);

static bool
difference_is_unchanged(const struct conf_object *kind, const void *live, const void *fresh)
{
	size_t n = 0;

	return conf_object_change(kind, &n, live, fresh) == NULL;
}

/* Compares two groups with all that belongs to them. */
static bool
difference_compare(
    const struct group_config *a, const struct group_config *b, difference_equal_fn *equal)
{
	const void *part = conf_group_part(a);

	if (a->nprocesses != b->nprocesses ||
	    !equal(&conf_objects[CONF_DOCUMENT_GROUP], a, b) ||
	    (part != NULL &&
		!equal(&conf_objects[conf_group_kinds[a->kind]->part], part,
		    conf_group_part(b))))
		return false;
	for (size_t i = 0; i < a->nprocesses; i++)
		if (!equal(&conf_objects[CONF_DOCUMENT_PROCESS], a->processes[i],
			b->processes[i]))
			return false;
	return true;
}

bool
conf_difference_is_same(const struct group_config *live, const struct group_config *fresh)
{
	return difference_compare(live, fresh, difference_is_unchanged);
}

/* New: the groups by name. */
static struct map *
difference_map(const struct group_config *const *groups, size_t n)
{
	struct map *map = map_new();

	mem_must(map == NULL);
	for (size_t i = 0; i < n; i++)
		mem_must(map_set(map, groups[i]->name, (void *)(uintptr_t)groups[i]));
	return map;
}

/* --- for the daemon --- */

/* Writes the groups of which any value differs, and the names of those that are gone. A
 * group that is equal to supervisord may still have other values, which addProcessGroup
 * uses. */
static void
difference_groups(struct conf_writer *writer, const struct config *live,
    const struct config *fresh, const struct map *names)
{
	struct map *before =
	    difference_map((const struct group_config *const *)live->groups, live->ngroups);

	for (size_t i = 0; i < fresh->ngroups; i++) {
		const struct group_config *now = fresh->groups[i];
		const struct group_config *then = map_get(before, now->name);

		if (then == NULL || !difference_compare(then, now, conf_object_same))
			conf_writer_group(writer, now);
	}
	map_free(before);
	for (size_t i = 0; i < live->ngroups; i++)
		if (map_get(names, live->groups[i]->name) == NULL)
			conf_writer_texts(writer, CONF_DOCUMENT_GONE,
			    (const char *[]){ live->groups[i]->name, NULL });
}

static char *
difference_message_key(const struct config_message *message)
{
	return xasprintf(
	    "%s\n%s", message->text, message->place != NULL ? message->place : "");
}

/* Writes the warnings and marks new ones, because only these are logged: some tools reread
 * every few minutes. */
static void
difference_messages(
    struct conf_writer *writer, const struct config *live, const struct config *fresh)
{
	struct map *before = map_new();

	mem_must(before == NULL);
	for (size_t i = 0; i < live->nmessages; i++) {
		char *key = difference_message_key(&live->messages[i]);

		mem_must(map_set(before, key, before));
		free(key);
	}
	for (size_t i = 0; i < fresh->nmessages; i++) {
		struct config_message message = fresh->messages[i];
		char *key = difference_message_key(&message);

		message.is_new = map_get(before, key) == NULL;
		if (message.level == LEVEL_WARN)
			conf_writer_message(writer, &message);
		free(key);
	}
	map_free(before);
}

/* --- the answer --- */

/* Writes the groups of the file that are not active or, for `changed`, are active with
 * another definition. */
static void
difference_found(struct conf_writer *writer, const struct map *active,
    const struct config *fresh, bool changed, bool explain)
{
	size_t bytes = DIFFERENCE_BYTES, mark;

	for (size_t i = 0; i < fresh->ngroups; i++) {
		const struct group_config *now = fresh->groups[i];
		const struct group_config *live = map_get(active, now->name);

		if (changed != (live != NULL) ||
		    (changed && conf_difference_is_same(live, now)))
			continue;
		mark = conf_frame_begin(&writer->out, CONF_DOCUMENT_FOUND);
		conf_frame_put(&writer->out, changed ? "changed" : "added");
		conf_frame_put(&writer->out, now->name);
		if (changed && explain)
			conf_difference_why(&writer->out, live, now, &bytes);
		mem_must(conf_frame_end(&writer->out, mark));
	}
}

void
conf_difference_write(struct conf_writer *writer, const struct conf_in_force *live,
    const struct config *fresh, bool explain)
{
	struct map *active = difference_map(live->active, live->nactive), *names;

	names = difference_map(
	    (const struct group_config *const *)fresh->groups, fresh->ngroups);
	conf_writer_daemon(writer, fresh);
	if (!explain) {
		conf_writer_users(writer, fresh);
		difference_groups(writer, live->config, fresh, names);
		difference_messages(writer, live->config, fresh);
	}
	difference_found(writer, active, fresh, false, explain);
	difference_found(writer, active, fresh, true, explain);
	for (size_t i = 0; i < live->nactive; i++)
		if (map_get(names, live->active[i]->name) == NULL)
			conf_writer_texts(writer, CONF_DOCUMENT_FOUND,
			    (const char *[]){ "removed", live->active[i]->name, NULL });
	conf_difference_pending(writer, live, fresh);
	conf_writer_texts(writer, CONF_DOCUMENT_END, NULL);
	map_free(active);
	map_free(names);
}
