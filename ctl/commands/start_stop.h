/* Start stop: the commands start, stop, restart, signal and clear. */
#ifndef CTL_START_STOP_H
#define CTL_START_STOP_H

struct session;

void start_stop_start(struct session *, const char *args);
void start_stop_stop(struct session *, const char *args);
void restart_run(struct session *, const char *args);
void start_stop_signal(struct session *, const char *args);
void start_stop_clear(struct session *, const char *args);

#endif
