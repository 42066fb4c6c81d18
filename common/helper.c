#include "common/helper.h"

#include "common/compiler.h"
#include "common/privs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1000 /* of a log line's text */

void
helper_log_line(void *ctx UNUSED, enum log_level level, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES + 8];
	size_t used;

	if (len > LINE_MAX_BYTES)
		for (len = LINE_MAX_BYTES;
		     len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	used = (size_t)snprintf(line, sizeof(line), "%.4s ", log_level_tag(level));
	for (size_t i = 0; i < len; i++)
		line[used + i] =
		    (unsigned char)text[i] < 0x20 || text[i] == 0x7f ? ' ' : text[i];
	used += len;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}

static void
helper_descriptors(void)
{
	struct stat st;
	int fd;

	while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO)
		;
	privs_close_from(HELPER_SOCKET + 1);
	if (fcntl(HELPER_SOCKET, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(HELPER_SOCKET, F_SETFL, fcntl(HELPER_SOCKET, F_GETFL) | O_NONBLOCK) < 0)
		fatal("cannot use descriptor %d: %s", HELPER_SOCKET, strerror(errno));
	if (fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode))
		(void)fcntl(
		    STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
}

void
helper_begin(void)
{
	static const int ignored[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE };

	log_init(helper_log_line, NULL, LEVEL_INFO);
	/* Signals from the master's terminal do not reach this process. */
	(void)setpgid(0, 0);
	helper_descriptors();
	for (size_t i = 0; i < nitems(ignored); i++)
		if (signal(ignored[i], SIG_IGN) == SIG_ERR)
			fatal("cannot ignore signal %d", ignored[i]);
}

int
helper_main(const char *program, int argc, char **argv, int (*run)(void))
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return printf("%s %s\n", program, REEVE_VERSION) < 0;
	if (argc == 1 &&
	    getsockopt(HELPER_SOCKET, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	    domain == AF_UNIX)
		return run();
	fprintf(stderr, "%s is started by reeved(8) and takes no options but --version\n",
	    program);
	return 2;
}
