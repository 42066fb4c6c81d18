/* GET /tail.html and /mainlog.html: the page of a log. As in supervisord, a log that cannot
 * be shown is a page with the reason. */
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/http/page_answer.h"
#include "rpcd/http/page_call.h"
#include "rpcd/pages/log.h"
#include "rpcd/pages/message.h"

#include <stdlib.h>

#define LIMIT 16384      /* bytes of the log that the page shows */
#define LIMIT_LEAST 1024 /* supervisord's default and minimum */
#define LIMIT_MOST (256 * 1024)

struct log_work {
	char *name; /* owned: of the program, or NULL for the main log */
	const char *stream;
};

static void
log_work_free(void *ctx)
{
	struct log_work *work = ctx;

	free(work->name);
	free(work);
}

static int64_t
log_page_limit(const struct http_request *r)
{
	const char *text = page_answer_query(r, "limit");
	int64_t limit = LIMIT_LEAST;

	if (*text == '\0')
		return LIMIT;
	if (str_to_int(text, &limit) < 0 || limit < LIMIT_LEAST)
		return LIMIT_LEAST;
	return limit < LIMIT_MOST ? limit : LIMIT_MOST;
}

/* The row of the program, or NULL: there is none that the caller sees. */
static const struct process_info *
log_page_row(const struct view *view, const char *spec)
{
	const struct process_info *info = NULL;
	char *group, *name;

	namespec_split(spec, &group, &name);
	mem_must(group == NULL);
	if (name != NULL)
		info = mirror_find(view->mirror, group, name);
	free(group);
	free(name);
	return info != NULL && view_sees(view, info) ? info : NULL;
}

/* The text of the log; the result of the call for the main log is a string, for others an
 * array that begins with it, and of a failed call an object. */
static const char *
log_page_tail(const json_t *result)
{
	const char *text =
	    json_string_value(json_is_array(result) ? json_array_get(result, 0) : result);

	if (text == NULL)
		text = json_string_value(json_object_get(result, "faultString"));
	return text != NULL ? text : "";
}

static void
log_page_done(struct http_request *r, void *ctx, const json_t *results)
{
	const struct log_work *work = ctx;
	struct log_page page = {
	    .stream = work->stream,
	    .tail = log_page_tail(json_array_get(results, 0)),
	};
	struct view view;
	struct buf out;

	page_answer_view(r, &view);
	if (work->name != NULL)
		page.info = log_page_row(&view, work->name);
	if (page.info != NULL && !log_page_has(page.info, page.stream))
		page.tail = "The program has no log file for this stream.";
	buf_init(&out, 0);
	if (work->name != NULL && page.info == NULL)
		message_write(&out, &view, "No such program", page.tail, NULL);
	else
		log_page_write(&out, &view, &page);
	page_answer_text(r, 200, &out);
}

static void
log_page_begin(struct http_request *r, const char *method, json_t *params, const char *name,
    const char *stream)
{
	struct log_work *work = xcalloc(1, sizeof(*work));
	json_t *calls = json_pack("[{s:s, s:o}]", "methodName", method, "params", params);

	mem_must(calls == NULL);
	work->name = name != NULL ? xstrdup(name) : NULL;
	work->stream = stream;
	page_call_begin(r, calls, log_page_done, work, log_work_free);
}

void
http_log_page(struct http_request *r)
{
	char *name = str_to_utf8(page_answer_query(r, "processname"));
	bool is_error = str_equal(page_answer_query(r, "stream"), "stderr");

	mem_must(name == NULL);
	log_page_begin(r,
	    is_error ? "supervisor.tailProcessStderrLog" :
		       "supervisor.tailProcessStdoutLog",
	    json_pack("[s, i, I]", name, 0, (json_int_t)log_page_limit(r)), name,
	    is_error ? "stderr" : "stdout");
	free(name);
}

void
http_log_page_main(struct http_request *r)
{
	log_page_begin(r, "supervisor.readLog",
	    json_pack("[I, i]", (json_int_t)-log_page_limit(r), 0), NULL, LOG_MAIN);
}
