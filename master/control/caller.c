#include "master/control/caller.h"

#include "common/mem.h"

#include <stddef.h>

static const struct {
	const char *name;
	size_t offset;
} caller_claims[] = {
	{"user", offsetof(struct caller, user)},
	{"from", offsetof(struct caller, from)},
	{"listener", offsetof(struct caller, listener)},
	{"method", offsetof(struct caller, method)},
	{"forwarded", offsetof(struct caller, forwarded)},
};

/* Whether every claim that is there is a text. */
static bool
caller_read_claims(struct caller *caller, const json_t *by)
{
	const json_t *server = json_object_get(by, "server"), *claim;

	if (!json_is_object(by) || (server != NULL && !json_is_boolean(server)))
		return false;
	caller->claimed = true;
	caller->is_server = json_is_true(server);
	for (size_t i = 0; i < nitems(caller_claims); i++) {
		claim = json_object_get(by, caller_claims[i].name);
		if (claim != NULL && !json_is_string(claim))
			return false;
		*(const char **)(void *)((char *)caller + caller_claims[i].offset) =
		    json_string_value(claim);
	}
	return true;
}

bool
caller_read(struct caller *caller, const struct rights *rights, const json_t *by,
    enum fault *fault, char **why)
{
	*why = NULL;
	if (by == NULL)
		return true;
	*fault = FAULT_INCORRECT_PARAMETERS;
	if (!caller_read_claims(caller, by)) {
		*why = mem_printf("parameter 'by' must be an object of strings");
		return false;
	}
	*fault = FAULT_NOT_PERMITTED;
	if (caller->user == NULL || caller->is_server)
		return true;
	caller->grant = rights_of_user(rights, caller->user);
	if (caller->grant == NULL) {
		caller->grant = grant_of_role(ROLE_NONE);
		*why = mem_printf("the user in parameter 'by' is not configured");
		return false;
	}
	return true;
}

/* A user may be allowed or denied one of several methods that send the same command. */
static enum grant_verdict
caller_verdict(const struct caller *caller, enum cmd_id id)
{
	const struct api_method *method =
	    caller->method != NULL ? api_find(caller->method) : NULL;

	return method != NULL && method->cmd == id && id != CMD_HELLO ?
	    grant_check_method(caller->grant, caller->ceiling, method) :
	    grant_check_cmd(caller->grant, caller->ceiling, id);
}

bool
caller_may(const struct caller *caller, enum cmd_id id, char **why)
{
	const struct cmd *cmd = &cmd_table[id];
	enum grant_verdict verdict = caller_verdict(caller, id);
	bool is_unmapped = grant_role(caller->grant) == ROLE_NONE &&
	    grant_user(caller->grant) == NULL && !caller->claimed;

	*why = NULL;
	if (verdict == GRANT_OK)
		return true;
	*why = is_unmapped ?
	    mem_printf("%s needs role %s, and peer_users= has no entry for uid %d",
		cmd->name, role_name(cmd->role), (int)caller->uid) :
	    grant_why(caller->grant, caller->ceiling, verdict, cmd->name, cmd->role);
	return false;
}
