#include "master/config/command/command_check.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/command/command_line.h"
#include "master/config/command/spawn_error.h"
#include "master/config/values/path.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads the file's first bytes; false when we may not, though the program's user may. */
static bool
command_check_read_head(const char *path, struct spawn_error *report)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return false;
	n = read(fd, report->head, sizeof(report->head));
	close(fd);
	report->nhead = n > 0 ? (size_t)n : 0;
	return n >= 0;
}

/* Whether the file looks like text; any other may have a format of binfmt_misc. */
static bool
command_check_is_text(const struct spawn_error *report)
{
	for (size_t i = 0; i < report->nhead; i++)
		if (iscntrl((unsigned char)report->head[i]) &&
		    !isspace((unsigned char)report->head[i]))
			return false;
	return true;
}

/* The error that exec will report for the file; 0 = none is known. */
static int
command_check_exec_error(const struct spawn_error *report)
{
	const char *name;
	char *interpreter;
	struct stat st;
	size_t n;
	int error = 0;

	if (report->nhead < 2 || memcmp(report->head, "#!", 2) != 0)
		return command_check_is_text(report) ? ENOEXEC : 0;
	name = spawn_error_interpreter(report, &n);
	if (name == NULL || name + n == report->head + report->nhead)
		return 0;
	interpreter = xstrndup(name, n);
	if (stat(interpreter, &st) == -1 && errno == ENOENT)
		error = ENOENT;
	free(interpreter);
	return error;
}

/* New text: why a relative file cannot be executed, or NULL. The daemon looks it up in its
 * own working directory, but the child executes it in directory=. */
static char *
command_check_look_in_directory(const char *word, const char *directory)
{
	char *there = conf_path_join(directory, word);
	struct stat st, in_directory;
	bool found = stat(there, &in_directory) == 0;

	free(there);
	return found == (stat(word, &st) == 0) ?
	    NULL :
	    xasprintf("command %s is relative: "
		      "reeved looks it up in its own working directory and executes it in "
		      "directory=%s, but only the %s has it; write an absolute path",
		word, directory, found ? "latter" : "former");
}

char *
conf_command_find(const char *text, const char *path, const char *directory)
{
	struct spawn_error report = { .step = SPAWN_EXEC };
	struct command_line command = { 0 };
	char *why = NULL, *word = conf_command_word(text);

	if (directory != NULL && word[0] != '/' && strchr(word, '/') != NULL)
		why = command_check_look_in_directory(word, directory);
	free(word);
	if (why == NULL && command_line_resolve(text, path, &command, &why) == FAULT_NONE) {
		if (command_check_read_head(command.path, &report) &&
		    (report.errnum = command_check_exec_error(&report)) != 0)
			why = spawn_error_text(&report, command.path);
		command_line_clear(&command);
	}
	return why != NULL ? why : xstrdup("");
}

char *
conf_command_word(const char *text)
{
	const char *why;
	char **words = command_line_split(text, &why);
	char *word = xstrdup(words != NULL && words[0] != NULL ? words[0] : "");

	free(words);
	return word;
}
