#include "master/log/autolog.h"

#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/safepath.h"
#include "common/str.h"
#include "common/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define RANDOM_CHARS 8
#define TRIES 100

/* Creates the file with random names until one is free. 0, or -1 with errno. */
static int
autolog_create_in(struct safepath *sp, const char *name, char *random_part)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	unsigned char bytes[RANDOM_CHARS];
	struct stat st;
	int fd = -1;

	for (int tries = 0; fd == -1 && tries < TRIES; tries++) {
		/* GRND_INSECURE does not wait for entropy early at boot; the names need
		 * not be secret. */
		if (getrandom(bytes, sizeof(bytes), GRND_INSECURE) != sizeof(bytes))
			return -1;
		for (size_t i = 0; i < sizeof(bytes); i++)
			random_part[i] = alphabet[bytes[i] % (sizeof(alphabet) - 1)];
		fd = safepath_open(sp, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &st);
		if (fd == -1 && errno != EEXIST)
			return -1;
	}
	fd_close(fd);
	return fd == -1 ? -1 : 0;
}

char *
autolog_create(const char *dir, const char *name, const char *word, const char *identifier)
{
	const char *slash = str_starts(dir + strlen(dir) - (*dir != '\0'), "/") ? "" : "/";
	char *path = mem_printf(
	    "%s%s%s-%s---%s-%*s.log", dir, slash, name, word, identifier, RANDOM_CHARS, "");
	struct safepath sp;
	int rc;

	if (path == NULL)
		return NULL;
	rc = safepath_find(&sp, path, SAFEPATH_LAST);
	if (rc == 0)
		rc = autolog_create_in(&sp, path + strlen(path) - strlen(sp.name),
		    path + strlen(path) - RANDOM_CHARS - strlen(".log"));
	/* The caller logs errno, but this reason is not in errno. */
	if (rc == -1 && *sp.why != '\0')
		log_error(
		    "could not create %s: %s (%s)", path, str_errno_name(errno), sp.why);
	safepath_close(&sp);
	if (rc == 0)
		return path;
	free(path);
	return NULL;
}

/* Whether the string matches \S+\.log at its beginning. */
static bool
autolog_has_suffix(const char *s)
{
	size_t left = strlen(s), step = 0;
	const char *start = s;
	uint32_t code;

	for (; left > 0; s += step, left -= step) {
		if (s > start && str_starts(s, ".log"))
			return true;
		step = utf8_decode(s, left, &code);
		if (step == 0)
			step = 1; /* a byte that is not UTF-8 is not white space */
		else if (utf8_is_space(code))
			return false;
	}
	return false;
}

/* Whether the name matches .+?---IDENTIFIER-\S+\.log at its beginning. supervisord
 * interprets the identifier as a regular expression; literally, it matches fewer files. */
static bool
autolog_is_ours(const char *name, const char *identifier)
{
	size_t len = strlen(identifier);
	const char *p, *rest;

	if (*name == '\0')
		return false;
	for (p = name + 1; (p = strstr(p, "---")) != NULL; p++) {
		rest = p + strlen("---");
		if (memchr(name, '\n', (size_t)(p - name)) != NULL)
			return false;
		if (strncmp(rest, identifier, len) == 0 && rest[len] == '-' &&
		    autolog_has_suffix(rest + len + 1))
			return true;
	}
	return false;
}

static void
autolog_remove(const struct safepath *sp, const char *dir, const char *name)
{
	char *path, *quoted;

	if (safepath_remove(sp, name, NULL) == 0)
		return;
	if ((path = mem_printf("%s/%s", dir, name)) == NULL)
		return;
	if ((quoted = str_repr(path)) != NULL)
		log_warn("Failed to clean up %s", quoted);
	free(quoted);
	free(path);
}

/* Opens the directory by the rule of safepath.h. NULL with errno. */
static DIR *
autolog_open_dir(struct safepath *sp, const char *dir)
{
	char *entry;
	int fd = -1, rc;
	struct stat st;
	DIR *stream;

	*sp = (struct safepath){ .dir = -1 };
	if ((entry = mem_printf("%s/*", dir)) == NULL)
		return NULL;
	rc = safepath_find(sp, entry, SAFEPATH_LAST);
	free(entry);
	if (rc == 0)
		fd = safepath_open(sp, ".", O_RDONLY | O_DIRECTORY, 0, &st);
	if (fd == -1)
		return NULL;
	if ((stream = fdopendir(fd)) == NULL)
		close(fd);
	return stream;
}

void
autolog_clean(const char *dir, const char *identifier)
{
	struct safepath sp;
	struct dirent *entry;
	DIR *stream;

	if ((stream = autolog_open_dir(&sp, dir)) == NULL)
		log_warn("Could not clear childlog dir");
	while (stream != NULL && (entry = readdir(stream)) != NULL)
		if (autolog_is_ours(entry->d_name, identifier))
			autolog_remove(&sp, dir, entry->d_name);
	if (stream != NULL)
		closedir(stream);
	safepath_close(&sp);
}
