#include "master/config/document/document.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_kind.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
conf_reader_begin(struct conf_reader *reader)
{
	*reader = (struct conf_reader){ .config = calloc(1, sizeof(struct config)) };
	return reader->config == NULL ? -1 : 0;
}

void
conf_reader_end(struct conf_reader *reader)
{
	config_free(reader->config);
	reader->config = NULL;
}

static int PRINTF_LIKE(2, 3)
document_read_fail(struct conf_reader *reader, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reader->why, sizeof(reader->why), fmt, ap);
	va_end(ap);
	return -1;
}

static int
document_read_no_memory(struct conf_reader *reader)
{
	return document_read_fail(reader, "%s", strerror(ENOMEM));
}

/* --- rows --- */

/* Reads one row of an object and sets its bit in *present. 1, 0 at the end of the frame, or
 * -1. */
static int
document_read_row(struct conf_reader *reader, const struct conf_object *kind, void *object,
    struct conf_frame *frame, uint64_t *present)
{
	const char *section = kind->tables[0]->name, *name, *value = NULL, *place = NULL;
	const struct conf_option *option;
	size_t length, unused, n = 0;

	if (frame->at == frame->end)
		return 0;
	if ((name = conf_frame_next(frame, &unused)) != NULL &&
	    (value = conf_frame_next(frame, &length)) != NULL)
		place = conf_frame_next(frame, &unused);
	if (place == NULL)
		return document_read_fail(reader, "a frame of %s is malformed", section);
	while (
	    (option = conf_object_row(kind, n)) != NULL && !str_equal(option->name, name))
		n++;
	if (option == NULL || (option->flags & CONF_SECTION) != 0 ||
	    (*present & (UINT64_C(1) << n)) != 0)
		return document_read_fail(
		    reader, "%s: unknown or second option %.64s", section, name);
	*present |= UINT64_C(1) << n;
	errno = 0;
	if (conf_type_decode(
		option->type, value, length, (char *)object + option->offset) == 0)
		return 1;
	return errno == ENOMEM ? document_read_no_memory(reader) :
				 document_read_fail(reader, "%.128s: %s cannot be %.32s",
				     place, option->name, value);
}

/* Reads all rows of a frame into a zeroed object. */
static int
document_read_rows(struct conf_reader *reader, const struct conf_object *kind, void *object,
    struct conf_frame *frame)
{
	uint64_t present = 0;
	int more;

	if (kind->initial != NULL)
		memcpy(object, kind->initial, kind->size);
	while ((more = document_read_row(reader, kind, object, frame, &present)) == 1)
		continue;
	if (more == 0 && conf_object_default(kind, object, present) == -1)
		return document_read_no_memory(reader);
	return more;
}

/* --- objects --- */

/* Appends a zeroed object to an array, whose size is the next power of two; NULL with
 * why. */
static void *
document_read_append(
    struct conf_reader *reader, void *array_slot, size_t *count, size_t size)
{
	void **array = array_slot, *larger;

	if ((*count & (*count - 1)) == 0) {
		larger = reallocarray(*array, *count == 0 ? 1 : 2 * *count, size);
		if (larger == NULL) {
			document_read_no_memory(reader);
			return NULL;
		}
		*array = larger;
	}
	return memset((char *)*array + (*count)++ * size, 0, size);
}

/* Appends a new zeroed object to an array of pointers; NULL with why. */
static void *
document_read_append_new(
    struct conf_reader *reader, void *array_slot, size_t *count, size_t size)
{
	void **slot = document_read_append(reader, array_slot, count, sizeof(void *));

	if (slot == NULL)
		return NULL;
	*slot = calloc(1, size);
	if (*slot == NULL)
		document_read_no_memory(reader);
	return *slot;
}

/* The zeroed memory for an object of this kind, in the configuration; NULL with why. */
static void *
document_read_place(struct conf_reader *reader, uint32_t kind)
{
	struct config *config = reader->config;
	struct group_config *group =
	    config->ngroups > 0 ? config->groups[config->ngroups - 1] : NULL;
	size_t size = conf_objects[kind].size;

	if (kind == CONF_DOCUMENT_NAMESPACE)
		return document_read_append(
		    reader, &config->interfaces, &config->ninterfaces, size);
	if (kind == CONF_DOCUMENT_INET || kind == CONF_DOCUMENT_UNIX)
		return document_read_append(
		    reader, &config->listeners, &config->nlisteners, size);
	if (kind == CONF_DOCUMENT_USER)
		return document_read_append(reader, &config->users, &config->nusers, size);
	if (kind == CONF_DOCUMENT_MESSAGE)
		return document_read_append(
		    reader, &config->messages, &config->nmessages, size);
	if (kind == CONF_DOCUMENT_GROUP) {
		reader->has_part = false;
		return document_read_append_new(
		    reader, &config->groups, &config->ngroups, size);
	}
	if (kind == CONF_DOCUMENT_PROCESS && group != NULL)
		return document_read_append_new(
		    reader, &group->processes, &group->nprocesses, size);
	if (kind == CONF_DOCUMENT_DAEMON && !reader->has_daemon) {
		reader->has_daemon = true;
		return config;
	}
	if (group != NULL && conf_group_kinds[group->kind]->part == kind &&
	    !reader->has_part) {
		reader->has_part = true;
		return conf_group_part(group);
	}
	document_read_fail(
	    reader, "%s was not expected here", conf_objects[kind].tables[0]->name);
	return NULL;
}

