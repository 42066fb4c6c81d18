#include "rpcd/tail/logread.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* Can hold the sum of any two numbers that a client sends. */
typedef __int128 wide;

static int64_t
logread_clamp(wide number, int64_t low, int64_t high)
{
	if (number < low)
		return low;
	return number > high ? high : (int64_t)number;
}

bool
logread_read(int64_t size, int64_t offset, int64_t length, struct logread_range *range)
{
	if (length < 0 || (offset < 0 && length != 0))
		return false;
	if (offset < 0)
		range->offset = logread_clamp((wide)size + offset, 0, size);
	else
		range->offset = logread_clamp(offset, 0, size);
	range->length = size - range->offset;
	if (length > 0)
		range->length = logread_clamp(length, 0, range->length);
	return true;
}

bool
logread_tail(int64_t size, int64_t offset, int64_t length, struct logread_range *range)
{
	wide from = offset, count = length;
	bool overflow = false;

	if (size > from + count) {
		overflow = true;
		from = size - 1;
	}
	if (from + count > size) {
		if (from > size - 1)
			count = 0;
		from = size - count;
	}
	range->offset = logread_clamp(from, 0, size);
	range->length = logread_clamp(count, 0, size - range->offset);
	return overflow;
}

ssize_t
logread_bytes(int fd, int64_t offset, char *out, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(fd, out + done, n - done, offset + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int64_t
logread_size(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	return S_ISREG(st.st_mode) ? st.st_size : 0;
}
