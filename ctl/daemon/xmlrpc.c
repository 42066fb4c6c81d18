#include "ctl/daemon/xmlrpc.h"

#include "common/buf.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XMLRPC_DEPTH 64                   /* nested elements */
#define XMLRPC_ELEMENTS (2 * 1000 * 1000) /* 10,000 programs have 1.1 million */

/* --- writing --- */

/* CR is escaped: parsers convert a bare one to a newline. */
static void
xmlrpc_put_escaped(FILE *out, const char *text, size_t n)
{
	static const char special[] = { '&', '<', '>', '\r' };
	static const char *const escapes[] = { "&amp;", "&lt;", "&gt;", "&#13;" };

	for (size_t i = 0; i < n; i++) {
		const char *at = memchr(special, text[i], sizeof(special));

		if (at != NULL)
			fputs(escapes[at - special], out);
		else
			fputc(text[i], out);
	}
}

char *
xmlrpc_write(const char *method, const json_t *params, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);
	json_t *value;
	size_t i;

	if (out == NULL)
		fatal("out of memory for a request");
	fprintf(out,
	    "<?xml version=\"1.0\"?>\n<methodCall><methodName>%s</methodName>"
	    "<params>",
	    method);
	json_array_foreach(params, i, value) {
		if (json_is_integer(value)) {
			fprintf(out, "<param><value><int>%lld</int></value></param>",
			    (long long)json_integer_value(value));
			continue;
		}
		fputs("<param><value><string>", out);
		xmlrpc_put_escaped(
		    out, json_string_value(value), json_string_length(value));
		fputs("</string></value></param>", out);
	}
	fputs("</params></methodCall>\n", out);
	if (fclose(out) == EOF)
		fatal("out of memory for a request");
	return text;
}

/* --- reading --- */

struct reader;

struct node {
	const struct element *element;
	struct buf text;
	json_t *value; /* set by its children, owned, or NULL */
	char *name;    /* of a member, owned, or NULL */
};

struct reader {
	XML_Parser expat;
	struct node nodes[XMLRPC_DEPTH];
	size_t depth, elements;
	bool fault;
	json_t *result; /* owned */
	const char *why;
};

/* Adds a child that has ended to an element; its value is taken. */
typedef void child_fn(struct reader *, struct node *, struct node *child, json_t *value);

/* The contexts of elements. */
enum {
	IN_DOCUMENT = 1,
	IN_RESPONSE = 2,
	IN_PARAMS = 4,
	IN_PARAM = 8,
	IN_FAULT = 16,
	IN_VALUE = 32,
	IN_ARRAY = 64,
	IN_DATA = 128,
	IN_STRUCT = 256,
	IN_MEMBER = 512
};

struct element {
	const char *name;
	unsigned place; /* contexts in which it is allowed */
	int leaf;       /* its JSON type without children; -1 = it must have a child */
	child_fn *child;
	unsigned inside; /* the context of its children; 0 = none are allowed */
};

static void
xmlrpc_reject(struct reader *r, const char *why)
{
	r->why = why;
	XML_StopParser(r->expat, XML_FALSE);
}

/* New: the value of an element without children, or NULL if its text does not match the
 * type. Infinity and NaN, which JSON does not have, are rejected. */
static json_t *
xmlrpc_leaf(int type, const char *text, size_t n)
{
	int64_t number;
	double real;
	char *end;

	switch (type) {
	case JSON_INTEGER:
		return str_to_int(text, &number) == 0 ? json_integer(number) : NULL;
	case JSON_REAL:
		real = strtod(text, &end);
		return end != text && *end == '\0' ? json_real(real) : NULL;
	case JSON_TRUE:
		return strcmp(text, "1") == 0 ? json_true() :
		    strcmp(text, "0") == 0    ? json_false() :
						NULL;
	case JSON_STRING:
		return json_stringn(text, n);
	case JSON_ARRAY:
		return json_array();
	case JSON_OBJECT:
		return json_object();
	case JSON_NULL:
		return json_null();
	default:
		return NULL;
	}
}

