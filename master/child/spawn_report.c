#include "master/child/spawn_report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLOTS 256 /* children that have failed and are not reaped yet */

struct slot {
	atomic_int pid; /* 0 = free */
	struct spawn_error report;
};

/* Shared with each child until its exec. */
struct board {
	atomic_uint next;
	struct slot slots[SLOTS];
};

static struct board *board;

int
spawn_report_init(void)
{
	void *memory = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	board = memory;
	return 0;
}

/* Runs in the child with the rights of its user, so the head of a file that this user may
 * not read is empty. */
static size_t
spawn_report_read_head(const char *path, char *head)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return 0;
	n = read(fd, head, SPAWN_ERROR_HEAD);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

void
spawn_report_send(enum spawn_step step, int errnum, const char *why, const char *path)
{
	int saved = errno;
	struct slot *slot;

	if (board == NULL)
		return;
	slot = &board->slots[atomic_fetch_add(&board->next, 1) % SLOTS];
	slot->report.step = step;
	slot->report.errnum = errnum;
	slot->report.why[0] = '\0';
	for (size_t i = 0; why != NULL && i + 1 < SPAWN_ERROR_WHY && why[i] != '\0'; i++) {
		slot->report.why[i] = why[i];
		slot->report.why[i + 1] = '\0';
	}
	slot->report.nhead =
	    path == NULL ? 0 : spawn_report_read_head(path, slot->report.head);
	atomic_store(&slot->pid, (int)syscall(SYS_getpid));
	errno = saved;
}

bool
spawn_report_take(pid_t pid, struct spawn_error *report)
{
	for (size_t i = 0; board != NULL && i < SLOTS; i++) {
		struct slot *slot = &board->slots[i];

		if (atomic_load(&slot->pid) != (int)pid)
			continue;
		*report = slot->report;
		report->why[SPAWN_ERROR_WHY - 1] = '\0';
		if (report->nhead > SPAWN_ERROR_HEAD)
			report->nhead = 0;
		atomic_store(&slot->pid, 0);
		return true;
	}
	return false;
}
