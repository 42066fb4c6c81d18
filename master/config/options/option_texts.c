/* Types that own memory: texts, paths, lists, variables, users. */
#include "master/config/options/option_types.h"

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/config.h"
#include "master/config/values/environment_list.h"
#include "master/config/values/path.h"
#include "master/config/values/users.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int
conf_type_decode_string(const char *text, size_t n UNUSED, void *slot)
{
	*(char **)slot = strdup(text);
	return *(char **)slot == NULL ? -1 : 0;
}

static char *
option_texts_string_print(const void *slot)
{
	const char *text = *(char *const *)slot;

	return xstrdup(text != NULL ? text : "");
}

static bool
option_texts_string_equal(const void *a, const void *b)
{
	return str_equal(*(char *const *)a, *(char *const *)b);
}

/* An address that is found at last is a change; one that is not found any more is none. */
static bool
option_texts_lookup_equal(const void *live, const void *fresh)
{
	return *(char *const *)live == NULL || *(char *const *)fresh != NULL;
}

static int
option_texts_serverurl_parse(const char *text, void *slot, char **why UNUSED)
{
	char *copy = xstrdup(text);
	bool automatic = strcasecmp(str_strip(copy), "auto") == 0;

	free(copy);
	*(char **)slot = automatic ? NULL : xstrdup(text);
	return 0;
}

static int
option_texts_serverurl_decode(const char *text, size_t n, void *slot)
{
	return str_equal(text, "AUTO") ? 0 : conf_type_decode_string(text, n, slot);
}

static char *
option_texts_serverurl_print(const void *slot)
{
	const char *text = *(char *const *)slot;

	return xstrdup(text != NULL ? text : "AUTO");
}

static int
option_texts_directory_parse(const char *text, void *slot, char **why)
{
	*(char **)slot = conf_path_expand(text);
	if (conf_path_is_directory(*(char **)slot))
		return 0;
	*why = xasprintf("%s is not an existing directory", text);
	mem_freep(slot);
	return -1;
}

/* It is not created, because only the administrator knows who should own it. */
static int
option_texts_state_directory_parse(const char *text, void *slot, char **why)
{
	char *path = conf_path_expand(text);

	*(char **)slot = conf_path_absolute(path);
	free(path);
	if (conf_path_is_directory(*(char **)slot))
		return 0;
	*why = xasprintf("state_directory %s does not exist; create it: install -d -m 0700 "
			 "-o USER %s, where USER runs the daemon",
	    *(char **)slot, *(char **)slot);
	mem_freep(slot);
	return -1;
}

static int
option_texts_path_parse(const char *text, void *slot, char **why)
{
	char *path = conf_path_expand(text), *directory = conf_path_directory(path);
	bool fine = directory[0] == '\0' || conf_path_is_directory(directory);

	free(directory);
	*(char **)slot = path;
	if (fine)
		return 0;
	*why = xasprintf("The directory named as part of the path %s does not exist", text);
	mem_freep(slot);
	return -1;
}

static int
option_texts_file_parse(const char *text, void *slot, char **why UNUSED)
{
	char *copy = xstrdup(text), *path = conf_path_expand(str_strip(copy));

	*(char **)slot = conf_path_absolute(path);
	free(path);
	free(copy);
	return 0;
}

/* "syslog" is the deprecated spelling of NONE with syslog on. */
static int
option_texts_logfile_parse(const char *text, void *slot, char **why)
{
	struct output_config *output = slot;

	output->syslog |= strcasecmp(text, "syslog") == 0;
	output->target = LOG_TO_NONE;
	if (strcasecmp(text, "none") == 0 || strcasecmp(text, "off") == 0 ||
	    strcasecmp(text, "syslog") == 0)
		return 0;
	output->target = strcasecmp(text, "auto") == 0 ? LOG_TO_AUTO : LOG_TO_FILE;
	return output->target == LOG_TO_AUTO ?
	    0 :
	    option_texts_path_parse(text, &output->path, why);
}

