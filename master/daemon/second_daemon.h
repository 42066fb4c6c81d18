/* Second daemon: finds out at the start whether another daemon runs the same configuration
 * file, by a question to the process that listens at the control socket. */
#ifndef MASTER_DAEMON_SECOND_DAEMON_H
#define MASTER_DAEMON_SECOND_DAEMON_H

#include "common/compiler.h"
#include "common/safepath.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#define SECOND_WAIT_MS 3000 /* for its answer */

enum second_daemon_kind {
	SECOND_NONE,		/* no process of ours or root's listens */
	SECOND_SAME,		/* a daemon with the same file */
	SECOND_OTHER,		/* a daemon with another file, or one that names none */
	SECOND_SILENT,		/* a process that does not answer, or is no daemon */
};

struct second_daemon {
	enum second_daemon_kind kind;
	pid_t pid;  /* from its answer, or else from the kernel; 0 = unknown */
	char *file; /* its configuration file; NULL = unknown */
};

/* A lock file next to the control socket, held from before the question until our own
 * socket answers: two daemons that start at the same moment ask one after the other. */
struct second_daemon_lock {
	struct safepath dir;
	struct safepath_id id;
	char name[NAME_MAX + 1];
	int fd; /* -1 = not locked */
};

/* Waits for a limited time while another daemon holds the lock. Without a lock file, two
 * starts at the same moment do not see each other. */
void second_daemon_lock(struct second_daemon_lock *, const char *control_socket);
/* Removes the lock file; does nothing without the lock. */
void second_daemon_unlock(struct second_daemon_lock *);
/* Asks the process that listens at the control socket; blocks for at most SECOND_WAIT_MS.
 * file: the absolute path of our own configuration. */
void second_daemon_find(
    struct second_daemon *, const char *control_socket, const char *file);
void second_daemon_clear(struct second_daemon *);
/* Whether the pidfile has that daemon's pid, or, when that is unknown, the pid of any other
 * process that exists. */
bool second_daemon_has_pidfile(const struct second_daemon *, const char *pidfile);
/* New: the member "config" of the answer to hello, {path, device, inode} of the file that
 * the path has now; NULL if out of memory. */
json_t *second_daemon_identity(const char *file);

#endif
