/* The exchange of an event alone: one listener on two pipes. */
#include "tests/bench/limit.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t
start(char **argv, int *to, int *from)
{
	posix_spawn_file_actions_t actions;
	int in[2], out[2];
	pid_t pid;

	if (pipe(in) == -1 || pipe(out) == -1)
		die("pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_addclose(&actions, in[1]);
	posix_spawn_file_actions_addclose(&actions, out[0]);
	if ((errno = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ)) != 0)
		die(argv[0]);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	*to = in[1];
	*from = out[0];
	return pid;
}

/* Reads until the text has arrived. */
static void
await(int fd, const char *text)
{
	char got[256];
	size_t len = 0;

	while (memmem(got, len, text, strlen(text)) == NULL) {
		ssize_t n = read(fd, got + len, sizeof(got) - len);

		if (n <= 0)
			die(text);
		len += (size_t)n;
	}
}

int
limit_pingpong(char **argv)
{
	long n = atol(argv[0]), bytes = atol(argv[1]);
	char *event = malloc((size_t)bytes + 256);
	int to, from;
	pid_t pid = start(argv + 2, &to, &from);
	double began;

	if (event == NULL)
		die("event");
	await(from, "READY\n");
	began = now();
	for (long i = 0; i < n; i++) {
		int head = sprintf(event,
		    "ver:3.0 server:supervisor serial:%ld pool:l "
		    "poolserial:%ld eventname:REMOTE_COMMUNICATION len:%ld\n",
		    i, i, bytes);

		memset(event + head, 'x', (size_t)bytes);
		if (write(to, event, (size_t)(head + bytes)) != head + bytes)
			die("write");
		await(from, "READY\n");
	}
	printf("%.6f\n", now() - began);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	free(event);
	return 0;
}
