/* Group kind: how the configurations of the kinds of groups differ from that of a plain
 * program: a row for each kind, in the file that reads its sections. NULL: no difference.
 */
#ifndef MASTER_CONFIG_GROUP_KIND_H
#define MASTER_CONFIG_GROUP_KIND_H

#include "common/compiler.h"
#include "master/config/group_config.h"

#include <stdbool.h>

/* Takes the text of one difference. */
typedef void conf_explain_fn(void *ctx, const char *fmt, ...) PRINTF_LIKE(2, 3);

struct conf_group_kind {
	bool has_interface; /* its groups have a struct rpcinterface_config */
	/* Whether a group has all that reading a section of the kind gives it. */
	bool (*is_complete)(const struct group_config *);
	/* The kind's part of two groups, which may be of another kind: whether the fresh
	 * one changes nothing; and what differs, as texts. */
	bool (*is_same)(const struct group_config *live, const struct group_config *fresh);
	void (*explain)(const struct group_config *live, const struct group_config *fresh,
	    conf_explain_fn *, void *ctx);
};

extern const struct conf_group_kind conf_eventlistener_kind;
extern const struct conf_group_kind conf_fcgi_kind;
extern const struct conf_group_kind conf_interface_kind;

/* By enum group_kind. */
extern const struct conf_group_kind *const conf_group_kinds[GROUP_KINDS];

#endif
