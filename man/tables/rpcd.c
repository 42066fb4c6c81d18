/* Prints what the method table of the front end says. */
#include "man/tables/mdoc.h"
#include "rpcd/methods/table.h"

#include <stdio.h>

int
main(void)
{
	const struct method_row *methods;
	size_t count;

	methods = method_table_rows(&count);
	mdoc_begin("methods of the API");
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < count; i++) {
		printf(".It Ic %s\n.Li \"%s\" ,\n.Cm %s .\n", methods[i].api.name,
		    methods[i].api.signature, role_name(methods[i].api.role));
		mdoc_text(methods[i].api.help);
	}
	puts(".El");
	mdoc_end();
	return ferror(stdout) != 0;
}
