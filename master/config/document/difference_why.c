/* The differences of a changed group as texts: "p: priority: 999 -> 5". */
#include "master/config/document/difference.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_kind.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHY_TEXTS 8   /* for one group */
#define WHY_VALUE 200 /* bytes of a value that are shown */

/* The texts about one group. */
struct why {
	struct buf *out;
	size_t count, more; /* more: beyond WHY_TEXTS or *bytes */
	size_t *bytes;      /* left for the texts of all groups */
};

static void PRINTF_LIKE(2, 3)
difference_why_add(struct why *why, const char *fmt, ...)
{
	va_list ap;
	char *text;
	size_t n;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	n = strlen(text);
	if (why->count < WHY_TEXTS && n <= *why->bytes) {
		conf_frame_put(why->out, text);
		why->count++;
		*why->bytes -= n;
	} else {
		why->more++;
	}
	free(text);
}

char *
conf_difference_value(char *text)
{
	size_t n = text != NULL ? strlen(text) : 0;
	char *out;

	if (n > 0 && n <= WHY_VALUE)
		return text;
	out = n == 0 ? xstrdup("nothing") :
		       xasprintf("%.*s...", (int)str_utf8_cut(text, WHY_VALUE), text);
	free(text);
	return out;
}

/* Lists the rows of an object that differ. The values of variables are not shown: they may
 * be secrets. */
static void
difference_why_rows(struct why *why, const char *prefix, enum conf_document_kind kind,
    const void *live, const void *fresh)
{
	const struct conf_option *option;
	size_t n = 0;

	while (
	    (option = conf_object_change(&conf_objects[kind], &n, live, fresh)) != NULL) {
		char *before, *after;

		if (option->type == &conf_environment) {
			difference_why_add(why, "%s%s", prefix, option->name);
			continue;
		}
		before = conf_difference_value(conf_print(option, live));
		after = conf_difference_value(conf_print(option, fresh));
		difference_why_add(
		    why, "%s%s: %s -> %s", prefix, option->name, before, after);
		free(before);
		free(after);
	}
}

static void
difference_why_process(
    struct why *why, const struct process_config *live, const struct process_config *fresh)
{
	char *prefix;

	if (!str_equal(live->name, fresh->name)) {
		difference_why_add(why, "%s in place of %s", fresh->name, live->name);
		return;
	}
	prefix = xasprintf("%s: ", live->name);
	difference_why_rows(why, prefix, CONF_DOCUMENT_PROCESS, live, fresh);
	free(prefix);
}

void
conf_difference_why(struct buf *out, const struct group_config *live,
    const struct group_config *fresh, size_t *bytes)
{
	struct why why = { .out = out, .bytes = bytes };
	const void *part = conf_group_part(live);
	char more[64];

	difference_why_rows(&why, "", CONF_DOCUMENT_GROUP, live, fresh);
	if (part != NULL && live->kind == fresh->kind)
		difference_why_rows(&why, "", conf_group_kinds[live->kind]->part, part,
		    conf_group_part(fresh));
	if (live->nprocesses != fresh->nprocesses)
		difference_why_add(
		    &why, "processes: %zu -> %zu", live->nprocesses, fresh->nprocesses);
	for (size_t i = 0; i < live->nprocesses && i < fresh->nprocesses; i++)
		difference_why_process(&why, live->processes[i], fresh->processes[i]);
	if (why.more == 0)
		return;
	snprintf(more, sizeof(more), "and %zu more", why.more);
	conf_frame_put(out, more);
}
