/* Fault: the codes of XML-RPC faults: supervisord's, two that it documents but never
 * raises, and reeve's own NOT_PERMITTED. */
#ifndef PROTO_FAULT_H
#define PROTO_FAULT_H

#define FAULT_ECHO_MAX 200 /* bytes of a client's text that a fault repeats */

enum fault {
	FAULT_NONE = 0,
	FAULT_UNKNOWN_METHOD = 1,
	FAULT_INCORRECT_PARAMETERS = 2,
	FAULT_BAD_ARGUMENTS = 3,
	FAULT_SIGNATURE_UNSUPPORTED = 4,
	FAULT_FATAL_STATE = 5,
	FAULT_SHUTDOWN_STATE = 6,
	FAULT_NOT_PERMITTED = 8,
	FAULT_BAD_NAME = 10,
	FAULT_BAD_SIGNAL = 11,
	FAULT_NO_FILE = 20,
	FAULT_NOT_EXECUTABLE = 21,
	FAULT_FAILED = 30,
	FAULT_ABNORMAL_TERMINATION = 40,
	FAULT_SPAWN_ERROR = 50,
	FAULT_ALREADY_STARTED = 60,
	FAULT_NOT_RUNNING = 70,
	FAULT_SUCCESS = 80,
	FAULT_ALREADY_ADDED = 90,
	FAULT_STILL_RUNNING = 91,
	FAULT_CANT_REREAD = 92,
};

/* "BAD_NAME"; "UNKNOWN" for a code that enum fault lacks. */
const char *fault_name(enum fault);
/* New: "NAME" or, with a detail, "NAME: DETAIL". NULL with ENOMEM. */
char *fault_text(enum fault, const char *detail);
/* The same for a detail that the client has sent, cut to FAULT_ECHO_MAX and "...". */
char *fault_echo(enum fault, const char *detail);

#endif
