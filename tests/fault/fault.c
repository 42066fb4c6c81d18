#include "tests/fault/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

extern const char __executable_start[], etext[];

static struct {
	struct fault_page *page; /* NULL = without a test */
	bool is_master;          /* or a fork of it: not reeve-rpcd */
	bool deciding;           /* in fault_now, whose own calls do not count */
} fault;

#define VARIABLE "REEVE_FAULT_PAGE"

/* The value in the environment of the parent, for reeve-rpcd, whose own is empty. */
static const char *
fault_inherited(char *text, size_t size)
{
	static const char name[] = VARIABLE "=";
	char path[64];
	int fd;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)getppid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, size - 1);
	if (fd != -1)
		(void)close(fd);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	for (const char *at = text; at < text + n; at += strlen(at) + 1)
		if (strncmp(at, name, sizeof(name) - 1) == 0)
			return at + sizeof(name) - 1;
	return NULL;
}

static __attribute__((constructor)) void
fault_begin(void)
{
	static char inherited[65536];
	const char *path = getenv(VARIABLE);
	void *page;
	int fd;

	fault.is_master = path != NULL;
	if (path == NULL)
		path = fault_inherited(inherited, sizeof(inherited));
	fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd == -1)
		return;
	page = mmap(
	    NULL, sizeof(struct fault_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (page == MAP_FAILED)
		abort();
	fault.page = page;
	if (fault.is_master && fault.page->pid == 0)
		fault.page->pid = getpid();
}

struct fault_walk {
	uint64_t path[FAULT_DEPTH];
	int depth;
	int skip; /* frames of this file and of the wrapper */
};

/* Addresses of shared libraries differ from one start to the next, and are left out. */
static _Unwind_Reason_Code
fault_frame(struct _Unwind_Context *context, void *arg)
{
	struct fault_walk *walk = arg;
	uintptr_t at = _Unwind_GetIP(context);

	if (walk->skip > 0 && walk->skip--)
		return _URC_NO_REASON;
	if (at < (uintptr_t)__executable_start || at >= (uintptr_t)etext)
		return _URC_NO_REASON;
	walk->path[walk->depth++] = at - (uintptr_t)__executable_start;
	return walk->depth < FAULT_DEPTH ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static uint64_t
fault_hash(const struct fault_walk *walk, const char *name)
{
	uint64_t hash = 14695981039346656037u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 1099511628211u;
	for (int i = 0; i < walk->depth; i++)
		hash = (hash ^ walk->path[i]) * 1099511628211u;
	return hash ^ (hash >> 32) ^ 1;
}

/* Whether the path is new; then it is known. */
static bool
fault_is_new(struct fault_page *page, uint64_t hash)
{
	for (uint64_t i = hash % FAULT_SEEN;; i = (i + 1) % FAULT_SEEN) {
		if (page->seen[i] == hash)
			return false;
		if (page->seen[i] != 0)
			continue;
		if (page->paths >= FAULT_SEEN / 2)
			return false;
		page->seen[i] = hash;
		page->paths++;
		return true;
	}
}

static bool
fault_by_chance(struct fault_page *page)
{
	uint64_t x = page->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	page->random = x;
	return (x >> 20) % 1000000 < page->per_million;
}

static bool
fault_decide(struct fault_page *page, const char *name, struct fault_walk *walk)
{
	uint64_t hash;

	if (page->mode == FAULT_RANDOM && !fault_by_chance(page))
		return false;
	(void)_Unwind_Backtrace(fault_frame, walk);
	if (page->mode == FAULT_RANDOM)
		return true;
	hash = fault_hash(walk, name);
	return fault_is_new(page, hash) &&
	    (page->every <= 1 || (hash >> 8) % page->every == 0);
}

static int
fault_error(const struct fault_page *page, const int *errors)
{
	uint32_t count = 0;

	while (errors[count] != 0)
		count++;
	return errors[page->round % count];
}

bool
fault_now(const char *name, const int *errors)
{
	struct fault_page *page = fault.page;
	struct fault_walk walk = { .skip = 3 };
	struct fault_record *record;
	bool in_child, fails;

	if (page == NULL || !fault.is_master || fault.deciding || page->mode == FAULT_OFF)
		return false;
	in_child = getpid() != page->pid;
	if (in_child != (page->in_children != 0))
		return false;
	fault.deciding = true;
	page->calls++;
	fails = fault_decide(page, name, &walk);
	fault.deciding = false;
	if (!fails)
		return false;
	if (page->mode == FAULT_PATHS)
		page->mode = FAULT_OFF;
	errno = fault_error(page, errors);
	record = &page->log[page->fired++ % FAULT_LOG];
	strncpy(record->name, name, sizeof(record->name) - 1);
	record->error = errno;
	record->in_child = in_child;
	memcpy(record->path, walk.path, sizeof(record->path));
	return true;
}

int64_t
fault_clock(clockid_t id)
{
	if (fault.page == NULL)
		return 0;
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return fault.page->wall_ns;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
		return fault.page->mono_ns;
	default:
		return 0;
	}
}
