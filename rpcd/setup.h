/* Setup: what the master sends a new reeve-rpcd before it confines itself
 * (reeve-protocol(7), "The front end"). */
#ifndef RPCD_SETUP_H
#define RPCD_SETUP_H

#include "common/compiler.h"
#include "common/log.h"
#include "proto/role.h"
#include "rpcd/password.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SETUP_LISTENERS_MAX 256

/* Whose requests a listener serves. */
struct setup_access {
	struct password *password; /* owned; NULL = it demands none: then … */
	enum role local, remote;   /* … the client's machine decides its role */
};

struct setup_listener {
	int fd; /* owned until it is taken, with all else: -1 then */
	bool is_unix;
	struct setup_access access;
	char *names; /* owned: of the server, separated by blanks; NULL = none */
};

struct setup {
	uid_t uid;
	gid_t gid;
	bool strict;
	enum log_level level;
	size_t expected; /* listeners announced */
	size_t count;    /* received */
	struct setup_listener *listeners;
	const _Atomic uint64_t *page; /* mapped, or NULL */
	bool answered;                /* the answer to hello was read */
	bool ended;                   /* setup.end was received */
};

/* Whether memory that jansson frees is wiped first: passwords pass through it. */
void setup_wipe(bool wipe);

/* Reads the answer to hello. 0, or -1 when it breaks the protocol. */
NODISCARD int setup_answer(struct setup *, const json_t *result);
/* Takes a notification. 1 taken, 0 none of ours, -1 malformed or out of place. *fd is -1
 * afterwards when it was taken. */
NODISCARD int setup_take(struct setup *, const char *method, const json_t *params, int *fd);
/* Closes and frees what was not taken, the page excepted. */
void setup_clear(struct setup *);

#endif
