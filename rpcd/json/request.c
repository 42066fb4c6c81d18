#include "rpcd/json/request.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>

/* ---- the extent of a request ---- */

static bool
json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t
json_skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && json_is_blank(text[at]))
		at++;
	return at;
}

/* The length of a string with its quotes; the rest of the text if it does not end. */
static size_t
json_string_extent(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && text[n] != '"')
		n += text[n] == '\\' ? 2 : 1;
	return n < len ? n + 1 : len;
}

/* The length of the value at the beginning of the text, up to a comma or bracket that does
 * not belong to it. Only counts: whether it is well-formed is seen when it is parsed. NULL,
 * or which bound is exceeded. */
static const char *
json_extent(const char *text, size_t len, size_t *extent, size_t *values)
{
	size_t depth = 0, n = 0;
	char c;

	*values = 1;
	while (n < len) {
		c = text[n];
		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			break;
		if (c == '[' || c == '{')
			depth++;
		else if (c == ']' || c == '}')
			depth--;
		if (c == '[' || c == '{' || c == ',' || c == ':')
			++*values;
		if (depth > JSON_REQUEST_DEPTH)
			return "nested too deeply";
		if (*values > JSON_REQUEST_VALUES)
			return "too many values";
		n += c == '"' ? json_string_extent(text + n, len - n) : 1;
		if (n > JSON_REQUEST_MAX)
			return "too long";
	}
	*extent = n;
	return NULL;
}

/* ---- the body ---- */

void
json_body_begin(struct json_body *body, const char *text, size_t len)
{
	*body = (struct json_body){ .text = text, .len = len, .requests = json_array() };
	if (body->requests == NULL)
		fatal("out of memory for a request");
	body->at = json_skip_blanks(text, len, 0);
	body->is_batch = body->at < len && text[body->at] == '[';
	if (body->is_batch)
		body->at = json_skip_blanks(text, len, body->at + 1);
}

/* Parses the next request. 0, or an error. */
static int
json_body_next(struct json_body *body, const char **why)
{
	const char *text = body->text + body->at;
	size_t extent, values;
	json_t *request;

	*why = json_extent(text, body->len - body->at, &extent, &values);
	body->values += values;
	if (*why == NULL && body->values > JSON_BODY_VALUES)
		*why = "too many values";
	if (*why != NULL)
		return JSON_INVALID;
	*why = "not JSON";
	request = json_loadb(text, extent, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	if (request == NULL)
		return JSON_MALFORMED;
	if (json_array_append_new(body->requests, request) == -1)
		fatal("out of memory for a request");
	body->at = json_skip_blanks(body->text, body->len, body->at + extent);
	return 0;
}

/* What follows a request: 1 = the end of the body, 0 = another request. */
static int
json_body_separator(struct json_body *body, const char **why)
{
	char c = body->at < body->len ? body->text[body->at] : '\0';

	*why = "not JSON";
	if (!body->is_batch)
		return body->at == body->len ? 1 : JSON_MALFORMED;
	if (c != ',' && c != ']')
		return JSON_MALFORMED;
	body->at = json_skip_blanks(body->text, body->len, body->at + 1);
	if (c == ']')
		return body->at == body->len ? 1 : JSON_MALFORMED;
	return 0;
}

int
json_body_read(struct json_body *body, size_t bytes, const char **why)
{
	size_t begin = body->at;
	int rc;

	if (body->is_batch && json_array_size(body->requests) == 0 &&
	    body->at < body->len && body->text[body->at] == ']') {
		*why = "an empty batch";
		return JSON_INVALID;
	}
	do {
		rc = json_body_next(body, why);
		if (rc == 0)
			rc = json_body_separator(body, why);
	} while (rc == 0 && body->at - begin < bytes);
	return rc;
}

size_t
json_body_cost(const struct json_body *body)
{
	return body->len + body->values * JSON_VALUE_COST;
}

void
json_body_clear(struct json_body *body)
{
	json_decref(body->requests);
	*body = (struct json_body){ 0 };
}

/* ---- requests ---- */

/* New: the text of an id, or NULL: it is none. */
static char *
json_id_text(const json_t *id)
{
	char *text;

	if (!json_is_string(id) && !json_is_number(id) && !json_is_null(id))
		return NULL;
	text = json_dumps(id, JSON_COMPACT | JSON_ENCODE_ANY);
	if (text == NULL)
		fatal("out of memory for a request");
	if (strlen(text) > JSON_ID_MAX)
		mem_freep(&text);
	return text;
}

const char *
json_request_read(const json_t *json, struct json_request *request)
{
	const json_t *id = json_object_get(json, "id");
	const char *version = json_string_value(json_object_get(json, "jsonrpc"));
	const char *why = NULL;

	*request = (struct json_request){
		.method = json_string_value(json_object_get(json, "method")),
		.params = json_object_get(json, "params"),
		.id = json_id_text(id),
	};
	if (!json_is_object(json))
		why = "no object";
	else if (id != NULL && request->id == NULL)
		why = "the id is no short text and no number";
	else if (version == NULL || !str_equal(version, "2.0"))
		why = "jsonrpc is not \"2.0\"";
	else if (request->method == NULL || *request->method == '\0')
		why = "no method";
	else if (request->params != NULL && !json_is_array(request->params) &&
	    !json_is_object(request->params))
		why = "params are no array and no object";
	request->is_notification = why == NULL && id == NULL;
	if (request->id == NULL)
		request->id = xstrdup("null");
	return why;
}
