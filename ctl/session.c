#include "ctl/session.h"

#include "common/mem.h"
#include "ctl/show.h"

#include <stdlib.h>
#include <string.h>

void
words_split(struct words *w, const char *text)
{
	char *rest, *word;

	*w = (struct words){ .text = xstrdup(text) };
	rest = w->text;
	while ((word = strsep(&rest, " \t\r\n\v\f")) != NULL) {
		if (*word == '\0')
			continue;
		w->list = xreallocarray(w->list, w->count + 1, sizeof(*w->list));
		w->list[w->count++] = word;
		if (strcmp(word, "all") == 0)
			w->all = true;
	}
}

void
words_clear(struct words *w)
{
	free(w->list);
	free(w->text);
}

void
session_error(struct session *s, const char *why)
{
	fprintf(s->out, "error: unix://%s: %s\n", s->path, why);
	s->status = EXIT_GENERIC;
	s->broken = true;
}

void
session_fault(struct session *s, enum fault fault, const char *text)
{
	show_fault(s->out, fault, text);
	s->status = EXIT_GENERIC;
	s->broken = true;
}

void
session_lost(struct session *s)
{
	const char *why = client_lost(s->client);

	session_error(s, why != NULL ? why : "the connection is gone");
}

enum client_status
session_try(struct session *s, char **why)
{
	return s->client != NULL ? CLIENT_OK : client_open(s->path, &s->client, why);
}

bool
session_connect(struct session *s)
{
	char *why = NULL;
	enum client_status status = session_try(s, &why);

	if (status == CLIENT_OK)
		return true;
	if (status == CLIENT_FAILED) {
		session_error(s, why);
	} else {
		fprintf(s->out, "unix://%s %s\n", s->path,
		    status == CLIENT_NO_FILE ? "no such file" : "refused connection");
		s->status = status == CLIENT_NO_FILE ? EXIT_NOT_RUNNING : EXIT_NO_PRIVILEGE;
		s->broken = true;
	}
	free(why);
	return false;
}

void
session_misused(struct session *s, const char *problem, int status)
{
	fprintf(s->out, "Error: %s %s\n%s\n", s->verb->name, problem, s->verb->help);
	s->status = status;
}
