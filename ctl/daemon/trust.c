#include "ctl/daemon/trust.h"

#include "common/mem.h"
#include "common/sock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool
trust_peer(int fd, uid_t also, char **why)
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
	    "neither root nor this user", (unsigned)uid);
	return false;
}
