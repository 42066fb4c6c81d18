#include "rpcd/xmlparse.h"

#include "common/buf.h"
#include "common/compiler.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/xmlvalue.h"

#include <expat.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum tag {
	TAG_OTHER,	/* any name that means nothing: its text is a string */
	TAG_INT,
	TAG_I4,
	TAG_BOOLEAN,
	TAG_STRING,
	TAG_DOUBLE,
	TAG_DATETIME,
	TAG_BASE64,
	TAG_ARRAY,
	TAG_DATA,
	TAG_STRUCT,
	TAG_VALUE,
	TAG_PARAM,
	TAG_PARAMS,
	TAG_METHOD_NAME,
	TAG_MAX
};

/* An element that is open. */
struct node {
	enum tag tag;
	struct buf text;	/* before the first child */
	size_t nchildren;
	json_t *children;	/* array or struct under way, or NULL */
	json_t *kept[2];	/* other elements: the first two, or NULL */
};

struct xmlparse {
	XML_Parser expat;
	unsigned long salt;
	struct node nodes[XMLPARSE_DEPTH];
	size_t depth;
	size_t elements;
	size_t len;		/* of the document */
	char *method;
	json_t *params;
	const char *why;	/* not NULL: refused */
};

/* What an element becomes when it ends: new, or NULL with refused. */
typedef json_t *end_fn(struct xmlparse *, struct node *);
/* What an element does with the value of a child (taken). */
typedef void child_fn(struct xmlparse *, struct node *, const struct node *child,
    json_t *value);

static json_t *
refuse(struct xmlparse *parser, const char *why)
{
	parser->why = why;
	XML_StopParser(parser->expat, XML_FALSE);
	return NULL;
}

/* ---- children ---- */

static void
child_ignore(struct xmlparse *parser UNUSED, struct node *node UNUSED,
    const struct node *child UNUSED, json_t *value)
{
	json_decref(value);
}

static void
child_append(struct xmlparse *parser UNUSED, struct node *node,
    const struct node *child UNUSED, json_t *value)
{
	if (node->children == NULL)
		node->children = json_array();
	if (json_array_append_new(node->children, value) < 0)
		fatal("out of memory for a request");
}

/* The first child is the value of value, array and param; a member has two. */
static void
child_keep_two(struct xmlparse *parser UNUSED, struct node *node,
    const struct node *child UNUSED, json_t *value)
{
	if (node->nchildren <= nitems(node->kept))
		node->kept[node->nchildren - 1] = value;
	else
		json_decref(value);
}

/* A member, by whatever name, is an element with two children: name and value. */
static void
child_member(struct xmlparse *parser, struct node *node, const struct node *child,
    json_t *value)
{
	json_t *name = child->kept[0], *content = child->kept[1];

	json_decref(value);
	if (child->tag != TAG_OTHER || child->nchildren != 2) {
		refuse(parser, "a member without a name and a value");
		return;
	}
	if (!json_is_string(name) && !json_is_null(name)) {
		refuse(parser, "a member's name is no text");
		return;
	}
	if (node->children == NULL)
		node->children = json_object();
	json_object_set(node->children, json_is_null(name) ? "" : json_string_value(name),
	    content);
}

/* ---- ends ---- */

static char *
node_text(struct node *node)
{
	char *end = buf_reserve(&node->text, 1);

	if (end == NULL)
		fatal("out of memory for a request");
	*end = '\0'; /* not committed: no part of the text */
	return buf_data(&node->text);
}

/* The whole body was judged: it is UTF-8. */
static json_t *
text_value(struct node *node)
{
	return json_stringn_nocheck(node_text(node), buf_len(&node->text));
}

static json_t *
end_other(struct xmlparse *parser UNUSED, struct node *node)
{
	if (buf_len(&node->text) == 0)
		return json_null();
	return text_value(node);
}

static json_t *
end_list(struct xmlparse *parser UNUSED, struct node *node)
{
	return node->children != NULL ? json_incref(node->children) : json_array();
}

static json_t *
end_struct(struct xmlparse *parser UNUSED, struct node *node)
{
	return node->children != NULL ? json_incref(node->children) : json_object();
}

static json_t *
end_first_child(struct xmlparse *parser, struct node *node)
{
	if (node->nchildren == 0)
		return refuse(parser, "an empty array or param");
	return json_incref(node->kept[0]);
}

