/* Prints what the tables of the wire and of reeve.* say. */
#include "man/tables/mdoc.h"
#include "proto/api.h"
#include "proto/cmd.h"
#include "proto/fault.h"
#include "proto/stats.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 16
#define PARAMS_WIDTH 24
#define RESULT_COLUMN 56
#define RESULT_WIDTH 21

static const char *const fault_meanings[100] = {
	[FAULT_UNKNOWN_METHOD] = "no such method",
	[FAULT_INCORRECT_PARAMETERS] = "wrong number or type of parameters",
	[FAULT_BAD_ARGUMENTS] = "invalid value, such as an offset",
	[FAULT_SIGNATURE_UNSUPPORTED] = "no signature or help for this name",
	[FAULT_FATAL_STATE] = "the daemon is FATAL",
	[FAULT_SHUTDOWN_STATE] = "the daemon is SHUTDOWN or RESTARTING",
	[FAULT_NOT_PERMITTED] = "the caller may not call the method",
	[FAULT_BAD_NAME] = "no such process or group",
	[FAULT_BAD_SIGNAL] = "no such signal",
	[FAULT_NO_FILE] = "no such log, or command not found",
	[FAULT_NOT_EXECUTABLE] = "the command cannot be executed",
	[FAULT_FAILED] = "another reason, which is in the text",
	[FAULT_ABNORMAL_TERMINATION] = "stopped or removed before it was RUNNING",
	[FAULT_SPAWN_ERROR] = "not spawned, or exited before startsecs",
	[FAULT_ALREADY_STARTED] = "the process runs already",
	[FAULT_NOT_RUNNING] = "the process does not run",
	[FAULT_SUCCESS] = "no fault; in arrays of results",
	[FAULT_ALREADY_ADDED] = "the group is active already",
	[FAULT_STILL_RUNNING] = "a process of the group runs",
	[FAULT_CANT_REREAD] = "the configuration cannot be read",
};

/* R is r that only reeve-rpcd has. */
static void
print_marks(unsigned flags)
{
	const char *rpcd = (flags & CMD_ONLY_RPCD) != 0 ? "R" : "r";

	printf("%-2s%-2s%-2s%-2s", (flags & CMD_RPCD) != 0 ? rpcd : "",
	    (flags & CMD_NEEDS_ALL) != 0 ? "a" : "",
	    (flags & CMD_IN_SHUTDOWN) != 0 ? "s" : "",
	    (flags & CMD_IN_FATAL) != 0 ? "f" : "");
}

/* The result, on several lines where it is long; a line breaks after a blank. */
static void
print_result(const char *text)
{
	size_t n;

	for (; strlen(text) > RESULT_WIDTH; text += n) {
		for (n = RESULT_WIDTH; n > 1 && text[n - 1] != ' '; n--)
			;
		printf("%.*s\n%*s", (int)n - 1, text, RESULT_COLUMN, "");
	}
	puts(text);
}

/* Those of the parameters that fit the column: their length, with the comma at the end. */
static size_t
fitting(const char *params)
{
	size_t n = strlen(params);

	if (n >= PARAMS_WIDTH)
		for (n = PARAMS_WIDTH - 1; n > 1 && params[n - 1] != ','; n--)
			;
	return n;
}

/* More parameters than fit the column are on another line. */
static void
print_method(const struct cmd *cmd)
{
	const char *params = cmd->params;
	size_t n = fitting(params);

	printf("%-*s%-*.*s%-8s", NAME_WIDTH, cmd->name, PARAMS_WIDTH, (int)n, params,
	    cmd->role == ROLE_NONE ? "-" : role_name(cmd->role));
	print_marks(cmd->flags);
	print_result(cmd->result);
	for (params += n; *params != '\0'; params += n) {
		n = fitting(params);
		printf("%*s%.*s\n", NAME_WIDTH, "", (int)n, params);
	}
}

static void
print_api(void)
{
	mdoc_begin("methods of reeve");
	puts(".Bl -tag -width Ds");
	for (const struct api_method *m = api_methods; m < api_methods + API_MAX; m++) {
		printf(".It Ic %s\n.Li \"%s\" ,\nrole\n.Cm %s", m->name, m->signature,
		    role_name(m->role));
		if (m->cmd != CMD_HELLO)
			printf(" ,\ncommand\n.Ic %s", cmd_table[m->cmd].name);
		puts(" .");
		mdoc_text(m->help);
	}
	puts(".El");
	mdoc_end();
	mdoc_begin("members of reeve");
	puts(".Bl -tag -width Ds");
	for (const struct api_member *m = api_members; m < api_members + API_MEMBERS; m++) {
		printf(".It Va %s\n.Pq %s :\n", m->name, api_type_names[m->type]);
		mdoc_sentence(m->help);
	}
	puts(".El");
	mdoc_end();
	mdoc_begin("members of stats");
	puts(".Bl -tag -width Ds");
	for (const struct stats_member *m = stats_members;
	     m < stats_members + STATS_MEMBERS; m++) {
		printf(".It Va %s\n.Pq %s :\n", m->name, stats_type_names[m->type]);
		mdoc_sentence(m->help);
	}
	puts(".El");
	mdoc_end();
}

int
main(void)
{
	mdoc_begin("methods of the master");
	puts(".Bd -literal");
	printf("%-*s%-*s%-8s%-8sresult\n", NAME_WIDTH, "method", PARAMS_WIDTH, "parameters",
	    "role", "marks");
	for (int id = 0; id < CMD_MAX; id++)
		print_method(&cmd_table[id]);
	puts(".Ed");
	mdoc_end();
	mdoc_begin("faults");
	puts(".Bl -column \"code\" \"INCORRECT_PARAMETERS\" \"text\" -compact");
	for (int i = 1; i < 100; i++)
		if (strcmp(fault_name((enum fault)i), "UNKNOWN") != 0)
			printf(".It %d Ta %s Ta %s\n", i, fault_name((enum fault)i),
			    fault_meanings[i]);
	puts(".El");
	mdoc_end();
	print_api();
	return ferror(stdout) != 0;
}
