/* Mutate: changes bytes at random, the same way in every run. */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include "tests/unit/rpcd/cases.h"

#include "common/mem.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mutate {
	uint64_t state; /* the seed, not 0 */
};

/* A number below n. */
static inline size_t
mutate_pick(struct mutate *m, size_t n)
{
	m->state ^= m->state << 13;
	m->state ^= m->state >> 7;
	m->state ^= m->state << 17;
	return (size_t)(m->state % n);
}

/* Changes the n bytes, in a buffer of `size`, at a few places; returns their new number. */
static inline size_t
mutate_bytes(struct mutate *m, char *bytes, size_t n, size_t size)
{
	static const char telling[] = "\0\t\r\n -+09:;<>&/\"'\x7f\x80\xff";
	size_t times = 1 + mutate_pick(m, 4);

	for (size_t i = 0; i < times && n > 0; i++) {
		size_t at = mutate_pick(m, n), span = 1 + mutate_pick(m, n - at);

		switch (mutate_pick(m, 5)) {
		case 0:
			bytes[at] = (char)(bytes[at] ^ 1 << mutate_pick(m, 8));
			break;
		case 1:
			bytes[at] = telling[mutate_pick(m, sizeof(telling) - 1)];
			break;
		case 2: /* delete */
			memmove(bytes + at, bytes + at + span, n - at - span);
			n -= span;
			break;
		case 3: /* duplicate */
			if (span > size - n)
				break;
			memmove(bytes + at + span, bytes + at, n - at);
			n += span;
			break;
		default: /* truncate */
			if (mutate_pick(m, 4) == 0)
				n = at;
			break;
		}
	}
	return n;
}

/* Checks the input of a case so many times, with new changes each time. The memory ends
 * with the input. */
static inline void
mutate_case(struct mutate *m, const struct case_files *files, int times,
    void (*check)(const char *bytes, size_t n))
{
	size_t room = 2 * files->input_len + 1;
	char *bytes = xmalloc(room), *exact;

	for (int i = 0; i < times; i++) {
		size_t n = files->input_len;

		memcpy(bytes, files->input, n);
		n = mutate_bytes(m, bytes, n, room);
		exact = xmalloc(n);
		memcpy(exact, bytes, n);
		check(exact, n);
		free(exact);
	}
	free(bytes);
}

#endif