static json_t *
end_value(struct xmlparse *parser, struct node *node)
{
	if (node->nchildren > 0)
		return end_first_child(parser, node);
	return text_value(node);
}

static json_t *
end_params(struct xmlparse *parser, struct node *node)
{
	json_decref(parser->params);
	parser->params = end_list(parser, node);
	return json_null();
}

static json_t *
end_method_name(struct xmlparse *parser, struct node *node)
{
	free(parser->method);
	parser->method = xstrdup(node_text(node));
	return end_other(parser, node);
}

/* ---- the table of elements ---- */

static const struct element {
	const char *name;
	end_fn *end;
	child_fn *child;
	xmlvalue_fn *scalar;	/* instead of end: judges the text */
} elements[TAG_MAX] = {
	[TAG_OTHER] = {"", end_other, child_keep_two, NULL},
	[TAG_INT] = {"int", NULL, child_ignore, xmlvalue_int},
	[TAG_I4] = {"i4", NULL, child_ignore, xmlvalue_int},
	[TAG_BOOLEAN] = {"boolean", NULL, child_ignore, xmlvalue_boolean},
	[TAG_STRING] = {"string", NULL, child_ignore, xmlvalue_string},
	[TAG_DOUBLE] = {"double", NULL, child_ignore, xmlvalue_double},
	[TAG_DATETIME] = {"dateTime.iso8601", NULL, child_ignore, xmlvalue_datetime},
	[TAG_BASE64] = {"base64", NULL, child_ignore, xmlvalue_base64},
	[TAG_ARRAY] = {"array", end_first_child, child_keep_two, NULL},
	[TAG_DATA] = {"data", end_list, child_append, NULL},
	[TAG_STRUCT] = {"struct", end_struct, child_member, NULL},
	[TAG_VALUE] = {"value", end_value, child_keep_two, NULL},
	[TAG_PARAM] = {"param", end_first_child, child_keep_two, NULL},
	[TAG_PARAMS] = {"params", end_params, child_append, NULL},
	[TAG_METHOD_NAME] = {"methodName", end_method_name, child_ignore, NULL},
};

static enum tag
tag_find(const char *name)
{
	for (enum tag tag = TAG_OTHER + 1; tag < TAG_MAX; tag++)
		if (elements[tag].name[0] == name[0] &&
		    strcmp(elements[tag].name, name) == 0)
			return tag;
	return TAG_OTHER;
}

static json_t *
node_end(struct xmlparse *parser, struct node *node)
{
	const struct element *element = &elements[node->tag];
	json_t *value;

	if (element->scalar == NULL)
		return element->end(parser, node);
	value = element->scalar(node_text(node), buf_len(&node->text));
	return value != NULL ? value : refuse(parser, "a value that is none of its type");
}

static void
node_clear(struct node *node)
{
	buf_consume(&node->text, buf_len(&node->text));
	json_decref(node->children);
	node->children = NULL;
	for (size_t i = 0; i < nitems(node->kept); i++) {
		json_decref(node->kept[i]);
		node->kept[i] = NULL;
	}
	node->nchildren = 0;
}

/* ---- expat's side ---- */

static void XMLCALL
on_start(void *ctx, const char *name, const char **attributes UNUSED)
{
	struct xmlparse *parser = ctx;
	struct node *node;

	if (parser->why != NULL)
		return;
	if (parser->depth == XMLPARSE_DEPTH) {
		refuse(parser, "nested too deeply");
		return;
	}
	if (++parser->elements > XMLPARSE_ELEMENTS) {
		refuse(parser, "too many elements");
		return;
	}
	if (parser->depth > 0)
		parser->nodes[parser->depth - 1].nchildren++;
	node = &parser->nodes[parser->depth++];
	node->tag = tag_find(name);
}

static void XMLCALL
on_end(void *ctx, const char *name UNUSED)
{
	struct xmlparse *parser = ctx;
	struct node *node, *parent;
	json_t *value;

	if (parser->why != NULL)
		return;
	node = &parser->nodes[--parser->depth];
	value = node_end(parser, node);
	parent = parser->depth > 0 ? node - 1 : NULL;
	if (value != NULL && parent != NULL)
		elements[parent->tag].child(parser, parent, node, value);
	else
		json_decref(value);
	node_clear(node);
}

