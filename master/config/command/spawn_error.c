#include "master/config/command/spawn_error.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *
spawn_error_interpreter(const struct spawn_error *error, size_t *n)
{
	const char *start = error->head + 2, *end = error->head + error->nhead;

	if (error->nhead < 3 || memcmp(error->head, "#!", 2) != 0)
		return NULL;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	for (*n = 0; start + *n < end && strchr(" \t\n", start[*n]) == NULL;)
		++*n;
	return *n > 0 ? start : NULL;
}

/* The cause or remedy, for errors whose system text does not name it; NULL = none. */
static const char *
spawn_error_remedy(const struct spawn_error *error, bool names_interpreter)
{
	bool is_elf = error->nhead >= 4 && memcmp(error->head, "\177ELF", 4) == 0;

	switch (error->errnum) {
	case ENOEXEC:
		if (is_elf)
			return "the program is made for another machine";
		if (names_interpreter)
			return "its interpreter is not a program for this machine";
		if (error->nhead >= 2 && memcmp(error->head, "#!", 2) == 0)
			return "its first line names no interpreter";
		return error->nhead == 0 ?
		    "the file is empty, or cannot be read" :
		    "it does not begin with #!: name the interpreter there or in command=, "
		    "as in command=/bin/sh FILE";
	case ENOENT:
		return is_elf ? "its loader or libraries do not exist" : NULL;
	case EACCES:
		return names_interpreter ?
		    "the user may not execute it or its interpreter, or the file system is "
		    "mounted noexec" :
		    "the user may not execute it, or the file system is mounted noexec";
	case E2BIG:
		return "its command line and environment together are longer than the "
		       "system allows: shorten command= or environment=";
	case EAGAIN:
		return "the user has as many processes as its limit (RLIMIT_NPROC) allows";
	default:
		return NULL;
	}
}

/* New: the cause or remedy of a failed exec; NULL = none is known. */
static char *
spawn_error_hint(const struct spawn_error *error)
{
	const char *newline = memchr(error->head, '\n', error->nhead), *name, *known;
	bool dos = newline != NULL && newline > error->head && newline[-1] == '\r';
	char *shown, *text;
	size_t n;

	if (error->step != SPAWN_EXEC)
		return NULL;
	name = spawn_error_interpreter(error, &n);
	known = spawn_error_remedy(error, name != NULL);
	if (error->errnum != ENOENT || name == NULL)
		return known != NULL ? strdup(known) : NULL;
	if ((shown = str_repr_bytes(name, n)) == NULL)
		return NULL;
	text = mem_printf("its interpreter %s does not exist%s", shown,
	    dos ? ": the lines of the file end with CR LF; convert it (dos2unix)" : "");
	free(shown);
	return text;
}

char *
spawn_error_text(const struct spawn_error *error, const char *object)
{
	static const char *const steps[] = {
		[SPAWN_DESCRIPTORS] = "prepare the descriptors of",
		[SPAWN_USER] = "become user",
		[SPAWN_DIRECTORY] = "change to the directory",
		[SPAWN_EXEC] = "execute",
		[SPAWN_CGROUP] = "place into its control group",
		[SPAWN_RUN] = "run",
	};
	char *quoted = str_repr(object), *hint = spawn_error_hint(error), *text = NULL;
	bool has_why = error->why[0] != '\0';

	if ((size_t)error->step < nitems(steps) && quoted != NULL)
		text = mem_printf("cannot %s %s: %s%s%s%s%s", steps[error->step], quoted,
		    has_why ? error->why : "", has_why && error->errnum != 0 ? ": " : "",
		    error->errnum != 0 ? strerror(error->errnum) : "",
		    hint != NULL ? "; " : "", hint != NULL ? hint : "");
	free(quoted);
	free(hint);
	return text;
}
