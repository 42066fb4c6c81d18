#include "ctl/shell/editor.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "common/str.h"
#include "ctl/terminal/question.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EDITOR_HISTORY 1000               /* lines in memory */
#define EDITOR_HISTORY_BYTES (256 * 1024) /* read from the end of the history file */

/* libedit is loaded at a terminal, not linked: commands in scripts start faster, and the
 * shell works without it. These are the constants and types of its ABI, which the version
 * in the library's name fixes; see editline(3). */
struct edit_line;
struct edit_history;

struct edit_event {
	int number;
	const char *text;
};

struct edit_cursor { /* its LineInfo */
	const char *buffer, *cursor, *last;
};

enum {
	OP_PROMPT = 0,
	OP_EDITOR = 2,
	OP_SIGNAL = 3,
	OP_BIND = 4,
	OP_ADDFN = 9,
	OP_HIST = 10,
	OP_CLIENTDATA = 14
};
enum { HISTORY_SIZE = 1, HISTORY_ENTER = 10 };
enum { DONE_REFRESH = 4, DONE_ERROR = 6, DONE_REDISPLAY = 8 };

struct library {
	void *handle;
	struct edit_line *(*init)(const char *, FILE *, FILE *, FILE *);
	void (*end)(struct edit_line *);
	int (*set)(struct edit_line *, int, ...);
	int (*get)(struct edit_line *, int, ...);
	const char *(*gets)(struct edit_line *, int *);
	const struct edit_cursor *(*line)(struct edit_line *);
	int (*insert)(struct edit_line *, const char *);
	struct edit_history *(*history_init)(void);
	void (*history_end)(struct edit_history *);
	int (*history)(struct edit_history *, struct edit_event *, int, ...);
};

struct editor {
	const char *prompt, *history_file;
	editor_complete_fn *complete;
	void *ctx;
	struct library lib;
	struct edit_line *edit; /* NULL = plain lines */
	struct edit_history *history;
};

/* Stores the address of a function; memcpy converts dlsym's void pointer. */
static bool
editor_find(void *handle, const char *name, void *function, size_t size)
{
	void *symbol = dlsym(handle, name);

	memcpy(function, &symbol, size);
	return symbol != NULL;
}

#define FIND(l, member, name) \
	editor_find((l)->handle, name, &(l)->member, sizeof((l)->member))

static bool
editor_load(struct library *l)
{
	l->handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_GLOBAL);
	if (l->handle == NULL)
		l->handle = dlopen("libedit.so.0", RTLD_NOW | RTLD_GLOBAL);
	return l->handle != NULL && FIND(l, init, "el_init") && FIND(l, end, "el_end") &&
	    FIND(l, set, "el_set") && FIND(l, get, "el_get") && FIND(l, gets, "el_gets") &&
	    FIND(l, line, "el_line") && FIND(l, insert, "el_insertstr") &&
	    FIND(l, history_init, "history_init") && FIND(l, history_end, "history_end") &&
	    FIND(l, history, "history");
}

/* The length of the common prefix of all words. */
static size_t
editor_common_prefix(const struct words *w)
{
	size_t n = strlen(w->list[0]);

	for (size_t i = 1; i < w->count; i++) {
		size_t k = 0;
		while (k < n && w->list[i][k] == w->list[0][k])
			k++;
		n = k;
	}
	return str_utf8_cut(w->list[0], n);
}

/* Inserts the common prefix of the candidates beyond what is typed, or lists them. */
static unsigned char
editor_complete(struct editor *ed, const struct words *w, size_t typed)
{
	size_t n = w->count > 0 ? editor_common_prefix(w) : 0;
	char *more;

	if (w->count == 0)
		return DONE_ERROR;
	if (n <= typed && w->count > 1) {
		more = words_join(w, 0, w->count, "  ");
		printf("\n%s\n", more);
		fflush(stdout);
		free(more);
		return DONE_REDISPLAY;
	}
	more = xasprintf("%.*s%s", (int)(n > typed ? n - typed : 0), w->list[0] + typed,
	    w->count == 1 ? " " : "");
	(void)ed->lib.insert(ed->edit, more);
	free(more);
	return DONE_REFRESH;
}

/* The editor of a handle: libedit's callbacks have only the handle, with the editor as its
 * client data. */
static struct editor *
editor_of(struct edit_line *edit)
{
	int (*get)(struct edit_line *, int, ...) = NULL;
	struct editor *ed = NULL;

	if (editor_find(RTLD_DEFAULT, "el_get", &get, sizeof(get)))
		(void)get(edit, OP_CLIENTDATA, &ed);
	return ed;
}

