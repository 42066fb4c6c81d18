/* Last lines: where the last lines of a text or of a file begin. */
#ifndef CTL_LAST_LINES_H
#define CTL_LAST_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LAST_LINES_MAX (64 * 1024 * 1024) /* bytes that are looked through */

/* The offset where the last lines of the n bytes begin. False when there are not so many:
 * then it is 0. A last line without its newline counts. */
bool last_lines_of_text(const char *text, size_t n, int64_t lines, size_t *offset);
/* The same of a file as it is now; of LAST_LINES_MAX bytes all when there are fewer lines.
 * Its size when it cannot be read. */
off_t last_lines_of_file(int fd, int64_t lines);

#endif
