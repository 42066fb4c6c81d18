/* Auth failures: wrong credentials of a listener's clients: how many of an address count at
 * present. Decisions only: no system call is made here. */
#ifndef RPCD_HTTP_AUTH_FAILURES_H
#define RPCD_HTTP_AUTH_FAILURES_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_DELAY_MS 1000 /* until one is answered, and counts no longer */
#define AUTH_FAILURES_AN_ADDRESS 16
#define AUTH_FAILURES_MAX 1024 /* of all addresses */

/* Zero at first: a ring in the order of time. */
struct auth_failures {
	struct {
		uint64_t address;
		int64_t until;
	} ring[AUTH_FAILURES_MAX];
	size_t first, count;
};

/* One more from the address. True: it may be answered after AUTH_DELAY_MS; false: there
 * are too many. It counts on when its client leaves, because a client that does not wait
 * for the answer would guess as fast as before. */
NODISCARD bool auth_failures_add(struct auth_failures *, uint64_t address, int64_t now);

#endif
