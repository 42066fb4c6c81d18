#include "common/sock.h"

#include "common/fail.h"
#include "common/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define SOCK_PASSED_MAX 253 /* descriptors in one message (SCM_MAX_FD) */
#define SOCK_CONNECT_SECONDS 5

int
sock_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds);
}

int
sock_address_unix(struct sockaddr_un *sun, const char *path_fmt, ...)
{
	va_list ap;
	int n;

	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	va_start(ap, path_fmt);
	n = vsnprintf(sun->sun_path, sizeof(sun->sun_path), path_fmt, ap);
	va_end(ap);
	return n < 0 || (size_t)n >= sizeof(sun->sun_path) ? fail_with(ENAMETOOLONG) : 0;
}

/* An abstract name begins with a NUL and has none at its end. */
socklen_t
sock_address_notify(struct sockaddr_un *to, const char *address)
{
	if ((*address != '/' && *address != '@') || address[1] == '\0' ||
	    sock_address_unix(to, "%s", address) == -1)
		return 0;
	if (*address == '/')
		return (socklen_t)sizeof(*to);
	to->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address));
}

/* Waits while the backlog is full, for SOCK_CONNECT_SECONDS at most. */
static int
sock_connect_bounded(int fd, const struct sockaddr_un *sun)
{
	struct timeval bound = { .tv_sec = SOCK_CONNECT_SECONDS }, none = { 0 };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound)) == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none)) == -1)
		return -1;
	return fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int
sock_connect_now(int fd, const struct sockaddr_un *sun)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		return -1;
	return connect(fd, (const struct sockaddr *)sun, sizeof(*sun));
}

/* Creates a socket and connects it by `connector`. A path that is too long for an address
 * is opened, and the address is then that of the descriptor in /proc. */
static int
sock_connect_path(const char *path, int (*connector)(int fd, const struct sockaddr_un *))
{
	struct sockaddr_un sun;
	int fd, path_fd = -1, r;

	if (sock_address_unix(&sun, "%s", path) == -1) {
		path_fd = open(path, O_PATH | O_CLOEXEC);
		if (path_fd == -1 ||
		    sock_address_unix(&sun, "/proc/self/fd/%d", path_fd) == -1)
			return fd_fail(path_fd, errno);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	r = fd == -1 ? -1 : connector(fd, &sun);
	fd_close(path_fd);
	return r == 0 ? fd : fd_fail(fd, errno);
}

int
sock_connect_unix(const char *path)
{
	return sock_connect_path(path, sock_connect_bounded);
}

int
sock_try_unix(const char *path)
{
	return sock_connect_path(path, sock_connect_now);
}

/* Sets errno to EADDRNOTAVAIL for errors of the resolver that have no errno. */
static struct addrinfo *
sock_resolve(const char *host, int port, int family)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM }, *found;
	char service[16];
	int r;

	hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
	(void)snprintf(service, sizeof(service), "%d", port);
	r = getaddrinfo(*host != '\0' ? host : NULL, service, &hints, &found);
	if (r == 0)
		return found;
	if (r != EAI_SYSTEM)
		errno = r == EAI_MEMORY ? ENOMEM : EADDRNOTAVAIL;
	return NULL;
}

static int
sock_bind_at(const struct addrinfo *at)
{
	int fd, on = 1;

	/* Without IPV6_V6ONLY, binding "::" would also bind the port on all IPv4
	 * addresses. */
	fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    (at->ai_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1) ||
	    bind(fd, at->ai_addr, at->ai_addrlen) == -1)
		return fd_fail(fd, errno);
	return fd;
}

/* Prefers IPv4, the only family of supervisord. An IPv6 address may have brackets. NULL
 * with errno. */
static struct addrinfo *
sock_find_tcp(const char *host, int port)
{
	struct addrinfo *found;
	char bare[256];
	size_t len = strlen(host);

	if (port < 0 || port > 65535 || len >= sizeof(bare)) {
		return fail_null(EINVAL);
	}
	memcpy(bare, host, len + 1);
	if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
		memcpy(bare, host + 1, len - 2);
		bare[len - 2] = '\0';
	}
	found = sock_resolve(bare, port, AF_INET);
	if (found == NULL && *bare != '\0')
		found = sock_resolve(bare, port, AF_INET6);
	return found;
}

