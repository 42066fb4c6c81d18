/* Sock: sockets of all programs. New descriptors are CLOEXEC and NONBLOCK. Failures are -1
 * with errno; the caller logs. */
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
/* Fills in the address of a Unix socket; 0, or -1 with ENAMETOOLONG. */
NODISCARD int sock_address_unix(struct sockaddr_un *, const char *path_fmt, ...)
    PRINTF_LIKE(2, 3);
/* The address of a service manager, as in NOTIFY_SOCKET: a path, or an abstract name after
 * '@'. Its length, 0 = not valid. */
socklen_t sock_address_notify(struct sockaddr_un *, const char *address);
/* Connects to a Unix socket; waits a few seconds while the listener's backlog is full. */
NODISCARD int sock_connect_unix(const char *path);
/* The same without waiting: EAGAIN while the listener's backlog is full. */
NODISCARD int sock_try_unix(const char *path);
/* Binds as sock_listen_tcp and closes the socket: 0 if that works now, else -1. */
NODISCARD int sock_check_tcp(const char *host, int port);
/* Writes the address that sock_listen_tcp would bind for the host, in digits. 0, or -1. */
NODISCARD int sock_find_address(const char *host, char *text, size_t size);
/* Whether a listener on one of two such hosts excludes one on the other at the same
 * port. */
bool sock_hosts_overlap(const char *one, const char *other);
/* Listens on TCP with SO_REUSEADDR. host: "" = all IPv4 interfaces, an address (IPv6 with
 * or without brackets; listens on IPv6 only), or a name, which getaddrinfo resolves. */
NODISCARD int sock_listen_tcp(const char *host, int port, int backlog);
/* The next connection, or -1 (EAGAIN: none). */
NODISCARD int sock_accept(int listener);
/* Credentials of the process that connected (SO_PEERCRED). */
NODISCARD int sock_peer(int fd, pid_t *pid, uid_t *uid, gid_t *gid);
/* New: the groups of that process (SO_PEERGROUPS), the one of sock_peer included; *count of
 * them. NULL with errno. */
gid_t *sock_peer_groups(int fd, size_t *count);
/* True for an address of this machine: AF_UNIX, in 127/8 or ::1. */
bool sock_address_is_local(const struct sockaddr *);
/* Sends bytes, with one descriptor unless pass is -1. The number of bytes sent, or -1. */
NODISCARD ssize_t sock_send(int fd, const void *bytes, size_t n, int pass);
/* Receives bytes and stores up to `max` descriptors (CLOEXEC), *count of them; closes any
 * others. The number of bytes, 0 at the end, or -1. */
NODISCARD ssize_t sock_receive(
    int fd, void *bytes, size_t n, int *fds, size_t max, size_t *count);

#endif