static unsigned char
editor_on_tab(struct edit_line *edit, int key UNUSED)
{
	struct editor *ed = editor_of(edit);
	const struct edit_cursor *at = ed->lib.line(edit);
	char *line = xstrndup(at->buffer, (size_t)(at->cursor - at->buffer));
	const char *word = strrchr(line, ' ');
	struct words words = { 0 };
	unsigned char done;

	word = word != NULL ? word + 1 : line;
	ed->complete(ed->ctx, line, &words);
	done = editor_complete(ed, &words, strlen(word));
	words_clear(&words);
	free(line);
	return done;
}

static const char *
editor_on_prompt(struct edit_line *edit)
{
	return editor_of(edit)->prompt;
}

static void
editor_history_add(struct editor *ed, const char *line)
{
	struct edit_event event;

	if (ed->history != NULL && *line != '\0')
		(void)ed->lib.history(ed->history, &event, HISTORY_ENTER, line);
}

static void
editor_history_load(struct editor *ed)
{
	FILE *f = ed->history_file != NULL ? fopen(ed->history_file, "re") : NULL;
	char *line = NULL;
	size_t size = 0;
	struct stat st;

	if (f == NULL)
		return;
	if (fstat(fileno(f), &st) == 0 && S_ISREG(st.st_mode)) {
		if (st.st_size > EDITOR_HISTORY_BYTES)
			(void)fseeko(f, st.st_size - EDITOR_HISTORY_BYTES, SEEK_SET);
		while (getline(&line, &size, f) != -1) {
			line[strcspn(line, "\n")] = '\0';
			editor_history_add(ed, line);
		}
	}
	free(line);
	fclose(f);
}

/* Appends the line immediately, so that none is lost however the shell ends. */
static void
editor_history_save(const struct editor *ed, const char *line)
{
	int fd;

	if (ed->history_file == NULL || *line == '\0')
		return;
	fd = open(ed->history_file,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd == -1)
		return;
	dprintf(fd, "%s\n", line);
	close(fd);
}

static void
editor_start(struct editor *ed)
{
	struct library *l = &ed->lib;
	struct edit_event event;

	setlocale(LC_CTYPE, "");
	ed->edit = l->init("reevectl", stdin, stdout, stderr);
	if (ed->edit == NULL)
		return;
	ed->history = l->history_init();
	(void)l->set(ed->edit, OP_CLIENTDATA, ed);
	(void)l->set(ed->edit, OP_PROMPT, editor_on_prompt);
	(void)l->set(ed->edit, OP_SIGNAL, 1);
	(void)l->set(ed->edit, OP_EDITOR, "emacs");
	(void)l->set(
	    ed->edit, OP_ADDFN, "reevectl-complete", "Complete a word", editor_on_tab);
	(void)l->set(ed->edit, OP_BIND, "^I", "reevectl-complete", (char *)NULL);
	if (ed->history == NULL)
		return;
	(void)l->history(ed->history, &event, HISTORY_SIZE, EDITOR_HISTORY);
	(void)l->set(ed->edit, OP_HIST, l->history, ed->history);
	editor_history_load(ed);
}

struct editor *
editor_new(const char *history_file, editor_complete_fn *complete, void *ctx)
{
	struct editor *ed = xcalloc(1, sizeof(*ed));

	ed->prompt = "";
	ed->history_file = history_file;
	ed->complete = complete;
	ed->ctx = ctx;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && editor_load(&ed->lib))
		editor_start(ed);
	return ed;
}

void
editor_free(struct editor *ed)
{
	if (ed->edit != NULL)
		ed->lib.end(ed->edit);
	if (ed->history != NULL)
		ed->lib.history_end(ed->history);
	if (ed->lib.handle != NULL)
		dlclose(ed->lib.handle);
	free(ed);
}

char *
editor_line(struct editor *ed, const char *prompt)
{
	const char *typed;
	char *line = NULL;
	int n = 0;

	if (ed->edit == NULL)
		return question_line(stdout, prompt, NULL);
	ed->prompt = prompt;
	typed = ed->lib.gets(ed->edit, &n);
	if (typed == NULL || n <= 0)
		return NULL;
	line = xstrndup(typed, strcspn(typed, "\n"));
	editor_history_add(ed, line);
	editor_history_save(ed, line);
	return line;
}
