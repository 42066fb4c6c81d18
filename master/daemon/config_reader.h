/* Config reader: a child of the master reads the configuration again, because files, name
 * services and a lack of memory may stop or end what does so. It is forked from the master
 * and compares what it has read with what is in force; the master receives the difference,
 * a few frames in each turn, and takes it over at the end, or not at all. */
#ifndef MASTER_DAEMON_CONFIG_READER_H
#define MASTER_DAEMON_CONFIG_READER_H

#include "common/compiler.h"
#include "master/control/config_request.h"
#include "master/master.h"
#include "proto/fault.h"

#define CONFIG_READER_LIMIT_MS 30000 /* the child is killed then */

struct config_reader;

/* New, without a child; NULL with ENOMEM. It answers what master->config_requests has. */
struct config_reader *config_reader_new(struct master *);
void config_reader_free(struct config_reader *); /* kills the child */
/* Some request of this kind waits: reads, now or when the child at work has ended. */
void config_reader_begin(struct master *, enum config_request_kind);
/* The daemon's state has changed: what it does not allow any more is answered with the
 * fault. A restart is allowed unless a shutdown is under way. */
void config_reader_refuse(struct config_reader *, enum fault, bool restarts);

#endif
