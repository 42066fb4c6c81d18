#include "rpcd/held.h"

#include "common/log.h"

static bool
fits_below(struct held *held, size_t n, size_t most)
{
	if (held->bytes <= most && n <= most - held->bytes)
		return true;
	if (!held->full)
		log_warn("calls are refused: clients leave %zu bytes unread",
		    held->bytes);
	held->full = true;
	return false;
}

bool
held_fits(struct held *held, size_t n)
{
	return fits_below(held, n, HELD_OWN_MAX);
}

bool
held_fits_shared(struct held *held, size_t n)
{
	return fits_below(held, n, HELD_MAX);
}

void
held_add(struct held *held, size_t n)
{
	held->bytes += n;
}

void
held_give(struct held *held, size_t n)
{
	held->bytes -= n;
	if (held->bytes < HELD_MAX / 2)
		held->full = false;
}
