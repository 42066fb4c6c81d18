#include "rpcd/methods/handlers.h"
#include "rpcd/methods/invocation.h"

/* The versions of the API and of the supervisord whose behaviour it matches. */
#define API_VERSION "3.0"
#define SUPERVISOR_VERSION "4.2.5"

void
rpc_daemon_api_version(struct invocation *inv)
{
	invocation_return_string(inv, API_VERSION);
}

void
rpc_daemon_version(struct invocation *inv)
{
	invocation_return_string(inv, SUPERVISOR_VERSION);
}

void
rpc_daemon_identification(struct invocation *inv)
{
	invocation_return_string(inv, inv->rpcd->mirror->daemon.identifier);
}

void
rpc_daemon_state(struct invocation *inv)
{
	enum daemon_state state = inv->rpcd->mirror->daemon.state;
	struct writer w = invocation_open(inv);

	writer_open(&w, WRITER_STRUCT);
	writer_member_int(&w, "statecode", state);
	writer_member_string(&w, "statename", daemon_state_name(state));
	writer_close(&w, WRITER_STRUCT);
	invocation_close(inv);
}

void
rpc_daemon_pid(struct invocation *inv)
{
	invocation_return_json_take(inv, json_integer(inv->rpcd->mirror->daemon.pid));
}

static void
daemon_on_end(struct invocation *inv, enum fault fault, const char *message,
    json_t *result UNUSED, int fd)
{
	if (invocation_refused(inv, fault, message, fd))
		return;
	inv->ends_daemon = true;
	invocation_return_true(inv);
}

void
rpc_daemon_end(struct invocation *inv)
{
	invocation_request(inv, NULL, false, daemon_on_end);
}
