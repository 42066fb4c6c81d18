#include "proto/api.h"

#include "common/compiler.h"
#include "proto/state.h"

#include <stdlib.h>
#include <string.h>

const struct api_method api_methods[API_MAX] = {
	[API_GET_ALL_PROCESS_INFO] = {"reeve.getAllProcessInfo", "array", ROLE_STATES,
	    CMD_HELLO,
	    "Return the state of every process, sorted by group and name, with the\n"
	    "members of reeve.getProcessInfo."},
	[API_GET_ALL_PROCESS_STATS] = {"reeve.getAllProcessStats", "array", ROLE_STATES,
	    CMD_ALL_STATS,
	    "Return what every process uses, sorted by group and name, with the members\n"
	    "of reeve.getProcessStats."},
	[API_GET_PROCESS_INFO] = {"reeve.getProcessInfo", "struct name:string", ROLE_STATES,
	    CMD_HELLO,
	    "Return the state of one process: the members of supervisor.getProcessInfo\n"
	    "and members that supervisord does not have. Fault BAD_NAME: no such process."},
	[API_GET_PROCESS_STATS] = {"reeve.getProcessStats", "struct name:string",
	    ROLE_STATES, CMD_PROCESS_STATS,
	    "Return what one process uses: CPU time, memory, open files, and bytes\n"
	    "written to its logs. Fault BAD_NAME: no such process."},
	[API_RESTART_PROCESSES] = {"reeve.restartProcesses",
	    "array names:array ?wait:boolean", ROLE_OPERATE, CMD_PROCESS_RESTART,
	    "Stop the named processes together, then start them. This goes on to the\n"
	    "end when the client leaves. With wait (the default), return a status struct\n"
	    "for each when it is RUNNING or has failed, as supervisor.startAllProcesses;\n"
	    "else an empty array at once. Fault BAD_NAME: no such process, and nothing\n"
	    "is done."},
};

#define MEMBER(member, type, help) \
	{#member, type, offsetof(struct process_info, member), help}

const struct api_member api_members[API_MEMBERS] = {
	MEMBER(ready, API_BOOLEAN, "whether the program is ready to serve. A program "
	    "without a readiness report is ready in state RUNNING"),
	MEMBER(health, API_HEALTH, "result of the health check: none, starting, healthy "
	    "or unhealthy. It is none for a program without a health check"),
	MEMBER(waiting_for, API_TEXT, "what must happen before the program is spawned. "
	    "It is empty when the program waits for nothing"),
	MEMBER(next_start, API_NUMBER, "time of the next automatic start. It is 0 when "
	    "none is scheduled"),
	MEMBER(restarts, API_NUMBER, "automatic starts since the group was added, not "
	    "counting the first start and starts by a client. Failed attempts count. "
	    "The number never decreases"),
	{"last_exit", API_LAST_EXIT, 0, "the last exit of the program: status or signal, "
	    "time and reason. Before the first exit, the time is 0, the reason is empty, "
	    "and status and signal are absent"},
	MEMBER(paused, API_BOOLEAN, "whether a client has suspended automatic starts"),
};

const char *const api_type_names[API_TYPES] = {
	[API_BOOLEAN] = "boolean",
	[API_NUMBER] = "number",
	[API_TEXT] = "string",
	[API_HEALTH] = "string",
	[API_LAST_EXIT] = "struct",
};

static int
api_compare(const void *name, const void *row)
{
	return strcmp(name, ((const struct api_method *)row)->name);
}

const struct api_method *
api_find(const char *name)
{
	const struct api_method *found = bsearch(name, api_supervisor_methods,
	    API_SUPERVISOR_METHODS, sizeof(api_supervisor_methods[0]), api_compare);

	if (found == NULL)
		found = bsearch(
		    name, api_methods, API_MAX, sizeof(api_methods[0]), api_compare);
	return found;
}

const struct api_method *
api_nth(size_t nth)
{
	if (nth < API_SUPERVISOR_METHODS)
		return &api_supervisor_methods[nth];
	nth -= API_SUPERVISOR_METHODS;
	return nth < API_MAX ? &api_methods[nth] : NULL;
}

const char *
api_other_name(const char *name)
{
	static const char *const pairs[][2] = {
		{ "supervisor.clearProcessLog", "supervisor.clearProcessLogs" },
		{ "supervisor.getVersion", "supervisor.getAPIVersion" },
		{ "supervisor.readMainLog", "supervisor.readLog" },
		{ "supervisor.readProcessLog", "supervisor.readProcessStdoutLog" },
		{ "supervisor.tailProcessLog", "supervisor.tailProcessStdoutLog" },
	};

	for (size_t i = 0; i < nitems(pairs); i++)
		for (size_t which = 0; which < 2; which++)
			if (strcmp(pairs[i][which], name) == 0)
				return pairs[i][1 - which];
	return NULL;
}

size_t
api_number(const struct api_method *method)
{
	if (method >= api_supervisor_methods &&
	    method < api_supervisor_methods + API_SUPERVISOR_METHODS)
		return (size_t)(method - api_supervisor_methods);
	if (method >= api_methods && method < api_methods + API_MAX)
		return (size_t)(method - api_methods) + API_SUPERVISOR_METHODS;
	return API_METHODS;
}
