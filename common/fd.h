/* Fd: closes descriptors without losing the errno of an earlier failure. */
#ifndef COMMON_FD_H
#define COMMON_FD_H

/* Closes the descriptor unless it is -1. Keeps errno. */
void fd_close(int fd);
/* The same, then sets errno and returns -1. */
int fd_fail(int fd, int error);

#endif
