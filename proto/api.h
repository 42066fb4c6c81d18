/* Api: the methods of the `reeve.*` namespace and the members that its answers have beside
 * supervisord's (reeve-api(7)). XML-RPC, JSON-RPC, system.* and the manual read these
 * tables. */
#ifndef PROTO_API_H
#define PROTO_API_H

#include "proto/cmd.h"
#include "proto/role.h"

#include <stddef.h>

/* A method of any namespace. */
struct api_method {
	const char *name; /* "supervisor.startProcess" */
	/* Result type, then the parameters' names and types, '?' = optional:
	 * "boolean name:string ?wait:boolean" */
	const char *signature;
	enum role role;
	enum cmd_id cmd; /* what the master is asked; CMD_HELLO = it is not asked */
	const char *help;
};

enum api_id { /* sorted by name, as the rows */
	API_GET_ALL_PROCESS_INFO,
	API_GET_PROCESS_INFO,
	API_MAX
};

extern const struct api_method api_methods[API_MAX];

/* Types of members. A number beyond 32 bits is a double in XML-RPC and an integer in
 * JSON. */
enum api_type {
	API_BOOLEAN,	/* bool */
	API_NUMBER,	/* int64_t or uint64_t */
	API_TEXT,	/* char * */
	API_HEALTH,	/* enum health, shown as its name */
	API_LAST_EXIT,	/* struct process_info, shown as a struct of its last end */
	API_TYPES
};

/* A member of a process in the answers of reeve.*. */
struct api_member {
	const char *name;
	enum api_type type;
	size_t offset; /* in struct process_info */
	const char *help;
};

#define API_MEMBERS 7

extern const struct api_member api_members[API_MEMBERS];

/* "boolean", "number", "string" or "struct". */
const char *api_type_name(enum api_type);

#endif
