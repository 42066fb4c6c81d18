#include "rpcd/methods/writer.h"

#include "common/compiler.h"
#include "rpcd/json/write.h"
#include "rpcd/xmlrpc/write.h"

#include <string.h>

_Static_assert(XMLWRITE_ESCAPED <= WRITER_ESCAPED && JSONWRITE_ESCAPED <= WRITER_ESCAPED,
    "memory for escaped text is reserved by WRITER_ESCAPED");

void
writer_fault(const struct writer *w, enum fault fault, const char *text)
{
	writer_open(w, WRITER_STRUCT);
	writer_member_int(w, "faultCode", fault);
	writer_member_string(w, "faultString", text);
	writer_close(w, WRITER_STRUCT);
}

void
writer_values(const struct writer *w, const char *values, size_t n)
{
	if (n > 0)
		w->format->values(w->out, values, n);
}

/* ---- XML-RPC ---- */

static const enum xmlwrite_part xml_parts[WRITER_PARTS] = {
	[WRITER_STRING] = XMLWRITE_STRING,
	[WRITER_ARRAY] = XMLWRITE_ARRAY,
	[WRITER_STRUCT] = XMLWRITE_STRUCT,
};

static void
writer_xml_reply_open(struct buf *out, const char *id UNUSED)
{
	xmlwrite_open(out, XMLWRITE_REPLY);
}

static void
writer_xml_reply_close(struct buf *out)
{
	xmlwrite_close(out, XMLWRITE_REPLY);
}

static void
writer_xml_reply_fault(struct buf *out, const char *id UNUSED, int code, const char *text)
{
	xmlwrite_open(out, XMLWRITE_FAULT);
	xmlwrite_fault(out, (enum fault)code, text);
	xmlwrite_close(out, XMLWRITE_FAULT);
}

static void
writer_xml_open(struct buf *out, enum writer_part part)
{
	xmlwrite_open(out, xml_parts[part]);
}

static void
writer_xml_close(struct buf *out, enum writer_part part)
{
	xmlwrite_close(out, xml_parts[part]);
}

static void
writer_xml_member_close(struct buf *out)
{
	xmlwrite_close(out, XMLWRITE_MEMBER);
}

const struct writer_format writer_xml = {
	.type = "text/xml",
	.escaped = XMLWRITE_ESCAPED,
	.reply_open = writer_xml_reply_open,
	.reply_close = writer_xml_reply_close,
	.reply_fault = writer_xml_reply_fault,
	.open = writer_xml_open,
	.close = writer_xml_close,
	.member_open = xmlwrite_member_open,
	.member_close = writer_xml_member_close,
	.escape = xmlwrite_escape,
	.string = xmlwrite_string,
	.number = xmlwrite_int,
	.truth = xmlwrite_bool,
	.json = xmlwrite_json,
	.values = xmlwrite_raw,
	.member_string = xmlwrite_member_string,
	.member_int = xmlwrite_member_int,
	.member_number = xmlwrite_member_number,
};

/* ---- JSON-RPC ---- */

static const char json_parts[WRITER_PARTS][2] = {
	[WRITER_STRING] = {'"', '"'},
	[WRITER_ARRAY] = {'[', ']'},
	[WRITER_STRUCT] = {'{', '}'},
};

static void
writer_json_envelope(struct buf *out, const char *id, const char *member)
{
	jsonwrite_open(out, '{');
	jsonwrite_member_string(out, "jsonrpc", "2.0");
	jsonwrite_name(out, "id");
	jsonwrite_raw(out, id, strlen(id));
	jsonwrite_name(out, member);
}

static void
writer_json_reply_open(struct buf *out, const char *id)
{
	writer_json_envelope(out, id, "result");
}

static void
writer_json_reply_close(struct buf *out)
{
	jsonwrite_raw(out, "}", 1);
}

static void
writer_json_reply_fault(struct buf *out, const char *id, int code, const char *text)
{
	writer_json_envelope(out, id, "error");
	jsonwrite_open(out, '{');
	jsonwrite_member_number(out, "code", code);
	jsonwrite_member_string(out, "message", text);
	jsonwrite_raw(out, "}}", 2);
}

static void
writer_json_open(struct buf *out, enum writer_part part)
{
	jsonwrite_open(out, json_parts[part][0]);
}

static void
writer_json_close(struct buf *out, enum writer_part part)
{
	jsonwrite_raw(out, &json_parts[part][1], 1);
}

static void
writer_json_member_close(struct buf *out UNUSED)
{
}

const struct writer_format writer_json = {
	.type = "application/json",
	.has_id = true,
	.escaped = JSONWRITE_ESCAPED,
	.reply_open = writer_json_reply_open,
	.reply_close = writer_json_reply_close,
	.reply_fault = writer_json_reply_fault,
	.open = writer_json_open,
	.close = writer_json_close,
	.member_open = jsonwrite_name,
	.member_close = writer_json_member_close,
	.escape = jsonwrite_escape,
	.string = jsonwrite_string,
	.number = jsonwrite_number,
	.truth = jsonwrite_bool,
	.json = jsonwrite_value,
	.values = jsonwrite_values,
	.member_string = jsonwrite_member_string,
	.member_int = jsonwrite_member_number,
	.member_number = jsonwrite_member_number,
};
