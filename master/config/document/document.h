/* Document: a configuration as frames, from the process that has read and resolved it to
 * the one that runs on it. A frame of an object has the rows of its tables whose values are
 * not the defaults: name, value with all that was looked up, and "FILE:LINE". */
#ifndef MASTER_CONFIG_DOCUMENT_DOCUMENT_H
#define MASTER_CONFIG_DOCUMENT_DOCUMENT_H

#include "common/buf.h"
#include "common/compiler.h"
#include "master/config/config.h"
#include "master/config/document/frame.h"
#include "master/config/options/option_table.h"

enum conf_document_kind {
	CONF_DOCUMENT_BEGIN,	/* fields: the format, which is the version of reeved */
	/* Objects, each with the rows of its tables. */
	CONF_DOCUMENT_DAEMON,	/* [supervisord] and more of struct config */
	CONF_DOCUMENT_NAMESPACE,	/* a name of config->interfaces */
	CONF_DOCUMENT_INET,	/* struct listener_config */
	CONF_DOCUMENT_UNIX,
	CONF_DOCUMENT_GROUP,	/* struct group_config; what follows belongs to it */
	CONF_DOCUMENT_POOL,	/* its pool */
	CONF_DOCUMENT_FCGI,	/* its fcgi */
	CONF_DOCUMENT_INTERFACE, /* its interface */
	CONF_DOCUMENT_PROCESS,
	CONF_DOCUMENT_MESSAGE,	/* struct config_message */
	CONF_DOCUMENT_OBJECTS,	/* how many these are, with the one before them */
	/* Not of a configuration, but of an answer about one. */
	CONF_DOCUMENT_GONE = CONF_DOCUMENT_OBJECTS,	/* the name of a group in force */
	CONF_DOCUMENT_FOUND,	/* a member of the answer, a text, and why texts */
	CONF_DOCUMENT_ERROR,	/* one line; nothing follows but the end */
	CONF_DOCUMENT_END,
};

/* Writing: used where the files are read, so memory is never short. */
struct conf_writer {
	struct buf out;
	int fd;                       /* that takes the bytes; -1 = they stay in `out` */
	const struct conf_load *load; /* where the options stand; NULL = not said */
	void *defaults[CONF_DOCUMENT_OBJECTS]; /* an object of each kind */
	char *error;                           /* new: why a frame could not be written */
};

void conf_writer_begin(struct conf_writer *, const struct conf_load *);
void conf_writer_end(struct conf_writer *);
/* Writes all that waits in `out`; the descriptor blocks. 0, or -1 with errno. */
int conf_writer_flush(struct conf_writer *, int fd);
/* All of a configuration. */
void conf_writer_config(struct conf_writer *, const struct config *);
/* [supervisord] alone; a group with its processes; a message. */
void conf_writer_daemon(struct conf_writer *, const struct config *);
void conf_writer_group(struct conf_writer *, const struct group_config *);
void conf_writer_message(struct conf_writer *, const struct config_message *);
/* A frame of texts, up to a NULL. texts NULL: of none. */
void conf_writer_texts(
    struct conf_writer *, enum conf_document_kind, const char *const *texts);

/* Reading: nothing is looked up, all that is missing or odd is an error, and so is a lack
 * of memory. */
struct conf_reader {
	struct config *config; /* what was read so far */
	bool begun;            /* the format has been found to be ours */
	bool has_daemon;
	bool has_part; /* of the last group */
	char why[256]; /* after -1: what is wrong */
};

/* 0, or -1 with ENOMEM. */
NODISCARD int conf_reader_begin(struct conf_reader *);
void conf_reader_end(struct conf_reader *); /* frees what was not taken */
/* Reads a frame of an object. 0, or -1 with why. */
NODISCARD int conf_reader_frame(struct conf_reader *, struct conf_frame *);
/* The configuration, complete with the list of its processes; NULL with why. */
struct config *conf_reader_take(struct conf_reader *);
/* Reads a whole document. 0 and *config is new, or -1 with why. */
NODISCARD int conf_reader_config(
    struct conf_reader *, const char *bytes, size_t n, struct config **config);

/* What an object of each kind is made of. */
struct conf_object {
	const struct conf_section *tables[2]; /* the second may be NULL */
	size_t size;
	void (*init)(void *object); /* after zeros; NULL = nothing to do */
};

extern const struct conf_object conf_objects[CONF_DOCUMENT_OBJECTS];
/* The nth row of the object's tables that a frame may have, or NULL. */
const struct conf_option *conf_object_row(const struct conf_object *, size_t n);
/* The rows' defaults for all that `given`, a bit each, does not name. 0, or -1 ENOMEM. */
NODISCARD int conf_object_default(const struct conf_object *, void *object, uint64_t given);
/* Whether frames of both would be the same but for places. */
bool conf_object_same(const struct conf_object *, const void *, const void *);
/* The next row, from *n on, whose fresh value changes the live one in a reread; NULL = no
 * other. */
const struct conf_option *conf_object_change(
    const struct conf_object *, size_t *n, const void *live, const void *fresh);
void conf_object_clear(const struct conf_object *, void *object);

#endif
