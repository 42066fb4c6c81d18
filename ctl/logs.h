/* Logs: tail and maintail. */
#ifndef CTL_LOGS_H
#define CTL_LOGS_H

struct session;

void logs_tail(struct session *, const char *args);
void logs_maintail(struct session *, const char *args);

#endif
