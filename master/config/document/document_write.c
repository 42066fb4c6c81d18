#include "master/config/document/document.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/group_kind.h"
#include "master/config/load/load_context.h"
#include "master/config/load/place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WRITER_BYTES (32 * 1024) /* are collected before they are written to fd */

void
conf_writer_begin(struct conf_writer *writer, const struct conf_load *load)
{
	*writer = (struct conf_writer){ .load = load, .fd = -1 };
	buf_init(&writer->out, 0);
	writer->out.secret = 1;
	for (size_t i = CONF_DOCUMENT_DAEMON; i < CONF_DOCUMENT_OBJECTS; i++) {
		writer->defaults[i] = xcalloc(1, conf_objects[i].size);
		if (conf_objects[i].initial != NULL)
			memcpy(writer->defaults[i], conf_objects[i].initial,
			    conf_objects[i].size);
		mem_must(conf_object_default(&conf_objects[i], writer->defaults[i], 0));
	}
}

void
conf_writer_end(struct conf_writer *writer)
{
	for (size_t i = CONF_DOCUMENT_DAEMON; i < CONF_DOCUMENT_OBJECTS; i++) {
		conf_object_clear(&conf_objects[i], writer->defaults[i]);
		free(writer->defaults[i]);
	}
	buf_clear(&writer->out);
	free(writer->error);
}

int
conf_writer_flush(struct conf_writer *writer, int fd)
{
	while (buf_len(&writer->out) > 0) {
		ssize_t n = write(fd, buf_data(&writer->out), buf_len(&writer->out));

		if (n == -1)
			return -1;
		buf_consume(&writer->out, (size_t)n);
	}
	return 0;
}

/* Ends a frame and writes the collected bytes, so that the daemon reads while we write.
 * Exits when the daemon has closed the socket. */
static void
document_write_end_frame(struct conf_writer *writer, size_t mark, const char *what)
{
	if (conf_frame_end(&writer->out, mark) == -1 && writer->error == NULL)
		writer->error =
		    xasprintf("%s has more than %d bytes of options", what, CONF_FRAME_MAX);
	if (writer->fd != -1 && buf_len(&writer->out) >= WRITER_BYTES &&
	    conf_writer_flush(writer, writer->fd) == -1)
		_exit(1);
}

/* Writes the rows of an object that differ from the defaults, with their places in the
 * section (NULL = without places). `name` is for errors. */
static void
document_write_object(struct conf_writer *writer, enum conf_document_kind kind,
    const void *object, const char *section, const char *name)
{
	const struct conf_object *table = &conf_objects[kind];
	size_t mark = conf_frame_begin(&writer->out, (uint32_t)kind), value;
	const struct conf_option *option;
	char *place;

	for (size_t n = 0; (option = conf_object_row(table, n)) != NULL; n++) {
		if ((option->flags & CONF_SECTION) != 0 ||
		    conf_same(option, writer->defaults[kind], object))
			continue;
		conf_frame_put(&writer->out, option->name);
		value = conf_frame_field(&writer->out);
		conf_type_encode(
		    option->type, (const char *)object + option->offset, &writer->out);
		conf_frame_field_end(&writer->out, value);
		place = writer->load == NULL || section == NULL ?
		    NULL :
		    conf_place(writer->load, section, option->name);
		conf_frame_put(&writer->out, place != NULL ? place : "");
		free(place);
	}
	document_write_end_frame(writer, mark, name);
}

void
conf_writer_texts(
    struct conf_writer *writer, enum conf_document_kind kind, const char *const *texts)
{
	size_t mark = conf_frame_begin(&writer->out, (uint32_t)kind);

	for (; texts != NULL && *texts != NULL; texts++)
		conf_frame_put(&writer->out, *texts);
	document_write_end_frame(writer, mark, "an answer");
}

void
conf_writer_daemon(struct conf_writer *writer, const struct config *config)
{
	conf_writer_texts(
	    writer, CONF_DOCUMENT_BEGIN, (const char *[]){ REEVE_VERSION, NULL });
	document_write_object(writer, CONF_DOCUMENT_DAEMON, config, conf_supervisord.name,
	    conf_supervisord.name);
}

void
conf_writer_users(struct conf_writer *writer, const struct config *config)
{
	for (size_t i = 0; i < config->nusers; i++)
		document_write_object(writer, CONF_DOCUMENT_USER, &config->users[i],
		    config->users[i].section, config->users[i].section);
}

void
conf_writer_group(struct conf_writer *writer, const struct group_config *group)
{
	const void *part = conf_group_part(group);

	document_write_object(writer, CONF_DOCUMENT_GROUP, group, NULL, group->name);
	if (part != NULL)
		document_write_object(
		    writer, conf_group_kinds[group->kind]->part, part, NULL, group->name);
	for (size_t i = 0; i < group->nprocesses; i++)
		document_write_object(writer, CONF_DOCUMENT_PROCESS, group->processes[i],
		    group->processes[i]->section, group->processes[i]->section);
}

void
conf_writer_message(struct conf_writer *writer, const struct config_message *message)
{
	document_write_object(writer, CONF_DOCUMENT_MESSAGE, message, NULL, "a message");
}

void
conf_writer_config(struct conf_writer *writer, const struct config *config)
{
	conf_writer_daemon(writer, config);
	for (size_t i = 0; i < config->ninterfaces; i++)
		document_write_object(writer, CONF_DOCUMENT_NAMESPACE,
		    &config->interfaces[i], NULL, config->interfaces[i]);
	for (size_t i = 0; i < config->nlisteners; i++) {
		const struct listener_config *listener = &config->listeners[i];

		document_write_object(writer,
		    listener->is_unix ? CONF_DOCUMENT_UNIX : CONF_DOCUMENT_INET, listener,
		    listener->section, listener->section);
	}
	conf_writer_users(writer, config);
	for (size_t i = 0; i < config->ngroups; i++)
		conf_writer_group(writer, config->groups[i]);
	for (size_t i = 0; i < config->nmessages; i++)
		conf_writer_message(writer, &config->messages[i]);
	conf_writer_texts(writer, CONF_DOCUMENT_END, NULL);
}
