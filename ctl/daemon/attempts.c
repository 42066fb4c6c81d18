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

/* New: "user NAME", or "uid N" of one without a name. */
static char *
attempts_user(uid_t uid)
{
	const struct passwd *entry = getpwuid(uid);

	return entry != NULL ? xasprintf("user %s", entry->pw_name) :
	    xasprintf("uid %u", (unsigned)uid);
}

void
attempts_add(struct attempts *t, const char *kind, const char *address, const char *path,
    const char *why)
{
	struct stat st;
	bool foreign = path != NULL && stat(path, &st) == 0 && st.st_uid != geteuid();
	char *owner;

	if (t->count == ATTEMPTS_MAX)
		return;
	t->list[t->count].kind = kind;
	t->list[t->count].address = xstrdup(address);
	t->list[t->count].foreign = foreign;
	if (foreign) {
		owner = attempts_user(st.st_uid);
		t->list[t->count].why = xasprintf("%s; it belongs to %s", why, owner);
		free(owner);
	} else {
		t->list[t->count].why = xstrdup(why);
	}
	t->count++;
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
