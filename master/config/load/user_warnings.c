#include "master/config/load/user_warnings.h"

#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/config/load/load_context.h"
#include "master/config/values/hash_cost.h"
#include "proto/api.h"
#include "proto/program_set.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define COST_HIGH_MS 100

/* --- passwords --- */

void
conf_warn_plain_password(struct conf_load *load, const struct user_config *user)
{
	const char *file, *raw = ini_get(load->ini, user->section, "password");
	const char *opened = load->arguments->opened;
	struct stat st;
	size_t line;

	if (user->password_file != NULL || strstr(raw, "%(") != NULL ||
	    !ini_where(load->ini, user->section, "password", &file, &line))
		return;
	if (opened != NULL && str_equal(file, load->config->file))
		file = opened;
	if (stat(file, &st) == 0 && (st.st_mode & S_IROTH) != 0)
		conf_load_warn(load, user->section, "password",
		    "[%s] everybody on this machine can read the password; replace it by "
		    "the hash that reevectl passwd prints",
		    user->section);
}

void
conf_warn_password_file(
    struct conf_load *load, const struct user_config *user, const struct stat *st)
{
	if ((st->st_mode & (S_IRGRP | S_IROTH)) != 0)
		conf_load_warn(load, user->section, "password_file",
		    "[%s] %s can read %s; run chmod 600", user->section,
		    (st->st_mode & S_IROTH) != 0 ? "everybody" : "its group",
		    user->password_file);
}

/* New: the part of a hash on which its cost depends: what is before the salt or, where the
 * two are not apart, before the hash. */
static char *
user_warnings_cost_key(const char *hash)
{
	size_t n = (size_t)(strrchr(hash, '$') - hash);

	if (!str_starts(hash, "$2") && !str_starts(hash, "$7"))
		while (hash[n - 1] != '$')
			n--;
	return xstrndup(hash, n);
}

/* `known` has the costs that were measured, plus 2. */
static void
user_warnings_cost(
    struct conf_load *load, const struct user_config *user, struct map *known)
{
	char *key = user_warnings_cost_key(user->password);
	uintptr_t cost = (uintptr_t)map_get(known, key);

	if (cost == 0) {
		cost = (uintptr_t)(hash_cost_ms(user->password) + 2);
		mem_must(map_set(known, key, (void *)cost));
	}
	free(key);
	if (cost == 1)
		conf_load_warn(load, user->section,
		    user->password_file != NULL ? "password_file" : "password",
		    "[%s] the password cannot be verified on this machine: its hash is "
		    "not known to crypt(3), or takes more than %d s or 1 GB; make another "
		    "with reevectl passwd",
		    user->section, HASH_COST_MAX_MS / 1000);
	else if (cost - 2 > COST_HIGH_MS)
		conf_load_warn(load, user->section,
		    user->password_file != NULL ? "password_file" : "password",
		    "[%s] the verification of the password takes %u ms, and others wait "
		    "for it; reevectl passwd makes hashes that take less than %d ms",
		    user->section, (unsigned)(cost - 2), COST_HIGH_MS);
}

static void
user_warnings_costs(struct conf_load *load)
{
	struct map *known = map_new();

	mem_must(known == NULL ? -1 : 0);
	for (size_t i = 0; i < load->config->nusers; i++)
		if (load->config->users[i].slow)
			user_warnings_cost(load, &load->config->users[i], known);
	map_free(known);
}

/* --- names --- */

/* Whether the item names a process, or all. */
static bool
user_warnings_has_program(const struct config *config, const char *item)
{
	struct program_set *set = program_set_new((const char *const[]){ item, NULL });
	bool found;

	mem_must(set == NULL ? -1 : 0);
	found = program_set_is_all(set);
	for (size_t g = 0; !found && g < config->ngroups; g++)
		for (size_t i = 0; !found && i < config->groups[g]->nprocesses; i++)
			found = program_set_has(set, config->groups[g]->name,
			    config->groups[g]->processes[i]->name);
	program_set_free(set);
	return found;
}

/* Whether the pattern is for methods that a program of [rpcinterface:x] serves. */
static bool
user_warnings_is_served(const struct config *config, const char *pattern)
{
	char *namespace = xstrndup(pattern, strcspn(pattern, "."));
	bool served = false;

	for (size_t g = 0; !served && g < config->ngroups; g++)
		served = config->groups[g]->kind == GROUP_INTERFACE &&
		    fnmatch(namespace, config->groups[g]->interface.name, 0) == 0;
	free(namespace);
	return served;
}

