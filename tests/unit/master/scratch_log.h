/* The log file "log" in a scratch directory, with rotation. */
#ifndef TESTS_UNIT_MASTER_SCRATCH_LOG_H
#define TESTS_UNIT_MASTER_SCRATCH_LOG_H

#include "master/log/logfile.h"
#include "tests/unit/master/scratch.h"

static inline struct logfile *
open_log(const struct scratch *scratch, int64_t maxbytes, int64_t backups)
{
	struct logfile *file =
	    logfile_open(scratch_path(scratch, "log"), maxbytes, backups);

	assert_non_null(file);
	return file;
}

static inline void
put(struct logfile *file, const char *text)
{
	assert_int_equal(logfile_write(file, text, strlen(text)), 0);
}

#endif
