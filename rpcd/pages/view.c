#include "rpcd/pages/view.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "proto/cmd.h"
#include "rpcd/pages/files.h"
#include "rpcd/pages/html.h"
#include "rpcd/pages/template.h"

#include <signal.h>
#include <stdlib.h>

#define CRASHED_SECONDS 60 /* after which a restarted program counts as sound */

/* The command that each right needs. */
static const struct {
	const char *word;
	enum cmd_id cmd;
} rights[VIEW_RIGHTS] = {
	[VIEW_START] = {"start", CMD_PROCESS_START},
	[VIEW_RESTART] = {"restart", CMD_PROCESS_RESTART},
	[VIEW_STOP] = {"stop", CMD_PROCESS_STOP},
	[VIEW_SIGNAL] = {"signal", CMD_PROCESS_SIGNAL},
	[VIEW_CLEAR] = {"clear", CMD_LOG_CLEAR},
	[VIEW_MORE] = {"more", CMD_LOG_CLEAR},
	[VIEW_LOG] = {"log", CMD_LOG_OPEN},
	[VIEW_MAINLOG] = {"mainlog", CMD_MAINLOG_OPEN},
};

void
view_init(struct view *view, const struct mirror *mirror, const struct grant *grant,
    enum role ceiling, const char *host, int64_t now)
{
	*view = (struct view){
		.mirror = mirror,
		.grant = grant,
		.host = host,
		.now = now,
	};
	for (size_t i = 0; i < VIEW_RIGHTS; i++)
		if (grant_check_cmd(grant, ceiling, rights[i].cmd) == GRANT_OK)
			view->rights |= 1U << i;
	if (view_may(view, VIEW_SIGNAL))
		view->rights |= 1U << VIEW_MORE;
}

const char *
view_word(enum view_right right)
{
	return rights[right].word;
}

bool
view_sees(const struct view *view, const struct process_info *info)
{
	return grant_sees(view->grant, info->group, info->name);
}

/* ---- a program ---- */

/* Whether the process ended by itself less than a minute ago, and not with status 0.
 * Signals that stop programs do not count. */
static bool
view_has_crashed(const struct view *view, const struct process_info *info)
{
	static const int stops[] = { SIGTERM, SIGKILL, SIGINT, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < nitems(stops); i++)
		if (info->last_signal == stops[i])
			return false;
	return info->restarts > 0 && info->stop > 0 &&
	    view->now - info->stop < CRASHED_SECONDS &&
	    (info->last_signal != 0 || info->last_status != 0);
}

bool
view_is_bad(const struct view *view, const struct process_info *info)
{
	switch (info->state) {
	case PROCESS_FATAL:
	case PROCESS_BACKOFF:
	case PROCESS_UNKNOWN:
		return true;
	case PROCESS_EXITED:
		return info->exitstatus != 0;
	case PROCESS_STARTING:
	case PROCESS_RUNNING:
		return info->health == HEALTH_UNHEALTHY || view_has_crashed(view, info);
	case PROCESS_STOPPED:
	case PROCESS_STOPPING:
		break;
	}
	return false;
}

/* Appends to a list with commas; nothing for an empty text. */
static void
view_add(struct buf *out, const char *before, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	if (buf_len(out) > 0)
		html_raw(out, ", ");
	html_raw(out, before);
	html_raw(out, text);
}

static bool
view_shows_exit(enum process_state state)
{
	return state == PROCESS_EXITED || state == PROCESS_BACKOFF ||
	    state == PROCESS_FATAL;
}

void
view_activity(struct buf *out, const struct view *view, const struct process_info *info)
{
	bool is_up = info->state == PROCESS_RUNNING || info->state == PROCESS_STARTING;
	char *text;

	view_add(out, "waiting for ", info->waiting_for);
	if (info->state != PROCESS_RUNNING) {
		text = process_info_description(info, view->now);
		view_add(out, "", text);
		free(text);
	} else if (info->health == HEALTH_STARTING || info->health == HEALTH_UNHEALTHY) {
		view_add(out, "", state_word_name(state_health_words, (int)info->health));
	} else if (!info->ready) {
		view_add(out, "", "not ready");
	}
	if (view_shows_exit(info->state) || (is_up && info->restarts > 0)) {
		text = process_info_last_exit(info);
		view_add(out, is_up ? "last exit: " : "", text);
		free(text);
	}
	if (info->paused)
		view_add(out, "", "automatic starts are paused");
}

