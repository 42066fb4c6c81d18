/* Cmd: the closed table of what a client may ask of the master: name, arguments,
 * the role it takes, and whether rpcd's connection may use it at all. The
 * master's gate and rpcd's role check read the same rows. */
#ifndef PROTO_CMD_H
#define PROTO_CMD_H

#include "common/compiler.h"
#include "proto/role.h"

#include <jansson.h>
#include <stdbool.h>

#define CMD_NAME_MAX 4096	/* bytes of a name: every lookup hashes it */
#define CMD_WORD_MAX 200	/* bytes of a signal or a stream */
#define CMD_EVENTS_MAX 64	/* events of one event.send */

enum cmd_id {
	CMD_HELLO,
	CMD_SUBSCRIBE,
	CMD_READY,		/* rpcd: confined, may be given the stream */
	CMD_PROCESS_START,
	CMD_PROCESS_STOP,
	CMD_PROCESS_SIGNAL,
	CMD_PROCESS_STDIN,
	CMD_GROUP_START,
	CMD_GROUP_STOP,
	CMD_GROUP_SIGNAL,
	CMD_GROUP_ADD,
	CMD_GROUP_REMOVE,
	CMD_ALL_START,
	CMD_ALL_STOP,
	CMD_ALL_SIGNAL,
	CMD_LOG_OPEN,
	CMD_LOG_CLEAR,
	CMD_ALL_CLEAR,
	CMD_MAINLOG_OPEN,
	CMD_MAINLOG_CLEAR,
	CMD_PROCESS_RESTART,
	CMD_GROUP_RESTART,
	CMD_ALL_RESTART,
	CMD_CONFIG_REREAD,
	CMD_CONFIG_ROWS,
	CMD_CONFIG_PREVIEW,
	CMD_CONFIG_UPDATE,
	CMD_EVENT_SEND,
	CMD_DAEMON_SHUTDOWN,
	CMD_DAEMON_RESTART,
	CMD_DAEMON_ANSWERED,	/* rpcd: who asked for one of these two knows */
	CMD_FRONTEND_ACTIVE,	/* rpcd: clients have requests under way */
#ifdef REEVE_TEST_SEAM
	CMD_DAEMON_BREAK,	/* test build only: enters FATAL */
#endif
	CMD_MAX
};

/* Why a command may be refused although the role suffices. */
enum cmd_flags {
	CMD_RPCD = 1 << 0,	/* rpcd's connection may call it */
	CMD_IN_SHUTDOWN = 1 << 1,	/* works while SHUTDOWN or RESTARTING */
	CMD_IN_FATAL = 1 << 2,	/* works in FATAL */
	CMD_BEFORE_HELLO = 1 << 3,
	CMD_ONLY_RPCD = 1 << 4,
};

struct cmd {
	const char *name;	/* "process.start" */
	/* Parameters by name and type, "name:s,signal:s,?wait:b": s string, i integer,
	 * n a name, w a word (both bounded), b boolean, t array of strings; '?' marks an
	 * optional one. Unknown members are ignored. */
	const char *params;
	enum role role;
	unsigned flags;
	const char *result;	/* for the manual: what the response holds */
};

/* The row of an id; never NULL for a valid one. */
const struct cmd *cmd_get(enum cmd_id);
/* Name → id, or -1. */
int cmd_find(const char *name);
/* True when `params` (NULL = none) has every required member in its type; else *why is new,
 * e.g. "missing parameter 'name'". */
NODISCARD bool cmd_check_params(const struct cmd *, const json_t *params, char **why);

#endif
