/* Why a group is another one, as texts: "p: priority: 999 -> 5". */
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
	size_t count, more; /* more: that found no place */
	size_t *bytes;      /* what the texts of all groups may still have */
};

static void PRINTF_LIKE(2, 3)
difference_why_say(void *ctx, const char *fmt, ...)
{
	struct why *why = ctx;
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

/* That a program's variables differ is said, not how: they may be secrets. */
static void
difference_why_process(
    struct why *why, const struct process_config *live, const struct process_config *fresh)
{
	if (!str_equal(live->name, fresh->name)) {
		difference_why_say(why, "%s in place of %s", fresh->name, live->name);
		return;
	}
	for (size_t i = 0; i < conf_program.count; i++) {
		const struct conf_option *option = &conf_program.options[i];
		char *before, *after;

		if ((option->flags & CONF_SECTION) != 0 || conf_equal(option, live, fresh))
			continue;
		if (str_equal(option->name, "environment")) {
			difference_why_say(why, "%s: environment", live->name);
			continue;
		}
		before = conf_difference_value(conf_print(option, live));
		after = conf_difference_value(conf_print(option, fresh));
		difference_why_say(
		    why, "%s: %s: %s -> %s", live->name, option->name, before, after);
		free(before);
		free(after);
	}
}

static void
difference_why_number(struct why *why, const char *what, long long live, long long fresh)
{
	if (live != fresh)
		difference_why_say(why, "%s: %lld -> %lld", what, live, fresh);
}

void
conf_difference_why(struct buf *out, const struct group_config *live,
    const struct group_config *fresh, size_t *bytes)
{
	struct why why = { .out = out, .bytes = bytes };
	char more[64];

	if (live->kind != fresh->kind)
		difference_why_say(&why, "another kind of group");
	difference_why_number(&why, "priority", live->priority, fresh->priority);
	difference_why_number(
	    &why, "processes", (long long)live->nprocesses, (long long)fresh->nprocesses);
	for (size_t i = 0; i < GROUP_KINDS; i++)
		if (conf_group_kinds[i]->explain != NULL)
			conf_group_kinds[i]->explain(live, fresh, difference_why_say, &why);
	for (size_t i = 0; i < live->nprocesses && i < fresh->nprocesses; i++)
		difference_why_process(&why, live->processes[i], fresh->processes[i]);
	if (why.more == 0)
		return;
	snprintf(more, sizeof(more), "and %zu more", why.more);
	conf_frame_put(out, more);
}
