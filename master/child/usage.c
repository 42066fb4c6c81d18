#include "master/child/usage.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/queue.h"
#include "master/child/child_impl.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct usage_asker {
	TAILQ_ENTRY(usage_asker) in_list;
	usage_fn *fn;
	void *ctx;
	uint64_t request, which;
};

TAILQ_HEAD(usage_asker_list, usage_asker);

struct usage {
	struct groups *groups;
	const char *proc;
	/* Continues a sample; otherwise forgets the latest one when nobody has asked for
	 * USAGE_BASE_MS. */
	struct source *timer;
	struct usage_asker_list askers;
	struct usage_table latest;
	int64_t begun_ms;   /* when the latest sample was begun */
	int64_t sampled_ms; /* when it was complete; -1 = there is none */
	/* The sample that is being made. */
	struct usage_table next;
	enum { USAGE_IDLE, USAGE_BEGINS, USAGE_READS, USAGE_COUNTS, USAGE_GROUPS } phase;
	DIR *dir;        /* open from USAGE_READS on */
	bool counts_fds; /* the kernel shows the number of descriptors as a size */
	size_t counted;  /* processes whose descriptors are counted */
	size_t grouped;  /* programs whose control groups were read */
	bool blind;      /* it was logged that /proc does not show the programs */
};

static void
usage_log_blind(struct usage *usage, const char *what, const char *why)
{
	if (!usage->blind)
		log_warn("CPU and memory of programs are not known: %s: %s", what, why);
	usage->blind = true;
}

/* ---- a sample ---- */

static int
usage_add_programs(struct usage *usage)
{
	struct process *p;

	GROUPS_FOREACH_PROCESS(p, usage->groups, NULL)
		if (p->pid > 0 &&
		    usage_table_add(&usage->next, p->id, p->spawn, p->pid) == -1)
			return -1;
	usage_table_sort(&usage->next);
	return 0;
}

/* Since Linux 6.2 the size of /proc/PID/fd is the number of open descriptors; before, it
 * is 0. */
static int64_t
usage_fds(const struct usage *usage, const char *pid)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "%s/fd", pid);
	return fstatat(dirfd(usage->dir), path, &st, 0) == 0 ? st.st_size : 0;
}

static void
usage_end(struct usage *usage)
{
	if (usage->dir != NULL)
		closedir(usage->dir);
	usage->dir = NULL;
	usage->phase = USAGE_IDLE;
}

/* Answers the callers that waited. One of them may ask again, and then waits for the next
 * sample only if this one is older than USAGE_KEPT_MS. */
static void
usage_answer(struct usage *usage)
{
	struct usage_asker_list askers = TAILQ_HEAD_INITIALIZER(askers);
	struct usage_asker *asker;

	TAILQ_CONCAT(&askers, &usage->askers, in_list);
	while ((asker = TAILQ_FIRST(&askers)) != NULL) {
		TAILQ_REMOVE(&askers, asker, in_list);
		asker->fn(asker->ctx, asker->request, asker->which);
		free(asker);
	}
}

/* Logs once if /proc does not have the process of a program that still runs. */
static void
usage_check_visible(struct usage *usage)
{
	for (size_t i = 0; i < usage->next.count && !usage->blind; i++) {
		const struct usage_row *row = &usage->next.rows[i];
		const struct process *p = groups_process(usage->groups, row->id);

		if (row->at_ms == 0 && p != NULL && p->spawn == row->spawn &&
		    p->pid == row->pid)
			usage_log_blind(usage, p->config->name,
			    "its process is not in /proc, which may be mounted with "
			    "hidepid=, or not at all");
	}
}

/* The sample is complete, or has failed: then it has no rows. */
static void
usage_finish(struct usage *usage)
{
	usage_end(usage);
	usage_check_visible(usage);
	usage_table_finish(&usage->next, &usage->latest);
	usage_table_clear(&usage->latest);
	usage->latest = usage->next;
	usage->next = (struct usage_table){ 0 };
	usage->sampled_ms = clock_mono_ms();
	source_arm(usage->timer, usage->sampled_ms + USAGE_BASE_MS);
	usage_answer(usage);
}

