/* Upgrade trial: the binary that an upgrade is to execute runs once as a child: it reads a
 * copy of the state as it would after the upgrade, and changes nothing. */
#ifndef MASTER_DAEMON_UPGRADE_TRIAL_H
#define MASTER_DAEMON_UPGRADE_TRIAL_H

#include "common/compiler.h"
#include "master/master.h"

struct upgrade_trial;

/* Called once: the version of the binary (borrowed) after a success; else NULL, with why
 * taken (NULL = out of memory). */
typedef void upgrade_trial_fn(void *ctx, const char *version, char *why_take);

/* Opens the binary as O_PATH, for the trial and for the upgrade. As root, only a file that
 * nobody else can change or replace. The descriptor; or -1 with *why new. */
int upgrade_trial_open(const char *path, char **why);
/* Starts the trial, which reports to fn later. NULL with errno, without a report. */
struct upgrade_trial *upgrade_trial_begin(
    struct master *, int binary, upgrade_trial_fn *fn, void *ctx);
void upgrade_trial_free(struct upgrade_trial *); /* NULL is fine */
/* Executes the binary with our environment; returns after a failure, with errno. */
void upgrade_trial_execute(int binary, char *const *argv);

/* In the child, for the option --resume-check. */

/* Reads the document from standard input, and puts placeholders in the place of the
 * descriptors that it names. Call before any other descriptor is opened. The descriptor for
 * the answer, or -1 with *why new. */
int upgrade_trial_read(struct master *, char **why);

#endif
