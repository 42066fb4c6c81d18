/* Group kind: what the configuration of a kind of group has beyond that of a program: a
 * row for each kind, in the file that reads its sections. */
#ifndef MASTER_CONFIG_GROUP_KIND_H
#define MASTER_CONFIG_GROUP_KIND_H

#include "master/config/document/document.h"
#include "master/config/group_config.h"

#include <stdbool.h>
#include <stddef.h>

struct conf_group_kind {
	/* The part of struct group_config that only this kind has: the frame that carries
	 * it, and its offset; CONF_DOCUMENT_BEGIN = none. */
	enum conf_document_kind part;
	size_t offset;
	/* Whether a group read from frames is as the sections make it; NULL = always. */
	bool (*is_complete)(const struct group_config *);
};

extern const struct conf_group_kind conf_eventlistener_kind;
extern const struct conf_group_kind conf_fcgi_kind;
extern const struct conf_group_kind conf_interface_kind;

/* By enum group_kind. */
extern const struct conf_group_kind *const conf_group_kinds[GROUP_KINDS];

/* The part of the group that only its kind has, or NULL. Borrowed. */
void *conf_group_part(const struct group_config *);

#endif
