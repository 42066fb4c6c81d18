#include "ctl/commands/pending.h"

#include "common/compiler.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"

static const struct {
	const char *member, *need;
} kinds[] = {
	{ "reload", "needs reload" },
	{ "start", "needs reeved to be started again" },
};

void
pending_show(struct session *s, FILE *out, const json_t *answer, bool counts)
{
	bool found = false;
	json_t *text;
	size_t k;

	for (size_t i = 0; i < nitems(kinds) && !s->broken; i++)
		json_array_foreach(json_object_get(answer, kinds[i].member), k, text) {
			fprintf(out, "%s: %s\n", json_string_value(text), kinds[i].need);
			found = true;
		}
	if (found && counts && s->status == EXIT_OK)
		s->status = EXIT_NEEDS_RELOAD;
}
