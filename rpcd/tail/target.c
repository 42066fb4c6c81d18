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

/* Reads "…/NAME[/STREAM]"; the route has checked the part before the first slash. */
static int
target_read(char *path, struct tail_target *target)
{
	static const char *const streams[] = { "stdout", "stderr" };
	char *name = strchr(path, '/'), *stream;

	if (name == NULL)
		return -1;
	stream = strchr(++name, '/');
	if (stream == NULL)
		target->stream = streams[0];
	else
		*stream++ = '\0';
	for (size_t i = 0; stream != NULL && i < nitems(streams); i++)
		if (str_equal(stream, streams[i]))
			target->stream = streams[i];
	if (target->stream == NULL || *name == '\0' || strlen(name) > CMD_NAME_MAX)
		return -1;
	target->name = xstrdup(name);
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
