/* Sock: sockets of the three programs. All descriptors come out CLOEXEC and
 * NONBLOCK. Failures are -1 with errno; the caller logs. */
#ifndef COMMON_SOCK_H
#define COMMON_SOCK_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Connected pair, AF_UNIX stream. */
NODISCARD int sock_pair(int fds[2]);
/* Makes the address of a Unix socket; 0, or -1 with ENAMETOOLONG. */
NODISCARD int sock_address_unix(struct sockaddr_un *, const char *path_fmt, ...)
    PRINTF_LIKE(2, 3);
/* Connects to a Unix socket; waits at most for the kernel's backlog. */
NODISCARD int sock_connect_unix(const char *path);
/* The same without waiting: EAGAIN when a process listens there whose backlog is full. */
NODISCARD int sock_try_unix(const char *path);
/* Whether sock_listen_tcp could bind this address now, without listening there: 0 or -1. */
NODISCARD int sock_check_tcp(const char *host, int port);
/* Writes the address that sock_listen_tcp would bind for the host, in digits. 0, or -1. */
NODISCARD int sock_find_address(const char *host, char *text, size_t size);
/* Whether only one of two such hosts can be listened on at the same port. */
bool sock_hosts_overlap(const char *one, const char *other);
/* Listens on TCP: host "" = all IPv4 interfaces, a literal address (an IPv6 one perhaps in
 * brackets, and for IPv6 alone) or a name (resolved, start-up only); SO_REUSEADDR. */
NODISCARD int sock_listen_tcp(const char *host, int port, int backlog);
/* The next connection, or -1 (EAGAIN: none). */
NODISCARD int sock_accept(int listener);
/* Credentials of the process that connected (SO_PEERCRED). */
NODISCARD int sock_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);
/* True for an address of this machine: AF_UNIX, in 127/8 or ::1. */
bool sock_address_is_local(const struct sockaddr *);
/* sendmsg with at most one descriptor (-1 = none) on the first byte. Bytes sent or -1. */
NODISCARD ssize_t sock_send(int fd, const void *bytes, size_t n, int pass);
/* recvmsg; at most `max` descriptors are stored (CLOEXEC), *count says how many, surplus
 * ones are closed. Bytes, 0 at the end, or -1. */
NODISCARD ssize_t sock_receive(
    int fd, void *bytes, size_t n, int *fds, size_t max, size_t *count);

#endif