/* For an element that contains one value. */
static void
xmlrpc_child_take(
    struct reader *r, struct node *node, struct node *child UNUSED, json_t *value)
{
	if (node->value == NULL) {
		node->value = value;
		return;
	}
	json_decref(value);
	xmlrpc_reject(r, "two values where one is allowed");
}

static void
xmlrpc_child_outcome(struct reader *r, struct node *node, struct node *child, json_t *value)
{
	r->fault = child->element->inside == IN_FAULT;
	xmlrpc_child_take(r, node, child, value);
}

static void
xmlrpc_child_append(
    struct reader *r UNUSED, struct node *node, struct node *child UNUSED, json_t *value)
{
	if (node->value == NULL)
		node->value = json_array();
	json_array_append_new(node->value, value);
}

/* For a member, which has a name and a value. */
static void
xmlrpc_child_member(struct reader *r, struct node *node, struct node *child, json_t *value)
{
	if (child->element->inside == IN_VALUE) {
		xmlrpc_child_take(r, node, child, value);
		return;
	}
	if (node->name != NULL)
		xmlrpc_reject(r, "a member with two names");
	free(node->name);
	node->name = xstrdup(json_string_value(value));
	json_decref(value);
}

/* For a struct. If several members have the same name, the last one counts, as in
 * Python. */
static void
xmlrpc_child_set(struct reader *r, struct node *node, struct node *child, json_t *value)
{
	if (node->value == NULL)
		node->value = json_object();
	if (child->name != NULL)
		json_object_set(node->value, child->name, value);
	else
		xmlrpc_reject(r, "a member without a name");
	json_decref(value);
}

static const struct element elements[] = {
	{ "methodResponse", IN_DOCUMENT, -1, xmlrpc_child_outcome, IN_RESPONSE },
	{ "params", IN_RESPONSE, -1, xmlrpc_child_take, IN_PARAMS },
	{ "param", IN_PARAMS, -1, xmlrpc_child_take, IN_PARAM },
	{ "fault", IN_RESPONSE, -1, xmlrpc_child_take, IN_FAULT },
	{ "value", IN_PARAM | IN_FAULT | IN_DATA | IN_MEMBER, JSON_STRING,
	    xmlrpc_child_take, IN_VALUE },
	{ "array", IN_VALUE, -1, xmlrpc_child_take, IN_ARRAY },
	{ "data", IN_ARRAY, JSON_ARRAY, xmlrpc_child_append, IN_DATA },
	{ "struct", IN_VALUE, JSON_OBJECT, xmlrpc_child_set, IN_STRUCT },
	{ "member", IN_STRUCT, -1, xmlrpc_child_member, IN_MEMBER },
	{ "name", IN_MEMBER, JSON_STRING, NULL, 0 },
	{ "int", IN_VALUE, JSON_INTEGER, NULL, 0 },
	{ "i4", IN_VALUE, JSON_INTEGER, NULL, 0 },
	{ "i8", IN_VALUE, JSON_INTEGER, NULL, 0 },
	{ "boolean", IN_VALUE, JSON_TRUE, NULL, 0 },
	{ "double", IN_VALUE, JSON_REAL, NULL, 0 },
	{ "nil", IN_VALUE, JSON_NULL, NULL, 0 },
	{ "string", IN_VALUE, JSON_STRING, NULL, 0 },	/* and every other name */
};

static void
xmlrpc_node_clear(struct node *node)
{
	buf_consume(&node->text, buf_len(&node->text));
	json_decref(node->value);
	node->value = NULL;
	mem_freep(&node->name);
}

