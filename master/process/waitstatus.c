#include "master/process/waitstatus.h"

#include "common/str.h"

#include <stdio.h>
#include <sys/wait.h>

int
waitstatus_code(int wait_status)
{
	return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;
}

int
waitstatus_signal(int wait_status)
{
	return WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0;
}

int
waitstatus_shell(int wait_status)
{
	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : 255;
}

const char *
waitstatus_text(int wait_status, char buf[WAITSTATUS_TEXT])
{
	char name[32];

	if (WIFEXITED(wait_status))
		snprintf(buf, WAITSTATUS_TEXT, "exit status %d",
		    WEXITSTATUS(wait_status));
	else if (WIFSIGNALED(wait_status))
		snprintf(buf, WAITSTATUS_TEXT, "terminated by %s%s",
		    str_signal_name(WTERMSIG(wait_status), name),
		    WCOREDUMP(wait_status) ? " (core dumped)" : "");
	else
		snprintf(buf, WAITSTATUS_TEXT, "unknown termination cause 0x%04x",
		    (unsigned)wait_status);
	return buf;
}
