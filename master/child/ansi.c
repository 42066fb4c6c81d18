#include "master/child/ansi.h"

#include <stdbool.h>
#include <string.h>

static const char begin[] = "\033[";
static const char ends[] = "HfABCDRsuJKhlpm";

static bool
is_end(char byte)
{
	return memchr(ends, byte, sizeof(ends) - 1) != NULL;
}

size_t
ansi_strip(char *bytes, size_t n)
{
	char *to = bytes, *from = bytes, *end = bytes + n, *sequence;

	while (from < end) {
		sequence = memmem(from, (size_t)(end - from), begin, sizeof(begin) - 1);
		if (sequence == NULL)
			sequence = end;
		memmove(to, from, (size_t)(sequence - from));
		to += sequence - from;
		from = sequence;
		while (from < end && !is_end(*from))
			from++;
		if (from < end)
			from++;
	}
	return (size_t)(to - bytes);
}
