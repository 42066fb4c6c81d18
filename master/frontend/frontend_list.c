#include "master/frontend/frontend_list.h"

#include "common/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct frontend_list {
	struct frontend_use use;
	struct frontend **items;
	size_t count;
	size_t running;		/* not ended yet */
	void (*done)(void *ctx);
	void *done_ctx;
};

/* One front end serves all listeners. 0; or -1 with *error new, or NULL without memory. */
static int
frontend_list_fill(struct frontend_list *list, const char *self, char **error)
{
	size_t n = list->use.config->nlisteners, *listeners;
	char *path = frontend_find(self, error);

	if (path == NULL)
		return -1;
	listeners = calloc(n, sizeof(*listeners));
	list->items = calloc(1, sizeof(struct frontend *));
	if (listeners == NULL || list->items == NULL) {
		free(listeners);
		free(path);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		listeners[i] = i;
	list->items[0] = frontend_new(&list->use, path, ROLE_ADMIN, listeners, n);
	list->count = list->items[0] != NULL;
	return list->items[0] != NULL ? 0 : -1;
}

struct frontend_list *
frontend_list_new(const struct frontend_use *use, const char *self, char **error)
{
	struct frontend_list *list = calloc(1, sizeof(*list));

	*error = NULL;
	if (list != NULL) {
		list->use = *use;
		if (use->config->nlisteners == 0 ||
		    frontend_list_fill(list, self, error) == 0)
			return list;
	}
	if (*error == NULL)
		*error = xasprintf("cannot prepare reeve-rpcd: %s", strerror(errno));
	frontend_list_free(list);
	return NULL;
}

void
frontend_list_free(struct frontend_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		frontend_free(list->items[i]);
	free(list->items);
	free(list);
}

void
frontend_list_start(struct frontend_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		frontend_start(list->items[i]);
}

static void
frontend_list_ended(void *ctx)
{
	struct frontend_list *list = ctx;

	if (--list->running == 0)
		list->done(list->done_ctx);
}

void
frontend_list_end(struct frontend_list *list, void (*done)(void *ctx), void *ctx)
{
	list->done = done;
	list->done_ctx = ctx;
	/* One more than there are, so that done is called once, and also without any. */
	list->running = list->count + 1;
	for (size_t i = list->count; i > 0; i--)
		frontend_end(list->items[i - 1], frontend_list_ended, list);
	frontend_list_ended(list);
}

void
frontend_list_revive(struct frontend_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		frontend_revive(list->items[i]);
}

void
frontend_list_check(struct frontend_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		frontend_check(list->items[i]);
}

bool
frontend_list_has(const struct frontend_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->count; i++)
		if (frontend_pid(list->items[i]) == pid)
			return true;
	return false;
}

struct peer *
frontend_list_peer(const struct frontend_list *list)
{
	return list == NULL || list->count == 0 ? NULL : frontend_peer(list->items[0]);
}
