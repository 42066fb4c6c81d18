/* A program of the soak test. It numbers what it does, and keeps the numbers in a file that
 * it has mapped, its ledger: a test knows from it what a killed process had written.
 *
 * usage: worker LEDGER count MS LINES [LAST STATUS]
 *                             print LINES numbered lines every MS milliseconds; exit with
 *                             STATUS after LAST lines
 *        worker LEDGER linger MS   print a line, and exit with 0 so long after TERM
 *        worker LEDGER capture MS  print a capture every MS milliseconds
 *        worker LEDGER serve       answer each line of each connection to the socket
 *
 * A line is "PROCESS.NUMBER": each process of a ledger appends a record, and PROCESS counts
 * these from 1. Writes are at most PIPE_BUF bytes, so that a pipe has all or nothing. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* tests/soak/ledger.py has the same layout. */
struct record {
	int32_t pid, status;  /* status: -1 until it exits by itself */
	uint64_t tried, done; /* the last number before and after its write */
};

static volatile struct record *own;
static size_t process; /* the number of this process, from 1 */

static void
die(const char *what)
{
	(void)fprintf(stderr, "worker: %s: %s\n", what, strerror(errno));
	exit(111);
}

static void
open_ledger(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	struct stat st;
	struct record *records;

	if (fd == -1 || fstat(fd, &st) == -1)
		die(path);
	process = (size_t)st.st_size / sizeof(struct record) + 1;
	if (ftruncate(fd, (off_t)(process * sizeof(struct record))) == -1)
		die(path);
	records = mmap(NULL, process * sizeof(struct record), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (records == MAP_FAILED)
		die(path);
	own = &records[process - 1];
	own->status = -1;
	own->pid = getpid();
}

static void
leave(int status)
{
	own->status = status;
	_exit(status);
}

static void
sleep_ms(long ms)
{
	struct timespec rest = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) == -1 && errno == EINTR) {
	}
}

static void
write_all(int fd, const char *bytes, size_t n)
{
	ssize_t written;

	while ((written = write(fd, bytes, n)) == -1 && errno == EINTR) {
	}
	if (written != (ssize_t)n)
		_exit(112);
}

/* So many lines in one write. */
static void
print_lines(long count)
{
	char text[PIPE_BUF];
	size_t used = 0;
	long i;

	for (i = 1; i <= count && used < sizeof(text) - 48; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%zu.%ju\n",
		    process, (uintmax_t)own->done + (uintmax_t)i);
	own->tried = own->done + (uint64_t)(i - 1);
	write_all(1, text, used);
	own->done = own->tried;
}

static void
count(char **argv)
{
	long ms = atol(argv[0]), lines = atol(argv[1]);
	uint64_t last = argv[2] != NULL ? (uint64_t)atol(argv[2]) : UINT64_MAX;

	while (own->done < last) {
		print_lines(lines);
		if (ms > 0)
			sleep_ms(ms);
	}
	leave(argv[2] != NULL && argv[3] != NULL ? atoi(argv[3]) : 0);
}

static void
linger(char **argv)
{
	sigset_t term;
	int signo;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	print_lines(1);
	sigwait(&term, &signo);
	sleep_ms(atol(argv[0]));
	print_lines(1);
	leave(0);
}

/* The token at the end is split, and lines are printed in between. */
static void
capture(char **argv)
{
	char text[128];
	int used;

	for (;;) {
		own->tried = own->done + 1;
		used = snprintf(text, sizeof(text),
		    "<!--XSUPERVISOR:BEGIN-->%zu.%ju<!--XSUPER", process,
		    (uintmax_t)own->tried);
		write_all(1, text, (size_t)used);
		sleep_ms(1);
		used = snprintf(text, sizeof(text), "VISOR:END-->%zu.%ju\n", process,
		    (uintmax_t)own->tried);
		write_all(1, text, (size_t)used);
		own->done = own->tried;
		sleep_ms(atol(argv[0]));
	}
}

static void
serve(char **argv)
{
	char text[256];
	ssize_t n;
	int s;

	(void)argv;
	for (;;) {
		s = accept4(0, NULL, NULL, SOCK_CLOEXEC);
		if (s == -1 && (errno == EAGAIN || errno == EINTR))
			sleep_ms(5);
		else if (s == -1)
			die("accept");
		while (s != -1 && (n = read(s, text, sizeof(text))) > 0) {
			own->tried++;
			if (write(s, text, (size_t)n) == n)
				own->done++;
		}
		if (s != -1)
			close(s);
	}
}

static const struct {
	const char *name;
	int least;
	void (*run)(char **argv);
} modes[] = {
	{"count", 2, count},
	{"linger", 1, linger},
	{"capture", 1, capture},
	{"serve", 0, serve},
};

int
main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 2 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i].name, argv[2]) == 0 && argc - 3 >= modes[i].least) {
			open_ledger(argv[1]);
			modes[i].run(argv + 3);
		}
	(void)fprintf(stderr, "usage: worker LEDGER MODE [ARGUMENT...]\n");
	return 112;
}
