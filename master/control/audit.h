/* Audit: records every call that changes something or is refused, one JSON object a line,
 * in the file audit_log= (reeved(8)), and logs refusals. A call is recorded with its reply.
 * What reeve-rpcd says about its clients is marked as a claim. */
#ifndef MASTER_CONTROL_AUDIT_H
#define MASTER_CONTROL_AUDIT_H

#include "common/compiler.h"
#include "common/fields.h"
#include "common/loop.h"
#include "master/log/logfile.h"
#include "proto/cmd.h"
#include "proto/fault.h"

#include <jansson.h>
#include <stdint.h>

/* Refusals of one caller, and calls that one reeve-rpcd reports, that are recorded in a
 * second; of others only the number is. */
#define AUDIT_REFUSALS 20
#define AUDIT_REPORTS 1000

struct audit;
struct connection;

/* Its fields in the state document, which has the log file as well. */
#define AUDIT_FIELDS(ROW, S)                                                          \
	ROW(S, U64, lost)       /* records that were not written, not reported yet */ \
	ROW(S, INT, lost_errno) /* why */                                             \
	ROW(S, BOOL, torn)      /* the file ends with a part of a record */
struct audit_record FIELDS(AUDIT_FIELDS);

/* New; path NULL = no file: refusals are logged all the same. fd (taken): as for
 * logfile_adopt, -1 = none. NULL with errno. */
struct audit *audit_open(
    struct loop *, const char *path, int64_t maxbytes, int64_t backups, int fd_take);
/* Reports lost records in the file, or else in the main log. NULL is fine, here and
 * below. */
void audit_free(struct audit *);
void audit_reopen(struct audit *); /* USR2 */

/* A call that may change something is about to be carried out: it is recorded when it is
 * answered. */
void audit_begin(
    struct connection *, uint64_t id, const struct cmd *, const json_t *params);
/* The call, if it was passed to audit_begin, is being answered. result: borrowed. */
void audit_end(struct connection *, uint64_t id, enum fault, const json_t *result);
/* A call was refused; why: the detail of its fault. */
void audit_refused(struct connection *, const struct cmd *, const json_t *params,
    enum fault, const char *why);
/* reeve-rpcd reports that it has refused `count` requests of one client, or that a program
 * has answered a call; params: of audit.report. */
void audit_claimed(struct connection *, const json_t *params, uint64_t count);
/* The connection ends: the outcome of its calls that are not answered is unknown. */
void audit_forget(struct connection *);
/* The same for all connections that have ended, before the process is replaced: the next
 * one continues the others, and carries out again what they wait for. */
void audit_interrupt(struct audit *);

/* For the state document: borrowed, to be read or filled. */
struct audit_record *audit_record(struct audit *);
struct logfile *audit_file(struct audit *); /* NULL = none */

#endif
