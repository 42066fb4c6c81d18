#include "master/config/user_config.h"

#include "common/str.h"
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

static bool
user_config_is(const struct user_config *a, const struct user_config *b)
{
	const struct conf_section *section = &conf_user_section;

	if (!str_equal(a->name, b->name) || !str_equal(a->password, b->password))
		return false;
	for (size_t i = 0; i < section->count; i++)
		if (!conf_same(&section->options[i], a, b))
			return false;
	return true;
}

bool
user_config_same(
    const struct user_config *a, size_t na, const struct user_config *b, size_t nb)
{
	for (size_t i = 0; na == nb && i < na; i++)
		if (!user_config_is(&a[i], &b[i]))
			return false;
	return na == nb;
}

bool
user_config_same_peers(const struct peer_list *a, const struct peer_list *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++) {
		const struct peer_config *x = &a->entries[i], *y = &b->entries[i];

		if (x->is_group != y->is_group || x->id != y->id ||
		    !str_equal(x->user, y->user))
			return false;
	}
	return a->count == b->count;
}
