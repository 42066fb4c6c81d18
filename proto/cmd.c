#include "proto/cmd.h"

#include "common/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cmd cmd_table[] = {
	[CMD_HELLO] = {
		.name = "hello",
		.params = "protocol:i,program:s",
		.role = ROLE_NONE,
		.flags = CMD_RPCD | CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_BEFORE_HELLO,
		.result = "see above",
	},
	[CMD_SUBSCRIBE] = {
		.name = "subscribe",
		.params = "",
		.role = ROLE_STATES,
		.flags = CMD_IN_SHUTDOWN | CMD_IN_FATAL,
		.result = "null, then the stream",
	},
	[CMD_READY] = {
		.name = "ready",
		.params = "",
		.role = ROLE_NONE,
		.flags = CMD_RPCD | CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD,
		.result = "null, then the stream",
	},
	[CMD_PROCESS_START] = {
		.name = "process.start",
		.params = "name:n",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "id, spawn; or job",
	},
	[CMD_PROCESS_STOP] = {
		.name = "process.stop",
		.params = "name:n",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "id, spawn; or job",
	},
	[CMD_PROCESS_SIGNAL] = {
		.name = "process.signal",
		.params = "name:n,signal:w",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "null; or job",
	},
	[CMD_PROCESS_STDIN] = {
		.name = "process.stdin",
		.params = "name:n,data:s",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "null",
	},
	[CMD_GROUP_START] = {
		.name = "group.start",
		.params = "name:n",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_GROUP_STOP] = {
		.name = "group.stop",
		.params = "name:n",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_GROUP_SIGNAL] = {
		.name = "group.signal",
		.params = "name:n,signal:w",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_GROUP_ADD] = {
		.name = "group.add",
		.params = "name:n",
		.role = ROLE_ADMIN,
		.flags = CMD_RPCD,
		.result = "null",
	},
	[CMD_GROUP_REMOVE] = {
		.name = "group.remove",
		.params = "name:n",
		.role = ROLE_ADMIN,
		.flags = CMD_RPCD,
		.result = "null",
	},
	[CMD_ALL_START] = {
		.name = "all.start",
		.params = "",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_ALL_STOP] = {
		.name = "all.stop",
		.params = "",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_ALL_SIGNAL] = {
		.name = "all.signal",
		.params = "signal:w",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_LOG_OPEN] = {
		.name = "log.open",
		.params = "name:n,stream:w",
		.role = ROLE_VIEW,
		.flags = CMD_RPCD,
		.result = "path, descriptor",
	},
	[CMD_LOG_CLEAR] = {
		.name = "log.clear",
		.params = "name:n",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "null",
	},
	[CMD_ALL_CLEAR] = {
		.name = "all.clear",
		.params = "",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "job",
	},
	[CMD_MAINLOG_OPEN] = {
		.name = "mainlog.open",
		.params = "",
		.role = ROLE_VIEW,
		.flags = CMD_RPCD,
		.result = "path, descriptor",
	},
	[CMD_MAINLOG_CLEAR] = {
		.name = "mainlog.clear",
		.params = "",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD,
		.result = "null",
	},
	[CMD_PROCESS_RESTART] = {
		.name = "process.restart",
		.params = "names:t",
		.role = ROLE_OPERATE,
		.flags = 0,
		.result = "job",
	},
	[CMD_GROUP_RESTART] = {
		.name = "group.restart",
		.params = "name:n",
		.role = ROLE_OPERATE,
		.flags = 0,
		.result = "job",
	},
	[CMD_ALL_RESTART] = {
		.name = "all.restart",
		.params = "",
		.role = ROLE_OPERATE,
		.flags = 0,
		.result = "job",
	},
	[CMD_CONFIG_REREAD] = {
		.name = "config.reread",
		.params = "",
		.role = ROLE_ADMIN,
		.flags = CMD_RPCD,
		.result = "added, changed, removed",
	},
	[CMD_CONFIG_ROWS] = {
		.name = "config.rows",
		.params = "from:i",
		.role = ROLE_VIEW,
		.flags = CMD_RPCD,
		.result = "reread, total, rows",
	},
	[CMD_CONFIG_PREVIEW] = {
		.name = "config.preview",
		.params = "",
		.role = ROLE_ADMIN,
		.flags = 0,
		.result = "added, changed, removed",
	},
	[CMD_CONFIG_UPDATE] = {
		.name = "config.update",
		.params = "?names:t",
		.role = ROLE_ADMIN,
		.flags = 0,
		.result = "job, added, changed, removed",
	},
	[CMD_EVENT_SEND] = {
		.name = "event.send",
		.params = "type:s,data:s,?more:t",
		.role = ROLE_OPERATE,
		.flags = CMD_RPCD | CMD_IN_SHUTDOWN,
		.result = "null",
	},
	[CMD_DAEMON_SHUTDOWN] = {
		.name = "daemon.shutdown",
		.params = "",
		.role = ROLE_ADMIN,
		.flags = CMD_RPCD | CMD_IN_FATAL,
		.result = "null",
	},
	[CMD_DAEMON_RESTART] = {
		.name = "daemon.restart",
		.params = "",
		.role = ROLE_ADMIN,
		.flags = CMD_RPCD | CMD_IN_FATAL,
		.result = "null",
	},
	[CMD_DAEMON_ANSWERED] = {
		.name = "daemon.answered",
		.params = "",
		.role = ROLE_NONE,
		.flags = CMD_RPCD | CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD,
		.result = "null",
	},
	[CMD_FRONTEND_ACTIVE] = {
		.name = "frontend.active",
		.params = "",
		.role = ROLE_NONE,
		.flags = CMD_RPCD | CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD,
		.result = "null",
	},
