#include "rpcd/pages/form.h"

#include "common/hex.h"
#include "common/mem.h"

#include <stdlib.h>
#include <string.h>

/* Decodes in place. A '%' that no two digits follow stays. */
static void
form_decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		int high = *in == '%' ? hex_value(in[1]) : -1;
		int low = high >= 0 ? hex_value(in[2]) : -1;

		if (low >= 0) {
			*out++ = (char)(high * 16 + low);
			in += 2;
		} else {
			*out++ = *in == '+' ? ' ' : *in;
		}
	}
	*out = '\0';
}

static size_t
form_count(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '&')) != NULL && count < FORM_FIELDS_MAX; text++)
		count++;
	return count;
}

void
form_read(struct form *form, const char *text, size_t n)
{
	char *rest, *pair;

	form->text = rest = xstrndup(text, n);
	form->count = 0;
	form->fields = xcalloc(form_count(rest), sizeof(*form->fields));
	while (form->count < FORM_FIELDS_MAX && (pair = strsep(&rest, "&")) != NULL) {
		struct form_field *field = &form->fields[form->count];

		if (*pair == '\0')
			continue;
		field->value = pair;
		field->name = strsep(&field->value, "=");
		if (field->value == NULL)
			field->value = pair + strlen(pair);
		form_decode(field->name);
		form_decode(field->value);
		form->count++;
	}
}

void
form_clear(struct form *form)
{
	free(form->fields);
	free(form->text);
	*form = (struct form){ 0 };
}

const char *
form_value(const struct form *form, const char *name)
{
	for (size_t i = form->count; i > 0; i--)
		if (strcmp(form->fields[i - 1].name, name) == 0)
			return form->fields[i - 1].value;
	return "";
}
