/* Types of numbers and words; option_texts.c and option_http.c have the others. */
#include "master/config/options/option_types.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/config.h"
#include "master/config/event_type.h"
#include "proto/role.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int
conf_type_refuse(char **why, const char *before, const char *text, const char *after)
{
	char *shown = str_repr(text);

	*why = xasprintf("%s%s%s", before, shown, after);
	free(shown);
	return -1;
}

int
conf_type_parse(const struct conf_type *type, const char *text, void *slot, char **why)
{
	if (type->parse != NULL)
		return type->parse(text, slot, why);
	if (conf_type_decode(type, text, strlen(text), slot) == 0)
		return 0;
	if (type->refuse != NULL)
		return type->refuse(text, why);
	mem_must(type->refusal[0] != NULL ? 0 : -1);
	return conf_type_refuse(
	    why, type->refusal[0], text, type->refusal[1] != NULL ? type->refusal[1] : "");
}

int
conf_type_decode(const struct conf_type *type, const char *text, size_t n, void *slot)
{
	int64_t value = 0;

	if (type->decode != NULL)
		return type->decode(text, n, slot);
	if (type->number == NULL) {
		while (value < (int64_t)nitems(type->words) &&
		    !str_equal(text, type->words[value]))
			value++;
		if (value == (int64_t)nitems(type->words))
			return -1;
	} else if (type->number(text, &value) == -1 || value < type->low ||
	    value > type->high) {
		return -1;
	}
	if (type->size == sizeof(bool))
		*(bool *)slot = value != 0;
	else if (type->size == sizeof(uint32_t))
		*(uint32_t *)slot = (uint32_t)value;
	else
		*(int64_t *)slot = value;
	return 0;
}

char *
conf_type_print(const struct conf_type *type, const void *slot)
{
	int64_t value = type->size == sizeof(bool) ? *(const bool *)slot :
	    type->size == sizeof(uint32_t)         ? *(const uint32_t *)slot :
						     *(const int64_t *)slot;

	if (type->print != NULL)
		return type->print(slot);
	return type->number == NULL ? xstrdup(type->words[value]) :
				      xasprintf("%lld", (long long)value);
}

bool
conf_type_equal(const struct conf_type *type, const void *live, const void *fresh)
{
	return type->equal != NULL ? type->equal(live, fresh) :
				     memcmp(live, fresh, type->size) == 0;
}

void
conf_type_encode(const struct conf_type *type, const void *slot, struct buf *out)
{
	char *text;

	if (type->encode != NULL) {
		type->encode(slot, out);
		return;
	}
	text = conf_type_print(type, slot);
	mem_must(buf_puts(out, text));
	mem_wiping_free(text);
}

int
conf_type_check(const struct conf_type *type, const char *text, char **why)
{
	union {
		int64_t number;
		char *text;
		struct environment environment;
		struct output_config output;
	} slot;
	int status;

	memset(&slot, 0, sizeof(slot));
	status = conf_type_parse(type, text, &slot, why);
	if (type->clear != NULL)
		type->clear(&slot);
	return status;
}

static int
option_types_integer_refuse(const char *text, char **why)
{
	if (errno != ERANGE)
		return conf_type_refuse(
		    why, "invalid literal for int() with base 10: ", text, "");
	*why = xasprintf("the number %s is out of range", text);
	return -1;
}

static char *
option_types_events_print(const void *slot)
{
	char *text = xstrdup("");

	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		if (*(const uint32_t *)slot & UINT32_C(1) << i)
			xappendf(&text, "%s%s", *text != '\0' ? "," : "",
			    event_type_name((enum event_type)i));
	return text;
}

/* Encodes names as numbers, because decode does not know all of them. */
static void
option_types_number_encode(const void *slot, struct buf *out)
{
	mem_must(buf_printf(out, "%u", *(const uint32_t *)slot));
}

/* The error shows the text in lower case and without its unit. */
static int
option_types_size_refuse(const char *text, char **why)
{
	int saved = errno;
	char *digits = xstrdup(text);
	size_t n = strlen(digits);

	str_lower(digits);
	if (n >= 2 && strchr("kmg", digits[n - 2]) != NULL && digits[n - 1] == 'b')
		digits[n - 2] = '\0';
	errno = saved;
	option_types_integer_refuse(digits, why);
	free(digits);
	return -1;
}

static char *
option_types_size_print(const void *slot)
{
	static const char *const units[] = { "", "KB", "MB", "GB" };
	int64_t value = *(const int64_t *)slot;
	size_t unit = 0;

	while (value != 0 && value % 1024 == 0 && unit + 1 < nitems(units)) {
		value /= 1024;
		unit++;
	}
	return xasprintf("%lld%s", (long long)value, units[unit]);
}

static int
option_types_octal_refuse(const char *text, char **why)
{
	*why = xasprintf("%s can not be converted to an octal type", text);
	return -1;
}

static int
option_types_mode_refuse(const char *text, char **why)
{
	*why = xasprintf("Invalid chmod value %s", text);
	return -1;
}

static char *
option_types_octal_print(const void *slot)
{
	int value = *(const int *)slot;

	return value < 0 ? xasprintf("-%03o", 0U - (unsigned)value) :
			   xasprintf("%04o", (unsigned)value);
}

static int
option_types_signal_decode(const char *text, size_t n UNUSED, void *slot)
{
	return str_to_signal(text, slot);
}

static int
option_types_signal_refuse(const char *text, char **why)
{
	int64_t number;
	char *shown = str_repr(text);

	*why = xasprintf("value %s is not a valid signal %s", shown,
	    str_to_int(text, &number) == 0 || errno == ERANGE ? "number" : "name");
	free(shown);
	return -1;
}

