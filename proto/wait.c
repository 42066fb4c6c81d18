#include "proto/wait.h"

#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/queue.h"

#include <stdlib.h>
#include <string.h>

static const enum fault wait_verdict_faults[] = {
	[VERDICT_NONE] = FAULT_ABNORMAL_TERMINATION,
	[VERDICT_RUNNING] = FAULT_NONE,
	[VERDICT_EXITED_EARLY] = FAULT_SPAWN_ERROR,
	[VERDICT_SPAWN_FAILED] = FAULT_SPAWN_ERROR,
	[VERDICT_STOPPED] = FAULT_ABNORMAL_TERMINATION,
	[VERDICT_UNKNOWN] = FAULT_ABNORMAL_TERMINATION,
};

bool
wait_decide(
    enum wait_kind kind, const struct process_info *row, uint64_t spawn, enum fault *fault)
{
	*fault = FAULT_NONE;
	if (kind == WAIT_NOT)
		return true;
	if (kind == WAIT_STOP)
		return row == NULL || process_state_is_stopped(row->state) ||
		    row->spawn > spawn;
	if (row != NULL && spawn != 0 && row->last_spawn == spawn &&
	    row->verdict != VERDICT_NONE) {
		*fault = wait_verdict_faults[row->verdict];
		return true;
	}
	if (row != NULL && spawn != 0 && row->state != PROCESS_UNKNOWN &&
	    row->spawn <= spawn)
		return false;
	*fault = FAULT_ABNORMAL_TERMINATION;
	return true;
}

/* A process of the job whose result is not reported yet. */
struct bulk_item {
	TAILQ_ENTRY(bulk_item) link; /* in finished */
	uint64_t id, spawn;
	char *group, *name;
	enum fault fault;
};

struct bulk {
	enum wait_kind kind;
	const struct process_info *(*find)(void *, uint64_t);
	void *find_ctx;
	bulk_result_fn *result;
	void *ctx;
	struct idmap *waiting;            /* by id, struct bulk_item, owned */
	TAILQ_HEAD(, bulk_item) finished; /* ended before the job did */
	bool ended;
};

struct bulk *
bulk_new(enum wait_kind kind, const struct process_info *(*find)(void *, uint64_t),
    void *find_ctx, bulk_result_fn *result, void *ctx)
{
	struct bulk *b = xcalloc(1, sizeof(*b));

	b->kind = kind;
	b->find = find;
	b->find_ctx = find_ctx;
	b->result = result;
	b->ctx = ctx;
	TAILQ_INIT(&b->finished);
	if ((b->waiting = idmap_new()) == NULL)
		fatal("out of memory");
	return b;
}

static void
bulk_item_free(struct bulk_item *item)
{
	free(item->group);
	free(item->name);
	free(item);
}

void
bulk_free(struct bulk *b)
{
	struct bulk_item *item;
	size_t cursor = 0;

	if (b == NULL)
		return;
	while ((item = TAILQ_FIRST(&b->finished)) != NULL) {
		TAILQ_REMOVE(&b->finished, item, link);
		bulk_item_free(item);
	}
	while ((item = idmap_next(b->waiting, &cursor, NULL)) != NULL)
		bulk_item_free(item);
	idmap_free(b->waiting);
	free(b);
}

static void
bulk_report(
    struct bulk *b, const char *group, const char *name, enum fault fault, const char *text)
{
	struct bulk_result result = {.group = group, .name = name, .fault = fault,
	    .text = text};

	b->result(b->ctx, &result);
}

/* Reports an outcome with supervisord's text: "OK" or "SPAWN_ERROR: group:name". */
static void
bulk_report_outcome(struct bulk *b, const char *group, const char *name, enum fault fault)
{
	char *spec, *text;

	if (fault == FAULT_NONE) {
		bulk_report(b, group, name, FAULT_NONE, "OK");
		return;
	}
	spec = namespec_join(group, name);
	text = fault_text(fault, spec);
	bulk_report(b, group, name, fault, text != NULL ? text : fault_name(fault));
	free(text);
	free(spec);
}

static int
bulk_add_fault(struct bulk *b, const char *group, const char *name, const json_t *fault)
{
	const json_t *code = json_object_get(fault, "code");
	const json_t *text = json_object_get(fault, "text");

	if (!json_is_integer(code) || json_integer_value(code) <= 0 ||
	    json_integer_value(code) > 0xffff || !json_is_string(text))
		return -1;
	bulk_report(
	    b, group, name, (enum fault)json_integer_value(code), json_string_value(text));
	return 0;
}

static int
bulk_wait_for(
    struct bulk *b, const char *group, const char *name, uint64_t id, uint64_t spawn)
{
	struct bulk_item *item;

	if (idmap_get(b->waiting, id) != NULL)
		return -1;
	item = xcalloc(1, sizeof(*item));
	item->id = id;
	item->spawn = spawn;
	item->group = xstrdup(group);
	item->name = xstrdup(name);
	if (idmap_set(b->waiting, id, item) == -1) {
		bulk_item_free(item);
		return -1;
	}
	return 0;
}

int
bulk_add(struct bulk *b, const json_t *params)
{
	const char *group = json_string_value(json_object_get(params, "group"));
	const char *name = json_string_value(json_object_get(params, "name"));
	const json_t *id = json_object_get(params, "id");
	const json_t *spawn = json_object_get(params, "spawn");
	const json_t *refused = json_object_get(params, "fault");
	uint64_t number, process;
	enum fault fault;

	if (group == NULL || name == NULL || !json_is_integer(id) || b->ended)
		return -1;
	if (refused != NULL)
		return bulk_add_fault(b, group, name, refused);
	if (b->kind != WAIT_NOT &&
	    (!json_is_integer(spawn) || json_integer_value(spawn) < 0))
		return -1;
	number = (uint64_t)json_integer_value(spawn);
	process = (uint64_t)json_integer_value(id);
	if (!wait_decide(b->kind, b->find(b->find_ctx, process), number, &fault))
		return bulk_wait_for(b, group, name, process, number);
	bulk_report_outcome(b, group, name, fault);
	return 0;
}

void
bulk_ended(struct bulk *b)
{
	struct bulk_item *item;

	b->ended = true;
	while ((item = TAILQ_FIRST(&b->finished)) != NULL) {
		TAILQ_REMOVE(&b->finished, item, link);
		bulk_report_outcome(b, item->group, item->name, item->fault);
		bulk_item_free(item);
	}
}

void
bulk_changed(struct bulk *b, uint64_t id, const struct process_info *row)
{
	struct bulk_item *item = idmap_get(b->waiting, id);

	if (item == NULL || !wait_decide(b->kind, row, item->spawn, &item->fault))
		return;
	(void)idmap_remove(b->waiting, id);
	if (!b->ended) {
		/* Later results of the job that are decided at once come first. */
		TAILQ_INSERT_TAIL(&b->finished, item, link);
		return;
	}
	bulk_report_outcome(b, item->group, item->name, item->fault);
	bulk_item_free(item);
}

bool
bulk_done(const struct bulk *b)
{
	return b->ended && TAILQ_EMPTY(&b->finished) && idmap_count(b->waiting) == 0;
}
