#include "rpcd/methods/table.h"

#include "common/compiler.h"
#include "rpcd/methods/handlers.h"

#include <stdlib.h>
#include <string.h>

/* Sorted by name: the lookup is a binary search. */
static const struct method_row table[] = {
	{{"supervisor.addProcessGroup", "boolean name:string", ROLE_ADMIN, CMD_GROUP_ADD,
	    "Add a group of the configuration last read, and start its processes with\n"
	    "autostart=true."}, rpc_command, WAIT_NOT},
	{{"supervisor.clearAllProcessLogs", "array", ROLE_OPERATE, CMD_ALL_CLEAR,
	    "Empty both logs of every running process. Logs of stopped processes do not\n"
	    "change."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.clearLog", "boolean", ROLE_OPERATE, CMD_MAINLOG_CLEAR,
	    "Empty the daemon's own log."}, rpc_command, WAIT_NOT},
	{{"supervisor.clearProcessLog", "boolean name:string", ROLE_OPERATE, CMD_LOG_CLEAR,
	    "The old name of clearProcessLogs."}, rpc_command, WAIT_NOT},
	{{"supervisor.clearProcessLogs", "boolean name:string", ROLE_OPERATE, CMD_LOG_CLEAR,
	    "Empty both logs of a running process. Logs of a stopped process do not\n"
	    "change."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.getAPIVersion", "string", ROLE_STATES, CMD_HELLO,
	    "Return the version of this API."}, rpc_daemon_api_version, WAIT_NOT},
	{{"supervisor.getAllConfigInfo", "array", ROLE_VIEW, CMD_CONFIG_ROWS,
	    "Return the options of every process of the configuration last read, sorted\n"
	    "by name."},
	    rpc_config_all, WAIT_NOT},
	{{"supervisor.getAllProcessInfo", "array", ROLE_STATES, CMD_HELLO,
	    "Return the state of every process, sorted by group and name."},
	    rpc_all_info, WAIT_NOT},
	{{"supervisor.getIdentification", "string", ROLE_STATES, CMD_HELLO,
	    "Return the option identifier of the configuration."},
	    rpc_daemon_identification, WAIT_NOT},
	{{"supervisor.getPID", "int", ROLE_STATES, CMD_HELLO,
	    "Return the process id of the daemon."}, rpc_daemon_pid, WAIT_NOT},
	{{"supervisor.getProcessInfo", "struct name:string", ROLE_STATES, CMD_HELLO,
	    "Return the state of one process."}, rpc_process_info, WAIT_NOT},
	{{"supervisor.getState", "struct", ROLE_STATES, CMD_HELLO,
	    "Return the daemon's state as a number and a name."}, rpc_daemon_state,
	    WAIT_NOT},
	{{"supervisor.getSupervisorVersion", "string", ROLE_STATES, CMD_HELLO,
	    "Return the version of supervisord whose behaviour is matched."},
	    rpc_daemon_version, WAIT_NOT},
	{{"supervisor.getVersion", "string", ROLE_STATES, CMD_HELLO,
	    "The old name of getAPIVersion."}, rpc_daemon_api_version, WAIT_NOT},
	{{"supervisor.readLog", "string offset:int length:int", ROLE_VIEW, CMD_MAINLOG_OPEN,
	    "Read length bytes of the daemon's log from offset on. Length 0 reads to the\n"
	    "end. A negative offset with length 0 reads that many bytes at the end."},
	    rpc_mainlog_read, WAIT_NOT},
	{{"supervisor.readMainLog", "string offset:int length:int", ROLE_VIEW,
	    CMD_MAINLOG_OPEN, "The old name of readLog."}, rpc_mainlog_read, WAIT_NOT},
	{{"supervisor.readProcessLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN, "The old name of readProcessStdoutLog."},
	    rpc_process_log, WAIT_NOT},
	{{"supervisor.readProcessStderrLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Read a process's standard error log; offset and length as in readLog."},
	    rpc_process_log, WAIT_NOT},
	{{"supervisor.readProcessStdoutLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Read a process's standard output log; offset and length as in readLog."},
	    rpc_process_log, WAIT_NOT},
	{{"supervisor.reloadConfig", "array", ROLE_ADMIN, CMD_CONFIG_REREAD,
	    "Read the configuration again and return the names of the groups that were\n"
	    "added, changed and removed in it. Nothing is started or stopped: use\n"
	    "addProcessGroup and removeProcessGroup."},
	    rpc_config_reread, WAIT_NOT},
	{{"supervisor.removeProcessGroup", "boolean name:string", ROLE_ADMIN,
	    CMD_GROUP_REMOVE, "Remove a group whose processes are all stopped."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.restart", "boolean", ROLE_ADMIN, CMD_DAEMON_RESTART,
	    "Read the configuration again, stop all processes, and start."},
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
	    "Stop all processes, then the daemon."}, rpc_daemon_end, WAIT_NOT},
	{{"supervisor.signalAllProcesses", "array signal:string", ROLE_OPERATE,
	    CMD_ALL_SIGNAL, "Send a signal to every running process."}, rpc_command,
	    WAIT_NOT},
	{{"supervisor.signalProcess", "boolean name:string signal:string", ROLE_OPERATE,
	    CMD_PROCESS_SIGNAL,
	    "Send a signal, given by name or number, to one process. With the name\n"
	    "GROUP:*, send it to all processes of a group and return an array."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.signalProcessGroup", "array name:string signal:string", ROLE_OPERATE,
	    CMD_GROUP_SIGNAL, "Send a signal to each running process of a group."},
	    rpc_command, WAIT_NOT},
	{{"supervisor.startAllProcesses", "array ?wait:boolean", ROLE_OPERATE,
	    CMD_ALL_START,
	    "Start every process that is not running. With wait, the default, return when\n"
	    "each is RUNNING or has failed."}, rpc_command, WAIT_START},
	{{"supervisor.startProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_PROCESS_START,
	    "Start one process. With wait, the default, return when it is RUNNING or has\n"
	    "failed. With the name GROUP:*, start all processes of a group and return an\n"
	    "array."},
	    rpc_command, WAIT_START},
	{{"supervisor.startProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_GROUP_START, "Start each process of a group that is not running."},
	    rpc_command, WAIT_START},
	{{"supervisor.stopAllProcesses", "array ?wait:boolean", ROLE_OPERATE, CMD_ALL_STOP,
	    "Stop every process. With wait, the default, return when all have exited."},
	    rpc_command, WAIT_STOP},
	{{"supervisor.stopProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_PROCESS_STOP,
	    "Stop one process. With wait, the default, return when it has exited. With\n"
	    "the name GROUP:*, stop all processes of a group and return an array."},
	    rpc_command, WAIT_STOP},
	{{"supervisor.stopProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_GROUP_STOP, "Stop each process of a group."}, rpc_command,
	    WAIT_STOP},
	{{"supervisor.tailProcessLog", "array name:string offset:int length:int", ROLE_VIEW,
	    CMD_LOG_OPEN, "The old name of tailProcessStdoutLog."}, rpc_process_log,
	    WAIT_NOT},
	{{"supervisor.tailProcessStderrLog", "array name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Return the end of a process's standard error log, as tailProcessStdoutLog\n"
	    "does."},
	    rpc_process_log, WAIT_NOT},
	{{"supervisor.tailProcessStdoutLog", "array name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Return the last length bytes of a process's standard output log, the offset\n"
	    "for the next call, and whether the log has grown by more than length bytes\n"
	    "since the given offset."},
	    rpc_process_log, WAIT_NOT},
	{{"system.listMethods", "array", ROLE_STATES, CMD_HELLO,
	    "Return the names of all methods."},
	    rpc_system_list, WAIT_NOT},
	{{"system.methodHelp", "string name:string", ROLE_STATES, CMD_HELLO,
	    "Return the help text of a method."}, rpc_system_help, WAIT_NOT},
	{{"system.methodSignature", "array name:string", ROLE_STATES, CMD_HELLO,
	    "Return the types of a method's result and parameters."}, rpc_system_signature,
	    WAIT_NOT},
	{{"system.multicall", "array calls:array", ROLE_STATES, CMD_HELLO,
	    "Make several calls, one after another. Each is a struct of methodName and\n"
	    "params. The result has for each call the value that it returned, or a\n"
	    "struct of faultCode and faultString."}, rpc_system_multicall, WAIT_NOT},
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
