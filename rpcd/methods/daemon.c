#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"
#include "rpcd/xmlrpc/write.h"

#include <unistd.h>

/* The API's version and the supervisord that it matches (design 13). */
#define API_VERSION "3.0"
#define SUPERVISOR_VERSION "4.2.5"

static const struct daemon_info *
daemon_of(const struct call_step *step)
{
	return mirror_daemon(step->rpcd->mirror);
}

void
rpc_daemon_api_version(struct call_step *step)
{
	step_return_string(step, API_VERSION);
}

void
rpc_daemon_version(struct call_step *step)
{
	step_return_string(step, SUPERVISOR_VERSION);
}

void
rpc_daemon_identification(struct call_step *step)
{
	step_return_string(step, daemon_of(step)->identifier);
}

void
rpc_daemon_state(struct call_step *step)
{
	enum daemon_state state = daemon_of(step)->state;
	struct buf *out = step_open(step);

	xmlwrite_struct_open(out);
	xmlwrite_member_int(out, "statecode", state);
	xmlwrite_member_string(out, "statename", daemon_state_name(state));
	xmlwrite_struct_close(out);
	step_close(step);
}

void
rpc_daemon_pid(struct call_step *step)
{
	step_return_int(step, daemon_of(step)->pid);
}

static void
on_end(struct call_step *step, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	if (step_refused(step, fault, message, fd))
		return;
	if (fd >= 0)
		close(fd);
	step->ends_daemon = true;
	step_return_true(step);
}

void
rpc_daemon_end(struct call_step *step)
{
	step_ask(step, NULL, false, on_end);
}
