/* Rpcinterface: a program that ends while it serves a reeve-rpcd is restarted for the next
 * one if and only if that reeve-rpcd has ended, whichever end is noticed first. */
#include "master/frontend/rpcinterface.h"

#include "common/fd.h"
#include "common/sock.h"
#include "tests/unit/master/recorder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/socket.h>
#include <unistd.h>

struct scene {
	struct recorder recorder;
	struct loop *loop;
	struct groups *groups;
	struct group_kind_row kinds[GROUP_KINDS];
	struct rpcinterfaces *interfaces;
	struct group *group;
	struct process *process;
	struct group_fds fds; /* the program's */
	struct peer *rpcd;    /* NULL = none is ready */
	int rpcd_end;
	uint64_t next_id;
};

static int
admit(void *ctx UNUSED, int fd, enum role role UNUSED, const char *name,
    struct connection **holder)
{
	assert_string_equal(name, "x");
	close(fd);
	*holder = NULL;
	return 0;
}

static struct peer *
rpcd(void *ctx)
{
	const struct scene *s = ctx;

	return s->rpcd;
}

static const struct rpcinterface_ops ops = { .admit = admit, .rpcd = rpcd };

static void
start(struct scene *s)
{
	char *detail = NULL;
	uint64_t spawn;

	assert_int_equal(rpcinterface_group_ops.plumb(s->process, &s->fds), 0);
	assert_int_equal(process_start(s->process, &spawn, &detail), FAULT_NONE);
	rpcinterface_group_ops.spawned(s->process);
	s->process->state = PROCESS_RUNNING;
}

static int
setup(void **state)
{
	static const struct peer_ops peer_ops;
	struct scene *s = calloc(1, sizeof(*s));
	struct group_config *config = recorder_group("rpcinterface.x", 1);
	struct process_config *program = recorder_program("x", 1);
	int pair[2];

	assert_non_null(s);
	recorder_init(&s->recorder);
	s->recorder.quiet = true;
	s->loop = loop_new();
	assert_int_equal(sock_pair(pair), 0);
	s->rpcd_end = pair[1];
	s->rpcd = peer_new(s->loop, pair[0], &peer_ops, s);
	assert_non_null(s->rpcd);
	config->kind = GROUP_INTERFACE;
	config->interface.name = strdup("x");
	program->autorestart = AUTORESTART_FALSE;
	recorder_add(config, program);
	s->next_id = 1;
	s->groups = s->recorder.groups = groups_new(s->kinds);
	s->interfaces = rpcinterfaces_new(s->groups, &ops, s);
	s->kinds[GROUP_INTERFACE] =
	    (struct group_kind_row){ &rpcinterface_group_ops, s->interfaces };
	s->group = recorder_activate(&s->recorder, s->groups, config, &s->next_id);
	s->process = group_process(s->group, "x");
	s->fds = (struct group_fds){ -1, { -1, -1 } };
	assert_int_equal(rpcinterface_group_ops.attach(s->process), 0);
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	rpcinterface_group_ops.closed(s->process);
	rpcinterface_group_ops.detach(s->process);
	rpcinterfaces_free(s->interfaces);
	groups_free(s->groups);
	peer_free(s->rpcd);
	fd_close(s->rpcd_end);
	fd_close(s->fds.extra[0]);
	fd_close(s->fds.extra[1]);
	loop_free(s->loop);
	recorder_clear(&s->recorder);
	free(s);
	return 0;
}

static void
reap(struct scene *s)
{
	rpcinterface_group_ops.exited(s->process);
	rpcinterface_group_ops.closed(s->process);
	process_reaped(s->process, 0);
	assert_int_equal(s->process->pid, 0);
}

static bool
is_started_again(const struct scene *s)
{
	return process_start_is_pending(s->process);
}

static void
end_rpcd(struct scene *s)
{
	close(s->rpcd_end);
	s->rpcd_end = -1;
}

static void
test_its_end_alone(void **state)
{
	struct scene *s = *state;

	start(s);
	reap(s);
	assert_int_equal(s->process->state, PROCESS_EXITED);
	assert_false(is_started_again(s));
}

/* The master has not noticed the end of the connection yet. */
static void
test_its_end_first(void **state)
{
	struct scene *s = *state;

	start(s);
	end_rpcd(s);
	reap(s);
	assert_int_equal(s->process->state, PROCESS_EXITED);
	assert_true(is_started_again(s));
}

static void
test_half_closed(void **state)
{
	struct scene *s = *state;

	start(s);
	assert_int_equal(shutdown(s->rpcd_end, SHUT_WR), 0);
	reap(s);
	assert_true(is_started_again(s));
}

static void
test_the_end_of_reeve_rpcd_first(void **state)
{
	struct scene *s = *state;

	start(s);
	end_rpcd(s);
	rpcinterfaces_rpcd_gone(s->interfaces);
	assert_int_equal(s->process->state, PROCESS_STOPPING);
	reap(s);
	assert_int_equal(s->process->state, PROCESS_STOPPED);
	assert_true(is_started_again(s));
}

/* The end of a program that was not sent to a reeve-rpcd has another reason. */
static void
test_not_sent_yet(void **state)
{
	struct scene *s = *state;
	struct peer *later = s->rpcd;

	s->rpcd = NULL;
	start(s);
	s->rpcd = later;
	end_rpcd(s);
	reap(s);
	assert_false(is_started_again(s));
}

static void
test_stopped_by_hand(void **state)
{
	struct scene *s = *state;
	char *detail = NULL;

	start(s);
	assert_int_equal(process_stop(s->process, &detail), FAULT_NONE);
	end_rpcd(s);
	reap(s);
	assert_int_equal(s->process->state, PROCESS_STOPPED);
	assert_false(is_started_again(s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_its_end_alone, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_its_end_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_half_closed, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_the_end_of_reeve_rpcd_first, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_sent_yet, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_stopped_by_hand, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
