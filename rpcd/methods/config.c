#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/xmlrpc/printed.h"
#include "rpcd/xmlrpc/write.h"

#define PAGE_ROOM (128 * 1024)	/* bytes, about, of a page of the master's as XML */
#define RESTARTS_MAX 8	/* of a listing, when the configuration is read anew under it */

/* ---- getAllConfigInfo: pages of the master's, put together ---- */

static invocation_answer_fn on_page;

/* offset: rows taken so far; length: the reading they belong to; row: restarts. */
static void
ask_page(struct invocation *inv)
{
	/* What there is will be there twice when it is joined. */
	if (!invocation_reserve(inv, 2 * buf_len(&inv->results) + PAGE_ROOM))
		return;
	invocation_ask(
	    inv, json_pack("{sI}", "from", (json_int_t)inv->offset), false, on_page);
}

/* The rows are of another reading of the file than those before them. */
static void
restart(struct invocation *inv)
{
	buf_clear(&inv->results);
	inv->offset = 0;
	if (++inv->row > RESTARTS_MAX)
		invocation_fault(inv, FAULT_FAILED, "the configuration changes too often");
	else
		ask_page(inv);
}

static void
end_listing(struct invocation *inv)
{
	struct buf *out = invocation_open(inv);

	xmlwrite_array_open(out);
	xmlwrite_raw(out, buf_data(&inv->results), buf_len(&inv->results));
	xmlwrite_array_close(out);
	invocation_close(inv);
}

static void
on_page(struct invocation *inv, enum fault fault, const char *message, json_t *result,
    int fd)
{
	const json_t *rows = json_object_get(result, "rows");
	int64_t reread = json_integer_value(json_object_get(result, "reread"));
	int64_t total = json_integer_value(json_object_get(result, "total"));
	const json_t *row;
	size_t i;

	if (inv->offset > 0 && (fault == FAULT_BAD_ARGUMENTS ||
	    (fault == FAULT_NONE && reread != inv->length))) {
		restart(inv);
		return;
	}
	if (invocation_refused(inv, fault, message, fd))
		return;
	json_array_foreach(rows, i, row) {
		xmlwrite_json(&inv->results, row);
	}
	inv->length = reread;
	inv->offset += (int64_t)json_array_size(rows);
	if (inv->offset < total && json_array_size(rows) > 0)
		ask_page(inv);
	else
		end_listing(inv);
}

void
rpc_config_all(struct invocation *inv)
{
	inv->offset = 0;
	inv->row = 0;
	ask_page(inv);
}

/* ---- reloadConfig ---- */

static void
on_reread(struct invocation *inv, enum fault fault, const char *message, json_t *result,
    int fd)
{
	if (invocation_refused(inv, fault, message, fd))
		return;
	invocation_return_json_take(inv, json_pack("[[O,O,O]]",
	    json_object_get(result, "added"), json_object_get(result, "changed"),
	    json_object_get(result, "removed")));
}

void
rpc_config_reread(struct invocation *inv)
{
	invocation_ask(inv, NULL, false, on_reread);
}

/* ---- addProcessGroup, removeProcessGroup, sendRemoteCommEvent ---- */

static void
on_done(struct invocation *inv, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	if (!invocation_refused(inv, fault, message, fd))
		invocation_return_true(inv);
}

void
rpc_config_group(struct invocation *inv)
{
	const char *name;

	if (invocation_group_name(inv, 0, &name))
		invocation_ask(inv, json_pack("{ss}", "name", name), false, on_done);
}

void
rpc_event_send(struct invocation *inv)
{
	char *type = printed_text(json_array_get(inv->params, 0));
	char *data = printed_text(json_array_get(inv->params, 1));

	if (type == NULL || data == NULL)
		invocation_fault(inv, FAULT_INCORRECT_PARAMETERS, NULL);
	else
		invocation_ask(inv, json_pack("{ss,ss}", "type", type, "data", data), false,
		    on_done);
	free(type);
	free(data);
}
