/* Config info: a configured process as getAllConfigInfo shows it. */
#ifndef MASTER_CONTROL_CONFIG_INFO_H
#define MASTER_CONTROL_CONFIG_INFO_H

#include "master/config/config.h"
#include "master/process/process.h"

#include <jansson.h>

/* New object with supervisord's members in its order; NULL with ENOMEM. live: the process
 * that has this definition, from which the names of AUTO logs come; NULL = none. inuse: a
 * group of that name is active. Texts that are longer than text_max bytes are cut and end
 * with "...". */
json_t *config_info(
    const struct config_row *, const struct process *live, bool inuse, size_t text_max);

#endif
