/* Setup: the data that the master sends to a new reeve-rpcd before it confines itself
 * (reeve-protocol(7)). */
#ifndef RPCD_SETUP_H
#define RPCD_SETUP_H

#include "common/compiler.h"
#include "common/log.h"
#include "proto/role.h"
#include "rpcd/credentials.h"
#include "rpcd/pages/token.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SETUP_LISTENERS_MAX 256

/* The access to a listener. */
struct setup_access {
	struct credentials *own; /* owned: of username= and password=, or NULL */
	char *username;          /* owned: username=, or NULL */
	bool has_role;           /* unauthenticated_role= is set */
	enum role local, remote; /* without credentials: roles by the client's machine */
	enum role metrics;       /* that /metrics needs; none: no credentials either */
};

struct setup_listener {
	int fd; /* owned; -1 once the listener was taken */
	bool is_unix;
	struct setup_access access;
	char *names;   /* owned: names of the server, separated by blanks; or NULL */
	char *section; /* owned: of the configuration */
};

struct setup {
	uid_t uid;
	gid_t gid;
	bool strict;
	enum log_level level;
	struct token_key form_key;
	enum role max_role; /* that a client of any listener can have */
	size_t expected;    /* listeners announced */
	size_t count;       /* received */
	struct setup_listener *listeners;
	const _Atomic uint64_t *page; /* mapped, or NULL */
	bool answered;                /* the reply to hello was received */
	bool ended;                   /* setup.end was received */
};

/* Whether jansson wipes memory before it frees it, because messages contain passwords. */
void setup_wipe(bool wipe);

/* Reads the reply to hello. 0, or -1 when it breaks the protocol. */
NODISCARD int setup_read_hello(struct setup *, const json_t *result);
/* Handles a notification. 1, 0 for another method, -1 when malformed or unexpected. Sets
 * *fd to -1 when the descriptor was taken. */
NODISCARD int setup_notification(
    struct setup *, const char *method, const json_t *params, int *fd);
void setup_access_clear(struct setup_access *);
/* Closes and frees all listeners that were not taken. The page stays mapped. */
void setup_clear(struct setup *);

#endif
