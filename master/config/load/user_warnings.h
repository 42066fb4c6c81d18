/* User warnings: findings about [user:NAME] sections and peer_users=. */
#ifndef MASTER_CONFIG_LOAD_USER_WARNINGS_H
#define MASTER_CONFIG_LOAD_USER_WARNINGS_H

#include "master/config/user_config.h"

#include <sys/stat.h>

struct conf_load;

/* Warns if everybody can read the file that has the user's password as text. */
void conf_warn_plain_password(struct conf_load *, const struct user_config *);
/* Warns if others can read the password file, whose fstat this is. */
void conf_warn_password_file(
    struct conf_load *, const struct user_config *, const struct stat *);
/* Warns, when all is read, of names that nothing has and of users who cannot log in. */
void conf_warn_users(struct conf_load *);

#endif