static void XMLCALL
xmlrpc_on_start(void *ctx, const char *name, const char **attributes UNUSED)
{
	const struct element *element = elements, *last = elements + nitems(elements) - 1;
	struct reader *r = ctx;
	unsigned place =
	    r->depth == 0 ? IN_DOCUMENT : r->nodes[r->depth - 1].element->inside;

	if (r->why != NULL)
		return;
	while (element < last && strcmp(element->name, name) != 0)
		element++;
	if ((element->place & place) == 0)
		xmlrpc_reject(r, "a response that is not XML-RPC");
	else if (r->depth == XMLRPC_DEPTH)
		xmlrpc_reject(r, "a response that is nested too deeply");
	else if (++r->elements > XMLRPC_ELEMENTS)
		xmlrpc_reject(r, "a response with too many elements");
	else
		r->nodes[r->depth++].element = element;
}

static void XMLCALL
xmlrpc_on_end(void *ctx, const char *name UNUSED)
{
	struct reader *r = ctx;
	struct node *node;
	json_t *value;
	char *end;

	if (r->why != NULL)
		return;
	node = &r->nodes[--r->depth];
	end = buf_reserve(&node->text, 1);
	if (end == NULL)
		fatal("out of memory for a response");
	*end = '\0'; /* not committed: not part of the text */
	value = node->value != NULL ?
	    json_incref(node->value) :
	    xmlrpc_leaf(node->element->leaf, buf_data(&node->text), buf_len(&node->text));
	if (value == NULL)
		xmlrpc_reject(r,
		    node->element->leaf != -1 ? "a value that does not match its type" :
						"a response without a value");
	else if (r->depth > 0)
		node[-1].element->child(r, node - 1, node, value);
	else
		r->result = value;
	xmlrpc_node_clear(node);
}

static void XMLCALL
xmlrpc_on_text(void *ctx, const char *text, int len)
{
	struct reader *r = ctx;

	if (r->why == NULL && r->depth > 0 &&
	    buf_append(&r->nodes[r->depth - 1].text, text, (size_t)len) == -1)
		fatal("out of memory for a response");
}

static void XMLCALL
xmlrpc_on_doctype(void *ctx, const char *name UNUSED, const char *system_id UNUSED,
    const char *public_id UNUSED, int has_internal UNUSED)
{
	xmlrpc_reject(ctx, "a response with a document type");
}

/* Fills the reply; returns NULL, or the reason of a failure. A fault has a code and a text;
 * the code of success is replaced by FAILED. */
static const char *
xmlrpc_outcome(const struct reader *r, enum XML_Status status, struct reply *reply)
{
	const json_t *code = json_object_get(r->result, "faultCode");
	const char *text = json_string_value(json_object_get(r->result, "faultString"));
	json_int_t number = json_integer_value(code);

	if (r->why != NULL || status != XML_STATUS_OK)
		return r->why != NULL ? r->why : "a response that is not XML";
	if (!r->fault)
		reply->result = json_incref(r->result);
	else if (!json_is_integer(code) || number < INT_MIN || number > INT_MAX ||
	    text == NULL)
		return "a malformed fault";
	else
		reply_set_fault(reply,
		    number != FAULT_NONE ? (enum fault)number : FAULT_FAILED,
		    xstrdup(text));
	return NULL;
}

int
xmlrpc_read(const char *bytes, size_t n, struct reply *reply, const char **why)
{
	struct reader r = { .expat = XML_ParserCreate("UTF-8") };
	enum XML_Status status;

	if (r.expat == NULL)
		fatal("out of memory for the XML parser");
	XML_SetUserData(r.expat, &r);
	XML_SetElementHandler(r.expat, xmlrpc_on_start, xmlrpc_on_end);
	XML_SetCharacterDataHandler(r.expat, xmlrpc_on_text);
	XML_SetStartDoctypeDeclHandler(r.expat, xmlrpc_on_doctype);
	status =
	    n > INT_MAX ? XML_STATUS_ERROR : XML_Parse(r.expat, bytes, (int)n, XML_TRUE);
	*why = xmlrpc_outcome(&r, status, reply);
	for (size_t i = 0; i < XMLRPC_DEPTH; i++) {
		xmlrpc_node_clear(&r.nodes[i]);
		buf_clear(&r.nodes[i].text);
	}
	json_decref(r.result);
	XML_ParserFree(r.expat);
	return *why == NULL ? 0 : -1;
}
