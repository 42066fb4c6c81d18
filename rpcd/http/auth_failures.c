#include "rpcd/http/auth_failures.h"

#include "common/mem.h"

#include <stdlib.h>

struct guess {
	uint64_t address;
	int64_t until;
};

/* A ring in the order of time. */
struct guesses {
	struct guess ring[GUESSES_MAX];
	size_t first, count;
};

struct guesses *
guesses_new(void)
{
	return xcalloc(1, sizeof(struct guesses));
}

void
guesses_free(struct guesses *guesses)
{
	free(guesses);
}

static struct guess *
guesses_at(struct guesses *guesses, size_t i)
{
	return &guesses->ring[(guesses->first + i) % GUESSES_MAX];
}

bool
guesses_add(struct guesses *guesses, uint64_t address, int64_t now)
{
	size_t same = 0;

	while (guesses->count > 0 && guesses_at(guesses, 0)->until <= now) {
		guesses->first = (guesses->first + 1) % GUESSES_MAX;
		guesses->count--;
	}
	for (size_t i = 0; i < guesses->count; i++)
		same += guesses_at(guesses, i)->address == address;
	if (same >= GUESSES_AN_ADDRESS || guesses->count == GUESSES_MAX)
		return false;
	*guesses_at(guesses, guesses->count++) =
	    (struct guess){.address = address, .until = now + GUESS_DELAY_MS};
	return true;
}
