#include "rpcd/tail/target.h"

#include "common/hex.h"
#include "common/mem.h"
#include "common/str.h"
#include "proto/cmd.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAIN_PREFIX "/mainlogtail"

/* Decodes %-escapes in place. False: the text contains NUL or is not UTF-8. */
static bool
target_decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		int high = *in == '%' ? hex_value(in[1]) : -1;
		int low = high >= 0 ? hex_value(in[2]) : -1;

		if (low >= 0)
			in += 2;
		*out = low >= 0 ? (char)(high * 16 + low) : *in;
		if (*out++ == '\0')
			return false;
	}
	*out = '\0';
	return str_is_utf8(text, (size_t)(out - text));
}

/* The static name of a stream, or NULL. */
static const char *
target_stream(const char *name)
{
	static const char *const streams[] = { "stdout", "stderr" };

	for (size_t i = 0; i < nitems(streams); i++)
		if (str_equal(name, streams[i]))
			return streams[i];
	return NULL;
}

/* Reads "…/NAME[/STREAM]"; the route has checked the part before the first slash. */
static int
target_read(char *path, struct tail_target *target)
{
	char *name = strchr(path, '/'), *stream;

	if (name == NULL)
		return -1;
	stream = strchr(++name, '/');
	if (stream != NULL)
		*stream++ = '\0';
	target->stream = target_stream(stream != NULL ? stream : "stdout");
	if (target->stream == NULL || *name == '\0' || strlen(name) > CMD_NAME_MAX)
		return -1;
	target->name = xstrdup(name);
	return 0;
}

int
tail_target_read_name(const char *text, struct tail_target *target)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;

	*target = (struct tail_target){ 0 };
	if (len == 0 || len > CMD_NAME_MAX || !str_is_utf8(text, len))
		return -1;
	target->stream = target_stream(colon + 1);
	if (target->stream == NULL)
		return -1;
	target->name = xstrndup(text, len);
	return 0;
}

int
tail_target_parse(const char *uri, struct tail_target *target)
{
	char *path;
	int rc = -1;

	*target = (struct tail_target){ 0 };
	if (str_starts(uri, MAIN_PREFIX))
		return 0;
	path = xstrndup(uri, strcspn(uri, ";?#"));
	if (target_decode(path))
		rc = target_read(path + strspn(path, "/"), target);
	free(path);
	return rc;
}

void
tail_target_clear(struct tail_target *target)
{
	free(target->name);
	*target = (struct tail_target){ 0 };
}
