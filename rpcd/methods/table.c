#include "rpcd/methods/table.h"

#include "common/compiler.h"
#include "rpcd/methods/handlers.h"

#include <stdlib.h>
#include <string.h>

/* Sorted by name: the lookup is a binary search. */
static const struct method_row table[] = {
	{{"supervisor.addProcessGroup", "boolean name:string", ROLE_ADMIN, CMD_GROUP_ADD,
	    "Make a group of the configuration last read live, and start those of its\n"
	    "processes that start by themselves."}, rpc_command, WAIT_NOT},
	{{"supervisor.clearAllProcessLogs", "array", ROLE_OPERATE, CMD_ALL_CLEAR,
	    "Empty both logs of every running process. Those of a stopped one stay."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.clearLog", "boolean", ROLE_OPERATE, CMD_MAINLOG_CLEAR,
	    "Empty the daemon's own log."}, rpc_command, WAIT_NOT},
	{{"supervisor.clearProcessLog", "boolean name:string", ROLE_OPERATE, CMD_LOG_CLEAR,
	    "The old name of clearProcessLogs."}, rpc_command, WAIT_NOT},
	{{"supervisor.clearProcessLogs", "boolean name:string", ROLE_OPERATE, CMD_LOG_CLEAR,
	    "Empty both logs of a running process. Those of a stopped one stay."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.getAPIVersion", "string", ROLE_STATES, CMD_HELLO,
	    "Tell the version of this API."}, rpc_daemon_api_version, WAIT_NOT},
	{{"supervisor.getAllConfigInfo", "array", ROLE_VIEW, CMD_CONFIG_ROWS,
	    "Describe every process of the configuration last read, sorted by name."},
	    rpc_config_all, WAIT_NOT},
	{{"supervisor.getAllProcessInfo", "array", ROLE_STATES, CMD_HELLO,
	    "Describe every process, sorted by group and name."}, rpc_all_info, WAIT_NOT},
	{{"supervisor.getIdentification", "string", ROLE_STATES, CMD_HELLO,
	    "Tell the identifier that the configuration gives."}, rpc_daemon_identification,
	    WAIT_NOT},
	{{"supervisor.getPID", "int", ROLE_STATES, CMD_HELLO,
	    "Tell the process id of the daemon."}, rpc_daemon_pid, WAIT_NOT},
	{{"supervisor.getProcessInfo", "struct name:string", ROLE_STATES, CMD_HELLO,
	    "Describe one process."}, rpc_process_info, WAIT_NOT},
	{{"supervisor.getState", "struct", ROLE_STATES, CMD_HELLO,
	    "Tell the daemon's state, as a number and a name."}, rpc_daemon_state,
	    WAIT_NOT},
	{{"supervisor.getSupervisorVersion", "string", ROLE_STATES, CMD_HELLO,
	    "Tell the version of supervisord whose behaviour is matched."},
	    rpc_daemon_version, WAIT_NOT},
	{{"supervisor.getVersion", "string", ROLE_STATES, CMD_HELLO,
	    "The old name of getAPIVersion."}, rpc_daemon_api_version, WAIT_NOT},
	{{"supervisor.readLog", "string offset:int length:int", ROLE_VIEW, CMD_MAINLOG_OPEN,
	    "Read length bytes of the daemon's log from offset on; length 0 reads to the\n"
	    "end, and a negative offset with length 0 that many bytes before the end."},
	    rpc_mainlog_read, WAIT_NOT},
	{{"supervisor.readMainLog", "string offset:int length:int", ROLE_VIEW,
	    CMD_MAINLOG_OPEN, "The old name of readLog."}, rpc_mainlog_read, WAIT_NOT},
	{{"supervisor.readProcessLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN, "The old name of readProcessStdoutLog."},
	    rpc_log_read, WAIT_NOT},
	{{"supervisor.readProcessStderrLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Read a process's standard error log; offset and length as in readLog."},
	    rpc_log_read, WAIT_NOT},
	{{"supervisor.readProcessStdoutLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Read a process's standard output log; offset and length as in readLog."},
	    rpc_log_read, WAIT_NOT},
	{{"supervisor.reloadConfig", "array", ROLE_ADMIN, CMD_CONFIG_REREAD,
	    "Read the configuration again and tell which groups it adds, changes and\n"
	    "removes; they stay as they are until they are added or removed."},
	    rpc_config_reread, WAIT_NOT},
	{{"supervisor.removeProcessGroup", "boolean name:string", ROLE_ADMIN,
	    CMD_GROUP_REMOVE, "Forget a live group, all of whose processes are stopped."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.restart", "boolean", ROLE_ADMIN, CMD_DAEMON_RESTART,
	    "Stop everything, read the configuration again, and begin from there."},
	    rpc_daemon_end, WAIT_NOT},
	{{"supervisor.sendProcessStdin", "boolean name:string chars:string", ROLE_OPERATE,
	    CMD_PROCESS_STDIN,
	    "Write characters, as UTF-8, to the standard input of a process."},
	    rpc_process_stdin, WAIT_NOT},
	{{"supervisor.sendRemoteCommEvent", "boolean type:string data:string", ROLE_OPERATE,
	    CMD_EVENT_SEND,
	    "Send a REMOTE_COMMUNICATION event to the listeners that subscribe to it."},
	    rpc_event_send, WAIT_NOT},
	{{"supervisor.shutdown", "boolean", ROLE_ADMIN, CMD_DAEMON_SHUTDOWN,
	    "Stop everything and end the daemon."}, rpc_daemon_end, WAIT_NOT},
	{{"supervisor.signalAllProcesses", "array signal:string", ROLE_OPERATE,
	    CMD_ALL_SIGNAL, "Send a signal to every live process."}, rpc_command,
	    WAIT_NOT},
	{{"supervisor.signalProcess", "boolean name:string signal:string", ROLE_OPERATE,
	    CMD_PROCESS_SIGNAL,
	    "Send a signal, by name or number, to one process; with the name GROUP:* to\n"
	    "a group, whose results are an array."}, rpc_command, WAIT_NOT},
	{{"supervisor.signalProcessGroup", "array name:string signal:string", ROLE_OPERATE,
	    CMD_GROUP_SIGNAL, "Send a signal to each live process of a group."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.startAllProcesses", "array ?wait:boolean", ROLE_OPERATE,
	    CMD_ALL_START,
	    "Start every process that is not running; with wait, answer when each one has\n"
	    "come up or failed."}, rpc_command, WAIT_START},
	{{"supervisor.startProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_PROCESS_START,
	    "Start one process; with wait, answer when it has come up or failed. With the\n"
	    "name GROUP:* start a group, whose results are an array."}, rpc_command,
	    WAIT_START},
	{{"supervisor.startProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_GROUP_START, "Start each process of a group that is not running."},
	    rpc_command, WAIT_START},
	{{"supervisor.stopAllProcesses", "array ?wait:boolean", ROLE_OPERATE, CMD_ALL_STOP,
	    "Stop every process; with wait, answer when all have ended."}, rpc_command,
	    WAIT_STOP},
	{{"supervisor.stopProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_PROCESS_STOP,
	    "Stop one process; with wait, answer when it has ended. With the name GROUP:*\n"
	    "stop a group, whose results are an array."}, rpc_command, WAIT_STOP},
	{{"supervisor.stopProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_GROUP_STOP, "Stop each process of a group."}, rpc_command,
	    WAIT_STOP},
	{{"supervisor.tailProcessLog", "array name:string offset:int length:int", ROLE_VIEW,
	    CMD_LOG_OPEN, "The old name of tailProcessStdoutLog."}, rpc_log_tail,
	    WAIT_NOT},
	{{"supervisor.tailProcessStderrLog", "array name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Follow a process's standard error log, as tailProcessStdoutLog does."},
	    rpc_log_tail, WAIT_NOT},
	{{"supervisor.tailProcessStdoutLog", "array name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Follow a process's standard output log: the last length bytes, the offset to\n"
	    "ask for next time, and whether more than length bytes had come."},
	    rpc_log_tail, WAIT_NOT},
	{{"system.listMethods", "array", ROLE_STATES, CMD_HELLO, "Name every method."},
	    rpc_system_list, WAIT_NOT},
	{{"system.methodHelp", "string name:string", ROLE_STATES, CMD_HELLO,
	    "Tell what a method does."}, rpc_system_help, WAIT_NOT},
	{{"system.methodSignature", "array name:string", ROLE_STATES, CMD_HELLO,
	    "Name the types of a method's result and parameters."}, rpc_system_signature,
	    WAIT_NOT},
	{{"system.multicall", "array calls:array", ROLE_STATES, CMD_HELLO,
	    "Make several calls, given as structs of methodName and params, one after\n"
	    "another. The results are bare values, or structs of faultCode and\n"
	    "faultString."}, rpc_system_multicall, WAIT_NOT},
};

static int
table_compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct method_row *)row)->api.name);
}

static bool
table_find(void *ctx UNUSED, const char *name, struct method *method)
{
	const struct method_row *row =
	    bsearch(name, table, nitems(table), sizeof(table[0]), table_compare);

	if (row != NULL)
		*method = (struct method){ &row->api, row->handler, row->wait, 0 };
	return row != NULL;
}

static void
table_list(void *ctx UNUSED, json_t *names)
{
	for (size_t i = 0; i < nitems(table); i++)
		json_array_append_new(names, json_string(table[i].api.name));
}

const struct method_source method_table = { table_find, table_list, NULL };

const struct method_row *
method_table_rows(size_t *count)
{
	*count = nitems(table);
	return table;
}
