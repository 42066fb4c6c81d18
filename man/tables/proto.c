/* Prints what the tables of the wire and of reeve.* say. */
#include "man/tables/mdoc.h"
#include "proto/api.h"
#include "proto/cmd.h"
#include "proto/fault.h"

#include <stdio.h>
#include <string.h>

/* In the order of the columns; R is r that is nobody else's. */
static void
print_marks(unsigned flags)
{
	if ((flags & CMD_RPCD) != 0)
		fputs((flags & CMD_ONLY_RPCD) != 0 ? " R" : " r", stdout);
	if ((flags & CMD_IN_SHUTDOWN) != 0)
		fputs(" s", stdout);
	if ((flags & CMD_IN_FATAL) != 0)
		fputs(" f", stdout);
}

static void
print_method(const struct cmd *cmd)
{
	printf(".It %s Ta %s%sTa %s Ta", cmd->name, cmd->params,
	    cmd->params[0] != '\0' ? " " : "",
	    cmd->role == ROLE_NONE ? "-" : role_name(cmd->role));
	print_marks(cmd->flags);
	printf(" Ta %s\n", cmd->result);
}

static void
print_api(void)
{
	mdoc_begin("methods of reeve");
	puts(".Bl -tag -width Ds");
	for (const struct api_method *m = api_methods; m < api_methods + API_MAX; m++) {
		printf(".It Ic %s\n.Li \"%s\" ,\nrole\n.Cm %s ,\n", m->name, m->signature,
		    role_name(m->role));
		if (m->cmd != CMD_HELLO)
			printf("command\n.Ic %s .\n", cmd_get(m->cmd)->name);
		else
			puts("no command: reeve-rpcd answers by itself.");
		mdoc_text(m->help);
	}
	puts(".El");
	mdoc_end();
	mdoc_begin("members of reeve");
	puts(".Bl -tag -width Ds");
	for (const struct api_member *m = api_members; m < api_members + API_MEMBERS; m++) {
		printf(".It Va %s\n.Pq %s :\n", m->name, api_type_name(m->type));
		mdoc_sentence(m->help);
	}
	puts(".El");
	mdoc_end();
}

int
main(void)
{
	mdoc_begin("methods of the master");
	puts(".Bl -column \"daemon.shutdown\" \"type:s,data:s,?more:t\" \"operate\" "
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
	print_api();
	return ferror(stdout) != 0;
}
