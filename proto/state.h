/* State: what the stream says about the daemon and its processes. */
#ifndef PROTO_STATE_H
#define PROTO_STATE_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum process_state { /* supervisord's codes */
	PROCESS_STOPPED = 0,
	PROCESS_STARTING = 10,
	PROCESS_RUNNING = 20,
	PROCESS_BACKOFF = 30,
	PROCESS_STOPPING = 40,
	PROCESS_EXITED = 100,
	PROCESS_FATAL = 200,
	PROCESS_UNKNOWN = 1000,
};

enum daemon_state { /* supervisord's codes; a later master may have others */
	DAEMON_SHUTDOWN = -1,
	DAEMON_RESTARTING = 0,
	DAEMON_RUNNING = 1,
	DAEMON_FATAL = 2,
};

/* How a spawn attempt came out. */
enum verdict {
	VERDICT_NONE,		/* not decided yet, or never spawned */
	VERDICT_RUNNING,
	VERDICT_EXITED_EARLY,
	VERDICT_SPAWN_FAILED,
	VERDICT_STOPPED,
	VERDICT_UNKNOWN,	/* a reader's alone: one that it does not know */
};

/* As kinds of fields (common/fields.h). */
#define FIELDS_TYPE_STATE enum process_state
#define FIELDS_TYPE_VERDICT enum verdict
#define FIELDS_TYPE_DAEMON enum daemon_state

#define PROCESS_INFO_STRINGS 8

enum health {
	HEALTH_NONE,		/* it has no health check */
	HEALTH_STARTING,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
	HEALTH_UNKNOWN,		/* a reader's alone: a word that it does not know */
};

/* One row of the stream. Strings are owned. */
struct process_info {
	uint64_t id;          /* never reused */
	uint64_t spawn;       /* raised by each spawn attempt; 0 = never spawned */
	uint64_t last_spawn;  /* the latest spawn with a verdict … */
	enum verdict verdict; /* … and what it was */
	char *group, *name;
	enum process_state state;
	pid_t pid;           /* 0 = none */
	int64_t start, stop; /* epoch seconds, 0 = never */
	int exitstatus;      /* 0 if unset, -1 by a signal */
	char *spawnerr;      /* "" if none */
	char *failure;       /* why the last attempt made no program; "" if unknown */
	char *stopped_at;    /* STOPPED, EXITED: text of getProcessInfo's description
				 * as the master renders it ("Not started", "Nov 22 04:12
				 * PM"), else "" */
	char *stdout_logfile, *stderr_logfile; /* "" if none */
	bool fed_by_pipe;                      /* false: stdin is no pipe of ours (fcgi) */
	int last_status; /* of the last end, which was at `stop`: -1 by a signal … */
	int last_signal; /* … of this number, else 0; a reader's alone: -1 = it does
				 * not know how that end was */
	bool ready;      /* serves; a RUNNING one does unless it says otherwise */
	bool paused;     /* automatic starts are suspended by a client */
	enum health health;
	char *waiting_for;  /* what must happen before it is spawned; "" = nothing */
	int64_t next_start; /* epoch seconds of the next automatic start; 0 = none */
	uint64_t restarts;  /* automatic starts after its first start; only rises */
};

struct daemon_info {
	enum daemon_state state;
	char *fatal_reason; /* "" unless FATAL */
	pid_t pid;
	char *identifier;
	char *logfile;           /* main log, "" if none */
	bool has_main_interface; /* [rpcinterface:supervisor] is configured */
};

const char *process_state_name(enum process_state);
int process_state_parse(const char *name);             /* or -1 */
bool process_state_is_stopped(enum process_state);     /* STOPPED EXITED FATAL UNKNOWN */
bool process_state_is_running(enum process_state);     /* STARTING RUNNING BACKOFF */
bool process_state_is_signallable(enum process_state); /* STARTING RUNNING STOPPING */
const char *daemon_state_name(enum daemon_state);
const char *verdict_name(enum verdict);
int verdict_parse(const char *name); /* or -1 */
const char *health_name(enum health);
int health_parse(const char *name); /* or -1 */

/* New text: getProcessInfo's description; `now` in epoch seconds. */
char *process_info_description(const struct process_info *, int64_t now);
/* New text: "exit status 3" or "killed by SIGUSR1", of its last end, or "" when it has not
 * ended yet or how is not known. NULL with ENOMEM. */
char *process_info_last_exit(const struct process_info *);
/* Whether its state is what the last end led to: it has not been started again, nor failed
 * to be. */
bool process_info_is_ended(const struct process_info *);
/* New text: "NAME" when group and process are named alike, else "GROUP:NAME". */
char *namespec_join(const char *group, const char *name);
/* Splits at the first colon: *group is new (NULL = no memory); *name is new, or NULL for a
 * whole group ("g:*", "g:"). */
void namespec_split(const char *spec, char **group, char **name);

/* Where all strings of a row are. */
void process_info_strings(struct process_info *, char **strings[PROCESS_INFO_STRINGS]);
void process_info_clear(struct process_info *);
/* Puts U+FFFD in the place of what is no UTF-8 in the texts. 1 when there was such, 0 when
 * not, -1 with ENOMEM: some may be mended. */
NODISCARD int process_info_mend(struct process_info *);
NODISCARD int daemon_info_mend(struct daemon_info *);
json_t *daemon_info_write(const struct daemon_info *);
NODISCARD int daemon_info_read(const json_t *, struct daemon_info *);
void daemon_info_clear(struct daemon_info *);

/* Replaces borrowed strings by copies of our own, all or none; 0 or -1 with ENOMEM. */
NODISCARD int state_own_strings(char **strings[], size_t n);

#endif
