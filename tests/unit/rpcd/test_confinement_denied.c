/* Confinement: arguments that kill the process, in calls that are otherwise allowed.
 * test_sandbox checks that the uses of libmicrohttpd work. */
#include "tests/unit/rpcd/confinement_world.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/syscall.h>

/* Calls on a socket with their arguments after the descriptor. Without the filter, all
 * would only fail. */
static const struct denied {
	const char *name;
	long nr;
	long arguments[5];
} denied[] = {
	{ "sendto fast open", SYS_sendto, { 0, 0, MSG_NOSIGNAL | MSG_FASTOPEN } },
	{ "sendto address", SYS_sendto, { 0, 0, 0, 16 } },
	{ "sendto high address", SYS_sendto, { 0, 0, 0, 1L << 32 } },
	{ "sendmsg fast open", SYS_sendmsg, { 0, MSG_FASTOPEN } },
	{ "F_DUPFD", SYS_fcntl, { F_DUPFD } },
	{ "F_DUPFD_CLOEXEC", SYS_fcntl, { F_DUPFD_CLOEXEC } },
	{ "F_SETLK", SYS_fcntl, { F_SETLK } },
	{ "F_SETOWN", SYS_fcntl, { F_SETOWN } },
	{ "F_SETOWN_EX", SYS_fcntl, { F_SETOWN_EX } },
	{ "F_SETSIG", SYS_fcntl, { F_SETSIG } },
	{ "IP_MINTTL", SYS_setsockopt, { IPPROTO_IP, IP_MINTTL } },
	{ "SO_ATTACH_FILTER", SYS_setsockopt, { SOL_SOCKET, SO_ATTACH_FILTER } },
	{ "SO_RCVBUF", SYS_setsockopt, { SOL_SOCKET, SO_RCVBUF } },
	{ "option 7 of IP", SYS_setsockopt, { IPPROTO_IP, SO_SNDBUF } },
	{ "option 7 of TCP", SYS_setsockopt, { IPPROTO_TCP, SO_SNDBUF } },
	{ "IP_TOS", SYS_setsockopt, { IPPROTO_IP, IP_TOS } },
	{ "IPV6_ADDRFORM", SYS_setsockopt, { IPPROTO_IPV6, IPV6_ADDRFORM } },
	{ "TCP_MAXSEG", SYS_setsockopt, { IPPROTO_TCP, TCP_MAXSEG } },
	{ "TCP_MD5SIG", SYS_setsockopt, { IPPROTO_TCP, TCP_MD5SIG } },
	{ "TCP_REPAIR", SYS_setsockopt, { IPPROTO_TCP, TCP_REPAIR } },
	{ "shutdown", SYS_shutdown, { SHUT_WR } },
};

static const struct denied *tried; /* by the next probe */

static int
probe_denied(void)
{
	const long *a = tried->arguments;

	(void)syscall(tried->nr, (long)held.listener, a[0], a[1], a[2], a[3], a[4]);
	return FAILS;
}

static void
test_denied(void **state)
{
	size_t failed = 0;

	(void)state;
	if (sanitized)
		skip();
	for (size_t i = 0; i < nitems(denied); i++) {
		int status;

		tried = &denied[i];
		status = probe_run(probe_denied, enter_all);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
			continue;
		print_error("%s: wait status 0x%x\n", denied[i].name, (unsigned)status);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* One socket more than the filter protects; ours is the last protected one. */
static int
enter_crowded(bool strict)
{
	struct sandbox sandbox = sandbox_here();
	int listeners[SANDBOX_LISTENERS + 1];

	for (size_t i = 0; i < nitems(listeners); i++)
		listeners[i] = 1000 + (int)i;
	listeners[SANDBOX_LISTENERS - 1] = held.listener;
	sandbox.strict = strict;
	sandbox.listeners = listeners;
	sandbox.nlisteners = nitems(listeners);
	return sandbox_enter(&sandbox);
}

static int
enter_crowded_best(void)
{
	return enter_crowded(false);
}

static int
enter_crowded_strict(void)
{
	return enter_crowded(true);
}

static int
probe_shutdown(void)
{
	(void)shutdown(held.listener, SHUT_WR);
	return FAILS;
}

static void
test_crowded(void **state)
{
	int status = probe_run(probe_shutdown, enter_crowded_strict);

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == NO_SANDBOX);
	status = probe_run(probe_nothing, enter_crowded_best);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == WORKS);
	if (sanitized)
		return;
	status = probe_run(probe_shutdown, enter_crowded_best);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_denied),
		cmocka_unit_test(test_crowded),
	};

	return cmocka_run_group_tests(tests, setup_held, NULL);
}
