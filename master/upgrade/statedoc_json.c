#include "master/upgrade/statedoc_json.h"

#include "common/mem.h"

static void
spoil(json_t **whole)
{
	json_decref(*whole);
	*whole = NULL;
}

void
statedoc_add(json_t **object, const char *name, json_t *part)
{
	if (*object == NULL)
		json_decref(part);
	else if (json_object_set_new(*object, name, part) == -1)
		spoil(object);
}

void
statedoc_append(json_t **list, json_t *part)
{
	if (*list == NULL)
		json_decref(part);
	else if (json_array_append_new(*list, part) == -1)
		spoil(list);
}

int
statedoc_fail(char **why, const char *what, const char *name)
{
	*why = mem_printf("state document: %s%s%s", what, name[0] != '\0' ? " " : "",
	    name);
	return -1;
}
