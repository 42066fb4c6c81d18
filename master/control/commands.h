/* Commands: the handlers behind the gate, one per row of proto/cmd.h. Parameters have been
 * checked against the row; each handler answers its request exactly once. */
#ifndef MASTER_CONTROL_COMMANDS_H
#define MASTER_CONTROL_COMMANDS_H

#include "master/control/connection.h"

typedef void command_fn(struct connection *, uint64_t id, const json_t *params);

/* commands_process.c */
command_fn cmd_process_start, cmd_process_stop, cmd_process_signal, cmd_process_stdin;
command_fn cmd_group_start, cmd_group_stop, cmd_group_signal;
command_fn cmd_all_start, cmd_all_stop, cmd_all_signal, cmd_all_clear;
/* commands_sequence.c */
command_fn cmd_process_restart, cmd_group_restart, cmd_all_restart, cmd_config_update;
/* commands_log.c */
command_fn cmd_log_open, cmd_log_clear, cmd_mainlog_open, cmd_mainlog_clear;
/* commands_config.c */
command_fn cmd_config_reread, cmd_config_rows, cmd_config_preview;
command_fn cmd_group_add, cmd_group_remove;
/* commands_daemon.c */
command_fn cmd_hello, cmd_subscribe, cmd_ready, cmd_event_send;
command_fn cmd_daemon_shutdown, cmd_daemon_restart, cmd_daemon_answered,
    cmd_frontend_active;
#ifdef REEVE_TEST_SEAM
command_fn cmd_daemon_break;
#endif

/* The sink that sends a job's results to the client that is its context. */
extern const struct job_sink commands_job_sink;
/* New: the sequences of the commands of commands_sequence.c; NULL with errno. */
struct sequences *commands_sequences_new(struct master *);
/* Answers with what differs (taken), or with why nothing can be said (taken). */
void commands_answer_difference(
    struct connection *, uint64_t id, json_t *found, char *error);

#endif
