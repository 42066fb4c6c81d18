/* Confinement_world: shared by the tests of the sandbox: the descriptors for probes, and a
 * child that enters the sandbox and then runs a probe. */
#ifndef TESTS_CONFINEMENT_WORLD_H
#define TESTS_CONFINEMENT_WORLD_H

#include "tests/unit/common/no_log.h"

#include "common/compiler.h"
#include "common/sock.h"
#include "rpcd/confinement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

enum { WORKS = 0, FAILS = 1, NO_SANDBOX = 99 };

/* Descriptors that are open for the probes. */
static struct {
	int pair[2];
	int listener;
	int file;
} held;

static int
probe_nothing(void)
{
	return WORKS;
}

static struct sandbox
sandbox_here(void)
{
	return (struct sandbox){ .policy = &confinement_policy,
		.uid = NOBODY,
		.gid = NOBODY,
		.is_root = geteuid() == 0,
		.strict = false,
		.listeners = &held.listener,
		.nlisteners = 1 };
}

/* Runs a probe in a child; returns its wait status. */
static int
probe_run(int (*probe)(void), int (*enter)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(enter() == 0 ? probe() : NO_SANDBOX);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int
enter_all(void)
{
	const struct sandbox sandbox = sandbox_here();

	return sandbox_enter(&sandbox);
}

#ifdef REEVE_SANITIZED
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static int
setup_held(void **state)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);

	(void)state;
	log_init(no_log, NULL, LEVEL_CRITICAL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, held.pair) < 0)
		return -1;
	held.file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	held.listener = sock_listen_tcp("127.0.0.1", 0, 8);
	if (held.file < 0 || held.listener < 0 ||
	    getsockname(held.listener, (struct sockaddr *)&in, &len) < 0)
		return -1;
	/* Enough clients for each probe that accepts. */
	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
			return -1;
	}
	return 0;
}

#endif
