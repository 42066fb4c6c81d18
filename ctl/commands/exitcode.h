/* Exitcode: supervisorctl's exit codes. */
#ifndef CTL_COMMANDS_EXITCODE_H
#define CTL_COMMANDS_EXITCODE_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_GENERIC = 1,
	EXIT_INVALID_ARGS = 2,
	EXIT_SOME_NOT_RUNNING = 3,	/* status */
	EXIT_UNIMPLEMENTED = 3,
	EXIT_UNKNOWN = 4,		/* status */
	EXIT_NO_PRIVILEGE = 4,
	EXIT_OTHER_API = 5,
	EXIT_NEEDS_RELOAD = 6,		/* update; not used by supervisorctl */
	EXIT_NOT_RUNNING = 7,
};

#endif
