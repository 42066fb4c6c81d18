#include "rpcd/ping.h"

#include "common/log.h"
#include "proto/cmd.h"
#include "rpcd/http.h"

#include <string.h>
#include <unistd.h>

static size_t
ping_busy(const struct rpcd *rpcd)
{
	size_t busy = 0;

	for (size_t i = 0; i < rpcd->nlisteners; i++)
		if (rpcd->listeners[i] != NULL)
			busy += http_listener_busy(rpcd->listeners[i]);
	return busy;
}

void
ping_answer(struct rpcd *rpcd, uint64_t id, const char *method)
{
	size_t busy = ping_busy(rpcd);

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

static void
on_notified(void *ctx UNUSED, enum fault fault UNUSED, const char *message UNUSED,
    json_t *result UNUSED, int fd)
{
	if (fd >= 0)
		close(fd);
}

void
ping_notify(struct rpcd *rpcd)
{
	if (rpcd->pinged || rpcd->master == NULL || rpcd->ending)
		return;
	rpcd->pinged = peer_call(rpcd->master, cmd_get(CMD_FRONTEND_ACTIVE)->name, NULL,
		false, on_notified, NULL) != 0;
	peer_flush(rpcd->master);
}
