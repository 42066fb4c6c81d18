/* Prints the methods and the metrics that reeve-rpcd serves. */
#include "man/tables/mdoc.h"
#include "proto/api.h"
#include "rpcd/metrics/metrics.h"
#include "rpcd/metrics/text.h"

#include <stdio.h>
#include <string.h>

static void
rpcd_metrics(const char *name, const struct metric *(*nth)(size_t))
{
	const struct metric *metric;
	const char *last = "";

	mdoc_begin(name);
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; (metric = nth(i)) != NULL; i++) {
		if (strcmp(metric->name, last) == 0)
			continue;
		last = metric->name;
		printf(".It Li %s\n", metric->name);
		mdoc_sentence(metric->help);
	}
	puts(".El");
	mdoc_end();
}

static void
rpcd_methods(void)
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
}

int
main(void)
{
	rpcd_methods();
	rpcd_metrics("metrics of the daemon", metrics_nth);
	rpcd_metrics("metrics of programs", metrics_program_nth);
	rpcd_metrics("metrics of calls", metrics_rpc_nth);
	return ferror(stdout) != 0;
}
