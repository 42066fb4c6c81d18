/* GET /log.txt: a whole log as a file, up to its size at that time. */
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/http/page.h"
#include "rpcd/http/page_answer.h"
#include "rpcd/http/suspend.h"
#include "rpcd/tail/logread.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 80 /* of the file's name that a browser proposes */

/* A log that the master opens, and that is then read piece by piece. */
struct log_file {
	struct http_request *request; /* NULL once it is answered */
	struct rpcd *rpcd;
	struct budget *budget;
	uint64_t call; /* to the master; 0 = none */
	int fd;        /* owned and counted in the budget; or -1 */
	char name[NAME_MAX_BYTES];
};

static void
log_file_free(void *ctx)
{
	struct log_file *file = ctx;

	if (file->call != 0 && file->rpcd->master != NULL)
		peer_forget(file->rpcd->master, file->call);
	if (file->fd >= 0)
		budget_release_file(file->budget);
	fd_close(file->fd);
	free(file);
}

/* A log that is truncated meanwhile ends the connection. */
static ssize_t
log_file_read(void *ctx, uint64_t pos, char *out, size_t max)
{
	const struct log_file *file = ctx;
	ssize_t n = pread(file->fd, out, max, (off_t)pos);

	return n > 0 ? n : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void
log_file_answer(struct log_file *file, int64_t size)
{
	struct http_request *r = file->request;
	char *disposition = xasprintf("attachment; filename=\"%s.log\"", file->name);

	file->request = NULL;
	r->log_file = NULL;
	r->status = 200;
	r->answered = size;
	r->response = MHD_create_response_from_callback(
	    (uint64_t)size, HTTP_PAGE_BLOCK, log_file_read, file, log_file_free);
	if (r->response == NULL)
		log_file_free(file);
	r->response = http_page_headers(r->response, "text/plain;charset=utf-8");
	r->response = http_page_secure(r->response);
	r->response = http_page_header(r->response, "Content-Disposition", disposition);
	free(disposition);
}

static void
log_file_refuse(struct log_file *file, int status)
{
	struct http_request *r = file->request;

	r->log_file = NULL;
	log_file_free(file);
	http_request_fail(r, status);
}

static void
log_file_on_reply(
    void *ctx, enum fault fault, const char *message, json_t *result UNUSED, int fd)
{
	struct log_file *file = ctx;
	struct http_request *r = file->request;
	int64_t size = fd >= 0 ? logread_size(fd) : -1;

	file->call = 0;
	if (fault == FAULT_NOT_PERMITTED) {
		fd_close(fd);
		http_request_explain(r, message);
		log_file_refuse(file, 403);
	} else if (fault != FAULT_NONE || size < 0) {
		fd_close(fd);
		log_file_refuse(file, 404);
	} else if (!budget_add_file(file->budget)) {
		fd_close(fd);
		log_file_refuse(file, 503);
	} else {
		file->fd = fd;
		log_file_answer(file, size);
	}
	http_resume(r->client);
}

void
http_log_file_abandon(void *request)
{
	struct http_request *r = request;

	if (r->log_file == NULL)
		return;
	log_file_free(r->log_file);
	r->log_file = NULL;
}

/* Requests the log from the master. False: that is not possible. */
static bool
log_file_request(struct log_file *file, const char *name, const char *stream)
{
	enum cmd_id cmd = name != NULL ? CMD_LOG_OPEN : CMD_MAINLOG_OPEN;
	json_t *by = caller_by(&file->request->caller, "download"), *params;

	params = name != NULL ?
	    json_pack("{ss ss so}", "name", name, "stream", stream, "by", by) :
	    json_pack("{so}", "by", by);
	if (file->rpcd->master != NULL && !file->rpcd->ending)
		file->call = peer_call(file->rpcd->master, cmd_table[cmd].name, params,
		    true, log_file_on_reply, file);
	else
		json_decref(params);
	return file->call != 0;
}

/* Replaces all characters that some system does not allow in the name of a file. */
static void
log_file_make_plain(char *name)
{
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && strchr("-_.", *name) == NULL)
			*name = '_';
}

void
http_log_file(struct http_request *r)
{
	const char *name = page_answer_query(r, "processname");
	bool is_main = *name == '\0';
	const char *stream =
	    str_equal(page_answer_query(r, "stream"), "stderr") ? "stderr" : "stdout";
	struct log_file *file;

	if (!http_permits(r, ROLE_STATES, is_main ? CMD_MAINLOG_OPEN : CMD_LOG_OPEN,
		"download", is_main ? NULL : name)) {
		http_request_fail(r, 403);
		return;
	}
	if (!str_is_utf8(name, strlen(name)) || strlen(name) > CMD_NAME_MAX) {
		http_request_fail(r, 404);
		return;
	}
	file = xcalloc(1, sizeof(*file));
	*file = (struct log_file){ .request = r, .rpcd = r->endpoint->rpcd, .fd = -1 };
	file->budget = &r->endpoint->share.budget;
	snprintf(file->name, sizeof(file->name), "%s-%s", is_main ? "main" : name,
	    is_main ? "log" : stream);
	log_file_make_plain(file->name);
	r->log_file = file;
	if (log_file_request(file, is_main ? NULL : name, stream))
		http_suspend(r->client, http_log_file_abandon, r);
	else
		log_file_refuse(file, 503);
}
