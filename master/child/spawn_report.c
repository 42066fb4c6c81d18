#include "master/child/spawn_report.h"

#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Children that have failed and are not reaped yet; each loop iteration reaps. */
#define SLOTS 256

struct slot {
	atomic_int pid;			/* 0 = free */
	struct spawn_report report;
};

/* Written by children only up to their exec, which ends the sharing. */
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

/* By the child, as the user that it has become: what that user cannot read stays unread. */
static size_t
read_head(const char *path, char *head)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n;

	if (fd == -1)
		return 0;
	n = read(fd, head, SPAWN_REPORT_HEAD);
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
	for (size_t i = 0; why != NULL && i + 1 < SPAWN_REPORT_WHY && why[i] != '\0'; i++) {
		slot->report.why[i] = why[i];
		slot->report.why[i + 1] = '\0';
	}
	slot->report.nhead = path == NULL ? 0 : read_head(path, slot->report.head);
	atomic_store(&slot->pid, (int)syscall(SYS_getpid));
	errno = saved;
}

bool
spawn_report_take(pid_t pid, struct spawn_report *report)
{
	for (size_t i = 0; board != NULL && i < SLOTS; i++) {
		struct slot *slot = &board->slots[i];

		if (atomic_load(&slot->pid) != (int)pid)
			continue;
		*report = slot->report;
		report->why[SPAWN_REPORT_WHY - 1] = '\0';
		if (report->nhead > SPAWN_REPORT_HEAD)
			report->nhead = 0;
		atomic_store(&slot->pid, 0);
		return true;
	}
	return false;
}

/* --- the text ----------------------------------------------------------------------- */

/* New: the interpreter of the first line, quoted; NULL when it names none. */
static char *
interpreter_of(const struct spawn_report *report)
{
	const char *start = report->head + 2, *end = report->head + report->nhead;
	char name[SPAWN_REPORT_HEAD];
	size_t n = 0;

	if (report->nhead < 3 || memcmp(report->head, "#!", 2) != 0)
		return NULL;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (start + n < end && strchr(" \t\n", start[n]) == NULL)
		n++;
	if (n == 0)
		return NULL;
	memcpy(name, start, n);
	return str_repr_bytes(name, n);
}

static char *
hint_of_interpreter(const struct spawn_report *report, const char *interpreter)
{
	const char *newline = memchr(report->head, '\n', report->nhead);
	bool dos = newline != NULL && newline > report->head && newline[-1] == '\r';

	return mem_printf("its interpreter %s does not exist%s", interpreter, dos ?
	    ": the lines of the file end with CR LF; convert it (dos2unix)" : "");
}

static bool
is_elf(const struct spawn_report *report)
{
	return report->nhead >= 4 && memcmp(report->head, "\177ELF", 4) == 0;
}

/* What to do, for errors of which the system's text does not say it; NULL = nothing. */
static const char *
remedy(const struct spawn_report *report, bool names_interpreter)
{
	switch (report->errnum) {
	case ENOEXEC:
		if (is_elf(report))
			return "the program is made for another machine";
		if (names_interpreter)
			return "its interpreter is no program of this machine";
		if (report->nhead >= 2 && memcmp(report->head, "#!", 2) == 0)
			return "its first line names no interpreter";
		return report->nhead == 0 ? "the file is empty, or cannot be read" :
		    "it does not begin with #!: name the interpreter there or in command=, "
		    "as in command=/bin/sh FILE";
	case ENOENT:
		return is_elf(report) ? "its loader or libraries do not exist" : NULL;
	case EACCES:
		return names_interpreter ?
		    "the user may not execute it or its interpreter, or the file system is "
		    "mounted noexec" :
		    "the user may not execute it, or the file system is mounted noexec";
	case E2BIG:
		return "its command line and environment together are longer than the "
		    "system allows: shorten command= or environment=";
	case EAGAIN:
		return "the user has as many processes as its limit (RLIMIT_NPROC) allows";
	default:
		return NULL;
	}
}

/* New: in words; NULL = there is nothing to say beyond the error. */
static char *
hint_of(const struct spawn_report *report)
{
	char *interpreter, *text = NULL;
	const char *known;

	if (report->step != SPAWN_EXEC)
		return NULL;
	interpreter = interpreter_of(report);
	known = remedy(report, interpreter != NULL);
	if (report->errnum == ENOENT && interpreter != NULL)
		text = hint_of_interpreter(report, interpreter);
	else if (known != NULL)
		text = strdup(known);
	free(interpreter);
	return text;
}

char *
spawn_report_text(const struct spawn_report *report, const char *object)
{
	static const char *const steps[] = {
		[SPAWN_DESCRIPTORS] = "prepare the descriptors of",
		[SPAWN_USER] = "become user",
		[SPAWN_DIRECTORY] = "change to the directory",
		[SPAWN_EXEC] = "execute",
	};
	char *quoted = str_repr(object), *hint = hint_of(report), *text = NULL;
	bool has_why = report->why[0] != '\0';

	if ((size_t)report->step < nitems(steps) && quoted != NULL)
		text = mem_printf("cannot %s %s: %s%s%s%s%s", steps[report->step], quoted,
		    has_why ? report->why : "", has_why && report->errnum != 0 ? ": " : "",
		    report->errnum != 0 ? strerror(report->errnum) : "",
		    hint != NULL ? "; " : "", hint != NULL ? hint : "");
	free(quoted);
	free(hint);
	return text;
}
