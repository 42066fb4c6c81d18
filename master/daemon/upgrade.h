/* Upgrade: the daemon executes its binary, or a newer one in its place, under the same pid,
 * and passes on its state: children, their pipes and unread output, sockets and jobs. A
 * trial run (upgrade_trial.h) comes first; when it fails, this daemon continues. */
#ifndef MASTER_DAEMON_UPGRADE_H
#define MASTER_DAEMON_UPGRADE_H

#include "common/compiler.h"
#include "master/master.h"

struct upgrade;

/* Environment variable of the new process: the descriptor of the state document. */
#define UPGRADE_VARIABLE "REEVE_STATE"

/* New; NULL with errno. */
struct upgrade *upgrade_new(struct master *);
void upgrade_free(struct upgrade *); /* NULL is fine */
/* Begins an upgrade; client and id: see daemon_ops.h. A failure is logged. */
void upgrade_begin(struct master *, struct connection *client, uint64_t id);
/* Whether the event loop has ended for an upgrade: call upgrade_execute next. */
bool upgrade_is_due(const struct upgrade *);
/* Executes the binary with the state document. Returns only after a failure, which is
 * reported, and has changed nothing. */
void upgrade_execute(struct upgrade *);
/* In the new process: reads the document from the descriptor (taken) for the next run. 0,
 * or -1 with *why new. */
NODISCARD int upgrade_resume(struct master *, int fd, char **why);
/* The same with the document in master->state. */
NODISCARD int upgrade_accept(struct master *, char **why);

#endif