static char *
option_texts_logfile_print(const void *slot)
{
	const struct output_config *output = slot;

	if (output->target == LOG_TO_FILE)
		return xstrdup(output->path);
	return xstrdup(output->target == LOG_TO_AUTO ? "AUTO" : "NONE");
}

/* No path is AUTO or NONE, because parse does not accept these as paths. */
static int
option_texts_logfile_decode(const char *text, size_t n, void *slot)
{
	struct output_config *output = slot;

	output->target = LOG_TO_NONE;
	if (str_equal(text, "NONE"))
		return 0;
	output->target = str_equal(text, "AUTO") ? LOG_TO_AUTO : LOG_TO_FILE;
	return output->target == LOG_TO_AUTO ?
	    0 :
	    conf_type_decode_string(text, n, &output->path);
}

/* As in supervisord, a change to AUTO is none, but one from AUTO to a file is. */
static bool
option_texts_logfile_equal(const void *a, const void *b)
{
	const struct output_config *x = a, *y = b;

	return y->target == LOG_TO_AUTO ||
	    (x->target == y->target && str_equal(x->path, y->path));
}

static bool
option_texts_logfile_same(const void *a, const void *b)
{
	const struct output_config *x = a, *y = b;

	return x->target == y->target && str_equal(x->path, y->path);
}

static void
option_texts_logfile_clear(void *slot)
{
	mem_freep(&((struct output_config *)slot)->path);
}

/* Accepts host names without a port, because names are compared without one. */
static int
option_texts_names_parse(const char *text, void *slot, char **why)
{
	static const char between[] = ", \t\r\n";
	char *names = xstrdup("");

	while (*(text += strspn(text, between)) != '\0') {
		size_t len = strcspn(text, between);

		for (size_t i = 0; i < len; i++)
			if (!isalnum((unsigned char)text[i]) &&
			    strchr("-._", text[i]) == NULL) {
				*why = xasprintf("not a valid name in server_names: %.*s "
						 "(host names without scheme and port)",
				    (int)len, text);
				free(names);
				return -1;
			}
		xappendf(&names, "%s%.*s", *names != '\0' ? " " : "", (int)len, text);
		text += len;
	}
	*(char **)slot = names;
	return 0;
}

/* The process of an exitcodes slot. */
#define PROCESS(slot) container_of_const(slot, struct process_config, exitcodes)

/* An empty text is a list without codes. */
static int
option_texts_exitcodes_decode(const char *text, size_t n UNUSED, void *slot)
{
	struct process_config *process =
	    container_of(slot, struct process_config, exitcodes);
	char *copy = strdup(text), *rest = copy, *item;
	size_t most = 1;
	int64_t code;
	int rc = 0;

	for (const char *c = text; *c != '\0'; c++)
		most += *c == ',';
	process->exitcodes = malloc(most * sizeof(int));
	process->nexitcodes = 0;
	if (copy == NULL || process->exitcodes == NULL)
		rc = -1;
	while (rc == 0 && *text != '\0' && (item = strsep(&rest, ",")) != NULL) {
		if (str_to_int(item, &code) == -1 || code < 0 || code > 255)
			rc = -1;
		else
			process->exitcodes[process->nexitcodes++] = (int)code;
	}
	free(copy);
	return rc;
}

static void
option_texts_exitcodes_clear(void *slot)
{
	mem_freep(slot);
	container_of(slot, struct process_config, exitcodes)->nexitcodes = 0;
}

static char *
option_texts_exitcodes_print(const void *slot)
{
	const struct process_config *process = PROCESS(slot);
	char *text = xstrdup("");

	for (size_t i = 0; i < process->nexitcodes; i++)
		xappendf(&text, "%s%d", i > 0 ? "," : "", process->exitcodes[i]);
	return text;
}

static bool
option_texts_exitcodes_equal(const void *a, const void *b)
{
	const struct process_config *x = PROCESS(a), *y = PROCESS(b);

	return x->nexitcodes == y->nexitcodes &&
	    (x->nexitcodes == 0 ||
		memcmp(x->exitcodes, y->exitcodes, x->nexitcodes * sizeof(int)) == 0);
}

