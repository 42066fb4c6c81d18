#include "rpcd/xmlrpc/scan.h"

#include <string.h>

#define BOM "\xef\xbb\xbf"

/* Kinds of markup by their first characters, the longer ones first. */
enum markup { MARKUP_COMMENT, MARKUP_CDATA, MARKUP_DOCTYPE, MARKUP_INSTRUCTION };

static const struct markup_kind {
	const char *begin;
	const char *end;	/* NULL: the markup is refused */
	size_t most;
	const char *why;	/* when it is longer */
} markups[] = {
	[MARKUP_COMMENT] = {"<!--", "-->", XMLSCAN_COMMENT_MAX,
	    "a comment that is too long"},
	[MARKUP_CDATA] = {"<![CDATA[", "", 0, NULL},
	[MARKUP_DOCTYPE] = {"<!", NULL, 0, "a document type declaration"},
	[MARKUP_INSTRUCTION] = {"<?", "?>", XMLSCAN_COMMENT_MAX,
	    "a processing instruction that is too long"},
};

void
xmlscan_init(struct xmlscan *scan, const char *text, size_t len)
{
	*scan = (struct xmlscan){ .text = text, .len = len };
}

static bool
scan_looks_at(const struct xmlscan *scan, const char *what)
{
	size_t n = strlen(what);

	return scan->len - scan->at >= n && memcmp(scan->text + scan->at, what, n) == 0;
}

/* Moves behind the first `end` within `most` bytes, or to the end of the document, where
 * expat refuses the incomplete token. */
static const char *
scan_behind(struct xmlscan *scan, const char *end, size_t most, const char *why)
{
	size_t left = scan->len - scan->at, look = left < most ? left : most;
	const char *found = memmem(scan->text + scan->at, look, end, strlen(end));

	if (found == NULL && left > most)
		return why;
	scan->at = found != NULL ? (size_t)(found - scan->text) + strlen(end) : scan->len;
	return NULL;
}

/* Moves behind a tag, which ends at the first '>' outside quotes. */
static const char *
scan_tag(struct xmlscan *scan)
{
	size_t left = scan->len - scan->at;
	size_t look = left < XMLSCAN_TAG_MAX ? left : XMLSCAN_TAG_MAX;
	const char *tag = scan->text + scan->at;
	char quote = '\0';
	size_t n;

	for (n = 1; n < look && (quote != '\0' || tag[n] != '>'); n++) {
		if (quote != '\0')
			quote = tag[n] == quote ? '\0' : quote;
		else if (tag[n] == '"' || tag[n] == '\'')
			quote = tag[n];
	}
	if (n == look && left > look)
		return "a tag that is too long";
	if (left > 1 && tag[1] == '/')
		scan->depth -= scan->depth > 0;
	else
		scan->depth += tag[n - 1] != '/';
	scan->at += n < look ? n + 1 : n;
	return NULL;
}

static const char *
scan_markup(struct xmlscan *scan)
{
	const struct markup_kind *kind = markups;

	while (kind < markups + nitems(markups) && !scan_looks_at(scan, kind->begin))
		kind++;
	if (kind == markups + nitems(markups))
		return scan_tag(scan);
	if (kind->end == NULL)
		return kind->why;
	if (kind == &markups[MARKUP_CDATA]) {
		scan->at += strlen(kind->begin);
		scan->in_cdata = true;
		return NULL;
	}
	return scan_behind(scan, kind->end, kind->most, kind->why);
}

/* Moves to the next markup or to the end of the piece. */
static const char *
scan_text(struct xmlscan *scan, size_t end)
{
	const char *text = scan->text;

	if (scan->at == 0 && scan_looks_at(scan, BOM))
		scan->at += strlen(BOM);
	for (; scan->at < end && text[scan->at] != '<' && text[scan->at] != '&'; scan->at++)
		/* Expat would read it as one name of any length. */
		if (scan->depth == 0 && strchr(" \t\r\n", text[scan->at]) == NULL)
			return "text outside of the element";
	return NULL;
}

/* Moves behind "]]>", which may cross the end of the piece, or to the end of the piece. */
static const char *
scan_cdata(struct xmlscan *scan, size_t end)
{
	size_t look = scan->len - end > 2 ? end + 2 : scan->len;
	const char *found = memmem(scan->text + scan->at, look - scan->at, "]]>", 3);

	scan->in_cdata = found == NULL;
	scan->at = found != NULL ? (size_t)(found - scan->text) + 3 : end;
	return NULL;
}

static const char *
scan_token(struct xmlscan *scan, size_t end)
{
	if (scan->in_cdata)
		return scan_cdata(scan, end);
	if (scan->text[scan->at] == '<')
		return scan_markup(scan);
	if (scan->text[scan->at] == '&')
		return scan_behind(
		    scan, ";", XMLSCAN_TAG_MAX, "a reference that is too long");
	return scan_text(scan, end);
}

size_t
xmlscan_next(struct xmlscan *scan, const char **why)
{
	size_t begin = scan->at;
	size_t end = scan->len - begin > XMLSCAN_PIECE ? begin + XMLSCAN_PIECE : scan->len;

	*why = NULL;
	while (scan->at < end && *why == NULL)
		*why = scan_token(scan, end);
	if (*why != NULL)
		return 0;
	/* A piece does not end within a character. */
	for (end = scan->at; end < scan->len && end > begin; end--)
		if ((scan->text[end] & 0xc0) != 0x80)
			break;
	scan->at = end > begin ? end : scan->at;
	return scan->at - begin;
}
