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
#include "tests/unit/common/peer_is_local.h"

static int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static void
expect_flags(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static int
tcp_port(int fd)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port); /* same offset as sin6_port */
}

static int
tcp_connect(int listener)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len = sizeof(address);
	int fd;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	return fd;
}

static void
expect_tcp_local(const char *host)
{
	int listener = sock_listen_tcp(host, 0, 5), client, server;
	struct pollfd ready = { .fd = listener, .events = POLLIN };

	if (listener == -1 && (strchr(host, ':') != NULL || strcmp(host, "localhost") == 0))
		return; /* no IPv6 here, or no resolver for the name */
	assert_true(listener != -1);
	expect_flags(listener);
	assert_true(tcp_port(listener) > 0);
	client = tcp_connect(listener);
	assert_int_equal(poll(&ready, 1, 5000), 1);
	server = sock_accept(listener);
	assert_true(server != -1);
	expect_flags(server);
	assert_true(peer_is_local(server));
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

/* All interfaces of IPv4 and all of IPv6 are two listeners. A port that is free for IPv6
 * may be in use for IPv4 by another program: then another port is tried. */
static void
test_tcp_both(void **state)
{
	int six, four = -1;

	(void)state;
	for (int i = 0; i < 20 && four == -1; i++) {
		six = sock_listen_tcp("[::]", 0, 5);
		if (six == -1)
			skip();
		four = sock_listen_tcp("", tcp_port(six), 5);
		if (four == -1)
			assert_int_equal(errno, EADDRINUSE);
		(void)close(six);
	}
	assert_true(four != -1);
	(void)close(four);
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
	assert_false(peer_is_local(fd));
	assert_false(peer_is_local(-1));
	(void)close(fd);
}

static void
test_pair(void **state)
{
	int fds[2];
	char bytes[8];
	size_t count = 9;

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	expect_flags(fds[0]);
	expect_flags(fds[1]);
	assert_true(peer_is_local(fds[0]));
	assert_int_equal(sock_receive(fds[1], bytes, 8, NULL, 0, &count), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(count, 0);
	assert_int_equal(sock_send(fds[0], "hello", 5, -1), 5);
	assert_int_equal(sock_receive(fds[1], bytes, 8, NULL, 0, &count), 5);
	assert_memory_equal(bytes, "hello", 5);
	(void)close(fds[0]);
	assert_int_equal(sock_receive(fds[1], bytes, 8, NULL, 0, &count), 0);
	assert_int_equal(sock_send(fds[1], "x", 1, -1), -1);
	assert_int_equal(errno, EPIPE);
	(void)close(fds[1]);
}

static void
test_pass_descriptor(void **state)
{
	int fds[2], got[2] = { -1, -1 }, before;
	struct stat sent, received;
	char bytes[8];
	size_t count;

	(void)state;
	assert_int_equal(sock_pair(fds), 0);
	before = count_fds();
	assert_int_equal(sock_send(fds[0], "ab", 2, fds[0]), 2);
	assert_int_equal(sock_receive(fds[1], bytes, 8, got, 2, &count), 2);
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

/* Sends three descriptors in one message, as a hostile peer may. */
static void
send_three(int fd)
{
	char byte = 'x';
	struct iovec part = { &byte, 1 };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control.bytes) };
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

static void
test_address_unix(void **state)
{
	struct sockaddr_un sun;
	char path[sizeof(sun.sun_path) + 1];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(sock_address_unix(&sun, "%s", path), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(sock_address_unix(&sun, "%s", path + 1), 0);
	assert_int_equal(sun.sun_family, AF_UNIX);
	assert_string_equal(sun.sun_path, path + 1);
	assert_int_equal(sock_address_unix(&sun, "/proc/self/fd/%d/%s", 7, "s"), 0);
	assert_string_equal(sun.sun_path, "/proc/self/fd/7/s");
}

static void
test_hosts_overlap(void **state)
{
	(void)state;
	assert_true(sock_hosts_overlap("127.0.0.1", "127.0.0.1"));
	assert_true(sock_hosts_overlap("", "127.0.0.1"));
	assert_true(sock_hosts_overlap("127.0.0.1", "0.0.0.0"));
	assert_true(sock_hosts_overlap("[::1]", "::1"));
	assert_true(sock_hosts_overlap("::", "[::1]"));
	assert_false(sock_hosts_overlap("127.0.0.1", "127.0.0.2"));
	assert_false(sock_hosts_overlap("", "::"));
	assert_false(sock_hosts_overlap("[::1]", "[::2]"));
	assert_false(sock_hosts_overlap("127.0.0.1", "[::1]"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_both),
		cmocka_unit_test(test_tcp_refused),
		cmocka_unit_test(test_local_needs_a_peer),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_pass_descriptor),
		cmocka_unit_test(test_surplus_closed),
		cmocka_unit_test(test_hosts_overlap),
		cmocka_unit_test(test_address_unix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
