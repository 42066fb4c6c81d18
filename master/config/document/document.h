/* Document: a configuration as frames, which the configuration reader writes and the daemon
 * reads. The frame of an object has the rows of its tables whose values are not the
 * defaults: name, value with the results of lookups, and "FILE:LINE". */
#ifndef MASTER_CONFIG_DOCUMENT_DOCUMENT_H
#define MASTER_CONFIG_DOCUMENT_DOCUMENT_H

#include "common/buf.h"
#include "common/compiler.h"
#include "master/config/config.h"
#include "master/config/document/frame.h"
#include "master/config/options/option_table.h"

enum conf_document_kind {
	CONF_DOCUMENT_BEGIN,	/* field: the version of reeved, for its format */
	/* Objects, each with the rows of its tables. */
	CONF_DOCUMENT_DAEMON,	/* [supervisord] and more of struct config */
	CONF_DOCUMENT_NAMESPACE,	/* a name of config->interfaces */
	CONF_DOCUMENT_INET,	/* struct listener_config */
	CONF_DOCUMENT_UNIX,
	CONF_DOCUMENT_USER,	/* struct user_config */
	CONF_DOCUMENT_GROUP,	/* struct group_config; what follows belongs to it */
	CONF_DOCUMENT_POOL,	/* its pool */
	CONF_DOCUMENT_FCGI,	/* its fcgi */
	CONF_DOCUMENT_INTERFACE, /* its interface */
	CONF_DOCUMENT_PROCESS,
	CONF_DOCUMENT_MESSAGE,	/* struct config_message */
	CONF_DOCUMENT_OBJECTS,	/* one more than the last kind of object */
	/* The rest of the answer to a reread or preview. */
	CONF_DOCUMENT_GONE = CONF_DOCUMENT_OBJECTS, /* name of a group in use */
	CONF_DOCUMENT_FOUND,	/* member of the answer, text, reasons */
	CONF_DOCUMENT_ERROR,	/* a line; only the end follows */
	CONF_DOCUMENT_END,
};

/* Writing ends the program when memory is short. */
struct conf_writer {
	struct buf out;
	int fd;                       /* to write to; -1 = the bytes stay in `out` */
	const struct conf_load *load; /* has the places of the options; NULL = no places */
	void *defaults[CONF_DOCUMENT_OBJECTS]; /* a default object of each kind */
	char *error;                           /* new: why a frame could not be written */
};

void conf_writer_begin(struct conf_writer *, const struct conf_load *);
void conf_writer_end(struct conf_writer *);
/* Writes all of `out` to a descriptor that blocks. 0, or -1 with errno. */
int conf_writer_flush(struct conf_writer *, int fd);
/* A whole document. */
void conf_writer_config(struct conf_writer *, const struct config *);
/* [supervisord] alone; the users; a group with its processes; a message. */
void conf_writer_daemon(struct conf_writer *, const struct config *);
void conf_writer_users(struct conf_writer *, const struct config *);
void conf_writer_group(struct conf_writer *, const struct group_config *);
void conf_writer_message(struct conf_writer *, const struct config_message *);
/* A frame whose fields are these texts, up to a NULL; texts NULL = no fields. */
void conf_writer_texts(
    struct conf_writer *, enum conf_document_kind, const char *const *texts);

/* Reading looks nothing up; what is missing or malformed is an error, and so is a lack of
 * memory. */
struct conf_reader {
	struct config *config; /* as far as it was read */
	bool begun;            /* CONF_DOCUMENT_BEGIN had our version */
	bool has_daemon;
	bool has_part; /* of the last group */
	char why[256]; /* the error, after -1 */
};

/* 0, or -1 with ENOMEM. */
NODISCARD int conf_reader_begin(struct conf_reader *);
void conf_reader_end(struct conf_reader *); /* frees a config that was not taken */
/* Reads a frame of an object. 0, or -1 with why. */
NODISCARD int conf_reader_frame(struct conf_reader *, struct conf_frame *);
/* New: the configuration with its list of processes; NULL with why. */
struct config *conf_reader_take(struct conf_reader *);
/* Reads a whole document. 0 with *config new, or -1 with why. */
NODISCARD int conf_reader_config(
    struct conf_reader *, const char *bytes, size_t n, struct config **config);

/* What the objects of a kind consist of. */
struct conf_object {
	const struct conf_section *tables[2]; /* the second may be NULL */
	size_t size;
	const void *initial; /* values without a default in the tables; NULL = zeros */
};

extern const struct conf_object conf_objects[CONF_DOCUMENT_OBJECTS];
/* The nth row of the object's tables, or NULL. */
const struct conf_option *conf_object_row(const struct conf_object *, size_t n);
/* Sets each row to its default, unless the row's bit is set in `present`. 0, or -1 with
 * ENOMEM. */
NODISCARD int conf_object_default(
    const struct conf_object *, void *object, uint64_t present);
/* Whether both have the same values, so that their frames differ in places at most. */
bool conf_object_same(const struct conf_object *, const void *, const void *);
/* The next row, from *n on, whose fresh value changes the live one in a reread; NULL = no
 * other. */
const struct conf_option *conf_object_change(
    const struct conf_object *, size_t *n, const void *live, const void *fresh);
void conf_object_clear(const struct conf_object *, void *object);

#endif
