/* Rights: the rights of the users of a configuration, and which local users have them on
 * the control socket. */
#ifndef MASTER_CONTROL_RIGHTS_H
#define MASTER_CONTROL_RIGHTS_H

#include "master/config/config.h"
#include "proto/grant.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct rights;

/* New; NULL with ENOMEM. own: the daemon's user, who may do everything, as root may. */
struct rights *rights_new(const struct config *, uid_t own);
void rights_free(struct rights *); /* NULL is fine */
/* The rights of a user; borrowed, NULL = no such user. */
struct grant *rights_of_user(const struct rights *, const char *name);
/* Whether peer_users= is set: if not, every local user has all rights. */
bool rights_have_peers(const struct rights *);
/* Whether rights_of_peer needs the groups of a peer. */
bool rights_need_groups(const struct rights *, uid_t);
/* The rights of a local user, who is a member of these groups; borrowed. */
struct grant *rights_of_peer(
    const struct rights *, uid_t, const gid_t *groups, size_t ngroups);
/* The same for the process at the other end of a Unix socket; no rights when the kernel
 * does not name it. */
struct grant *rights_of_socket(const struct rights *, int fd);

#endif
