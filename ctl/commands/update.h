/* Update: the commands reread, update, add, remove and avail. */
#ifndef CTL_UPDATE_H
#define CTL_UPDATE_H

struct session;

void update_reread(struct session *, const char *args);
void update_run(struct session *, const char *args);
void update_add(struct session *, const char *args);
void update_remove(struct session *, const char *args);
void update_avail(struct session *, const char *args);

#endif