static int
option_texts_environment_parse(const char *text, void *slot, char **why)
{
	return environment_list_parse(text, slot, why);
}

static char *
option_texts_environment_print(const void *slot)
{
	return environment_list_print(slot);
}

/* Appends the names and values, each with a NUL. */
static void
option_texts_environment_encode(const void *slot, struct buf *out)
{
	const struct environment *environment = slot;

	for (size_t i = 0; i < environment->count; i++) {
		const struct variable *item = &environment->items[i];

		mem_must(buf_append(out, item->name, strlen(item->name) + 1));
		mem_must(buf_append(out, item->value, strlen(item->value) + 1));
	}
}

static int
option_texts_environment_decode(const char *text, size_t n, void *slot)
{
	struct environment *environment = slot;
	const char *end = text + n;
	size_t ends = 0;

	for (const char *c = text; c < end; c++)
		ends += *c == '\0';
	if (ends % 2 != 0 || (n > 0 && end[-1] != '\0'))
		return -1;
	environment->items = calloc(ends / 2 + 1, sizeof(*environment->items));
	if (environment->items == NULL)
		return -1;
	while (text < end) {
		struct variable *item = &environment->items[environment->count++];

		item->name = strdup(text);
		text += strlen(text) + 1;
		item->value = strdup(text);
		text += strlen(text) + 1;
		if (item->name == NULL || item->value == NULL)
			return -1;
	}
	return 0;
}

static bool
option_texts_environment_equal(const void *a, const void *b)
{
	return environment_list_equal(a, b);
}

/* Compares the order, too, which the program sees. */
static bool
option_texts_environment_same(const void *a, const void *b)
{
	const struct environment *x = a, *y = b;

	for (size_t i = 0; x->count == y->count && i < x->count; i++)
		if (!str_equal(x->items[i].name, y->items[i].name) ||
		    !str_equal(x->items[i].value, y->items[i].value))
			return false;
	return x->count == y->count;
}

static void
option_texts_environment_clear(void *slot)
{
	environment_list_clear(slot);
}

static int
option_texts_user_parse(const char *text, void *slot, char **why)
{
	return users_find(text, slot, why);
}

static char *
option_texts_user_print(const void *slot)
{
	const struct user *user = *(struct user *const *)slot;

	return xstrdup(user != NULL ? user->name : "");
}

static bool
option_texts_user_equal(const void *a, const void *b)
{
	const struct user *x = *(struct user *const *)a, *y = *(struct user *const *)b;

	return x == NULL || y == NULL ? x == y : x->uid == y->uid;
}

/* "UID:GID:GROUP,GROUP:NAME". */
static void
option_texts_user_encode(const void *slot, struct buf *out)
{
	const struct user *user = *(struct user *const *)slot;

	mem_must(buf_printf(out, "%u:%u:", user->uid, user->gid));
	for (size_t i = 0; i < user->ngroups; i++)
		mem_must(buf_printf(out, "%s%u", i > 0 ? "," : "", user->groups[i]));
	mem_must(buf_printf(out, ":%s", user->name));
}

/* Reads the groups, up to a colon. */
static int
option_texts_decode_groups(struct user *user, const char **text)
{
	size_t most = 1;
	char *end;

	for (const char *c = *text; *c != '\0' && *c != ':'; c++)
		most += *c == ',';
	user->groups = malloc(most * sizeof(gid_t));
	if (user->groups == NULL)
		return -1;
	for (; **text != ':'; *text = *end == ',' ? end + 1 : end) {
		unsigned long gid = strtoul(*text, &end, 10);

		if (end == *text || user->ngroups == most || gid > UINT_MAX)
			return -1;
		user->groups[user->ngroups++] = (gid_t)gid;
	}
	return 0;
}

static int
option_texts_user_decode(const char *text, size_t n UNUSED, void *slot)
{
	struct user *user = calloc(1, sizeof(*user));
	int at = -1;

	*(struct user **)slot = user;
	if (user == NULL || sscanf(text, "%u:%u:%n", &user->uid, &user->gid, &at) != 2 ||
	    at == -1)
		return -1;
	text += at;
	if (option_texts_decode_groups(user, &text) == -1)
		return -1;
	user->name = strdup(text + 1);
	return user->name == NULL ? -1 : 0;
}

