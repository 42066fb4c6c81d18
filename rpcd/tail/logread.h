/* Logread: computes from the size of a log which bytes a read or a tail returns, and reads
 * them. */
#ifndef RPCD_TAIL_LOGREAD_H
#define RPCD_TAIL_LOGREAD_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGREAD_PIECE (64 * 1024) /* bytes of one read */

struct logread_range {
	int64_t offset, length; /* always within the file */
};

/* The range that read…Log(offset, length) returns. False: fault BAD_ARGUMENTS. */
NODISCARD bool logread_read(
    int64_t size, int64_t offset, int64_t length, struct logread_range *);
/* The range that tail…Log(offset, length) returns. The result is the overflow flag. */
bool logread_tail(int64_t size, int64_t offset, int64_t length, struct logread_range *);
/* Reads n bytes, fewer only at the end of the file. Their number, or -1 with errno. */
NODISCARD ssize_t logread_bytes(int fd, int64_t offset, char *out, size_t n);
/* The size of the file, 0 when it is not a regular file (/dev/null), or -1 with errno. */
NODISCARD int64_t logread_size(int fd);

#endif
