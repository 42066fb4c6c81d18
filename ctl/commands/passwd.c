/* The command passwd: makes the hash of a password. It needs no daemon. */
#include "common/mem.h"
#include "ctl/commands/command.h"
#include "ctl/commands/exitcode.h"
#include "ctl/commands/password_hash.h"
#include "ctl/terminal/question.h"
#include "ctl/commands/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USER_MAX 64 /* bytes of a name */

struct passwd_arguments {
	const char *method; /* NULL = the default */
	const char *user;   /* NULL = not given */
};

/* As the configuration requires it of NAME in [user:NAME]. */
static bool
passwd_is_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || strchr(":,=", name[i]) != NULL)
			return false;
	return n > 0 && n <= USER_MAX;
}

static bool
passwd_is_method(const char *word)
{
	const char *name;

	for (size_t i = 0; (name = password_hash_method(i)) != NULL; i++)
		if (strcmp(name, word) == 0)
			return true;
	return false;
}

/* False: the arguments are wrong, which was reported. */
static bool
passwd_read_arguments(
    struct session *s, const struct words *words, struct passwd_arguments *given)
{
	bool options = true;

	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->list[i];

		if (options && strcmp(word, "--") == 0) {
			options = false;
		} else if (options && strcmp(word, "--method") == 0 &&
		    i + 1 < words->count) {
			given->method = words->list[++i];
		} else if ((options && *word == '-') || given->user != NULL) {
			session_usage(s, EXIT_INVALID_ARGS,
			    options && *word == '-' ?
				"Error: the option of passwd is --method METHOD" :
				"Error: passwd takes only one user");
			return false;
		} else {
			given->user = word;
		}
	}
	if (given->method != NULL && !passwd_is_method(given->method)) {
		session_usage(
		    s, EXIT_INVALID_ARGS, "Error: there is no method %s", given->method);
		return false;
	}
	if (given->user == NULL || passwd_is_name(given->user))
		return true;
	session_report(s, EXIT_INVALID_ARGS,
	    "Error: %s cannot name a user: use 1 to %d printable ASCII characters without "
	    "blanks, colons, commas and equal signs",
	    given->user, USER_MAX);
	return false;
}

/* Asks twice on a terminal; else reads a line. New, or NULL: there is none, or two
 * different ones, which was reported. */
static char *
passwd_ask(struct session *s, const char *user, size_t *n)
{
	bool terminal = isatty(STDIN_FILENO);
	char *question = xasprintf(user != NULL ? "Password of %s:" : "Password:", user);
	char *first = question_secret(stderr, terminal ? question : "", n), *second;
	size_t again = 0;

	free(question);
	if (first == NULL) {
		session_report(
		    s, EXIT_GENERIC, "Error: the input ended without a password");
		return NULL;
	}
	if (!terminal)
		return first;
	second = question_secret(stderr, "The same again:", &again);
	if (second != NULL && *n == again && memcmp(first, second, again) == 0) {
		mem_wiping_free(second);
		return first;
	}
	mem_wiping_free(first);
	mem_wiping_free(second);
	session_report(s, EXIT_GENERIC, "Error: the two passwords differ");
	return NULL;
}

static void
passwd_print(struct session *s, const char *method, char *password_take, size_t n)
{
	const char *wrong = password_hash_refuse(password_take, n);
	char *why = NULL, *hash = NULL;

	if (wrong != NULL)
		session_report(s, EXIT_GENERIC, "Error: the password %s", wrong);
	else if ((hash = password_hash_make(method, password_take, &why)) == NULL)
		session_report(s, EXIT_GENERIC, "Error: %s", why);
	else
		fprintf(s->out, "password=%s\n", hash);
	mem_wiping_free(password_take);
	free(hash);
	free(why);
}

void
passwd_run(struct session *s, const char *args)
{
	struct passwd_arguments given = { 0 };
	struct words words;
	char *password;
	size_t n = 0;

	words_split(&words, args);
	if (passwd_read_arguments(s, &words, &given) &&
	    (password = passwd_ask(s, given.user, &n)) != NULL)
		passwd_print(s, given.method, password, n);
	words_clear(&words);
}