static bool
option_texts_user_same(const void *a, const void *b)
{
	const struct user *x = *(struct user *const *)a, *y = *(struct user *const *)b;

	if (x == NULL || y == NULL)
		return x == y;
	return x->uid == y->uid && x->gid == y->gid && str_equal(x->name, y->name) &&
	    x->ngroups == y->ngroups &&
	    memcmp(x->groups, y->groups, x->ngroups * sizeof(gid_t)) == 0;
}

static void
option_texts_user_clear(void *slot)
{
	users_free(*(struct user **)slot);
	*(struct user **)slot = NULL;
}

static void
option_texts_secret_clear(void *slot)
{
	mem_wiping_free(*(char **)slot);
	*(char **)slot = NULL;
}

/* Types whose slot is a char *. */
#define TEXT_TYPE(title, ...)                                                         \
	{ .name = title, .size = sizeof(char *), .print = option_texts_string_print,      \
	    .equal = option_texts_string_equal, .clear = mem_freep,                       \
	    .decode = conf_type_decode_string, __VA_ARGS__ }

const struct conf_type conf_string = TEXT_TYPE("string", .parse = NULL);
const struct conf_type conf_directory =
    TEXT_TYPE("directory", .parse = option_texts_directory_parse);
const struct conf_type conf_state_directory =
    TEXT_TYPE("directory", .parse = option_texts_state_directory_parse);
const struct conf_type conf_path = TEXT_TYPE("path", .parse = option_texts_path_parse);
const struct conf_type conf_file = TEXT_TYPE("path", .parse = option_texts_file_parse);
const struct conf_type conf_server_names =
    TEXT_TYPE("names", .parse = option_texts_names_parse);
const struct conf_type conf_lookup_error = {
	.name = "string", .size = sizeof(char *), .print = option_texts_string_print,
	.equal = option_texts_lookup_equal, .same = option_texts_string_equal,
	.clear = mem_freep, .decode = conf_type_decode_string,
};
const struct conf_type conf_secret = {
	.name = "string", .size = sizeof(char *), .print = option_texts_string_print,
	.equal = option_texts_string_equal, .clear = option_texts_secret_clear,
	.decode = conf_type_decode_string,
};
const struct conf_type conf_serverurl = {
	.name = "string", .size = sizeof(char *), .parse = option_texts_serverurl_parse,
	.print = option_texts_serverurl_print, .equal = option_texts_string_equal,
	.clear = mem_freep, .decode = option_texts_serverurl_decode,
};
const struct conf_type conf_logfile = {
	.name = "log file", .size = sizeof(struct output_config),
	.parse = option_texts_logfile_parse, .print = option_texts_logfile_print,
	.equal = option_texts_logfile_equal, .same = option_texts_logfile_same,
	.clear = option_texts_logfile_clear, .decode = option_texts_logfile_decode,
};
const struct conf_type conf_exitcodes = {
	.name = "list of integers", .size = sizeof(int *),
	.refusal = { "not a valid list of exit codes: " },
	.print = option_texts_exitcodes_print, .equal = option_texts_exitcodes_equal,
	.clear = option_texts_exitcodes_clear, .decode = option_texts_exitcodes_decode,
};
const struct conf_type conf_environment = {
	.name = "variables", .size = sizeof(struct environment),
	.parse = option_texts_environment_parse, .print = option_texts_environment_print,
	.equal = option_texts_environment_equal, .same = option_texts_environment_same,
	.clear = option_texts_environment_clear, .encode = option_texts_environment_encode,
	.decode = option_texts_environment_decode,
};
const struct conf_type conf_user = {
	.name = "user", .size = sizeof(struct user *), .parse = option_texts_user_parse,
	.print = option_texts_user_print, .equal = option_texts_user_equal,
	.same = option_texts_user_same, .clear = option_texts_user_clear,
	.encode = option_texts_user_encode, .decode = option_texts_user_decode,
};
