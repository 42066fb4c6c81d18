/* Mem: the only place that decides what "out of memory" means. The x
 * functions end the program; they belong to start-up code, rpcd and reevectl.
 * In the running master use malloc and handle NULL. */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include "common/compiler.h"

#include <stdarg.h>
#include <stddef.h>

/* Ends the program unless the status, of an append to a buf or a map, is 0. */
void mem_must(int status);
/* All return new memory, never NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *ptr, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);
/* Adds to the end of *text, which is new memory and may move. */
void xappendf(char **text, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for the running master: NULL with ENOMEM. */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* free(*ptr) and set it to NULL; for CLEANUP(mem_freep) as well. */
void mem_freep(void *ptr_to_ptr);
/* Overwrites secrets in a way the compiler keeps. */
void mem_wipe(void *ptr, size_t len);
/* free() of memory that may hold secrets. */
void mem_wiping_free(void *ptr);

#endif
