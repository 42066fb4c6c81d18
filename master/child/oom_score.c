#include "master/child/oom_score.h"

#include "common/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OOM_SCORE_FILE "/proc/self/oom_score_adj"

/* The score before it was lowered; "" = it was not. */
static char oom_score_inherited[16];

static bool
oom_score_write(const char *text)
{
	int fd = open(OOM_SCORE_FILE, O_WRONLY | O_CLOEXEC);
	bool written = fd != -1 && write(fd, text, strlen(text)) != -1;

	fd_close(fd);
	return written;
}

bool
oom_score_lower(int score)
{
	char before[sizeof(oom_score_inherited)], text[16];
	int fd = open(OOM_SCORE_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, before, sizeof(before) - 1) : -1;

	fd_close(fd);
	if (n <= 0)
		return false;
	before[n] = '\0';
	snprintf(text, sizeof(text), "%d", score);
	if (atoi(before) <= score || !oom_score_write(text))
		return false;
	memcpy(oom_score_inherited, before, sizeof(before));
	return true;
}

void
oom_score_restore(void)
{
	oom_score_restore_child();
	oom_score_inherited[0] = '\0';
}

void
oom_score_restore_child(void)
{
	if (oom_score_inherited[0] != '\0')
		(void)oom_score_write(oom_score_inherited);
}
