/* Text: writes metrics in Prometheus' text format, version 0.0.4. All functions end the
 * program when memory runs out. */
#ifndef RPCD_METRICS_TEXT_H
#define RPCD_METRICS_TEXT_H

#include "common/buf.h"

#include <stddef.h>
#include <stdint.h>

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_HISTOGRAM };

/* A metric: what all its samples have in common. */
struct metric {
	const char *name;
	enum metric_type type;
	int decimals; /* of its values, which are integers in units of the last one */
	const char *help;
};

#define METRIC_SECONDS_OF_MS 3
#define METRIC_SECONDS_OF_US 6

/* Appends the lines before the samples of a metric. */
void metric_begin(struct buf *, const struct metric *);
/* Appends a label to a text of labels. The value may be any UTF-8. */
void metric_label(struct buf *labels, const char *name, const char *value);
/* Appends a sample; labels: a text of metric_label, n bytes. */
void metric_sample(
    struct buf *, const struct metric *, const char *labels, size_t n, int64_t value);
/* The same for a sample whose name has a suffix, such as "_count" of a histogram, and whose
 * value has that many decimals. */
void metric_part(struct buf *, const struct metric *, const char *suffix,
    const char *labels, size_t n, int64_t value, int decimals);
/* The shortest text of a number with decimals: 5000 with 6 decimals is "0.005". Returns its
 * length. */
#define METRIC_NUMBER_SIZE 24
size_t metric_number(char text[METRIC_NUMBER_SIZE], int64_t value, int decimals);

#endif
