/* Cmd: the closed table of the master's commands: name, parameters, required role, and
 * whether reeve-rpcd may send it. The master's authorization and reeve-rpcd's role check
 * read the same rows. */
#ifndef PROTO_CMD_H
#define PROTO_CMD_H

#include "common/compiler.h"
#include "proto/role.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CMD_NAME_MAX 4096 /* bytes of a process or group name: each lookup hashes it */
#define CMD_WORD_MAX 200  /* bytes of a signal or a stream */
#define CMD_EVENTS_MAX 64 /* events of one event.send */

/* Conditions of a command in addition to the role. */
enum cmd_flags {
	CMD_RPCD = 1 << 0,	/* reeve-rpcd may send it */
	CMD_IN_SHUTDOWN = 1 << 1,	/* allowed in SHUTDOWN and RESTARTING */
	CMD_IN_FATAL = 1 << 2,	/* allowed in FATAL */
	CMD_BEFORE_HELLO = 1 << 3,
	CMD_ONLY_RPCD = 1 << 4,
	CMD_CHANGES = 1 << 5,	/* changes something: is recorded by the audit log */
	CMD_NEEDS_ALL = 1 << 6,	/* only callers that see all programs may send it */
};

/* The commands: id, handler in the master (cmd_…), name, parameters, role, flags, the
 * commands that it consists of (or 0; who may not send all of them may not send this one),
 * and the result (for the manual). A parameter is "name:type", after '?' when it is
 * optional. Types: s string, n name and w word (bounded strings), i integer, b boolean,
 * t array of strings. Unknown members of the params are ignored. */