#ifdef REEVE_TEST_SEAM
	[CMD_DAEMON_BREAK] = {
		.name = "daemon.break",
		.params = "?reason:s",
		.role = ROLE_ADMIN,
		.flags = CMD_IN_SHUTDOWN | CMD_IN_FATAL,
		.result = "null",
	},
#endif
};

_Static_assert(nitems(cmd_table) == CMD_MAX, "every command has its row");

_Static_assert(CMD_NAME_MAX == 4096 && CMD_WORD_MAX == 200, "see cmd_types");

static bool
cmd_is_string(const json_t *value)
{
	return json_is_string(value);
}

static bool
cmd_is_name(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= CMD_NAME_MAX;
}

static bool
cmd_is_word(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) <= CMD_WORD_MAX;
}

static bool
cmd_is_integer(const json_t *value)
{
	return json_is_integer(value);
}

static bool
cmd_is_boolean(const json_t *value)
{
	return json_is_boolean(value);
}

static bool
cmd_is_texts(const json_t *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(value, i, one)
		if (!json_is_string(one))
			return false;
	return json_is_array(value);
}

static const struct cmd_type {
	char letter;
	bool (*matches)(const json_t *);
	const char *noun;
} cmd_types[] = {
	{'s', cmd_is_string, "a string"},
	{'n', cmd_is_name, "a string of at most 4096 bytes"},
	{'w', cmd_is_word, "a string of at most 200 bytes"},
	{'i', cmd_is_integer, "an integer"},
	{'b', cmd_is_boolean, "a boolean"},
	{'t', cmd_is_texts, "an array of strings"},
};

const struct cmd *
cmd_get(enum cmd_id id)
{
	return &cmd_table[id];
}

int
cmd_find(const char *name)
{
	for (size_t i = 0; i < nitems(cmd_table); i++)
		if (strcmp(name, cmd_table[i].name) == 0)
			return (int)i;
	return -1;
}

static const struct cmd_type *
cmd_type_of(char letter)
{
	for (size_t i = 0; i < nitems(cmd_types); i++)
		if (cmd_types[i].letter == letter)
			return &cmd_types[i];
	return NULL;
}

/* Checks one "name:t" of `len` characters; on a mismatch *why is set. */
static bool
cmd_check_one(const char *spec, size_t len, const json_t *params, char **why)
{
	bool optional = *spec == '?';
	const char *name = spec + optional;
	int namelen = (int)(len - optional - 2);
	const struct cmd_type *type = cmd_type_of(spec[len - 1]);
	const json_t *value = json_object_getn(params, name, (size_t)namelen);

	if (value == NULL && optional)
		return true;
	if (value != NULL && type != NULL && type->matches(value))
		return true;
	*why = value == NULL ? mem_printf("missing parameter '%.*s'", namelen, name) :
	    mem_printf("parameter '%.*s' must be %s", namelen, name,
		type != NULL ? type->noun : "known");
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
