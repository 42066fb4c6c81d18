#include "master/daemon/config_text.h"

#include "common/fail.h"
#include "common/fd.h"
#include "common/mem.h"
#include "master/config/document/document.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void
config_text_out_of_memory(void)
{
	_exit(ENOMEM);
}

/* In the child. The exit status is 0, or an errno. */
static NORETURN void
config_text_write(const struct config *config, int fd)
{
	struct conf_writer writer;

	mem_on_failure(config_text_out_of_memory);
	conf_writer_begin(&writer, NULL);
	conf_writer_config(&writer, config);
	if (writer.error != NULL)
		_exit(EMSGSIZE);
	_exit(conf_writer_flush(&writer, fd) == 0 ? 0 : errno);
}

/* 0, or -1 with errno. */
static int
config_text_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	if (!WIFEXITED(status))
		return fail_with(ECHILD);
	return WEXITSTATUS(status) == 0 ? 0 : fail_with(WEXITSTATUS(status));
}

/* The file may hold the hash of a password, and is never on a disk. */
static json_t *
config_text_read(int fd)
{
	struct stat st;
	json_t *hex;
	void *bytes;

	if (fstat(fd, &st) == -1 || st.st_size == 0)
		return NULL;
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	hex = statefield_hex(bytes, (size_t)st.st_size);
	munmap(bytes, (size_t)st.st_size);
	return hex != NULL ? hex : fail_null(ENOMEM);
}

json_t *
config_text_hex(const struct config *config)
{
	int fd = memfd_create("reeve-config", MFD_CLOEXEC), saved;
	json_t *hex = NULL;
	pid_t pid;

	if (fd == -1)
		return NULL;
	pid = fork();
	if (pid == 0)
		config_text_write(config, fd);
	if (pid != -1 && config_text_wait(pid) == 0)
		hex = config_text_read(fd);
	saved = errno;
	fd_close(fd);
	errno = saved;
	return hex;
}
