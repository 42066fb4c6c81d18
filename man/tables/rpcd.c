/* Prints what the method table of the front end says. */
#include "man/tables/mdoc.h"
#include "rpcd/methods/table.h"

#include <stdio.h>

int
main(void)
{
	const struct method *methods;
	size_t count;

	methods = method_table_all(&count);
	mdoc_begin("methods of the API");
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < count; i++) {
		printf(".It Ic %s\n.Li \"%s\" ,\n.Cm %s .\n", methods[i].name,
		    methods[i].signature, role_name(methods[i].role));
		mdoc_text(methods[i].help);
	}
	puts(".El");
	mdoc_end();
	return ferror(stdout) != 0;
}
