#include "master/upgrade/handover.h"

#include "common/buf.h"
#include "common/fail.h"
#include "common/fd.h"
#include "master/upgrade/state_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
handover_read(int fd, char **why)
{
	json_error_t error;
	json_t *doc = handover_read_document(fd, &error);

	fd_close(fd);
	if (doc == NULL) {
		(void)state_parts_fail(why, "cannot be read:", error.text);
		return NULL;
	}
	if (handover_keep(doc, false) == 0)
		return doc;
	(void)state_parts_fail(why, "a descriptor is missing:", strerror(errno));
	json_decref(doc);
	return NULL;
}

/* A descriptor is stored as {"fd": number}. */
int
handover_keep(const json_t *doc, bool keep)
{
	json_t *part = (json_t *)(uintptr_t)doc, *member;
	const json_t *fd = json_object_get(doc, "fd");
	const char *name;
	size_t i;
	int rc = 0;

	if (json_is_integer(fd))
		return fcntl((int)json_integer_value(fd), F_SETFD, keep ? 0 : FD_CLOEXEC);
	json_object_foreach(part, name, member)
		rc |= handover_keep(member, keep);
	json_array_foreach(doc, i, member)
		rc |= handover_keep(member, keep);
	return rc;
}
