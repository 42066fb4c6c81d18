/* Completion: the candidates for the last word of a command line. */
#ifndef CTL_SHELL_COMPLETION_H
#define CTL_SHELL_COMPLETION_H

#include "ctl/commands/namespec.h"

/* editor_complete_fn with a struct session as its context. */
void completion_offer_line(void *session, const char *line, struct words *out);
/* The same with the names of another source, whose functions are called only if the line
 * needs them. Public for its test. */
struct completion_source {
	struct server_rows (*rows)(void *ctx);
	json_t *(*config)(void *ctx); /* getAllConfigInfo's array, new; or NULL */
	void *ctx;
};
void completion_from(const struct completion_source *, const char *line, struct words *out);

#endif
