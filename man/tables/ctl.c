/* Prints the names of the signals. */
#include "common/str.h"
#include "man/tables/mdoc.h"

#include <stdio.h>

int
main(void)
{
	const char *name;

	mdoc_begin("signals by name");
	for (size_t i = 0; (name = str_signal_listed(i)) != NULL; i++)
		printf(".Li %s%s\n", name, str_signal_listed(i + 1) != NULL ? " ," : " .");
	mdoc_end();
	return ferror(stdout) != 0;
}
