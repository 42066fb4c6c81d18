/* Namespec: finds the group and process of "GROUP:PROCESS", "GROUP:*", or a name alone,
 * among those that a caller sees. */
#ifndef MASTER_PROCESS_NAMESPEC_H
#define MASTER_PROCESS_NAMESPEC_H

#include "master/process/group.h"
#include "proto/fault.h"
#include "proto/grant.h"

/* FAULT_NONE with *group, and *process NULL for a whole group; or BAD_NAME. */
enum fault namespec_resolve(const struct groups *, const struct grant *, const char *spec,
    struct group **group, struct process **process);

#endif
