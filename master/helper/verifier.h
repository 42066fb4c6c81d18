/* Verifier: the process reeve-verifier, and the passwords that wait for it. It runs while
 * the configuration has a user whose password is a slow hash. It verifies one password at a
 * time. A password that was verified while the users changed is verified again, so that no
 * answer is older than the users that reeve-rpcd has. */
#ifndef MASTER_HELPER_VERIFIER_H
#define MASTER_HELPER_VERIFIER_H

#include "common/compiler.h"
#include "common/loop.h"
#include "master/child/reaper.h"
#include "master/config/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define VERIFIER_PASSWORD_MAX 511 /* bytes of a password */
#define VERIFIER_PER_CLIENT 8     /* passwords of one client that wait */
#define VERIFIER_WAITING 32       /* of all clients */

struct verifier;

/* matches: whether it is the user's password. failure: NULL, or why that is not known. */
typedef void verifier_fn(void *client, uint64_t id, bool matches, const char *failure);

/* New: the path of the program; see helper_find. */
char *verifier_find(const char *self, char **error);
/* New, without a process. The configuration is borrowed; path: of the program, taken also
 * on failure; NULL = it was not found. NULL with errno. */
struct verifier *verifier_new(
    struct loop *, struct reaper *, const struct config *, char *path_take, verifier_fn *);
void verifier_free(struct verifier *); /* kills the process; NULL is fine */
/* Whether the configuration needs the process. */
bool verifier_is_needed(const struct config *);
/* The run begins, or the users of the configuration have changed: starts or ends the
 * process, or sends it the users. */
void verifier_update(struct verifier *);
/* The result follows by a call of verifier_fn, unless the client is forgotten; the texts
 * are borrowed. NULL; or why the password cannot be verified now. */
NODISCARD const char *verifier_ask(
    struct verifier *, void *client, uint64_t id, const char *user, const char *password);
/* The client is going away. */
void verifier_forget(struct verifier *, const void *client);
/* Called at the end of each loop iteration. */
void verifier_check(struct verifier *);
/* Ends the process; done is called when it has gone, perhaps before this returns. */
void verifier_end(struct verifier *, void (*done)(void *ctx), void *ctx);
/* Whether this is the process. */
bool verifier_has(const struct verifier *, pid_t);

#endif
