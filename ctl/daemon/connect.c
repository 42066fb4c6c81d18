#include "ctl/daemon/connect.h"

#include "common/fd.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"

#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The outcome of a failed connection; sets *why unless it is set. */
static enum reach
connect_failed(int error, char **why)
{
	if (*why == NULL)
		*why = xstrdup(strerror(error));
	return error == ENOENT    ? REACH_NO_FILE :
	    error == ECONNREFUSED ? REACH_REFUSED :
				    REACH_FAILED;
}

enum reach
connect_unix(const char *path, int *fd, char **why)
{
	*why = NULL;
	*fd = sock_connect_unix(path);
	return *fd != -1 ? REACH_OK : connect_failed(errno, why);
}

/* Appends an address and why it failed to *why, which is new or NULL. */
static void
connect_add_reason(char **why, const struct addrinfo *a, int error)
{
	char host[NI_MAXHOST] = "?", *longer;

	(void)getnameinfo(
	    a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0, NI_NUMERICHOST);
	longer = xasprintf("%s%s%s: %s", *why != NULL ? *why : "", *why != NULL ? ", " : "",
	    host, strerror(error));
	free(*why);
	*why = longer;
}

/* Connects to the first address that accepts. If there are several, *why lists them. */
static enum reach
connect_first(const struct addrinfo *list, int *fd, char **why)
{
	int error = 0;

	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		*fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (*fd != -1 && connect(*fd, a->ai_addr, a->ai_addrlen) == 0) {
			mem_freep(why);
			return REACH_OK;
		}
		error = errno;
		fd_close(*fd);
		*fd = -1;
		if (list->ai_next != NULL)
			connect_add_reason(why, a, error);
	}
	return connect_failed(error, why);
}

enum reach
connect_tcp(const char *host, const char *port, int *fd, char **why)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	enum reach reached;
	int64_t number;
	int error;

	*why = NULL;
	*fd = -1;
	/* getaddrinfo would take the number modulo 65536. */
	if (str_to_int(port, &number) == -1 || number < 0 || number > UINT16_MAX) {
		*why = xstrdup("invalid port number");
		return REACH_FAILED;
	}
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0) {
		*why = xstrdup(gai_strerror(error));
		return REACH_FAILED;
	}
	reached = connect_first(list, fd, why);
	freeaddrinfo(list);
	return reached;
}

bool
connect_is_trusted(int fd, uid_t also, char **why)
{
	pid_t pid;
	uid_t uid;
	gid_t gid;

	if (sock_peer(fd, &pid, &uid, &gid) == -1) {
		*why = xstrdup(strerror(errno));
		return false;
	}
	if (uid == 0 || uid == geteuid() || uid == also)
		return true;
	*why = xasprintf("not trusted: the server runs as uid %u, "
			 "neither root nor this user",
	    (unsigned)uid);
	return false;
}
