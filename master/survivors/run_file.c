#include "master/survivors/run_file.h"

#include "common/buf.h"
#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/safepath.h"
#include "common/safepath_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define TEMPORARY "." RUN_FILE_NAME ".new" /* only one daemon uses the directory */
#define AGAIN_MS 5000                      /* until a failed write is tried again */
#define LOCK_WAIT_MS 2000                  /* for the helpers of a daemon that was killed */
#define LOCK_RETRY_MS 20
#define GROWTH_MIN 65536 /* bytes that may be out of date in any case */

struct run_file {
	char *path;          /* for messages */
	struct safepath dir; /* with the file's name */
	bool begun;          /* a daemon writes it */
	char boot[RUN_RECORD_BOOT];
	int lock;            /* the directory, locked */
	int fd;              /* open for appending; -1 = all of it must be written */
	struct idmap *lines; /* pid → line, owned */
	struct buf unsent;   /* lines to be appended */
	bool changed;
	size_t live, size; /* bytes of the current lines, and of the file */
	struct source *again;
	struct log_limit failures;
};

static void
run_file_on_again(void *ctx, uint32_t ready UNUSED)
{
	run_file_flush(ctx);
}

/* --- opening ------------------------------------------------------------------------- */

static int
run_file_read_boot(char boot[RUN_RECORD_BOOT])
{
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd != -1 ? read(fd, boot, RUN_RECORD_BOOT - 1) : -1;

	fd_close(fd);
	if (n <= 0)
		return -1;
	boot[n] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
	return 0;
}

/* The lock ends with the daemon and its forks, which may live a moment longer. */
static int
run_file_lock(const struct run_file *file)
{
	int64_t end = clock_mono_ms() + LOCK_WAIT_MS;
	int rc;

	while ((rc = flock(file->lock, LOCK_EX | LOCK_NB)) == -1 && errno == EWOULDBLOCK &&
	    clock_mono_ms() < end)
		(void)poll(NULL, 0, LOCK_RETRY_MS);
	/* Some file systems have no locks. */
	return rc == -1 && errno == EWOULDBLOCK ? -1 : 0;
}

static int
run_file_open_directory(struct run_file *file, char **why)
{
	if (safepath_find(&file->dir, file->path, SAFEPATH_LAST) == -1) {
		*why = mem_printf("state_directory: cannot open the directory of %s: %s",
		    file->path, strerror(errno));
		return -1;
	}
	if (file->dir.rights.kind != FS_RIGHTS_OWN) {
		*why = mem_printf("state_directory: %s: %s", file->path, file->dir.why);
		return -1;
	}
	/* A file of root that holds a user's words, as a log does, could be moved there. */
	if (safepath_stat_is_shared(&file->dir.st)) {
		*why = mem_printf("state_directory: other users can write the directory of "
				  "%s; it must belong to the daemon's user, with mode 0700",
		    file->path);
		return -1;
	}
	file->lock = openat(file->dir.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->lock == -1) {
		*why = mem_printf("state_directory: cannot open the directory of %s: %s",
		    file->path, strerror(errno));
		return -1;
	}
	if (run_file_lock(file) == 0)
		return 0;
	*why = mem_printf("state_directory: another daemon uses %s; give each daemon a "
			  "directory of its own",
	    file->path);
	return -1;
}

struct run_file *
run_file_open(struct loop *loop, const char *directory, char **why)
{
	struct run_file *file = calloc(1, sizeof(*file));

	*why = NULL;
	if (file == NULL)
		return NULL;
	file->fd = file->lock = file->dir.dir = -1;
	buf_init(&file->unsent, 0);
	file->path = mem_printf("%s/%s", directory, RUN_FILE_NAME);
	file->lines = idmap_new();
	file->again = loop_timer(loop, run_file_on_again, file);
	if (file->path != NULL && file->lines != NULL && file->again != NULL) {
		if (run_file_read_boot(file->boot) == -1)
			*why = mem_printf("state_directory: cannot read " BOOT_ID ": %s",
			    strerror(errno));
		else if (run_file_open_directory(file, why) == 0)
			return file;
	}
	run_file_close(file);
	return NULL;
}

/* --- reading ------------------------------------------------------------------------- */

/* New: the content of the file, *n bytes; NULL = there is none, or it is not used. Another
 * user could otherwise name processes to be ended. */
