/* reeve-rpcd: serves the API over HTTP. reeved starts it with a socket as descriptor 3. It
 * sends hello, receives its setup, confines itself, reports ready, mirrors the state and
 * serves HTTP until the socket is closed. */
#include "common/clock.h"
#include "common/fd.h"
#include "common/helper.h"
#include "common/log.h"
#include "common/mem.h"
#include "proto/frame.h"
#include "rpcd/confinement.h"
#include "rpcd/events/events.h"
#include "rpcd/figures.h"
#include "rpcd/http/server.h"
#include "rpcd/methods/call.h"
#include "rpcd/methods/rpcinterface.h"
#include "rpcd/methods/table.h"
#include "rpcd/rpcd.h"
#include "rpcd/setup.h"
#include "rpcd/stats.h"
#include "rpcd/stuck_loop.h"
#include "rpcd/tail/tail.h"
#include "rpcd/timings.h"
#include "rpcd/users.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define LARGE_BLOCK (128 * 1024) /* bytes of a block that malloc maps separately */
#define FREED_BYTE 0x5a          /* overwrites freed memory */
#define PROTOCOL 1
#define MAX_ROLE "max_role="
#define ENDING_MS 1000    /* time to send open answers at the end */
#define ENDING_TURN_MS 50 /* the longest turn of the loop in that time */

struct front {
	struct rpcd rpcd;
	struct setup setup;
	struct mirror_observer observer;
	struct timings timings;
	bool streamed; /* this turn of the loop has received stream frames */
	int status;    /* exit status */
};

#ifdef REEVE_SANITIZED
const char *__asan_default_options(void);

/* The leak check would start a thread at exit, which RLIMIT_NPROC forbids. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

/* Ends the loop. The master then starts another reeve-rpcd. */
static void
main_stop(struct front *f, int status)
{
	f->status = status;
	loop_stop(f->rpcd.loop);
}

static void
main_on_ready(
    void *ctx, enum fault fault, const char *message, json_t *result UNUSED, int fd)
{
	fd_close(fd);
	if (fault == FAULT_NONE)
		return;
	log_error("the master refused the command ready: %s", message);
	main_stop(ctx, 1);
}

/* Creates libmicrohttpd's daemons before the confinement. They take the sockets, whose
 * numbers are stored in `fds`. */
static int
main_make_listeners(struct front *f, int fds[SETUP_LISTENERS_MAX])
{
	struct rpcd *rpcd = &f->rpcd;

	rpcd->listeners = xcalloc(f->setup.count + 1, sizeof(struct http_server *));
	rpcd->nlisteners = f->setup.count;
	for (size_t i = 0; i < f->setup.count; i++) {
		fds[i] = f->setup.listeners[i].fd;
		rpcd->listeners[i] = http_server_new(rpcd, &f->setup.listeners[i]);
		if (rpcd->listeners[i] == NULL) {
			log_error("cannot create a listener: %s", strerror(errno));
			return -1;
		}
	}
	return 0;
}

static void
main_confine(struct front *f)
{
	int fds[SETUP_LISTENERS_MAX];
	const struct sandbox sandbox = {
	    .policy = &confinement_policy,
	    .uid = f->setup.uid,
	    .gid = f->setup.gid,
	    .is_root = geteuid() == 0,
	    .strict = f->setup.strict,
	    .listeners = fds,
	    .nlisteners = f->setup.count,
	};
	struct utsname uts;

	setup_wipe(false);
	peer_secret(f->rpcd.master, users_have_slow(f->rpcd.users));
	f->rpcd.page = f->setup.page;
	f->rpcd.max_role = f->setup.max_role;
	f->rpcd.form_key = f->setup.form_key;
	if (uname(&uts) == 0)
		snprintf(f->rpcd.host, sizeof(f->rpcd.host), "%s", uts.nodename);
	if (main_make_listeners(f, fds) < 0 || sandbox_enter(&sandbox) < 0 ||
	    peer_call(f->rpcd.master, "ready", NULL, false, main_on_ready, f) == 0)
		main_stop(f, 1);
}

static void
main_on_hello(void *ctx, enum fault fault, const char *message, json_t *result, int fd)
{
	struct front *f = ctx;

	fd_close(fd);
	if (fault == FAULT_NONE && setup_read_hello(&f->setup, result) == 0) {
		log_init(helper_log_line, NULL, f->setup.level);
		return;
	}
	log_error("the master refused the command hello: %s",
	    fault == FAULT_NONE ? "its reply breaks the protocol" : message);
	main_stop(f, 1);
}

static void
main_on_users_changed(void *ctx)
{
	struct front *f = ctx;

	for (size_t i = 0; f->rpcd.serving && i < f->rpcd.nlisteners; i++)
		http_server_users_changed(f->rpcd.listeners[i]);
}

