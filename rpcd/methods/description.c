#include "rpcd/methods/description.h"

#include "common/buf.h"
#include "common/mem.h"
#include "common/str.h"
#include "rpcd/methods/rpcinterface.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 128
#define PARAMETERS_MAX 32

#define KIND(type) (1u << (type))

static const struct {
	const char *name;
	unsigned kinds;
} types[] = {
	{"array", KIND(JSON_ARRAY)},
	{"boolean", KIND(JSON_TRUE) | KIND(JSON_FALSE)},
	{"double", KIND(JSON_REAL) | KIND(JSON_INTEGER)},
	{"int", KIND(JSON_INTEGER)},
	{"string", KIND(JSON_STRING)},
	{"struct", KIND(JSON_OBJECT)},
};

/* The JSON types that a type of XML-RPC allows; 0 = there is no such type. */
static unsigned
description_kinds(const char *type, size_t len)
{
	for (size_t i = 0; i < nitems(types); i++)
		if (strlen(types[i].name) == len && memcmp(types[i].name, type, len) == 0)
			return types[i].kinds;
	return 0;
}

/* Whether the value is null or contains one, which XML-RPC does not have. */
static bool
description_has_null(const json_t *value)
{
	json_t *unconst = (json_t *)(uintptr_t)value; /* the iterators only read */
	const char *name;
	json_t *one;
	size_t i;

	json_array_foreach(unconst, i, one)
		if (description_has_null(one))
			return true;
	json_object_foreach(unconst, name, one)
		if (description_has_null(one))
			return true;
	return json_is_null(value);
}

bool
description_fits(const char *signature, const json_t *value)
{
	size_t len = strcspn(signature, " ");

	return value != NULL && !description_has_null(value) &&
	    (description_kinds(signature, len) & KIND(json_typeof(value))) != 0;
}

/* ---- one method ---- */

/* A letter, then letters, digits and '_'. A dot would name another namespace. */
static bool
description_is_name(const char *name, size_t len)
{
	size_t n = 0;

	if (len > NAME_MAX_BYTES || !isalpha((unsigned char)name[0]))
		return false;
	while (n < len && (isalnum((unsigned char)name[n]) || name[n] == '_'))
		n++;
	return n == len;
}

/* Appends " ?NAME:TYPE" of parameter i: "TYPE" or "NAME:TYPE". False: it is neither. */
static bool
description_parameter(struct buf *out, size_t i, const char *mark, const char *text)
{
	const char *colon = strchr(text, ':');
	const char *type = colon != NULL ? colon + 1 : text;
	int len = colon != NULL ? (int)(colon - text) : 0;

	if (description_kinds(type, strlen(type)) == 0)
		return false;
	if (colon == NULL)
		return buf_printf(out, " %sarg%zu:%s", mark, i, type) == 0;
	return description_is_name(text, (size_t)len) &&
	    buf_printf(out, " %s%.*s:%s", mark, len, text, type) == 0;
}

/* New: "int arg1:string ?name:int", or NULL. */
static char *
description_signature(const json_t *list, json_int_t optional)
{
	size_t n = json_array_size(list);
	struct buf out;

	if (n == 0 || n > PARAMETERS_MAX || optional < 0 || (size_t)optional > n - 1)
		return NULL;
	buf_init(&out, 0);
	for (size_t i = 0; i < n; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		const char *mark = n - i <= (size_t)optional ? "?" : "";

		if (text == NULL ||
		    !(i == 0 ? description_kinds(text, strlen(text)) != 0 &&
				buf_puts(&out, text) == 0 :
			       description_parameter(&out, i, mark, text))) {
			buf_clear(&out);
			return NULL;
		}
	}
	return buf_steal(&out);
}

/* NULL and the row is filled, or what is wrong with the description of a method. */
static const char *
description_read_method(
    struct api_method *method, const char *namespace, const json_t *object)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	const json_t *said = json_object_get(object, "help");
	const char *help = said != NULL ? json_string_value(said) : "";
	const json_t *needs = json_object_get(object, "role");
	const char *role = needs != NULL ? json_string_value(needs) : "operate";
	const json_t *optional = json_object_get(object, "optional");

	if (name == NULL || !description_is_name(name, strlen(name)))
		return "the name of a method is not made of letters, digits and _";
	if (help == NULL || strlen(help) > RPCINTERFACE_HELP_MAX)
		return "the help of a method is not a text of at most 4096 bytes";
	if (role == NULL || role_parse(role) <= ROLE_NONE)
		return "the role of a method is not states, view, operate or admin";
	if (optional != NULL && !json_is_integer(optional))
		return "the number of optional parameters of a method is not an integer";
	*method = (struct api_method){
		.name = xasprintf("%s.%s", namespace, name),
		.signature = description_signature(
		    json_object_get(object, "signature"), json_integer_value(optional)),
		.role = (enum role)role_parse(role),
		.help = xstrdup(help),
	};
	if (method->signature == NULL)
		return "the signature of a method is not a list of types";
	return NULL;
}

/* ---- all of them ---- */

static int
description_compare(const void *a, const void *b)
{
	const struct api_method *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
description_read_all(
    struct description *description, const char *namespace, const json_t *list, char **why)
{
	const json_t *object;
	const char *wrong, *name;
	char *shown;
	size_t i;

	json_array_foreach(list, i, object) {
		wrong = description_read_method(
		    &description->methods[description->count++], namespace, object);
		if (wrong == NULL)
			continue;
		name = json_string_value(json_object_get(object, "name"));
		shown = str_repr(name != NULL ? name : "");
		*why = xasprintf("%s: %s", wrong, shown);
		free(shown);
		return -1;
	}
	qsort(description->methods, description->count, sizeof(struct api_method),
	    description_compare);
	for (i = 1; i < description->count; i++)
		if (description_compare(
			&description->methods[i - 1], &description->methods[i]) == 0) {
			*why = xasprintf(
			    "%s is described twice", description->methods[i].name);
			return -1;
		}
	return 0;
}

int
description_read(struct description *description, const char *namespace,
    const json_t *answer, char **why)
{
	const json_t *list = json_object_get(answer, "methods");
	size_t n = json_array_size(list);

	*description = (struct description){ 0 };
	if (!json_is_array(list) || n > RPCINTERFACE_METHODS_MAX) {
		*why = xasprintf(
		    "its methods are not an array of at most %d", RPCINTERFACE_METHODS_MAX);
		return -1;
	}
	description->methods = xcalloc(n + 1, sizeof(struct api_method));
	if (description_read_all(description, namespace, list, why) == 0)
		return 0;
	description_clear(description);
	return -1;
}

void
description_clear(struct description *description)
{
	for (size_t i = 0; i < description->count; i++) {
		free((char *)(uintptr_t)description->methods[i].name);
		free((char *)(uintptr_t)description->methods[i].signature);
		free((char *)(uintptr_t)description->methods[i].help);
	}
	free(description->methods);
	*description = (struct description){ 0 };
}
