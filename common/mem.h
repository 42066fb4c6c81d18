/* Mem: allocation. The x functions end the program when memory runs out; they are for
 * start-up code, reeve-rpcd and reevectl. The running master uses malloc and handles
 * NULL. */
#ifndef COMMON_MEM_H
#define COMMON_MEM_H

#include "common/compiler.h"

#include <stdarg.h>
#include <stddef.h>

/* Sets a function that is called before the program ends for lack of memory. */
void mem_on_failure(void (*fn)(void));
/* Ends the program with "out of memory". */
NORETURN void mem_fail(void);
/* The same unless the status, of an append to a buf or a map, is 0. */
static inline void
mem_must(int status)
{
	if (status != 0)
		mem_fail();
}

/* All return new memory, never NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *ptr, size_t count, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *xvasprintf(const char *fmt, va_list ap) PRINTF_LIKE(1, 0);
/* Appends to *text, which is malloc's and may move. */
void xappendf(char **text, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for the running master: NULL with ENOMEM. */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* free(*ptr) and set it to NULL; for CLEANUP(mem_freep) as well. */
void mem_freep(void *ptr_to_ptr);
/* Overwrites memory that held a secret; the compiler does not remove this. */
void mem_wipe(void *ptr, size_t len);
/* mem_wipe and free() of malloc's memory; NULL is fine. */
void mem_wiping_free(void *ptr);

#endif
