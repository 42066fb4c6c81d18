#include "rpcd/methods/table.h"

#include "common/buf.h"
#include "common/compiler.h"
#include "common/log.h"
#include "rpcd/methods/handlers.h"

#include <stdlib.h>
#include <string.h>

/* Sorted by name: system.listMethods gives this order. */
static const struct method table[] = {
	{"supervisor.addProcessGroup", "boolean name:string", ROLE_ADMIN, rpc_config_group,
	    CMD_GROUP_ADD, WAIT_NOT,
	    "Make a group of the configuration last read live, and start those of its\n"
	    "processes that start by themselves."},
	{"supervisor.clearAllProcessLogs", "array", ROLE_OPERATE, rpc_all_control,
	    CMD_ALL_CLEAR, WAIT_NOT,
	    "Empty both logs of every running process. Those of a stopped one stay."},
	{"supervisor.clearLog", "boolean", ROLE_OPERATE, rpc_mainlog_clear,
	    CMD_MAINLOG_CLEAR, WAIT_NOT, "Empty the daemon's own log."},
	{"supervisor.clearProcessLog", "boolean name:string", ROLE_OPERATE, rpc_log_clear,
	    CMD_LOG_CLEAR, WAIT_NOT, "The old name of clearProcessLogs."},
	{"supervisor.clearProcessLogs", "boolean name:string", ROLE_OPERATE, rpc_log_clear,
	    CMD_LOG_CLEAR, WAIT_NOT,
	    "Empty both logs of a running process. Those of a stopped one stay."},
	{"supervisor.getAPIVersion", "string", ROLE_STATES, rpc_daemon_api_version,
	    CMD_HELLO, WAIT_NOT, "Tell the version of this API."},
	{"supervisor.getAllConfigInfo", "array", ROLE_VIEW, rpc_config_all, CMD_CONFIG_ROWS,
	    WAIT_NOT,
	    "Describe every process of the configuration last read, sorted by name."},
	{"supervisor.getAllProcessInfo", "array", ROLE_STATES, rpc_all_info, CMD_HELLO,
	    WAIT_NOT, "Describe every process, sorted by group and name."},
	{"supervisor.getIdentification", "string", ROLE_STATES, rpc_daemon_identification,
	    CMD_HELLO, WAIT_NOT, "Tell the identifier that the configuration gives."},
	{"supervisor.getPID", "int", ROLE_STATES, rpc_daemon_pid, CMD_HELLO, WAIT_NOT,
	    "Tell the process id of the daemon."},
	{"supervisor.getProcessInfo", "struct name:string", ROLE_STATES, rpc_process_info,
	    CMD_HELLO, WAIT_NOT, "Describe one process."},
	{"supervisor.getState", "struct", ROLE_STATES, rpc_daemon_state, CMD_HELLO,
	    WAIT_NOT, "Tell the daemon's state, as a number and a name."},
	{"supervisor.getSupervisorVersion", "string", ROLE_STATES, rpc_daemon_version,
	    CMD_HELLO, WAIT_NOT,
	    "Tell the version of supervisord whose behaviour is matched."},
	{"supervisor.getVersion", "string", ROLE_STATES, rpc_daemon_api_version, CMD_HELLO,
	    WAIT_NOT, "The old name of getAPIVersion."},
	{"supervisor.readLog", "string offset:int length:int", ROLE_VIEW, rpc_mainlog_read,
	    CMD_MAINLOG_OPEN, WAIT_NOT,
	    "Read length bytes of the daemon's log from offset on; length 0 reads to the\n"
	    "end, and a negative offset with length 0 that many bytes before the end."},
	{"supervisor.readMainLog", "string offset:int length:int", ROLE_VIEW,
	    rpc_mainlog_read, CMD_MAINLOG_OPEN, WAIT_NOT, "The old name of readLog."},
	{"supervisor.readProcessLog", "string name:string offset:int length:int", ROLE_VIEW,
	    rpc_log_read_stdout, CMD_LOG_OPEN, WAIT_NOT,
	    "The old name of readProcessStdoutLog."},
	{"supervisor.readProcessStderrLog", "string name:string offset:int length:int",
	    ROLE_VIEW, rpc_log_read_stderr, CMD_LOG_OPEN, WAIT_NOT,
	    "Read a process's standard error log; offset and length as in readLog."},
	{"supervisor.readProcessStdoutLog", "string name:string offset:int length:int",
	    ROLE_VIEW, rpc_log_read_stdout, CMD_LOG_OPEN, WAIT_NOT,
	    "Read a process's standard output log; offset and length as in readLog."},
	{"supervisor.reloadConfig", "array", ROLE_ADMIN, rpc_config_reread,
	    CMD_CONFIG_REREAD, WAIT_NOT,
	    "Read the configuration anew and tell which groups it adds, changes and\n"
	    "removes; they stay as they are until they are added or removed."},
	{"supervisor.removeProcessGroup", "boolean name:string", ROLE_ADMIN,
	    rpc_config_group, CMD_GROUP_REMOVE, WAIT_NOT,
	    "Forget a live group, all of whose processes are stopped."},
	{"supervisor.restart", "boolean", ROLE_ADMIN, rpc_daemon_end, CMD_DAEMON_RESTART,
	    WAIT_NOT, "Stop everything, read the configuration anew, and begin again."},
	{"supervisor.sendProcessStdin", "boolean name:string chars:string", ROLE_OPERATE,
	    rpc_process_stdin, CMD_PROCESS_STDIN, WAIT_NOT,
	    "Write characters, as UTF-8, to the standard input of a process."},
	{"supervisor.sendRemoteCommEvent", "boolean type:string data:string", ROLE_OPERATE,
	    rpc_event_send, CMD_EVENT_SEND, WAIT_NOT,
	    "Send a REMOTE_COMMUNICATION event to the listeners that subscribe to it."},
	{"supervisor.shutdown", "boolean", ROLE_ADMIN, rpc_daemon_end, CMD_DAEMON_SHUTDOWN,
	    WAIT_NOT, "Stop everything and end the daemon."},
	{"supervisor.signalAllProcesses", "array signal:string", ROLE_OPERATE,
	    rpc_all_signal, CMD_ALL_SIGNAL, WAIT_NOT,
	    "Send a signal to every live process."},
	{"supervisor.signalProcess", "boolean name:string signal:string", ROLE_OPERATE,
	    rpc_process_signal, CMD_PROCESS_SIGNAL, WAIT_NOT,
	    "Send a signal, by name or number, to one process; with the name GROUP:* to\n"
	    "a group, whose results are an array."},
	{"supervisor.signalProcessGroup", "array name:string signal:string", ROLE_OPERATE,
	    rpc_process_signal, CMD_GROUP_SIGNAL, WAIT_NOT,
	    "Send a signal to each live process of a group."},
	{"supervisor.startAllProcesses", "array ?wait:boolean", ROLE_OPERATE,
	    rpc_all_control, CMD_ALL_START, WAIT_START,
	    "Start every process that is not running; with wait, answer when each one has\n"
	    "come up or failed."},
	{"supervisor.startProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    rpc_process_control, CMD_PROCESS_START, WAIT_START,
	    "Start one process; with wait, answer when it has come up or failed. With the\n"
	    "name GROUP:* start a group, whose results are an array."},
	{"supervisor.startProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    rpc_process_control, CMD_GROUP_START, WAIT_START,
	    "Start each process of a group that is not running."},
	{"supervisor.stopAllProcesses", "array ?wait:boolean", ROLE_OPERATE,
	    rpc_all_control, CMD_ALL_STOP, WAIT_STOP,
	    "Stop every process; with wait, answer when all have ended."},
	{"supervisor.stopProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    rpc_process_control, CMD_PROCESS_STOP, WAIT_STOP,
	    "Stop one process; with wait, answer when it has ended. With the name GROUP:*\n"
	    "stop a group, whose results are an array."},
	{"supervisor.stopProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    rpc_process_control, CMD_GROUP_STOP, WAIT_STOP,
	    "Stop each process of a group."},
	{"supervisor.tailProcessLog", "array name:string offset:int length:int", ROLE_VIEW,
	    rpc_log_tail_stdout, CMD_LOG_OPEN, WAIT_NOT,
	    "The old name of tailProcessStdoutLog."},
	{"supervisor.tailProcessStderrLog", "array name:string offset:int length:int",
	    ROLE_VIEW, rpc_log_tail_stderr, CMD_LOG_OPEN, WAIT_NOT,
	    "Follow a process's standard error log, as tailProcessStdoutLog does."},
	{"supervisor.tailProcessStdoutLog", "array name:string offset:int length:int",
	    ROLE_VIEW, rpc_log_tail_stdout, CMD_LOG_OPEN, WAIT_NOT,
	    "Follow a process's standard output log: the last length bytes, the offset to\n"
	    "ask for next time, and whether more than length bytes had come."},
	{"system.listMethods", "array", ROLE_STATES, rpc_system_list, CMD_HELLO, WAIT_NOT,
	    "Name every method."},
	{"system.methodHelp", "string name:string", ROLE_STATES, rpc_system_help, CMD_HELLO,
	    WAIT_NOT, "Tell what a method does."},
	{"system.methodSignature", "array name:string", ROLE_STATES, rpc_system_signature,
	    CMD_HELLO, WAIT_NOT, "Name the types of a method's result and parameters."},
	{"system.multicall", "array calls:array", ROLE_STATES, rpc_system_multicall,
	    CMD_HELLO, WAIT_NOT,
	    "Make several calls, given as structs of methodName and params, one after\n"
	    "another. The results are bare values, or structs of faultCode and\n"
	    "faultString."},
};

