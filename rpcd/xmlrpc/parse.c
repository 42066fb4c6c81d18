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
	TAG_OTHER,	/* any unknown name; its text is a string */
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

/* An open element. */
struct node {
	enum tag tag;
	struct buf text; /* before the first child */
	size_t nchildren;
	json_t *children; /* the array or struct being made, or NULL */
	json_t *kept[2];  /* the first two children of other elements, or NULL */
};

struct xmlparse {
	XML_Parser expat;
	unsigned long salt;
	struct node nodes[XMLPARSE_DEPTH];
	size_t depth;
	size_t elements;
	size_t attributes;              /* with declarations of namespaces */
	uint64_t names[XMLPARSE_NAMES]; /* hashes of unknown names */
	size_t nnames;
	struct xmlscan scan; /* of the document */
	char *method;
	json_t *params;
	const char *why; /* why the document is refused, or NULL */
};

/* How an element stores the values of its children. */
enum parse_children {
	CHILDREN_IGNORE,
	CHILDREN_KEEP,	/* keeps the first two: a value has one, a member has two */
	CHILDREN_APPEND,
	CHILDREN_MEMBERS,
};

static const struct element {
	const char *name;
	enum parse_children children;
	xmlvalue_fn *scalar;	/* converts the text to a value */
} elements[TAG_MAX] = {
	[TAG_OTHER] = {"", CHILDREN_KEEP, NULL},
	[TAG_INT] = {"int", CHILDREN_IGNORE, xmlvalue_int},
	[TAG_I4] = {"i4", CHILDREN_IGNORE, xmlvalue_int},
	[TAG_BOOLEAN] = {"boolean", CHILDREN_IGNORE, xmlvalue_boolean},
	[TAG_STRING] = {"string", CHILDREN_IGNORE, xmlvalue_string},
	[TAG_DOUBLE] = {"double", CHILDREN_IGNORE, xmlvalue_double},
	[TAG_DATETIME] = {"dateTime.iso8601", CHILDREN_IGNORE, xmlvalue_datetime},
	[TAG_BASE64] = {"base64", CHILDREN_IGNORE, xmlvalue_base64},
	[TAG_ARRAY] = {"array", CHILDREN_KEEP, NULL},
	[TAG_DATA] = {"data", CHILDREN_APPEND, NULL},
	[TAG_STRUCT] = {"struct", CHILDREN_MEMBERS, NULL},
	[TAG_VALUE] = {"value", CHILDREN_KEEP, NULL},
	[TAG_PARAM] = {"param", CHILDREN_KEEP, NULL},
	[TAG_PARAMS] = {"params", CHILDREN_APPEND, NULL},
	[TAG_METHOD_NAME] = {"methodName", CHILDREN_IGNORE, NULL},
};

static json_t *
parse_refuse(struct xmlparse *parser, const char *why)
{
	parser->why = why;
	XML_StopParser(parser->expat, XML_FALSE);
	return NULL;
}

/* ---- elements ---- */

/* A member is an element of any name with two children: name and value. */
static void
parse_add_member(struct xmlparse *parser, struct node *node, const struct node *child)
{
	json_t *name = child->kept[0], *content = child->kept[1];

	if (child->tag != TAG_OTHER || child->nchildren != 2) {
		parse_refuse(parser, "a member without a name and a value");
		return;
	}
	if (!json_is_string(name) && !json_is_null(name)) {
		parse_refuse(parser, "a member's name is no text");
		return;
	}
	if (node->children == NULL)
		node->children = json_object();
	json_object_set(
	    node->children, json_is_null(name) ? "" : json_string_value(name), content);
}

/* Stores the value of a child that has ended; takes it. */
static void
parse_add_child(
    struct xmlparse *parser, struct node *node, const struct node *child, json_t *value)
{
	enum parse_children use = elements[node->tag].children;

