#include "rpcd/http/auth_failures.h"

bool
auth_failures_add(struct auth_failures *f, uint64_t address, int64_t now)
{
	size_t same = 0, at;

	for (; f->count > 0 && f->ring[f->first].until <= now; f->count--)
		f->first = (f->first + 1) % AUTH_FAILURES_MAX;
	for (size_t i = 0; i < f->count; i++)
		same += f->ring[(f->first + i) % AUTH_FAILURES_MAX].address == address;
	if (same >= AUTH_FAILURES_AN_ADDRESS || f->count == AUTH_FAILURES_MAX)
		return false;
	at = (f->first + f->count++) % AUTH_FAILURES_MAX;
	f->ring[at].address = address;
	f->ring[at].until = now + AUTH_DELAY_MS;
	return true;
}
