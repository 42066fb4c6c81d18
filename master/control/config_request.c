#include "master/control/config_request.h"

#include "common/fail.h"
#include "common/queue.h"

#include <errno.h>
#include <stdlib.h>

struct config_request {
	TAILQ_ENTRY(config_request) in_list;
	enum config_request_kind kind;
	bool taken; /* a reading for it has begun */
	config_request_fn *fn;
	struct connection *client;
	uint64_t id;
	json_t *params;
};

TAILQ_HEAD(config_request_list, config_request);

struct config_requests {
	struct master *master;
	void (*begin)(struct master *, enum config_request_kind);
	struct config_request_list list; /* in order of arrival */
};

struct config_requests *
config_requests_new(
    struct master *master, void (*begin)(struct master *, enum config_request_kind))
{
	struct config_requests *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->master = master;
	all->begin = begin;
	TAILQ_INIT(&all->list);
	return all;
}

static void
config_request_free(struct config_request *request)
{
	json_decref(request->params);
	free(request);
}

void
config_requests_free(struct config_requests *all)
{
	struct config_request *request, *next;

	if (all == NULL)
		return;
	TAILQ_FOREACH_SAFE(request, &all->list, in_list, next)
		config_request_free(request);
	free(all);
}

/* Requests of clients that have gone count as well: a client could add many and leave. */
static bool
config_requests_is_full(const struct config_requests *all, const struct connection *client)
{
	const struct config_request *request;
	size_t count = 0, own = 0;

	TAILQ_FOREACH(request, &all->list, in_list) {
		count += request->fn != NULL;
		own += request->client == client;
	}
	return count >= CONFIG_REQUESTS_MAX || own >= CONFIG_REQUESTS_PER_CLIENT;
}

int
config_requests_add(struct config_requests *all, enum config_request_kind kind,
    config_request_fn *fn, struct connection *client, uint64_t id, const json_t *params)
{
	bool is_first = !config_requests_wait(all, kind);
	struct config_request *request;

	if (fn == NULL && !is_first)
		return 0;
	if (fn != NULL && config_requests_is_full(all, client))
		return fail_with(ENOBUFS);
	request = calloc(1, sizeof(*request));
	if (request == NULL)
		return -1;
	*request = (struct config_request){
		.kind = kind,
		.fn = fn,
		.client = client,
		.id = id,
		.params = json_deep_copy(params),
	};
	if (params != NULL && request->params == NULL) {
		free(request);
		return -1;
	}
	TAILQ_INSERT_TAIL(&all->list, request, in_list);
	if (is_first)
		all->begin(all->master, kind);
	return 0;
}

void
config_requests_forget(struct config_requests *all, const struct connection *client)
{
	struct config_request *request;

	if (all == NULL)
		return;
	TAILQ_FOREACH(request, &all->list, in_list)
		if (request->client == client)
			request->client = NULL;
}

bool
config_requests_wait(const struct config_requests *all, enum config_request_kind kind)
{
	const struct config_request *request;

	TAILQ_FOREACH(request, &all->list, in_list)
		if (request->kind == kind && !request->taken)
			return true;
	return false;
}

enum config_request_kind
config_requests_next(const struct config_requests *all)
{
	const struct config_request *request;

	TAILQ_FOREACH(request, &all->list, in_list)
		if (!request->taken)
			return request->kind;
	return CONFIG_REQUESTS;
}

void
config_requests_take(struct config_requests *all, enum config_request_kind kind)
{
	struct config_request *request;

	TAILQ_FOREACH(request, &all->list, in_list)
		if (request->kind == kind)
			request->taken = true;
}

void
config_requests_answer(struct config_requests *all, enum config_request_kind kind,
    const struct config_answer *answer)
{
	struct config_request_list answered = TAILQ_HEAD_INITIALIZER(answered);
	struct config_request *request, *next;

	TAILQ_FOREACH_SAFE(request, &all->list, in_list, next) {
		if (request->kind != kind || !request->taken)
			continue;
		TAILQ_REMOVE(&all->list, request, in_list);
		TAILQ_INSERT_TAIL(&answered, request, in_list);
	}
	while ((request = TAILQ_FIRST(&answered)) != NULL) {
		TAILQ_REMOVE(&answered, request, in_list);
		if (request->fn != NULL)
			request->fn(all->master, request->client, request->id,
			    request->params, answer);
		config_request_free(request);
	}
}
