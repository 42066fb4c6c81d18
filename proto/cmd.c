#include "proto/cmd.h"

#include "common/mem.h"

#include <stdint.h>
#include <string.h>

const struct cmd cmd_table[CMD_MAX] = {
#define CMD_ROW(id, handler, name, params, role, flags, parts, result) \
	[CMD_##id] = { name, params, ROLE_##role, flags, parts, result },
	CMD_LIST(CMD_ROW)
#undef CMD_ROW
};

_Static_assert(CMD_NAME_MAX == 4096 && CMD_WORD_MAX == 200, "cmd_types names both");

static const struct cmd_type {
	char letter;
	json_type type;		/* JSON_TRUE: any boolean; JSON_ARRAY: of strings */
	size_t max;		/* bytes of a string */
	const char *noun;
} cmd_types[] = {
	{'s', JSON_STRING, SIZE_MAX, "a string"},
	{'n', JSON_STRING, CMD_NAME_MAX, "a string of at most 4096 bytes"},
	{'w', JSON_STRING, CMD_WORD_MAX, "a string of at most 200 bytes"},
	{'i', JSON_INTEGER, 0, "an integer"},
	{'b', JSON_TRUE, 0, "a boolean"},
	{'t', JSON_ARRAY, 0, "an array of strings"},
};

static bool
cmd_matches(const struct cmd_type *type, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_boolean(value))
		return type->type == JSON_TRUE;
	if (json_typeof(value) != type->type || json_string_length(value) > type->max)
		return false;
	json_array_foreach(value, i, one)
		if (!json_is_string(one))
			return false;
	return true;
}

int
cmd_find(const char *name)
{
	for (size_t i = 0; i < nitems(cmd_table); i++)
		if (strcmp(name, cmd_table[i].name) == 0)
			return (int)i;
	return -1;
}

/* Checks one parameter, whose "name:t" has `len` characters; sets *why on a mismatch. */
static bool
cmd_check_one(const char *spec, size_t len, const json_t *params, char **why)
{
	bool optional = *spec == '?';
	const char *name = spec + optional;
	int namelen = (int)(len - optional - 2);
	const struct cmd_type *type = cmd_types;
	const json_t *value = json_object_getn(params, name, (size_t)namelen);

	while (type->letter != spec[len - 1])
		type++;
	if (value == NULL ? optional : cmd_matches(type, value))
		return true;
	*why = value == NULL ?
	    mem_printf("missing parameter '%.*s'", namelen, name) :
	    mem_printf("parameter '%.*s' must be %s", namelen, name, type->noun);
	return false;
}

bool
cmd_check_params(const struct cmd *cmd, const json_t *params, char **why)
{
	const char *spec = cmd->params;

	*why = NULL;
	while (*spec != '\0') {
		size_t len = strcspn(spec, ",");

		if (!cmd_check_one(spec, len, params, why))
			return false;
		spec += len;
		spec += *spec == ',';
	}
	return true;
}
