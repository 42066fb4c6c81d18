#include "ctl/commands/watch.h"

#include "ctl/commands/interrupt.h"
#include "ctl/commands/session.h"
#include "ctl/daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WATCH_MS 1000		/* between two pictures when nothing changes */
#define WATCH_REST_MS 100	/* at least, when much does */

/* Puts a text on the terminal over what was there: as many lines as it has, each to its
 * end; a long one is cut, not wrapped. */
static void
watch_show_picture(FILE *out, const char *text)
{
	struct winsize size = { .ws_row = 0 };
	int lines;

	if (ioctl(fileno(out), TIOCGWINSZ, &size) == -1 || size.ws_row == 0)
		size.ws_row = 24;
	fputs("\033[?7l\033[H", out);
	for (lines = 1; *text != '\0' && lines < size.ws_row; lines++) {
		size_t n = strcspn(text, "\n");
		fprintf(out, "%.*s\033[K\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	fputs("\033[J\033[?7h", out);
}

static void
watch_draw_picture(struct session *s, void (*draw)(struct session *, void *), void *ctx)
{
	FILE *out = s->out;
	char *text = NULL;
	size_t length = 0;

	s->out = open_memstream(&text, &length);
	if (s->out == NULL) {
		s->out = out;
		session_error(s, strerror(errno));
		return;
	}
	draw(s, ctx);
	fclose(s->out);
	s->out = out;
	if (isatty(fileno(out)) && !s->broken)
		watch_show_picture(out, text);
	else
		fprintf(out, "%s\n", text);
	free(text);
}

void
watch_status(struct session *s, void (*draw)(struct session *, void *ctx), void *ctx)
{
	struct control *control;
	struct interrupt interrupt;

	interrupt_begin(&interrupt);
	if (isatty(fileno(s->out)))
		fputs("\033[2J", s->out);
	do {
		watch_draw_picture(s, draw, ctx);
		if (fflush(s->out) == EOF || s->broken)
			break;
		control = server_control(s->server);
	} while (interrupt_wait(&interrupt, s->out, -1, WATCH_REST_MS) &&
	    interrupt_wait(&interrupt, s->out, control != NULL ? control_fd(control) : -1,
	    WATCH_MS - WATCH_REST_MS));
	interrupt_end(&interrupt);
}
