/* Verifier: the passwords that wait. The test is the process reeve-verifier: it replaces
 * the spawn and the reaper; the socket and the loop are real. */
#include "tests/unit/common/no_log.h"

#include "common/compiler.h"
#include "master/child/spawn.h"
#include "master/helper/verifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PID 100

static struct world {
	struct loop *loop;
	struct verifier *verifier;
	struct config config;
	struct user_config users[2];
	int socket; /* of the process */
	int spawns;
	reap_fn *reaped;
	void *reap_ctx;
	char answers[4096]; /* "client/id: yes, " … */
	int done;
} w;

/* ---- replacements ---- */

pid_t
spawn_child(const struct spawn_request *request)
{
	assert_string_equal(request->path, "/verifier");
	w.socket = dup(request->extra_fds[0]);
	w.spawns++;
	return PID;
}

int
reaper_watch(struct reaper *reaper, pid_t pid, reap_fn *fn, void *ctx)
{
	(void)reaper;
	(void)pid;
	w.reaped = fn;
	w.reap_ctx = ctx;
	return 0;
}

void
reaper_watch_stops(struct reaper *reaper, pid_t pid, reap_stopped_fn *fn)
{
	(void)reaper;
	(void)pid;
	(void)fn;
}

void
reaper_forget(struct reaper *reaper, pid_t pid)
{
	(void)reaper;
	(void)pid;
}

int
kill(pid_t pid, int signo)
{
	(void)signo;
	assert_int_equal(pid, PID);
	return 0;
}

/* ---- both sides ---- */

static void
answered(void *client, uint64_t id, bool matches, const char *failure)
{
	size_t n = strlen(w.answers);

	snprintf(w.answers + n, sizeof(w.answers) - n, "%s/%d: %s, ", (const char *)client,
	    (int)id,
	    failure != NULL ? failure :
		matches     ? "yes" :
			      "no");
}

static void
expect(const char *answers)
{
	assert_string_equal(w.answers, answers);
	*w.answers = '\0';
}

static void
turns(void)
{
	for (int i = 0; i < 6; i++)
		assert_int_equal(loop_turn(w.loop, 0), 0);
}

static void
say(const char *text)
{
	assert_int_equal(write(w.socket, text, strlen(text)), (ssize_t)strlen(text));
	turns();
}

/* What the process has received since; only the methods and names. */
static void
hears(const char *wanted)
{
	static char text[65536];
	char heard[512] = "";
	const char *at = text;
	ssize_t n;

	turns();
	n = recv(w.socket, text, sizeof(text) - 1, MSG_DONTWAIT);
	text[n > 0 ? n : 0] = '\0';
	while ((at = strstr(at, "\"method\":\"")) != NULL) {
		at += strlen("\"method\":\"");
		snprintf(heard + strlen(heard), sizeof(heard) - strlen(heard), "%.*s ",
		    (int)strcspn(at, "\""), at);
	}
	assert_string_equal(heard, wanted);
}

static void
reply(int id, const char *result)
{
	char text[128];

	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":%s}\n", id,
	    result);
	say(text);
}

static const char *
ask(const char *client, int id)
{
	return verifier_ask(
	    w.verifier, (void *)(uintptr_t)client, (uint64_t)id, "bob", "secret");
}

static void
setup(void)
{
	static char bob[] = "bob", joe[] = "joe", hash[] = "$6$", plain[] = "plain";

	w = (struct world){ .loop = loop_new(), .socket = -1 };
	w.users[0] = (struct user_config){ .name = bob, .password = hash, .slow = true };
	w.users[1] = (struct user_config){ .name = joe, .password = plain };
	w.config = (struct config){ .users = w.users, .nusers = 2 };
	assert_non_null(w.loop);
	w.verifier = verifier_new(w.loop, NULL, &w.config, strdup("/verifier"), answered);
	assert_non_null(w.verifier);
	verifier_update(w.verifier);
	assert_int_equal(w.spawns, 1);
	hears("setup users.begin users.user users.end ");
}

