/* Confinement: the limits and system calls of reeve-verifier. */
#ifndef MASTER_HELPER_VERIFIER_CONFINEMENT_H
#define MASTER_HELPER_VERIFIER_CONFINEMENT_H

#include "common/sandbox/sandbox.h"

extern const struct sandbox_policy verifier_policy;

#endif
