#include "common/mem.h"

#include "common/fail.h"
#include "common/log.h"

#include <stdint.h>
#include <stdio.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void (*mem_failed)(void); /* NULL = none */

void
mem_on_failure(void (*fn)(void))
{
	mem_failed = fn;
}

void
mem_fail(void)
{
	if (mem_failed != NULL)
		mem_failed();
	fatal("out of memory");
}

static void *
mem_or_die(void *ptr)
{
	mem_must(ptr == NULL);
	return ptr;
}

/* malloc(0) may return NULL, which must mean failure here. */
void *
xmalloc(size_t size)
{
	return mem_or_die(malloc(size > 0 ? size : 1));
}

void *
xcalloc(size_t count, size_t size)
{
	return mem_or_die(count > 0 && size > 0 ? calloc(count, size) : calloc(1, 1));
}

void *
xreallocarray(void *ptr, size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return mem_or_die(reallocarray(ptr, count, size));
}

char *
xstrdup(const char *s)
{
	return mem_or_die(strdup(s));
}

char *
xstrndup(const char *s, size_t n)
{
	return mem_or_die(strndup(s, n));
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *text;

	mem_must(vasprintf(&text, fmt, ap) == -1);
	return text;
}

char *
xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	return text;
}

void
xappendf(char **text, const char *fmt, ...)
{
	va_list ap;
	char *more, *whole;

	va_start(ap, fmt);
	more = xvasprintf(fmt, ap);
	va_end(ap);
	whole = xasprintf("%s%s", *text, more);
	free(*text);
	free(more);
	*text = whole;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return n == -1 ? fail_null(ENOMEM) : text;
}

/* The argument is any T **: copying it as bytes respects the aliasing rules. */
void
mem_freep(void *ptr_to_ptr)
{
	void *ptr;

	memcpy(&ptr, ptr_to_ptr, sizeof(ptr));
	free(ptr);
	ptr = NULL;
	memcpy(ptr_to_ptr, &ptr, sizeof(ptr));
}

void
mem_wipe(void *ptr, size_t len)
{
	if (len > 0)
		explicit_bzero(ptr, len);
}

void
mem_wiping_free(void *ptr)
{
	if (ptr != NULL)
		mem_wipe(ptr, malloc_usable_size(ptr));
	free(ptr);
}
