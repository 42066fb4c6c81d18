#include "rpcd/http/ping.h"

#include "common/log.h"
#include "rpcd/http/server.h"

#include <string.h>

void
ping_answer(struct rpcd *rpcd, uint64_t id, const char *method)
{
	size_t busy = http_servers_busy(rpcd);

	if (strcmp(method, "ping") != 0) {
		(void)peer_fault(
		    rpcd->master, id, FAULT_UNKNOWN_METHOD, "UNKNOWN_METHOD", 0);
		log_debug("the master called %s", method);
		return;
	}
	/* As long as something is under way, the master asks again by itself. */
	rpcd->pinged = busy > 0;
	(void)peer_reply(rpcd->master, id,
	    json_pack("{sI, sI}", "seq", (json_int_t)mirror_reached(rpcd->mirror), "busy",
		(json_int_t)busy),
	    -1, 0);
}

void
ping_notify(struct rpcd *rpcd)
{
	if (rpcd->pinged)
		return;
	rpcd->pinged = rpcd_report(rpcd, CMD_FRONTEND_ACTIVE);
	if (rpcd->pinged)
		peer_flush(rpcd->master);
}