bool
view_applies(enum view_right right, const struct process_info *info)
{
	if (right == VIEW_START)
		return process_state_is_stopped(info->state);
	if (right == VIEW_STOP || right == VIEW_RESTART)
		return process_state_is_running(info->state);
	return right != VIEW_SIGNAL || process_state_is_signallable(info->state);
}

void
view_state(struct buf *out, const char *name)
{
	html_raw(out, "<span class=state data-state=");
	html_raw(out, name);
	html_raw(out, ">");
	html_raw(out, name);
	html_raw(out, "</span>");
}

void
view_button(struct buf *out, enum view_right right, const char *label, const char *target)
{
	html_raw(out, "<button name=action value=\"");
	html_raw(out, rights[right].word);
	html_raw(out, " ");
	html_text(out, target);
	if (!str_equal(target, VIEW_SHOWN)) {
		html_raw(out, "\" aria-label=\"");
		html_raw(out, label);
		html_raw(out, " ");
		html_text(out, target);
	}
	html_raw(out, "\">");
	html_raw(out, label);
	html_raw(out, "</button> ");
}

void
view_buttons(struct buf *out, const struct view *view, const char *target,
    const struct process_info *info)
{
	static const char *const labels[] = { "Start", "Restart", "Stop" };

	for (size_t i = 0; i < nitems(labels); i++)
		if (view_may(view, (enum view_right)i) &&
		    (info == NULL || view_applies((enum view_right)i, info)))
			view_button(out, (enum view_right)i, labels[i], target);
	if (info == NULL && view_may(view, VIEW_MORE))
		view_button(out, VIEW_MORE, VIEW_MORE_LABEL, target);
}

void
view_signal(struct buf *out, const char *target, bool applies)
{
	static const char *const signals[] = { "HUP", "INT", "TERM", "USR1", "USR2",
		"KILL" };

	html_raw(out, applies ? "<span class=signal>" : "<span class=signal hidden>");
	html_raw(out,
	    "<label for=\"signal\">Signal</label>"
	    "<select id=\"signal\" name=\"signal\">");
	for (size_t i = 0; i < nitems(signals); i++) {
		html_raw(out, "<option>");
		html_raw(out, signals[i]);
		html_raw(out, "</option>");
	}
	html_raw(out, "</select>");
	view_button(out, VIEW_SIGNAL, "Send", target);
	html_raw(out, "</span>");
}

/* ---- frame ---- */

char *
view_actions(const struct view *view)
{
	char *text = xstrdup("");

	for (size_t i = 0; i < VIEW_RIGHTS; i++)
		if (view_may(view, (enum view_right)i))
			xappendf(&text, "%s%s", *text != '\0' ? " " : "", rights[i].word);
	return text;
}

/* New: the elements for the scripts of a page of this kind; messages have none. */
static char *
view_scripts(const char *kind)
{
	if (str_equal(kind, "message"))
		return xstrdup("");
	return xasprintf("<script src=\"common.js?v=%s\" defer></script>\n"
			 "<script src=\"%s.js?v=%s\" defer></script>",
	    page_version, kind, page_version);
}

void
view_page(struct buf *out, const struct view *view, const char *kind, const char *title,
    struct buf *content)
{
	static const char mainlog[] =
	    "<a class=\"button plain\" href=\"mainlog.html\">Main log</a>";
	const struct daemon_info *daemon = &view->mirror->daemon;
	char *may = view_actions(view), *markup = html_take(content);
	char *alarm = daemon->state != DAEMON_FATAL ?
	    NULL :
	    xasprintf("The daemon has an internal error and changes nothing: %s",
		daemon->fatal_reason);
	char *scripts = view_scripts(kind);
	const struct template_value values[] = {
		{"title", TEMPLATE_TEXT, title},
		{"v", TEMPLATE_TEXT, page_version},
		{"scripts", TEMPLATE_HTML, scripts},
		{"kind", TEMPLATE_TEXT, kind},
		{"may", TEMPLATE_TEXT, may},
		{"identifier", TEMPLATE_TEXT, daemon->identifier},
		{"host", TEMPLATE_TEXT, view->host},
		{"version", TEMPLATE_TEXT, REEVE_VERSION},
		{"daemon_state", TEMPLATE_TEXT, daemon_state_name(daemon->state)},
		{"alarm", TEMPLATE_TEXT, alarm},
		{"mainlog", TEMPLATE_HTML, view_may(view, VIEW_MAINLOG) ? mainlog : NULL},
		{"content", TEMPLATE_HTML, markup},
	};

	template_fill(out, page_frame_html, values, nitems(values));
	free(scripts);
	free(may);
	free(markup);
	free(alarm);
}
