#include "master/config/document.h"

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
reader_fail(struct conf_reader *reader, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(reader->why, sizeof(reader->why), fmt, ap);
	va_end(ap);
	return -1;
}

static int
reader_no_memory(struct conf_reader *reader)
{
	return reader_fail(reader, "%s", strerror(ENOMEM));
}

/* --- rows --- */

/* One row of an object. 1, 0 at the end of the frame, or -1. */
static int
reader_row(struct conf_reader *reader, const struct conf_object *kind, void *object,
    struct conf_frame *frame, uint64_t *given)
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
		return reader_fail(reader, "a frame of %s is malformed", section);
	while ((option = conf_object_row(kind, n)) != NULL &&
	    !str_equal(option->name, name))
		n++;
	if (option == NULL || (option->flags & CONF_SECTION) != 0 ||
	    (*given & (UINT64_C(1) << n)) != 0)
		return reader_fail(reader, "%s has no option %.64s, or two", section, name);
	*given |= UINT64_C(1) << n;
	errno = 0;
	if (option->type->decode(value, length, (char *)object + option->offset) == 0)
		return 1;
	return errno == ENOMEM ? reader_no_memory(reader) : reader_fail(reader,
	    "%.128s: %s cannot be %.32s", place, option->name, value);
}

/* All rows into the object, which is zero. */
static int
reader_rows(struct conf_reader *reader, const struct conf_object *kind, void *object,
    struct conf_frame *frame)
{
	uint64_t given = 0;
	int more;

	if (kind->init != NULL)
		kind->init(object);
	while ((more = reader_row(reader, kind, object, frame, &given)) == 1)
		continue;
	if (more == 0 && conf_object_default(kind, object, given) == -1)
		return reader_no_memory(reader);
	return more;
}

/* Makes place for one more in an array that has grown one by one. */
static int
reader_grow(struct conf_reader *reader, void *array_slot, size_t count, size_t size)
{
	void **array = array_slot, *larger;

	if ((count & (count - 1)) != 0)
		return 0;
	larger = reallocarray(*array, count == 0 ? 1 : 2 * count, size);
	if (larger == NULL)
		return reader_no_memory(reader);
	*array = larger;
	return 0;
}

/* --- objects --- */

static int
reader_daemon(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct config *config = reader->config;

	if (reader->has_daemon)
		return reader_fail(reader, "two frames of [supervisord]");
	reader->has_daemon = true;
	if (reader_rows(reader, kind, config, frame) == -1)
		return -1;
	if (config->logfile_syslog) {
		free(config->logfile);
		config->logfile = NULL;
	}
	if (config->file == NULL || config->here == NULL || config->childlogdir == NULL ||
	    config->control_socket == NULL || config->rpcd_user == NULL)
		return reader_fail(reader, "[supervisord] is not complete");
	return 0;
}

static int
reader_namespace(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct config *config = reader->config;
	char **name;

	if (reader_grow(reader, &config->interfaces, config->ninterfaces,
	    sizeof(*config->interfaces)) == -1)
		return -1;
	name = &config->interfaces[config->ninterfaces++];
	*name = NULL;
	if (reader_rows(reader, kind, name, frame) == -1)
		return -1;
	return *name != NULL ? 0 : reader_fail(reader, "a namespace without a name");
}

static int
reader_listener(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct config *config = reader->config;
	struct listener_config *listener;

	if (reader_grow(reader, &config->listeners, config->nlisteners,
	    sizeof(*config->listeners)) == -1)
		return -1;
	listener = &config->listeners[config->nlisteners++];
	*listener = (struct listener_config){ .section = NULL };
	if (reader_rows(reader, kind, listener, frame) == -1)
		return -1;
	if (listener->section == NULL ||
	    (listener->is_unix ? listener->path : listener->host) == NULL ||
	    (listener->username == NULL) != (listener->password == NULL))
		return reader_fail(reader, "a server is not complete");
	return 0;
}

static int
reader_group(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct config *config = reader->config;
	struct group_config *group;

	if (reader_grow(reader, &config->groups, config->ngroups,
	    sizeof(*config->groups)) == -1)
		return -1;
	group = calloc(1, sizeof(*group));
	if (group == NULL)
		return reader_no_memory(reader);
	config->groups[config->ngroups++] = group;
	if (reader_rows(reader, kind, group, frame) == -1)
		return -1;
	if (group->name == NULL || group->kind >= GROUP_KINDS ||
	    group->pool.handler > RESULT_PRINTED)
		return reader_fail(reader, "a group is not complete");
	return 0;
}

/* The group that the frame belongs to, or NULL. */
static struct group_config *
reader_last_group(struct conf_reader *reader)
{
	const struct config *config = reader->config;

	if (config->ngroups > 0)
		return config->groups[config->ngroups - 1];
	reader_fail(reader, "a frame belongs to no group");
	return NULL;
}