/* The messages about users contain passwords. */
static int
main_on_users(struct front *f, const char *method, const json_t *params)
{
	bool before = users_are_coming(f->rpcd.users), now;
	int rc = users_notification(f->rpcd.users, method, params);

	now = users_are_coming(f->rpcd.users);
	if (now != before && f->setup.ended) {
		setup_wipe(now);
		peer_secret(f->rpcd.master, now || users_have_slow(f->rpcd.users));
	}
	return rc;
}

/* Another reeve-rpcd accepts the clients now. This one answers those that it has, and exits
 * when they have gone. */
static void
main_retire(struct rpcd *rpcd)
{
	rpcd->retiring = true;
	for (size_t i = 0; i < rpcd->nlisteners; i++)
		http_server_quiesce(rpcd->listeners[i]);
	events_end(rpcd->events);
	log_debug("accepts no more clients");
}

static bool
main_has_retired(const struct rpcd *rpcd)
{
	for (size_t i = 0; i < rpcd->nlisteners; i++)
		if (http_server_connections(rpcd->listeners[i]) > 0)
			return false;
	return rpcd->retiring;
}

/* Passes a notification to the module that handles it. 1, 0 when unknown, -1 when
 * malformed. */
static int
main_dispatch(struct front *f, const char *method, json_t *params, int *fd)
{
	struct rpcd *rpcd = &f->rpcd;
	int rc = mirror_apply(rpcd->mirror, method, params);

	if (rc > 0)
		f->streamed = true;
	if (rc > 0 && !rpcd->serving && rpcd->mirror->ready) {
		rpcd->serving = true;
		for (size_t i = 0; i < rpcd->nlisteners && !rpcd->retiring; i++)
			if (http_server_start(rpcd->listeners[i]) < 0)
				fatal("cannot serve: %s", strerror(errno));
	}
	if (rc == 0)
		rc = calls_job(rpcd->calls, method, params);
	if (rc == 0)
		rc = main_on_users(f, method, params);
	if (rc == 0 && strcmp(method, "retire") == 0) {
		main_retire(rpcd);
		rc = 1;
	}
	if (rc == 0 && !f->setup.ended) {
		rc = setup_notification(&f->setup, method, params, fd);
		if (f->setup.ended)
			main_confine(f);
	}
	return rc != 0 ?
	    rc :
	    rpcinterfaces_notification(rpcd->rpcinterfaces, method, params, fd);
}

static void
main_on_notification(
    void *ctx, struct peer *peer UNUSED, const char *method, json_t *params, int fd)
{
	int rc = main_dispatch(ctx, method, params, &fd);

	fd_close(fd);
	if (rc >= 0)
		return;
	log_error("the master broke the protocol: %s", method);
	main_stop(ctx, 1);
}

static void
main_on_request(void *ctx, struct peer *peer UNUSED, uint64_t id, const char *method,
    json_t *params UNUSED)
{
	struct front *f = ctx;

	rpcd_on_request(&f->rpcd, id, method);
}

static void
main_on_closed(void *ctx, struct peer *peer UNUSED, const char *why, bool violation)
{
	struct front *f = ctx;

	if (violation)
		log_error("the master broke the protocol: %s", why);
	f->rpcd.ending = true;
	main_stop(f, violation ? 1 : 0);
}

static void
main_on_change(void *ctx, uint64_t id, const struct process_info *info)
{
	struct front *f = ctx;

	calls_changed(f->rpcd.calls, id, info);
}

/* Continues parked reads when the mirror has reached the number of the page. Sends all
 * requests of the turn to the master in one write. */
static void
main_turn_end(void *ctx)
{
	struct front *f = ctx;
	struct rpcd *rpcd = &f->rpcd;

	stuck_loop_turned();
	if (f->streamed && rpcd->serving && rpcd->mirror->ready &&
	    rpcd->mirror->reached >= atomic_load(rpcd->page))
		calls_caught_up(rpcd->calls);
	f->streamed = false;
	if (rpcd->master != NULL)
		peer_flush(rpcd->master);
	if (main_has_retired(rpcd))
		main_stop(f, 0);
}

static void
main_finish(struct front *f)
{
	struct rpcd *rpcd = &f->rpcd;
	int64_t deadline = clock_mono_ms() + ENDING_MS;

	if (!rpcd->serving)
		return;
	for (size_t i = 0; i < rpcd->nlisteners; i++)
		http_server_end(rpcd->listeners[i]);
	calls_end(rpcd->calls);
	tails_end(rpcd->tails);
	events_end(rpcd->events);
	while (rpcd->busy > 0 && clock_mono_ms() < deadline)
		if (loop_turn(rpcd->loop, ENDING_TURN_MS) < 0)
			return;
}

