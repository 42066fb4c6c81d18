#include "rpcd/metrics/text.h"

#include "common/log.h"
#include "common/mem.h"

#include <stdbool.h>
#include <string.h>

static const char *const metric_types[] = {
	[METRIC_GAUGE] = "gauge",
	[METRIC_COUNTER] = "counter",
	[METRIC_HISTOGRAM] = "histogram",
};

void
metric_begin(struct buf *out, const struct metric *metric)
{
	mem_must(buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
	    metric->name, metric_types[metric->type]));
}

static char *
metric_reserve(struct buf *buf, size_t n)
{
	char *out = buf_reserve(buf, n);

	if (out == NULL)
		fatal("out of memory for metrics");
	return out;
}

/* The value, escaped as in a label: at most twice as long. */
static size_t
metric_escape(char *out, const char *value)
{
	size_t n = 0;

	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			out[n++] = '\\';
		out[n++] = *value;
		if (*value == '\n')
			out[n - 1] = 'n';
	}
	return n;
}

void
metric_label(struct buf *labels, const char *name, const char *value)
{
	size_t most = strlen(name) + 2 * strlen(value) + sizeof(",=\"\"");
	char *out = metric_reserve(labels, most), *at = out;

	if (buf_len(labels) > 0)
		*at++ = ',';
	at = stpcpy(stpcpy(at, name), "=\"");
	at += metric_escape(at, value);
	*at++ = '"';
	buf_commit(labels, (size_t)(at - out));
}

/* Writes the digits of a number to the end of a text; returns the first. */
static char *
metric_digits(char *end, int64_t value, int decimals)
{
	uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
	bool shown = false;
	char *at = end;

	for (; decimals > 0; decimals--, rest /= 10) {
		shown = shown || rest % 10 != 0;
		if (shown)
			*--at = (char)('0' + rest % 10);
	}
	if (shown)
		*--at = '.';
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		*--at = '-';
	return at;
}

size_t
metric_number(char text[METRIC_NUMBER_SIZE], int64_t value, int decimals)
{
	char digits[METRIC_NUMBER_SIZE], *end = digits + sizeof(digits) - 1;
	const char *first = metric_digits(end, value, decimals);
	size_t n = (size_t)(end - first);

	memcpy(text, first, n);
	text[n] = '\0';
	return n;
}

void
metric_part(struct buf *buf, const struct metric *metric, const char *suffix,
    const char *labels, size_t n, int64_t value, int decimals)
{
	size_t name = strlen(metric->name), more = strlen(suffix);
	char *out = metric_reserve(buf, name + more + n + METRIC_NUMBER_SIZE + 4),
	     *at = out;

	at = mempcpy(at, metric->name, name);
	at = mempcpy(at, suffix, more);
	if (n > 0) {
		*at++ = '{';
		at = mempcpy(at, labels, n);
		*at++ = '}';
	}
	*at++ = ' ';
	at += metric_number(at, value, decimals);
	*at++ = '\n';
	buf_commit(buf, (size_t)(at - out));
}

void
metric_sample(struct buf *out, const struct metric *metric, const char *labels, size_t n,
    int64_t value)
{
	metric_part(out, metric, "", labels, n, value, metric->decimals);
}
