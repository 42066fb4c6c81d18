/* Fields: the members of a struct and the rows of a table that describes them, from one
 * list, so that no member can be added without its row:
 *
 *	#define POINT_FIELDS(ROW, S) ROW(S, INT, x) ROW(S, TEXT, label)
 *	struct point FIELDS(POINT_FIELDS);
 *
 * The same list with another ROW makes the table; S is the struct that holds the members. A
 * kind that is missing below is defined as FIELDS_TYPE_KIND where its type is declared.
 *
 * ROW(S, INT, y, 2) is a member that documents of format 1 do not have: since format 2. */
#ifndef COMMON_FIELDS_H
#define COMMON_FIELDS_H

#include "common/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#define FIELDS(LIST) { LIST(FIELDS_MEMBER, ) }
#define FIELDS_MEMBER(...) FIELDS_MEMBER_AS(__VA_ARGS__, )
#define FIELDS_MEMBER_AS(S, kind, name, ...) FIELDS_TYPE_##kind name;

#define FIELDS_TYPE_U64 uint64_t
#define FIELDS_TYPE_I64 int64_t
#define FIELDS_TYPE_INT int
#define FIELDS_TYPE_BOOL bool
#define FIELDS_TYPE_TEXT char * /* owned; NULL = none */
#define FIELDS_TYPE_BUF struct buf
#define FIELDS_TYPE_RLIMIT struct rlimit
#define FIELDS_TYPE_FD int /* a descriptor; -1 = none */

#endif
