#include "master/frontend/rpcd_setup.h"

#include "common/mem.h"
#include "master/helper/helper_program.h"
#include "proto/state.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

json_t *
rpcd_setup_object(const struct config *config, enum role max_role, const char *form_key,
    size_t nlisteners)
{
	json_t *setup = helper_setup(config), *own;

	own = json_pack("{s:i,s:s,s:s}", "listeners", (int)nlisteners, "max_role",
	    role_name(max_role), "form_key", form_key);
	if (json_object_update(setup, own) == -1) {
		json_decref(setup);
		setup = NULL;
	}
	json_decref(own);
	return setup;
}

/* Bytes of the names of a server in the message, which fits a frame even when each byte of
 * its texts is escaped. */
#define RPCD_SETUP_NAMES_MAX (64 * 1024)

/* New: a text of the configuration (NULL = null), cut so that the message fits a frame. No
 * client can use credentials of this length, because the head of a request is shorter. */
static json_t *
rpcd_setup_text(const char *text)
{
	return text == NULL ? json_null() : json_stringn(text, state_text_len(text));
}

/* New: the names by which browsers may address the server. They are cut between two names,
 * because the beginning of a name is the name of another machine. */
static json_t *
rpcd_setup_names(const struct listener_config *l)
{
	struct utsname uts;
	json_t *object;
	char *names;
	size_t len;

	if (uname(&uts) == -1)
		uts.nodename[0] = '\0';
	names = mem_printf("%s %s %s", uts.nodename, l->host != NULL ? l->host : "",
	    l->server_names != NULL ? l->server_names : "");
	if (names == NULL)
		return NULL;
	len = strnlen(names, RPCD_SETUP_NAMES_MAX + 1);
	if (len > RPCD_SETUP_NAMES_MAX)
		while (names[--len] != ' ')
			;
	object = json_stringn(names, len);
	free(names);
	return object;
}

static json_t *
rpcd_setup_listener(const struct listener_config *l)
{
	char address[PATH_MAX + 32];

	if (l->is_unix)
		snprintf(address, sizeof(address), "%s", l->path);
	else
		snprintf(address, sizeof(address), "%s:%d", l->host, l->port);
	return json_pack("{s:o,s:s,s:o,s:o,s:o,s:s?,s:s,s:o}", "section",
	    rpcd_setup_text(l->section), "kind", l->is_unix ? "unix" : "tcp", "address",
	    rpcd_setup_text(address), "username", rpcd_setup_text(l->username), "password",
	    rpcd_setup_text(l->password), "unauthenticated_role",
	    l->has_role ? role_name(l->unauthenticated_role) : NULL, "metrics_role",
	    role_name(l->metrics_role), "server_names", rpcd_setup_names(l));
}

/* Sends a duplicate of fd. */
static int
rpcd_setup_notify(struct peer *peer, const char *method, json_t *params, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy == -1) {
		json_decref(params);
		return -1;
	}
	return peer_notify(peer, method, params, copy, 0);
}

/* ---- users ---- */

/* Adds a list, which ends with NULL; NULL = it is not given. 0, or -1 with ENOMEM. */
static int
rpcd_setup_add_list(json_t *params, const char *name, char *const *list)
{
	json_t *array;

	if (list == NULL)
		return 0;
	array = json_array();
	for (; *list != NULL; list++)
		if (json_array_append_new(array, json_string(*list)) == -1) {
			json_decref(array);
			return -1;
		}
	return json_object_set_new(params, name, array);
}

/* New: the message about a user, NULL with ENOMEM. A slow hash stays in the master,
 * and a user may have no password. */
static json_t *
rpcd_setup_user(const struct user_config *user)
{
	json_t *params = json_pack("{s:s,s:s,s:b,s:s*}", "name", user->name, "role",
	    role_name(user->role), "slow", user->slow, "password",
	    user->slow ? NULL : user->password);

	if (params != NULL &&
	    rpcd_setup_add_list(params, "programs", user->programs) == 0 &&
	    rpcd_setup_add_list(params, "methods", user->methods) == 0 &&
	    rpcd_setup_add_list(params, "deny_methods", user->deny_methods) == 0)
		return params;
	json_decref(params);
	return NULL;
}

static int
rpcd_setup_queue_users(struct peer *peer, const struct config *config)
{
	int rc = peer_notify(peer, "users.begin", NULL, -1, 0);

	for (size_t i = 0; rc == 0 && i < config->nusers; i++)
		rc = peer_notify(
		    peer, "users.user", rpcd_setup_user(&config->users[i]), -1, 0);
	for (size_t i = 0; rc == 0 && i < config->peers.count; i++) {
		const struct peer_config *entry = &config->peers.entries[i];

		rc = peer_notify(peer, "users.peer",
		    json_pack("{s:b,s:I,s:s}", "group", entry->is_group, "id",
			(json_int_t)entry->id, "user", entry->user),
		    -1, 0);
	}
	return rc == 0 ? peer_notify(peer, "users.end", NULL, -1, 0) : -1;
}

int
rpcd_setup_send_users(struct peer *peer, const struct config *config)
{
	json_malloc_t allocate;
	json_free_t release;
	int rc;

	/* As below. */
	json_get_alloc_funcs(&allocate, &release);
	json_set_alloc_funcs(allocate, mem_wiping_free);
	rc = rpcd_setup_queue_users(peer, config);
	json_set_alloc_funcs(allocate, release);
	return rc;
}

/* ---- all ---- */

int
rpcd_setup_send(struct peer *peer, const struct config *config,
    const struct http_sockets *sockets, const size_t *listeners, size_t nlisteners,
    int page)
{
	json_malloc_t allocate;
	json_free_t release;
	int rc = 0;

	/* Wipes freed memory, so that no other copy of a password remains. */
	json_get_alloc_funcs(&allocate, &release);
	json_set_alloc_funcs(allocate, mem_wiping_free);
	peer_secret(peer, true);
	for (size_t i = 0; rc == 0 && i < nlisteners; i++)
		rc = rpcd_setup_notify(peer, "setup.listener",
		    rpcd_setup_listener(&config->listeners[listeners[i]]),
		    http_sockets_fd(sockets, listeners[i]));
	if (rc == 0)
		rc = rpcd_setup_queue_users(peer, config);
	if (rc == 0)
		rc = rpcd_setup_notify(peer, "setup.page", json_object(), page);
	if (rc == 0)
		rc = peer_notify(peer, "setup.end", NULL, -1, 0);
	json_set_alloc_funcs(allocate, release);
	return rc;
}
