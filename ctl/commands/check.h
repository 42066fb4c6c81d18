/* Check: runs reeved --check on a configuration file. */
#ifndef CTL_CHECK_H
#define CTL_CHECK_H

struct session;

void check_file(struct session *, const char *args);

#endif
