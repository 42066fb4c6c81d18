/* Conf include: [include] files=. */
#ifndef MASTER_CONFIG_INCLUDE_H
#define MASTER_CONFIG_INCLUDE_H

#include "common/compiler.h"
#include "master/config/load.h"

/* Reads what the main file's [include] names into the same ini. 0 or -1. */
NODISCARD int conf_include_read(struct conf_load *);

#endif
