/* Stats: what a process uses and has written: a row of process.stats and all.stats
 * (reeve-protocol(7)), and the members of reeve.getProcessStats (reeve-api(7)). */
#ifndef PROTO_STATS_H
#define PROTO_STATS_H

#include "common/compiler.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_UNKNOWN (-1)

struct process_info;

/* Numbers of a process that does not run are 0; those that are not known are
 * STATS_UNKNOWN. */
struct process_stats {
	int64_t id;
	int64_t pid;       /* 0 = none */
	int64_t processes; /* of the program */
	int64_t cpu_ms;    /* that they have used */
	int64_t cpu_share; /* since the sample before, in tenths of a percent of one CPU */
	int64_t rss;       /* resident bytes */
	int64_t fds;       /* open descriptors */
	/* Bytes written to the logs since the group was added. */
	int64_t stdout_bytes, stderr_bytes;
};

/* New array of the values, without zeros at its end; an unknown one is null. NULL with
 * ENOMEM. */
json_t *process_stats_write(const struct process_stats *);
/* 0, or -1: a value is wrong, or the id is missing. */
NODISCARD int process_stats_read(const json_t *, struct process_stats *);

enum stats_type {
	STATS_NUMBER,
	STATS_SECONDS,	/* of milliseconds */
	STATS_PERCENT,	/* of tenths */
	STATS_LOG_BYTES, /* a struct of both logs */
	STATS_TYPES
};

/* A member of the structs of reeve.getProcessStats; absent if it is unknown. */
struct stats_member {
	const char *name;
	enum stats_type type;
	size_t offset; /* in struct process_stats, of an int64_t */
	const char *help;
};

#define STATS_MEMBERS 7

extern const struct stats_member stats_members[STATS_MEMBERS];

/* "number", "double", "struct", by enum stats_type. */
extern const char *const stats_type_names[STATS_TYPES];

/* The value of a member of type STATS_SECONDS or STATS_PERCENT. */
double stats_member_real(const struct stats_member *, const struct process_stats *);
/* New object of the name, the group and all members of stats_members; NULL with ENOMEM. */
json_t *process_stats_api(const struct process_info *, const struct process_stats *);
/* Adds the members of stats_members to an object. 0, or -1 with ENOMEM. */
NODISCARD int process_stats_add(json_t *object, const struct process_stats *);

#endif
