/* reeve-verifier: verifies passwords against hashes of crypt(3), which are slow on purpose.
 * reeved starts it with a socket as descriptor 3, and sends its setup, then the users, then
 * requests. It confines itself before it receives a user. */
#include "common/fd.h"
#include "common/helper.h"
#include "common/log.h"
#include "common/loop.h"
#include "common/mem.h"
#include "master/helper/verifier/accounts.h"
#include "master/helper/verifier/confinement.h"
#include "proto/frame.h"
#include "proto/peer/peer.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PROTOCOL 1

struct verifier {
	struct loop *loop;
	struct peer *master;
	bool confined;
	struct accounts *accounts; /* in use */
	struct accounts *incoming; /* since users.begin, until users.end */
	int status;                /* exit status */
};

#ifdef REEVE_SANITIZED
const char *__asan_default_options(void);

/* The leak check would start a thread at exit, which RLIMIT_NPROC forbids. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

/* ---- notifications: 0, or -1 when malformed or unexpected ---- */

static int
verifier_setup(struct verifier *v, json_t *params)
{
	json_int_t protocol, uid, gid;
	const char *confinement, *level;
	struct sandbox sandbox = { .policy = &verifier_policy };
	int number;

	if (v->confined ||
	    json_unpack(params, "{s:I,s:I,s:I,s:b,s:s,s:s}", "protocol", &protocol, "uid",
		&uid, "gid", &gid, "root", &number, "confinement", &confinement, "loglevel",
		&level) == -1 ||
	    protocol != PROTOCOL || uid < 0 || uid >= UINT32_MAX || gid < 0 ||
	    gid >= UINT32_MAX || log_level_parse(level) < 0)
		return -1;
	sandbox.uid = (uid_t)uid;
	sandbox.gid = (gid_t)gid;
	sandbox.is_root = number != 0;
	sandbox.strict = strcmp(confinement, "strict") == 0;
	log_init(helper_log_line, NULL, (enum log_level)log_level_parse(level));
	/* Without its confinement the program must not receive a hash. */
	if (sandbox_enter(&sandbox) == -1)
		exit(EXIT_FAILURE);
	v->confined = true;
	return 0;
}

static int
verifier_begin(struct verifier *v, json_t *params UNUSED)
{
	if (!v->confined)
		return -1;
	accounts_free(v->incoming);
	v->incoming = accounts_new();
	return 0;
}

static int
verifier_user(struct verifier *v, json_t *params)
{
	const char *name, *hash;

	if (v->incoming == NULL ||
	    json_unpack(params, "{s:s,s:s}", "name", &name, "hash", &hash) == -1)
		return -1;
	return accounts_add(v->incoming, name, hash);
}

static int
verifier_end(struct verifier *v, json_t *params UNUSED)
{
	bool first = v->accounts == NULL;

	if (v->incoming == NULL)
		return -1;
	accounts_free(v->accounts);
	v->accounts = v->incoming;
	v->incoming = NULL;
	return first ? peer_notify(v->master, "ready", NULL, -1, 0) : 0;
}

static const struct {
	const char *method;
	int (*handle)(struct verifier *, json_t *params);
} messages[] = {
	{"setup", verifier_setup},
	{"users.begin", verifier_begin},
	{"users.user", verifier_user},
	{"users.end", verifier_end},
};

/* ---- the connection ---- */

static void
verifier_stop(struct verifier *v, int status)
{
	v->status = status;
	loop_stop(v->loop);
}

/* A newer master may send other notifications. */
static void
verifier_on_notification(
    void *ctx, struct peer *peer UNUSED, const char *method, json_t *params, int fd)
{
	struct verifier *v = ctx;

	fd_close(fd);
	for (size_t i = 0; i < nitems(messages); i++)
		if (strcmp(method, messages[i].method) == 0 &&
		    messages[i].handle(v, params) == -1) {
			log_error("the master broke the protocol: %s", method);
			verifier_stop(v, EXIT_FAILURE);
		}
}

static void
verifier_on_request(
    void *ctx, struct peer *peer, uint64_t id, const char *method, json_t *params)
{
	struct verifier *v = ctx;
	const char *user, *password;

	if (strcmp(method, "ping") == 0)
		(void)peer_reply(peer, id, NULL, -1, 0);
	else if (strcmp(method, "verify") != 0)
		(void)peer_fault(
		    peer, id, FAULT_UNKNOWN_METHOD, fault_name(FAULT_UNKNOWN_METHOD), 0);
	else if (v->accounts == NULL ||
	    json_unpack(params, "{s:s,s:s}", "user", &user, "password", &password) == -1)
		(void)peer_fault(peer, id, FAULT_INCORRECT_PARAMETERS,
		    fault_name(FAULT_INCORRECT_PARAMETERS), 0);
	else
		(void)peer_reply(peer, id,
		    json_pack("{s:b}", "ok", accounts_verify(v->accounts, user, password)),
		    -1, 0);
}

static void
verifier_on_closed(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	if (violation)
		log_error("the master broke the protocol: %s", why);
	verifier_stop(ctx, violation ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int
verifier_run(void)
{
	static const struct peer_ops ops = {
	    .request = verifier_on_request,
	    .notification = verifier_on_notification,
	    .closed = verifier_on_closed,
	};
	struct verifier v = { .status = EXIT_SUCCESS };

	helper_begin();
	json_set_alloc_funcs(malloc, mem_wiping_free);
	/* Reads a seed before the confinement. */
	json_object_seed(0);
	v.loop = loop_new();
	v.master = v.loop == NULL ? NULL : peer_new(v.loop, HELPER_SOCKET, &ops, &v);
	if (v.master == NULL)
		fatal("cannot start: %s", strerror(errno));
	peer_options(v.master)->autoflush = true;
	peer_secret(v.master, true);
	if (loop_run(v.loop) == -1)
		fatal("the event loop failed: %s", strerror(errno));
	peer_free(v.master);
	loop_free(v.loop);
	accounts_free(v.accounts);
	accounts_free(v.incoming);
	return v.status;
}

int
main(int argc, char **argv)
{
	return helper_main("reeve-verifier", argc, argv, verifier_run);
}
