/* No_log: discards what the tested code logs. */
#ifndef TESTS_NO_LOG_H
#define TESTS_NO_LOG_H

#include "common/compiler.h"
#include "common/log.h"

static inline void
no_log(void *ctx UNUSED, enum log_level level UNUSED, const char *text UNUSED,
    size_t len UNUSED)
{
}

#endif
