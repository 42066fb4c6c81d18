#include "master/survivors/survivor.h"

#include "common/fd.h"
#include "master/child/cgroup/cgroup_end.h"
#include "master/child/pidfd.h"
#include "master/child/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KILL_AGAIN_MS 1000
#define WAIT_MAX_S 4000000000 /* avoids an overflow */

struct survivor *
survivor_new(struct run_record *record_take)
{
	struct survivor *survivor = calloc(1, sizeof(*survivor));

	if (survivor == NULL) {
		run_record_clear(record_take);
		return NULL;
	}
	survivor->record = *record_take;
	*record_take = (struct run_record){ 0 };
	survivor->pidfd = -1;
	survivor->due_ms = -1;
	return survivor;
}

void
survivor_free(struct survivor *survivor)
{
	if (survivor == NULL)
		return;
	source_free(survivor->ended);
	tree_free(survivor->tree);
	cgroup_end_free(survivor->cgroup_end);
	fd_close(survivor->pidfd);
	run_record_clear(&survivor->record);
	free(survivor);
}

bool
survivor_is_same(const struct run_record *record, const struct procstat *stat)
{
	return stat->pid == record->pid && stat->state != 'Z' && stat->state != 'X' &&
	    stat->start >= (uint64_t)record->born_first &&
	    stat->start <= (uint64_t)record->born_last;
}

static bool
survivor_read_stat(pid_t pid, struct procstat *stat)
{
	char path[64], text[PROCSTAT_MAX];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd != -1 ? read(fd, text, sizeof(text)) : -1;
	fd_close(fd);
	return n > 0 && procstat_parse(text, (size_t)n, stat) == 0;
}

/* The pidfd is opened first: if it is of a later process, so is what is read. */
bool
survivor_find(const struct run_record *record, int *pidfd)
{
	struct procstat stat;

	*pidfd = pidfd_new(record->pid);
	if (*pidfd == -1 && errno == ESRCH)
		return false;
	if (survivor_read_stat(record->pid, &stat) && survivor_is_same(record, &stat))
		return true;
	fd_close(*pidfd);
	*pidfd = -1;
	return false;
}

void
survivor_insert(struct survivor_list *list, struct survivor *survivor_take)
{
	struct survivor *other;

	TAILQ_FOREACH_REVERSE(other, list, survivor_list, in_list)
	if (run_record_order(&other->record, &survivor_take->record) <= 0)
		break;
	if (other != NULL)
		TAILQ_INSERT_AFTER(list, other, survivor_take, in_list);
	else
		TAILQ_INSERT_HEAD(list, survivor_take, in_list);
}

static int64_t
survivor_wait_ms(const struct run_record *record)
{
	return (record->stopwaitsecs < WAIT_MAX_S ? record->stopwaitsecs : WAIT_MAX_S) *
	    1000;
}

struct survivor_signal
survivor_next_signal(struct survivor *survivor, int64_t now)
{
	const struct run_record *record = &survivor->record;

	if (survivor->due_ms == -1) {
		survivor->due_ms = now + survivor_wait_ms(record);
		return (struct survivor_signal){ record->stopsignal, record->stopasgroup };
	}
	if (now < survivor->due_ms)
		return (struct survivor_signal){ 0, false };
	survivor->due_ms = now + KILL_AGAIN_MS;
	survivor->kills++;
	return (struct survivor_signal){ SIGKILL, record->killasgroup };
}

bool
survivor_is_hopeless(const struct survivor *survivor, int64_t now)
{
	return survivor->kills >= SURVIVOR_KILLS && now >= survivor->due_ms;
}
