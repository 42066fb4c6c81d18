#include "master/upgrade/statedoc_pipes.h"

#include "master/child/printer.h"
#include "master/upgrade/statedoc_events.h"
#include "master/upgrade/statedoc_json.h"

#include <stdlib.h>
#include <string.h>

STATEDOC_SIZE(struct statedoc_output, 72);
STATEDOC_SIZE(struct statedoc_pipes, 552);
STATEDOC_SIZE(struct printer, 64);
STATEDOC_SIZE(struct capture_memory, 32);
STATEDOC_SIZE(struct listener, 344);

static const struct statefield pipes_rows[] = {
	ROW(struct statedoc_pipes, stdin_fd, INT),
	ROW(struct statedoc_pipes, renewing, BOOL),
	ROW(struct statedoc_pipes, prefix, TEXT),
};

static const struct statefield output_rows[] = {
	ROW(struct statedoc_output, fd, INT),
	ROW(struct statedoc_output, log_fd, INT),
	ROW(struct statedoc_output, log_path, TEXT),
	ROW(struct statedoc_output, generation, U64),
	ROW(struct statedoc_output, lost, U64),
	ROW(struct statedoc_output, lost_errno, INT),
	ROW(struct statedoc_output, hidden, BOOL),
};

static const struct statefield capture_rows[] = {
	ROW(struct capture_memory, capturing, BOOL),
	ROW(struct capture_memory, held, U64),
};

static const struct statefield listener_rows[] = {
	ROW(struct listener, state, LISTENER),
	ROW(struct listener, in_result, BOOL),
	ROW(struct listener, missing, I64),
};

static const char *const output_names[OUTPUT_MAX] = {
	[OUTPUT_STDOUT] = "stdout",
	[OUTPUT_STDERR] = "stderr",
};

void
statedoc_pipes_init(struct statedoc_pipes *pipes)
{
	*pipes = (struct statedoc_pipes){ .stdin_fd = -1 };
	for (int i = 0; i < OUTPUT_MAX; i++)
		pipes->outputs[i].fd = pipes->outputs[i].log_fd = -1;
}

void
statedoc_pipes_clear(struct statedoc_pipes *pipes)
{
	free(pipes->queued);
	free(pipes->prefix);
	free(pipes->printing);
	for (int i = 0; i < OUTPUT_MAX; i++) {
		free(pipes->outputs[i].log_path);
		free(pipes->outputs[i].capture.bytes);
	}
	event_unref(listener_take(&pipes->listener).event);
}

/* ---- writing ---- */

static json_t *
write_capture(const struct statedoc_output *output)
{
	json_t *object;

	if (!output->captures)
		return json_null();
	object = WRITE(capture_rows, &output->capture);
	statedoc_add(&object, "captured",
	    statefield_hex(output->capture.bytes, output->capture.n));
	return object;
}

static json_t *
write_output(const struct statedoc_output *output)
{
	json_t *object = WRITE(output_rows, output);

	statedoc_add(&object, "capture", write_capture(output));
	return object;
}

static json_t *
write_listener(const struct statedoc_pipes *pipes)
{
	const struct listener *listener = &pipes->listener;
	json_t *object;

	if (!pipes->listens)
		return json_null();
	object = WRITE(listener_rows, listener);
	statedoc_add(&object, "line", statefield_hex(listener->line, listener->nline));
	statedoc_add(&object, "result",
	    statefield_hex(listener->result, listener->nresult));
	statedoc_add(&object, "outstanding",
	    listener->outstanding.event == NULL ?
		json_null() : statedoc_pool_event_write(&listener->outstanding));
	return object;
}

json_t *
statedoc_pipes_write(const struct statedoc_pipes *pipes)
{
	json_t *object = WRITE(pipes_rows, pipes);

	statedoc_add(&object, "queued", statefield_hex(pipes->queued, pipes->nqueued));
	for (int i = 0; i < OUTPUT_MAX; i++)
		statedoc_add(&object, output_names[i], write_output(&pipes->outputs[i]));
	statedoc_add(&object, "listener", write_listener(pipes));
	statedoc_add(&object, "printing",
	    statefield_hex(pipes->printing, pipes->nprinting));
	return object;
}

/* ---- reading ---- */

static int
read_capture(const json_t *json, struct statedoc_output *output, char **why)
{
	const char *bad;

	output->captures = !json_is_null(json);
	if (!output->captures)
		return 0;
	bad = READ(capture_rows, json, &output->capture);
	if (bad != NULL)
		return statedoc_fail(why, "bad member of a capture:", bad);
	output->capture.bytes = statefield_unhex(json_object_get(json, "captured"),
	    &output->capture.n);
	if (output->capture.bytes == NULL)
		return statedoc_fail(why, "bad member of a capture:", "captured");
	return 0;
}

static int
read_output(const json_t *json, struct statedoc_output *output, char **why)
{
	const char *bad = READ(output_rows, json, output);

	if (bad != NULL)
		return statedoc_fail(why, "bad member of an output:", bad);
	return read_capture(json_object_get(json, "capture"), output, why);
}

/* Into room for so many bytes; how many came, or -1. */
static int
read_bytes(const json_t *hex, char *into, size_t room, size_t *n)
{
	char *bytes = statefield_unhex(hex, n);
	bool fits = bytes != NULL && *n <= room;

	if (fits)
		memcpy(into, bytes, *n);
	free(bytes);
	return fits ? 0 : -1;
}

static int
read_listener(const json_t *json, struct statedoc_pipes *pipes, char **why)
{
	struct listener *listener = &pipes->listener;
	const json_t *outstanding = json_object_get(json, "outstanding");
	const char *bad;

	pipes->listens = !json_is_null(json);
	if (!pipes->listens)
		return 0;
	bad = READ(listener_rows, json, listener);
	if (bad == NULL && read_bytes(json_object_get(json, "line"), listener->line,
	    sizeof(listener->line), &listener->nline) == -1)
		bad = "line";
	if (bad == NULL && read_bytes(json_object_get(json, "result"), listener->result,
	    sizeof(listener->result), &listener->nresult) == -1)
		bad = "result";
	if (bad != NULL)
		return statedoc_fail(why, "bad member of a listener:", bad);
	if (!json_is_null(outstanding) &&
	    statedoc_pool_event_read(outstanding, &listener->outstanding, why) == -1)
		return -1;
	if (!listener_is_sound(listener))
		return statedoc_fail(why, "a listener cannot be so", "");
	return 0;
}

int
statedoc_pipes_read(const json_t *json, struct statedoc_pipes *pipes, char **why)
{
	const char *bad = READ(pipes_rows, json, pipes);

	if (bad != NULL)
		return statedoc_fail(why, "bad member", bad);
	pipes->queued = statefield_unhex(json_object_get(json, "queued"), &pipes->nqueued);
	if (pipes->queued == NULL)
		return statedoc_fail(why, "bad member", "queued");
	pipes->printing =
	    statefield_unhex(json_object_get(json, "printing"), &pipes->nprinting);
	if (pipes->printing == NULL)
		return statedoc_fail(why, "bad member", "printing");
	for (int i = 0; i < OUTPUT_MAX; i++) {
		if (read_output(json_object_get(json, output_names[i]),
		    &pipes->outputs[i], why) == -1)
			return -1;
	}
	return read_listener(json_object_get(json, "listener"), pipes, why);
}