#define CMD_LIST(X) \
	X(HELLO, hello, "hello", "protocol:i,program:s", NONE, CMD_RPCD | \
	    CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_BEFORE_HELLO, 0, "see above") \
	X(SUBSCRIBE, subscribe, "subscribe", "", STATES, CMD_IN_SHUTDOWN | \
	    CMD_IN_FATAL, 0, "null, then the stream") \
	X(READY, ready, "ready", "", NONE, CMD_RPCD | CMD_IN_SHUTDOWN | CMD_IN_FATAL | \
	    CMD_ONLY_RPCD, 0, "null, then the stream") \
	X(PROCESS_START, process_start, "process.start", "name:n", OPERATE, CMD_RPCD | \
	    CMD_CHANGES, 0, "id, spawn; or job") \
	X(PROCESS_STOP, process_stop, "process.stop", "name:n", OPERATE, CMD_RPCD | \
	    CMD_CHANGES, 0, "id, spawn; or job") \
	X(PROCESS_SIGNAL, process_signal, "process.signal", "name:n,signal:w", \
	    OPERATE, CMD_RPCD | CMD_CHANGES, 0, "null; or job") \
	X(PROCESS_STDIN, process_stdin, "process.stdin", "name:n,data:s", OPERATE, \
	    CMD_RPCD | CMD_CHANGES, 0, "null") \
	X(GROUP_START, group_start, "group.start", "name:n", OPERATE, CMD_RPCD | \
	    CMD_CHANGES, 0, "job") \
	X(GROUP_STOP, group_stop, "group.stop", "name:n", OPERATE, CMD_RPCD | \
	    CMD_CHANGES, 0, "job") \
	X(GROUP_SIGNAL, group_signal, "group.signal", "name:n,signal:w", OPERATE, \
	    CMD_RPCD | CMD_CHANGES, 0, "job") \
	X(GROUP_ADD, group_add, "group.add", "name:n", ADMIN, CMD_RPCD | CMD_CHANGES, \
	    0, "null") \
	X(GROUP_REMOVE, group_remove, "group.remove", "name:n", ADMIN, CMD_RPCD | \
	    CMD_CHANGES, 0, "null") \
	X(ALL_START, all_start, "all.start", "", OPERATE, CMD_RPCD | CMD_CHANGES, 0, \
	    "job") \
	X(ALL_STOP, all_stop, "all.stop", "", OPERATE, CMD_RPCD | CMD_CHANGES, 0, \
	    "job") \
	X(ALL_SIGNAL, all_signal, "all.signal", "signal:w", OPERATE, CMD_RPCD | \
	    CMD_CHANGES, 0, "job") \
	X(LOG_OPEN, log_open, "log.open", "name:n,stream:w", VIEW, CMD_RPCD, 0, \
	    "path, descriptor") \
	X(LOG_CLEAR, log_clear, "log.clear", "name:n", OPERATE, CMD_RPCD | \
	    CMD_CHANGES, 0, "null") \
	X(ALL_CLEAR, all_clear, "all.clear", "", OPERATE, CMD_RPCD | CMD_CHANGES, 0, \
	    "job") \
	X(MAINLOG_OPEN, mainlog_open, "mainlog.open", "", VIEW, CMD_RPCD | \
	    CMD_NEEDS_ALL, 0, "path, descriptor") \
	X(MAINLOG_CLEAR, mainlog_clear, "mainlog.clear", "", OPERATE, CMD_RPCD | \
	    CMD_CHANGES | CMD_NEEDS_ALL, 0, "null") \
	X(PROCESS_STATS, process_stats, "process.stats", "name:n", STATES, \
	    CMD_RPCD | CMD_IN_SHUTDOWN, 0, "a row of stats") \
	X(ALL_STATS, all_stats, "all.stats", "?after:i", STATES, \
	    CMD_RPCD | CMD_IN_SHUTDOWN, 0, "rows, more") \
	X(PROCESS_RESTART, process_restart, "process.restart", "names:t", \
	    OPERATE, CMD_RPCD | CMD_CHANGES, \
	    CMD_BIT(PROCESS_STOP) | CMD_BIT(PROCESS_START), "job") \
	X(GROUP_RESTART, group_restart, "group.restart", "name:n", OPERATE, \
	    CMD_CHANGES, CMD_BIT(GROUP_STOP) | CMD_BIT(GROUP_START), "job") \
	X(ALL_RESTART, all_restart, "all.restart", "", OPERATE, CMD_CHANGES, \
	    CMD_BIT(ALL_STOP) | CMD_BIT(ALL_START), "job") \
	X(CONFIG_REREAD, config_reread, "config.reread", "", ADMIN, CMD_RPCD | \
	    CMD_CHANGES | CMD_NEEDS_ALL, 0, "added, changed, removed") \
	X(CONFIG_ROWS, config_rows, "config.rows", "from:i", VIEW, CMD_RPCD | \
	    CMD_NEEDS_ALL, 0, "reread, total, rows") \
	X(CONFIG_PREVIEW, config_preview, "config.preview", "", ADMIN, CMD_NEEDS_ALL, \
	    CMD_BIT(CONFIG_REREAD), "added, changed, removed") \
	X(CONFIG_UPDATE, config_update, "config.update", "?names:t", ADMIN, \
	    CMD_CHANGES | CMD_NEEDS_ALL, CMD_BIT(CONFIG_REREAD) | CMD_BIT(GROUP_ADD) | \
	    CMD_BIT(GROUP_REMOVE), "job, added, changed, removed") \
	X(EVENT_SEND, event_send, "event.send", "type:s,data:s,?more:t", OPERATE, \
	    CMD_RPCD | CMD_IN_SHUTDOWN | CMD_CHANGES | CMD_NEEDS_ALL, 0, "null") \
	X(DAEMON_SHUTDOWN, daemon_shutdown, "daemon.shutdown", "", ADMIN, CMD_RPCD | \
	    CMD_IN_FATAL | CMD_CHANGES | CMD_NEEDS_ALL, 0, "null") \
	X(DAEMON_RESTART, daemon_restart, "daemon.restart", "", ADMIN, CMD_RPCD | \
	    CMD_IN_FATAL | CMD_CHANGES | CMD_NEEDS_ALL, 0, "null") \
	X(DAEMON_UPGRADE, daemon_upgrade, "daemon.upgrade", "", ADMIN, CMD_CHANGES | \
	    CMD_NEEDS_ALL, 0, "version, upgrades") \
	X(DAEMON_ANSWERED, daemon_answered, "daemon.answered", "", NONE, CMD_RPCD | \
	    CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD, 0, "null") \
	X(FRONTEND_ACTIVE, frontend_active, "frontend.active", "", NONE, CMD_RPCD | \
	    CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD, 0, "null") \
	X(AUDIT_REPORT, audit_report, "audit.report", "method:s,result:w,?target:n," \
	    "?why:s,?count:i", NONE, \
	    CMD_RPCD | CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD, 0, "null") \
	X(DAEMON_FIGURES, daemon_figures, "daemon.figures", "?from:i", NONE, CMD_RPCD | \
	    CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD, 0, "see below") \
	X(AUTH_VERIFY, auth_verify, "auth.verify", "user:n,password:n", NONE, CMD_RPCD | \
	    CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_ONLY_RPCD, 0, "ok") \
	CMD_LIST_SEAM(X)

#ifdef REEVE_TEST_SEAM
/* Only in the test build: daemon.break enters FATAL. */
#define CMD_LIST_SEAM(X) \
	X(DAEMON_BREAK, daemon_break, "daemon.break", "?reason:s", ADMIN, \
	    CMD_IN_SHUTDOWN | CMD_IN_FATAL | CMD_CHANGES | CMD_NEEDS_ALL, 0, "null")
#else
#define CMD_LIST_SEAM(X)
#endif

enum cmd_id {
#define CMD_ID(id, ...) CMD_##id,
	CMD_LIST(CMD_ID)
#undef CMD_ID
	CMD_MAX
};

#define CMD_BIT(id) (UINT64_C(1) << CMD_##id)

_Static_assert(CMD_MAX <= 64, "sets of commands have 64 bits");

struct cmd {
	const char *name; /* "process.start" */
	const char *params;
	enum role role;
	unsigned flags;
	uint64_t parts; /* CMD_BIT of the commands that it consists of */
	const char *result;
};

extern const struct cmd cmd_table[CMD_MAX]; /* by id */

/* The id of a name, or -1. */
int cmd_find(const char *name);
/* True when `params` (NULL = none) has every required member and all have their types; else
 * *why is new, e.g. "missing parameter 'name'", or NULL with ENOMEM. */
NODISCARD bool cmd_check_params(const struct cmd *, const json_t *params, char **why);

#endif
