/* Api: the methods of supervisor.*, system.* and reeve.*, and the members that the process
 * structs of reeve.* have in addition to supervisord's (reeve-api(7)). The dispatcher, the
 * check of rights on both sides of the wire, system.* and the manual are made from these
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
	enum cmd_id cmd; /* sent to the master; CMD_HELLO = reeve-rpcd answers by itself */
	const char *help;
};

enum api_id { /* of reeve.*, in the order of the names */
	API_GET_ALL_PROCESS_INFO,
	API_GET_ALL_PROCESS_STATS,
	API_GET_PROCESS_INFO,
	API_GET_PROCESS_STATS,
	API_RESTART_PROCESSES,
	API_MAX
};

extern const struct api_method api_methods[API_MAX];

#define API_SUPERVISOR_METHODS 41

/* supervisor.* and system.*, sorted by name; an alias has a row of its own. */
extern const struct api_method api_supervisor_methods[API_SUPERVISOR_METHODS];

/* The row of a method of these three namespaces; NULL = none. */
const struct api_method *api_find(const char *name);
/* Row `nth` of all rows of these three namespaces; NULL after the last. */
const struct api_method *api_nth(size_t nth);
/* The other name of a method that has an old and a new one; NULL = it has one name. */
const char *api_other_name(const char *name);

#define API_METHODS (API_SUPERVISOR_METHODS + API_MAX)

/* The n of api_nth for a row; API_METHODS for a method of another namespace. */
size_t api_number(const struct api_method *);

/* Types of members. A number of more than 32 bits is a double in XML-RPC. */
enum api_type {
	API_BOOLEAN,	/* bool */
	API_NUMBER,	/* int64_t or uint64_t */
	API_TEXT,	/* char * */
	API_HEALTH,	/* enum health, shown as its name */
	API_LAST_EXIT,	/* struct process_info, shown as a struct of its last exit */
	API_TYPES
};

/* A member of the process structs of reeve.*. */
struct api_member {
	const char *name;
	enum api_type type;
	size_t offset; /* in struct process_info */
	const char *help;
};

#define API_MEMBERS 7

extern const struct api_member api_members[API_MEMBERS];

/* "boolean", "number", "string" or "struct", by enum api_type. */
extern const char *const api_type_names[API_TYPES];

#endif
