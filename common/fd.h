/* Fd: descriptors closed on paths where errno is still to be reported. */
#ifndef COMMON_FD_H
#define COMMON_FD_H

/* Closes it unless it is -1. Keeps errno. */
void fd_close(int fd);
/* The same, then sets errno: the end of a function that fails. Always -1. */
int fd_fail(int fd, int error);

#endif
