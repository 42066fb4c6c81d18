#include "master/control/config_request.h"

#include "common/fail.h"
#include "common/queue.h"

#include <errno.h>
#include <stdlib.h>

struct config_request {
	TAILQ_ENTRY(config_request) in_list;
	config_request_fn *fn;
	struct connection *client;
	uint64_t id;
	json_t *params;
};

TAILQ_HEAD(config_request_list, config_request);

struct config_requests {
	struct master *master;
	void (*begin)(struct master *, enum config_request_kind);
	struct config_request_list lists[CONFIG_REQUESTS];
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
	for (size_t i = 0; i < CONFIG_REQUESTS; i++)
		TAILQ_INIT(&all->lists[i]);
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
	struct config_request *request;

	for (size_t i = 0; all != NULL && i < CONFIG_REQUESTS; i++) {
		while ((request = TAILQ_FIRST(&all->lists[i])) != NULL) {
			TAILQ_REMOVE(&all->lists[i], request, in_list);
			config_request_free(request);
		}
	}
	free(all);
}

/* Those of clients that have gone count, too: what they hold is a client's choice. */
static bool
config_requests_is_full(const struct config_requests *all, const struct connection *client)
{
	const struct config_request *request;
	size_t count = 0, own = 0;

	for (size_t i = 0; i < CONFIG_REQUESTS; i++) {
		TAILQ_FOREACH(request, &all->lists[i], in_list) {
			count += request->fn != NULL;
			own += request->client == client;
		}
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
		.fn = fn,
		.client = client,
		.id = id,
		.params = json_deep_copy(params),
	};
	if (params != NULL && request->params == NULL) {
		free(request);
		return -1;
	}
	TAILQ_INSERT_TAIL(&all->lists[kind], request, in_list);
	if (is_first)
		all->begin(all->master, kind);
	return 0;
}

void
config_requests_forget(struct config_requests *all, const struct connection *client)
{
	struct config_request *request;

	for (size_t i = 0; all != NULL && i < CONFIG_REQUESTS; i++)
		TAILQ_FOREACH(request, &all->lists[i], in_list)
			if (request->client == client)
				request->client = NULL;
}

bool
config_requests_wait(const struct config_requests *all, enum config_request_kind kind)
{
	return !TAILQ_EMPTY(&all->lists[kind]);
}

void
config_requests_answer(struct config_requests *all, enum config_request_kind kind,
    const struct config_answer *answer)
{
	struct config_request_list answered = TAILQ_HEAD_INITIALIZER(answered);
	struct config_request *request;

	TAILQ_CONCAT(&answered, &all->lists[kind], in_list);
	while ((request = TAILQ_FIRST(&answered)) != NULL) {
		TAILQ_REMOVE(&answered, request, in_list);
		if (request->fn != NULL)
			request->fn(all->master, request->client, request->id,
			    request->params, answer);
		config_request_free(request);
	}
}
