#include "master/control/config_info.h"

#include "common/str.h"
#include "master/child/child.h"

#include <string.h>

#define EXITCODES_MAX 1024 /* shown of one program; there are only 256 different ones */

enum value { BOOLEAN, INTEGER, SIGNAL, TEXT, USER, AUTORESTART, EXITCODES };

static json_t *
config_info_exitcodes(const struct process_config *process)
{
	json_t *codes = json_array(), *code;

	for (size_t i = 0; i < process->nexitcodes && i < EXITCODES_MAX; i++) {
		code = json_integer(process->exitcodes[i]);
		if (json_array_append_new(codes, code) == -1) {
			json_decref(codes);
			return NULL;
		}
	}
	return codes;
}

/* New: the value in the slot; an absent text or user is "none". */
static json_t *
config_info_value(enum value value, const void *slot, size_t text_max)
{
	static const char *const autorestart[] = {
	    [AUTORESTART_FALSE] = "false",
	    [AUTORESTART_UNEXPECTED] = "unexpected",
	    [AUTORESTART_TRUE] = "true",
	};
	const struct user *user;
	const char *text;

	switch (value) {
	case BOOLEAN:
		return json_boolean(*(const bool *)slot);
	case INTEGER:
		return json_integer(*(const int64_t *)slot);
	case SIGNAL:
		return json_integer(*(const int *)slot);
	case AUTORESTART:
		return json_string(autorestart[*(const enum autorestart *)slot]);
	case EXITCODES:
		return config_info_exitcodes(slot);
	case USER:
		user = *(struct user *const *)slot;
		if (user != NULL)
			return json_integer((json_int_t)user->uid);
		break;
	case TEXT:
		text = *(char *const *)slot;
		if (text != NULL && strlen(text) > text_max)
			return json_sprintf(
			    "%.*s...", (int)str_utf8_cut(text, text_max), text);
		if (text != NULL)
			return json_string(text);
	}
	return json_string("none");
}

enum place { IN_PROCESS, IN_GROUP, IS_INUSE, IS_STDOUT_LOG, IS_STDERR_LOG };

#define OF(member) IN_PROCESS, offsetof(struct process_config, member)
#define OF_OUTPUT(id, member) OF(outputs[OUTPUT_##id].member)
#define OF_GROUP(member) IN_GROUP, offsetof(struct group_config, member)

static const struct {
	const char *name;
	enum value value;
	enum place place;
	size_t offset;
} members[] = {
    {"autostart", BOOLEAN, OF(autostart)},
    {"autorestart", AUTORESTART, OF(autorestart)},
    {"directory", TEXT, OF(directory)},
    {"uid", USER, OF(user)},
    {"command", TEXT, OF(command)},
    {"exitcodes", EXITCODES, IN_PROCESS, 0},
    {"group", TEXT, OF_GROUP(name)},
    {"group_prio", INTEGER, OF_GROUP(priority)},
    {"inuse", BOOLEAN, IS_INUSE, 0},
    {"killasgroup", BOOLEAN, OF(killasgroup)},
    {"name", TEXT, OF(name)},
    {"process_prio", INTEGER, OF(priority)},
    {"redirect_stderr", BOOLEAN, OF(redirect_stderr)},
    {"startretries", INTEGER, OF(startretries)},
    {"startsecs", INTEGER, OF(startsecs)},
    {"stdout_capture_maxbytes", INTEGER, OF_OUTPUT(STDOUT, capture_maxbytes)},
    {"stdout_events_enabled", BOOLEAN, OF_OUTPUT(STDOUT, events_enabled)},
    {"stdout_logfile", TEXT, IS_STDOUT_LOG, 0},
    {"stdout_logfile_backups", INTEGER, OF_OUTPUT(STDOUT, backups)},
    {"stdout_logfile_maxbytes", INTEGER, OF_OUTPUT(STDOUT, maxbytes)},
    {"stdout_syslog", BOOLEAN, OF_OUTPUT(STDOUT, syslog)},
    {"stopsignal", SIGNAL, OF(stopsignal)},
    {"stopwaitsecs", INTEGER, OF(stopwaitsecs)},
    {"stderr_capture_maxbytes", INTEGER, OF_OUTPUT(STDERR, capture_maxbytes)},
    {"stderr_events_enabled", BOOLEAN, OF_OUTPUT(STDERR, events_enabled)},
    {"stderr_logfile", TEXT, IS_STDERR_LOG, 0},
    {"stderr_logfile_backups", INTEGER, OF_OUTPUT(STDERR, backups)},
    {"stderr_logfile_maxbytes", INTEGER, OF_OUTPUT(STDERR, maxbytes)},
    {"stderr_syslog", BOOLEAN, OF_OUTPUT(STDERR, syslog)},
    {"serverurl", TEXT, OF(serverurl)},
};

/* A path, "auto" for an AUTO log without a file, or NULL. Borrowed. */
static const char *
config_info_log_name(
    const struct process_config *config, const struct process *live, enum output_id output)
{
	const char *path;

	switch (config->outputs[output].target) {
	case LOG_TO_FILE:
		return config->outputs[output].path;
	case LOG_TO_AUTO:
		path = live == NULL ? "" : child_log_path(live, output);
		return *path == '\0' ? "auto" : path;
	default:
		return NULL;
	}
}

json_t *
config_info(
    const struct config_row *row, const struct process *live, bool inuse, size_t text_max)
{
	const char *logs[OUTPUT_MAX] = {
	    config_info_log_name(row->process, live, OUTPUT_STDOUT),
	    config_info_log_name(row->process, live, OUTPUT_STDERR),
	};
	const void *const bases[] = {
	    [IN_PROCESS] = row->process,
	    [IN_GROUP] = row->group,
	    [IS_INUSE] = &inuse,
	    [IS_STDOUT_LOG] = &logs[OUTPUT_STDOUT],
	    [IS_STDERR_LOG] = &logs[OUTPUT_STDERR],
	};
	json_t *info = json_object();

	for (size_t i = 0; i < nitems(members); i++) {
		const char *base = bases[members[i].place];
		json_t *value =
		    config_info_value(members[i].value, base + members[i].offset, text_max);

		if (json_object_set_new(info, members[i].name, value) == -1) {
			json_decref(info);
			return NULL;
		}
	}
	return info;
}
