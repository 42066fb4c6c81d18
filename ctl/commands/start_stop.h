/* Start stop: the commands start, stop, signal and clear, which differ in their methods and
 * texts only; restart uses parts of them. */
#ifndef CTL_COMMANDS_START_STOP_H
#define CTL_COMMANDS_START_STOP_H

#include "common/compiler.h"
#include "ctl/commands/session.h"
#include "ctl/commands/show.h"

/* One run on several names. */
struct start_stop {
	enum show_action action;
	struct session *session;
	const char *signal; /* for signal, else NULL */
	struct map *down;   /* for clear: processes that do not run; or NULL */
	/* The progress line on a terminal. */
	size_t done, total;        /* results; total 0 = no progress */
	struct stop_wait *waiting; /* of a stop, or NULL */
	char *waiting_for;         /* owned, or NULL */
	bool shown;
};

/* Reaches the server, splits the arguments, `first` of which precede the names, and expands
 * the patterns. True if there are names. Clear the words in any case. */
NODISCARD bool start_stop_words(
    struct session *, const char *args, int misused, size_t first, struct words *);
/* Runs the command on all names. */
void start_stop_names(struct start_stop *, const struct words *);
/* Begin and end showing the progress on a terminal. */
void start_stop_begin(struct start_stop *, const struct words *);
void start_stop_end(struct start_stop *);
/* The approximate number of results for these names; 0 without progress. */
size_t start_stop_expected(const struct start_stop *, const struct words *);
/* Prints a result. ctx: a struct start_stop. */
void start_stop_result(void *ctx, const struct bulk_result *);
/* Prints the reply to a call on one process, or on a whole group. */
void start_stop_reply(struct start_stop *, const char *spec, const struct reply *);

#endif
