/* Value types that own memory: texts, paths, lists, environments, users. */
#include "master/config/option_types.h"

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/config.h"
#include "master/config/environment_list.h"
#include "master/config/path.h"
#include "master/config/users.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
string_parse(const char *text, void *slot, char **why UNUSED)
{
	*(char **)slot = xstrdup(text);
	return 0;
}

static char *
string_print(const void *slot)
{
	const char *text = *(char *const *)slot;

	return xstrdup(text != NULL ? text : "");
}

static bool
string_equal(const void *a, const void *b)
{
	return str_equal(*(char *const *)a, *(char *const *)b);
}

static int
serverurl_parse(const char *text, void *slot, char **why UNUSED)
{
	char *copy = xstrdup(text);
	bool automatic = strcasecmp(str_strip(copy), "auto") == 0;

	free(copy);
	*(char **)slot = automatic ? NULL : xstrdup(text);
	return 0;
}

static char *
serverurl_print(const void *slot)
{
	const char *text = *(char *const *)slot;

	return xstrdup(text != NULL ? text : "AUTO");
}

static int
directory_parse(const char *text, void *slot, char **why)
{
	char *path = conf_path_expand(text);

	if (!conf_path_is_directory(path)) {
		*why = xasprintf("%s is not an existing directory", text);
		free(path);
		return -1;
	}
	*(char **)slot = path;
	return 0;
}

static int
path_parse(const char *text, void *slot, char **why)
{
	char *path = conf_path_expand(text), *directory = conf_path_directory(path);
	bool fine = directory[0] == '\0' || conf_path_is_directory(directory);

	free(directory);
	if (!fine) {
		*why = xasprintf("The directory named as part of the path %s does not "
		    "exist", text);
		free(path);
		return -1;
	}
	*(char **)slot = path;
	return 0;
}

static int
file_parse(const char *text, void *slot, char **why UNUSED)
{
	char *copy = xstrdup(text), *path = conf_path_expand(str_strip(copy));

	*(char **)slot = conf_path_absolute(path);
	free(path);
	free(copy);
	return 0;
}

/* "syslog" is the deprecated spelling of NONE with syslog on. */
static int
logfile_parse(const char *text, void *slot, char **why)
{
	struct output_config *channel = slot;

	channel->target = LOG_TO_NONE;
	if (strcasecmp(text, "none") == 0 || strcasecmp(text, "off") == 0)
		return 0;
	if (strcasecmp(text, "syslog") == 0) {
		channel->syslog = true;
		return 0;
	}
	if (strcasecmp(text, "auto") == 0) {
		channel->target = LOG_TO_AUTO;
		return 0;
	}
	channel->target = LOG_TO_FILE;
	return path_parse(text, &channel->path, why);
}

static char *
logfile_print(const void *slot)
{
	const struct output_config *channel = slot;

	if (channel->target == LOG_TO_FILE)
		return xstrdup(channel->path);
	return xstrdup(channel->target == LOG_TO_AUTO ? "AUTO" : "NONE");
}

/* An AUTO that comes in place of something is no change, as in supervisord's reread (trap
 * 36); in place of an AUTO a file is one. */
static bool
logfile_equal(const void *a, const void *b)
{
	const struct output_config *x = a, *y = b;

	if (y->target == LOG_TO_AUTO)
		return true;
	return x->target == y->target && str_equal(x->path, y->path);
}

static void
logfile_clear(void *slot)
{
	mem_freep(&((struct output_config *)slot)->path);
}

static int
exitcodes_fail(const char *text, char **why)
{
	char *shown = str_repr(text);

	*why = xasprintf("not a valid list of exit codes: %s", shown);
	free(shown);
	return -1;
}

static int
exitcodes_parse(const char *text, void *slot, char **why)
{
	struct process_config *process = container_of(slot, struct process_config,
	    exitcodes);
	char *copy = xstrdup(text), *rest = text[0] != '\0' ? copy : NULL, *item;
	int64_t code = -1;

	while ((item = strsep(&rest, ",")) != NULL) {
		if (str_to_int(item, &code) == -1 || code < 0 || code > 255)
			break;
		process->exitcodes = xreallocarray(process->exitcodes,
		    process->nexitcodes + 1, sizeof(int));
		process->exitcodes[process->nexitcodes++] = (int)code;
	}
	free(copy);
	return item != NULL ? exitcodes_fail(text, why) : 0;
}

