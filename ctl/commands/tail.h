/* Logs: tail and maintail. */
#ifndef CTL_TAIL_H
#define CTL_TAIL_H

struct session;

void logs_tail(struct session *, const char *args);
void logs_maintail(struct session *, const char *args);

#endif
