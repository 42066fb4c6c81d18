/* Statedoc pipes: what the runtime holds for one process, in the state document: the
 * descriptors, and what has been read from them and not yet acted on (design 8). */
#ifndef MASTER_UPGRADE_STATEDOC_PIPES_H
#define MASTER_UPGRADE_STATEDOC_PIPES_H

#include "common/compiler.h"
#include "master/child/capture.h"
#include "master/config/config.h"
#include "master/event/listener_protocol.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One output of a child, and its log file. */
struct statedoc_output {
	int fd;			/* our end of the pipe, -1 = none */
	int log_fd;		/* -1 = none */
	char *log_path;		/* owned; NULL = none; AUTO names also while stopped */
	uint64_t generation;	/* of the log file */
	uint64_t lost;		/* bytes that the log file lacks and does not say yet */
	int lost_errno;		/* why */
	bool hidden;		/* from the main log */
	bool captures;		/* it has a capture mode: */
	struct capture_memory capture;	/* its bytes owned */
};

struct statedoc_pipes {
	int stdin_fd;		/* our end, -1 = none */
	char *queued;		/* owned: bytes not yet written to it; NULL = none */
	size_t nqueued;
	struct statedoc_output outputs[OUTPUT_MAX];
	bool listens;		/* it is an event listener: */
	struct listener listener;	/* its event a reference, its name unset */
	bool renewing;		/* an interface that is stopped to be started again */
	char *prefix;		/* owned: of the lines being printed; NULL = none */
	char *printing;		/* owned: its line that is not whole; NULL = none */
	size_t nprinting;
};

/* All -1 and NULL. */
void statedoc_pipes_init(struct statedoc_pipes *);
void statedoc_pipes_clear(struct statedoc_pipes *);
/* New object; NULL with ENOMEM. */
json_t *statedoc_pipes_write(const struct statedoc_pipes *);
/* Into such as were initialised, to be cleared in any case. 0, or -1 with *why new. */
NODISCARD int statedoc_pipes_read(const json_t *, struct statedoc_pipes *, char **why);

#endif
