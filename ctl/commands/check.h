/* Check: the configuration judged by the program that reads it, reeved --check. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

struct session;

void check_file(struct session *, const char *args);

#endif
