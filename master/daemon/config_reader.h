/* Config reader: reads the configuration again in a child process, because a file system, a
 * name service or a lack of memory may block or end the process that reads. The child is
 * forked from the master, so it can compare what it reads with the configuration in force.
 * The master receives the difference, a few frames in each loop iteration, and applies it
 * when it is complete. */
#ifndef MASTER_DAEMON_CONFIG_READER_H
#define MASTER_DAEMON_CONFIG_READER_H

#include "common/compiler.h"
#include "master/control/config_request.h"
#include "master/master.h"
#include "proto/fault.h"

#define CONFIG_READER_LIMIT_MS 30000 /* a child that needs longer is killed */

struct config_reader;

/* New, without a child; NULL with ENOMEM. It answers master->config_requests. */
struct config_reader *config_reader_new(struct master *);
void config_reader_free(struct config_reader *); /* kills the child */
/* Begins a reading for the requests of this kind that wait. Does nothing while a child
 * exists, whose end begins the next reading. */
void config_reader_begin(struct master *, enum config_request_kind);
/* Whether no configuration is being read, and nobody waits for a reading. */
bool config_reader_is_idle(const struct config_reader *);
/* The daemon's state has changed: answers all requests with the fault, but those for a
 * restart only when `restarts` is false. */
void config_reader_refuse(struct config_reader *, enum fault, bool restarts);

#endif
