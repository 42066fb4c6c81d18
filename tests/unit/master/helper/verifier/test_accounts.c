/* Accounts: right, wrong and unknown, with hashes made elsewhere; and the confinement
 * permits what the hashes need. */
#include "tests/unit/common/no_log.h"

#include "common/compiler.h"
#include "master/helper/verifier/accounts.h"
#include "master/helper/verifier/confinement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name, *hash, *password;
} known[] = {
	{ "sha512",
	    "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
	    "O817G3uBnIFNjnQJuesI68u4OTLiBFd"
	    "cbYEdFCoEOfaS35inz1",
	    "Hello world!" },
	{ "rounds",
	    "$6$rounds=1000$saltstring$Zu2Vknok2/f53APfN687ADnzeNBLcsEgTwvcBHMD2./"
	    "07rZQAt8vsuK"
	    "VufD15dyZh.LOLB/uZKf6I3GyON4bp/",
	    "Hello world!" },
	{ "yescrypt",
	    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79",
	    "correct horse" },
	{ "bcrypt", "$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK",
	    "Hello world!" },
};

static struct accounts *
accounts_of_all(void)
{
	struct accounts *accounts = accounts_new();

	for (size_t i = 0; i < nitems(known); i++)
		assert_int_equal(accounts_add(accounts, known[i].name, known[i].hash), 0);
	return accounts;
}

static void
test_passwords(void **state)
{
	struct accounts *accounts = accounts_of_all();
	char text[ACCOUNTS_PASSWORD_MAX + 2];

	(void)state;
	for (size_t i = 0; i < nitems(known); i++) {
		const char *name = known[i].name, *password = known[i].password;

		assert_true(accounts_verify(accounts, name, password));
		snprintf(text, sizeof(text), "%s ", password);
		assert_false(accounts_verify(accounts, name, text));
		snprintf(text, sizeof(text), "%.*s", (int)strlen(password) - 1, password);
		assert_false(accounts_verify(accounts, name, text));
		assert_false(accounts_verify(accounts, name, ""));
		assert_false(accounts_verify(accounts, name, known[i].hash));
		assert_false(accounts_verify(accounts, "nobody", password));
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(accounts_verify(accounts, "sha512", text));
	assert_int_equal(accounts_add(accounts, "rounds", known[0].hash), -1);
	assert_false(accounts_verify(accounts, "rounds", "wrong"));
	accounts_free(accounts);
}

static int64_t
cpu_ns(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* The least of several, in processor time. */
static int64_t
time_of(struct accounts *accounts, const char *name)
{
	int64_t least = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		int64_t begun = cpu_ns(), took;

		assert_false(accounts_verify(accounts, name, "wrong"));
		took = cpu_ns() - begun;
		least = took < least ? took : least;
	}
	return least;
}

/* An unknown name costs what the slowest hash costs, whose place among the users does not
 * matter. Five times the rounds are far more than what a measurement can be wrong. */
static void
test_unknown_names_cost_most(void **state)
{
	static const char *const hashes[] = { "$6$rounds=1000$saltstring$x",
		"$6$rounds=40000$saltstring$x", "$2b$04$abcdefghijklmnopqrstuux",
		"$6$rounds=8000$saltstring$x" };
	static const char *const names[] = { "a", "slowest", "b", "second" };

	(void)state;
	for (size_t first = 0; first < nitems(hashes); first++) {
		struct accounts *accounts = accounts_new();

		for (size_t i = 0; i < nitems(hashes); i++) {
			size_t n = (first + i) % nitems(hashes);

			assert_int_equal(accounts_add(accounts, names[n], hashes[n]), 0);
		}
		assert_int_equal(accounts_add(accounts, "more", "$6$x$x"), 0);
		assert_true(time_of(accounts, "nobody") > time_of(accounts, "second") * 2);
		accounts_free(accounts);
	}
}

static void
test_without_users(void **state)
{
	struct accounts *accounts = accounts_new();

	(void)state;
	assert_false(accounts_verify(accounts, "", ""));
	accounts_free(accounts);
	accounts_free(NULL);
}

/* What crypt(3) does not know is the password of nobody, not even the hash itself. */
static void
test_broken_hashes(void **state)
{
	static const char *const hashes[] = { "*0", "*", "x", "", "$9$abc$def",
		"$y$jZZZZ$a$b", "$6$", "$6$rounds=1$a", "secret" };

	(void)state;
	for (size_t i = 0; i < nitems(hashes); i++) {
		struct accounts *accounts = accounts_new();

		assert_int_equal(accounts_add(accounts, "a", hashes[i]), 0);
		assert_false(accounts_verify(accounts, "a", hashes[i]));
		assert_false(accounts_verify(accounts, "a", ""));
		accounts_free(accounts);
	}
}

/* ---- under the confinement ---- */

static int
probe_hashes(void)
{
	struct accounts *accounts = accounts_of_all();

	for (size_t i = 0; i < nitems(known); i++)
		if (!accounts_verify(accounts, known[i].name, known[i].password))
			return 1;
	accounts_free(accounts);
	return 0;
}

/* Builds for sanitizers have no system call filter to probe. */
static UNUSED int
probe_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static UNUSED int
probe_accept(void)
{
	return accept4(0, NULL, NULL, 0) == -1 ? 0 : 1;
}

static int
confined(int (*probe)(void))
{
	const struct sandbox sandbox = {
		.policy = &verifier_policy,
		.uid = 65534,
		.gid = 65534,
		.is_root = geteuid() == 0,
	};
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(sandbox_enter(&sandbox) == 0 ? probe() : 99);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#ifdef REEVE_SANITIZED
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static void
test_confinement(void **state)
{
	int status = confined(probe_hashes);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	if (sanitized)
		return;
	status = confined(probe_socket);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	/* What only reeve-rpcd needs fails. */
	status = confined(probe_accept);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passwords),
		cmocka_unit_test(test_unknown_names_cost_most),
		cmocka_unit_test(test_without_users),
		cmocka_unit_test(test_broken_hashes),
		cmocka_unit_test(test_confinement),
	};

	log_init(no_log, NULL, LEVEL_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
