/* Hash cost: how long the verification of a password takes. */
#ifndef MASTER_CONFIG_VALUES_HASH_COST_H
#define MASTER_CONFIG_VALUES_HASH_COST_H

#include <stdint.h>

#define HASH_COST_MAX_MS 1000
#define HASH_COST_MAX_BYTES (1024 * 1024 * 1024) /* of memory */

/* The processor time, in milliseconds, of one password with the salt and parameters of this
 * hash of crypt(3): measured in a process of its own. -1 = crypt(3) does not know the hash,
 * or it needs more time or memory than the limits. */
int64_t hash_cost_ms(const char *hash);

#endif
