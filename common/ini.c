#include "common/ini.h"

#include "common/buf.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/ini_line.h"
#include "common/map.h"
#include "common/mem.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	const char *file; /* one of ini.files; NULL = unknown */
	size_t line;
};

struct value {
	char *text;         /* NULL while the file that holds it is being read */
	struct buf pending; /* its lines so far */
	struct place place;
};

struct section {
	char *name;
	char *file; /* included file, or NULL */
	struct map *values;
	struct place place; /* of its first header */
};

struct duplicate {
	char *section, *key;
	struct place first, later;
};

struct ini {
	struct map *sections;
	struct section defaults;
	struct duplicate *duplicates;
	size_t nduplicates;
	char **files; /* read so far */
	size_t nfiles;
};

/* The reading of one file. */
struct reader {
	struct ini *ini;
	struct place place;
	const char *path;
	bool included;
	struct section *section;
	struct value *value; /* what a continuation line is added to */
	size_t indent;       /* of the last key or header */
	struct buf errors;
};

static void
ini_section_init(struct section *section, const char *name, const char *file)
{
	section->name = xstrdup(name);
	section->file = file != NULL ? xstrdup(file) : NULL;
	section->values = map_new();
	mem_must(section->values == NULL);
}

/* Overwrites the memory: a value may be a password. */
static void
ini_value_clear(struct value *value)
{
	buf_clear(&value->pending);
	mem_wiping_free(value->text);
	value->text = NULL;
}

static void
ini_value_free(struct value *value)
{
	ini_value_clear(value);
	free(value);
}

static void
ini_section_clear(struct section *section)
{
	size_t cursor = 0;
	struct value *value;

	while ((value = map_next(section->values, &cursor, NULL)) != NULL)
		ini_value_free(value);
	map_free(section->values);
	free(section->name);
	free(section->file);
}

struct ini *
ini_new(void)
{
	struct ini *ini = xcalloc(1, sizeof(*ini));

	ini->sections = map_new();
	mem_must(ini->sections == NULL);
	ini_section_init(&ini->defaults, "DEFAULT", NULL);
	return ini;
}

void
ini_free(struct ini *ini)
{
	struct section *section;
	size_t cursor = 0;

	if (ini == NULL)
		return;
	while ((section = map_next(ini->sections, &cursor, NULL)) != NULL) {
		ini_section_clear(section);
		free(section);
	}
	map_free(ini->sections);
	ini_section_clear(&ini->defaults);
	for (size_t i = 0; i < ini->nfiles; i++)
		free(ini->files[i]);
	free(ini->files);
	for (size_t i = 0; i < ini->nduplicates; i++) {
		free(ini->duplicates[i].section);
		free(ini->duplicates[i].key);
	}
	free(ini->duplicates);
	free(ini);
}

static struct value *
ini_section_set(struct section *section, const char *key, const char *text)
{
	struct value *value = map_get(section->values, key);

	if (value == NULL) {
		value = xcalloc(1, sizeof(*value));
		mem_must(map_set(section->values, key, value));
	}
	ini_value_clear(value);
	buf_init(&value->pending, 0);
	value->pending.secret = true;
	mem_must(buf_puts(&value->pending, text));
	return value;
}

/* Makes the final texts of a section's pending lines. */
static void
ini_section_settle(struct section *section)
{
	size_t cursor = 0;
	struct value *value;
	const char *text;
	size_t len;

	while ((value = map_next(section->values, &cursor, NULL)) != NULL) {
		if (value->text != NULL)
			continue;
		text = buf_data(&value->pending);
		len = buf_len(&value->pending);
		value->text =
		    len > 0 ? xstrndup(text, ini_line_trimmed(text, len)) : xstrdup("");
		buf_clear(&value->pending);
	}
}

static void
ini_add_duplicate(struct reader *reader, const struct section *section, const char *key,
    const struct place *first)
{
	struct ini *ini = reader->ini;
	size_t n = ini->nduplicates;

	if ((n & (n - 1)) == 0)
		ini->duplicates = xreallocarray(
		    ini->duplicates, n == 0 ? 1 : 2 * n, sizeof(*ini->duplicates));
	ini->duplicates[ini->nduplicates++] = (struct duplicate){
		.section = xstrdup(section->name),
		.key = key != NULL ? xstrdup(key) : NULL,
		.first = *first,
		.later = reader->place,
	};
}

static void
ini_read_header(struct reader *reader, const char *name)
{
	struct section *section;

	reader->value = NULL;
	if (str_equal(name, "DEFAULT")) {
		reader->section = &reader->ini->defaults;
		return;
	}
	section = map_get(reader->ini->sections, name);
	if (section == NULL) {
		section = xcalloc(1, sizeof(*section));
		ini_section_init(section, name, reader->included ? reader->path : NULL);
		section->place = reader->place;
		mem_must(map_set(reader->ini->sections, name, section));
	} else {
		ini_add_duplicate(reader, section, NULL, &section->place);
	}
	reader->section = section;
}

