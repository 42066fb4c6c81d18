/* Start stop: the commands start, stop, signal and clear, which are one command with
 * several sets of methods and texts, and the parts of it that restart uses. */
#ifndef CTL_START_STOP_H
#define CTL_START_STOP_H

#include "common/compiler.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"

/* One run on several names. */
struct start_stop {
	enum show_action action;
	struct session *session;
	const char *signal; /* NULL but for signal */
	struct map *down;   /* for clear: processes that do not run; or NULL */
	/* The last line on a terminal. */
	size_t done, total;        /* results; total 0 = no progress is shown */
	struct stop_wait *waiting; /* of a stop, or NULL */
	char *waiting_for;         /* owned, or NULL */
	bool shown;
};

/* Reaches the server and splits the arguments, of which `first` stand before the names.
 * True when there are names; their patterns are expanded. Clear the words in any case. */
NODISCARD bool start_stop_words(
    struct session *, const char *args, int misused, size_t first, struct words *);
/* Carries out the command on all names. */
void start_stop_names(struct start_stop *, const struct words *);
/* The progress on a terminal, around the calls. */
void start_stop_begin(struct start_stop *, const struct words *);
void start_stop_end(struct start_stop *);
/* How many results a run on these names has, about; 0 where no progress is shown. */
size_t start_stop_expected(const struct start_stop *, const struct words *);
/* Prints a result. ctx: the run. */
void start_stop_result(void *ctx, const struct bulk_result *);
/* Prints the reply to a call on one process, or on a whole group. */
void start_stop_reply(struct start_stop *, const char *spec, const struct reply *);

#endif
