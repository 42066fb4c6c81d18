#include "master/child/ansi.h"

#include <string.h>

static const char begin[] = "\033[";
static const char ends[] = "HfABCDRsuJKhlpm";

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
		while (from < end && memchr(ends, *from, sizeof(ends) - 1) == NULL)
			from++;
		if (from < end)
			from++;
	}
	return (size_t)(to - bytes);
}