static char *
run_file_content(struct run_file *file, size_t *n)
{
	struct stat st;
	int fd = safepath_open(&file->dir, file->dir.name, O_RDONLY, 0, &st);
	const char *why = NULL;
	char *text = NULL;
	ssize_t got = -1;

	if (fd == -1 && errno == ENOENT)
		return NULL;
	if (fd != -1 && !S_ISREG(st.st_mode))
		why = "it is not a regular file";
	else if (fd != -1 && (st.st_uid != geteuid() || (st.st_mode & 022) != 0))
		why = "other users can write it";
	else if (fd != -1 && st.st_size > RUN_FILE_MAX)
		why = "it is too large";
	else if (fd == -1 || (text = malloc((size_t)st.st_size + 1)) == NULL ||
	    (got = read(fd, text, (size_t)st.st_size)) == -1)
		why = strerror(errno);
	fd_close(fd);
	if (why != NULL) {
		log_error("%s is not used: %s; processes that an earlier daemon may have "
			  "left are not known",
		    file->path, why);
		free(text);
		return NULL;
	}
	*n = (size_t)got;
	return text;
}

static int
run_file_compare(const void *a, const void *b)
{
	return run_record_order(b, a);
}

/* Moves the records of the map to an array, in the order of starts. */
static struct run_record *
run_file_list(struct idmap *found, size_t *count)
{
	struct run_record *list = calloc(idmap_count(found) + 1, sizeof(*list)), *record;
	size_t cursor = 0;

	while ((record = idmap_next(found, &cursor, NULL)) != NULL) {
		if (list != NULL)
			list[(*count)++] = *record;
		else
			run_record_clear(record);
		free(record);
	}
	if (list != NULL)
		qsort(list, *count, sizeof(*list), run_file_compare);
	return list;
}

static void
run_file_forget(struct idmap *found, pid_t pid)
{
	struct run_record *record = idmap_remove(found, (uint64_t)pid);

	if (record != NULL)
		run_record_clear(record);
	free(record);
}

/* 0, or -1 if memory runs out, which takes the record. */
static int
run_file_note(struct idmap *found, const struct run_record *record_take)
{
	struct run_record *copy = malloc(sizeof(*copy)), lost = *record_take;

	run_file_forget(found, record_take->pid);
	if (copy != NULL)
		*copy = *record_take;
	if (copy != NULL && idmap_set(found, (uint64_t)copy->pid, copy) == 0)
		return 0;
	free(copy);
	run_record_clear(&lost);
	return -1;
}

/* A line that is cut off is one that a full disk, or the end of the daemon, did not let be
 * written. The number of lines that cannot be used, or -1 for the file of another boot. */
static int
run_file_parse(const struct run_file *file, const char *text, size_t n, struct idmap *found)
{
	const char *end = text + n, *newline;
	struct run_record record;
	char boot[RUN_RECORD_BOOT] = "";
	enum run_line kind;
	int bad = 0;

	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		kind = run_record_read(text, (size_t)(newline - text), &record, boot);
		if (kind == RUN_LINE_HEAD && strcmp(boot, file->boot) != 0)
			return -1;
		if (kind == RUN_LINE_ENDED)
			run_file_forget(found, record.pid);
		/* Without a head, the boot is unknown. */
		if (kind == RUN_LINE_BAD || (kind != RUN_LINE_HEAD && boot[0] == '\0') ||
		    (kind == RUN_LINE_RUNS && run_file_note(found, &record) == -1)) {
			run_record_clear(&record);
			bad++;
		}
	}
	return bad;
}

struct run_record *
run_file_read(struct run_file *file, size_t *count)
{
	struct idmap *found = idmap_new();
	struct run_record *list = NULL;
	char *text = NULL;
	size_t n;
	int bad = 0;

	*count = 0;
	if (found != NULL)
		text = run_file_content(file, &n);
	if (text != NULL)
		bad = run_file_parse(file, text, n, found);
	if (bad == -1)
		log_info("%s is of an earlier boot of the machine", file->path);
	else if (bad > 0)
		log_warn("%s is damaged: %d line%s of it cannot be used", file->path, bad,
		    bad == 1 ? "" : "s");
	if (found != NULL)
		list = run_file_list(found, count);
	idmap_free(found);
	free(text);
	return list;
}

/* --- writing ------------------------------------------------------------------------- */

static int
run_file_put(int fd, const struct buf *lines)
{
	ssize_t done = write(fd, buf_data(lines), buf_len(lines));

	if (done == (ssize_t)buf_len(lines))
		return 0;
	return fail_with(done == -1 ? errno : ENOSPC);
}

