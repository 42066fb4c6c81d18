/* FastCGI program: the processes of an [fcgi-program:x], whose standard input is a shared
 * listening socket. */
#ifndef MASTER_CHILD_FCGI_PROGRAM_H
#define MASTER_CHILD_FCGI_PROGRAM_H

#include "master/process/group_ops.h"

extern const struct group_ops fcgi_program_group_ops;

#endif
