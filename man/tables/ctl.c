/* Prints the help of the commands, and the signals by name. */
#include "common/str.h"
#include "ctl/commands/command.h"
#include "man/tables/mdoc.h"

#include <stdio.h>
#include <string.h>

/* Lines of usage, tabulators and meaning; a line without a tabulator is a remark. */
static void
print_command(const struct command *command)
{
	for (const char *line = command->help, *end; *line != '\0'; line = end) {
		size_t usage = strcspn(line, "\t\n");
		const char *meaning = line + usage + strspn(line + usage, "\t");

		end = line + strcspn(line, "\n");
		if (line[usage] == '\t')
			printf(".It Li \"%.*s\" Ta %.*s\n", (int)usage, line,
			    (int)(end - meaning), meaning);
		else
			printf(".It Ta %.*s\n", (int)usage, line);
		end += *end == '\n';
	}
}

static void
print_signals(void)
{
	const char *name;

	mdoc_begin("signals by name");
	for (size_t i = 0; (name = str_signal_listed(i)) != NULL; i++)
		printf(".Li %s%s\n", name, str_signal_listed(i + 1) != NULL ? " ," : " .");
	mdoc_end();
}

int
main(void)
{
	const struct command *command;

	mdoc_begin("commands of the tool");
	puts(".Bl -column \"tail -<bytes> <name> [stdout|stderr]\" \"meaning\" -compact");
	for (size_t i = 0; (command = command_get(i)) != NULL; i++)
		print_command(command);
	puts(".El");
	mdoc_end();
	print_signals();
	return ferror(stdout) != 0;
}