static int
reader_interface(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct group_config *group = reader_last_group(reader);

	if (group == NULL)
		return -1;
	if (!conf_group_kinds[group->kind]->has_interface || group->interface != NULL)
		return reader_fail(reader, "%.64s is no rpcinterface", group->name);
	group->interface = calloc(1, sizeof(*group->interface));
	if (group->interface == NULL)
		return reader_no_memory(reader);
	if (reader_rows(reader, kind, group->interface, frame) == -1)
		return -1;
	return group->interface->name != NULL ? 0 :
	    reader_fail(reader, "%.64s has no name", group->name);
}

static int
reader_process(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct group_config *group = reader_last_group(reader);
	struct process_config *process;

	if (group == NULL || reader_grow(reader, &group->processes, group->nprocesses,
	    sizeof(*group->processes)) == -1)
		return -1;
	process = calloc(1, sizeof(*process));
	if (process == NULL)
		return reader_no_memory(reader);
	group->processes[group->nprocesses++] = process;
	if (reader_rows(reader, kind, process, frame) == -1)
		return -1;
	return process->name != NULL && process->command != NULL &&
	    process->section != NULL ? 0 :
	    reader_fail(reader, "a process of %.64s is not complete", group->name);
}

static int
reader_message(struct conf_reader *reader, const struct conf_object *kind,
    struct conf_frame *frame)
{
	struct config *config = reader->config;
	struct config_message *message;

	if (reader_grow(reader, &config->messages, config->nmessages,
	    sizeof(*config->messages)) == -1)
		return -1;
	message = &config->messages[config->nmessages++];
	*message = (struct config_message){ .text = NULL };
	if (reader_rows(reader, kind, message, frame) == -1)
		return -1;
	return message->text != NULL ? 0 : reader_fail(reader, "a message without a text");
}

int
conf_reader_frame(struct conf_reader *reader, struct conf_frame *frame)
{
	static int (*const readers[])(struct conf_reader *, const struct conf_object *,
	    struct conf_frame *) = {
		[CONF_DOCUMENT_DAEMON] = reader_daemon,
		[CONF_DOCUMENT_NAMESPACE] = reader_namespace,
		[CONF_DOCUMENT_INET] = reader_listener,
		[CONF_DOCUMENT_UNIX] = reader_listener,
		[CONF_DOCUMENT_GROUP] = reader_group,
		[CONF_DOCUMENT_INTERFACE] = reader_interface,
		[CONF_DOCUMENT_PROCESS] = reader_process,
		[CONF_DOCUMENT_MESSAGE] = reader_message,
	};
	size_t unused;

	if (frame->kind == CONF_DOCUMENT_BEGIN) {
		reader->begun = str_equal(conf_frame_next(frame, &unused), REEVE_VERSION);
		return reader->begun ? 0 : reader_fail(reader, "another version's format");
	}
	if (!reader->begun || frame->kind >= nitems(readers))
		return reader_fail(reader, "a frame of unknown kind %u", frame->kind);
	return readers[frame->kind](reader, &conf_objects[frame->kind], frame);
}

/* --- the whole --- */

struct config *
conf_reader_take(struct conf_reader *reader)
{
	struct config *config = reader->config;

	if (!reader->has_daemon) {
		reader_fail(reader, "[supervisord] is missing");
		return NULL;
	}
	for (size_t i = 0; i < config->ngroups; i++) {
		const struct group_config *group = config->groups[i];
		const struct conf_group_kind *kind = conf_group_kinds[group->kind];

		if (kind->is_complete != NULL && !kind->is_complete(group)) {
			reader_fail(reader, "%.64s is not complete", group->name);
			return NULL;
		}
	}
	if (config_list_rows(config) == -1) {
		reader_no_memory(reader);
		return NULL;
	}
	reader->config = NULL;
	return config;
}

int
conf_reader_config(struct conf_reader *reader, const char *bytes, size_t n,
    struct config **config)
{
	struct conf_frame frame = { .kind = CONF_DOCUMENT_BEGIN };
	ssize_t taken = 0;

	*config = NULL;
	if (conf_reader_begin(reader) == -1)
		return reader_no_memory(reader);
	while (frame.kind != CONF_DOCUMENT_END) {
		taken = conf_frame_read(bytes, n, &frame);
		if (taken <= 0)
			return reader_fail(reader, "a document is cut off or malformed");
		if (frame.kind != CONF_DOCUMENT_END &&
		    conf_reader_frame(reader, &frame) == -1)
			return -1;
		bytes += taken;
		n -= (size_t)taken;
	}
	*config = conf_reader_take(reader);
	return *config == NULL ? -1 : 0;
}