static void
setup_ready(void)
{
	setup();
	say("{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{}}\n");
}

static void
teardown(void)
{
	verifier_free(w.verifier);
	if (w.socket != -1)
		close(w.socket);
	loop_free(w.loop);
}

/* ---- tests ---- */

static void
test_one_at_a_time(void **state)
{
	(void)state;
	setup();
	assert_null(ask("a", 1));
	assert_null(ask("b", 2));
	hears("");
	say("{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{}}\n");
	hears("verify ");
	reply(1, "{\"ok\":true}");
	expect("a/1: yes, ");
	hears("verify ");
	reply(2, "{\"ok\":false}");
	expect("b/2: no, ");
	hears("");
	teardown();
}

static void
test_bounds(void **state)
{
	static const char *const clients[] = { "a", "b", "c", "d" };

	(void)state;
	setup_ready();
	for (size_t c = 0; c < nitems(clients); c++) {
		for (int i = 0; i < VERIFIER_PER_CLIENT; i++)
			assert_null(ask(clients[c], i));
		assert_non_null(ask(clients[c], 99));
	}
	assert_string_equal(ask("e", 1), "too many passwords wait to be verified");
	/* What a client that has gone had asked waits as before, and has no answer. */
	verifier_forget(w.verifier, clients[0]);
	assert_string_equal(ask("a", 1), "too many passwords wait to be verified");
	reply(1, "{\"ok\":true}");
	expect("");
	assert_null(ask("e", 1));
	teardown();
}

static void
test_users_change_meanwhile(void **state)
{
	(void)state;
	setup_ready();
	assert_null(ask("a", 1));
	hears("verify ");
	verifier_update(w.verifier);
	hears("users.begin users.user users.end ");
	reply(1, "{\"ok\":true}");
	expect("");
	hears("verify ");
	reply(2, "{\"ok\":false}");
	expect("a/1: no, ");
	/* The next answer is not stale. */
	assert_null(ask("a", 2));
	reply(3, "{\"ok\":true}");
	expect("a/2: yes, ");
	teardown();
}

static void
test_process_ends(void **state)
{
	(void)state;
	setup_ready();
	assert_null(ask("a", 1));
	assert_null(ask("a", 2));
	close(w.socket);
	turns();
	expect("a/1: reeve-verifier has ended, a/2: reeve-verifier has ended, ");
	assert_string_equal(ask("a", 3), "reeve-verifier does not run");
	w.reaped(w.reap_ctx, PID, 9);
	turns();
	assert_int_equal(w.spawns, 2);
	hears("setup users.begin users.user users.end ");
	teardown();
}

static void
count_done(void *ctx)
{
	assert_ptr_equal(ctx, &w);
	w.done++;
}

/* Without a slow hash there is no process; it is started again when there is one. */
static void
test_needed_or_not(void **state)
{
	char byte;

	(void)state;
	setup_ready();
	w.users[0].slow = false;
	assert_false(verifier_is_needed(&w.config));
	verifier_update(w.verifier);
	turns();
	assert_int_equal(read(w.socket, &byte, 1), 0);
	assert_string_equal(ask("a", 1), "reeve-verifier does not run");
	close(w.socket);
	w.socket = -1;
	w.reaped(w.reap_ctx, PID, 0);
	turns();
	assert_int_equal(w.spawns, 1);
	assert_false(verifier_has(w.verifier, PID));
	w.users[0].slow = true;
	verifier_update(w.verifier);
	assert_int_equal(w.spawns, 2);
	assert_true(verifier_has(w.verifier, PID));
	verifier_end(w.verifier, count_done, &w);
	assert_int_equal(w.done, 0);
	w.reaped(w.reap_ctx, PID, 0);
	assert_int_equal(w.done, 1);
	teardown();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_at_a_time),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_users_change_meanwhile),
		cmocka_unit_test(test_process_ends),
		cmocka_unit_test(test_needed_or_not),
	};

	log_init(no_log, NULL, LEVEL_CRITICAL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
