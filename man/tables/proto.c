/* Prints what the tables of the wire and of reeve.* say. */
#include "man/tables/mdoc.h"
#include "proto/api.h"
#include "proto/cmd.h"
#include "proto/fault.h"

#include <stdio.h>
#include <string.h>

#define RESULT_COLUMN 52
#define RESULT_WIDTH 23

/* R is r that only reeve-rpcd has. */
static void
print_marks(unsigned flags)
{
	const char *rpcd = (flags & CMD_ONLY_RPCD) != 0 ? "R" : "r";

	printf("%-2s%-2s%-2s", (flags & CMD_RPCD) != 0 ? rpcd : "",
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

static void
print_method(const struct cmd *cmd)
{
	printf("%-16s%-22s%-8s", cmd->name, cmd->params,
	    cmd->role == ROLE_NONE ? "-" : role_name(cmd->role));
	print_marks(cmd->flags);
	print_result(cmd->result);
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
}

int
main(void)
{
	mdoc_begin("methods of the master");
	puts(".Bd -literal");
	printf("%-16s%-22s%-8s%-6sresult\n", "method", "parameters", "role", "marks");
	for (int id = 0; id < CMD_MAX; id++)
		print_method(&cmd_table[id]);
	puts(".Ed");
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
