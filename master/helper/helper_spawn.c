#include "master/helper/helper_spawn.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/sock.h"
#include "master/child/spawn.h"

#include <fcntl.h>
#include <unistd.h>

#define HELPER_SOCKET 3 /* in the process */

/* In the child, where the descriptors of the main log are closed: logs to standard error,
 * which the master reads. */
static int
helper_spawn_run(void *ctx)
{
	const struct helper_spawn *what = ctx;

	log_init(NULL, NULL, log_threshold());
	return what->run(what->ctx, HELPER_SOCKET);
}

static pid_t
helper_spawn_child(const struct helper_spawn *what, int null_fd, int log, int socket)
{
	struct helper_spawn copy = *what;
	char *argv[] = { what->path, what->argument, NULL };
	struct spawn_request request = {
	    .path = what->path,
	    .run = what->path == NULL ? helper_spawn_run : NULL,
	    .run_ctx = &copy,
	    .argv = argv,
#ifdef REEVE_SANITIZED
	    .envp = environ,
#else
	    .envp = (char *[]){ NULL },
#endif
	    .fds = {null_fd, null_fd, log},
	    .extra_fds = {socket, -1},
	    .umask = -1,
	    .own_group = true,
	    .default_signals = what->path == NULL,
	    .mask = what->mask,
	};

	return spawn_child(&request);
}

pid_t
helper_spawn(const struct helper_spawn *what, int *socket, int *log, const char **task)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int sockets[2] = { -1, -1 }, logs[2] = { -1, -1 };
	pid_t pid = -1;

	*task = "open /dev/null";
	if (null_fd != -1) {
		*task = "create its socket and pipe";
		if (sock_pair(sockets) == 0 && pipe2(logs, O_CLOEXEC | O_NONBLOCK) == 0) {
			*task = "create its process";
			pid = helper_spawn_child(what, null_fd, logs[1], sockets[1]);
		}
	}
	fd_close(null_fd);
	fd_close(sockets[1]);
	fd_close(logs[1]);
	if (pid == -1) {
		fd_close(sockets[0]);
		fd_close(logs[0]);
		return -1;
	}
	*socket = sockets[0];
	*log = logs[0];
	return pid;
}
