#include "master/upgrade/handover.h"

#include "common/fail.h"
#include "common/fd.h"
#include "master/upgrade/state_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int
handover_write(const json_t *doc)
{
	int fd = memfd_create("reeve-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	errno = ENOMEM;
	if (json_dumpfd(doc, fd, JSON_COMPACT) == -1)
		return fd_fail(fd, errno);
	if (lseek(fd, 0, SEEK_SET) == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == -1)
		return fd_fail(fd, errno);
	return fd;
}

json_t *
handover_read(int fd, char **why)
{
	json_error_t error;
	json_t *doc = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);

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