/* Whether an object has the values that the daemon relies on. */
static bool
document_read_is_complete(uint32_t kind, const void *object)
{
	const struct config *config = object;
	const struct listener_config *listener = object;
	const struct user_config *user = object;
	const struct group_config *group = object;
	const struct process_config *process = object;

	switch (kind) {
	case CONF_DOCUMENT_DAEMON:
		return config->file != NULL && config->here != NULL &&
		    config->childlogdir != NULL && config->control_socket != NULL &&
		    config->rpcd_user != NULL;
	case CONF_DOCUMENT_INET:
	case CONF_DOCUMENT_UNIX:
		return listener->section != NULL &&
		    (listener->is_unix ? listener->path : listener->host) != NULL &&
		    (listener->username == NULL) == (listener->password == NULL);
	case CONF_DOCUMENT_USER:
		return user->section != NULL && user->name != NULL &&
		    (user->password != NULL || !user->slow);
	case CONF_DOCUMENT_GROUP:
		return group->name != NULL;
	case CONF_DOCUMENT_PROCESS:
		return process->name != NULL && process->command != NULL &&
		    process->section != NULL;
	case CONF_DOCUMENT_MESSAGE:
		return ((const struct config_message *)object)->text != NULL;
	case CONF_DOCUMENT_NAMESPACE:
		return *(char *const *)object != NULL;
	default: /* a part of a group: its kind knows */
		return true;
	}
}

int
conf_reader_frame(struct conf_reader *reader, struct conf_frame *frame)
{
	const struct conf_object *kind;
	void *object;
	size_t unused;

	if (frame->kind == CONF_DOCUMENT_BEGIN) {
		reader->begun = str_equal(conf_frame_next(frame, &unused), REEVE_VERSION);
		return reader->begun ? 0 :
				       document_read_fail(reader,
					   "the document is of another version of reeved");
	}
	if (!reader->begun || frame->kind >= CONF_DOCUMENT_OBJECTS)
		return document_read_fail(
		    reader, "a frame of unknown kind %u", frame->kind);
	kind = &conf_objects[frame->kind];
	object = document_read_place(reader, frame->kind);
	if (object == NULL || document_read_rows(reader, kind, object, frame) == -1)
		return -1;
	return document_read_is_complete(frame->kind, object) ?
	    0 :
	    document_read_fail(reader, "%s is not complete", kind->tables[0]->name);
}

/* --- the whole --- */

struct config *
conf_reader_take(struct conf_reader *reader)
{
	struct config *config = reader->config;

	if (!reader->has_daemon) {
		document_read_fail(reader, "[supervisord] is missing");
		return NULL;
	}
	if (config->logfile_syslog)
		mem_freep(&config->logfile);
	for (size_t i = 0; i < config->ngroups; i++) {
		const struct group_config *group = config->groups[i];
		const struct conf_group_kind *kind = conf_group_kinds[group->kind];

		if (kind->is_complete != NULL && !kind->is_complete(group)) {
			document_read_fail(reader, "%.64s is not complete", group->name);
			return NULL;
		}
	}
	if (config_list_rows(config) == -1) {
		document_read_no_memory(reader);
		return NULL;
	}
	reader->config = NULL;
	return config;
}

int
conf_reader_config(
    struct conf_reader *reader, const char *bytes, size_t n, struct config **config)
{
	struct conf_frame frame = { .kind = CONF_DOCUMENT_BEGIN };
	ssize_t taken = 0;

	*config = NULL;
	if (conf_reader_begin(reader) == -1)
		return document_read_no_memory(reader);
	while (frame.kind != CONF_DOCUMENT_END) {
		taken = conf_frame_read(bytes, n, &frame);
		if (taken <= 0)
			return document_read_fail(
			    reader, "a document is cut off or malformed");
		if (frame.kind != CONF_DOCUMENT_END &&
		    conf_reader_frame(reader, &frame) == -1)
			return -1;
		bytes += taken;
		n -= (size_t)taken;
	}
	*config = conf_reader_take(reader);
	return *config == NULL ? -1 : 0;
}
