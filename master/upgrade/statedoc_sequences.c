#include "master/upgrade/statedoc_sequences.h"

#include "master/upgrade/statedoc_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

STATEDOC_SIZE(struct sequence_state, 24);
STATEDOC_SIZE(struct sequence_step, 16);

static json_t *
write_step(const struct sequence_step *step)
{
	return json_pack("{s:i,s:s?}", "action", (int)step->action, "target", step->target);
}

static json_t *
write_sequence(const struct sequence_state *state)
{
	json_t *object = json_object(), *steps = json_array();

	for (size_t i = 0; i < state->count; i++)
		statedoc_append(&steps, write_step(&state->steps[i]));
	statedoc_add(&object, "number", json_integer((json_int_t)state->number));
	statedoc_add(&object, "steps", steps);
	return object;
}

json_t *
statedoc_sequences_write(const struct sequences *sequences)
{
	json_t *list = json_array();
	struct sequence_state state;

	for (size_t i = 0; sequences_get(sequences, i, &state); i++)
		statedoc_append(&list, write_sequence(&state));
	return list;
}

/* Only steps on processes may be on all. */
static bool
read_step(const json_t *json, struct sequence_step *step)
{
	const json_t *action = json_object_get(json, "action");
	const json_t *target = json_object_get(json, "target");
	json_int_t number = json_integer_value(action);

	if (!json_is_integer(action) || number < SEQUENCE_STOP || number > SEQUENCE_ADD)
		return false;
	step->action = (enum sequence_action)number;
	if (json_is_null(target))
		return step->action == SEQUENCE_STOP || step->action == SEQUENCE_START;
	if (!json_is_string(target))
		return false;
	step->target = strdup(json_string_value(target));
	return step->target != NULL;
}

static int
read_sequence(struct sequences *sequences, const json_t *json, char **why)
{
	const json_t *list = json_object_get(json, "steps");
	const json_t *number = json_object_get(json, "number");
	size_t count = json_array_size(list);
	struct sequence_step *steps;

	if (!json_is_array(list) || !json_is_integer(number) ||
	    json_integer_value(number) <= 0)
		return statedoc_fail(why, "bad member", "sequences");
	steps = calloc(count + 1, sizeof(*steps));
	for (size_t i = 0; steps != NULL && i < count; i++) {
		if (read_step(json_array_get(list, i), &steps[i]))
			continue;
		sequence_steps_free(steps, count);
		return statedoc_fail(why, "bad member", "steps");
	}
	if (steps == NULL || sequences_put_back(sequences,
	    (uint64_t)json_integer_value(number), steps, count) == -1)
		return statedoc_fail(why, "out of memory", "");
	return 0;
}

int
statedoc_sequences_read(struct sequences *sequences, const json_t *list, char **why)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return statedoc_fail(why, "bad member", "sequences");
	json_array_foreach(list, i, one) {
		if (read_sequence(sequences, one, why) == -1)
			return -1;
	}
	return 0;
}
