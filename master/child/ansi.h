/* Ansi: takes the escape sequences out of a program's output, as supervisord does. */
#ifndef MASTER_CHILD_ANSI_H
#define MASTER_CHILD_ANSI_H

#include <stddef.h>

/* Removes each ESC [ up to and with the first byte of HfABCDRsuJKhlpm, in place; how many
 * of the n bytes are left. A sequence that does not end takes all the rest, and nothing is
 * remembered from chunk to chunk. */
size_t ansi_strip(char *bytes, size_t n);

#endif
