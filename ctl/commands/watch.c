/* The command status --watch at a terminal. */
#include "common/clock.h"
#include "common/mem.h"
#include "ctl/commands/screen.h"
#include "ctl/commands/show.h"
#include "ctl/commands/status.h"
#include "ctl/commands/view.h"
#include "ctl/daemon/control.h"
#include "ctl/daemon/server_stats.h"

#include <stdlib.h>
#include <string.h>

#define WATCH_MS 1000       /* between two updates when nothing changes */
#define WATCH_REST_MS 100   /* at least between two updates because of changes */
#define WATCH_STATS_MS 2000 /* between two samples of CPU time and memory */

struct watch {
	struct session *session;
	const struct status *status;
	struct screen *screen;
	struct view view;
	char *daemon; /* its name */
	/* Of the last update. */
	struct server_rows server;
	const struct process_info **selected;
	struct view_row *rows;
	struct server_stats *stats;
	int64_t updated_ms, sampled_ms; /* 0 = never */
	char *note;
};

/* ---- an update ---- */

static void
watch_clear_rows(struct watch *w)
{
	free(w->rows);
	free((void *)w->selected);
	w->rows = NULL;
	w->selected = NULL;
}

static bool
watch_get_stats(struct watch *w)
{
	int64_t now = clock_mono_ms();

	if (w->sampled_ms != 0 && now - w->sampled_ms < WATCH_STATS_MS)
		return true;
	server_stats_free(w->stats);
	w->stats = NULL;
	if (server_stats(w->session->server, &w->stats) == -1) {
		session_lost(w->session);
		return false;
	}
	w->sampled_ms = now;
	return true;
}

static bool
watch_get_rows(struct watch *w)
{
	struct session *s = w->session;

	watch_clear_rows(w);
	if (!watch_get_stats(w) || !status_rows(s, w->status, &w->server, &w->selected))
		return false;
	if (w->server.daemon != NULL)
		show_daemon(s->out, w->server.daemon);
	w->rows = xcalloc(w->server.count + 1, sizeof(*w->rows));
	for (size_t i = 0; i < w->server.count; i++)
		w->rows[i] = (struct view_row){ .info = w->server.list[i],
			.stats = server_stats_find(w->stats, w->server.list[i]) };
	w->updated_ms = clock_mono_ms();
	return true;
}

/* Gets the rows; what is reported meanwhile becomes the note. False: the command ends. */
static bool
watch_update(struct watch *w)
{
	struct session *s = w->session;
	FILE *out = s->out;
	size_t length;
	bool fine;

	free(w->note);
	s->out = open_memstream(&w->note, &length);
	mem_must(s->out == NULL);
	fine = watch_get_rows(w) && !s->broken;
	fclose(s->out);
	s->out = out;
	if (fine)
		w->note[strcspn(w->note, "\n")] = '\0';
	return fine;
}

/* ---- drawing ---- */

/* A supervisord does not. */
static bool
watch_counts_restarts(const struct watch *w)
{
	return w->server.daemon != NULL ||
	    (w->server.count > 0 && w->server.list[0]->id != 0);
}

static bool
watch_draw(struct watch *w)
{
	const struct daemon_info *daemon = w->server.daemon;
	struct view_scene scene = {
		.daemon = w->daemon,
		.state = daemon != NULL ? daemon_state_name(daemon->state) : "",
		.note = w->note,
		.rows = w->rows,
		.count = w->server.count,
		.now = w->server.now,
		.counts_restarts = watch_counts_restarts(w),
	};
	char time[16];
	int width, height;

	clock_local_text(time, sizeof(time), "%H:%M:%S", w->server.now);
	scene.time = time;
	screen_size(w->screen, &width, &height);
	return screen_draw(w->screen, view_lines(&w->view, &scene, width, height), height);
}

/* Waits for the next update and draws what keys change. False: the command ends. */
static bool
watch_wait(struct watch *w)
{
	const struct control *control = server_control(w->session->server);
	int64_t since, due = WATCH_MS;
	char keys[SCREEN_KEYS_MAX];
	size_t n;

	while ((since = clock_mono_ms() - w->updated_ms) < due) {
		/* Changes are read when the rest is over. */
		bool reads = control != NULL && since >= WATCH_REST_MS;
		int64_t until = control != NULL && !reads ? WATCH_REST_MS : due;

		switch (screen_wait(w->screen, reads ? control_fd(control) : -1,
		    (int)(until - since), keys, &n)) {
		case SCREEN_INPUT:
			return true;
		case SCREEN_KEYS:
			if (!view_keys(&w->view, keys, n))
				return false;
			if (!watch_draw(w))
				return false;
			break;
		case SCREEN_REDRAW:
			if (!watch_draw(w))
				return false;
			break;
		case SCREEN_END:
			return false;
		case SCREEN_TIMEOUT:
			break;
		}
	}
	return true;
}

void
watch_run(struct session *s, const struct status *st)
{
	struct watch w = { .session = s, .status = st, .view = { .colour = s->colour } };
	bool fine;
	struct reply r;

	fine = session_replied(s, server_get(s->server, SERVER_IDENTIFIER, &r), &r, NULL);
	w.daemon = xstrdup(fine ? json_string_value(r.result) : "");
	reply_clear(&r);
	if (fine) {
		w.screen = screen_open(s->out);
		do
			fine = watch_update(&w);
		while (fine && watch_draw(&w) && watch_wait(&w));
		screen_close(w.screen);
		if (!fine)
			fputs(w.note, s->out);
	}
	watch_clear_rows(&w);
	server_stats_free(w.stats);
	free(w.daemon);
	free(w.note);
}
