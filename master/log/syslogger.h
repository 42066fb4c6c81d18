/* Syslogger: our own sender of syslog messages, for programs' output and the main log. The
 * C library's syslog(3) waits for a busy receiver; this one keeps a bounded queue for it,
 * and what does not fit is dropped. */
#ifndef MASTER_LOG_SYSLOGGER_H
#define MASTER_LOG_SYSLOGGER_H

#include "common/loop.h"

#include <stddef.h>

#define SYSLOGGER_QUEUE (1024 * 1024) /* bytes that wait for a receiver that is busy */

struct syslogger;

/* New; sends to the datagram socket at `path` as the program `ident` (both copied),
 * facility USER, priority INFO. Nothing is opened before the first message. NULL with
 * ENOMEM. */
struct syslogger *syslogger_new(struct loop *, const char *path, const char *ident);
void syslogger_free(struct syslogger *); /* tries to send what waits; NULL is fine */
/* Sends each line of the text as "PREFIX LINE"; line ends at its end are cut off first, and
 * an empty text is one empty line. 0, or -1 with errno: what follows was dropped. It does
 * not log. */
int syslogger_send(struct syslogger *, const char *prefix, const char *text, size_t n);
/* The same, and a WARN with the number of lost messages, at most once a minute. */
void syslogger_write(struct syslogger *, const char *prefix, const char *text, size_t n);

#endif
