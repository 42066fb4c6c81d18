/* Ansi: removes escape sequences from a program's output, as supervisord does. */
#ifndef MASTER_CHILD_ANSI_H
#define MASTER_CHILD_ANSI_H

#include <stddef.h>

/* Removes, in place, each ESC [ up to and including the first byte of HfABCDRsuJKhlpm, or
 * up to the end if no such byte follows. Returns how many of the n bytes are left. Nothing
 * is remembered for the next chunk. */
size_t ansi_strip(char *bytes, size_t n);

#endif