	if (use == CHILDREN_KEEP && node->nchildren <= nitems(node->kept)) {
		node->kept[node->nchildren - 1] = value;
		return;
	}
	if (use == CHILDREN_MEMBERS)
		parse_add_member(parser, node, child);
	if (use == CHILDREN_APPEND) {
		if (node->children == NULL)
			node->children = json_array();
		if (json_array_append(node->children, value) < 0)
			fatal("out of memory for a request");
	}
	json_decref(value);
}

/* New: the value of an element that ends; NULL: the document is refused. */
static json_t *
parse_value(struct xmlparse *parser, struct node *node)
{
	xmlvalue_fn *scalar = elements[node->tag].scalar;
	size_t len = buf_len(&node->text);
	char *end = len > 0 ? buf_reserve(&node->text, 1) : NULL;
	const char *text = len > 0 ? buf_data(&node->text) : "";
	json_t *value;

	if (len > 0 && end == NULL)
		fatal("out of memory for a request");
	if (end != NULL)
		*end = '\0'; /* not committed: no part of the text */
	if (scalar != NULL) {
		value = scalar(text, len);
		return value != NULL ?
		    value :
		    parse_refuse(parser, "a value that is none of its type");
	}
	switch (node->tag) {
	case TAG_ARRAY:
	case TAG_PARAM:
		return node->nchildren > 0 ?
		    json_incref(node->kept[0]) :
		    parse_refuse(parser, "an empty array or param");
	case TAG_VALUE:
		/* Each piece of the text was checked: it is UTF-8. */
		return node->nchildren > 0 ? json_incref(node->kept[0]) :
					     json_stringn_nocheck(text, len);
	case TAG_STRUCT:
		return node->children != NULL ? json_incref(node->children) : json_object();
	case TAG_DATA:
		return node->children != NULL ? json_incref(node->children) : json_array();
	case TAG_PARAMS:
		json_decref(parser->params);
		parser->params = json_incref(node->children);
		return json_null();
	case TAG_METHOD_NAME:
		free(parser->method);
		parser->method = xstrdup(text);
		break;
	default:
		break;
	}
	return len == 0 ? json_null() : json_stringn_nocheck(text, len);
}

static void
parse_node_clear(struct node *node)
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

/* ---- callbacks of expat ---- */

/* Counts different unknown names, because expat keeps each in a table that it copies when
 * it grows. The hash uses words, because expat puts a namespace of up to 1 KiB before a
 * name. */
static void
parse_count_name(struct xmlparse *parser, const char *name)
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
	for (size_t i = 0; i < parser->nnames; i++)
		if (parser->names[i] == hash)
			return;
	if (parser->nnames == XMLPARSE_NAMES)
		parse_refuse(parser, "too many names of elements");
	else
		parser->names[parser->nnames++] = hash;
}

static enum tag
parse_tag(struct xmlparse *parser, const char *name)
{
	for (enum tag tag = TAG_OTHER + 1; tag < TAG_MAX; tag++)
		if (elements[tag].name[0] == name[0] &&
		    strcmp(elements[tag].name, name) == 0)
			return tag;
	parse_count_name(parser, name);
	return TAG_OTHER;
}

/* Counts namespaces like attributes: XML-RPC has none, and clients declare few. */
static void XMLCALL
parse_on_namespace(void *ctx, const char *prefix UNUSED, const char *uri UNUSED)
{
	struct xmlparse *parser = ctx;

	if (++parser->attributes > XMLPARSE_ATTRIBUTES)
		parse_refuse(parser, "too many attributes");
}

static void XMLCALL
parse_on_start(void *ctx, const char *name, const char **attributes)
{
	struct xmlparse *parser = ctx;
	struct node *node;

	for (; *attributes != NULL && parser->why == NULL; attributes += 2)
		parse_on_namespace(parser, NULL, NULL);
	if (parser->why != NULL)
		return;
	if (parser->depth == XMLPARSE_DEPTH) {
		parse_refuse(parser, "nested too deeply");
		return;
	}
	if (++parser->elements > XMLPARSE_ELEMENTS) {
		parse_refuse(parser, "too many elements");
		return;
	}
	if (parser->depth > 0)
		parser->nodes[parser->depth - 1].nchildren++;
	node = &parser->nodes[parser->depth++];
	node->tag = parse_tag(parser, name);
}