static void
ini_read_error(struct reader *reader, const struct ini_line *line)
{
	char *shown = ini_line_repr(line);

	mem_must(buf_printf(&reader->errors, "\n\t[line %2zu]: %s", line->number, shown));
	free(shown);
}

static void
ini_read_option(struct reader *reader, const struct ini_line *line)
{
	const struct value *earlier;
	char *key, *text;

	if (!ini_line_option(line, &key, &text)) {
		ini_read_error(reader, line);
		return;
	}
	if (key[0] == '\0')
		ini_read_error(reader, line);
	else if ((earlier = map_get(reader->section->values, key)) != NULL)
		ini_add_duplicate(reader, reader->section, key, &earlier->place);
	reader->value = ini_section_set(reader->section, key, text);
	reader->value->place = reader->place;
	if (key[0] == '\0')
		reader->value = NULL;
	free(key);
	mem_wiping_free(text);
}

/* Reads a line that has content. -1: it precedes the first section header. */
static int
ini_read_content(struct reader *reader, const struct ini_line *line)
{
	char *name;

	if (reader->value != NULL && line->indent > reader->indent) {
		mem_must(buf_putc(&reader->value->pending, '\n'));
		mem_must(buf_append(&reader->value->pending, line->content, line->length));
		return 0;
	}
	reader->indent = line->indent;
	if ((name = ini_line_header(line)) != NULL) {
		ini_read_header(reader, name);
		free(name);
		return 0;
	}
	if (reader->section == NULL)
		return -1;
	ini_read_option(reader, line);
	return 0;
}

static int
ini_read_lines(struct reader *reader, const char *text, size_t n, char **error)
{
	struct ini_line line = { .number = 0 };
	size_t offset = 0;

	while (ini_line_next(text, n, &offset, &line)) {
		reader->place.line = line.number;
		if (line.length == 0) {
			if (!line.comment && reader->value != NULL)
				mem_must(buf_putc(&reader->value->pending, '\n'));
			continue;
		}
		if (ini_read_content(reader, &line) == -1) {
			char *path = str_repr(reader->path), *shown = ini_line_repr(&line);

			*error = xasprintf("File contains no section headers.\n"
					   "file: %s, line: %zu\n%s",
			    path, line.number, shown);
			free(path);
			free(shown);
			return -1;
		}
	}
	return 0;
}

static int
ini_read_text(struct ini *ini, const char *path, bool included, const char *text, size_t n,
    char **error)
{
	struct reader reader = { .ini = ini, .path = path, .included = included };
	struct section *section;
	char *shown, *lines;
	size_t cursor = 0;
	int status;

	ini->files = xreallocarray(ini->files, ini->nfiles + 1, sizeof(*ini->files));
	ini->files[ini->nfiles] = xstrdup(path);
	reader.place.file = ini->files[ini->nfiles++];
	buf_init(&reader.errors, 0);
	status = ini_read_lines(&reader, text, n, error);
	ini_section_settle(&ini->defaults);
	while ((section = map_next(ini->sections, &cursor, NULL)) != NULL)
		ini_section_settle(section);
	if (status == 0 && buf_len(&reader.errors) > 0) {
		lines = buf_steal(&reader.errors);
		mem_must(lines == NULL);
		shown = str_repr(path);
		*error = xasprintf("Source contains parsing errors: %s%s", shown, lines);
		free(shown);
		free(lines);
		status = -1;
	}
	buf_clear(&reader.errors);
	return status;
}

/* Rejects an included FIFO: without a writer it would block the reader or look empty. */
static int
ini_open(const char *path, bool included)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (included ? O_NONBLOCK : 0));
	struct stat st;

	if (fd == -1 || !included || (fstat(fd, &st) == 0 && !S_ISFIFO(st.st_mode)))
		return fd;
	return fd_fail(fd, ESPIPE);
}

/* Reads the whole file; 0, or -1 with errno (EFBIG: more than INI_FILE_MAX, ESPIPE: an
 * included FIFO). */
static int
ini_read_file(const char *path, bool included, struct buf *text)
{
	int fd = ini_open(path, included);
	ssize_t n = 0;
	char *to;

	if (fd == -1)
		return -1;
	while ((to = buf_reserve(text, 65536)) != NULL) {
		n = read(fd, to, 65536);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		buf_commit(text, (size_t)n);
	}
	fd_close(fd);
	if (to == NULL)
		return fail_with(errno == ENOBUFS ? EFBIG : errno);
	return n == -1 ? -1 : 0;
}

