/* The commands upgrade and version. */
#include "common/clock.h"
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/session.h"
#include "ctl/daemon/control.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MS 30000 /* from the end of the connection to the first answer */

/* The daemon has closed the connection to execute its binary. */
static void
upgrade_finish(struct session *s, const char *before, int pid, int64_t began_ms)
{
	const struct control *control;
	char *why;
	enum reach reached = server_reconnect(s->server, ANSWER_MS, &why);

	if (reached != REACH_OK) {
		session_error(s, why != NULL ? why : "the daemon does not answer");
		free(why);
		return;
	}
	control = server_control(s->server);
	if (control_mirror(control)->daemon.pid != pid) {
		session_error(s, "the daemon has ended, and another one answers");
		return;
	}
	fprintf(s->out, "Upgraded from version %s to version %s in %.2f s\n", before,
	    control_version(control), (double)(clock_mono_ms() - began_ms) / 1000);
}

void
upgrade_run(struct session *s, const char *args)
{
	int64_t began_ms;
	struct reply r;
	char *before;
	int pid, rc;

	if (!session_no_arguments(s, args) || !session_reach(s))
		return;
	if (server_control(s->server) == NULL) {
		session_error(s, "upgrade needs the control socket");
		return;
	}
	before = xstrdup(control_version(server_control(s->server)));
	pid = (int)control_mirror(server_control(s->server))->daemon.pid;
	began_ms = clock_mono_ms();
	rc = server_call(s->server, "daemon.upgrade", NULL, &r);
	if (rc == 0 && r.fault != FAULT_NONE)
		session_fault(s, r.fault, r.text);
	else
		upgrade_finish(s, before, pid, began_ms);
	reply_clear(&r);
	free(before);
}

/* The running version is known only on the control socket. */
static void
upgrade_print_versions(struct session *s)
{
	const struct control *control = server_control(s->server);

	if (control != NULL)
		fprintf(s->out, "running: reeve %s\n", control_version(control));
	fprintf(s->out, "installed: reeve " REEVE_VERSION "\n");
}

void
upgrade_version(struct session *s, const char *args)
{
	bool all = strcmp(args, "all") == 0;
	struct reply r;

	if ((!all && !session_no_arguments(s, args)) || !session_connect(s))
		return;
	if (session_replied(s, server_get(s->server, SERVER_VERSION, &r), &r, NULL)) {
		fprintf(s->out, "%s%s\n", all ? "supervisord: " : "",
		    json_string_value(r.result));
		if (all)
			upgrade_print_versions(s);
	}
	reply_clear(&r);
}
