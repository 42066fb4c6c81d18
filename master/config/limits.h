/* Limits: what each option of a control group needs and writes. */
#ifndef MASTER_CONFIG_LIMITS_H
#define MASTER_CONFIG_LIMITS_H

#include "common/compiler.h"
#include "master/config/group_config.h"

#include <stdbool.h>
#include <stddef.h>

#define LIMITS 6
#define LIMITS_TEXT 64

struct limit {
	const char *option;
	const char *controller; /* of the kernel */
	const char *file;
	const char *usual; /* the content of the file for an option that is not set */
};

extern const struct limit limits[LIMITS];

/* Whether the process sets the i-th limit; then the text for its file. */
bool limits_text(const struct process_config *, size_t i, char text[LIMITS_TEXT]);
/* Whether the process sets any. */
bool limits_exist(const struct process_config *);
/* Whether it runs in a control group of its own. */
bool limits_need_cgroup(const struct process_config *);

#endif
