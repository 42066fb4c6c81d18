/* [user:NAME], and whether peer_users= names such sections. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/safepath.h"
#include "common/str.h"
#include "master/config/values/password_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64
#define USERS_MAX 1000

static int
user_section_check_name(struct conf_load *load, const char *section, const char *name)
{
	size_t n = strlen(name);
	bool fine = n > 0 && n <= NAME_MAX_BYTES;

	for (size_t i = 0; i < n; i++)
		fine = fine && name[i] > ' ' && name[i] < 0x7f &&
		    strchr(":,=", name[i]) == NULL;
	if (fine)
		return 0;
	return conf_load_reject(load,
	    "[%s] cannot name a user: use 1 to %d printable ASCII characters without "
	    "blanks, colons, commas and equal signs",
	    section, NAME_MAX_BYTES);
}

/* Two sections of one user are probably two persons. */
static int
user_section_check_once(struct conf_load *load, const char *section)
{
	struct ini_duplicate twice;

	for (size_t i = 0; ini_duplicate(load->ini, i, &twice); i++)
		if (twice.key == NULL && str_equal(twice.section, section))
			return conf_load_reject(load,
			    "[%s] is defined again at %s:%zu; a user has one section",
			    section, twice.file, twice.line);
	return 0;
}

/* --- the password --- */

/* Takes the text, n bytes of new memory. */
static int
user_section_set_password(
    struct conf_load *load, struct user_config *user, char *text, size_t n)
{
	enum password_form form;
	char *why;

	if (password_text_check(text, n, &form, &why) == -1) {
		mem_wiping_free(text);
		if (user->password_file != NULL)
			conf_load_reject(load, "[%s] the password in %s %s", user->section,
			    user->password_file, why);
		else
			conf_load_reject(load, "[%s] the password %s", user->section, why);
		free(why);
		return -1;
	}
	user->password = text;
	user->slow = form == PASSWORD_SLOW;
	if (form == PASSWORD_PLAIN)
		conf_warn_plain_password(load, user);
	return 0;
}

/* The errors of an expansion would show the text. */
static int
user_section_expand_password(struct conf_load *load, struct user_config *user)
{
	const char *raw = ini_get(load->ini, user->section, "password");
	char *why = NULL, *text = expand_text(raw, load->here, "password", &why);

	conf_load_at(load, user->section, "password");
	mem_wiping_free(why);
	if (text != NULL)
		return user_section_set_password(load, user, text, strlen(text));
	return conf_load_reject(load,
	    "[%s] the password has a %% that expands to nothing; write %%%% for a percent "
	    "sign, and set the variable that a %%(ENV_x)s names",
	    user->section);
}

/* Reads the first line into n new bytes. 0, or -1 with errno: EFBIG when it is too long for
 * a password, EINVAL when the file is not regular. `why`: see safepath.h. */
static int
user_section_read_line(const char *path, struct stat *st, char *why, char **line, size_t *n)
{
	size_t size = PASSWORD_TEXT_MAX + 2, filled = 0;
	char *text = xcalloc(1, size + 1), *end = NULL;
	int fd = safepath_open_path(path, O_RDONLY, 0, st, why), saved;
	ssize_t got = 0;

	errno = fd != -1 && !S_ISREG(st->st_mode) ? EINVAL : errno;
	if (fd == -1 || !S_ISREG(st->st_mode))
		goto fail;
	while (end == NULL && filled < size &&
	    (got = read(fd, text + filled, size - filled)) > 0) {
		filled += (size_t)got;
		end = memchr(text, '\n', filled);
	}
	if (end == NULL && filled == size)
		errno = EFBIG;
	if (got == -1 || (end == NULL && filled == size))
		goto fail;
	close(fd);
	*n = end != NULL ? (size_t)(end - text) : filled;
	if (*n > 0 && text[*n - 1] == '\r')
		--*n;
	memset(text + *n, 0, size - *n);
	*line = text;
	return 0;
fail:
	saved = errno;
	if (fd != -1)
		close(fd);
	mem_wiping_free(text);
	errno = saved;
	return -1;
}

