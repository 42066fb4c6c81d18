/* Numprocs: the processes of a program-like section, each with the options that may have
 * its process_num. */
#ifndef MASTER_CONFIG_LOAD_NUMPROCS_H
#define MASTER_CONFIG_LOAD_NUMPROCS_H

#include "common/compiler.h"
#include "master/config/load/load_context.h"
#include "master/config/options/option_table.h"

/* The state of reading one section. */
struct conf_numprocs {
	struct conf_load *load;
	const char *section;
	struct expand_names *names;    /* program_name, group_name and so on */
	char **texts;                  /* of each row, expanded; NULL = absent */
	struct program_section values; /* the options of the section as a whole */
};

/* The option's text before its expansion, or its default. */
const char *conf_numprocs_raw(const struct conf_numprocs *, const char *key);
/* Adds the section's processes to the group, sorted. 0, or -1 after conf_load_fail. */
NODISCARD int conf_numprocs_expand(struct conf_numprocs *, struct group_config *);

#endif
