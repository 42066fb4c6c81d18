/* Fd store: pipes of the programs that the service manager keeps (sd_notify(3), FDSTORE=1),
 * so that they stay open while no daemon runs. Nothing here blocks; what the manager does
 * not accept in time is not stored. */
#ifndef MASTER_SURVIVORS_FDSTORE_H
#define MASTER_SURVIVORS_FDSTORE_H

#include "common/compiler.h"
#include "common/loop.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FDSTORE_NAME "pipes-" /* of descriptors, followed by the pid of the process */

struct fdstore;

/* What the manager passes at the start of the process: the variables LISTEN_PID, LISTEN_FDS
 * and LISTEN_FDNAMES, NULL = not set; `ours` is our pid. Comes before other descriptors are
 * opened, because those that are passed have low numbers. New; NULL with ENOMEM. */
struct fdstore *fdstore_receive(
    const char *pid, const char *count, const char *names, pid_t ours);
/* address: the value of NOTIFY_SOCKET, and size that of FDSTORE, the number of descriptors
 * that it stores. Without both nothing is stored. 0, or -1 with errno. */
NODISCARD int fdstore_begin(
    struct fdstore *, struct loop *, const char *address, const char *size);
void fdstore_free(struct fdstore *); /* NULL is fine */

/* The descriptor of the pipe with this inode and access mode (O_RDONLY or O_WRONLY), which
 * the caller closes; -1 = none was stored. */
int fdstore_take(struct fdstore *, uint64_t pipe, int mode);
/* Closes what was received and not taken, and removes it from the store. */
void fdstore_forget_rest(struct fdstore *);
/* Stores descriptors of a process, -1 = none; and removes them. */
void fdstore_put(struct fdstore *, pid_t, const int *fds, size_t count);
void fdstore_remove(struct fdstore *, pid_t);

#endif
