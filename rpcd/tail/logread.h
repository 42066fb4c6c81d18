/* Logread: which bytes of a log a read or a tail is about, and
 * getting them. The ranges are pure functions of the file's size. */
#ifndef RPCD_TAIL_LOGREAD_H
#define RPCD_TAIL_LOGREAD_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LOGREAD_PIECE (64 * 1024) /* bytes read at once */

struct logread_range {
	int64_t offset, length; /* always within the file */
};

/* What read…Log(offset, length) gives of a file of this size. False: BAD_ARGUMENTS. */
NODISCARD bool logread_read(
    int64_t size, int64_t offset, int64_t length, struct logread_range *);
/* What tail…Log(offset, length) gives; returns the overflow flag. */
bool logread_tail(int64_t size, int64_t offset, int64_t length, struct logread_range *);
/* pread until n bytes or the end of the file: how many, or -1. */
NODISCARD ssize_t logread_bytes(int fd, int64_t offset, char *out, size_t n);
/* Bytes in the file now, or -1; what is no regular file (/dev/null) is empty. */
NODISCARD int64_t logread_size(int fd);

#endif
