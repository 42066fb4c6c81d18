/* Made users: sends tables of users as the master does. */
#ifndef TESTS_MADE_USERS_H
#define TESTS_MADE_USERS_H

#include "rpcd/users.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

/* Passes one message; its result. */
static inline int
users_message(struct users *users, const char *method, const char *params)
{
	json_t *value = json_loads(params, 0, NULL);
	int rc;

	assert_non_null(value);
	rc = users_notification(users, method, value);
	json_decref(value);
	return rc;
}

/* Sends a whole table: params of users.user, then NULL, then those of users.peer. */
static inline void
users_send(struct users *users, const char *const *rows, const char *const *peers)
{
	assert_int_equal(users_message(users, "users.begin", "{}"), 1);
	for (; rows != NULL && *rows != NULL; rows++)
		assert_int_equal(users_message(users, "users.user", *rows), 1);
	for (; peers != NULL && *peers != NULL; peers++)
		assert_int_equal(users_message(users, "users.peer", *peers), 1);
	assert_int_equal(users_message(users, "users.end", "{}"), 1);
}

#endif
