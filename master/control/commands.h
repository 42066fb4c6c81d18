/* Commands: the command handlers, one per row of CMD_LIST in proto/cmd.h, which names them.
 * A command has been authorized and its parameters checked against the row; each handler
 * answers its request exactly once. */
#ifndef MASTER_CONTROL_COMMANDS_H
#define MASTER_CONTROL_COMMANDS_H

#include "master/control/config_request.h"
#include "master/control/connection.h"

typedef void command_fn(struct connection *, uint64_t id, const json_t *params);

#define COMMAND_DECLARATION(id, handler, ...) command_fn cmd_##handler;
CMD_LIST(COMMAND_DECLARATION)
#undef COMMAND_DECLARATION

/* Sinks that send the results of jobs and sequences to the client that is their context. */
extern const struct job_sink commands_job_sink;
extern const struct sequence_sink commands_sequence_sink;
/* Replies with the result (taken) and the number of a job or sequence that was begun; 0 =
 * with why none was, from errno. */
void commands_reply_job(struct connection *, uint64_t id, uint64_t job, json_t *result);
/* New: the sequences of the commands of commands_sequence.c; NULL with errno. */
struct sequences *commands_sequences_new(struct master *);
/* The configuration is read for the request, and then fn called. */
void commands_read(struct connection *, uint64_t id, const json_t *params,
    enum config_request_kind, config_request_fn *fn);
/* Answers that the configuration was not read (client NULL: nothing). */
void commands_answer_fault(
    struct connection *client, uint64_t id, const struct config_answer *);

#endif
