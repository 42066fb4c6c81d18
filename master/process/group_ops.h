/* Group ops: how the groups of one kind (programs, event listeners, FastCGI programs,
 * rpcinterface programs) differ from each other. The row of a kind stands in the folder
 * that implements the kind, and the daemon has the table of all rows. What is zero or NULL
 * is as with a plain program. */
#ifndef MASTER_PROCESS_GROUP_OPS_H
#define MASTER_PROCESS_GROUP_OPS_H

#include <stdbool.h>

struct group;
struct group_config;
struct process;

/* Descriptors of a process about to be spawned, in its own numbers; -1 = none. */
struct group_fds {
	int input;    /* 0, in place of a pipe of ours */
	int extra[2]; /* 3 and 4 */
};

struct group_ops {
	bool has_no_stdin;       /* sendProcessStdin does not reach its processes */
	bool stdin_is_unbounded; /* what is queued for it is bounded elsewhere */

	/* Before a group is added: 0, or -1 with *why new (NULL without memory). */
	int (*check)(const struct group_config *, char **why);
	/* It exists, with its processes. 0, or -1 with errno: then `removed` follows. */
	int (*added)(struct group *);
	/* Its processes have no pipes any more, and are freed next. */
	void (*removed)(struct group *);
	/* reeve-rpcd's connection has ended; and a new one is ready. */
	void (*rpcd_gone)(struct group *);
	void (*rpcd_ready)(struct group *);
	/* A shutdown waits a little before it stops the group. */
	bool (*is_busy)(const struct group *);

	/* A process is added, and freed: its kind_state. 0, or -1 with ENOMEM. */
	int (*attach)(struct process *);
	void (*detach)(struct process *);
	/* A start, in this order. Before the command is looked up: 0, or -1, *why new. */
	int (*prepare)(struct process *, char **why);
	/* Fills the descriptors, which the caller closes. 0, or -1 with errno. */
	int (*plumb)(struct process *, struct group_fds *);
	/* Its standard output, which is not logged to syslog then. 0, or -1 with ENOMEM. */
	int (*listen)(struct process *);
	void (*spawned)(struct process *);
	/* An end, in this order: it was reaped and its output has been read; its pipes are
	 * closed (also after a failed start); its state has changed; and it has no pid. */
	void (*exited)(struct process *);
	void (*closed)(struct process *);
	void (*ended)(struct process *);
	void (*released)(struct process *);

	/* For the state document: the descriptor that `plumb` made of standard input, and a
	 * process that has this one already (taken). */
	int (*input_fd)(const struct process *);
	void (*adopt_input)(struct process *, int fd);
};

/* A row of the table of kinds, which enum group_kind indexes. */
struct group_kind_row {
	const struct group_ops *ops;
	void *ctx; /* borrowed: what the ops work with */
};

#endif
