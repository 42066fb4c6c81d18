#include "rpcd/http/auth_failures.h"

#include "common/mem.h"

#include <stdlib.h>

struct auth_failure {
	uint64_t address;
	int64_t until;
};

/* A ring in the order of time. */
struct auth_failures {
	struct auth_failure ring[AUTH_FAILURES_MAX];
	size_t first, count;
};

struct auth_failures *
auth_failures_new(void)
{
	return xcalloc(1, sizeof(struct auth_failures));
}

void
auth_failures_free(struct auth_failures *auth_failures)
{
	free(auth_failures);
}

static struct auth_failure *
auth_failures_at(struct auth_failures *auth_failures, size_t i)
{
	return &auth_failures->ring[(auth_failures->first + i) % AUTH_FAILURES_MAX];
}

bool
auth_failures_add(struct auth_failures *auth_failures, uint64_t address, int64_t now)
{
	size_t same = 0;

	while (
	    auth_failures->count > 0 && auth_failures_at(auth_failures, 0)->until <= now) {
		auth_failures->first = (auth_failures->first + 1) % AUTH_FAILURES_MAX;
		auth_failures->count--;
	}
	for (size_t i = 0; i < auth_failures->count; i++)
		same += auth_failures_at(auth_failures, i)->address == address;
	if (same >= AUTH_FAILURES_AN_ADDRESS || auth_failures->count == AUTH_FAILURES_MAX)
		return false;
	*auth_failures_at(auth_failures, auth_failures->count++) =
	    (struct auth_failure){.address = address, .until = now + AUTH_DELAY_MS};
	return true;
}
