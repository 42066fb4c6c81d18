#include "rpcd/http/verify.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "rpcd/http/suspend.h"

#include <stdlib.h>
#include <string.h>

struct http_verification {
	TAILQ_ENTRY(http_verification) link;
	struct http_endpoint *endpoint;
	struct access_given given; /* owned */
	uint64_t address;          /* of the first client */
	uint64_t request;          /* id of the request to the master */
	int tries;
	TAILQ_HEAD(, http_request) waiting; /* may be empty */
};

static void
verify_free(struct http_verification *v)
{
	struct http_endpoint *e = v->endpoint;

	if (v->request != 0 && e->rpcd->master != NULL)
		peer_forget(e->rpcd->master, v->request);
	TAILQ_REMOVE(&e->verifications, v, link);
	access_given_clear(&v->given);
	free(v);
}

/* Ends the verification: the callers have this grant (NULL = the credentials are wrong), or
 * are refused with the status. */
static void
verify_settle(struct http_verification *v, int status, struct grant *grant)
{
	struct http_request *r;

	if (status == 0 && grant == NULL && TAILQ_EMPTY(&v->waiting))
		(void)http_auth_failed(v->endpoint, v->address);
	while ((r = TAILQ_FIRST(&v->waiting)) != NULL) {
		TAILQ_REMOVE(&v->waiting, r, verify_link);
		r->verification = NULL;
		r->verified = true;
		r->status = status;
		if (status == 0 && grant != NULL) {
			caller_identify(&r->caller, CALLER_USER, grant);
		} else if (status == 0) {
			r->auth_failed = true;
			r->status = 401;
		}
		http_resume(r->client);
	}
	verify_free(v);
}

static void verify_on_reply(
    void *ctx, enum fault, const char *message, json_t *result, int fd);

/* False: the request cannot be sent. */
static bool
verify_send(struct http_verification *v)
{
	const struct rpcd *rpcd = v->endpoint->rpcd;
	size_t name = strlen(v->given.text);
	json_t *params;

	if (rpcd->master == NULL || rpcd->ending)
		return false;
	params = json_pack("{s:s%, s:s%}", "user", v->given.text, name, "password",
	    v->given.text + name + 1, v->given.len - name - 1);
	mem_must(params != NULL ? 0 : -1);
	v->request =
	    peer_call(rpcd->master, "auth.verify", params, false, verify_on_reply, v);
	return v->request != 0;
}

/* The users have changed while the master verified the credentials for the table before. */
static void
verify_again(struct http_verification *v)
{
	struct http_request *r = TAILQ_FIRST(&v->waiting);
	struct access_rules rules;
	enum access_result result;

	if (r == NULL) {
		verify_free(v);
		return;
	}
	rules = http_access_rules(v->endpoint);
	result = access_check_again(&rules, &r->caller, &v->given);
	if (result != ACCESS_UNVERIFIED)
		verify_settle(v, 0, result == ACCESS_OK ? r->caller.grant : NULL);
	else if (++v->tries > HTTP_VERIFY_TRIES || !verify_send(v))
		verify_settle(v, 503, NULL);
}

static void
verify_on_reply(
    void *ctx, enum fault fault, const char *message UNUSED, json_t *result, int fd)
{
	struct http_verification *v = ctx;
	struct users *users = v->endpoint->rpcd->users;
	struct grant *grant = NULL;

	fd_close(fd);
	v->request = 0;
	if (fault != FAULT_NONE) {
		verify_settle(v, 503, NULL);
	} else if (v->given.version != users_version(users)) {
		verify_again(v);
	} else {
		if (json_is_true(json_object_get(result, "ok")))
			grant = users_accept(
			    users, v->given.version, v->given.text, &v->given.digest);
		verify_settle(v, 0, grant);
	}
}

/* The verification of these credentials, or NULL. *full: another one cannot begin. */
static struct http_verification *
verify_find(const struct http_request *r, const struct access_given *given, bool *full)
{
	struct http_verification *v;
	size_t all = 0, same = 0;

	TAILQ_FOREACH(v, &r->endpoint->verifications, link) {
		if (v->given.version == given->version &&
		    memcmp(&v->given.digest, &given->digest, sizeof(given->digest)) == 0)
			return v;
		all++;
		same += v->address == r->client->address;
	}
	*full = all >= HTTP_VERIFY_MAX || same >= HTTP_VERIFY_AN_ADDRESS;
	return NULL;
}

int
http_verify(struct http_request *r, struct access_given *given)
{
	struct http_endpoint *e = r->endpoint;
	bool full = false;
	struct http_verification *v = verify_find(r, given, &full);

	if (v == NULL && full) {
		access_given_clear(given);
		return -1;
	}
	if (v != NULL) {
		access_given_clear(given);
	} else {
		v = xcalloc(1, sizeof(*v));
		v->endpoint = e;
		v->given = *given;
		v->address = r->client->address;
		TAILQ_INIT(&v->waiting);
		TAILQ_INSERT_TAIL(&e->verifications, v, link);
		if (!verify_send(v)) {
			verify_free(v);
			return -1;
		}
	}
	r->verification = v;
	r->verify_ms = clock_mono_ms();
	TAILQ_INSERT_TAIL(&v->waiting, r, verify_link);
	conn_enter(&r->client->state, CONN_BUSY, e->now);
	http_suspend(r->client, http_verify_abandon, r);
	return 0;
}

void
http_verify_abandon(void *request)
{
	struct http_request *r = request;

	if (r->verification != NULL)
		TAILQ_REMOVE(&r->verification->waiting, r, verify_link);
	r->verification = NULL;
}

void
http_verify_end(struct http_endpoint *e)
{
	struct http_verification *v;

	while ((v = TAILQ_FIRST(&e->verifications)) != NULL)
		verify_settle(v, 503, NULL); /* NOLINT(clang-analyzer-unix.Malloc) */
}
