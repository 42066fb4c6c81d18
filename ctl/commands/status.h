/* Status: the commands status, pid and version. */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

struct session;

void status_run(struct session *, const char *args);
void status_pid(struct session *, const char *args);
void status_version(struct session *, const char *args);

#endif