static void
main_free(struct front *f)
{
	struct rpcd *rpcd = &f->rpcd;

	loop_at_turn_end(rpcd->loop, NULL, NULL);
	mirror_unobserve(rpcd->mirror, &f->observer);
	for (size_t i = 0; i < rpcd->nlisteners; i++)
		http_server_free(rpcd->listeners[i]);
	free(rpcd->listeners);
	/* The master must see the end of this process before that of a program whose socket
	 * is closed next. */
	(void)shutdown(HELPER_SOCKET, SHUT_WR);
	rpcinterfaces_free(rpcd->rpcinterfaces);
	calls_free(rpcd->calls);
	tails_free(rpcd->tails);
	events_free(rpcd->events);
	stats_free(rpcd->stats);
	figures_free(rpcd->figures);
	users_free(rpcd->users);
	mirror_free(rpcd->mirror);
	peer_free(rpcd->master);
	loop_free(rpcd->loop);
	setup_clear(&f->setup);
}

/* Lets the libraries read files before the confinement: jansson reads a seed, the C library
 * the time zone, GnuTLS the features of the processor. */
static void
main_warm(void)
{
	time_t now = time(NULL);
	struct tm tm;

	/* The memory of large replies and bodies is mapped and returned to the system.
	 * Without these, malloc would raise its thresholds and keep such memory. */
	(void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE_BLOCK);
	/* Overwrite freed memory: clients send passwords, and libmicrohttpd does not wipe
	 * its buffers. */
	(void)mallopt(M_PERTURB, FREED_BYTE);
	json_object_seed(0);
	(void)gmtime_r(&now, &tm);
	if (gnutls_global_init() < 0)
		fatal("cannot initialise GnuTLS");
}

static void
main_connect(struct front *f)
{
	static const struct peer_ops ops = {
	    .request = main_on_request,
	    .notification = main_on_notification,
	    .closed = main_on_closed,
	};
	struct rpcd *rpcd = &f->rpcd;

	rpcd->loop = loop_new();
	rpcd->mirror = mirror_new();
	if (rpcd->loop == NULL || rpcd->mirror == NULL)
		fatal("cannot start: %s", strerror(errno));
	rpcd->daemon_uid = geteuid();
	rpcd->users = users_new();
	if (rpcd->users != NULL)
		users_observe(rpcd->users, main_on_users_changed, f);
	rpcd->calls = calls_new(rpcd);
	rpcd->rpcinterfaces = rpcinterfaces_new(rpcd);
	rpcd->sources[0] = &method_table;
	rpcd->sources[1] = &reeve_methods;
	rpcd->sources[2] = rpcinterfaces_source(rpcd->rpcinterfaces);
	rpcd->tails = tails_new(rpcd);
	rpcd->stats = stats_new(rpcd);
	rpcd->figures = figures_new(rpcd);
	rpcd->events = events_new(rpcd);
	rpcd->timings = &f->timings;
	rpcd->master = peer_new(rpcd->loop, HELPER_SOCKET, &ops, f);
	if (rpcd->users == NULL || rpcd->calls == NULL || rpcd->tails == NULL ||
	    rpcd->stats == NULL || rpcd->figures == NULL || rpcd->events == NULL ||
	    rpcd->master == NULL)
		fatal("cannot start: %s", strerror(errno));
	peer_options(rpcd->master)->request_limits = &frame_limits_request;
	peer_secret(rpcd->master, true);
	f->observer = (struct mirror_observer){ .row = main_on_change, .ctx = f };
	mirror_observe(rpcd->mirror, &f->observer);
	loop_at_turn_end(rpcd->loop, main_turn_end, f);
	if (peer_call(rpcd->master, "hello",
		json_pack("{s:i, s:s}", "protocol", PROTOCOL, "program", "reeve-rpcd"),
		false, main_on_hello, f) == 0)
		fatal("cannot send hello to the master: %s", strerror(errno));
}

static int
main_run(void)
{
	static struct front front;

	helper_begin();
	stuck_loop_watch();
	main_warm();
	setup_wipe(true);
	main_connect(&front);
	if (loop_run(front.rpcd.loop) < 0)
		fatal("the event loop failed: %s", strerror(errno));
	main_finish(&front);
	main_free(&front);
	return front.status;
}

int
main(int argc, char **argv)
{
	/* The argument is for ps(1) only: the master sends the role in its reply to
	 * hello. */
	if (argc == 2 && strncmp(argv[1], MAX_ROLE, strlen(MAX_ROLE)) == 0)
		argc = 1;
	return helper_main("reeve-rpcd", argc, argv, main_run);
}