/* Whether the pattern is for a method. *for_all: only for some that need programs=all. */
static bool
user_warnings_has_method(const struct config *config, const char *pattern, bool *for_all)
{
	bool is_served = user_warnings_is_served(config, pattern), found = is_served;
	const struct api_method *method;

	*for_all = !is_served;
	for (size_t n = 0; (method = api_nth(n)) != NULL; n++)
		if (fnmatch(pattern, method->name, 0) == 0) {
			found = true;
			if ((cmd_table[method->cmd].flags & CMD_NEEDS_ALL) == 0)
				*for_all = false;
		}
	return found;
}

/* Whether there are programs that the user does not see. */
static bool
user_warnings_is_restricted(const struct user_config *user)
{
	struct program_set *set;
	bool is_restricted;

	if (user->programs == NULL)
		return false;
	set = program_set_new((const char *const *)user->programs);
	mem_must(set == NULL ? -1 : 0);
	is_restricted = !program_set_is_all(set);
	program_set_free(set);
	return is_restricted;
}

static void
user_warnings_methods(struct conf_load *load, const struct user_config *user,
    const char *option, char *const *patterns)
{
	bool restricts = str_equal(option, "methods") && user_warnings_is_restricted(user);
	bool for_all;

	for (; patterns != NULL && *patterns != NULL; patterns++)
		if (!user_warnings_has_method(load->config, *patterns, &for_all))
			conf_load_warn(load, user->section, option,
			    "[%s] %s has %s, but there is no such method; reeve-rpcd(8) "
			    "and reeve-api(7) list them",
			    user->section, option, *patterns);
		else if (restricts && for_all)
			conf_load_warn(load, user->section, option,
			    "[%s] methods has %s, which has no effect: it needs "
			    "programs=all",
			    user->section, *patterns);
}

static void
user_warnings_programs(struct conf_load *load, const struct user_config *user)
{
	char *const *item = user->programs;

	if (item != NULL && *item == NULL)
		conf_load_warn(load, user->section, "programs",
		    "[%s] programs is empty: the user sees no program", user->section);
	for (; item != NULL && *item != NULL; item++)
		if (!user_warnings_has_program(load->config, *item))
			conf_load_warn(load, user->section, "programs",
			    "[%s] programs has %s, but there is no such program or group%s",
			    user->section, *item,
			    strpbrk(*item, " \t\n") != NULL ? "; separate names by commas" :
							      "");
}

/* --- logins --- */

static bool
user_warnings_is_peer(const struct config *config, const struct user_config *user)
{
	for (size_t i = 0; i < config->peers.count; i++)
		if (str_equal(config->peers.entries[i].user, user->name))
			return true;
	return false;
}

static void
user_warnings_login(struct conf_load *load, const struct user_config *user)
{
	const struct config *config = load->config;

	if (user->password == NULL && !user_warnings_is_peer(config, user))
		conf_load_warn(load, user->section, NULL,
		    "[%s] can log in nowhere: it has no password, and peer_users does not "
		    "name it; set password to what reevectl passwd prints",
		    user->section);
	else if (config->nlisteners == 0 && !user_warnings_is_peer(config, user))
		conf_load_warn(load, user->section, NULL,
		    "[%s] can log in nowhere: there is no HTTP server, and peer_users does "
		    "not name the user",
		    user->section);
	for (size_t i = 0; i < config->nlisteners; i++)
		if (str_equal(config->listeners[i].username, user->name))
			conf_load_warn(load, user->section, NULL,
			    "[%s] is also the username of [%s], whose password gives all "
			    "rights there; use another name",
			    user->section, config->listeners[i].section);
}

static void
user_warnings_peers(struct conf_load *load)
{
	const struct peer_list *peers = &load->config->peers;

	for (size_t i = 0; i < peers->count; i++) {
		const struct peer_config *peer = &peers->entries[i];
		size_t first = 0;

		while (peers->entries[first].is_group != peer->is_group ||
		    peers->entries[first].id != peer->id)
			first++;
		if (first < i)
			conf_load_warn(load, "supervisord", "peer_users",
			    "peer_users names %s%s twice; the first entry counts",
			    peer->is_group ? "@" : "", peer->name);
		if (!peer->is_group && peer->id == 0)
			conf_load_warn(load, "supervisord", "peer_users",
			    "peer_users names root, who has all rights anyway");
	}
}

void
conf_warn_users(struct conf_load *load)
{
	for (size_t i = 0; i < load->config->nusers; i++) {
		const struct user_config *user = &load->config->users[i];

		user_warnings_programs(load, user);
		user_warnings_methods(load, user, "methods", user->methods);
		user_warnings_methods(load, user, "deny_methods", user->deny_methods);
		user_warnings_login(load, user);
	}
	user_warnings_peers(load);
	if (load->checks)
		user_warnings_costs(load);
}
