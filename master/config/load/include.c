/* [include]: reads the files into the ini of the main file. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/values/path.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#define HERE "%(here)s"

static int
include_compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As in supervisord, a start skips a file that cannot be read. A reread fails, because it
 * would remove the file's programs, unless the file is gone. A directory that the pattern
 * matches is skipped. ESPIPE is a FIFO, which would block. */
static int
include_failed(struct conf_load *load, const char *path, int errnum)
{
	const char *why = errnum == ESPIPE ? "it is a FIFO" : strerror(errnum);
	bool is_gone = errnum == ENOENT || errnum == ELOOP;

	if (errnum == EISDIR)
		return 0;
	conf_load_at(load, "include", "files");
	if (errnum == ESPIPE || (load->arguments->opened != NULL && !is_gone))
		return conf_load_fail(load, "could not include %s: %s", path, why);
	conf_load_message(load, LEVEL_WARN, "could not include %s: %s", path, why);
	return 0;
}

static int
include_file(struct conf_load *load, const char *path)
{
	char *directory, *here, *error, *shown;

	if (!str_is_utf8(path, strlen(path))) {
		shown = str_repr_bytes(path, strlen(path));
		conf_load_at(load, "include", "files");
		conf_load_reject(
		    load, "the name of the included file %s is not valid UTF-8", shown);
		free(shown);
		return -1;
	}
	conf_load_message(
	    load, LEVEL_INFO, "Included extra file \"%s\" during parsing", path);
	if (ini_read(load->ini, path, path, true, &error) == -1) {
		if (error != NULL)
			return conf_load_fail_take(load, error);
		return include_failed(load, path, errno);
	}
	directory = conf_path_directory(path);
	here = conf_path_absolute(directory);
	ini_replace(load->ini, HERE, here);
	free(directory);
	free(here);
	return 0;
}

static int
include_pattern(struct conf_load *load, const char *pattern)
{
	char *full = conf_path_join(load->config->here, pattern);
	glob_t found = { 0 };
	int status = 0;

	if (glob(full, GLOB_NOSORT | GLOB_NOESCAPE, NULL, &found) != 0) {
		conf_load_message(
		    load, LEVEL_WARN, "No file matches via include \"%s\"", full);
		found.gl_pathc = 0;
	}
	if (found.gl_pathc > 1)
		qsort(
		    found.gl_pathv, found.gl_pathc, sizeof(char *), include_compare_paths);
	for (size_t i = 0; status == 0 && i < found.gl_pathc; i++)
		status = include_file(load, found.gl_pathv[i]);
	globfree(&found);
	free(full);
	return status;
}

int
conf_include_read(struct conf_load *load)
{
	struct expand_names *names;
	const char *files;
	char *text, *rest, *pattern;
	int status = 0;

	if (!ini_has(load->ini, "include"))
		return 0;
	ini_replace(load->ini, HERE, load->config->here);
	if ((files = ini_get(load->ini, "include", "files")) == NULL)
		return conf_load_fail(
		    load, ".ini file has [include] section, but no files setting");
	names = expand_names_new(load->here);
	expand_set(names, "host_node_name", load->node);
	rest = text = conf_load_expand(load, files, names, "include.files");
	expand_names_free(names);
	if (text == NULL)
		return -1;
	while (status == 0 && (pattern = strsep(&rest, " \t\n\r\f\v")) != NULL)
		if (pattern[0] != '\0')
			status = include_pattern(load, pattern);
	free(text);
	return status;
}
