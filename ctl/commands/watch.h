/* Watch: status --watch: a picture on the terminal that is kept up to date. */
#ifndef CTL_WATCH_H
#define CTL_WATCH_H

struct session;

/* Runs `draw` now, at every change and each second, on a cleared terminal, until Ctrl-C or
 * until it has ended the command. */
void watch_status(struct session *, void (*draw)(struct session *, void *ctx), void *ctx);

#endif
