/* Auth failures: counts the requests with wrong credentials that an address has made within
 * the last second. Makes no system calls. */
#ifndef RPCD_HTTP_AUTH_FAILURES_H
#define RPCD_HTTP_AUTH_FAILURES_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_DELAY_MS 1000 /* until a failure is answered and no longer counts */
#define AUTH_FAILURES_AN_ADDRESS 16
#define AUTH_FAILURES_MAX 1024 /* of all addresses of a listener */

/* A ring in the order of time. Zero-initialized. */
struct auth_failures {
	struct {
		uint64_t address;
		int64_t until;
	} ring[AUTH_FAILURES_MAX];
	size_t first, count;
};

/* Counts a failure. True: it is to be answered after AUTH_DELAY_MS; false: there are too
 * many. It also counts when the client disconnects before, so that disconnecting does not
 * allow faster guesses. */
NODISCARD bool auth_failures_add(struct auth_failures *, uint64_t address, int64_t now);

#endif
