/* Log target: opens the path of a log, for writing or for a reader, by the rule of
 * safepath.h: a file, a FIFO, a device, or an inherited descriptor. */
#ifndef MASTER_LOG_LOGTARGET_H
#define MASTER_LOG_LOGTARGET_H

#include "common/compiler.h"
#include "common/safepath.h"
#include "master/log/nonblocking_writer.h"

#include <sys/stat.h>

/* Opens for appending, creating with 0666 & ~umask. A FIFO is opened for reading as well,
 * so that nothing waits for a reader. 0 and *out (owned) with its fstat; or -1 with errno,
 * and `why` receives SAFEPATH_WHY bytes. */
NODISCARD int logtarget_open(
    const char *path, struct nonblocking_writer *out, struct stat *, char *why);

/* Opens a log for a reader: only a regular file or /dev/null. The descriptor
 * (O_RDONLY|O_NONBLOCK|O_NOCTTY|O_CLOEXEC), or -1 with errno. */
NODISCARD int logtarget_open_for_reader(const char *path);

#endif
