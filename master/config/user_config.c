#include "master/config/user_config.h"

#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

static void
user_config_free_list(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

void
user_config_clear(struct user_config *user)
{
	free(user->section);
	free(user->name);
	mem_wiping_free(user->password);
	free(user->password_file);
	user_config_free_list(user->programs);
	user_config_free_list(user->methods);
	user_config_free_list(user->deny_methods);
	*user = (struct user_config){ .name = NULL };
}

void
user_config_clear_peers(struct peer_list *peers)
{
	for (size_t i = 0; i < peers->count; i++) {
		free(peers->entries[i].name);
		free(peers->entries[i].user);
	}
	free(peers->entries);
	*peers = (struct peer_list){ .entries = NULL };
}

int
user_config_compare(const void *a, const void *b)
{
	const struct user_config *x = a, *y = b;

	return strcmp(x->name, y->name);
}
