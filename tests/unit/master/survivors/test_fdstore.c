/* Fd store: descriptors that were passed, and messages to a manager that does not read. */
#include "master/survivors/fdstore.h"
#include "tests/unit/master/scratch.h"

#include <sys/socket.h>
#include <sys/un.h>

/* Ends of a pipe as descriptors 3 and 4, and the number of the pipe. */
static uint64_t
pass_pipe(void)
{
	struct stat st;
	int fds[2], high[2];

	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 2; i++) {
		high[i] = fcntl(fds[i], F_DUPFD, 100);
		close(fds[i]);
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(dup2(high[i], 3 + i), 3 + i);
		close(high[i]);
	}
	assert_int_equal(fstat(3, &st), 0);
	return st.st_ino;
}

static void
test_received(void **state)
{
	static const char *const wrong[][2] = { { NULL, "2" }, { "1", NULL }, { "2", "2" },
		{ "x", "2" }, { "1", "0" }, { "1", "-1" }, { "1", "x" },
		{ "1", "99999999" } };
	struct fdstore *store;
	uint64_t number = pass_pipe();
	int fd;

	(void)state;
	for (size_t i = 0; i < nitems(wrong); i++) {
		store = fdstore_receive(wrong[i][0], wrong[i][1], "a:b", 1);
		assert_int_equal(fdstore_take(store, number, O_RDONLY), -1);
		fdstore_free(store);
	}
	store = fdstore_receive("1", "2", "a", 1);
	assert_int_equal(fcntl(3, F_GETFD), -1);
	assert_int_equal(fdstore_take(store, number + 1, O_RDONLY), -1);
	assert_int_equal(fdstore_take(store, 0, O_RDONLY), -1);
	fd = fdstore_take(store, number, O_WRONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fdstore_take(store, number, O_WRONLY), -1);
	close(fd);
	fdstore_forget_rest(store);
	assert_int_equal(fdstore_take(store, number, O_RDONLY), -1);
	/* Without a manager nothing is sent. */
	fdstore_put(store, 7, (int[]){ 0 }, 1);
	fdstore_free(store);
}

struct manager {
	struct loop *loop;
	int socket;
	int stored, removed;
};

static bool
read_messages(void *ctx)
{
	struct manager *manager = ctx;
	char text[512];
	ssize_t n;

	while ((n = recv(manager->socket, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		manager->stored +=
		    strstr(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=pipes-") != NULL;
		manager->removed += strstr(text, "FDSTOREREMOVE=1\nFDNAME=pipes-") != NULL;
	}
	return manager->stored == 50 && manager->removed == 50;
}

/* Its queue has a limit; nothing blocks, and nothing is lost. */
static void
test_manager_that_does_not_read(void **state)
{
	struct scratch *scratch = *state;
	struct manager manager = { .loop = loop_new() };
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct fdstore *store = fdstore_receive(NULL, NULL, NULL, 1);
	const int fds[] = { 0, -1, 1 };

	manager.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", scratch_path(scratch, "notify"));
	assert_int_equal(bind(manager.socket, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(fdstore_begin(store, manager.loop, to.sun_path, "100"), 0);
	for (int pid = 10; pid < 60; pid++) {
		fdstore_put(store, pid, fds, 3);
		fdstore_remove(store, pid);
	}
	assert_true(scratch_until(manager.loop, read_messages, &manager));
	/* It has gone. */
	close(manager.socket);
	fdstore_put(store, 7, fds, 3);
	fdstore_put(store, 8, fds, 3);
	assert_int_equal(scratch_count(scratch, "cannot store a pipe"), 1);
	fdstore_free(store);
	loop_free(manager.loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_received),
		TEST(test_manager_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