int
sock_find_address(const char *host, char *text, size_t size)
{
	struct addrinfo *found = sock_find_tcp(host, 0);
	int r = -1;

	if (found != NULL) {
		r = getnameinfo(found->ai_addr, found->ai_addrlen, text, (socklen_t)size,
		    NULL, 0, NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	return r == 0 ? 0 : -1;
}

static int
sock_bind_tcp(const char *host, int port)
{
	struct addrinfo *found = sock_find_tcp(host, port);
	int fd;

	if (found == NULL)
		return -1;
	fd = sock_bind_at(found);
	freeaddrinfo(found);
	return fd;
}

static bool
sock_is_any(const struct addrinfo *at)
{
	const struct sockaddr_in *in = (const void *)at->ai_addr;
	const struct sockaddr_in6 *in6 = (const void *)at->ai_addr;

	return at->ai_family == AF_INET ? in->sin_addr.s_addr == htonl(INADDR_ANY) :
					  IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

bool
sock_hosts_overlap(const char *one, const char *other)
{
	struct addrinfo *a = sock_find_tcp(one, 0), *b = sock_find_tcp(other, 0);
	bool overlap = a != NULL && b != NULL && a->ai_family == b->ai_family &&
	    (sock_is_any(a) || sock_is_any(b) ||
		(a->ai_addrlen == b->ai_addrlen &&
		    memcmp(a->ai_addr, b->ai_addr, a->ai_addrlen) == 0));

	if (a != NULL)
		freeaddrinfo(a);
	if (b != NULL)
		freeaddrinfo(b);
	return overlap;
}

int
sock_listen_tcp(const char *host, int port, int backlog)
{
	int fd = sock_bind_tcp(host, port);

	if (fd != -1 && listen(fd, backlog) == -1)
		return fd_fail(fd, errno);
	return fd;
}

int
sock_check_tcp(const char *host, int port)
{
	int fd = sock_bind_tcp(host, port);

	fd_close(fd);
	return fd == -1 ? -1 : 0;
}

/* Skips connections that the client closed while they were queued. */
int
sock_accept(int listener)
{
	int fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
	return fd;
}

int
sock_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return -1;
	*pid = cred.pid;
	*uid = cred.uid;
	*gid = cred.gid;
	return 0;
}

gid_t *
sock_peer_groups(int fd, size_t *count)
{
	gid_t own, *groups;
	socklen_t len = 0;
	uid_t uid;
	pid_t pid;

	if (sock_peer(fd, &pid, &uid, &own) == -1)
		return NULL;
	/* The kernel stores the length that it needs. A process has at most 65536
	 * groups. */
	(void)getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len);
	groups = malloc(len + sizeof(gid_t));
	if (groups == NULL)
		return NULL;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == -1) {
		free(groups);
		return NULL;
	}
	*count = len / sizeof(gid_t);
	groups[(*count)++] = own;
	return groups;
}

bool
sock_address_is_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)address;

		return ntohl(in->sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)address;
		const struct in6_addr *a = &in6->sin6_addr;

		return IN6_IS_ADDR_V4MAPPED(a) ? a->s6_addr[12] == 127 :
						 IN6_IS_ADDR_LOOPBACK(a);
	}
	return address->sa_family == AF_UNIX;
}

ssize_t
sock_send(int fd, const void *bytes, size_t n, int pass)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = n };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	ssize_t sent;

	if (pass != -1) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.head), &pass, sizeof(int));
	}
	do
		sent = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (sent == -1 && errno == EINTR);
	return sent;
}

static void
sock_store_fds(struct cmsghdr *c, int *fds, size_t max, size_t *count)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	int fd;

	for (i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
		if (*count < max)
			fds[(*count)++] = fd;
		else
			(void)close(fd);
	}
}

/* The buffer fits all descriptors that a message can carry, so that none is lost. */
ssize_t
sock_receive(int fd, void *bytes, size_t n, int *fds, size_t max, size_t *count)
{
	struct iovec part = { .iov_base = bytes, .iov_len = n };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(SOCK_PASSED_MAX * sizeof(int))];
	} control;
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t got;

	*count = 0;
	do {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.space);
		got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (got == -1 && errno == EINTR);
	if (got == -1)
		return -1;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
			sock_store_fds(c, fds, max, count);
	return got;
}
