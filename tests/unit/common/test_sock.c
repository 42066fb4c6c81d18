#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/sock.h"

#define OTHER 4321
#define KEEP ((uid_t)-1)

static int
count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

static int
count_fds(void)
{
	return count_entries("/proc/self/fd");
}

static void
expect_flags(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static char *
path_in(const char *dir, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

static int
setup(void **state)
{
	char *dir = strdup("/tmp/test_sock.XXXXXX");

	*state = dir;
	return dir != NULL && mkdtemp(dir) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	int r = rmdir(*state);

	free(*state);
	return r;
}

static void
expect_talk(const char *path)
{
	int listener = sock_listen_unix(path, 0600, KEEP, KEEP, 5), client, server;
	pid_t pid;
	uid_t uid;
	gid_t gid;
	char byte;

	assert_true(listener != -1);
	expect_flags(listener);
	assert_int_equal(sock_accept(listener), -1);
	assert_int_equal(errno, EAGAIN);
	client = sock_connect_unix(path);
	assert_true(client != -1);
	expect_flags(client);
	server = sock_accept(listener);
	assert_true(server != -1);
	expect_flags(server);
	assert_int_equal(sock_peer(server, &pid, &uid, &gid), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(uid, geteuid());
	assert_int_equal(gid, getegid());
	assert_true(sock_peer_is_local(server));
	assert_int_equal(sock_send(client, "x", 1, -1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	(void)close(client);
	(void)close(server);
	(void)close(listener);
}

static void
test_unix(void **state)
{
	char *path = path_in(*state, "sock");
	int fds = count_fds();

	expect_talk(path);
	expect_talk(path);	/* the stale one is replaced */
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
test_unix_mode(void **state)
{
	static const mode_t modes[] = { 0700, 0666, 0777, 0600, 0 };
	char *path = path_in(*state, "sock");
	mode_t mask = umask(077);
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < nitems(modes); i++) {
		fd = sock_listen_unix(path, modes[i], KEEP, KEEP, 5);
		assert_true(fd != -1);
		assert_int_equal(stat(path, &st), 0);
		assert_true(S_ISSOCK(st.st_mode));
		assert_int_equal(st.st_mode & 07777, modes[i]);
		(void)close(fd);
	}
	assert_int_equal(umask(mask), 077);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
test_unix_owner(void **state)
{
	char *path = path_in(*state, "sock");
	struct stat st;
	int fd = sock_listen_unix(path, 0660, OTHER, OTHER, 5);

	if (geteuid() != 0) {
		assert_int_equal(fd, -1);
		assert_int_equal(errno, EPERM);
	} else {
		assert_true(fd != -1);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_uid, OTHER);
		assert_int_equal(st.st_gid, OTHER);
		assert_int_equal(st.st_mode & 07777, 0660);
		(void)close(fd);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(count_entries(*state), 0);
	free(path);
}

/* Under its own name, over whatever had it, for a child that waits for its clients. */
static void
test_unix_here(void **state)
{
	uid_t owner = geteuid() == 0 ? OTHER : KEEP;
	char *path = path_in(*state, "sock");
	mode_t mask = umask(077);
	int fds = count_fds(), fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);
	struct stat st;

	(void)close(fd);
	(void)close(sock_listen_unix_here(path, 0700, KEEP, KEEP, 5));
	fd = sock_listen_unix_here(path, 0666, owner, KEEP, 5);
	assert_true(fd != -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_string_equal(name.sun_path, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	assert_int_equal(st.st_uid, owner == KEEP ? geteuid() : OTHER);
	(void)close(fd);
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(unlink(path), 0);
	(void)umask(mask);
	free(path);
}

static void
test_unix_here_refused(void **state)
{
	char *path = path_in(*state, "sock"), *below = path_in(*state, "none/sock");
	int fds = count_fds();

	assert_int_equal(sock_listen_unix_here(below, 0700, KEEP, KEEP, 5), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sock_listen_unix_here(path, 0700, KEEP, KEEP, 5), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(path), 0);
	if (geteuid() != 0) {
		assert_int_equal(sock_listen_unix_here(path, 0700, 0, 0, 5), -1);
		assert_int_equal(errno, EPERM);
	}
	assert_int_equal(count_entries(*state), 0);
	assert_int_equal(count_fds(), fds);
	free(path);
	free(below);
}

/* A directory and a name that no sun_path can hold. */
static void
test_unix_long(void **state)
{
	char part[121], name[201], *dir, *path, *both;

	memset(part, 'd', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	dir = path_in(*state, part);
	assert_int_equal(mkdir(dir, 0700), 0);
	path = path_in(dir, "sock");
	both = path_in(dir, name);
	expect_talk(path);
	expect_talk(both);
	assert_int_equal(count_entries(dir), 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(both), 0);
	assert_int_equal(rmdir(dir), 0);
	free(dir);
	free(path);
	free(both);
}

static void
test_unix_relative(void **state)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(chdir(*state), 0);
	expect_talk("plain");
	assert_int_equal(unlink("plain"), 0);
	assert_int_equal(fchdir(here), 0);
	(void)close(here);
}

static void
expect_refusal(const char *path, int error)
{
	int fds = count_fds();

	assert_int_equal(sock_listen_unix(path, 0700, KEEP, KEEP, 5), -1);
	assert_int_equal(errno, error);
	assert_int_equal(count_fds(), fds);
}

static void
test_unix_refused(void **state)
{
	char *missing = path_in(*state, "no/sock"), *sub = path_in(*state, "sub");
	char *slash = path_in(*state, "sub/");
	int fds = count_fds();

	assert_int_equal(mkdir(sub, 0700), 0);
	expect_refusal(missing, ENOENT);
	expect_refusal(sub, EISDIR);
	expect_refusal(slash, EISDIR);
	assert_int_equal(sock_connect_unix(missing), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sock_connect_unix(sub), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(count_entries(*state), 0);
	free(missing);
	free(sub);
	free(slash);
}

/* A temporary name left by a process that had our pid is stepped over. */
static void
test_unix_temp_taken(void **state)
{
	char name[64], *taken, *path = path_in(*state, "sock");
	int fd;

	(void)snprintf(name, sizeof(name), ".reeve-%d-0", (int)getpid());
	taken = path_in(*state, name);
	fd = open(taken, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	(void)close(fd);
	expect_talk(path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(taken), 0);
	free(path);
	free(taken);
}

static int
tcp_port(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);	/* at the same place as sin6_port */
}

static int
tcp_connect(int listener)
{
	struct sockaddr_storage room = { 0 };
	socklen_t len = sizeof(room);
	int fd;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&room, &len), 0);
	fd = socket(room.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&room, len), 0);
	return fd;
}

static void
expect_tcp_local(const char *host)
{
	int listener = sock_listen_tcp(host, 0, 5), client, server;
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	if (listener == -1 && (strchr(host, ':') != NULL || strcmp(host, "localhost") == 0))
		return;	/* no IPv6 here, or nobody who knows the name */
	assert_true(listener != -1);
	expect_flags(listener);
	assert_true(tcp_port(listener) > 0);
	client = tcp_connect(listener);
	assert_int_equal(poll(&ready, 1, 5000), 1);
	server = sock_accept(listener);
	assert_true(server != -1);
	expect_flags(server);
	assert_true(sock_peer_is_local(server));
	(void)close(client);
	(void)close(server);
	(void)close(listener);
}

static void
test_tcp(void **state)
{
	(void)state;
	expect_tcp_local("127.0.0.1");
	expect_tcp_local("localhost");
	expect_tcp_local("::1");
	expect_tcp_local("[::1]");
}

/* All interfaces of IPv4 and all of IPv6 are two listeners. */
static void
test_tcp_both(void **state)
{
	int six = sock_listen_tcp("[::]", 0, 5), four;

	(void)state;
	if (six == -1)
		skip();
	four = sock_listen_tcp("", tcp_port(six), 5);
	assert_true(four != -1);
	(void)close(four);
	(void)close(six);
}

static void
test_tcp_refused(void **state)
{
	char label[80];
	int fd = sock_listen_tcp("127.0.0.1", 0, 5);

	(void)state;
	assert_true(fd != -1);
	assert_int_equal(sock_listen_tcp("127.0.0.1", tcp_port(fd), 5), -1);
	assert_int_equal(errno, EADDRINUSE);
	assert_int_equal(sock_listen_tcp("127.0.0.1", 70000, 5), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(sock_listen_tcp("127.0.0.1", -1, 5), -1);
	memset(label, 'x', sizeof(label) - 1);
	label[sizeof(label) - 1] = '\0';
	assert_int_equal(sock_listen_tcp(label, 0, 5), -1);
	assert_int_equal(errno, EADDRNOTAVAIL);
	(void)close(fd);
}

static void
test_local_needs_a_peer(void **state)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_false(sock_peer_is_local(fd));
	assert_false(sock_peer_is_local(-1));
	(void)close(fd);
}

static void
test_pair(void **state)
{
	int fds[2];
	char room[8];
	size_t count = 9;

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	expect_flags(fds[0]);
	expect_flags(fds[1]);
	assert_true(sock_peer_is_local(fds[0]));
	assert_int_equal(sock_receive(fds[1], room, 8, NULL, 0, &count), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(count, 0);
	assert_int_equal(sock_send(fds[0], "hello", 5, -1), 5);
	assert_int_equal(sock_receive(fds[1], room, 8, NULL, 0, &count), 5);
	assert_memory_equal(room, "hello", 5);
	(void)close(fds[0]);
	assert_int_equal(sock_receive(fds[1], room, 8, NULL, 0, &count), 0);
	assert_int_equal(sock_send(fds[1], "x", 1, -1), -1);
	assert_int_equal(errno, EPIPE);
	(void)close(fds[1]);
}

static void
test_pass_descriptor(void **state)
{
	int fds[2], got[2] = { -1, -1 }, before;
	struct stat sent, received;
	char room[8];
	size_t count;

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	before = count_fds();
	assert_int_equal(sock_send(fds[0], "ab", 2, fds[0]), 2);
	assert_int_equal(sock_receive(fds[1], room, 8, got, 2, &count), 2);
	assert_int_equal(count, 1);
	assert_true(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(fds[0], &sent), 0);
	assert_int_equal(fstat(got[0], &received), 0);
	assert_int_equal(sent.st_ino, received.st_ino);
	(void)close(got[0]);
	assert_int_equal(count_fds(), before);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* Three at once, as a hostile peer may send them: none stays open unasked for. */
static void
send_three(int fd)
{
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control.room) };
	int three[3] = { fd, fd, fd };

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(three));
	memcpy(CMSG_DATA(&control.head), three, sizeof(three));
	assert_int_equal(sendmsg(fd, &msg, 0), 1);
}

static void
test_surplus_closed(void **state)
{
	int fds[2], got[3], before;
	size_t count;
	char byte;

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	before = count_fds();
	send_three(fds[0]);
	assert_int_equal(sock_receive(fds[1], &byte, 1, got, 1, &count), 1);
	assert_int_equal(count, 1);
	(void)close(got[0]);
	assert_int_equal(count_fds(), before);
	send_three(fds[0]);
	assert_int_equal(sock_receive(fds[1], &byte, 1, NULL, 0, &count), 1);
	assert_int_equal(count, 0);
	assert_int_equal(count_fds(), before);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_here, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_here_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_relative, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_temp_taken, setup, teardown),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_both),
		cmocka_unit_test(test_tcp_refused),
		cmocka_unit_test(test_local_needs_a_peer),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_pass_descriptor),
		cmocka_unit_test(test_surplus_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
