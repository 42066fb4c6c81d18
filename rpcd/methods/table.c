#include "rpcd/methods/table.h"

#include "common/compiler.h"
#include "rpcd/methods/handlers.h"

#include <stdlib.h>
#include <string.h>

/* In the order of api_supervisor_methods, which has their names, signatures and roles. */
static const struct method_row table[API_SUPERVISOR_METHODS] = {
	{"supervisor.addProcessGroup", rpc_command, WAIT_NOT},
	{"supervisor.clearAllProcessLogs", rpc_command, WAIT_NOT},
	{"supervisor.clearLog", rpc_command, WAIT_NOT},
	{"supervisor.clearProcessLog", rpc_command, WAIT_NOT},
	{"supervisor.clearProcessLogs", rpc_command, WAIT_NOT},
	{"supervisor.getAPIVersion", rpc_daemon_api_version, WAIT_NOT},
	{"supervisor.getAllConfigInfo", rpc_config_all, WAIT_NOT},
	{"supervisor.getAllProcessInfo", rpc_all_info, WAIT_NOT},
	{"supervisor.getIdentification", rpc_daemon_identification, WAIT_NOT},
	{"supervisor.getPID", rpc_daemon_pid, WAIT_NOT},
	{"supervisor.getProcessInfo", rpc_process_info, WAIT_NOT},
	{"supervisor.getState", rpc_daemon_state, WAIT_NOT},
	{"supervisor.getSupervisorVersion", rpc_daemon_version, WAIT_NOT},
	{"supervisor.getVersion", rpc_daemon_api_version, WAIT_NOT},
	{"supervisor.readLog", rpc_mainlog_read, WAIT_NOT},
	{"supervisor.readMainLog", rpc_mainlog_read, WAIT_NOT},
	{"supervisor.readProcessLog", rpc_process_log, WAIT_NOT},
	{"supervisor.readProcessStderrLog", rpc_process_log, WAIT_NOT},
	{"supervisor.readProcessStdoutLog", rpc_process_log, WAIT_NOT},
	{"supervisor.reloadConfig", rpc_config_reread, WAIT_NOT},
	{"supervisor.removeProcessGroup", rpc_command, WAIT_NOT},
	{"supervisor.restart", rpc_daemon_end, WAIT_NOT},
	{"supervisor.sendProcessStdin", rpc_process_stdin, WAIT_NOT},
	{"supervisor.sendRemoteCommEvent", rpc_event_send, WAIT_NOT},
	{"supervisor.shutdown", rpc_daemon_end, WAIT_NOT},
	{"supervisor.signalAllProcesses", rpc_command, WAIT_NOT},
	{"supervisor.signalProcess", rpc_command, WAIT_NOT},
	{"supervisor.signalProcessGroup", rpc_command, WAIT_NOT},
	{"supervisor.startAllProcesses", rpc_command, WAIT_START},
	{"supervisor.startProcess", rpc_command, WAIT_START},
	{"supervisor.startProcessGroup", rpc_command, WAIT_START},
	{"supervisor.stopAllProcesses", rpc_command, WAIT_STOP},
	{"supervisor.stopProcess", rpc_command, WAIT_STOP},
	{"supervisor.stopProcessGroup", rpc_command, WAIT_STOP},
	{"supervisor.tailProcessLog", rpc_process_log, WAIT_NOT},
	{"supervisor.tailProcessStderrLog", rpc_process_log, WAIT_NOT},
	{"supervisor.tailProcessStdoutLog", rpc_process_log, WAIT_NOT},
	{"system.listMethods", rpc_system_list, WAIT_NOT},
	{"system.methodHelp", rpc_system_help, WAIT_NOT},
	{"system.methodSignature", rpc_system_signature, WAIT_NOT},
	{"system.multicall", rpc_system_multicall, WAIT_NOT},
};

static int
table_compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct method_row *)row)->name);
}

static bool
table_find(void *ctx UNUSED, const char *name, struct method *method)
{
	const struct method_row *row =
	    bsearch(name, table, nitems(table), sizeof(table[0]), table_compare);

	if (row != NULL)
		*method = (struct method){ &api_supervisor_methods[row - table],
			row->handler, row->wait, 0 };
	return row != NULL;
}

static void
table_list(void *ctx UNUSED, json_t *names)
{
	for (size_t i = 0; i < nitems(table); i++)
		json_array_append_new(names, json_string(table[i].name));
}

const struct method_source method_table = { table_find, table_list, NULL };

const struct method_row *
method_table_rows(size_t *count)
{
	*count = nitems(table);
	return table;
}
