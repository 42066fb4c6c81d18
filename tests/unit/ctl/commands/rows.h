/* Rows: some processes of a server. */
#ifndef TESTS_ROWS_H
#define TESTS_ROWS_H

#include "common/compiler.h"
#include "ctl/daemon/server.h"

static char rows_web[] = "web", rows_web2[] = "web2", rows_group[] = "g",
	    rows_one[] = "one", rows_star[] = "w*b", rows_quote[] = "it's",
	    rows_cyrillic[] = "\xd0\xb8\xd0\xbc\xd1\x8f";

static const struct process_info rows_infos[] = {
	{ .group = rows_web, .name = rows_web },
	{ .group = rows_web2, .name = rows_web2 },
	{ .group = rows_group, .name = rows_one },
	{ .group = rows_group, .name = rows_web },
	{ .group = rows_star, .name = rows_star },
	{ .group = rows_quote, .name = rows_quote },
	{ .group = rows_cyrillic, .name = rows_cyrillic },
};

static const struct process_info *const rows_list[] = { &rows_infos[0], &rows_infos[1],
	&rows_infos[2], &rows_infos[3], &rows_infos[4], &rows_infos[5], &rows_infos[6] };

static const struct server_rows rows_all = { .list = rows_list,
	.count = nitems(rows_list) };

#endif
