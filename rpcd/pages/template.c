#include "rpcd/pages/template.h"

#include "common/mem.h"
#include "rpcd/pages/html.h"

#include <string.h>

#define BEGIN "{{"
#define END "}}"

static void
template_place(struct buf *out, const struct template_value *value)
{
	static void (*const write[])(struct buf *, const char *) = {
	    [TEMPLATE_TEXT] = html_text,
	    [TEMPLATE_URL] = html_url,
	    [TEMPLATE_HTML] = html_raw,
	};

	if (value->text != NULL)
		write[value->kind](out, value->text);
}

void
template_fill(
    struct buf *out, const char *source, const struct template_value *values, size_t n)
{
	const char *begin, *end;

	while (
	    (begin = strstr(source, BEGIN)) != NULL && (end = strstr(begin, END)) != NULL) {
		const char *name = begin + strlen(BEGIN);
		size_t len = (size_t)(end - name);

		mem_must(buf_append(out, source, (size_t)(begin - source)));
		for (size_t i = 0; i < n; i++)
			if (strlen(values[i].name) == len &&
			    memcmp(values[i].name, name, len) == 0)
				template_place(out, &values[i]);
		source = end + strlen(END);
	}
	html_raw(out, source);
}
