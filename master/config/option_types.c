/* Numbers, words and other values without memory of their own; option_texts.c and
 * option_http.c have the rest. */
#include "master/config/option_types.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/config.h"
#include "proto/role.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
not_a_number(const char *text, char **why)
{
	char *shown = str_repr(text);

	if (errno == ERANGE)
		*why = xasprintf("the number %s is out of range", text);
	else
		*why = xasprintf("invalid literal for int() with base 10: %s", shown);
	free(shown);
	return -1;
}

static int
integer_parse(const char *text, void *slot, char **why)
{
	return str_to_int(text, slot) == 0 ? 0 : not_a_number(text, why);
}

static char *
integer_print(const void *slot)
{
	return xasprintf("%lld", (long long)*(const int64_t *)slot);
}

static bool
integer_equal(const void *a, const void *b)
{
	return *(const int64_t *)a == *(const int64_t *)b;
}

/* The text in lower case and without its unit is what the error shows. */
static int
size_parse(const char *text, void *slot, char **why)
{
	char *digits;
	size_t n;
	int saved;

	if (str_to_size(text, slot) == 0)
		return 0;
	saved = errno;
	digits = xstrdup(text);
	for (char *c = digits; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	n = strlen(digits);
	if (n >= 2 && strchr("kmg", digits[n - 2]) != NULL && digits[n - 1] == 'b')
		digits[n - 2] = '\0';
	errno = saved;
	not_a_number(digits, why);
	free(digits);
	return -1;
}

static char *
size_print(const void *slot)
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
octal_read(const char *text, int *slot)
{
	int64_t value;

	if (str_to_octal(text, &value) == -1 || value < INT_MIN || value > INT_MAX)
		return -1;
	*slot = (int)value;
	return 0;
}

static int
octal_parse(const char *text, void *slot, char **why)
{
	if (octal_read(text, slot) == 0)
		return 0;
	*why = xasprintf("%s can not be converted to an octal type", text);
	return -1;
}

static int
mode_parse(const char *text, void *slot, char **why)
{
	if (octal_read(text, slot) == 0)
		return 0;
	*why = xasprintf("Invalid chmod value %s", text);
	return -1;
}

static char *
octal_print(const void *slot)
{
	int value = *(const int *)slot;

	return value < 0 ? xasprintf("-%03o", 0U - (unsigned)value) :
	    xasprintf("%04o", (unsigned)value);
}

static bool
int_equal(const void *a, const void *b)
{
	return *(const int *)a == *(const int *)b;
}

static int
boolean_parse(const char *text, void *slot, char **why)
{
	char *shown;

	if (str_to_bool(text, slot) == 0)
		return 0;
	shown = str_repr(text);
	*why = xasprintf("not a valid boolean value: %s", shown);
	free(shown);
	return -1;
}

static char *
boolean_print(const void *slot)
{
	return xstrdup(*(const bool *)slot ? "true" : "false");
}

static bool
boolean_equal(const void *a, const void *b)
{
	return *(const bool *)a == *(const bool *)b;
}

static int
level_parse(const char *text, void *slot, char **why)
{
	int level = log_level_parse(text);
	char *shown;

	if (level == -1) {
		shown = str_repr(text);
		*why = xasprintf("bad logging level name %s", shown);
		free(shown);
		return -1;
	}
	*(enum log_level *)slot = (enum log_level)level;
	return 0;
}

static char *
level_print(const void *slot)
{
	return xstrdup(log_level_word(*(const enum log_level *)slot));
}

static bool
level_equal(const void *a, const void *b)
{
	return *(const enum log_level *)a == *(const enum log_level *)b;
}

static int
signal_parse(const char *text, void *slot, char **why)
{
	int64_t number;
	char *shown;

	if (str_to_signal(text, slot) == 0)
		return 0;
	shown = str_repr(text);
	*why = xasprintf("value %s is not a valid signal %s", shown,
	    str_to_int(text, &number) == 0 || errno == ERANGE ? "number" : "name");
	free(shown);
	return -1;
}

static char *
signal_print(const void *slot)
{
	char name[32];

	return xstrdup(str_signal_name(*(const int *)slot, name));
}

static const char *const autorestart_words[] = {
	[AUTORESTART_FALSE] = "false",
	[AUTORESTART_UNEXPECTED] = "unexpected",
	[AUTORESTART_TRUE] = "true",
};

static int
autorestart_parse(const char *text, void *slot, char **why)
{
	enum autorestart *value = slot;
	char *lower, *shown;
	bool yes;

	if (str_to_bool(text, &yes) == 0) {
		*value = yes ? AUTORESTART_TRUE : AUTORESTART_FALSE;
		return 0;
	}
	if (strcasecmp(text, "unexpected") == 0) {
		*value = AUTORESTART_UNEXPECTED;
		return 0;
	}
	lower = xstrdup(text);
	for (char *c = lower; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	shown = str_repr(lower);
	*why = xasprintf("invalid 'autorestart' value %s", shown);
	free(shown);
	free(lower);
	return -1;
}

static char *
autorestart_print(const void *slot)
{
	return xstrdup(autorestart_words[*(const enum autorestart *)slot]);
}

static bool
autorestart_equal(const void *a, const void *b)
{
	return *(const enum autorestart *)a == *(const enum autorestart *)b;
}

/* One of two words, the second of which is true. */
struct choice {
	const char *option, *words[2];
};

static const struct choice confinement = {"rpcd_confinement", {"best", "strict"}};
static const struct choice event_length = {"event_length", {"characters", "bytes"}};

static int
choice_parse(const struct choice *choice, const char *text, void *slot, char **why)
{
	char *shown;

	for (int i = 0; i < 2; i++)
		if (strcmp(text, choice->words[i]) == 0) {
			*(bool *)slot = i == 1;
			return 0;
		}
	shown = str_repr(text);
	*why = xasprintf("not a valid %s: %s (%s or %s)", choice->option, shown,
	    choice->words[0], choice->words[1]);
	free(shown);
	return -1;
}

static int
confinement_parse(const char *text, void *slot, char **why)
{
	return choice_parse(&confinement, text, slot, why);
}

static char *
confinement_print(const void *slot)
{
	return xstrdup(confinement.words[*(const bool *)slot]);
}

static int
event_length_parse(const char *text, void *slot, char **why)
{
	return choice_parse(&event_length, text, slot, why);
}

static char *
event_length_print(const void *slot)
{
	return xstrdup(event_length.words[*(const bool *)slot]);
}

static int
command_role_parse(const char *text, void *slot, char **why)
{
	int role = role_parse(text);
	char *shown;

	if (role > ROLE_NONE) {
		*(enum role *)slot = (enum role)role;
		return 0;
	}
	shown = str_repr(text);
	*why = xasprintf("not a valid role: %s (states, view, operate or admin)", shown);
	free(shown);
	return -1;
}

static char *
command_role_print(const void *slot)
{
	return xstrdup(role_name(*(const enum role *)slot));
}

static bool
command_role_equal(const void *a, const void *b)
{
	return *(const enum role *)a == *(const enum role *)b;
}

const struct conf_type conf_command_role = {
	.name = "role", .size = sizeof(enum role), .parse = command_role_parse,
	.print = command_role_print, .equal = command_role_equal,
};
const struct conf_type conf_integer = {
	.name = "integer", .size = sizeof(int64_t), .parse = integer_parse,
	.print = integer_print, .equal = integer_equal,
};
const struct conf_type conf_size = {
	.name = "size", .size = sizeof(int64_t), .parse = size_parse,
	.print = size_print, .equal = integer_equal,
};
const struct conf_type conf_octal = {
	.name = "octal", .size = sizeof(int), .parse = octal_parse,
	.print = octal_print, .equal = int_equal,
};
const struct conf_type conf_mode = {
	.name = "octal", .size = sizeof(int), .parse = mode_parse,
	.print = octal_print, .equal = int_equal,
};
const struct conf_type conf_boolean = {
	.name = "boolean", .size = sizeof(bool), .parse = boolean_parse,
	.print = boolean_print, .equal = boolean_equal,
};
const struct conf_type conf_level = {
	.name = "level", .size = sizeof(enum log_level), .parse = level_parse,
	.print = level_print, .equal = level_equal,
};
const struct conf_type conf_signal = {
	.name = "signal", .size = sizeof(int), .parse = signal_parse,
	.print = signal_print, .equal = int_equal,
};
const struct conf_type conf_autorestart = {
	.name = "boolean or unexpected", .size = sizeof(enum autorestart),
	.parse = autorestart_parse, .print = autorestart_print, .equal = autorestart_equal,
};
const struct conf_type conf_event_length = {
	.name = "characters or bytes", .size = sizeof(bool), .parse = event_length_parse,
	.print = event_length_print, .equal = boolean_equal,
};
const struct conf_type conf_confinement = {
	.name = "best or strict", .size = sizeof(bool), .parse = confinement_parse,
	.print = confinement_print, .equal = boolean_equal,
};
