#include "master/upgrade/state_parts.h"

#include "common/mem.h"

#include <stddef.h>

void
state_parts_add(json_t **object, const char *name, json_t *part)
{
	if (*object == NULL) {
		json_decref(part);
	} else if (json_object_set_new(*object, name, part) == -1) {
		json_decref(*object);
		*object = NULL;
	}
}

void
state_parts_append(json_t **list, json_t *part)
{
	if (*list == NULL) {
		json_decref(part);
	} else if (json_array_append_new(*list, part) == -1) {
		json_decref(*list);
		*list = NULL;
	}
}

const char *
state_parts_name(const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "name"));

	return name == NULL ? "" : name;
}

int
state_parts_each(struct master *master, const json_t *list, int format, const char *name,
    state_parts_read_fn *read, char **why)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return state_parts_fail(why, "bad member", name);
	json_array_foreach(list, i, one) {
		if (read(master, one, format, why) == -1)
			return -1;
	}
	return 0;
}

int
state_parts_fail(char **why, const char *what, const char *name)
{
	*why = mem_printf("state document: %s%s%s", what, name[0] != '\0' ? " " : "", name);
	return -1;
}

int
state_parts_check(char **why, const char *what, const char *bad)
{
	if (bad == NULL)
		return 0;
	*why = mem_printf("state document: bad member of %s: %s", what, bad);
	return -1;
}
