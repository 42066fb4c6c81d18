#include "rpcd/rpcd.h"

#include "common/fd.h"
#include "common/log.h"

#include <string.h>

static void
rpcd_on_reported(void *ctx UNUSED, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result UNUSED, int fd)
{
	fd_close(fd);
}

bool
rpcd_report(struct rpcd *rpcd, enum cmd_id id)
{
	if (rpcd->master == NULL || rpcd->ending)
		return false;
	return peer_call(rpcd->master, cmd_table[id].name, NULL, false, rpcd_on_reported,
		   NULL) != 0;
}

void
rpcd_begin_request(struct rpcd *rpcd)
{
	rpcd->busy++;
	if (rpcd->pinged)
		return;
	rpcd->pinged = rpcd_report(rpcd, CMD_FRONTEND_ACTIVE);
	if (rpcd->pinged)
		peer_flush(rpcd->master);
}

void
rpcd_on_request(struct rpcd *rpcd, uint64_t id, const char *method)
{
	json_int_t seq = (json_int_t)rpcd->mirror->reached;

	if (strcmp(method, "ping") != 0) {
		(void)peer_fault(
		    rpcd->master, id, FAULT_UNKNOWN_METHOD, "UNKNOWN_METHOD", 0);
		log_debug("refused a request of the master: %s", method);
		return;
	}
	/* The master repeats the ping while requests are open. */
	rpcd->pinged = rpcd->busy > 0;
	(void)peer_reply(rpcd->master, id,
	    json_pack("{sI, sI}", "seq", seq, "busy", (json_int_t)rpcd->busy), -1, 0);
}

void
rpcd_catch_up(struct rpcd *rpcd)
{
	if (rpcd->master != NULL && rpcd->page != NULL &&
	    (!rpcd->mirror->ready || rpcd->mirror->reached < atomic_load(rpcd->page)))
		peer_drain(rpcd->master);
}
