/* Commands: the command handlers, one for each row of CMD_LIST in proto/cmd.h, which names
 * them. They are called after the authorization and the check of the parameters, and answer
 * each request exactly once. */
#ifndef MASTER_CONTROL_COMMANDS_H
#define MASTER_CONTROL_COMMANDS_H

#include "master/control/config_request.h"
#include "master/control/connection.h"

typedef void command_fn(struct connection *, uint64_t id, const json_t *params);

#define COMMAND_DECLARATION(id, handler, ...) command_fn cmd_##handler;
CMD_LIST(COMMAND_DECLARATION)
#undef COMMAND_DECLARATION

/* Defines a handler that calls a function with the request and further arguments. */
#define COMMAND(handler, function, ...)                                                 \
	void handler(struct connection *client, uint64_t id, const json_t *params)      \
	{                                                                               \
		function(client, id, params, __VA_ARGS__);                              \
	}

/* Answers auth.verify; a verifier_fn. */
void commands_verified(void *client, uint64_t id, bool matches, const char *failure);
/* Sinks that send results to a client, their context. */
extern const struct job_sink commands_job_sink;
extern const struct sequence_sink commands_sequence_sink;
/* Replies with the result (taken) and the number of a job or sequence that was begun, or,
 * when that is 0, with a fault from errno. */
void commands_reply_job(struct connection *, uint64_t id, uint64_t job, json_t *result);
/* New; NULL with errno. */
struct sequences *commands_sequences_new(struct master *);
/* Reads the configuration for the request, then calls fn. */
void commands_read(struct connection *, uint64_t id, const json_t *params,
    enum config_request_kind, config_request_fn *fn);
/* Answers that the configuration was not read; client NULL: does nothing. */
void commands_answer_fault(
    struct connection *client, uint64_t id, const struct config_answer *);

#endif
