/* State: the daemon and its processes as the state stream describes them
 * (reeve-protocol(7)). */
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

/* The result of a spawn attempt. */
enum verdict {
	VERDICT_NONE,		/* not decided yet, or never spawned */
	VERDICT_RUNNING,
	VERDICT_EXITED_EARLY,
	VERDICT_SPAWN_FAILED,
	VERDICT_STOPPED,
	VERDICT_UNKNOWN,	/* only in a mirror: a verdict of a later version */
};

/* The reason of an exit. UNKNOWN: not even the status is known, or it is a word of a later
 * version. */
enum exit_reason { REASON_NONE, REASON_OUT_OF_MEMORY, REASON_UNKNOWN };

/* The types' names in field tables (common/fields.h). */
#define FIELDS_TYPE_STATE enum process_state
#define FIELDS_TYPE_VERDICT enum verdict
#define FIELDS_TYPE_DAEMON enum daemon_state

#define PROCESS_INFO_TEXTS 8
/* Bytes of a text in the stream, which cuts longer ones: a row with all of them at this
 * length fits a frame (FRAME_MAX) even when each byte is escaped. */
#define STATE_TEXT_MAX (16 * 1024)

enum health {
	HEALTH_NONE,		/* the program has no health check */
	HEALTH_STARTING,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
	HEALTH_UNKNOWN,		/* only in a mirror: a word of a later version */
};

/* One row of the stream: a process. The texts are owned. */
struct process_info {
	uint64_t id;          /* never reused */
	uint64_t spawn;       /* raised by each spawn attempt; 0 = never spawned */
	uint64_t last_spawn;  /* the latest spawn that has a verdict */
	enum verdict verdict; /* of last_spawn */
	char *group, *name;
	enum process_state state;
	pid_t pid;           /* 0 = none */
	int64_t start, stop; /* epoch seconds, 0 = never */
	int exitstatus;      /* 0 if unset, -1 after a signal */
	char *spawnerr;      /* "" if none */
	char *failure;       /* why the last spawn attempt failed; "" if unknown */
	char *stopped_at;    /* STOPPED, EXITED: getProcessInfo's description as the master
			      * renders it ("Not started", "Nov 22 04:12 PM"), else "" */
	char *stdout_logfile, *stderr_logfile; /* "" if none */
	bool fed_by_pipe; /* stdin is a pipe from the master (not of an fcgi-program) */
	int last_status;  /* exit status of the last exit, at `stop`; -1 after a signal */
	int last_signal;  /* signal of the last exit, or 0; in a mirror -1 = unknown */
	bool ready;       /* serves; RUNNING programs do unless they report otherwise */
	bool paused;      /* a client has suspended automatic starts */
	bool autostart;   /* it is started with the daemon */
	enum health health;
	enum exit_reason last_reason; /* of the last exit */
	/* What must happen before the next spawn; "" = nothing. Callers who see only some
	 * programs read it, too. */
	char *waiting_for;
	int64_t next_start; /* epoch seconds of the next automatic start; 0 = none */
	uint64_t restarts;  /* automatic starts after the first start; never decreases */
};

struct daemon_info {
	enum daemon_state state;
	/* "" unless FATAL. Names no program: callers who see only some read it, too. */
	char *fatal_reason;
	pid_t pid;
	int64_t start; /* epoch seconds, 0 = unknown; a live upgrade keeps it */
	char *identifier;
	char *logfile;           /* main log, "" if none */
	bool has_main_interface; /* [rpcinterface:supervisor] is configured */
};

/* A code and its name. A row without a name ends a table; that before is for others. */
struct state_word {
	int code;
	const char *name;
};

extern const struct state_word state_process_words[], state_daemon_words[],
    state_verdict_words[], state_health_words[], state_reason_words[];

const char *state_word_name(const struct state_word *, int code);
/* The code of a name, or -1. */
int state_word_code(const struct state_word *, const char *name);
int verdict_parse(const char *name); /* or -1 */

static inline const char *
process_state_name(enum process_state state)
{
	return state_word_name(state_process_words, (int)state);
}

static inline int
process_state_parse(const char *name)
{
	return state_word_code(state_process_words, name);
}

static inline const char *
daemon_state_name(enum daemon_state state)
{
	return state_word_name(state_daemon_words, (int)state);
}

static inline const char *
verdict_name(enum verdict verdict)
{
	return state_word_name(state_verdict_words, (int)verdict);
}

bool process_state_is_stopped(enum process_state);     /* STOPPED EXITED FATAL UNKNOWN */
bool process_state_is_running(enum process_state);     /* STARTING RUNNING BACKOFF */
bool process_state_is_signallable(enum process_state); /* STARTING RUNNING STOPPING */

/* New text: getProcessInfo's description; `now` in epoch seconds. */
char *process_info_description(const struct process_info *, int64_t now);
/* New text of the last exit: "exit status 3" or "killed by SIGUSR1"; "" when the process
 * has not exited yet or the cause is unknown. NULL with ENOMEM. */
char *process_info_last_exit(const struct process_info *);
/* Whether the state follows from the last exit: no spawn has succeeded or failed since. */
bool process_info_is_ended(const struct process_info *);
/* New text: "NAME" when group and process have the same name, else "GROUP:NAME". */
char *namespec_join(const char *group, const char *name);
/* Splits at the first colon: *group is new (NULL if out of memory); *name is new, or NULL
 * for a whole group ("g:*", "g:"). */
void namespec_split(const char *spec, char **group, char **name);

/* Stores the addresses of all text members. */
void process_info_texts(struct process_info *, char **texts[PROCESS_INFO_TEXTS]);
/* Frees the texts and sets everything to 0. */
void process_info_clear(struct process_info *);
/* Replaces bytes that are not UTF-8 in the texts by U+FFFD. 1 when there were any, 0, or -1
 * with ENOMEM: then some texts may still have such bytes. */
NODISCARD int process_info_to_utf8(struct process_info *);
NODISCARD int daemon_info_to_utf8(struct daemon_info *);
/* New, or NULL: out of memory, or a text is not UTF-8. */
json_t *daemon_info_write(const struct daemon_info *);
/* Fills *info (texts new); 0, or -1 with errno: EINVAL or ENOMEM. */
NODISCARD int daemon_info_read(const json_t *, struct daemon_info *info);
void daemon_info_clear(struct daemon_info *);

/* The bytes of a text that the stream sends: all, or STATE_TEXT_MAX without a cut
 * character. */
size_t state_text_len(const char *);
/* Replaces borrowed texts by copies, all or none; 0 or -1 with ENOMEM. */
NODISCARD int state_copy_texts(char **texts[], size_t n);

#endif
