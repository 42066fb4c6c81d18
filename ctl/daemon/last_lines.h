/* Last lines: finds where the last lines of a text or a file begin. */
#ifndef CTL_DAEMON_LAST_LINES_H
#define CTL_DAEMON_LAST_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LAST_LINES_MAX (64 * 1024 * 1024) /* bytes that are searched */

/* Sets the offset of the last `lines` lines of the n bytes; a last line without newline
 * counts. False, with offset 0, if there are fewer lines. */
bool last_lines_of_text(const char *text, size_t n, int64_t lines, size_t *offset);
/* Returns the offset of the last lines in a file; it searches at most LAST_LINES_MAX bytes.
 * The file's size if it cannot be read. */
off_t last_lines_of_file(int fd, int64_t lines);

#endif
