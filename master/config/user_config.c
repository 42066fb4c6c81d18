#include "master/config/user_config.h"

#include "master/config/options/option_table.h"

#include <stdlib.h>
#include <string.h>

void
user_config_clear(struct user_config *user)
{
	free(user->section);
	free(user->name);
	conf_clear(&conf_user_section, user);
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
