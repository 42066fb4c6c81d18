#include "master/process/waitstatus.h"

#include "common/str.h"

#include <stdio.h>
#include <sys/wait.h>

const char *
waitstatus_text(int wait_status, char buf[WAITSTATUS_TEXT])
{
	char name[32];

	if (WIFEXITED(wait_status))
		snprintf(buf, WAITSTATUS_TEXT, "exit status %d", WEXITSTATUS(wait_status));
	else if (WIFSIGNALED(wait_status))
		snprintf(buf, WAITSTATUS_TEXT, "terminated by %s%s",
		    str_signal_name(WTERMSIG(wait_status), name),
		    WCOREDUMP(wait_status) ? " (core dumped)" : "");
	else if (wait_status == WAITSTATUS_UNKNOWN)
		snprintf(buf, WAITSTATUS_TEXT, "exit status unknown");
	else
		snprintf(buf, WAITSTATUS_TEXT, "unknown termination cause 0x%04x",
		    (unsigned)wait_status);
	return buf;
}
