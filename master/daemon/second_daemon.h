/* Second daemon: whether this daemon would be the second one: what listens at its
 * control socket names the configuration file that it runs. */
#ifndef MASTER_DAEMON_SECOND_DAEMON_H
#define MASTER_DAEMON_SECOND_DAEMON_H

#include "common/compiler.h"
#include "common/safepath.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define SECOND_WAIT_MS 3000 /* for an answer */

enum second_daemon_kind {
	SECOND_NONE,		/* nothing of ours or root's listens there */
	SECOND_SAME,		/* a daemon that runs the same file */
	SECOND_OTHER,		/* a daemon that runs another file, or does not name it */
	SECOND_SILENT,		/* it does not answer, or is no daemon */
};

struct second_daemon {
	enum second_daemon_kind kind;
	pid_t pid;  /* its own number for itself, else the kernel's for it;
				 * 0 = unknown */
	char *file; /* that it runs; NULL = unknown */
};

/* A file beside the control socket that another daemon of ours finds locked from our look
 * until our socket answers: two that start at the same moment look one after the other. */
struct second_daemon_lock {
	struct safepath dir;
	struct safepath_id id;
	char name[NAME_MAX + 1];
	int fd; /* -1 = not locked */
};

/* Waits for another daemon's start, for a limited time. Where no file can be made or locked
 * nothing keeps two starts apart. */
void second_daemon_lock(struct second_daemon_lock *, const char *control_socket);
/* Removes the file; does nothing when it is not locked. */
void second_daemon_unlock(struct second_daemon_lock *);
/* Asks what listens at the control socket and waits at most SECOND_WAIT_MS: before the
 * daemon runs. The path of our own file is absolute. */
void second_daemon_look(
    struct second_daemon *, const char *control_socket, const char *file);
void second_daemon_clear(struct second_daemon *);
/* Whether the pidfile holds that daemon's number, or, when it is unknown, that of any
 * process that lives. */
bool second_daemon_has_pidfile(const struct second_daemon *, const char *pidfile);
/* New: the member "config" of the answer to hello, {path, device, inode} of the file as it
 * is now; NULL without memory. */
json_t *second_daemon_identity(const char *file);

#endif
