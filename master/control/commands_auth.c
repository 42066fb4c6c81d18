#include "master/control/commands.h"

#include "common/mem.h"
#include "master/helper/verifier.h"

void
commands_verified(void *ctx, uint64_t id, bool matches, const char *failure)
{
	struct connection *client = ctx;

	if (failure != NULL)
		connection_fault(client, id, FAULT_FAILED, failure);
	else
		connection_reply(client, id, json_pack("{s:b}", "ok", matches));
}

void
cmd_auth_verify(struct connection *client, uint64_t id, const json_t *params)
{
	const json_t *password = json_object_get(params, "password");
	const char *failure;

	if (json_string_length(password) > VERIFIER_PASSWORD_MAX) {
		connection_fault(client, id, FAULT_INCORRECT_PARAMETERS,
		    "a password of more than 511 bytes");
		return;
	}
	failure = verifier_ask(client->master->verifier, client, id,
	    json_string_value(json_object_get(params, "user")),
	    json_string_value(password));
	if (failure != NULL)
		connection_fault(client, id, FAULT_FAILED, failure);
}
