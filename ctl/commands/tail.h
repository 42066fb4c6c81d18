/* Tail: the commands tail and maintail. */
#ifndef CTL_TAIL_H
#define CTL_TAIL_H

struct session;

void tail_run(struct session *, const char *args);
void tail_main(struct session *, const char *args);

#endif
