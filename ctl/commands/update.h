/* Regroup: the configuration read anew and its groups: reread, update, add, remove,
 * avail. */
#ifndef CTL_UPDATE_H
#define CTL_UPDATE_H

struct session;

void regroup_reread(struct session *, const char *args);
void regroup_update(struct session *, const char *args);
void regroup_add(struct session *, const char *args);
void regroup_remove(struct session *, const char *args);
void regroup_avail(struct session *, const char *args);

#endif
