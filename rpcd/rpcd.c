#include "rpcd/rpcd.h"

#include "common/fd.h"

#include <unistd.h>

static void
on_answer(void *ctx UNUSED, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result UNUSED, int fd)
{
	fd_close(fd);
}

bool
rpcd_report(struct rpcd *rpcd, enum cmd_id id)
{
	if (rpcd->master == NULL || rpcd->ending)
		return false;
	return peer_call(rpcd->master, cmd_get(id)->name, NULL, false, on_answer, NULL) !=
	    0;
}
