#include "master/daemon/config_reader_child.h"

#include "common/log.h"
#include "common/mem.h"
#include "common/sock.h"
#include "common/str.h"
#include "master/config/document/difference.h"
#include "master/config/load/load_context.h"
#include "master/config/load/place.h"
#include "master/daemon/reread.h"
#include "master/daemon/restart_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* By order of activation, which the numbers of the processes follow. */
static int
config_reader_child_by_activation(const void *a, const void *b)
{
	const struct group *const *left = a, *const *right = b;
	const struct process *l = TAILQ_FIRST(&(*left)->processes);
	const struct process *r = TAILQ_FIRST(&(*right)->processes);
	uint64_t first = l == NULL ? 0 : l->id, second = r == NULL ? 0 : r->id;

	return (first > second) - (first < second);
}

/* New array: the definitions of the active groups, in order of activation. */
static const struct group_config **
config_reader_child_active(const struct groups *groups, size_t *count)
{
	const struct group *group, **live;
	const struct group_config **active;
	size_t n = 0;

	TAILQ_FOREACH(group, &groups->list, in_groups)
		n++;
	live = xcalloc(n + 1, sizeof(*live));
	active = xcalloc(n + 1, sizeof(*active));
	n = 0;
	TAILQ_FOREACH(group, &groups->list, in_groups)
		live[n++] = group;
	qsort(live, n, sizeof(*live), config_reader_child_by_activation);
	for (size_t i = 0; i < n; i++)
		active[i] = live[i]->config;
	free(live);
	*count = n;
	return active;
}

/* Sends the whole configuration in a file in memory, from which the next run starts, after
 * a trial reading. 0, or -1 with *why new. */
static int
config_reader_child_document(
    struct conf_writer *writer, const struct config *config, int socket, char **why)
{
	int fd = memfd_create("configuration", MFD_CLOEXEC);
	struct conf_reader reader;
	struct config *read;

	conf_writer_config(writer, config);
	if (writer->error != NULL)
		return 0;
	if (conf_reader_config(
		&reader, buf_data(&writer->out), buf_len(&writer->out), &read) == -1) {
		*why = xstrdup(reader.why);
		return -1;
	}
	if (fd == -1 || conf_writer_flush(writer, fd) == -1) {
		*why = xasprintf(
		    "cannot keep the configuration in memory: %s", strerror(errno));
		return -1;
	}
	conf_writer_texts(writer, CONF_DOCUMENT_END, NULL);
	if (sock_send(socket, buf_data(&writer->out), buf_len(&writer->out), fd) == -1)
		return -1;
	buf_consume(&writer->out, buf_len(&writer->out));
	return 0;
}

/* Sends the result of the reading. 0, or -1 with *why new. */
static int
config_reader_child_result(struct master *master, const struct config_reader_task *task,
    const struct conf_load *load, struct conf_writer *writer, int socket, char **why)
{
	struct conf_in_force live = {
		.config = master->config, .loglevel = log_threshold(),
	};
	const struct group_config **active;
	int rc = 0;

	if (task->kind == CONFIG_RESTART) {
		rc = config_reader_child_document(writer, load->config, socket, why);
	} else {
		active = config_reader_child_active(master->groups, &live.nactive);
		live.active = active;
		writer->fd = socket;
		conf_difference_write(
		    writer, &live, load->config, task->kind == CONFIG_PREVIEW);
		free(active);
	}
	if (rc == 0 && writer->error != NULL) {
		*why = xstrdup(writer->error);
		rc = -1;
	}
	return rc;
}

/* Reads and checks the configuration. New: its first error; NULL = none. */
static char *
config_reader_child_read(
    struct master *master, const struct config_reader_task *task, struct conf_load *load)
{
	bool restart = task->kind == CONFIG_RESTART;

	if (conf_load_run(load) == -1)
		return restart ? conf_place_error(load, conf_place_key(load)) :
				 conf_place_report(load);
	if (restart && restart_check(master, load) == -1)
		return conf_place_error(load, load->failed_key);
	return NULL;
}

int
config_reader_child(
    struct master *master, const struct config_reader_task *task, int socket)
{
	struct arguments arguments = reread_arguments(master);
	struct conf_writer writer;
	struct conf_load load;
	char *error;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != task->parent || fcntl(socket, F_SETFL, 0) == -1)
		return 1;
	conf_load_begin(&load, &arguments);
	error = config_reader_child_read(master, task, &load);
	conf_writer_begin(&writer, &load);
	if (error == NULL &&
	    config_reader_child_result(master, task, &load, &writer, socket, &error) ==
		-1 &&
	    error == NULL)
		return 1;
	if (error != NULL) {
		buf_consume(&writer.out, buf_len(&writer.out));
		conf_writer_texts(
		    &writer, CONF_DOCUMENT_ERROR, (const char *[]){ error, NULL });
		conf_writer_texts(&writer, CONF_DOCUMENT_END, NULL);
	}
	/* The process ends: its memory is not freed. */
	return conf_writer_flush(&writer, socket) == 0 ? 0 : 1;
}
