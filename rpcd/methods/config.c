#include "common/mem.h"
#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"

#include <stdlib.h>

#define PAGE_BYTES (128 * 1024) /* of a page of config.rows as XML, approximately */
#define RESTARTS_MAX 8          /* of a listing, because of rereads of the configuration */

/* ---- getAllConfigInfo: joins the pages of config.rows ---- */

struct config_listing {
	struct buf rows; /* in the client's format */
	int64_t count;   /* of `rows` */
	int64_t reread;  /* number of the reread that the rows are from */
	int restarts;
};

static invocation_reply_fn config_on_page;

static void
config_listing_free(void *state)
{
	struct config_listing *listing = state;

	buf_clear(&listing->rows);
	free(listing);
}

static void
config_request_page(struct invocation *inv)
{
	const struct config_listing *listing = inv->state;

	/* The array of the reply is a second copy of the rows. */
	if (invocation_reserve(inv, 2 * buf_len(&listing->rows) + PAGE_BYTES))
		invocation_request(inv,
		    json_pack("{sI}", "from", (json_int_t)listing->count), false,
		    config_on_page);
}

static void
config_on_page(
    struct invocation *inv, enum fault fault, const char *message, json_t *result, int fd)
{
	struct config_listing *listing = inv->state;
	const json_t *rows = json_object_get(result, "rows"), *row;
	const struct writer w = { inv->doc->format, &listing->rows };
	int64_t reread = json_integer_value(json_object_get(result, "reread"));
	int64_t total = json_integer_value(json_object_get(result, "total"));
	size_t i;

	if (listing->count > 0 &&
	    (fault == FAULT_BAD_ARGUMENTS ||
		(fault == FAULT_NONE && reread != listing->reread))) {
		/* The configuration was reread since the page before. */
		buf_clear(&listing->rows);
		listing->count = 0;
		if (++listing->restarts > RESTARTS_MAX)
			invocation_fault(
			    inv, FAULT_FAILED, "the configuration changes too often");
		else
			config_request_page(inv);
		return;
	}
	if (invocation_refused(inv, fault, message, fd))
		return;
	json_array_foreach(rows, i, row) {
		writer_json_value(&w, row);
	}
	listing->reread = reread;
	listing->count += (int64_t)json_array_size(rows);
	if (listing->count < total && json_array_size(rows) > 0)
		config_request_page(inv);
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
	config_request_page(inv);
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
	invocation_request(inv, NULL, false, config_on_reread);
}
