#include "master/daemon/preview.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/option_table.h"
#include "master/daemon/pending.h"
#include "master/daemon/reread.h"

#include <stdlib.h>
#include <string.h>

#define PREVIEW_TEXTS 8			/* told of one group */
#define PREVIEW_VALUE 200		/* bytes of a value that are shown */
#define PREVIEW_BYTES (256 * 1024)	/* of all texts: the answer is one frame */

/* What is being told of one group. */
struct telling {
	json_t *why;
	size_t more;		/* differences that found no place */
	size_t *bytes;		/* still to be had, of all groups */
};

static void
tell(struct telling *t, char *text_take)
{
	size_t n = strlen(text_take);

	if (json_array_size(t->why) >= PREVIEW_TEXTS || n > *t->bytes ||
	    json_array_append_new(t->why, json_string(text_take)) == -1)
		t->more++;
	else
		*t->bytes -= n;
	free(text_take);
}

char *
preview_value(char *text_take)
{
	size_t n = text_take != NULL ? strlen(text_take) : 0;
	char *out;

	if (n == 0)
		out = xstrdup("nothing");
	else if (n <= PREVIEW_VALUE)
		out = xstrdup(text_take);
	else
		out = xasprintf("%.*s...", (int)str_utf8_cut(text_take, PREVIEW_VALUE),
		    text_take);
	free(text_take);
	return out;
}

/* A program's variables may be secrets: that they differ is told, not how. */
static void
tell_option(struct telling *t, const struct process_config *live,
    const struct process_config *fresh, const struct conf_option *option)
{
	char *before, *after;

	if (strcmp(option->name, "environment") == 0) {
		tell(t, xasprintf("%s: environment", live->name));
		return;
	}
	before = preview_value(conf_print(option, live));
	after = preview_value(conf_print(option, fresh));
	tell(t, xasprintf("%s: %s: %s -> %s", live->name, option->name, before, after));
	free(before);
	free(after);
}

static void
tell_process(struct telling *t, const struct process_config *live,
    const struct process_config *fresh)
{
	if (!str_equal(live->name, fresh->name)) {
		tell(t, xasprintf("%s in place of %s", fresh->name, live->name));
		return;
	}
	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];

		if (!(option->flags & CONF_SECTION) && !conf_equal(option, live, fresh))
			tell_option(t, live, fresh, option);
	}
}

static void
tell_number(struct telling *t, const char *what, long long live, long long fresh)
{
	if (live != fresh)
		tell(t, xasprintf("%s: %lld -> %lld", what, live, fresh));
}

static void
tell_group(struct telling *t, const struct group_config *live,
    const struct group_config *fresh)
{
	if (live->kind != fresh->kind)
		tell(t, xstrdup("another kind of group"));
	tell_number(t, "priority", live->priority, fresh->priority);
	tell_number(t, "processes", (long long)live->nprocesses,
	    (long long)fresh->nprocesses);
	if (live->pool.events != fresh->pool.events)
		tell(t, xstrdup("events"));
	tell_number(t, "buffer_size", live->pool.buffer_size, fresh->pool.buffer_size);
	if (live->pool.counts_bytes != fresh->pool.counts_bytes)
		tell(t, xstrdup("event_length"));
	if (live->pool.handler != fresh->pool.handler)
		tell(t, xstrdup("result_handler"));
	if (live->kind == GROUP_FCGI && !str_equal(live->fcgi.url, fresh->fcgi.url))
		tell(t, xasprintf("socket: %s -> %s", live->fcgi.url, fresh->fcgi.url));
	for (size_t i = 0; i < live->nprocesses && i < fresh->nprocesses; i++)
		tell_process(t, live->processes[i], fresh->processes[i]);
}

/* New: {name, why}; NULL without memory. */
static json_t *
tell_changed(const struct group_config *live, const struct group_config *fresh,
    size_t *bytes)
{
	struct telling t = { .why = json_array(), .bytes = bytes };
	char *more;

	if (t.why == NULL)
		return NULL;
	tell_group(&t, live, fresh);
	more = xasprintf("and %zu more", t.more);
	if (t.more > 0)
		(void)json_array_append_new(t.why, json_string(more));
	free(more);
	return json_pack("{s:s, s:o}", "name", live->name, "why", t.why);
}

static const struct group_config *
find_fresh(const struct config *fresh, const char *name)
{
	for (size_t i = 0; i < fresh->ngroups; i++)
		if (str_equal(fresh->groups[i]->name, name))
			return fresh->groups[i];
	return NULL;
}

/* Puts objects in the place of the changed groups' names; 0, or -1 without memory. */
static int
explain(const struct master *master, const struct config *fresh, json_t *found)
{
	json_t *changed = json_object_get(found, "changed"), *name;
	size_t i, bytes = PREVIEW_BYTES;

	json_array_foreach(changed, i, name) {
		const struct group *live = groups_find(master->groups,
		    json_string_value(name));
		const struct group_config *now = find_fresh(fresh, json_string_value(name));

		if (live != NULL && now != NULL && json_array_set_new(changed, i,
		    tell_changed(live->config, now, &bytes)) == -1)
			return -1;
	}
	return 0;
}

json_t *
preview(struct master *master, char **error)
{
	struct config *fresh;
	json_t *found;

	*error = NULL;
	if (reread_load(master, &fresh, error) == -1)
		return NULL;
	found = reread_difference(master, fresh);
	if (found != NULL && (explain(master, fresh, found) == -1 ||
	    pending_add(master, fresh, found) == -1)) {
		json_decref(found);
		found = NULL;
	}
	config_free(fresh);
	return found;
}
