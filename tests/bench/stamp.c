/* A program that reports its start: sends its pid and the time to the datagram socket in
 * its last argument, then waits until its parent ends. */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct timespec t;
	char text[64];
	int fd, len;

	clock_gettime(CLOCK_MONOTONIC, &t);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	len = snprintf(text, sizeof(text), "%d %lld.%09ld", (int)getpid(),
	    (long long)t.tv_sec, t.tv_nsec);
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", argv[argc - 1]);
	if (fd == -1 ||
	    sendto(fd, text, (size_t)len, 0, (struct sockaddr *)&to, sizeof(to)) == -1) {
		perror(argv[0]);
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}