static void
exitcodes_clear(void *slot)
{
	mem_freep(slot);
	container_of(slot, struct process_config, exitcodes)->nexitcodes = 0;
}

static char *
exitcodes_print(const void *slot)
{
	const struct process_config *process = (const void *)((const char *)slot -
	    offsetof(struct process_config, exitcodes));
	char *text = xstrdup(""), *longer;

	for (size_t i = 0; i < process->nexitcodes; i++) {
		longer = xasprintf("%s%s%d", text, i > 0 ? "," : "", process->exitcodes[i]);
		free(text);
		text = longer;
	}
	return text;
}

static bool
exitcodes_equal(const void *a, const void *b)
{
	char *x = exitcodes_print(a), *y = exitcodes_print(b);
	bool equal = str_equal(x, y);

	free(x);
	free(y);
	return equal;
}

static void
string_clear(void *slot)
{
	mem_freep(slot);
}

static int
environment_parse(const char *text, void *slot, char **why)
{
	return environment_list_parse(text, slot, why);
}

static char *
environment_print(const void *slot)
{
	return environment_list_print(slot);
}

static bool
environment_equal(const void *a, const void *b)
{
	return environment_list_equal(a, b);
}

static void
environment_clear(void *slot)
{
	environment_list_clear(slot);
}

static int
user_parse(const char *text, void *slot, char **why)
{
	return users_find(text, slot, why);
}

static char *
user_print(const void *slot)
{
	const struct user *user = *(struct user *const *)slot;

	return xstrdup(user != NULL ? user->name : "");
}

static bool
user_equal(const void *a, const void *b)
{
	const struct user *x = *(struct user *const *)a, *y = *(struct user *const *)b;

	return x == NULL || y == NULL ? x == y : x->uid == y->uid;
}

static void
user_clear(void *slot)
{
	users_free(*(struct user **)slot);
	*(struct user **)slot = NULL;
}

int
conf_type_check(const struct conf_type *type, const char *text, char **why)
{
	union {
		int64_t number;
		char *text;
		struct environment environment;
		struct output_config channel;
	} slot;
	int status;

	memset(&slot, 0, sizeof(slot));
	status = type->parse(text, &slot, why);
	if (type->clear != NULL)
		type->clear(&slot);
	return status;
}

const struct conf_type conf_string = {
	.name = "string", .size = sizeof(char *), .parse = string_parse,
	.print = string_print, .equal = string_equal, .clear = string_clear,
};
const struct conf_type conf_serverurl = {
	.name = "string", .size = sizeof(char *), .parse = serverurl_parse,
	.print = serverurl_print, .equal = string_equal, .clear = string_clear,
};
const struct conf_type conf_directory = {
	.name = "directory", .size = sizeof(char *), .parse = directory_parse,
	.print = string_print, .equal = string_equal, .clear = string_clear,
};
const struct conf_type conf_path = {
	.name = "path", .size = sizeof(char *), .parse = path_parse,
	.print = string_print, .equal = string_equal, .clear = string_clear,
};
const struct conf_type conf_file = {
	.name = "path", .size = sizeof(char *), .parse = file_parse,
	.print = string_print, .equal = string_equal, .clear = string_clear,
};
const struct conf_type conf_logfile = {
	.name = "log file", .size = sizeof(struct output_config), .parse = logfile_parse,
	.print = logfile_print, .equal = logfile_equal, .clear = logfile_clear,
};
const struct conf_type conf_exitcodes = {
	.name = "list of integers", .size = sizeof(int *), .parse = exitcodes_parse,
	.print = exitcodes_print, .equal = exitcodes_equal, .clear = exitcodes_clear,
};
const struct conf_type conf_environment = {
	.name = "variables", .size = sizeof(struct environment), .parse = environment_parse,
	.print = environment_print, .equal = environment_equal, .clear = environment_clear,
};
const struct conf_type conf_user = {
	.name = "user", .size = sizeof(struct user *), .parse = user_parse,
	.print = user_print, .equal = user_equal, .clear = user_clear,
};