static void XMLCALL
on_text(void *ctx, const char *text, int len)
{
	struct xmlparse *parser = ctx;
	struct node *node;

	if (parser->why != NULL || parser->depth == 0)
		return;
	node = &parser->nodes[parser->depth - 1];
	if (node->nchildren > 0)
		return;
	if (buf_append(&node->text, text, (size_t)len) < 0)
		fatal("out of memory for a request");
}

static void XMLCALL
on_doctype(void *ctx, const char *name UNUSED, const char *system_id UNUSED,
    const char *public_id UNUSED, int has_internal UNUSED)
{
	refuse(ctx, "a document type declaration");
}

/* A reset parser has forgotten everything, its salt as well. Forcing UTF-8 makes expat
 * judge the bytes, not the declaration, as the reference does: PHP's clients declare
 * iso-8859-1 and send ASCII. */
static void
prepare(struct xmlparse *parser, size_t len)
{
	XML_Parser expat = parser->expat;

	XML_ParserReset(expat, "UTF-8");
	XML_SetHashSalt(expat, parser->salt);
	XML_SetUserData(expat, parser);
	XML_SetElementHandler(expat, on_start, on_end);
	XML_SetCharacterDataHandler(expat, on_text);
	XML_SetStartDoctypeDeclHandler(expat, on_doctype);
	parser->depth = parser->elements = 0;
	parser->why = NULL;
	parser->len = len;
}

static void
clear(struct xmlparse *parser)
{
	while (parser->depth > 0)
		node_clear(&parser->nodes[--parser->depth]);
	mem_freep(&parser->method);
	json_decref(parser->params);
	parser->params = NULL;
}

struct xmlparse *
xmlparse_new(void)
{
	struct xmlparse *parser = xcalloc(1, sizeof(*parser));

	/* A namespace separator that no name can hold: "<ex:nil/>" without a declaration of
	 * ex is then malformed, as in the reference. */
	parser->expat = XML_ParserCreateNS("UTF-8", '\n');
	if (parser->expat == NULL)
		fatal("out of memory for the XML parser");
	if (getrandom(&parser->salt, sizeof(parser->salt), 0) != sizeof(parser->salt))
		fatal("no random bytes for the XML parser");
	parser->salt |= 1; /* 0 would make expat ask for more */
	return parser;
}

void
xmlparse_free(struct xmlparse *parser)
{
	if (parser == NULL)
		return;
	clear(parser);
	for (size_t i = 0; i < XMLPARSE_DEPTH; i++)
		buf_clear(&parser->nodes[i].text);
	XML_ParserFree(parser->expat);
	free(parser);
}

/* Expat would take UTF-16, told by its first bytes, for what it is. NULL = no objection. */
static const char *
refuse_bytes(const char *body, size_t len)
{
	if (len > INT_MAX)
		return "too long";
	if (len > 0 && memchr(body, '\0', len) != NULL)
		return "a NUL byte";
	return str_is_utf8(body, len) ? NULL : "not UTF-8";
}

static int
judge(struct xmlparse *parser, enum XML_Status status, const char **why)
{
	*why = NULL;
	if (parser->why != NULL)
		*why = parser->why;
	else if (status != XML_STATUS_OK)
		*why = XML_ErrorString(XML_GetErrorCode(parser->expat));
	else if (parser->method == NULL || parser->method[0] == '\0')
		*why = "no method name";
	return *why == NULL ? 0 : -1;
}

int
xmlparse_call(struct xmlparse *parser, const char *body, size_t len, char **method,
    json_t **params, const char **why)
{
	enum XML_Status status;
	int result;

	*method = NULL;
	*params = NULL;
	*why = refuse_bytes(body, len);
	if (*why != NULL)
		return -1;
	prepare(parser, len);
	status = XML_Parse(parser->expat, body, (int)len, XML_TRUE);
	result = judge(parser, status, why);
	if (result == 0) {
		*method = parser->method;
		parser->method = NULL;
		*params = parser->params != NULL ? parser->params : json_array();
		parser->params = NULL;
	}
	clear(parser);
	return result;
}

size_t
xmlparse_cost(const struct xmlparse *parser)
{
	return parser->len + parser->elements * XMLPARSE_ELEMENT_COST;
}
