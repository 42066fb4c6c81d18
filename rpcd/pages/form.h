/* Form: the fields of an HTML form, application/x-www-form-urlencoded. */
#ifndef RPCD_PAGES_FORM_H
#define RPCD_PAGES_FORM_H

#include <stddef.h>

#define FORM_FIELDS_MAX 20000

struct form_field {
	char *name, *value; /* decoded; owned by the form */
};

struct form {
	struct form_field *fields;
	size_t count;
	char *text; /* of the fields */
};

/* Decodes n bytes. Fields beyond FORM_FIELDS_MAX, and what follows a NUL in a name or
 * value, are ignored. Bytes that are not UTF-8 stay. */
void form_read(struct form *, const char *text, size_t n);
void form_clear(struct form *);
/* The value of the last field of this name, as in supervisord; "" when there is none. */
const char *form_value(const struct form *, const char *name);

#endif
