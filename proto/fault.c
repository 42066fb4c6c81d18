#include "proto/fault.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"

#include <stdio.h>
#include <string.h>

static const char *const fault_names[] = {
	[FAULT_UNKNOWN_METHOD] = "UNKNOWN_METHOD",
	[FAULT_INCORRECT_PARAMETERS] = "INCORRECT_PARAMETERS",
	[FAULT_BAD_ARGUMENTS] = "BAD_ARGUMENTS",
	[FAULT_SIGNATURE_UNSUPPORTED] = "SIGNATURE_UNSUPPORTED",
	[FAULT_FATAL_STATE] = "FATAL_STATE",
	[FAULT_SHUTDOWN_STATE] = "SHUTDOWN_STATE",
	[FAULT_NOT_PERMITTED] = "NOT_PERMITTED",
	[FAULT_BAD_NAME] = "BAD_NAME",
	[FAULT_BAD_SIGNAL] = "BAD_SIGNAL",
	[FAULT_NO_FILE] = "NO_FILE",
	[FAULT_NOT_EXECUTABLE] = "NOT_EXECUTABLE",
	[FAULT_FAILED] = "FAILED",
	[FAULT_ABNORMAL_TERMINATION] = "ABNORMAL_TERMINATION",
	[FAULT_SPAWN_ERROR] = "SPAWN_ERROR",
	[FAULT_ALREADY_STARTED] = "ALREADY_STARTED",
	[FAULT_NOT_RUNNING] = "NOT_RUNNING",
	[FAULT_SUCCESS] = "SUCCESS",
	[FAULT_ALREADY_ADDED] = "ALREADY_ADDED",
	[FAULT_STILL_RUNNING] = "STILL_RUNNING",
	[FAULT_CANT_REREAD] = "CANT_REREAD",
};

const char *
fault_name(enum fault fault)
{
	size_t i = (size_t)fault;
	const char *name = i < nitems(fault_names) ? fault_names[i] : NULL;

	return name != NULL ? name : "UNKNOWN";
}

char *
fault_text(enum fault fault, const char *detail)
{
	return detail == NULL ? strdup(fault_name(fault)) :
				mem_printf("%s: %s", fault_name(fault), detail);
}

char *
fault_echo(enum fault fault, const char *detail)
{
	char cut[FAULT_ECHO_MAX + sizeof("...")];
	size_t n;

	if (detail == NULL || strnlen(detail, FAULT_ECHO_MAX + 1) <= FAULT_ECHO_MAX)
		return fault_text(fault, detail);
	n = str_utf8_cut(detail, FAULT_ECHO_MAX);
	memcpy(cut, detail, n);
	memcpy(cut + n, "...", sizeof("..."));
	return fault_text(fault, cut);
}
