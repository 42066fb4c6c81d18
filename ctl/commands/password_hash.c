#include "ctl/commands/password_hash.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/utf8.h"

#include <crypt.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SALT_MAX 24

/* A verification takes some 40 ms with either. The 24 characters of yescrypt's salt are 18
 * bytes; sha512crypt takes the characters as they are. */
static const struct {
	const char *name, *prefix;
	size_t salt; /* characters */
} methods[] = {
	{ "yescrypt", "$y$j9T$", SALT_MAX },
	{ "sha512crypt", "$6$rounds=50000$", 16 },
};

const char *
password_hash_method(size_t nth)
{
	return nth < nitems(methods) ? methods[nth].name : NULL;
}

const char *
password_hash_refuse(const char *password, size_t n)
{
	uint32_t code;
	size_t length;

	if (n == 0)
		return "is empty";
	if (n > PASSWORD_HASH_MAX)
		return "has more than 511 bytes";
	for (size_t i = 0; i < n; i += length) {
		length = utf8_decode(password + i, n - i, &code);
		if (length == 0)
			return "is not UTF-8";
		if (code < ' ' || (code >= 0x7f && code < 0xa0))
			return "has a control character";
	}
	return NULL;
}

/* "$y$j9T$" and a random salt. False when the system has no random numbers. */
static bool
password_hash_setting(size_t nth, char *setting, size_t size)
{
	static const char alphabet[] =
	    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char random[SALT_MAX];
	size_t used = (size_t)snprintf(setting, size, "%s", methods[nth].prefix);

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return false;
	for (size_t i = 0; i < methods[nth].salt; i++)
		setting[used++] = alphabet[random[i] % 64];
	setting[used] = '\0';
	return true;
}

char *
password_hash_make(const char *method, const char *password, char **why)
{
	struct crypt_data *data;
	char setting[64], *hash = NULL;
	size_t nth = 0;

	while (method != NULL && nth < nitems(methods) &&
	    strcmp(methods[nth].name, method) != 0)
		nth++;
	if (nth == nitems(methods)) {
		*why =
		    xasprintf("there is no method %s; use yescrypt or sha512crypt", method);
		return NULL;
	}
	data = xcalloc(1, sizeof(*data));
	if (password_hash_setting(nth, setting, sizeof(setting)))
		hash = crypt_r(password, setting, data);
	if (hash != NULL && *hash != '*')
		hash = xstrdup(hash);
	else
		hash = NULL;
	if (hash == NULL)
		*why = xasprintf("this system cannot make a hash with %s: %s",
		    methods[nth].name, strerror(errno));
	mem_wiping_free(data);
	return hash;
}
