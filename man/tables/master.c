/* Prints what the tables of the daemon say: the options of each section, and the events. */
#include "common/mem.h"
#include "man/tables/mdoc.h"
#include "master/config/event_type.h"
#include "master/config/options/option_table.h"

#include <stdio.h>
#include <stdlib.h>

static void
print_option(const struct conf_option *option)
{
	printf(".It Cm %s Pq %s\n", option->name, option->type->name);
	mdoc_sentence(option->help);
	if ((option->flags & CONF_REQUIRED) != 0)
		puts("Required.");
	if (option->fallback != NULL && option->fallback[0] != '\0')
		printf("Default:\n.Ql %s .\n", option->fallback);
	if ((option->flags & CONF_OURS) != 0)
		puts("Not in supervisord.");
}

static void
print_section(const struct conf_section *section)
{
	char *name = xasprintf("options of %s", section->name);

	mdoc_begin(name);
	puts(".Bl -tag -width Ds");
	for (size_t i = 0; i < section->count; i++)
		print_option(&section->options[i]);
	puts(".El");
	mdoc_end();
	free(name);
}

/* Each kind as far to the right as there are kinds above it. */
static void
print_event(enum event_type type)
{
	int depth = 0;

	for (int above = 0; above < EVENT_TYPE_MAX; above++)
		if (event_type_is(type, (enum event_type)above))
			depth++;
	printf("%*s%s\n", 4 * (depth - 1), "", event_type_name(type));
}

int
main(void)
{
	for (size_t i = 0; i < conf_sections_count; i++)
		print_section(conf_sections[i]);
	mdoc_begin("kinds of event");
	puts(".Bd -literal -offset indent -compact");
	for (int i = 0; i < EVENT_TYPE_MAX; i++)
		print_event((enum event_type)i);
	puts(".Ed");
	mdoc_end();
	return ferror(stdout) != 0;
}
