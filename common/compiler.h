/* Compiler: attributes and small macros that every source may use. */
#ifndef COMMON_COMPILER_H
#define COMMON_COMPILER_H

#include <stddef.h>

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define STRFTIME_LIKE(fmt) __attribute__((format(strftime, fmt, 0)))
#define NODISCARD __attribute__((warn_unused_result))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))
/* Spares a large buffer of a hot path the initialization that the compiler adds: the buffer
 * is written before it is read. */
#if __has_attribute(uninitialized)
#define UNINITIALIZED __attribute__((uninitialized))
#else
#define UNINITIALIZED
#endif
#define CLEANUP(fn) __attribute__((cleanup(fn)))

#define nitems(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define container_of_const(ptr, type, member) \
	((const type *)(const void *)((const char *)(ptr) - offsetof(type, member)))

#endif
