/* Completion: the candidates for a word of a command line that is being typed. */
#ifndef CTL_COMPLETION_H
#define CTL_COMPLETION_H

#include "ctl/commands/namespec.h"

/* editor_complete_fn with a struct session as its context. */
void completion_offer_line(void *session, const char *line, struct words *out);
/* The same from another source, whose functions are called when the line needs them. */
struct completion_source {
	struct server_rows (*rows)(void *ctx);
	json_t *(*config)(void *ctx); /* getAllConfigInfo's array, new; or NULL */
	void *ctx;
};
void completion_from(const struct completion_source *, const char *line, struct words *out);

#endif
