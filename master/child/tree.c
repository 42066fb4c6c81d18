#include "master/child/tree.h"

#include "common/clock.h"
#include "common/mem.h"
#include "master/child/tree_table.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENVIRON_MAX (128 * 1024) /* bytes of an environment that are searched */
#define SCANS_MIN 5              /* before it gives up, on a slow machine */
#define PAUSE_MAX_MS 100         /* between two scans, for processes that are ending */

struct tree {
	char *variable; /* TREE_VARIABLE=MARK */
	uid_t uid;
	tree_fn *done;
	void *ctx;
	struct source *timer;
	pid_t main; /* 0 = it has been reaped */
	bool kills;
	int64_t finish_ms; /* when tree_finish was called; -1 = it was not */
	pid_t scan_main;   /* `main` when this scan began */
	int64_t pause_ms;
	int scans; /* since then */
	DIR *proc; /* NULL = no scan is under way */
	char *environment;
	struct tree_table next;  /* of this scan */
	struct tree_table found; /* by earlier scans */
};

/* ---- reading ---- */

/* Reads a file of a process: its bytes, or 0 when it cannot be read. */
static size_t
tree_read(const struct tree *tree, const char *pid, const char *file, char *text, size_t n)
{
	char path[64];
	ssize_t got;
	size_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", pid, file);
	fd = openat(dirfd(tree->proc), path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return 0;
	while (len < n && (got = read(fd, text + len, n - len)) > 0)
		len += (size_t)got;
	close(fd);
	return len;
}

/* A process in an uninterruptible wait may hold the lock that reading its environment
 * needs, so it is read in a later scan. */
static bool
tree_is_marked(struct tree *tree, const char *pid, const struct procstat *stat)
{
	struct stat st;
	size_t n;

	if (stat->state == 'D' || stat->state == 'Z' ||
	    fstatat(dirfd(tree->proc), pid, &st, 0) == -1 || st.st_uid != tree->uid)
		return false;
	n = tree_read(tree, pid, "environ", tree->environment, ENVIRON_MAX);
	return tree_table_has_variable(tree->environment, n, tree->variable);
}

/* Reads one process. 0, also when it has gone; or -1 with ENOMEM. */
static int
tree_add(struct tree *tree, const char *pid)
{
	char text[PROCSTAT_MAX];
	struct procstat stat;
	size_t n = tree_read(tree, pid, "stat", text, sizeof(text));

	if (n == 0 || procstat_parse(text, n, &stat) == -1)
		return 0;
	if (stat.pid == getpid() || stat.pid == 1)
		return 0;
	return tree_table_add(&tree->next, &stat, tree_is_marked(tree, pid, &stat));
}

/* Reads the next processes. 1 when there are more, 0, or -1 with errno. */
static int
tree_read_some(struct tree *tree)
{
	const struct dirent *entry;

	for (int n = 0; n < TREE_STEP;) {
		errno = 0;
		entry = readdir(tree->proc);
		if (entry == NULL)
			return errno == 0 ? 0 : -1;
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (tree_add(tree, entry->d_name) == -1)
			return -1;
		n++;
	}
	return 1;
}

/* ---- a scan ---- */

/* The pidfd is opened before the process is compared, so that it stays the same one. */
static bool
tree_kill_one(const struct tree *tree, const struct tree_process *process)
{
	char pid[16], text[PROCSTAT_MAX];
	struct procstat stat;
	size_t n;
	int fd = (int)syscall(SYS_pidfd_open, process->pid, 0), rc = -1;

	if (fd == -1)
		return errno == ESRCH;
	snprintf(pid, sizeof(pid), "%d", (int)process->pid);
	n = tree_read(tree, pid, "stat", text, sizeof(text));
	if (n > 0 && procstat_parse(text, n, &stat) == 0 && stat.start == process->start)
		rc = (int)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	else
		errno = ESRCH;
	rc = rc == 0 || errno == ESRCH ? 0 : -1;
	close(fd);
	return rc == 0;
}

/* Kills what was found. Returns how many processes could not be signalled. */
static size_t
tree_kill_found(const struct tree *tree)
{
	size_t failed = 0;

	for (size_t i = 0; i < tree->found.count; i++)
		failed += !tree_kill_one(tree, &tree->found.list[i]);
	return failed;
}

static void
tree_end_scan(struct tree *tree)
{
	if (tree->proc != NULL)
		closedir(tree->proc);
	tree->proc = NULL;
	mem_freep(&tree->environment);
	tree_table_clear(&tree->next);
}

/* After the end of the main process, scans until nothing is found, or only processes that
 * cannot be signalled, or until the time is over. */
static void
tree_go_on(struct tree *tree, size_t left, size_t failed)
{
	int64_t now = clock_mono_ms();

	bool counts = tree->scan_main == 0; /* else it may have missed some */

	if (tree->finish_ms == -1)
		return;
	tree->scans++;
	if ((counts && left == failed) ||
	    (now - tree->finish_ms >= TREE_MAX_MS && tree->scans >= SCANS_MIN)) {
		tree->done(tree->ctx, left);
		return;
	}
	source_arm(tree->timer, now + tree->pause_ms);
	tree->pause_ms =
	    tree->pause_ms * 2 < PAUSE_MAX_MS ? tree->pause_ms * 2 : PAUSE_MAX_MS;
}

/* The processes of the scan before are remembered if this one has failed. */
static void
tree_finish_scan(struct tree *tree, bool complete)
{
	size_t left = tree->found.count, failed = 0;

	if (tree->kills && tree->main != 0)
		kill(tree->main, SIGKILL);
	if (complete) {
		left = tree_table_decide(&tree->next, tree->scan_main, &tree->found);
		tree_table_keep_found(&tree->next);
		tree_table_clear(&tree->found);
		tree->found = tree->next;
		tree->next = (struct tree_table){ 0 };
		if (tree->kills)
			failed = tree_kill_found(tree);
	}
	tree_end_scan(tree);
	tree_go_on(tree, left, failed);
}

static void
tree_turn(void *ctx, uint32_t ready UNUSED)
{
	struct tree *tree = ctx;
	int more = -1;

	if (tree->proc == NULL) {
		tree->environment = malloc(ENVIRON_MAX);
		tree->proc = opendir("/proc");
		tree->scan_main = tree->main;
	}
	if (tree->environment != NULL && tree->proc != NULL)
		more = tree_read_some(tree);
	if (more == 1)
		source_arm(tree->timer, clock_mono_ms());
	else
		tree_finish_scan(tree, more == 0);
}

/* ---- the interface ---- */

struct tree *
tree_new(struct loop *loop, const char *mark, uid_t uid, tree_fn *done, void *ctx)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree == NULL)
		return NULL;
	*tree = (struct tree){
		.variable = mem_printf("%s=%s", TREE_VARIABLE, mark),
		.uid = uid,
		.done = done,
		.ctx = ctx,
		.timer = loop_timer(loop, tree_turn, tree),
		.finish_ms = -1,
		.pause_ms = 1,
	};
	if (tree->variable != NULL && tree->timer != NULL)
		return tree;
	tree_free(tree);
	errno = ENOMEM;
	return NULL;
}

void
tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	tree_end_scan(tree);
	tree_table_clear(&tree->found);
	source_free(tree->timer);
	free(tree->variable);
	free(tree);
}

static void
tree_begin(struct tree *tree)
{
	if (source_deadline(tree->timer) == -1)
		source_arm(tree->timer, clock_mono_ms());
}

void
tree_note(struct tree *tree, pid_t main)
{
	tree->main = main;
	tree_begin(tree);
}

/* A scan that is under way began before this call, but it finds what existed then. */
void
tree_kill(struct tree *tree, pid_t main)
{
	tree->main = main;
	tree->kills = true;
	tree_begin(tree);
}

void
tree_finish(struct tree *tree)
{
	tree->main = 0;
	tree->kills = true;
	tree->finish_ms = clock_mono_ms();
	tree_begin(tree);
}
