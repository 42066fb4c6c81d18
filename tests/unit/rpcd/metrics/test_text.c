/* Text: escaped labels, numbers with decimals, samples. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "common/compiler.h"
#include "rpcd/metrics/text.h"

static const struct metric gauge = { "a_b", METRIC_GAUGE, 0, "help of it" };
static const struct metric counter = { "a_total", METRIC_COUNTER, METRIC_SECONDS_OF_MS,
	"h" };
static const struct metric histogram = { "a_seconds", METRIC_HISTOGRAM, 6, "h" };

/* Compares and empties. */
static void
expect(struct buf *text, const char *want)
{
	assert_int_equal(buf_len(text), strlen(want));
	assert_memory_equal(buf_data(text), want, strlen(want));
	buf_clear(text);
}

static void
test_begin(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	metric_begin(&out, &gauge);
	metric_begin(&out, &counter);
	metric_begin(&out, &histogram);
	expect(&out,
	    "# HELP a_b help of it\n# TYPE a_b gauge\n"
	    "# HELP a_total h\n# TYPE a_total counter\n"
	    "# HELP a_seconds h\n# TYPE a_seconds histogram\n");
}

static void
test_labels(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "", "n=\"\"" },
		{ "a b", "n=\"a b\"" },
		{ "\"", "n=\"\\\"\"" },
		{ "\\", "n=\"\\\\\"" },
		{ "\n", "n=\"\\n\"" },
		{ "\\n", "n=\"\\\\n\"" },
		{ "\"\"\\\\\n\n", "n=\"\\\"\\\"\\\\\\\\\\n\\n\"" },
		{ "{}=,\t\r\x7f", "n=\"{}=,\t\r\x7f\"" },
		{ "\xe2\x80\xae\xf0\x9f\x92\xa3", "n=\"\xe2\x80\xae\xf0\x9f\x92\xa3\"" },
	};
	struct buf labels;

	(void)state;
	buf_init(&labels, 0);
	for (size_t i = 0; i < nitems(rows); i++) {
		metric_label(&labels, "n", rows[i].value);
		expect(&labels, rows[i].want);
	}
	metric_label(&labels, "a", "1");
	metric_label(&labels, "b", "2");
	expect(&labels, "a=\"1\",b=\"2\"");
}

static void
test_numbers(void **state)
{
	static const struct {
		int64_t value;
		int decimals;
		const char *want;
	} rows[] = {
		{ 0, 0, "0" },
		{ 7, 0, "7" },
		{ -1, 0, "-1" },
		{ 1000, 0, "1000" },
		{ INT64_MAX, 0, "9223372036854775807" },
		{ INT64_MIN, 0, "-9223372036854775808" },
		{ 0, 6, "0" },
		{ 5000, 6, "0.005" },
		{ 1, 6, "0.000001" },
		{ 1000000, 6, "1" },
		{ 60000000, 6, "60" },
		{ 1250, 3, "1.25" },
		{ 10001, 3, "10.001" },
		{ -1500, 3, "-1.5" },
		{ INT64_MIN, 6, "-9223372036854.775808" },
	};
	char text[METRIC_NUMBER_SIZE];

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		size_t n = metric_number(text, rows[i].value, rows[i].decimals);

		assert_string_equal(text, rows[i].want);
		assert_int_equal(n, strlen(text));
	}
}

static void
test_samples(void **state)
{
	static const char labels[] = "x=\"1\",y=\"2\"";
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	metric_sample(&out, &gauge, "", 0, -1);
	metric_sample(&out, &counter, labels, 5, 1500);
	metric_part(&out, &histogram, "_count", labels, strlen(labels), 1000000, 0);
	metric_part(&out, &histogram, "_sum", "", 0, 1000000, 6);
	expect(&out,
	    "a_b -1\n"
	    "a_total{x=\"1\"} 1.5\n"
	    "a_seconds_count{x=\"1\",y=\"2\"} 1000000\n"
	    "a_seconds_sum 1\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests_name("metrics text", tests, NULL, NULL);
}
