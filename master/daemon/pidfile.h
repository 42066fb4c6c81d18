/* Pidfile: written aside and renamed, so that it is never empty, by the rule of safepath.h;
 * removed only while it is the file that we made. */
#ifndef MASTER_DAEMON_PIDFILE_H
#define MASTER_DAEMON_PIDFILE_H

#include "common/safepath.h"

#include <stdbool.h>

/* Writes "PID\n"; logs "supervisord started with pid N" or the CRIT line. True = written.
 * *made is the new file's, or none when the pid was written to what was there: a device, a
 * FIFO, or a file whose directory takes no new ones. */
bool pidfile_write(const char *path, struct safepath_id *made);
/* Removes the path while it is the regular file `made` with our pid; for none, nothing. */
void pidfile_remove(const char *path, const struct safepath_id *made);

#endif