static void
usage_fail(struct usage *usage, const char *what, int error)
{
	usage_log_blind(usage, what, strerror(error));
	usage_table_clear(&usage->next);
	usage_finish(usage);
}

/* Reads one process. 0, also when it has gone; or -1 with ENOMEM. */
static int
usage_read_process(struct usage *usage, const char *pid, int64_t now)
{
	char path[32], text[PROCSTAT_MAX];
	struct procstat stat;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/stat", pid);
	fd = openat(dirfd(usage->dir), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n <= 0 || procstat_parse(text, (size_t)n, &stat) == -1)
		return 0;
	return usage_table_add_process(&usage->next, &stat, now);
}

/* Reads the next processes. 1 when there are more, 0, or -1 with errno. */
static int
usage_read_some(struct usage *usage)
{
	int64_t now = clock_mono_ms();
	const struct dirent *entry;

	for (int n = 0; n < USAGE_STEP;) {
		errno = 0;
		entry = readdir(usage->dir);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (usage_read_process(usage, entry->d_name, now) == -1)
			return -1;
		n++;
	}
	return 1;
}

/* Adds the next processes to their programs. True when there are more. */
static bool
usage_count_some(struct usage *usage)
{
	struct usage_table *table = &usage->next;
	char pid[16];

	for (int n = 0; n < USAGE_STEP && usage->counted < table->nprocesses; n++) {
		struct usage_row *row = usage_table_count(table, usage->counted);

		snprintf(
		    pid, sizeof(pid), "%d", (int)table->processes[usage->counted++].pid);
		if (row != NULL)
			row->fds = usage->counts_fds ? row->fds + usage_fds(usage, pid) :
						       USAGE_UNKNOWN;
	}
	return usage->counted < table->nprocesses;
}

/* Reads the control groups of the next programs, which count what they use more exactly.
 * True when there are more. */
static bool
usage_read_groups(struct usage *usage)
{
	struct usage_table *table = &usage->next;

	for (int n = 0; n < USAGE_STEP && usage->grouped < table->count; n++) {
		struct usage_row *row = &table->rows[usage->grouped++];
		const struct process *p = groups_process(usage->groups, row->id);
		int64_t cpu_ms, memory;

		if (p == NULL || p->spawn != row->spawn ||
		    !child_cgroup_usage(p, &cpu_ms, &memory))
			continue;
		row->cpu_ms = cpu_ms != -1 ? cpu_ms : row->cpu_ms;
		row->rss = memory != -1 ? memory : row->rss;
	}
	return usage->grouped < table->count;
}

/* Notes the programs that run. */
static void
usage_begin(struct usage *usage)
{
	int64_t tick_ms = 1000 / sysconf(_SC_CLK_TCK);

	usage_table_init(&usage->next, tick_ms > 0 ? tick_ms : 1, sysconf(_SC_PAGESIZE));
	usage->counted = usage->grouped = 0;
	usage->begun_ms = clock_mono_ms();
	usage->dir = opendir(usage->proc);
	if (usage->dir == NULL) {
		usage_fail(usage, usage->proc, errno);
	} else if (usage_add_programs(usage) == -1) {
		usage_fail(usage, "no sample was made", errno);
	} else {
		usage->counts_fds = usage_fds(usage, "self") > 0;
		usage->phase = USAGE_READS;
	}
}

static void
usage_read(struct usage *usage)
{
	int more = usage_read_some(usage);

	if (more == -1) {
		usage_fail(usage, usage->proc, errno);
	} else if (more == 0) {
		usage_table_sort(&usage->next);
		usage->phase = USAGE_COUNTS;
	}
}

