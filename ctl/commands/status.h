/* Query: what is only asked: status, pid, version. */
#ifndef CTL_STATUS_H
#define CTL_STATUS_H

struct session;

void query_status(struct session *, const char *args);
void query_pid(struct session *, const char *args);
void query_version(struct session *, const char *args);

#endif
