#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/xmlrpc/printed.h"
#include "rpcd/xmlrpc/write.h"

#define PAGE_ROOM (128 * 1024)	/* bytes, about, of a page of the master's as XML */
#define RESTARTS_MAX 8	/* of a listing, when the configuration is read anew under it */

/* ---- getAllConfigInfo: pages of the master's, put together ---- */

static step_answer_fn on_page;

/* offset: rows taken so far; length: the reading they belong to; row: restarts. */
static void
ask_page(struct call_step *step)
{
	/* What there is will be there twice when it is joined. */
	if (!step_room(step, 2 * buf_len(&step->results) + PAGE_ROOM))
		return;
	step_ask(step, json_pack("{sI}", "from", (json_int_t)step->offset), false, on_page);
}

/* The rows are of another reading of the file than those before them. */
static void
restart(struct call_step *step)
{
	buf_clear(&step->results);
	step->offset = 0;
	if (++step->row > RESTARTS_MAX)
		step_fault(step, FAULT_FAILED, "the configuration changes too often");
	else
		ask_page(step);
}

static void
end_listing(struct call_step *step)
{
	struct buf *out = step_open(step);

	xmlwrite_array_open(out);
	xmlwrite_raw(out, buf_data(&step->results), buf_len(&step->results));
	xmlwrite_array_close(out);
	step_close(step);
}

static void
on_page(struct call_step *step, enum fault fault, const char *message, json_t *result,
    int fd)
{
	const json_t *rows = json_object_get(result, "rows");
	int64_t reread = json_integer_value(json_object_get(result, "reread"));
	int64_t total = json_integer_value(json_object_get(result, "total"));
	const json_t *row;
	size_t i;

	if (step->offset > 0 && (fault == FAULT_BAD_ARGUMENTS ||
	    (fault == FAULT_NONE && reread != step->length))) {
		restart(step);
		return;
	}
	if (step_refused(step, fault, message, fd))
		return;
	json_array_foreach(rows, i, row) {
		xmlwrite_json(&step->results, row);
	}
	step->length = reread;
	step->offset += (int64_t)json_array_size(rows);
	if (step->offset < total && json_array_size(rows) > 0)
		ask_page(step);
	else
		end_listing(step);
}

void
rpc_config_all(struct call_step *step)
{
	step->offset = 0;
	step->row = 0;
	ask_page(step);
}

/* ---- reloadConfig ---- */

static void
on_reread(struct call_step *step, enum fault fault, const char *message, json_t *result,
    int fd)
{
	if (step_refused(step, fault, message, fd))
		return;
	step_return_json_take(step, json_pack("[[O,O,O]]",
	    json_object_get(result, "added"), json_object_get(result, "changed"),
	    json_object_get(result, "removed")));
}

void
rpc_config_reread(struct call_step *step)
{
	step_ask(step, NULL, false, on_reread);
}

/* ---- addProcessGroup, removeProcessGroup, sendRemoteCommEvent ---- */

static void
on_done(struct call_step *step, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	if (!step_refused(step, fault, message, fd))
		step_return_true(step);
}

void
rpc_config_group(struct call_step *step)
{
	const char *name;

	if (step_group_name(step, 0, &name))
		step_ask(step, json_pack("{ss}", "name", name), false, on_done);
}

void
rpc_event_send(struct call_step *step)
{
	char *type = printed_text(json_array_get(step->params, 0));
	char *data = printed_text(json_array_get(step->params, 1));

	if (type == NULL || data == NULL)
		step_fault(step, FAULT_INCORRECT_PARAMETERS, NULL);
	else
		step_ask(step, json_pack("{ss,ss}", "type", type, "data", data), false,
		    on_done);
	free(type);
	free(data);
}
