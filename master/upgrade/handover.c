#include "master/upgrade/handover.h"

#include "common/buf.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/sock.h"
#include "master/upgrade/state_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_PID 0x40000000 /* of a placeholder; the kernel has at most 2^22 */

static int
handover_append(const char *bytes, size_t n, void *out)
{
	return buf_append(out, bytes, n);
}

/* 0, or -1 with errno. */
static int
handover_write_all(int fd, const char *bytes, size_t n)
{
	ssize_t written;

	for (; n > 0; bytes += written, n -= (size_t)written) {
		written = write(fd, bytes, n);
		if (written == -1)
			return -1;
	}
	return 0;
}

/* As a whole: jansson would make a system call for each value, and for each byte that it
 * reads. */
static int
handover_write_document(int fd, const json_t *doc)
{
	struct buf out;
	int rc;

	buf_init(&out, 0);
	errno = ENOMEM;
	rc = json_dump_callback(doc, handover_append, &out, JSON_COMPACT);
	if (rc == 0)
		rc = handover_write_all(fd, buf_data(&out), buf_len(&out));
	buf_clear(&out);
	return rc;
}

int
handover_write(const json_t *doc)
{
	int fd = memfd_create("reeve-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (handover_write_document(fd, doc) == -1)
		return fd_fail(fd, errno);
	if (lseek(fd, 0, SEEK_SET) == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == -1)
		return fd_fail(fd, errno);
	return fd;
}

/* New, or NULL with *error. */
static json_t *
handover_read_document(int fd, json_error_t *error)
{
	struct stat st;
	void *map;
	json_t *doc;

	if (fstat(fd, &st) == -1 || st.st_size == 0) {
		snprintf(error->text, sizeof(error->text), "it is empty");
		return NULL;
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		snprintf(error->text, sizeof(error->text), "%s", strerror(errno));
		return NULL;
	}
	doc = json_loadb(map, (size_t)st.st_size, JSON_REJECT_DUPLICATES, error);
	munmap(map, (size_t)st.st_size);
	return doc;
}

json_t *
handover_load(int fd, char **why)
{
	json_error_t error;
	json_t *doc = handover_read_document(fd, &error);

	if (doc == NULL)
		(void)state_parts_fail(why, "cannot be read:", error.text);
	return doc;
}

json_t *
handover_read(int fd, char **why)
{
	json_t *doc = handover_load(fd, why);

	fd_close(fd);
	if (doc == NULL || handover_keep(doc, false) == 0)
		return doc;
	(void)state_parts_fail(why, "a descriptor is missing:", strerror(errno));
	json_decref(doc);
	return NULL;
}

/* Calls `visit` for each descriptor, which is stored as {"fd": number}; name: of the member
 * that has it, or NULL. The results, or'ed. */
static int
handover_visit(const json_t *part, const char *name,
    int (*visit)(int fd, const char *name, void *ctx), void *ctx)
{
	json_t *object = (json_t *)(uintptr_t)part, *member;
	const json_t *fd = json_object_get(part, "fd");
	const char *key;
	size_t i;
	int rc = 0;

	if (json_is_integer(fd))
		return visit((int)json_integer_value(fd), name, ctx);
	json_object_foreach(object, key, member)
		rc |= handover_visit(member, key, visit, ctx);
	json_array_foreach(part, i, member)
		rc |= handover_visit(member, NULL, visit, ctx);
	return rc;
}

static int
handover_set_kept(int fd, const char *name UNUSED, void *keep)
{
	return fcntl(fd, F_SETFD, *(const bool *)keep ? 0 : FD_CLOEXEC);
}

int
handover_keep(const json_t *doc, bool keep)
{
	return handover_visit(doc, NULL, handover_set_kept, &keep);
}

static int
handover_raise(int fd, const char *name UNUSED, void *highest)
{
	if (fd > *(int *)highest)
		*(int *)highest = fd;
	return 0;
}

int
handover_highest(const json_t *doc)
{
	int highest = STDERR_FILENO;

	(void)handover_visit(doc, NULL, handover_raise, &highest);
	return highest;
}

/* What stands for a log, and for anything else. */
struct handover_placeholders {
	int log, other;
};

static int
handover_put_placeholder(int fd, const char *name, void *ctx)
{
	const struct handover_placeholders *use = ctx;
	bool is_log = name != NULL && strcmp(name, "log_fd") == 0;

	return dup3(is_log ? use->log : use->other, fd, O_CLOEXEC) == fd ? 0 : -1;
}

static int
handover_open_placeholders(struct handover_placeholders *use, int above)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), pair[2] = { -1, -1 };

	*use = (struct handover_placeholders){ -1, -1 };
	if (null != -1 && sock_pair(pair) == 0) {
		use->log = fcntl(null, F_DUPFD_CLOEXEC, above);
		use->other = fcntl(pair[0], F_DUPFD_CLOEXEC, above);
		/* The other end stays open, so that writing to the first is no error. */
		(void)fcntl(pair[1], F_DUPFD_CLOEXEC, above);
	}
	fd_close(null);
	fd_close(pair[0]);
	fd_close(pair[1]);
	return use->log == -1 || use->other == -1 ? -1 : 0;
}

/* Numbers above all that the kernel uses. */
static int
handover_replace_pids(json_t *part, int next)
{
	json_t *member = json_object_get(part, "pid");
	const char *key;
	size_t i;

	if (json_integer_value(member) > 0)
		(void)json_integer_set(member, next++);
	json_object_foreach(part, key, member)
		next = handover_replace_pids(member, next);
	json_array_foreach(part, i, member)
		next = handover_replace_pids(member, next);
	return next;
}

int
handover_substitute(json_t *doc)
{
	struct handover_placeholders use;
	int rc = handover_open_placeholders(&use, handover_highest(doc) + 1);

	if (rc == 0)
		rc = handover_visit(doc, NULL, handover_put_placeholder, &use);
	fd_close(use.log);
	fd_close(use.other);
	(void)handover_replace_pids(doc, FIRST_PID);
	return rc;
}