int
ini_read(struct ini *ini, const char *path, const char *name, bool included, char **error)
{
	struct buf text;
	const char *bytes;
	int status, kind;
	size_t n;

	*error = NULL;
	buf_init(&text, INI_FILE_MAX + 65536);
	text.secret = true;
	status = ini_read_file(path, included, &text);
	kind = errno;
	bytes = buf_data(&text);
	n = buf_len(&text);
	if (status == -1) {
		if (kind == EFBIG)
			*error = xasprintf(
			    "%s is larger than a configuration file may be", name);
	} else if ((*error = ini_line_check(name, bytes, n)) != NULL) {
		status = -1;
		kind = EILSEQ;
	} else {
		status = ini_read_text(ini, name, included, bytes, n, error);
		kind = EINVAL;
	}
	buf_clear(&text);
	if (status == -1)
		errno = kind;
	return status;
}

const char *
ini_next(const struct ini *ini, size_t *cursor)
{
	const char *name = NULL;

	return map_next(ini->sections, cursor, &name) != NULL ? name : NULL;
}

bool
ini_has(const struct ini *ini, const char *section)
{
	return map_get(ini->sections, section) != NULL;
}

const char *
ini_get(const struct ini *ini, const char *section, const char *key)
{
	const struct section *s = map_get(ini->sections, section);
	const struct value *value = s != NULL ? map_get(s->values, key) : NULL;

	if (value == NULL)
		value = map_get(ini->defaults.values, key);
	return value != NULL ? value->text : NULL;
}

/* The highest bit of the cursor: the walk has reached [DEFAULT]. */
#define IN_DEFAULTS ((size_t)1 << (sizeof(size_t) * 8 - 1))

const char *
ini_next_value(const struct ini *ini, const char *section, size_t *cursor, const char **key)
{
	const struct section *s = map_get(ini->sections, section);
	const struct value *value;
	size_t at = *cursor & ~IN_DEFAULTS;

	if ((*cursor & IN_DEFAULTS) == 0) {
		value = s != NULL ? map_next(s->values, &at, key) : NULL;
		*cursor = at;
		if (value != NULL)
			return value->text;
		at = 0;
	}
	do
		value = map_next(ini->defaults.values, &at, key);
	while (value != NULL && s != NULL && map_get(s->values, *key) != NULL);
	*cursor = at | IN_DEFAULTS;
	return value != NULL ? value->text : NULL;
}

const char *
ini_file(const struct ini *ini, const char *section)
{
	const struct section *s = map_get(ini->sections, section);

	return s != NULL ? s->file : NULL;
}

bool
ini_where(const struct ini *ini, const char *section, const char *key, const char **file,
    size_t *line)
{
	const struct section *s = map_get(ini->sections, section);
	const struct value *value =
	    s == NULL || key == NULL ? NULL : map_get(s->values, key);
	const struct place *place = value != NULL ? &value->place :
	    s != NULL && key == NULL              ? &s->place :
						    NULL;

	if (place == NULL || place->file == NULL)
		return false;
	*file = place->file;
	*line = place->line;
	return true;
}

bool
ini_duplicate(const struct ini *ini, size_t index, struct ini_duplicate *found)
{
	const struct duplicate *d;

	if (index >= ini->nduplicates)
		return false;
	d = &ini->duplicates[index];
	*found = (struct ini_duplicate){
		.section = d->section,
		.key = d->key,
		.file = d->later.file,
		.line = d->later.line,
		.first_file = d->first.file,
		.first_line = d->first.line,
	};
	return true;
}

void
ini_repair(struct ini *ini, const char *section, const char *key, const char *text)
{
	struct section *s = map_get(ini->sections, section);
	struct value *value;

	if (s == NULL)
		return;
	if (key == NULL) {
		map_remove(ini->sections, section);
		ini_section_clear(s);
		free(s);
	} else if (text != NULL) {
		ini_section_set(s, key, text);
		ini_section_settle(s);
	} else if ((value = map_remove(s->values, key)) != NULL) {
		ini_value_free(value);
	}
}

/* Sets the key to the value with each `from` replaced, if there is one. */
static void
ini_section_replace(struct section *section, const char *key, const struct value *value,
    const char *from, const char *to)
{
	const char *text = value->text, *hit = strstr(text, from);
	struct buf out;

	if (hit == NULL)
		return;
	buf_init(&out, 0);
	out.secret = true;
	for (; hit != NULL; hit = strstr(text, from)) {
		mem_must(buf_append(&out, text, (size_t)(hit - text)));
		mem_must(buf_puts(&out, to));
		text = hit + strlen(from);
	}
	mem_must(buf_append(&out, text, strlen(text) + 1));
	ini_section_set(section, key, buf_data(&out));
	ini_section_settle(section);
	buf_clear(&out);
}

void
ini_replace(struct ini *ini, const char *from, const char *to)
{
	size_t cursor = 0, at;
	struct section *section;
	struct value *value;
	const char *key;

	while ((section = map_next(ini->sections, &cursor, NULL)) != NULL) {
		at = 0;
		while ((value = map_next(section->values, &at, &key)) != NULL)
			ini_section_replace(section, key, value, from, to);
		at = 0;
		while ((value = map_next(ini->defaults.values, &at, &key)) != NULL)
			if (map_get(section->values, key) == NULL)
				ini_section_replace(section, key, value, from, to);
	}
}
