#include "master/config/spawn_error.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* New: the interpreter of the first line, quoted; NULL when it names none. */
static char *
spawn_error_interpreter(const struct spawn_error *error)
{
	const char *start = error->head + 2, *end = error->head + error->nhead;
	char name[SPAWN_ERROR_HEAD];
	size_t n = 0;

	if (error->nhead < 3 || memcmp(error->head, "#!", 2) != 0)
		return NULL;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (start + n < end && strchr(" \t\n", start[n]) == NULL)
		n++;
	if (n == 0)
		return NULL;
	memcpy(name, start, n);
	return str_repr_bytes(name, n);
}

static char *
spawn_error_hint_of(const struct spawn_error *error, const char *interpreter)
{
	const char *newline = memchr(error->head, '\n', error->nhead);
	bool dos = newline != NULL && newline > error->head && newline[-1] == '\r';

	return mem_printf("its interpreter %s does not exist%s", interpreter, dos ?
	    ": the lines of the file end with CR LF; convert it (dos2unix)" : "");
}

static bool
spawn_error_is_elf(const struct spawn_error *error)
{
	return error->nhead >= 4 && memcmp(error->head, "\177ELF", 4) == 0;
}

/* What to do, for errors of which the system's text does not say it; NULL = nothing. */
static const char *
spawn_error_remedy(const struct spawn_error *error, bool names_interpreter)
{
	switch (error->errnum) {
	case ENOEXEC:
		if (spawn_error_is_elf(error))
			return "the program is made for another machine";
		if (names_interpreter)
			return "its interpreter is no program of this machine";
		if (error->nhead >= 2 && memcmp(error->head, "#!", 2) == 0)
			return "its first line names no interpreter";
		return error->nhead == 0 ? "the file is empty, or cannot be read" :
		    "it does not begin with #!: name the interpreter there or in command=, "
		    "as in command=/bin/sh FILE";
	case ENOENT:
		return spawn_error_is_elf(error) ? "its loader or libraries do not exist" :
		    NULL;
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

/* New: in words; NULL = there is nothing to say beyond the error. */
static char *
spawn_error_hint(const struct spawn_error *error)
{
	char *interpreter, *text = NULL;
	const char *known;

	if (error->step != SPAWN_EXEC)
		return NULL;
	interpreter = spawn_error_interpreter(error);
	known = spawn_error_remedy(error, interpreter != NULL);
	if (error->errnum == ENOENT && interpreter != NULL)
		text = spawn_error_hint_of(error, interpreter);
	else if (known != NULL)
		text = strdup(known);
	free(interpreter);
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
