/* Helper: what the programs that reeved starts, such as reeve-rpcd, have in common: the
 * command line, the descriptors, the signals and the log. */
#ifndef COMMON_HELPER_H
#define COMMON_HELPER_H

#include "common/log.h"

#include <stddef.h>

#define HELPER_SOCKET 3 /* the connection to the master */

/* The function main of the program: calls `run` if reeved has started it. Its status. */
int helper_main(const char *program, int argc, char **argv, int (*run)(void));
/* Logs to standard error; gets a process group of its own; opens missing descriptors 0 to 2
 * and closes all after HELPER_SOCKET; makes the socket and the pipe of the log
 * non-blocking; ignores the signals that end a program. */
void helper_begin(void);
/* For log_init: writes one line, "WARN text", without control characters, which could forge
 * lines. A line that does not fit into the pipe is lost. */
void helper_log_line(void *ctx, enum log_level, const char *text, size_t len);

#endif
