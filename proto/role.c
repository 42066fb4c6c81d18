#include "proto/role.h"

#include "common/str.h"

static const char *const role_words[] = {
	[ROLE_NONE] = "none",
	[ROLE_STATES] = "states",
	[ROLE_VIEW] = "view",
	[ROLE_OPERATE] = "operate",
	[ROLE_ADMIN] = "admin",
};

_Static_assert(nitems(role_words) == ROLE_MAX, "every role needs a word");

const char *
role_name(enum role role)
{
	return (unsigned)role < ROLE_MAX ? role_words[role] : role_words[ROLE_NONE];
}

int
role_parse(const char *word)
{
	return str_index(word, role_words, nitems(role_words));
}
