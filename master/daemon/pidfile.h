/* Pidfile: written under another name and renamed, so that it is never empty. safepath.h
 * opens it. It is removed only while it is the file that we made. */
#ifndef MASTER_DAEMON_PIDFILE_H
#define MASTER_DAEMON_PIDFILE_H

#include "common/safepath.h"

#include <stdbool.h>

/* Writes "PID\n" and logs "supervisord started with pid N", or logs an error and returns
 * false. *made identifies the new file. Its ino is 0 when the pid was written into what was
 * there: a device, a FIFO, or a file whose directory takes no new ones. */
bool pidfile_write(const char *path, struct safepath_id *made);
/* Removes the path while it is the regular file `made` and holds our pid. */
void pidfile_remove(const char *path, const struct safepath_id *made);

#endif
