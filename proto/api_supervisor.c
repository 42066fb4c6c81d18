/* The rows of supervisor.* and system.*; those of reeve.* are in api.c. */
#include "proto/api.h"

/* Sorted by name: the lookup is a binary search. */
const struct api_method api_supervisor_methods[API_SUPERVISOR_METHODS] = {
	{"supervisor.addProcessGroup", "boolean name:string", ROLE_ADMIN, CMD_GROUP_ADD,
	    "Add a group of the configuration last read, and start its processes with\n"
	    "autostart=true."},
	{"supervisor.clearAllProcessLogs", "array", ROLE_OPERATE, CMD_ALL_CLEAR,
	    "Empty both logs of every running process. Logs of stopped processes do not\n"
	    "change."},
	{"supervisor.clearLog", "boolean", ROLE_OPERATE, CMD_MAINLOG_CLEAR,
	    "Empty the daemon's own log."},
	{"supervisor.clearProcessLog", "boolean name:string", ROLE_OPERATE, CMD_LOG_CLEAR,
	    "The old name of clearProcessLogs."},
	{"supervisor.clearProcessLogs", "boolean name:string", ROLE_OPERATE, CMD_LOG_CLEAR,
	    "Empty both logs of a running process. Logs of a stopped process do not\n"
	    "change."},
	{"supervisor.getAPIVersion", "string", ROLE_STATES, CMD_HELLO,
	    "Return the version of this API."},
	{"supervisor.getAllConfigInfo", "array", ROLE_VIEW, CMD_CONFIG_ROWS,
	    "Return the options of every process of the configuration last read, sorted\n"
	    "by name."},
	{"supervisor.getAllProcessInfo", "array", ROLE_STATES, CMD_HELLO,
	    "Return the state of every process, sorted by group and name."},
	{"supervisor.getIdentification", "string", ROLE_STATES, CMD_HELLO,
	    "Return the option identifier of the configuration."},
	{"supervisor.getPID", "int", ROLE_STATES, CMD_HELLO,
	    "Return the process id of the daemon."},
	{"supervisor.getProcessInfo", "struct name:string", ROLE_STATES, CMD_HELLO,
	    "Return the state of one process."},
	{"supervisor.getState", "struct", ROLE_STATES, CMD_HELLO,
	    "Return the daemon's state as a number and a name."},
	{"supervisor.getSupervisorVersion", "string", ROLE_STATES, CMD_HELLO,
	    "Return the version of supervisord whose behaviour is matched."},
	{"supervisor.getVersion", "string", ROLE_STATES, CMD_HELLO,
	    "The old name of getAPIVersion."},
	{"supervisor.readLog", "string offset:int length:int", ROLE_VIEW, CMD_MAINLOG_OPEN,
	    "Read length bytes of the daemon's log from offset on. Length 0 reads to the\n"
	    "end. A negative offset with length 0 reads that many bytes at the end."},
	{"supervisor.readMainLog", "string offset:int length:int", ROLE_VIEW,
	    CMD_MAINLOG_OPEN, "The old name of readLog."},
	{"supervisor.readProcessLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN, "The old name of readProcessStdoutLog."},
	{"supervisor.readProcessStderrLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Read a process's standard error log; offset and length as in readLog."},
	{"supervisor.readProcessStdoutLog", "string name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Read a process's standard output log; offset and length as in readLog."},
	{"supervisor.reloadConfig", "array", ROLE_ADMIN, CMD_CONFIG_REREAD,
	    "Read the configuration again and return the names of the groups that were\n"
	    "added, changed and removed in it. Nothing is started or stopped: use\n"
	    "addProcessGroup and removeProcessGroup."},
	{"supervisor.removeProcessGroup", "boolean name:string", ROLE_ADMIN,
	    CMD_GROUP_REMOVE, "Remove a group whose processes are all stopped."},
	{"supervisor.restart", "boolean", ROLE_ADMIN, CMD_DAEMON_RESTART,
	    "Read the configuration again, stop all processes, and start."},
	{"supervisor.sendProcessStdin", "boolean name:string chars:string", ROLE_OPERATE,
	    CMD_PROCESS_STDIN,
	    "Write characters, as UTF-8, to the standard input of a process."},
	{"supervisor.sendRemoteCommEvent", "boolean type:string data:string", ROLE_OPERATE,
	    CMD_EVENT_SEND,
	    "Send a REMOTE_COMMUNICATION event to the listeners that subscribe to it."},
	{"supervisor.shutdown", "boolean", ROLE_ADMIN, CMD_DAEMON_SHUTDOWN,
	    "Stop all processes, then the daemon."},
	{"supervisor.signalAllProcesses", "array signal:string", ROLE_OPERATE,
	    CMD_ALL_SIGNAL, "Send a signal to every running process."},
	{"supervisor.signalProcess", "boolean name:string signal:string", ROLE_OPERATE,
	    CMD_PROCESS_SIGNAL,
	    "Send a signal, given by name or number, to one process. With the name\n"
	    "GROUP:*, send it to all processes of a group and return an array."},
	{"supervisor.signalProcessGroup", "array name:string signal:string", ROLE_OPERATE,
	    CMD_GROUP_SIGNAL, "Send a signal to each running process of a group."},
	{"supervisor.startAllProcesses", "array ?wait:boolean", ROLE_OPERATE,
	    CMD_ALL_START,
	    "Start every process that is not running. With wait, the default, return when\n"
	    "each is RUNNING or has failed."},
	{"supervisor.startProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_PROCESS_START,
	    "Start one process. With wait, the default, return when it is RUNNING or has\n"
	    "failed. With the name GROUP:*, start all processes of a group and return an\n"
	    "array."},
	{"supervisor.startProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_GROUP_START, "Start each process of a group that is not running."},
	{"supervisor.stopAllProcesses", "array ?wait:boolean", ROLE_OPERATE, CMD_ALL_STOP,
	    "Stop every process. With wait, the default, return when all have exited."},
	{"supervisor.stopProcess", "boolean name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_PROCESS_STOP,
	    "Stop one process. With wait, the default, return when it has exited. With\n"
	    "the name GROUP:*, stop all processes of a group and return an array."},
	{"supervisor.stopProcessGroup", "array name:string ?wait:boolean", ROLE_OPERATE,
	    CMD_GROUP_STOP, "Stop each process of a group."},
	{"supervisor.tailProcessLog", "array name:string offset:int length:int", ROLE_VIEW,
	    CMD_LOG_OPEN, "The old name of tailProcessStdoutLog."},
	{"supervisor.tailProcessStderrLog", "array name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Return the end of a process's standard error log, as tailProcessStdoutLog\n"
	    "does."},
	{"supervisor.tailProcessStdoutLog", "array name:string offset:int length:int",
	    ROLE_VIEW, CMD_LOG_OPEN,
	    "Return the last length bytes of a process's standard output log, the offset\n"
	    "for the next call, and whether the log has grown by more than length bytes\n"
	    "since the given offset."},
	{"system.listMethods", "array", ROLE_STATES, CMD_HELLO,
	    "Return the names of all methods."},
	{"system.methodHelp", "string name:string", ROLE_STATES, CMD_HELLO,
	    "Return the help text of a method."},
	{"system.methodSignature", "array name:string", ROLE_STATES, CMD_HELLO,
	    "Return the types of a method's result and parameters."},
	{"system.multicall", "array calls:array", ROLE_STATES, CMD_HELLO,
	    "Make several calls, one after another. Each is a struct of methodName and\n"
	    "params. The result has for each call the value that it returned, or a\n"
	    "struct of faultCode and faultString."},
};
