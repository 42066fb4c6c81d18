#include "rpcd/setup.h"

#include "common/fd.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void
setup_wipe(bool wipe)
{
	json_set_alloc_funcs(malloc, wipe ? mem_wiping_free : free);
}

int
setup_read_hello(struct setup *s, const json_t *result)
{
	json_int_t uid, gid, listeners;
	const char *confinement, *max_role = role_name(ROLE_ADMIN), *form_key = NULL;
	json_t *level;
	int number, role;

	if (s->answered ||
	    json_unpack((json_t *)(uintptr_t)result,
		"{s:{s:I, s:I, s:s, s:o, s:I, s?s, s?s}}", "setup", "uid", &uid, "gid",
		&gid, "confinement", &confinement, "loglevel", &level, "listeners",
		&listeners, "max_role", &max_role, "form_key", &form_key) < 0)
		return -1;
	number = json_is_string(level) ? log_level_parse(json_string_value(level)) :
					 (int)json_integer_value(level);
	if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX || number <= 0 ||
	    listeners < 0 || listeners > SETUP_LISTENERS_MAX ||
	    (role = role_parse(max_role)) == -1)
		return -1;
	if (token_key_read(&s->form_key, form_key) < 0)
		return -1;
	s->uid = (uid_t)uid;
	s->gid = (gid_t)gid;
	s->strict = strcmp(confinement, "strict") == 0;
	s->level = (enum log_level)number;
	s->max_role = (enum role)role;
	s->expected = (size_t)listeners;
	s->listeners = xcalloc(s->expected + 1, sizeof(*s->listeners));
	s->answered = true;
	return 0;
}

static int
setup_access(struct setup_access *access, const json_t *params)
{
	const json_t *value = json_object_get(params, "unauthenticated_role");
	const char *username = json_string_value(json_object_get(params, "username"));
	const char *password = json_string_value(json_object_get(params, "password"));
	const json_t *metrics = json_object_get(params, "metrics_role");
	int role;

	*access = (struct setup_access){
		.local = ROLE_ADMIN, .remote = ROLE_STATES, .metrics = ROLE_STATES
	};
	if (metrics != NULL) {
		role =
		    json_is_string(metrics) ? role_parse(json_string_value(metrics)) : -1;
		if (role < 0)
			return -1;
		access->metrics = (enum role)role;
	}
	if (json_is_string(value)) {
		role = role_parse(json_string_value(value));
		if (role < 0)
			return -1;
		access->local = access->remote = (enum role)role;
		access->has_role = true;
	} else if (value != NULL && !json_is_null(value)) {
		return -1;
	}
	if (username == NULL || *username == '\0')
		return 0;
	access->own = credentials_new();
	if (access->own == NULL)
		return -1;
	access->username = xstrdup(username);
	return credentials_add(
	    access->own, username, password != NULL ? password : "", access->own);
}

void
setup_access_clear(struct setup_access *access)
{
	credentials_free(access->own);
	free(access->username);
	*access = (struct setup_access){ 0 };
}

static int
setup_listener(struct setup *s, const json_t *params, int *fd)
{
	struct setup_listener *l = &s->listeners[s->count];
	const char *kind = json_string_value(json_object_get(params, "kind"));
	const char *names = json_string_value(json_object_get(params, "server_names"));
	const char *section = json_string_value(json_object_get(params, "section"));

	if (s->count >= s->expected || *fd < 0 || kind == NULL)
		return -1;
	if (setup_access(&l->access, params) < 0) {
		setup_access_clear(&l->access);
		return -1;
	}
	l->is_unix = strcmp(kind, "unix") == 0;
	l->names = names != NULL ? xstrdup(names) : NULL;
	l->section = xstrdup(section != NULL ? section : "");
	l->fd = *fd;
	*fd = -1;
	s->count++;
	return 1;
}

static int
setup_page(struct setup *s, const json_t *params UNUSED, int *fd)
{
	struct stat st;
	void *page;

	if (s->page != NULL || *fd < 0 || fstat(*fd, &st) < 0 ||
	    st.st_size < (off_t)sizeof(*s->page))
		return -1;
	page = mmap(NULL, sizeof(*s->page), PROT_READ, MAP_SHARED, *fd, 0);
	if (page == MAP_FAILED)
		return -1;
	s->page = page;
	(void)close(*fd);
	*fd = -1;
	return 1;
}

static int
setup_end(struct setup *s, const json_t *params UNUSED, int *fd UNUSED)
{
	if (s->page == NULL || s->count != s->expected)
		return -1;
	s->ended = true;
	return 1;
}

static const struct {
	const char *method;
	int (*handle)(struct setup *, const json_t *, int *);
} messages[] = {
	{"setup.listener", setup_listener},
	{"setup.page", setup_page},
	{"setup.end", setup_end},
};

int
setup_notification(struct setup *s, const char *method, const json_t *params, int *fd)
{
	for (size_t i = 0; i < nitems(messages); i++)
		if (strcmp(method, messages[i].method) == 0)
			return s->answered && !s->ended ?
			    messages[i].handle(s, params, fd) :
			    -1;
	return 0;
}

void
setup_clear(struct setup *s)
{
	for (size_t i = 0; i < s->count; i++) {
		fd_close(s->listeners[i].fd);
		setup_access_clear(&s->listeners[i].access);
		free(s->listeners[i].names);
		free(s->listeners[i].section);
	}
	free(s->listeners);
	s->listeners = NULL;
	s->count = s->expected = 0;
}
