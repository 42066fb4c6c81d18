/* Operate: start, stop, restart, signal and clear. */
#ifndef CTL_START_STOP_H
#define CTL_START_STOP_H

struct session;

void operate_start(struct session *, const char *args);
void operate_stop(struct session *, const char *args);
void operate_restart(struct session *, const char *args);
void operate_signal(struct session *, const char *args);
void operate_clear(struct session *, const char *args);

#endif
