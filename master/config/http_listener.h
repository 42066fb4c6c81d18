/* HTTP listener: the configuration of an HTTP listener: [inet_http_server] or
 * [unix_http_server]. */
#ifndef MASTER_CONFIG_HTTP_LISTENER_H
#define MASTER_CONFIG_HTTP_LISTENER_H

#include "proto/role.h"

#include <stdbool.h>
#include <sys/types.h>

struct listener_config {
	char *section;		/* "inet_http_server", "unix_http_server:x" */
	bool is_unix;
	char *path;		/* Unix: absolute */
	int mode;		/* 0700 by default */
	uid_t uid;		/* (uid_t)-1 = leave */
	gid_t gid;
	char *host;		/* TCP: "" = all of IPv4; IPv6 is "[::1]" */
	int port;
	char *address;		/* of the host in digits, if it was looked up; else NULL */
	char *username, *password;	/* NULL = none; password maybe "{SHA}hex" */
	bool has_role;		/* unauthenticated_role= was given */
	enum role unauthenticated_role;
	char *server_names;	/* separated by one blank; NULL = none given */
};

#endif
