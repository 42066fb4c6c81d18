/* Prints what the tables of the wire say: the methods of the master, and the faults. */
#include "man/tables/mdoc.h"
#include "proto/cmd.h"
#include "proto/fault.h"

#include <stdio.h>
#include <string.h>

/* "name:s,?more:t", with a blank after each comma. */
static void
print_params(const char *params)
{
	for (; *params != '\0'; params++)
		printf(*params == ',' ? "%c " : "%c", *params);
}

static void
print_method(const struct cmd *cmd)
{
	static const struct {
		enum cmd_flags flag;
		const char *mark;
	} marks[] = {
		{ CMD_RPCD, " r" }, { CMD_IN_SHUTDOWN, " s" }, { CMD_IN_FATAL, " f" },
	};

	printf(".It %s Ta ", cmd->name);
	print_params(cmd->params);
	printf("%sTa %s Ta", cmd->params[0] != '\0' ? " " : "",
	    cmd->role == ROLE_NONE ? "-" : role_name(cmd->role));
	for (size_t i = 0; i < nitems(marks); i++)
		if ((cmd->flags & marks[i].flag) != 0)
			fputs(marks[i].mark, stdout);
	printf(" Ta %s%s\n", cmd->result,
	    (cmd->flags & CMD_ONLY_RPCD) != 0 ? " (reeve-rpcd only)" : "");
}

int
main(void)
{
	mdoc_begin("methods of the master");
	puts(".Bl -column \"daemon.shutdown\" \"type:s, data:s, ?more:t\" \"operate\" "
	    "\"r s f\" \"result\"");
	puts(".It Sy method Ta Sy parameters Ta Sy role Ta Sy marks Ta Sy result");
	for (int id = 0; id < CMD_MAX; id++)
		print_method(cmd_get((enum cmd_id)id));
	puts(".El");
	mdoc_end();
	mdoc_begin("faults");
	puts(".Bl -column \"code\" \"INCORRECT_PARAMETERS\" -compact");
	for (int i = 1; i < 100; i++)
		if (strcmp(fault_name((enum fault)i), "UNKNOWN") != 0)
			printf(".It %d Ta %s\n", i, fault_name((enum fault)i));
	puts(".El");
	mdoc_end();
	return ferror(stdout) != 0;
}
