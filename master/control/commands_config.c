#include "master/control/commands.h"

#include "common/str.h"
#include "master/control/config_info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A page of config.rows ends with the row that reaches one of these limits. A client with
 * more than UNSENT_MAX bytes unsent requests many pages at once; it gets one row per
 * page. */
#define PAGE_ROWS 64
#define PAGE_BYTES (192 * 1024)
#define UNSENT_MAX (PEER_OUT_MAX / 4)
/* A row that is longer than ROW_MAX is sent with its texts cut to ROW_TEXT_MAX, so that a
 * page with it fits a frame (FRAME_MAX). */
#define ROW_MAX (256 * 1024)
#define ROW_TEXT_MAX (4 * 1024)

void
commands_answer_fault(
    struct connection *client, uint64_t id, const struct config_answer *answer)
{
	if (client == NULL)
		return;
	if (answer->fault == FAULT_CANT_REREAD && answer->detail == NULL)
		connection_fault(client, id, FAULT_FAILED, "out of memory");
	else
		connection_fault(client, id, answer->fault, answer->detail);
}

static void
commands_answer_difference(struct master *master UNUSED, struct connection *client,
    uint64_t id, const json_t *params UNUSED, const struct config_answer *answer)
{
	if (answer->fault != FAULT_NONE)
		commands_answer_fault(client, id, answer);
	else if (client != NULL)
		connection_reply(client, id, json_incref(answer->found));
}

void
commands_read(struct connection *client, uint64_t id, const json_t *params,
    enum config_request_kind kind, config_request_fn *fn)
{
	if (config_requests_add(
		client->master->config_requests, kind, fn, client, id, params) == -1)
		connection_fault(client, id, FAULT_FAILED,
		    errno == ENOBUFS ? "too many requests wait for the configuration" :
				       "out of memory");
}

COMMAND(cmd_config_reread, commands_read, CONFIG_REREAD, commands_answer_difference)
COMMAND(cmd_config_preview, commands_read, CONFIG_PREVIEW, commands_answer_difference)

/* --- getAllConfigInfo, a page at a time -------------------------------------------- */

/* New, or NULL with ENOMEM; *bytes is its length as JSON. */
static json_t *
commands_row(const struct master *master, const struct config_row *row, size_t *bytes)
{
	const struct group *group = groups_find(master->groups, row->group->name);
	const struct process *process =
	    group == NULL ? NULL : group_process(group, row->process->name);
	json_t *view;

	if (process != NULL &&
	    (process->config != row->process || group->rereads != master->rereads))
		process = NULL;
	view = config_info(row, process, group != NULL, SIZE_MAX);
	*bytes = view == NULL ? 0 : json_dumpb(view, NULL, 0, 0);
	if (*bytes > ROW_MAX) {
		json_decref(view);
		view = config_info(row, process, group != NULL, ROW_TEXT_MAX);
		*bytes = view == NULL ? 0 : json_dumpb(view, NULL, 0, 0);
	}
	return view;
}

/* New array of at most `most` rows from `from` on; NULL with ENOMEM. */
static json_t *
commands_page(const struct master *master, size_t from, size_t most)
{
	const struct config *config = master->config;
	json_t *page = json_array(), *row;
	size_t bytes = 0, n;

	for (size_t i = from; i < config->nrows; i++) {
		row = commands_row(master, &config->rows[i], &n);
		bytes += n;
		if (json_array_append_new(page, row) == -1) {
			json_decref(page);
			return NULL;
		}
		if (i - from + 1 >= most || bytes >= PAGE_BYTES)
			break;
	}
	return page;
}

void
cmd_config_rows(struct connection *client, uint64_t id, const json_t *params)
{
	const struct master *master = client->master;
	json_int_t from = json_integer_value(json_object_get(params, "from"));
	bool has_unsent = peer_unsent(client->peer) > UNSENT_MAX;
	json_t *page;

	if (from < 0 || (uint64_t)from > master->config->nrows) {
		connection_fault(client, id, FAULT_BAD_ARGUMENTS, NULL);
		return;
	}
	page = commands_page(master, (size_t)from, has_unsent ? 1 : PAGE_ROWS);
	if (page == NULL)
		connection_fault(client, id, FAULT_FAILED, "out of memory");
	else
		connection_reply(client, id,
		    json_pack("{s:I,s:I,s:o}", "reread", (json_int_t)master->rereads,
			"total", (json_int_t)master->config->nrows, "rows", page));
}
