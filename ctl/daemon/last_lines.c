#include "ctl/daemon/last_lines.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LAST_LINES_PIECE (64 * 1024) /* bytes read at once */

/* Searches the n bytes backwards and decrements *left at each newline. True when it becomes
 * 0, with the offset after that newline. */
static bool
last_lines_count_back(const char *bytes, size_t n, int64_t *left, size_t *offset)
{
	const char *newline;

	while (n > 0 && (newline = memrchr(bytes, '\n', n)) != NULL) {
		n = (size_t)(newline - bytes);
		if (--*left == 0) {
			*offset = n + 1;
			return true;
		}
	}
	return false;
}

bool
last_lines_of_text(const char *text, size_t n, int64_t lines, size_t *offset)
{
	size_t before = n > 0 && text[n - 1] == '\n' ? n - 1 : n;

	*offset = n;
	if (lines <= 0 || last_lines_count_back(text, before, &lines, offset))
		return true;
	*offset = 0;
	return false;
}

off_t
last_lines_of_file(int fd, int64_t lines)
{
	char *piece = xmalloc(LAST_LINES_PIECE);
	struct stat st;
	off_t size = fstat(fd, &st) == 0 ? st.st_size : 0, at = size;
	off_t least = size > LAST_LINES_MAX ? size - LAST_LINES_MAX : 0;
	size_t offset;
	bool found = lines <= 0;

	while (!found && at > least) {
		off_t from = at - least > LAST_LINES_PIECE ? at - LAST_LINES_PIECE : least;
		ssize_t n = pread(fd, piece, (size_t)(at - from), from);

		/* The file was truncated meanwhile: begins at its old end. */
		if (n != at - from) {
			at = size;
			break;
		}
		if (at == size && piece[n - 1] == '\n')
			n--;
		found = last_lines_count_back(piece, (size_t)n, &lines, &offset);
		at = from + (found ? (off_t)offset : 0);
	}
	free(piece);
	return at;
}
