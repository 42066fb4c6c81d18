#include "master/upgrade/backlogs_state.h"

#include "common/log.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct statefield backlog_rows[] =
    STATEFIELDS(BACKLOG_FIELDS, struct backlog_record);

json_t *
backlogs_state_write(const struct backlogs *backlogs)
{
	json_t *list = json_array(), *object;
	const struct backlog_record *record;
	const char *path;

	for (size_t i = 0; (path = backlogs_get(backlogs, i, &record)) != NULL; i++) {
		object = STATEFIELD_WRITE(backlog_rows, record);
		state_parts_add(&object, "path", statefield_hex(path, strlen(path)));
		state_parts_append(&list, object);
	}
	return list;
}

static int
backlogs_state_read_one(
    struct backlogs *backlogs, const json_t *json, int format, char **why)
{
	struct backlog_record record = { .lost = 0 };
	const char *bad = STATEFIELD_READ(backlog_rows, json, &record, format);
	size_t npath;
	char *path = statefield_unhex(json_object_get(json, "path"), &npath);

	if (bad == NULL && path == NULL)
		bad = "path";
	if (bad == NULL && backlogs_restore(backlogs, path, &record) == -1)
		log_error("log file %s: %zu bytes are lost: %s", path,
		    buf_len(&record.bytes), strerror(errno));
	buf_clear(&record.bytes);
	free(path);
	return state_parts_check(why, "a backlog", bad);
}

int
backlogs_state_read(struct backlogs *backlogs, const json_t *list, int format, char **why)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return state_parts_fail(why, "bad member", "backlogs");
	json_array_foreach(list, i, one)
		if (backlogs_state_read_one(backlogs, one, format, why) == -1)
			return -1;
	return 0;
}
