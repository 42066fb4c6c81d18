#include "rpcd/xmlrpc/parse.h"

#include "common/buf.h"
#include "common/compiler.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/xmlrpc/scan.h"
#include "rpcd/xmlrpc/value.h"

#include <expat.h>
#include <stdbool.h>
#include <stdint.h>
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
	size_t attributes;	/* and declarations of namespaces */
	uint64_t names[XMLPARSE_NAMES];	/* hashes of those that mean nothing */
	size_t nnames;
	struct xmlscan scan;	/* of the document */
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

/* Each piece was judged: it is UTF-8. */
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

/* XML-RPC has none: those of a client that declares its namespaces are few. */
static void
count_attribute(struct xmlparse *parser)
{
	if (++parser->attributes > XMLPARSE_ATTRIBUTES)
		refuse(parser, "too many attributes");
}

/* In words: expat puts a namespace of up to 1 KiB before the name of each element. */
static uint64_t
name_hash(const struct xmlparse *parser, const char *name)
{
	uint64_t hash = parser->salt, word;
	size_t n;

	for (size_t left = strlen(name); left > 0; left -= n, name += n) {
		n = left < sizeof(word) ? left : sizeof(word);
		word = 0;
		memcpy(&word, name, n);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

/* Expat keeps every name that it has seen, in a table that it copies as it grows. */
static void
count_name(struct xmlparse *parser, const char *name)
{
	uint64_t hash = name_hash(parser, name);

	for (size_t i = 0; i < parser->nnames; i++)
		if (parser->names[i] == hash)
			return;
	if (parser->nnames == XMLPARSE_NAMES)
		refuse(parser, "too many names of elements");
	else
		parser->names[parser->nnames++] = hash;
}

static void XMLCALL
on_namespace(void *ctx, const char *prefix UNUSED, const char *uri UNUSED)
{
	count_attribute(ctx);
}

static void XMLCALL
on_start(void *ctx, const char *name, const char **attributes)
{
	struct xmlparse *parser = ctx;
	struct node *node;

	for (; *attributes != NULL && parser->why == NULL; attributes += 2)
		count_attribute(parser);
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
	if (node->tag == TAG_OTHER)
		count_name(parser, name);
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
parser_reset(struct xmlparse *parser)
{
	XML_Parser expat = parser->expat;

	XML_ParserReset(expat, "UTF-8");
	XML_SetHashSalt(expat, parser->salt);
	XML_SetUserData(expat, parser);
	XML_SetElementHandler(expat, on_start, on_end);
	XML_SetCharacterDataHandler(expat, on_text);
	XML_SetStartDoctypeDeclHandler(expat, on_doctype);
	XML_SetStartNamespaceDeclHandler(expat, on_namespace);
	parser->depth = parser->elements = parser->attributes = parser->nnames = 0;
	parser->why = NULL;
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

static struct xmlparse *
parser_new(unsigned long salt)
{
	struct xmlparse *parser = xcalloc(1, sizeof(*parser));

	/* A namespace separator that no name can hold: "<ex:nil/>" without a declaration of
	 * ex is then malformed, as in the reference. */
	parser->expat = XML_ParserCreateNS("UTF-8", '\n');
	if (parser->expat == NULL)
		fatal("out of memory for the XML parser");
	parser->salt = salt;
	return parser;
}

struct xmlparse *
xmlparse_new(void)
{
	unsigned long salt;

	if (getrandom(&salt, sizeof(salt), 0) != sizeof(salt))
		fatal("no random bytes for the XML parser");
	return parser_new(salt | 1); /* 0 would make expat ask for more */
}

struct xmlparse *
xmlparse_another(const struct xmlparse *parser)
{
	return parser_new(parser->salt);
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
refuse_bytes(const char *piece, size_t len)
{
	if (memchr(piece, '\0', len) != NULL)
		return "a NUL byte";
	return str_is_utf8(piece, len) ? NULL : "not UTF-8";
}

/* NULL, or why the document is refused. */
static const char *
feed(struct xmlparse *parser, const char *piece, size_t len, bool is_last)
{
	enum XML_Status status;

	parser->why = refuse_bytes(piece, len);
	if (parser->why != NULL)
		return parser->why;
	status = XML_Parse(parser->expat, piece, (int)len, is_last);
	if (parser->why == NULL && status != XML_STATUS_OK)
		parser->why = XML_ErrorString(XML_GetErrorCode(parser->expat));
	else if (parser->why == NULL && is_last &&
	    (parser->method == NULL || parser->method[0] == '\0'))
		parser->why = "no method name";
	return parser->why;
}

void
xmlparse_begin(struct xmlparse *parser, const char *body, size_t len)
{
	clear(parser);
	parser_reset(parser);
	xmlscan_init(&parser->scan, len > 0 ? body : "", len);
}

int
xmlparse_read(struct xmlparse *parser, size_t bytes, const char **why)
{
	struct xmlscan *scan = &parser->scan;
	size_t begin = scan->at;
	bool is_last;

	do {
		const char *piece = scan->text + scan->at;
		size_t len = xmlscan_next(scan, why);

		is_last = scan->at == scan->len;
		if (*why == NULL)
			*why = feed(parser, piece, len, is_last);
		if (*why != NULL) {
			clear(parser);
			return -1;
		}
	} while (!is_last && scan->at - begin < bytes);
	return is_last ? 1 : 0;
}

void
xmlparse_take(struct xmlparse *parser, char **method, json_t **params)
{
	*method = parser->method;
	parser->method = NULL;
	*params = parser->params != NULL ? parser->params : json_array();
	parser->params = NULL;
	clear(parser);
}

int
xmlparse_call(struct xmlparse *parser, const char *body, size_t len, char **method,
    json_t **params, const char **why)
{
	*method = NULL;
	*params = NULL;
	xmlparse_begin(parser, body, len);
	if (xmlparse_read(parser, SIZE_MAX, why) < 0)
		return -1;
	xmlparse_take(parser, method, params);
	return 0;
}

size_t
xmlparse_cost(const struct xmlparse *parser)
{
	return parser->scan.len + parser->elements * XMLPARSE_ELEMENT_COST;
}
