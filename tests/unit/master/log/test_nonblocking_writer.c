/* Non-blocking writer: each kind of inherited descriptor, and what it does when full. */
#include "master/log/nonblocking_writer.h"
#include "tests/unit/master/scratch.h"

#include <signal.h>
#include <sys/socket.h>
#include <termios.h>

static char much[4 * 1024 * 1024];

/* 0, or -1 when not all was written at once. */
static int
write_all(const struct nonblocking_writer *writer, const char *bytes, size_t n)
{
	return nonblocking_writer_put(writer, bytes, n) == n ? 0 : -1;
}

/* Accepts what fits and no more, without waiting; then the reader ends. */
static void
fill(struct nonblocking_writer *writer, int reader)
{
	char got[4];

	alarm(30);
	assert_true(writer->fills);
	assert_int_equal(write_all(writer, "abcd", 4), 0);
	assert_int_equal(write_all(writer, much, sizeof(much)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(write_all(writer, much, sizeof(much)), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(read(reader, got, sizeof(got)), 4);
	assert_memory_equal(got, "abcd", 4);
	close(reader);
	assert_int_equal(write_all(writer, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	alarm(0);
	nonblocking_writer_close(writer);
	nonblocking_writer_close(writer);
}

static void
test_pipe(void **state)
{
	struct nonblocking_writer writer;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(nonblocking_writer_share(&writer, fds[1]), 0);
	assert_int_equal(writer.kind, NONBLOCKING_WRITER_PLAIN);
	assert_true(fcntl(fds[1], F_GETPIPE_SZ) >= 65536);
	assert_false(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
	close(fds[1]);
	fill(&writer, fds[0]);
}

/* A pipe of another user cannot be opened again. */
static void
test_polled(void **state)
{
	struct nonblocking_writer writer;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(nonblocking_writer_share(&writer, fds[1]), 0);
	nonblocking_writer_close(&writer);
	writer = (struct nonblocking_writer){
		.kind = NONBLOCKING_WRITER_POLLED, .fd = fds[1], .fills = true
	};
	fill(&writer, fds[0]);
}

static void
test_socket(void **state)
{
	struct nonblocking_writer writer;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(nonblocking_writer_share(&writer, fds[1]), 0);
	assert_int_equal(writer.kind, NONBLOCKING_WRITER_SOCKET);
	close(fds[1]);
	fill(&writer, fds[0]);
}

/* A stopped terminal does not block. */
static void
test_terminal(void **state)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct nonblocking_writer writer;
	char name[64];

	(void)state;
	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1 ||
	    ptsname_r(master, name, sizeof(name)) != 0)
		skip();
	assert_true((slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0);
	assert_int_equal(nonblocking_writer_share(&writer, slave), 0);
	assert_true(writer.fills);
	assert_int_equal(write_all(&writer, "x", 1), 0);
	assert_int_equal(tcflow(slave, TCOOFF), 0);
	alarm(30);
	assert_int_equal(write_all(&writer, much, sizeof(much)), -1);
	assert_int_equal(errno, EAGAIN);
	alarm(0);
	nonblocking_writer_close(&writer);
	close(slave);
	close(master);
}

static void
test_file(void **state)
{
	struct scratch *scratch = *state;
	int fd = open(scratch_path(scratch, "out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct nonblocking_writer writer;

	assert_int_equal(nonblocking_writer_share(&writer, fd), 0);
	assert_false(writer.fills);
	assert_int_equal(write(fd, "a", 1), 1);
	assert_int_equal(write_all(&writer, "b", 1), 0);
	assert_int_equal(write(fd, "c", 1), 1);
	scratch_expect(scratch, "out", "abc");
	nonblocking_writer_close(&writer);
	close(fd);
	assert_int_equal(nonblocking_writer_share(&writer, fd), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(writer.fd, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_pipe),
	    TEST(test_polled),
	    TEST(test_socket),
	    TEST(test_terminal),
	    TEST(test_file),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
