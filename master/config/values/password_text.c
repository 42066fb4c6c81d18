#include "master/config/values/password_text.h"

#include "common/mem.h"
#include "common/str.h"

#include <string.h>

#define SHA "{SHA}"
#define SHA_DIGITS 40
#define ID_MAX 8 /* letters between the first two '$' */

/* The hashes of crypt(3) that are accepted, and the characters after the last '$'. */
static const struct {
	const char *id;
	size_t characters;
} kinds[] = {
	{ "y", 43 },	/* yescrypt */
	{ "gy", 43 },	/* gost-yescrypt */
	{ "7", 43 },	/* scrypt */
	{ "6", 86 },	/* sha512crypt */
	{ "5", 43 },	/* sha256crypt */
	{ "2b", 53 },	/* bcrypt: salt and hash */
	{ "2y", 53 },
};

/* The length of the id in a text that begins like a hash, "$ID$"; else 0. */
static size_t
password_text_id(const char *text)
{
	size_t n = *text == '$' ?
	    strspn(text + 1,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") :
	    0;

	return n <= ID_MAX && text[n + 1] == '$' ? n : 0;
}

/* Whether the text is a hash that has the given number of characters at its end. */
static bool
password_text_is_whole(const char *text, size_t characters)
{
	static const char alphabet[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz$=,";
	const char *last = strrchr(text, '$') + 1;

	return text[strspn(text, alphabet)] == '\0' && strlen(last) == characters;
}

static int
password_text_check_hash(const char *text, size_t length, char **why)
{
	for (size_t i = 0; i < nitems(kinds); i++) {
		if (strlen(kinds[i].id) != length ||
		    strncmp(kinds[i].id, text + 1, length) != 0)
			continue;
		if (password_text_is_whole(text, kinds[i].characters))
			return 0;
		*why = xasprintf("is a hash of the kind $%s$ that is cut off or has other "
				 "characters than a hash has",
		    kinds[i].id);
		return -1;
	}
	*why = xstrdup("begins like a hash, $...$, but of an unknown kind; make a hash "
		       "with reevectl passwd");
	return -1;
}

/* Whether the text begins like a hash of other software, such as "{SSHA256}". */
static bool
password_text_is_scheme(const char *text)
{
	size_t n =
	    *text == '{' ? strspn(text + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") : 0;

	return n >= 3 && text[n + 1] == '}' && !str_starts(text, SHA);
}

int
password_text_check(const char *text, size_t n, enum password_form *form, char **why)
{
	static const char digits[] = "0123456789abcdef";
	size_t id;

	*form = PASSWORD_PLAIN;
	*why = NULL;
	if (n == 0)
		*why = xstrdup("is empty");
	else if (n > PASSWORD_TEXT_MAX)
		*why = xasprintf("has more than %d bytes", PASSWORD_TEXT_MAX);
	else if (strlen(text) != n)
		*why = xstrdup("has a NUL");
	else if (!str_is_utf8(text, n))
		*why = xstrdup("is not valid UTF-8");
	if (*why != NULL)
		return -1;
	if ((id = password_text_id(text)) > 0) {
		*form = PASSWORD_SLOW;
		return password_text_check_hash(text, id, why);
	}
	if (password_text_is_scheme(text)) {
		*why = xstrdup("begins like a hash, {...}, but of an unknown kind; make a "
			       "hash with reevectl passwd");
		return -1;
	}
	if (!str_starts(text, SHA))
		return 0;
	*form = PASSWORD_SHA;
	if (strspn(text + strlen(SHA), digits) == SHA_DIGITS &&
	    n == strlen(SHA) + SHA_DIGITS)
		return 0;
	*why = xasprintf(
	    "has " SHA " without %d hexadecimal digits in lower case after it", SHA_DIGITS);
	return -1;
}
