/* Request: reads JSON-RPC 2.0 requests: a body with one request or a batch, piece by piece,
 * and the members of each request. All untrusted JSON is validated here. Nesting and values
 * are counted before a piece is parsed; a member that a piece has twice makes it malformed.
 */
#ifndef RPCD_JSON_REQUEST_H
#define RPCD_JSON_REQUEST_H

#include "common/compiler.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_REQUEST_DEPTH 64           /* nested values */
#define JSON_REQUEST_MAX (1024 * 1024)  /* bytes of one request of a batch */
#define JSON_REQUEST_VALUES (64 * 1024) /* values of one request */
#define JSON_BODY_VALUES (256 * 1024)   /* values of all requests of a body */
#define JSON_VALUE_COST 128             /* bytes of memory for a value, about */
#define JSON_ID_MAX 256                 /* bytes of the text of an id */

/* Errors that JSON-RPC defines. All others have the code of a fault. */
#define JSON_MALFORMED (-32700)
#define JSON_INVALID (-32600)

struct json_body {
	const char *text; /* borrowed until the body is complete */
	size_t len;
	size_t at; /* where the next request begins */
	bool is_batch;
	size_t values;    /* so far */
	json_t *requests; /* owned array: those read so far */
};

void json_body_begin(struct json_body *, const char *text, size_t len);
/* Reads about so many bytes more. 1 when the body is complete, 0 when more is left, or
 * JSON_MALFORMED or JSON_INVALID with *why a static text. */
NODISCARD int json_body_read(struct json_body *, size_t bytes, const char **why);
/* An upper estimate of the memory of the body and its requests so far, in bytes. */
size_t json_body_cost(const struct json_body *);
void json_body_clear(struct json_body *);

struct json_request {
	const char *method;   /* borrowed from the request */
	json_t *params;       /* the same; NULL = none */
	char *id;             /* new: its JSON text, "null" if the request has none */
	bool is_notification; /* has no id: there is no reply */
};

/* Fills everything. NULL, or why the request is invalid (static); then it has the id that
 * the reply must have, and is no notification. */
const char *json_request_read(const json_t *, struct json_request *);

#endif
