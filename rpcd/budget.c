#include "rpcd/budget.h"

#include "common/log.h"

void
held_init(struct held *held, const char *name, size_t max, size_t max_files)
{
	*held = (struct held){.name = name, .max = max, .max_files = max_files};
}

static bool
fits_below(struct held *held, size_t n, size_t most)
{
	if (held->bytes <= most && n <= most - held->bytes)
		return true;
	log_limited(&held->refused, LEVEL_WARN,
	    "%s: a request was refused: clients leave %zu bytes unread or incomplete",
	    held->name, held->bytes);
	return false;
}

bool
held_fits(struct held *held, size_t n)
{
	return fits_below(held, n, held->max / 4 * 3);
}

bool
held_fits_shared(struct held *held, size_t n)
{
	return fits_below(held, n, held->max);
}

bool
held_presses(const struct held *held)
{
	return held->bytes > held->max / 2;
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
}

bool
held_take_file(struct held *held)
{
	if (held->files < held->max_files) {
		held->files++;
		return true;
	}
	log_limited(&held->refused, LEVEL_WARN,
	    "%s: a log was not opened: clients read %zu logs already", held->name,
	    held->files);
	return false;
}

void
held_give_file(struct held *held)
{
	held->files--;
}
