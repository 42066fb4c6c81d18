#include "master/daemon/restart_check.h"

#include "common/mem.h"
#include "common/sock.h"
#include "master/config/document/document.h"
#include "master/config/load/load_context.h"
#include "master/frontend/frontend.h"
#include "master/frontend/http_sockets.h"
#include "master/log/logtarget.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
restart_check_user_refusal(const struct config *config)
{
	const struct user *user = config->user;

	if (user == NULL || user->uid == geteuid() || geteuid() == 0)
		return NULL;
	return "Can't drop privilege as nonroot user";
}

static int
restart_check_listener(struct master *master, struct conf_load *load, size_t i)
{
	struct listener_config *listener = &load->config->listeners[i];
	char *error = NULL, address[INET6_ADDRSTRLEN];

	conf_load_at(load, listener->section, listener->is_unix ? "file" : "port");
	if (http_sockets_check(master->http_sockets, load->config, i, &error) == -1)
		return conf_load_fail_take(load, error);
	/* So that the next run does not have to look the name up while nothing runs. */
	if (!listener->is_unix && *listener->host != '\0' &&
	    sock_find_address(listener->host, address, sizeof(address)) == 0)
		listener->address = xstrdup(address);
	return 0;
}

static int
restart_check_listeners(struct master *master, struct conf_load *load)
{
	const struct config *config = load->config;
	char *path, *error = NULL;

	for (size_t i = 0; i < config->nlisteners; i++)
		if (restart_check_listener(master, load, i) == -1)
			return -1;
	if (config->nlisteners == 0)
		return 0;
	path = frontend_find(master->self, &error);
	if (path == NULL)
		return conf_load_fail_take(load, error);
	free(path);
	return 0;
}

static bool
restart_check_has_auto_log(const struct group_config *group)
{
	for (size_t i = 0; i < group->nprocesses; i++)
		for (size_t n = 0; n < OUTPUT_MAX; n++)
			if (group->processes[i]->outputs[n].target == LOG_TO_AUTO)
				return true;
	return false;
}

/* A start fails when the AUTO logs of a group cannot be created. */
static int
restart_check_auto_logs(struct conf_load *load)
{
	const struct config *config = load->config;
	bool wanted = false;

	conf_load_at(load, "supervisord", "childlogdir");
	for (size_t i = 0; i < config->ngroups && !wanted; i++)
		wanted = restart_check_has_auto_log(config->groups[i]);
	if (!wanted || access(config->childlogdir, W_OK | X_OK) == 0)
		return 0;
	return conf_load_fail(load, "cannot create AUTO logs in %s: %s",
	    config->childlogdir, strerror(errno));
}

/* Tries to open the main log or the audit log (path NULL = none); one that does not exist
 * is created by the next run. */
static int
restart_check_log(
    struct conf_load *load, const char *option, const char *path, const char *what)
{
	char why[SAFEPATH_WHY] = "";
	struct nonblocking_writer out = NONBLOCKING_WRITER_NONE;
	struct stat st;
	int rc;

	conf_load_at(load, "supervisord", option);
	if (path == NULL || access(path, F_OK) == -1)
		return 0;
	rc = logtarget_open(path, &out, &st, why);
	if (rc == 0)
		nonblocking_writer_close(&out);
	else
		(void)conf_load_fail(load, "cannot open the %s %s: %s", what, path,
		    *why != '\0' ? why : strerror(errno));
	return rc;
}

int
restart_check(struct master *master, struct conf_load *load)
{
	const char *refusal = restart_check_user_refusal(load->config);

	conf_load_at(load, "supervisord", "user");
	if (refusal != NULL)
		return conf_load_fail(load, "%s", refusal);
	if (restart_check_log(load, "logfile", load->config->logfile, "log") == -1 ||
	    restart_check_log(load, "audit_log", load->config->audit_log, "audit log") ==
		-1 ||
	    restart_check_auto_logs(load) == -1)
		return -1;
	return restart_check_listeners(master, load);
}

void
restart_check_keep(struct master *master, int document_take)
{
	restart_check_forget(master);
	master->document = document_take;
}

void
restart_check_forget(struct master *master)
{
	if (master->document != -1)
		close(master->document);
	master->document = -1;
}

int
restart_check_read(struct master *master, struct config **config, char **error)
{
	struct conf_reader reader = { .config = NULL };
	struct stat st;
	void *bytes = MAP_FAILED;
	int rc = -1;

	*config = NULL;
	if (fstat(master->document, &st) == 0)
		bytes = mmap(
		    NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, master->document, 0);
	if (bytes != MAP_FAILED) {
		rc = conf_reader_config(&reader, bytes, (size_t)st.st_size, config);
		munmap(bytes, (size_t)st.st_size);
		conf_reader_end(&reader);
	}
	restart_check_forget(master);
	if (rc == -1)
		*error = xasprintf("cannot read the configuration that was checked: %s",
		    bytes == MAP_FAILED ? strerror(errno) : reader.why);
	return rc;
}