/* Removes "password=" from a line that reevectl passwd has printed. */
static void
user_section_shorten_line(char *text, size_t *n)
{
	static const char before[] = "password=";
	size_t skipped = strlen(before);

	if (!str_starts(text, "password=$"))
		return;
	memmove(text, text + skipped, *n - skipped + 1);
	*n -= skipped;
}

static int
user_section_read_password_file(struct conf_load *load, struct user_config *user)
{
	char why[SAFEPATH_WHY], *text;
	struct stat st;
	size_t n;

	if (conf_load_row(load, user->section,
		conf_find(&conf_user_section, "password_file"), load->here, user) == -1)
		return -1;
	if (user_section_read_line(user->password_file, &st, why, &text, &n) == 0) {
		conf_warn_password_file(load, user, &st);
		user_section_shorten_line(text, &n);
		return user_section_set_password(load, user, text, n);
	}
	if (errno == EFBIG)
		return conf_load_reject(load,
		    "[%s] the first line of %s has more than %d bytes", user->section,
		    user->password_file, PASSWORD_TEXT_MAX);
	return conf_load_reject(load, "[%s] cannot read the password in %s: %s%s%s",
	    user->section, user->password_file,
	    errno == EINVAL || errno == EISDIR ? "it is not a regular file" :
						 strerror(errno),
	    why[0] != '\0' ? ": " : "", why);
}

static int
user_section_read_password(struct conf_load *load, struct user_config *user)
{
	bool has_text = ini_get(load->ini, user->section, "password") != NULL;
	bool has_file = ini_get(load->ini, user->section, "password_file") != NULL;

	if (has_text && has_file) {
		conf_load_at(load, user->section, "password_file");
		return conf_load_reject(load,
		    "[%s] has password and password_file; remove one of them",
		    user->section);
	}
	if (has_text)
		return user_section_expand_password(load, user);
	return has_file ? user_section_read_password_file(load, user) : 0;
}

/* --- the sections --- */

static int
user_section_read_user(struct conf_load *load, const char *section, const char *name)
{
	struct config *config = load->config;
	struct user_config *user;

	conf_load_at(load, section, NULL);
	if (config->nusers == USERS_MAX)
		return conf_load_reject(load,
		    "there are more than %d users; [%s] is one more", USERS_MAX, section);
	if (user_section_check_name(load, section, name) == -1 ||
	    user_section_check_once(load, section) == -1)
		return -1;
	config->users =
	    xreallocarray(config->users, config->nusers + 1, sizeof(*config->users));
	user = &config->users[config->nusers++];
	*user = (struct user_config){ .section = xstrdup(section), .name = xstrdup(name) };
	if (user_section_read_password(load, user) == -1)
		return -1;
	conf_load_at(load, section, "role");
	if (ini_get(load->ini, section, "role") == NULL)
		return conf_load_reject(load,
		    "[%s] has no role: set role to none, states, view, operate or admin",
		    section);
	return conf_load_rows(load, section, &conf_user_section, user);
}

static int
user_section_check_peers(struct conf_load *load)
{
	const struct peer_list *peers = &load->config->peers;

	conf_load_at(load, "supervisord", "peer_users");
	for (size_t i = 0; i < peers->count; i++)
		if (config_user(load->config, peers->entries[i].user) == NULL)
			return conf_load_reject(load,
			    "peer_users names the user %s, but there is no section "
			    "[user:%s]",
			    peers->entries[i].user, peers->entries[i].user);
	return 0;
}

int
conf_user_read(struct conf_load *load)
{
	struct config *config = load->config;
	const char *section, *name;
	size_t cursor = 0;
	int status = 0;

	while (status == 0 && (section = ini_next(load->ini, &cursor)) != NULL) {
		name = conf_load_named(section, "user");
		if (name == NULL)
			continue;
		/* supervisord has none of these errors. */
		load->is_ours = true;
		status = user_section_read_user(load, section, name);
	}
	if (config->nusers > 0)
		qsort(config->users, config->nusers, sizeof(*config->users),
		    user_config_compare);
	if (status == 0)
		status = user_section_check_peers(load);
	if (status == 0)
		load->is_ours = false;
	return status;
}
