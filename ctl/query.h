/* Query: what is answered from the mirror: status and pid. */
#ifndef CTL_QUERY_H
#define CTL_QUERY_H

struct session;

void query_status(struct session *, const char *args);
void query_pid(struct session *, const char *args);

#endif
