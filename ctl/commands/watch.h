/* Watch: states as they change: status --watch and events. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

struct session;

/* Runs `draw` now, at every change and each second, on a cleared terminal, until Ctrl-C or
 * until it has ended the command. */
void watch_status(struct session *, void (*draw)(struct session *, void *ctx), void *ctx);
/* Prints a line for each process that changes its state. */
void watch_events(struct session *, const char *args);

#endif
