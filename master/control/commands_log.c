#include "master/control/commands.h"

#include "common/str.h"
#include "master/child/child.h"
#include "master/control/control.h"
#include "master/log/logtarget.h"
#include "master/process/namespec.h"

#include <errno.h>

/* Answers with an open descriptor of the log at `path`, or with a fault. */
static void
commands_answer_log(struct connection *client, uint64_t id, const char *path)
{
	int fd;

	if (path == NULL || *path == '\0') {
		connection_fault(client, id, FAULT_NO_FILE, NULL);
		return;
	}
	if (peer_unsent_fds(client->peer) >= CONTROL_UNSENT_LOGS) {
		connection_fault(
		    client, id, FAULT_FAILED, "too many opened logs wait to be received");
		return;
	}
	fd = logtarget_open_for_reader(path);
	if (fd != -1)
		connection_reply_fd(client, id, json_pack("{s:s}", "path", path), fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO ||
	    errno == EACCES || errno == EMLINK)
		connection_fault(client, id, FAULT_FAILED, NULL);
	else
		connection_fault(client, id, FAULT_NO_FILE, path);
}

void
cmd_log_open(struct connection *client, uint64_t id, const json_t *params)
{
	const char *name = json_string_value(json_object_get(params, "name"));
	const char *stream = json_string_value(json_object_get(params, "stream"));
	struct process *process = NULL;
	struct group *group;

	(void)namespec_resolve(
	    client->master->groups, client->caller.grant, name, &group, &process);
	if (process == NULL)
		connection_fault_echo(client, id, FAULT_BAD_NAME, name);
	else if (str_equal(stream, "stdout"))
		commands_answer_log(client, id, child_log_path(process, OUTPUT_STDOUT));
	else if (str_equal(stream, "stderr"))
		commands_answer_log(client, id, child_log_path(process, OUTPUT_STDERR));
	else
		connection_fault(client, id, FAULT_INCORRECT_PARAMETERS,
		    "stream is neither stdout nor stderr");
}

void
cmd_mainlog_open(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	const struct master *master = client->master;

	if (master->config->logfile_syslog)
		connection_fault(client, id, FAULT_NO_FILE, "syslog");
	else
		commands_answer_log(client, id, mainlog_path(master->mainlog));
}

void
cmd_mainlog_clear(struct connection *client, uint64_t id, const json_t *params UNUSED)
{
	if (mainlog_path(client->master->mainlog) == NULL)
		connection_fault(client, id, FAULT_NO_FILE, NULL);
	else if (mainlog_clear(client->master->mainlog) == 0)
		connection_reply(client, id, NULL);
	else
		connection_fault(
		    client, id, errno == ENOENT ? FAULT_NO_FILE : FAULT_FAILED, NULL);
}
