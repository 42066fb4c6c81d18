/* Operate: start, stop, restart, signal and clear. */
#ifndef CTL_OPERATE_H
#define CTL_OPERATE_H

struct session;

void operate_start(struct session *, const char *args);
void operate_stop(struct session *, const char *args);
void operate_restart(struct session *, const char *args);
void operate_signal(struct session *, const char *args);
void operate_clear(struct session *, const char *args);

#endif
