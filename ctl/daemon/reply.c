#include "ctl/daemon/reply.h"

#include "common/compiler.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool
reply_is_absent(enum reach reached)
{
	return reached == REACH_NO_FILE || reached == REACH_REFUSED ||
	    reached == REACH_FAILED;
}

void
reply_clear(struct reply *r)
{
	free(r->text);
	json_decref(r->result);
	fd_close(r->fd);
	*r = (struct reply)REPLY_NONE;
}

void
reply_set_fault(struct reply *r, enum fault fault, char *text)
{
	reply_clear(r);
	r->fault = fault;
	r->text = text;
}

const char *
reply_member(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* The meaning of each fault for an administrator. */
static const struct {
	enum fault fault;
	const char *text;
} meanings[] = {
	{ FAULT_UNKNOWN_METHOD, "the server does not know this method" },
	{ FAULT_INCORRECT_PARAMETERS, "the server does not accept these parameters" },
	{ FAULT_BAD_ARGUMENTS, "the server does not accept these arguments" },
	{ FAULT_SIGNATURE_UNSUPPORTED, "the server does not describe signatures" },
	{ FAULT_FATAL_STATE, "the daemon is in its FATAL state" },
	{ FAULT_SHUTDOWN_STATE, "the daemon is shutting down" },
	{ FAULT_NOT_PERMITTED, "the server does not permit this" },
	{ FAULT_BAD_NAME, "no such process or group" },
	{ FAULT_BAD_SIGNAL, "no such signal" },
	{ FAULT_NO_FILE, "no such file" },
	{ FAULT_NOT_EXECUTABLE, "the file is not executable" },
	{ FAULT_FAILED, "the server failed to do this" },
	{ FAULT_ABNORMAL_TERMINATION, "the process exited too quickly" },
	{ FAULT_SPAWN_ERROR, "the process could not be started" },
	{ FAULT_ALREADY_STARTED, "the process is already started" },
	{ FAULT_NOT_RUNNING, "the process is not running" },
	{ FAULT_SUCCESS, "the server reports success as a fault" },
	{ FAULT_ALREADY_ADDED, "the group is already active" },
	{ FAULT_STILL_RUNNING, "the group still has running processes" },
	{ FAULT_CANT_REREAD, "the configuration cannot be read" },
};

char *
reply_meaning(enum fault fault, const char *text)
{
	const char *name = fault_name(fault), *detail = text;
	char *meaning = NULL;

	if (str_starts(text, name)) {
		detail = text + strlen(name);
		detail = str_starts(detail, ": ") ? detail + 2 :
		    *detail == '\0'               ? "" :
						    text;
	}
	for (size_t i = 0; i < nitems(meanings) && meaning == NULL; i++)
		if (meanings[i].fault == fault)
			meaning = xasprintf("%s%s%s", meanings[i].text,
			    *detail != '\0' ? ": " : "", detail);
	if (meaning == NULL)
		meaning = xasprintf("fault %d: %s", (int)fault, text);
	str_make_plain(meaning, "\n\t");
	return meaning;
}