/* All lines. 0, or -1 with ENOMEM. */
static int
run_file_collect(const struct run_file *file, struct buf *all)
{
	char *head = run_record_head(file->boot);
	const char *line;
	size_t cursor = 0;
	int rc = head == NULL ? -1 : buf_printf(all, "%s\n", head);

	free(head);
	while (rc == 0 && (line = idmap_next(file->lines, &cursor, NULL)) != NULL)
		rc = buf_printf(all, "%s\n", line);
	return rc;
}

/* Writes another file, so that a full disk leaves the old one as it was. */
static int
run_file_replace(struct run_file *file)
{
	struct stat st;
	struct buf all;
	int saved;

	buf_init(&all, 0);
	fd_close(file->fd);
	(void)!safepath_remove(&file->dir, TEMPORARY, NULL);
	file->fd = safepath_open(
	    &file->dir, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600, &st);
	if (file->fd != -1 && run_file_collect(file, &all) == 0 &&
	    run_file_put(file->fd, &all) == 0 &&
	    safepath_rename(&file->dir, TEMPORARY, file->dir.name) == 0) {
		file->size = buf_len(&all);
		buf_clear(&all);
		return 0;
	}
	saved = errno;
	buf_clear(&all);
	fd_close(file->fd);
	file->fd = -1;
	(void)!safepath_remove(&file->dir, TEMPORARY, NULL);
	return fail_with(saved);
}

/* Whether the file exists and may grow. */
static bool
run_file_may_append(const struct run_file *file)
{
	struct stat st;

	return file->fd != -1 && fstat(file->fd, &st) == 0 && st.st_nlink > 0 &&
	    file->size + buf_len(&file->unsent) <= 2 * file->live + GROWTH_MIN;
}

void
run_file_begin(struct run_file *file)
{
	file->begun = file->changed = true;
}

void
run_file_flush(struct run_file *file)
{
	int rc = -1;

	if (!file->changed)
		return;
	if (run_file_may_append(file)) {
		rc = run_file_put(file->fd, &file->unsent);
		file->size += buf_len(&file->unsent);
	}
	if (rc == -1)
		rc = run_file_replace(file);
	buf_clear(&file->unsent);
	file->changed = rc == -1;
	source_arm(file->again, rc == -1 ? clock_mono_ms() + AGAIN_MS : -1);
	if (rc == -1)
		log_limited(&file->failures, LEVEL_ERROR,
		    "cannot write %s: %s; if the daemon is killed, the next one does not "
		    "know its processes",
		    file->path, strerror(errno));
}

/* Takes the text. Without memory for the line, the whole file is written. */
static void
run_file_append(struct run_file *file, const char *line)
{
	file->changed = true;
	if (line != NULL && buf_printf(&file->unsent, "%s\n", line) == 0)
		return;
	fd_close(file->fd);
	file->fd = -1;
}

static void
run_file_drop(struct run_file *file, pid_t pid)
{
	char *old = idmap_remove(file->lines, (uint64_t)pid);

	if (old != NULL)
		file->live -= strlen(old) + 1;
	free(old);
}

void
run_file_set(struct run_file *file, const struct run_record *record)
{
	char *line = run_record_line(record);

	run_file_drop(file, record->pid);
	if (line == NULL || idmap_set(file->lines, (uint64_t)record->pid, line) == -1) {
		free(line);
		run_file_append(file, NULL);
		return;
	}
	file->live += strlen(line) + 1;
	run_file_append(file, line);
}

bool
run_file_has(const struct run_file *file, pid_t pid)
{
	return idmap_get(file->lines, (uint64_t)pid) != NULL;
}

void
run_file_remove(struct run_file *file, pid_t pid)
{
	char *line;

	if (idmap_get(file->lines, (uint64_t)pid) == NULL)
		return;
	run_file_drop(file, pid);
	line = run_record_ended(pid);
	run_file_append(file, line);
	free(line);
}

void
run_file_close(struct run_file *file)
{
	size_t cursor = 0;
	char *line;

	if (file == NULL)
		return;
	if (file->begun && idmap_count(file->lines) > 0)
		run_file_flush(file);
	else if (file->begun)
		(void)!safepath_remove(&file->dir, file->dir.name, NULL);
	while (
	    file->lines != NULL && (line = idmap_next(file->lines, &cursor, NULL)) != NULL)
		free(line);
	idmap_free(file->lines);
	buf_clear(&file->unsent);
	source_free(file->again);
	fd_close(file->fd);
	fd_close(file->lock);
	safepath_close(&file->dir);
	free(file->path);
	free(file);
}
