/* Confinement: the limits and system calls of reeve-rpcd. */
#ifndef RPCD_CONFINEMENT_H
#define RPCD_CONFINEMENT_H

#include "common/sandbox/sandbox.h"

#define CONFINEMENT_FILES 16384 /* the limit of descriptors */

extern const struct sandbox_policy confinement_policy;

#endif
