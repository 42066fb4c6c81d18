#include "ctl/daemon/attempts.h"

#include "common/mem.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void
attempts_clear(struct attempts *t)
{
	for (size_t i = 0; i < t->count; i++) {
		free(t->list[i].address);
		free(t->list[i].why);
	}
	*t = (struct attempts){ .count = 0 };
}

void
attempts_add(struct attempts *t, const char *kind, const char *address, const char *path,
    const char *why)
{
	const struct passwd *entry;
	struct stat st;
	bool foreign = path != NULL && stat(path, &st) == 0 && st.st_uid != geteuid();
	char *text;

	if (t->count == ATTEMPTS_MAX)
		return;
	if (!foreign) {
		text = xstrdup(why);
	} else {
		entry = getpwuid(st.st_uid);
		text = entry != NULL ?
		    xasprintf("%s; it belongs to user %s", why, entry->pw_name) :
		    xasprintf("%s; it belongs to uid %u", why, (unsigned)st.st_uid);
	}
	t->list[t->count].kind = kind;
	t->list[t->count].address = xstrdup(address);
	t->list[t->count].why = text;
	t->list[t->count++].foreign = foreign;
}

void
attempts_print(const struct attempts *t, FILE *out, const char *file)
{
	fprintf(out, "The daemon was not reached.\n    configuration file: %s\n",
	    file != NULL ? file : "none was found");
	for (size_t i = 0; i < t->count; i++)
		fprintf(out, "    %s %s: %s\n", t->list[i].kind, t->list[i].address,
		    t->list[i].why);
}

void
attempts_print_fallback(const struct attempts *t, FILE *out, const char *address)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i].foreign)
			fprintf(out, "%s %s: %s; using %s instead\n", t->list[i].kind,
			    t->list[i].address, t->list[i].why, address);
}
