#include "master/daemon/group_kinds.h"

#include "master/child/eventlistener.h"
#include "master/child/fcgi_program.h"
#include "master/frontend/rpcinterface.h"

#include <string.h>

void
group_kinds_fill(struct master *master)
{
	static const struct group_ops program_group_ops;
	const struct group_kind_row rows[] = {
		[GROUP_PROGRAMS] = {&program_group_ops, NULL},
		[GROUP_LISTENER_POOL] = {&eventlistener_group_ops, master->dispatcher},
		[GROUP_FCGI] = {&fcgi_program_group_ops, NULL},
		[GROUP_INTERFACE] = {&rpcinterface_group_ops, master->rpcinterfaces},
	};

	_Static_assert(sizeof(rows) == sizeof(master->kinds), "a row for each kind");
	memcpy(master->kinds, rows, sizeof(rows));
}