static char *
option_types_signal_print(const void *slot)
{
	char name[32];

	return xstrdup(str_signal_name(*(const int *)slot, name));
}

static int
option_types_boolean_decode(const char *text, size_t n UNUSED, void *slot)
{
	return str_to_bool(text, slot);
}

static int
option_types_level_decode(const char *text, size_t n UNUSED, void *slot)
{
	int level = log_level_parse(text);

	if (level == -1)
		return -1;
	*(enum log_level *)slot = (enum log_level)level;
	return 0;
}

static char *
option_types_level_print(const void *slot)
{
	return xstrdup(log_level_word(*(const enum log_level *)slot));
}

static int
option_types_autorestart_decode(const char *text, size_t n UNUSED, void *slot)
{
	enum autorestart *value = slot;
	bool yes;

	if (str_to_bool(text, &yes) == 0)
		*value = yes ? AUTORESTART_TRUE : AUTORESTART_FALSE;
	else if (strcasecmp(text, "unexpected") == 0)
		*value = AUTORESTART_UNEXPECTED;
	else
		return -1;
	return 0;
}

static int
option_types_autorestart_refuse(const char *text, char **why)
{
	char *lower = xstrdup(text);

	str_lower(lower);
	conf_type_refuse(why, "invalid 'autorestart' value ", lower, "");
	free(lower);
	return -1;
}

static int
option_types_command_role_decode(const char *text, size_t n UNUSED, void *slot)
{
	int role = role_parse(text);

	if (role <= ROLE_NONE)
		return -1;
	*(enum role *)slot = (enum role)role;
	return 0;
}

static char *
option_types_command_role_print(const void *slot)
{
	return xstrdup(role_name(*(const enum role *)slot));
}

const struct conf_type conf_command_role = {
	.name = "role", .size = sizeof(enum role),
	.decode = option_types_command_role_decode,
	.refusal = { "not a valid role: ", " (states, view, operate or admin)" },
	.print = option_types_command_role_print,
};
const struct conf_type conf_integer = {
	.name = "integer", .size = sizeof(int64_t), .number = str_to_int,
	.low = INT64_MIN, .high = INT64_MAX, .refuse = option_types_integer_refuse,
};
const struct conf_type conf_unsigned = {
	.name = "number", .size = sizeof(uint32_t), .number = str_to_int,
	.high = UINT32_MAX,
};
const struct conf_type conf_events = {
	.name = "events", .size = sizeof(uint32_t), .number = str_to_int,
	.high = UINT32_MAX, .print = option_types_events_print,
	.encode = option_types_number_encode,
};
const struct conf_type conf_size = {
	.name = "size", .size = sizeof(int64_t), .number = str_to_size,
	.low = INT64_MIN, .high = INT64_MAX, .refuse = option_types_size_refuse,
	.print = option_types_size_print,
};
const struct conf_type conf_octal = {
	.name = "octal", .size = sizeof(int), .number = str_to_octal,
	.low = INT_MIN, .high = INT_MAX, .refuse = option_types_octal_refuse,
	.print = option_types_octal_print,
};
const struct conf_type conf_mode = {
	.name = "octal", .size = sizeof(int), .number = str_to_octal,
	.low = INT_MIN, .high = INT_MAX, .refuse = option_types_mode_refuse,
	.print = option_types_octal_print,
};
const struct conf_type conf_boolean = {
	.name = "boolean", .size = sizeof(bool), .decode = option_types_boolean_decode,
	.refusal = { "not a valid boolean value: " }, .words = { "false", "true" },
};
const struct conf_type conf_level = {
	.name = "level", .size = sizeof(enum log_level),
	.decode = option_types_level_decode, .print = option_types_level_print,
	.refusal = { "bad logging level name " },
};
const struct conf_type conf_signal = {
	.name = "signal", .size = sizeof(int), .decode = option_types_signal_decode,
	.refuse = option_types_signal_refuse, .print = option_types_signal_print,
	.encode = option_types_number_encode,
};
const struct conf_type conf_autorestart = {
	.name = "boolean or unexpected", .size = sizeof(enum autorestart),
	.decode = option_types_autorestart_decode,
	.refuse = option_types_autorestart_refuse,
	.words = {
		[AUTORESTART_FALSE] = "false", [AUTORESTART_UNEXPECTED] = "unexpected",
		[AUTORESTART_TRUE] = "true",
	},
};
const struct conf_type conf_killmode = {
	.name = "process, group, tree or cgroup", .size = sizeof(enum killmode),
	.refusal = { "not a valid killmode: ", " (process, group, tree or cgroup)" },
	.words = {
		[KILL_PROCESS] = "process", [KILL_GROUP] = "group", [KILL_TREE] = "tree",
		[KILL_CGROUP] = "cgroup",
	},
};
const struct conf_type conf_event_length = {
	.name = "characters or bytes", .size = sizeof(bool),
	.refusal = { "not a valid event_length: ", " (characters or bytes)" },
	.words = { "characters", "bytes" },
};
const struct conf_type conf_unclean_start = {
	.name = "ignore, stop or adopt", .size = sizeof(enum unclean_start),
	.refusal = { "not a valid on_unclean_start: ", " (ignore, stop or adopt)" },
	.words = {
		[UNCLEAN_IGNORE] = "ignore", [UNCLEAN_STOP] = "stop",
		[UNCLEAN_ADOPT] = "adopt",
	},
};
const struct conf_type conf_confinement = {
	.name = "best or strict", .size = sizeof(bool),
	.refusal = { "not a valid rpcd_confinement: ", " (best or strict)" },
	.words = { "best", "strict" },
};
