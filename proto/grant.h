/* Grant: what one caller may call and see: the role, the programs and the methods of a
 * [user:] section, or only a role. The master and reeve-rpcd decide with the same grants. A
 * grant does not change; it is shared by counting references. */
#ifndef PROTO_GRANT_H
#define PROTO_GRANT_H

#include "common/compiler.h"
#include "proto/api.h"
#include "proto/cmd.h"
#include "proto/role.h"

#include <stdbool.h>
#include <stdint.h>

struct grant;

/* The options of a user, borrowed. Lists end with NULL; NULL as a list: not given. */
struct grant_source {
	const char *user; /* NULL = no configured user */
	enum role role;
	const char *const *programs;     /* not given: all */
	const char *const *methods;      /* patterns of methods that the role lacks */
	const char *const *deny_methods; /* patterns; these win */
};

/* Why a call is refused. */
enum grant_verdict {
	GRANT_OK,
	GRANT_ROLE,      /* needs a higher role */
	GRANT_DENIED,    /* by deny_methods= */
	GRANT_NEEDS_ALL, /* needs programs=all */
};

struct grant *grant_new(const struct grant_source *); /* new; NULL with ENOMEM */
/* Borrowed: a role, all programs, and no user. */
struct grant *grant_of_role(enum role);
struct grant *grant_ref(struct grant *);
void grant_unref(struct grant *);             /* NULL is fine */
const char *grant_user(const struct grant *); /* borrowed; NULL = no configured user */
enum role grant_role(const struct grant *);
/* Whether the caller sees every process; if so, the next two are always true. */
bool grant_sees_all(const struct grant *);
bool grant_sees(const struct grant *, const char *group, const char *name);
/* Whether the caller sees every process that the group can have. */
bool grant_sees_group(const struct grant *, const char *group);
/* The same number for grants that see the same processes; 0 = all. Others may have it only
 * by chance. */
uint64_t grant_sight(const struct grant *);
/* The items of programs=, separated by commas: for a grant that sees the same processes but
 * belongs to no user and has no role. New; *text NULL = all. 0, or -1 with ENOMEM. */
NODISCARD int grant_write_programs(const struct grant *, char **text);
/* New; NULL with ENOMEM. */
struct grant *grant_read_programs(const char *text);
/* Whether both were made from the same options. */
bool grant_equal(const struct grant *, const struct grant *);
/* Whether the caller may call a method. `ceiling` is the highest role that the connection
 * or server allows. A method that is not of proto/api.h belongs to a [rpcinterface:]. */
enum grant_verdict grant_check_method(
    const struct grant *, enum role ceiling, const struct api_method *);
/* Whether the caller may send a command. methods= and deny_methods= hold for the command of
 * the methods that they match. */
enum grant_verdict grant_check_cmd(const struct grant *, enum role ceiling, enum cmd_id);
/* New: the detail of the fault NOT_PERMITTED for a method or command that needs the role:
 * "supervisor.startProcess needs role operate", and the option that would allow it. NULL
 * with ENOMEM. */
char *grant_why(const struct grant *, enum role ceiling, enum grant_verdict,
    const char *name, enum role needed);

#endif
