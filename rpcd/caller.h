/* Caller: who makes a request, what the caller may do and see, and how the master is told.
 * Embedded in the request; texts for the master are made only when they are needed. */
#ifndef RPCD_CALLER_H
#define RPCD_CALLER_H

#include "proto/api.h"
#include "proto/grant.h"
#include "proto/role.h"

#include <jansson.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#define CALLER_FORWARDED_MAX 200 /* bytes of a proxy's header that the master receives */

#define CALLER_NOBODY ((uid_t)-1) /* a uid that is not known */

/* Where a connection comes from. */
struct caller_origin {
	bool is_unix;
	uid_t uid; /* of a Unix socket */
	pid_t pid;
	union {
		struct sockaddr any;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	} address; /* of a TCP socket; AF_UNSPEC = not known */
};

/* How the caller is known. */
enum caller_kind {
	CALLER_UNKNOWN,	/* not yet, or not at all: has no rights */
	CALLER_OPEN,	/* sent no credentials, and the listener needs none */
	CALLER_SERVER,	/* by username= and password= of the listener */
	CALLER_USER,	/* by the credentials of a user of the configuration */
	CALLER_PEER,	/* by the local user of a Unix socket */
};

struct caller {
	enum caller_kind kind;
	struct grant *grant; /* owned reference; NULL only while CALLER_UNKNOWN */
	enum role ceiling;   /* the highest role of a client of the listener */
	/* Borrowed for as long as the request exists. */
	const struct caller_origin *origin;
	const char *section;   /* of the listener */
	const char *username;  /* CALLER_SERVER */
	const char *forwarded; /* header of a proxy that names another client, or NULL */
};

/* Copies the address of a client. */
void caller_set_address(struct caller_origin *, const struct sockaddr *);
/* Sets who the caller is; takes a reference of the grant. */
void caller_identify(struct caller *, enum caller_kind, struct grant *);
void caller_clear(struct caller *);

/* The role that the caller has here. */
enum role caller_role(const struct caller *);
/* The caller's user, or NULL. Borrowed. */
const char *caller_user(const struct caller *);

enum grant_verdict caller_check_method(const struct caller *, const struct api_method *);
enum grant_verdict caller_check_cmd(const struct caller *, enum cmd_id);

/* Whether the caller sees this process. */
bool caller_sees(const struct caller *, const char *group, const char *name);
/* New: the detail of the fault NOT_PERMITTED for a method or command that needs a role. */
char *caller_why(
    const struct caller *, enum grant_verdict, const char *name, enum role needed);

/* New: the member "by" of a command: who calls which method (reeve-protocol(7)). */
json_t *caller_by(const struct caller *, const char *method);

#endif
