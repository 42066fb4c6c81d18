#include "master/child/childenv.h"

#include "common/fail.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a service manager tells reeved is not for its children. */
static const char *const withheld[] = {
    "NOTIFY_SOCKET=", "LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "WATCHDOG_USEC=",
    "WATCHDOG_PID=",
};

static bool
is_withheld(const char *item)
{
	for (size_t i = 0; i < nitems(withheld); i++)
		if (str_starts(item, withheld[i]))
			return true;
	return false;
}

/* Sets "name=value", replacing an earlier one; `count` items stand already. */
static int
put(char **env, size_t *count, const char *name, const char *value)
{
	size_t len = strlen(name);
	char *item = mem_printf("%s=%s", name, value);

	if (item == NULL)
		return -1;
	for (size_t i = 0; i < *count; i++)
		if (strncmp(env[i], name, len) == 0 && env[i][len] == '=') {
			free(env[i]);
			env[i] = item;
			return 0;
		}
	env[(*count)++] = item;
	return 0;
}

/* New "unix://PATH" of the first Unix listener, else "http://HOST:PORT" of the first inet
 * one; *url NULL when there is neither. 0 or -1. */
static int
server_url(const struct config *config, char **url)
{
	const struct listener_config *found = NULL, *l;

	*url = NULL;
	for (size_t i = 0; i < config->nlisteners; i++) {
		l = &config->listeners[i];
		if (found == NULL || (l->is_unix && !found->is_unix))
			found = l;
	}
	if (found == NULL)
		return 0;
	*url = found->is_unix ? mem_printf("unix://%s", found->path) :
	    mem_printf("http://%s:%d", *found->host ? found->host : "localhost",
		found->port);
	return *url == NULL ? -1 : 0;
}

static int
put_server_url(char **env, size_t *count, const struct config *config,
    const struct process_config *process)
{
	char *url = NULL;
	int rc;

	if (process->serverurl != NULL && *process->serverurl == '\0')
		return 0;
	if (process->serverurl != NULL)
		return put(env, count, "SUPERVISOR_SERVER_URL", process->serverurl);
	if (server_url(config, &url) == -1)
		return -1;
	rc = url == NULL ? 0 : put(env, count, "SUPERVISOR_SERVER_URL", url);
	free(url);
	return rc;
}

static int
put_all(char **env, size_t *count, const struct environment *variables)
{
	for (size_t i = 0; i < variables->count; i++)
		if (put(env, count, variables->items[i].name, variables->items[i].value) ==
		    -1)
			return -1;
	return 0;
}

static int
copy_ours(char **env, size_t *count, char *const *ours)
{
	for (size_t i = 0; ours[i] != NULL; i++) {
		if (is_withheld(ours[i]))
			continue;
		env[*count] = strdup(ours[i]);
		if (env[*count] == NULL)
			return -1;
		(*count)++;
	}
	return 0;
}

char **
childenv_new(char *const *ours, const struct config *config, const char *group,
    const struct process_config *process)
{
	size_t room = 5 + process->environment.count, count = 0;
	char **env;

	for (size_t i = 0; ours[i] != NULL; i++)
		room++;
	env = calloc(room, sizeof(*env));
	if (env == NULL)
		return NULL;
	if (copy_ours(env, &count, ours) == -1 ||
	    put(env, &count, "SUPERVISOR_ENABLED", "1") == -1 ||
	    put_server_url(env, &count, config, process) == -1 ||
	    put(env, &count, "SUPERVISOR_PROCESS_NAME", process->name) == -1 ||
	    put(env, &count, "SUPERVISOR_GROUP_NAME", group) == -1 ||
	    put_all(env, &count, &process->environment) == -1) {
		childenv_free(env);
		return fail_null(ENOMEM);
	}
	return env;
}

void
childenv_free(char **env)
{
	if (env == NULL)
		return;
	for (char **item = env; *item != NULL; item++)
		free(*item);
	free(env);
}

const char *
childenv_get(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}