static void
usage_turn(void *ctx, uint32_t ready UNUSED)
{
	struct usage *usage = ctx;

	if (usage->phase == USAGE_IDLE) {
		usage_table_clear(&usage->latest);
		usage->sampled_ms = -1;
		return;
	}
	if (usage->phase == USAGE_BEGINS)
		usage_begin(usage);
	else if (usage->phase == USAGE_READS)
		usage_read(usage);
	else if (usage->phase == USAGE_COUNTS && !usage_count_some(usage))
		usage->phase = USAGE_GROUPS;
	else if (usage->phase == USAGE_GROUPS && !usage_read_groups(usage))
		usage_finish(usage);
	if (usage->phase != USAGE_IDLE)
		source_arm(usage->timer, clock_mono_ms());
}

/* ---- the interface ---- */

struct usage *
usage_new(struct loop *loop, struct groups *groups, const char *proc)
{
	struct usage *usage = calloc(1, sizeof(*usage));

	if (usage == NULL)
		return NULL;
	usage->timer = loop_timer(loop, usage_turn, usage);
	if (usage->timer == NULL) {
		free(usage);
		return NULL;
	}
	usage->groups = groups;
	usage->proc = proc;
	usage->sampled_ms = -1;
	TAILQ_INIT(&usage->askers);
	return usage;
}

void
usage_free(struct usage *usage)
{
	struct usage_asker *asker;

	if (usage == NULL)
		return;
	while ((asker = TAILQ_FIRST(&usage->askers)) != NULL) {
		TAILQ_REMOVE(&usage->askers, asker, in_list);
		free(asker);
	}
	usage_end(usage);
	usage_table_clear(&usage->next);
	usage_table_clear(&usage->latest);
	source_free(usage->timer);
	free(usage);
}

/* A client that asks every USAGE_KEPT_MS gets a new sample each time. After a sample that
 * took long, there is a pause. */
static bool
usage_is_fresh(const struct usage *usage, int64_t now)
{
	return usage->phase == USAGE_IDLE && usage->sampled_ms != -1 &&
	    (now - usage->begun_ms < USAGE_KEPT_MS ||
		now - usage->sampled_ms < USAGE_KEPT_MS / 2);
}

static bool
usage_is_full(const struct usage *usage, const void *ctx)
{
	const struct usage_asker *asker;
	size_t count = 0, own = 0;

	TAILQ_FOREACH(asker, &usage->askers, in_list) {
		count++;
		own += asker->ctx == ctx;
	}
	return count >= USAGE_ASKERS_MAX || own >= USAGE_ASKERS_PER_CLIENT;
}

int
usage_ask(struct usage *usage, usage_fn *fn, void *ctx, uint64_t request, uint64_t which)
{
	int64_t now = clock_mono_ms();
	struct usage_asker *asker;

	if (usage_is_fresh(usage, now)) {
		fn(ctx, request, which);
		return 0;
	}
	if (usage_is_full(usage, ctx))
		return fail_with(ENOBUFS);
	asker = calloc(1, sizeof(*asker));
	if (asker == NULL)
		return -1;
	*asker = (struct usage_asker){
		.fn = fn, .ctx = ctx, .request = request, .which = which
	};
	TAILQ_INSERT_TAIL(&usage->askers, asker, in_list);
	if (usage->phase == USAGE_IDLE) {
		usage->phase = USAGE_BEGINS;
		source_arm(usage->timer, now);
	}
	return 0;
}

void
usage_forget(struct usage *usage, const void *ctx)
{
	struct usage_asker *asker, *next;

	if (usage == NULL)
		return;
	TAILQ_FOREACH_SAFE(asker, &usage->askers, in_list, next) {
		if (asker->ctx != ctx)
			continue;
		TAILQ_REMOVE(&usage->askers, asker, in_list);
		free(asker);
	}
}

const struct usage_row *
usage_of(const struct usage *usage, const struct process *p)
{
	const struct usage_row *row = usage_table_find(&usage->latest, p->id);

	return row != NULL && row->spawn == p->spawn && row->pid == p->pid &&
		row->at_ms != 0 ?
	    row :
	    NULL;
}
