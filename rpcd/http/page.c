#include "rpcd/http/page.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

#define CHALLENGE "WWW-Authenticate"
#define REALM "realm=\"default\""

/* The errors that reeve-rpcd sends. */
struct http_reason {
	int status;
	const char *text;
	const char *header, *value; /* of that status alone, or NULL */
};

static const struct http_reason reasons[] = {
	{400, "Bad Request", NULL, NULL},
	{401, "Unauthorized", CHALLENGE, "Basic " REALM},
	{403, "Forbidden", NULL, NULL},
	{404, "Not Found", NULL, NULL},
	{411, "Length Required", NULL, NULL},
	{413, "Request Entity Too Large", NULL, NULL},
	{415, "Unsupported Media Type", NULL, NULL},
	{500, "Internal Server Error", NULL, NULL},
	{503, "Service Unavailable", "Retry-After", "1"},
	{0, "Unknown", NULL, NULL},
};

const int http_page_errors[HTTP_ERRORS] = {
	400, 401, 403, 404, 411, 413, 415, 500, 503, 0,
};

struct MHD_Response *
http_page_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (response == NULL || MHD_add_response_header(response, name, value) == MHD_YES)
		return response;
	MHD_destroy_response(response);
	return NULL;
}

struct MHD_Response *
http_page_headers(struct MHD_Response *response, const char *type)
{
	response = http_page_header(response, MHD_HTTP_HEADER_SERVER, "reeve");
	return http_page_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
}

static struct MHD_Response *
page_secure(struct MHD_Response *response, const char *cache)
{
	static const struct {
		const char *name, *value;
	} headers[] = {
	    {"Content-Security-Policy",
		"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
		"connect-src 'self'; form-action 'self'; base-uri 'none'; "
		"frame-ancestors 'none'"},
	    {"X-Content-Type-Options", "nosniff"},
	    {"Referrer-Policy", "no-referrer"},
	    {"Cross-Origin-Resource-Policy", "same-origin"},
	};

	for (size_t i = 0; i < nitems(headers); i++)
		response = http_page_header(response, headers[i].name, headers[i].value);
	return http_page_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
}

struct MHD_Response *
http_page_secure(struct MHD_Response *response)
{
	return page_secure(response, "no-store");
}

struct MHD_Response *
http_page_secure_kept(struct MHD_Response *response)
{
	return page_secure(response, "private, max-age=31536000, immutable");
}

struct MHD_Response *
http_page_error(int status, const char *remedy, int64_t *bytes)
{
	const struct http_reason *reason = &reasons[0];
	struct MHD_Response *response;
	char *page;

	while (reason->status != status && reason->status != 0)
		reason++;
	page = xasprintf("<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n"
			 "<h1>Error response</h1>\r\n<p>Error code %d.\r\n<p>Message: "
			 "%s.\r\n%s%s</body>\r\n",
	    status, reason->text, remedy != NULL ? "<p>" : "",
	    remedy != NULL ? remedy : "");
	*bytes = (int64_t)strlen(page);
	response =
	    MHD_create_response_from_buffer((size_t)*bytes, page, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(page);
	response = http_page_headers(response, "text/html");
	if (reason->header != NULL)
		response = http_page_header(response, reason->header, reason->value);
	return response;
}

struct MHD_Response *
http_page_unasked(struct MHD_Response *response)
{
	if (response != NULL)
		(void)MHD_del_response_header(response, CHALLENGE, "Basic " REALM);
	return http_page_header(response, CHALLENGE, "Page " REALM);
}

static ssize_t
page_read(void *ctx, uint64_t pos UNUSED, char *out, size_t max)
{
	struct reply_stream *stream = ctx;
	ssize_t n = stream->read(stream, out, max);

	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : n;
}

/* New; takes the content. NULL with ENOMEM. */
static struct MHD_Response *
page_content(struct reply *reply, int64_t *bytes)
{
	struct shared_buffer *shared = reply->shared;
	struct MHD_Response *response = NULL;
	char *text;

	if (reply->stream != NULL) {
		*bytes = -1;
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
		    HTTP_PAGE_BLOCK, page_read, reply->stream, reply->stream->free);
		if (response == NULL)
			reply->stream->free(reply->stream);
	} else if (shared != NULL) {
		*bytes = (int64_t)shared->len;
		response = MHD_create_response_from_buffer_with_free_callback_cls(
		    shared->len, shared->data, shared_buffer_unref, shared);
		if (response == NULL)
			shared_buffer_unref(shared);
	} else {
		/* buf_steal would return unused bytes first, for a short time. */
		*bytes = (int64_t)buf_len(&reply->body);
		text = buf_take(&reply->body);
		response = MHD_create_response_from_buffer(
		    (size_t)*bytes, text, MHD_RESPMEM_MUST_FREE);
		if (response == NULL)
			free(text);
	}
	return response;
}

struct MHD_Response *
http_page_reply(struct reply *reply, int64_t *bytes)
{
	struct MHD_Response *response;

	if (reply->status == 204) {
		*bytes = 0;
		response = http_page_header(
		    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT),
		    MHD_HTTP_HEADER_SERVER, "reeve");
	} else if (reply->status == 200) {
		response = http_page_headers(page_content(reply, bytes), reply->type);
	} else {
		response = http_page_error(reply->status, NULL, bytes);
	}
	buf_clear(&reply->body);
	return response;
}
