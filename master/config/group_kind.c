#include "master/config/group_kind.h"

#include <stdint.h>

static const struct conf_group_kind group_kind_program;

const struct conf_group_kind *const conf_group_kinds[GROUP_KINDS] = {
	[GROUP_PROGRAMS] = &group_kind_program,
	[GROUP_LISTENER_POOL] = &conf_eventlistener_kind,
	[GROUP_FCGI] = &conf_fcgi_kind,
	[GROUP_INTERFACE] = &conf_interface_kind,
};

void *
conf_group_part(const struct group_config *group)
{
	const struct conf_group_kind *kind = conf_group_kinds[group->kind];

	return kind->part == CONF_DOCUMENT_BEGIN ? NULL :
						   (char *)(uintptr_t)group + kind->offset;
}
