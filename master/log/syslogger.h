/* Syslogger: sends messages to syslog, for programs' output and the main log. Unlike
 * syslog(3) of the C library, it does not wait for a busy receiver but keeps a bounded
 * queue; messages that do not fit are dropped. */
#ifndef MASTER_LOG_SYSLOGGER_H
#define MASTER_LOG_SYSLOGGER_H

#include "common/loop.h"

#include <stddef.h>

#define SYSLOGGER_QUEUE (1024 * 1024) /* bytes queued for a busy receiver */

struct syslogger;

/* New; sends to the datagram socket at `path` as the program `ident` (both copied), with
 * facility USER and priority INFO. Opens nothing before the first message. NULL with
 * ENOMEM. */
struct syslogger *syslogger_new(struct loop *, const char *path, const char *ident);
void syslogger_free(struct syslogger *); /* tries to send the queue first; NULL is fine */
/* Sends each line of the text as "PREFIX LINE". Newlines at the end of the text are
 * ignored, and an empty text is one empty line. 0; or -1 with errno, and this and all
 * further lines were dropped. Does not log. */
int syslogger_send(struct syslogger *, const char *prefix, const char *text, size_t n);
/* The same, and logs a WARN with the number of lost messages, at most once a minute. */
void syslogger_write(struct syslogger *, const char *prefix, const char *text, size_t n);

#endif