const struct method *
method_table_all(size_t *count)
{
	*count = nitems(table);
	return table;
}

static int
compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct method *)row)->name);
}

const struct method *
method_table_find(const char *name)
{
	return bsearch(name, table, nitems(table), sizeof(table[0]), compare_name);
}

/* ---- signatures ---- */

/* One word of a signature: "?name:type", or the result's "type". */
struct word {
	const char *name, *type;	/* borrowed, not terminated */
	size_t name_len, type_len;	/* name_len 0: the result */
	bool optional;
};

/* Takes the next word; false at the end. */
static bool
next_word(const char **at, struct word *word)
{
	size_t len = strcspn(*at, " ");
	const char *colon = memchr(*at, ':', len);

	*word = (struct word){ .optional = **at == '?' };
	if (len == 0)
		return false;
	word->name = *at + (word->optional ? 1 : 0);
	word->type = colon != NULL ? colon + 1 : *at;
	word->type_len = len - (size_t)(word->type - *at);
	word->name_len = colon != NULL ? (size_t)(colon - word->name) : 0;
	*at += len;
	*at += strspn(*at, " ");
	return true;
}

json_t *
method_table_signature(const struct method *method)
{
	const char *at = method->signature;
	json_t *types = json_array();
	struct word word;

	while (next_word(&at, &word))
		json_array_append_new(types, json_stringn(word.type, word.type_len));
	return types;
}

void
method_table_arity(const struct method *method, size_t *least, size_t *most)
{
	const char *at = method->signature;
	struct word word;

	*least = *most = 0;
	while (next_word(&at, &word)) {
		if (word.name_len == 0)
			continue;
		*least += word.optional ? 0 : 1;
		*most += 1;
	}
}

static int
append_word(struct buf *out, const struct word *word)
{
	if (word->name_len == 0)
		return 0;
	return buf_printf(out, "@param %.*s %.*s%s\n", (int)word->type_len, word->type,
	    (int)word->name_len, word->name, word->optional ? " (optional)" : "");
}

char *
method_table_help(const struct method *method)
{
	const char *at = method->signature;
	struct word word, result;
	struct buf out;
	char *text;
	int failed;

	buf_init(&out, 0);
	failed = buf_printf(&out, "%s\n\n", method->help);
	next_word(&at, &result);
	while (next_word(&at, &word))
		failed |= append_word(&out, &word);
	failed |= buf_printf(&out, "@return %.*s", (int)result.type_len, result.type);
	text = failed ? NULL : buf_steal(&out);
	if (text == NULL)
		fatal("out of memory for a help text");
	return text;
}
