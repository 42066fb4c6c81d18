/* Prints the methods that reeve-rpcd serves. */
#include "man/tables/mdoc.h"
#include "proto/api.h"

#include <stdio.h>

int
main(void)
{
	const struct api_method *m = api_supervisor_methods;

	mdoc_begin("methods of the API");
	puts(".Bl -tag -width Ds");
	for (; m < api_supervisor_methods + API_SUPERVISOR_METHODS; m++) {
		printf(".It Ic %s\n.Li \"%s\" ,\n.Cm %s .\n", m->name, m->signature,
		    role_name(m->role));
		mdoc_text(m->help);
	}
	puts(".El");
	mdoc_end();
	return ferror(stdout) != 0;
}