static void XMLCALL
parse_on_end(void *ctx, const char *name UNUSED)
{
	struct xmlparse *parser = ctx;
	struct node *node;
	json_t *value;

	if (parser->why != NULL)
		return;
	node = &parser->nodes[--parser->depth];
	value = parse_value(parser, node);
	if (value != NULL && parser->depth > 0)
		parse_add_child(parser, node - 1, node, value);
	else
		json_decref(value);
	parse_node_clear(node);
}

static void XMLCALL
parse_on_text(void *ctx, const char *text, int len)
{
	struct xmlparse *parser = ctx;
	struct node *node;

	if (parser->why != NULL || parser->depth == 0)
		return;
	node = &parser->nodes[parser->depth - 1];
	if (node->nchildren == 0 && buf_append(&node->text, text, (size_t)len) < 0)
		fatal("out of memory for a request");
}

static void XMLCALL
parse_on_doctype(void *ctx, const char *name UNUSED, const char *system_id UNUSED,
    const char *public_id UNUSED, int has_internal UNUSED)
{
	parse_refuse(ctx, "a document type declaration");
}

/* XML_ParserReset also resets the salt and the handlers. UTF-8 is forced, as in
 * supervisord, so that expat checks the bytes and not the declaration: PHP's clients
 * declare iso-8859-1 and send ASCII. */
static void
parse_reset(struct xmlparse *parser)
{
	XML_Parser expat = parser->expat;

	XML_ParserReset(expat, "UTF-8");
	XML_SetHashSalt(expat, parser->salt);
	XML_SetUserData(expat, parser);
	XML_SetElementHandler(expat, parse_on_start, parse_on_end);
	XML_SetCharacterDataHandler(expat, parse_on_text);
	XML_SetStartDoctypeDeclHandler(expat, parse_on_doctype);
	XML_SetStartNamespaceDeclHandler(expat, parse_on_namespace);
	parser->depth = parser->elements = parser->attributes = parser->nnames = 0;
	parser->why = NULL;
}

static void
parse_clear(struct xmlparse *parser)
{
	while (parser->depth > 0)
		parse_node_clear(&parser->nodes[--parser->depth]);
	mem_freep(&parser->method);
	json_decref(parser->params);
	parser->params = NULL;
}

struct xmlparse *
xmlparse_new(const struct xmlparse *like)
{
	struct xmlparse *parser = xcalloc(1, sizeof(*parser));

	/* The namespace separator cannot be in a name, so that "<ex:nil/>" without a
	 * declaration of ex is malformed, as in supervisord. */
	parser->expat = XML_ParserCreateNS("UTF-8", '\n');
	if (parser->expat == NULL)
		fatal("out of memory for the XML parser");
	if (like == NULL &&
	    getrandom(&parser->salt, sizeof(parser->salt), 0) != sizeof(parser->salt))
		fatal("no random bytes for the XML parser");
	/* With the salt 0, expat reads random bytes itself. */
	parser->salt = like != NULL ? like->salt : parser->salt | 1;
	return parser;
}

void
xmlparse_free(struct xmlparse *parser)
{
	if (parser == NULL)
		return;
	parse_clear(parser);
	for (size_t i = 0; i < XMLPARSE_DEPTH; i++)
		buf_clear(&parser->nodes[i].text);
	XML_ParserFree(parser->expat);
	free(parser);
}

/* NULL, or why the document is refused. */
static const char *
parse_feed(struct xmlparse *parser, const char *piece, size_t len, bool is_last)
{
	enum XML_Status status;

	/* Expat recognises UTF-16 by its first bytes even when UTF-8 is forced. */
	if (memchr(piece, '\0', len) != NULL)
		parser->why = "a NUL byte";
	else if (!str_is_utf8(piece, len))
		parser->why = "not UTF-8";
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
	parse_clear(parser);
	parse_reset(parser);
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
			*why = parse_feed(parser, piece, len, is_last);
		if (*why != NULL) {
			parse_clear(parser);
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
	parse_clear(parser);
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
