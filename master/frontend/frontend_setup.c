#include "master/frontend/frontend_setup.h"

#include "common/mem.h"
#include "master/control/control.h"
#include "master/control/state_stream.h"
#include "master/frontend/http_sockets.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

json_t *
frontend_setup_object(const struct master *master)
{
	const struct config *config = master->config;
	const struct user *user = geteuid() == 0 ? config->rpcd_user : NULL;

	return json_pack("{s:i,s:i,s:s,s:b,s:s,s:s,s:i}", "uid",
	    (int)(user == NULL ? geteuid() : user->uid), "gid",
	    (int)(user == NULL ? getegid() : user->gid), "user",
	    user == NULL ? "" : user->name, "root", geteuid() == 0, "confinement",
	    config->confinement_strict ? "strict" : "best", "loglevel",
	    log_level_word(log_threshold()), "listeners", (int)config->nlisteners);
}

/* New: the names that belong to this machine for sure, and those of the configuration. */
static char *
server_names(const struct listener_config *l)
{
	const char *given = l->server_names != NULL ? l->server_names : "";
	const char *host = l->host != NULL ? l->host : "";
	struct utsname uts;

	if (uname(&uts) == -1)
		uts.nodename[0] = '\0';
	return mem_printf("%s %s %s", uts.nodename, host, given);
}

static json_t *
listener_object(const struct listener_config *l)
{
	char address[PATH_MAX + 32];
	char *names = server_names(l);
	json_t *object;

	if (l->is_unix)
		snprintf(address, sizeof(address), "%s", l->path);
	else
		snprintf(address, sizeof(address), "%s:%d", l->host, l->port);
	object = json_pack("{s:s,s:s,s:s,s:s?,s:s?,s:s?,s:s?}", "section", l->section,
	    "kind", l->is_unix ? "unix" : "tcp", "address", address, "username",
	    l->username,
	    "password", l->password, "unauthenticated_role",
	    l->has_role ? role_name(l->unauthenticated_role) : NULL, "server_names", names);
	free(names);
	return object;
}

static int
send_fd(struct connection *client, const char *method, json_t *params, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy == -1) {
		json_decref(params);
		return -1;
	}
	return peer_notify(client->peer, method, params, copy, 0);
}

static int
send_all(const struct master *master, struct connection *client)
{
	(void)http_sockets_revive(master->http_sockets, master->config);
	control_revive(master->control);
	for (size_t i = 0; i < master->config->nlisteners; i++)
		if (send_fd(client, "setup.listener",
		        listener_object(&master->config->listeners[i]),
		        http_sockets_fd(master->http_sockets, i)) == -1)
			return -1;
	if (send_fd(client, "setup.page", json_object(),
		state_stream_page(master->state_stream)) == -1)
		return -1;
	return peer_notify(client->peer, "setup.end", NULL, -1, 0);
}

/* The passwords stay in the configuration alone. */
int
frontend_setup_send(const struct master *master, struct connection *client)
{
	json_malloc_t allocate;
	json_free_t release;
	int rc;

	json_get_alloc_funcs(&allocate, &release);
	json_set_alloc_funcs(allocate, mem_wiping_free);
	peer_secret(client->peer, true);
	rc = send_all(master, client);
	json_set_alloc_funcs(allocate, release);
	return rc;
}
