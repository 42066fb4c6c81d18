/* Group ops: what is special to a kind of groups: event listeners, FastCGI programs and
 * rpcinterface programs. Each kind has a row in the folder that implements it;
 * daemon/group_kinds.c has the table. Members that are zero or NULL mean the behaviour of a
 * plain program. */
#ifndef MASTER_PROCESS_GROUP_OPS_H
#define MASTER_PROCESS_GROUP_OPS_H

#include <stdbool.h>

struct group;
struct group_config;
struct process;

/* Descriptors of a process that is to be spawned; -1 = none. */
struct group_fds {
	int input;    /* its 0, instead of a pipe from us */
	int extra[2]; /* its 3 and 4 */
};

struct group_ops {
	bool has_no_stdin;       /* sendProcessStdin does not reach its processes */
	bool stdin_is_unbounded; /* the sender limits what is queued for its stdin */
	/* A process cannot continue with a daemon that has not started it, because it
	 * speaks a protocol, or has a socket, whose state is lost. */
	bool needs_its_daemon;

	/* Before a group is added: 0, or -1 with *why new (NULL if out of memory). */
	int (*check)(const struct group_config *, char **why);
	/* The group and its processes exist. 0, or -1 with errno; `removed` follows. */
	int (*added)(struct group *);
	/* Its processes have no pipes any more and are freed next. */
	void (*removed)(struct group *);
	/* reeve-rpcd's connection has ended; and a new one is ready. */
	void (*rpcd_gone)(struct group *);
	void (*rpcd_ready)(struct group *);
	/* Whether a shutdown should wait a little before it stops the group. */
	bool (*is_busy)(const struct group *);

	/* Create and free process->kind_state. 0, or -1 with ENOMEM. */
	int (*attach)(struct process *);
	void (*detach)(struct process *);
	/* During a start, in this order. Before the search for the command: 0, or -1 with
	 * *why new. */
	int (*prepare)(struct process *, char **why);
	/* Fills the descriptors, which the caller closes. 0, or -1 with errno. */
	int (*plumb)(struct process *, struct group_fds *);
	/* Connects its standard output, which does not go to syslog then. 0, or -1 with
	 * ENOMEM. */
	int (*listen)(struct process *);
	void (*spawned)(struct process *);
	/* At an end, in this order: it was reaped and its output has been read; its pipes
	 * are closed (also after a failed start); its state has changed; its pid is
	 * cleared. */
	void (*exited)(struct process *);
	void (*closed)(struct process *);
	void (*ended)(struct process *);
	void (*released)(struct process *);

	/* For the state document: the descriptor of standard input that `plumb` has
	 * created, and the same for a process that was read from a document. */
	int (*input_fd)(const struct process *);
	void (*adopt_input)(struct process *, int fd_take);
};

/* A row of the table of kinds, which enum group_kind indexes. */
struct group_kind_row {
	const struct group_ops *ops;
	void *ctx; /* borrowed: what the ops work with */
};

#endif
