#include "common/mem.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/xmlrpc/write.h"

#include <stdlib.h>

#define PAGE_ROOM (128 * 1024) /* bytes, about, of a page of the master's as XML */
#define RESTARTS_MAX 8         /* of a listing, when the configuration is reread under it */

/* ---- getAllConfigInfo: pages of the master's, put together ---- */

struct config_listing {
	struct buf rows; /* as XML, … */
	int64_t taken;   /* … how many they are, … */
	int64_t reread;  /* … and the reading of the file that they belong to */
	int restarts;
};

static invocation_answer_fn config_on_page;

static void
config_listing_free(void *state)
{
	struct config_listing *listing = state;

	buf_clear(&listing->rows);
	free(listing);
}

static void
config_ask_page(struct invocation *inv)
{
	const struct config_listing *listing = inv->state;

	/* The rows exist twice when they are joined. */
	if (invocation_reserve(inv, 2 * buf_len(&listing->rows) + PAGE_ROOM))
		invocation_ask(inv, json_pack("{sI}", "from", (json_int_t)listing->taken),
		    false, config_on_page);
}

static void
config_on_page(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	struct config_listing *listing = inv->state;
	const json_t *rows = json_object_get(result, "rows"), *row;
	int64_t reread = json_integer_value(json_object_get(result, "reread"));
	int64_t total = json_integer_value(json_object_get(result, "total"));
	size_t i;

	if (listing->taken > 0 &&
	    (fault == FAULT_BAD_ARGUMENTS ||
		(fault == FAULT_NONE && reread != listing->reread))) {
		/* The rows are of another reading of the file than those before them. */
		buf_clear(&listing->rows);
		listing->taken = 0;
		if (++listing->restarts > RESTARTS_MAX)
			invocation_fault(
			    inv, FAULT_FAILED, "the configuration changes too often");
		else
			config_ask_page(inv);
		return;
	}
	if (invocation_refused(inv, fault, message, fd))
		return;
	json_array_foreach(rows, i, row) {
		xmlwrite_json(&listing->rows, row);
	}
	listing->reread = reread;
	listing->taken += (int64_t)json_array_size(rows);
	if (listing->taken < total && json_array_size(rows) > 0)
		config_ask_page(inv);
	else
		invocation_return_array(inv, &listing->rows);
}

void
rpc_config_all(struct invocation *inv)
{
	struct config_listing *listing = xcalloc(1, sizeof(*listing));

	buf_init(&listing->rows, 0);
	inv->state = listing;
	inv->release = config_listing_free;
	config_ask_page(inv);
}

/* ---- reloadConfig ---- */

static void
config_on_reread(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	if (invocation_refused(inv, fault, message, fd))
		return;
	invocation_return_json_take(inv,
	    json_pack("[[O,O,O]]", json_object_get(result, "added"),
		json_object_get(result, "changed"), json_object_get(result, "removed")));
}

void
rpc_config_reread(struct invocation *inv)
{
	invocation_ask(inv, NULL, false, config_on_reread);
}
