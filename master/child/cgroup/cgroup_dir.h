/* Cgroup dir: one control group of version 2, by the descriptor of its directory. The
 * functions only use files, so that tests can give them a directory of their own. */
#ifndef MASTER_CHILD_CGROUP_CGROUP_DIR_H
#define MASTER_CHILD_CGROUP_CGROUP_DIR_H

#include "common/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_DIR_TEXT 8192 /* bytes of a file that are read */

/* A descriptor, or -1 with errno. Symbolic links as the last component are refused. */
NODISCARD int cgroup_dir_open(const char *path);
/* Reads a file, with a NUL at the end. 0, or -1 with errno. */
NODISCARD int cgroup_dir_read(int dir, const char *file, char text[CGROUP_DIR_TEXT]);
/* Writes a file, which exists, by one call. 0, or -1 with errno. */
NODISCARD int cgroup_dir_write(int dir, const char *file, const char *text);
/* The number in a file, or after the key in a file of lines "KEY NUMBER"; -1 = unknown. */
int64_t cgroup_dir_number(int dir, const char *file, const char *key);
/* Whether it or a group below it has a process. */
bool cgroup_dir_is_populated(int dir);
/* Sends SIGKILL to all processes in it and below it. 1, 0 when the kernel has no
 * cgroup.kill, so that processes that were started meanwhile may be left, or -1 with
 * errno. */
NODISCARD int cgroup_dir_kill(int dir);
/* Moves the processes of one into the other. 0, or -1 with errno: one of them is left. */
NODISCARD int cgroup_dir_move(int from, int to);
/* Removes it and the groups below it. 0, also when it does not exist; or -1 with errno;
 * EBUSY: one has a process. */
NODISCARD int cgroup_dir_remove(const char *path);

/* Decision of cgroup_dir_number: the number of a line "KEY NUMBER", or of the first line
 * when there is no key. */
int64_t cgroup_dir_parse(const char *text, const char *key);

#endif
