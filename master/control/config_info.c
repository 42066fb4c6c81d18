#include "master/control/config_info.h"

#include "master/child/child.h"

/* --- kinds of value ------------------------------------------------------------- */

typedef json_t *value_fn(const void *slot);

static json_t *
config_info_integer(const void *slot)
{
	return json_integer(*(const int64_t *)slot);
}

static json_t *
config_info_signal(const void *slot)
{
	return json_integer(*(const int *)slot);
}

static json_t *
config_info_boolean(const void *slot)
{
	return json_boolean(*(const bool *)slot);
}

static json_t *
config_info_text(const void *slot)
{
	const char *text = *(char *const *)slot;

	return json_string(text == NULL ? "none" : text);
}

static json_t *
config_info_user(const void *slot)
{
	const struct user *user = *(struct user *const *)slot;

	return user == NULL ? json_string("none") : json_integer((json_int_t)user->uid);
}

static json_t *
config_info_autorestart(const void *slot)
{
	static const char *const words[] = {
	    [AUTORESTART_FALSE] = "false",
	    [AUTORESTART_UNEXPECTED] = "unexpected",
	    [AUTORESTART_TRUE] = "true",
	};

	return json_string(words[*(const enum autorestart *)slot]);
}

static json_t *
config_info_exitcodes(const void *slot)
{
	const struct process_config *process = slot;
	json_t *codes = json_array(), *code;

	for (size_t i = 0; i < process->nexitcodes; i++) {
		code = json_integer(process->exitcodes[i]);
		if (json_array_append_new(codes, code) == -1) {
			json_decref(codes);
			return NULL;
		}
	}
	return codes;
}

/* --- the members ----------------------------------------------------------------- */

enum place { IN_PROCESS, IN_GROUP, IS_INUSE, IS_STDOUT_LOG, IS_STDERR_LOG };

#define OF(member) IN_PROCESS, offsetof(struct process_config, member)
#define OF_CHANNEL(id, member) OF(outputs[OUTPUT_##id].member)
#define OF_GROUP(member) IN_GROUP, offsetof(struct group_config, member)

static const struct {
	const char *name;
	value_fn *value;
	enum place place;
	size_t offset;
} members[] = {
    {"autostart", config_info_boolean, OF(autostart)},
    {"autorestart", config_info_autorestart, OF(autorestart)},
    {"directory", config_info_text, OF(directory)},
    {"uid", config_info_user, OF(user)},
    {"command", config_info_text, OF(command)},
    {"exitcodes", config_info_exitcodes, IN_PROCESS, 0},
    {"group", config_info_text, OF_GROUP(name)},
    {"group_prio", config_info_integer, OF_GROUP(priority)},
    {"inuse", config_info_boolean, IS_INUSE, 0},
    {"killasgroup", config_info_boolean, OF(killasgroup)},
    {"name", config_info_text, OF(name)},
    {"process_prio", config_info_integer, OF(priority)},
    {"redirect_stderr", config_info_boolean, OF(redirect_stderr)},
    {"startretries", config_info_integer, OF(startretries)},
    {"startsecs", config_info_integer, OF(startsecs)},
    {"stdout_capture_maxbytes", config_info_integer, OF_CHANNEL(STDOUT, capture_maxbytes)},
    {"stdout_events_enabled", config_info_boolean, OF_CHANNEL(STDOUT, events_enabled)},
    {"stdout_logfile", config_info_text, IS_STDOUT_LOG, 0},
    {"stdout_logfile_backups", config_info_integer, OF_CHANNEL(STDOUT, backups)},
    {"stdout_logfile_maxbytes", config_info_integer, OF_CHANNEL(STDOUT, maxbytes)},
    {"stdout_syslog", config_info_boolean, OF_CHANNEL(STDOUT, syslog)},
    {"stopsignal", config_info_signal, OF(stopsignal)},
    {"stopwaitsecs", config_info_integer, OF(stopwaitsecs)},
    {"stderr_capture_maxbytes", config_info_integer, OF_CHANNEL(STDERR, capture_maxbytes)},
    {"stderr_events_enabled", config_info_boolean, OF_CHANNEL(STDERR, events_enabled)},
    {"stderr_logfile", config_info_text, IS_STDERR_LOG, 0},
    {"stderr_logfile_backups", config_info_integer, OF_CHANNEL(STDERR, backups)},
    {"stderr_logfile_maxbytes", config_info_integer, OF_CHANNEL(STDERR, maxbytes)},
    {"stderr_syslog", config_info_boolean, OF_CHANNEL(STDERR, syslog)},
    {"serverurl", config_info_text, OF(serverurl)},
};

/* A path, "auto" while the file has no name yet, or NULL. Borrowed. */
static const char *
config_info_log_name(const struct process_config *config, const struct process *live,
    enum output_id channel)
{
	const char *path;

	switch (config->outputs[channel].target) {
	case LOG_TO_FILE:
		return config->outputs[channel].path;
	case LOG_TO_AUTO:
		path = live == NULL ? "" : child_log_path(live, channel);
		return *path == '\0' ? "auto" : path;
	default:
		return NULL;
	}
}

json_t *
config_info(const struct config_row *row, const struct process *live, bool inuse)
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
	json_t *view = json_object();

	for (size_t i = 0; i < nitems(members); i++) {
		const char *base = bases[members[i].place];
		json_t *value = members[i].value(base + members[i].offset);

		if (json_object_set_new(view, members[i].name, value) == -1) {
			json_decref(view);
			return NULL;
		}
	}
	return view;
}
