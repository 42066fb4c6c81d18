#include "master/control/audit_line.h"

#include "common/clock.h"
#include "common/utf8.h"

#include <inttypes.h>
#include <string.h>

#define REPLACEMENT 0xfffd /* for a byte that is not UTF-8 */
#define US 1000000

/* A code point that a terminal could act on is escaped, and also what JSON requires. */
static int
audit_line_code(struct buf *line, uint32_t code, const char *bytes, size_t n)
{
	if (code == '"' || code == '\\')
		return buf_printf(line, "\\%c", (char)code);
	if (code == REPLACEMENT || !utf8_is_printable(code)) {
		if (code < 0x10000)
			return buf_printf(line, "\\u%04" PRIx32, code);
		code -= 0x10000;
		return buf_printf(line, "\\u%04" PRIx32 "\\u%04" PRIx32,
		    0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
	}
	return buf_append(line, bytes, n);
}

static int
audit_line_string(struct buf *line, const char *text)
{
	size_t len = strnlen(text, AUDIT_TEXT_MAX + UTF8_MAX), n;
	bool cut = len > AUDIT_TEXT_MAX;
	uint32_t code;
	int rc = buf_putc(line, '"');

	for (size_t i = 0; rc == 0 && i < len; i += n) {
		n = utf8_decode(text + i, len - i, &code);
		if (n == 0) {
			n = 1;
			code = REPLACEMENT;
		}
		if (i + n > AUDIT_TEXT_MAX)
			break;
		rc = audit_line_code(line, code, text + i, n);
	}
	return rc == 0 ? buf_puts(line, cut ? "...\"" : "\"") : -1;
}

static int
audit_line_text(struct buf *line, const char *name, const char *text)
{
	if (text == NULL)
		return 0;
	if (buf_printf(line, ",\"%s\":", name) == -1)
		return -1;
	return audit_line_string(line, text);
}

static int
audit_line_number(struct buf *line, const char *name, int64_t number)
{
	return buf_printf(line, ",\"%s\":%" PRId64, name, number);
}

static int
audit_line_time(struct buf *line, int64_t time_us)
{
	char date[32];

	clock_utc_text(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", time_us / US);
	return buf_printf(line, "{\"time\":\"%s.%06dZ\"", date, (int)(time_us % US));
}

static int
audit_line_process(struct buf *line, const struct audit_entry *entry)
{
	if (!entry->has_process)
		return 0;
	if (audit_line_number(line, "uid", entry->uid) == -1)
		return -1;
	return audit_line_number(line, "pid", entry->pid);
}

int
audit_line_begin(struct buf *line, const struct audit_entry *entry)
{
	const struct {
		const char *name, *text;
	} who[] = {
	    {"user", entry->user},
	    {"program", entry->program},
	    {"from", entry->from},
	    {"listener", entry->listener},
	    {"forwarded_for", entry->forwarded},
	    {"max_role", entry->max_role},
	}, what[] = {
	    {"method", entry->method},
	    {"command", entry->command},
	    {"target", entry->target},
	    {"signal", entry->signal},
	};
	int rc = audit_line_time(line, entry->time_us);

	for (size_t i = 0; rc == 0 && i < nitems(who); i++)
		rc = audit_line_text(line, who[i].name, who[i].text);
	if (rc == 0)
		rc = audit_line_process(line, entry);
	if (rc == 0 && entry->claimed)
		rc = buf_puts(line, ",\"claimed\":true");
	for (size_t i = 0; rc == 0 && i < nitems(what); i++)
		rc = audit_line_text(line, what[i].name, what[i].text);
	if (rc == 0 && entry->bytes != -1)
		rc = audit_line_number(line, "bytes", entry->bytes);
	if (rc == 0 && entry->events != -1)
		rc = audit_line_number(line, "events", entry->events);
	return rc;
}

int
audit_line_end(
    struct buf *line, const char *result, uint64_t job, const char *why, uint64_t count)
{
	int rc;

	if (job != 0)
		rc = buf_printf(line, ",\"result\":\"job %" PRIu64 "\"", job);
	else
		rc = audit_line_text(line, "result", result);
	if (rc == 0)
		rc = audit_line_text(line, "why", why);
	if (rc == 0 && count != 1)
		rc = buf_printf(line, ",\"count\":%" PRIu64, count);
	return rc == 0 ? buf_puts(line, "}\n") : -1;
}

int
audit_line_lost(struct buf *line, int64_t time_us, uint64_t count, int error)
{
	int rc = audit_line_time(line, time_us);

	if (rc == 0)
		rc = buf_printf(line, ",\"lost\":%" PRIu64, count);
	if (rc == 0)
		rc = audit_line_text(line, "why", strerror(error));
	return rc == 0 ? buf_puts(line, "}\n") : -1;
}
