/* The wrappers. Each has its errors beside it; a call without a wrapper is listed with its
 * reason in the file unwrapped. */
#include "tests/fault/wrap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <jansson.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* A wrapper that only fails or calls. */
#define CALL(type, failure, errors, name, parameters, arguments)                       \
	type __real_##name parameters;                                                 \
	type __wrap_##name parameters;                                                 \
	type __wrap_##name parameters                                                  \
	{                                                                              \
		return fault_now(#name, errors) ? (failure) : __real_##name arguments; \
	}

#define MEMORY ERRORS(ENOMEM)
#define PATH ERRORS(EACCES, EIO, ENOMEM)
#define CHANGE ERRORS(ENOSPC, EROFS, EIO)

/* --- memory ------------------------------------------------------------------------- */

CALL(void *, NULL, MEMORY, malloc, (size_t n), (n))
CALL(void *, NULL, MEMORY, calloc, (size_t count, size_t n), (count, n))
CALL(void *, NULL, MEMORY, realloc, (void *old, size_t n), (old, n))
CALL(void *, NULL, MEMORY, reallocarray, (void *old, size_t count, size_t n),
    (old, count, n))
CALL(char *, NULL, MEMORY, strdup, (const char *s), (s))
CALL(char *, NULL, MEMORY, strndup, (const char *s, size_t n), (s, n))
CALL(int, -1, MEMORY, __vasprintf_chk, (char **out, int flag, const char *fmt, va_list ap),
    (out, flag, fmt, ap))
CALL(int, -1, MEMORY, vasprintf, (char **out, const char *fmt, va_list ap), (out, fmt, ap))
CALL(int, -1, MEMORY, setenv, (const char *name, const char *value, int over),
    (name, value, over))
CALL(void *, MAP_FAILED, MEMORY, mmap,
    (void *at, size_t n, int protection, int flags, int fd, off_t offset),
    (at, n, protection, flags, fd, offset))

/* jansson is a shared library, whose own calls of malloc are not wrapped. */
static void *
fault_json_malloc(size_t n)
{
	return fault_now("json malloc", MEMORY) ? NULL : __real_malloc(n);
}

WRAP(void, json_set_alloc_funcs, json_malloc_t allocate, json_free_t release)
{
	__real_json_set_alloc_funcs(
	    allocate == malloc ? fault_json_malloc : allocate, release);
}

static __attribute__((constructor)) void
fault_json_begin(void)
{
	__real_json_set_alloc_funcs(fault_json_malloc, free);
}

/* --- files -------------------------------------------------------------------------- */

#define OPEN ERRORS(EMFILE, EIO, ENOSPC, ENFILE)

static mode_t
fault_mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int
__wrap_open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = fault_mode_of(flags, ap);
	va_end(ap);
	return fault_now("open", OPEN) ? -1 : __real_open(path, flags, mode);
}

int __real_openat(int dir, const char *path, int flags, ...);
int __wrap_openat(int dir, const char *path, int flags, ...);
int
__wrap_openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = fault_mode_of(flags, ap);
	va_end(ap);
	return fault_now("openat", OPEN) ? -1 : __real_openat(dir, path, flags, mode);
}

CALL(int, -1, OPEN, __open_2, (const char *path, int flags), (path, flags))

/* Only one system call that the C library does not have can fail on a healthy system. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long
__wrap_syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 && fault_now("openat2", OPEN))
		return -1;
	return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int __real_fcntl(int fd, int command, ...);
int __real_fstat(int fd, struct stat *);

static bool
fault_is_regular(int fd)
{
	struct stat st;

	return __real_fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* What a read or write of this descriptor can fail with. */
static const int *
fault_transfer(int fd, const int *regular)
{
	static const int again[] = { EAGAIN, 0 }, interrupted[] = { EINTR, 0 };
	int saved = errno;
	const int *errors = interrupted;

	if (fault_is_regular(fd))
		errors = regular;
	else if ((__real_fcntl(fd, F_GETFL) & O_NONBLOCK) != 0)
		errors = again;
	errno = saved;
	return errors;
}

static const int read_errors[] = { EIO, 0 }, write_errors[] = { ENOSPC, EIO, 0 };

CALL(ssize_t, -1, fault_transfer(fd, read_errors), read, (int fd, void *to, size_t n),
    (fd, to, n))
CALL(ssize_t, -1, fault_transfer(fd, write_errors), write,
    (int fd, const void *from, size_t n), (fd, from, n))
CALL(ssize_t, -1, fault_transfer(fd, write_errors), writev,
    (int fd, const struct iovec *parts, int count), (fd, parts, count))
CALL(ssize_t, -1, fault_transfer(fd, read_errors), __read_chk,
    (int fd, void *to, size_t n, size_t size), (fd, to, n, size))
CALL(int, -1, PATH, access, (const char *path, int mode), (path, mode))
CALL(int, -1, PATH, chdir, (const char *path), (path))
CALL(int, -1, PATH, stat, (const char *path, struct stat *st), (path, st))
CALL(int, -1, PATH, lstat, (const char *path, struct stat *st), (path, st))
CALL(int, -1, PATH, fstatat, (int dir, const char *path, struct stat *st, int flags),
    (dir, path, st, flags))
CALL(int, -1, ERRORS(EIO, ENOMEM), fstat, (int fd, struct stat *st), (fd, st))
CALL(int, -1, ERRORS(EIO), fstatfs, (int fd, struct statfs *st), (fd, st))
CALL(int, -1, ERRORS(EIO, EPERM), ftruncate, (int fd, off_t n), (fd, n))
CALL(int, -1, ERRORS(EPERM, EIO), fchmod, (int fd, mode_t mode), (fd, mode))
CALL(int, -1, ERRORS(EPERM, EIO), fchownat,
    (int dir, const char *path, uid_t uid, gid_t gid, int flags),
    (dir, path, uid, gid, flags))
CALL(int, -1, ERRORS(ENOLCK, EINTR), flock, (int fd, int what), (fd, what))
CALL(int, -1, CHANGE, mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
CALL(int, -1, CHANGE, renameat, (int from, const char *old, int to, const char *new),
    (from, old, to, new))
CALL(int, -1, ERRORS(ENOSPC, EINVAL, EIO), renameat2,
    (int from, const char *old, int to, const char *new, unsigned flags),
    (from, old, to, new, flags))
CALL(int, -1, CHANGE, unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
CALL(ssize_t, -1, PATH, readlink, (const char *path, char *to, size_t n), (path, to, n))
CALL(ssize_t, -1, PATH, readlinkat, (int dir, const char *path, char *to, size_t n),
    (dir, path, to, n))
CALL(char *, NULL, PATH, getcwd, (char *to, size_t n), (to, n))
CALL(char *, NULL, PATH, realpath, (const char *path, char *to), (path, to))
CALL(DIR *, NULL, NEW_FD, opendir, (const char *path), (path))
CALL(DIR *, NULL, MEMORY, fdopendir, (int fd), (fd))

CALL(int, -1, CHANGE, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(int, -1, ERRORS(EBUSY, EACCES), rmdir, (const char *path), (path))
CALL(
    int, -1, ERRORS(EIO, ENOMEM), statfs, (const char *path, struct statfs *st), (path, st))
CALL(ssize_t, -1, ERRORS(ENODATA, EIO), getxattr,
    (const char *path, const char *name, void *to, size_t n), (path, name, to, n))
CALL(ssize_t, -1, ERRORS(EIO), pread, (int fd, void *to, size_t n, off_t at),
    (fd, to, n, at))
CALL(FILE *, NULL, NEW_FD, fopen, (const char *path, const char *mode), (path, mode))
CALL(FILE *, NULL, MEMORY, fdopen, (int fd, const char *mode), (fd, mode))

/* --- descriptors -------------------------------------------------------------------- */

int __wrap_fcntl(int fd, int command, ...);
int
__wrap_fcntl(int fd, int command, ...)
{
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	if ((command == F_DUPFD_CLOEXEC && fault_now("fcntl dup", ERRORS(EMFILE))) ||
	    (command == F_ADD_SEALS && fault_now("fcntl seals", ERRORS(EBUSY))) ||
	    (command == F_SETPIPE_SZ &&
		fault_now("fcntl pipe size", ERRORS(EPERM, ENOMEM))))
		return -1;
	return __real_fcntl(fd, command, argument);
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *argument;

	va_start(ap, request);
	argument = va_arg(ap, void *);
	va_end(ap);
	return fault_now("ioctl", ERRORS(ENOTTY)) ? -1 :
						    __real_ioctl(fd, request, argument);
}

CALL(int, -1, ERRORS(EMFILE), dup3, (int fd, int to, int flags), (fd, to, flags))
CALL(int, -1, NEW_FD, pipe2, (int fds[2], int flags), (fds, flags))
CALL(int, -1, NEW_FD, memfd_create, (const char *name, unsigned flags), (name, flags))
CALL(int, -1, NEW_FD, epoll_create1, (int flags), (flags))
CALL(int, -1, ERRORS(EINTR), poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms))

WRAP(int, epoll_ctl, int epoll, int operation, int fd, struct epoll_event *event)
{
	if (operation == EPOLL_CTL_ADD && fault_now("epoll_ctl", ERRORS(ENOSPC, ENOMEM)))
		return -1;
	return __real_epoll_ctl(epoll, operation, fd, event);
}

WRAP(int, signalfd, int fd, const sigset_t *set, int flags)
{
	if (fd == -1 && fault_now("signalfd", NEW_FD))
		return -1;
	return __real_signalfd(fd, set, flags);
}

/* --- sockets ------------------------------------------------------------------------ */

#define SOCKET ERRORS(EMFILE, ENFILE, ENOBUFS)

CALL(
    int, -1, SOCKET, socket, (int family, int type, int protocol), (family, type, protocol))
CALL(int, -1, SOCKET, socketpair, (int family, int type, int protocol, int fds[2]),
    (family, type, protocol, fds))
CALL(int, -1, ERRORS(EMFILE, ECONNABORTED, ENFILE, ENOMEM), accept4,
    (int fd, struct sockaddr *address, socklen_t *n, int flags), (fd, address, n, flags))
CALL(int, -1, ERRORS(ENOMEM), bind, (int fd, const struct sockaddr *address, socklen_t n),
    (fd, address, n))
CALL(int, -1, ERRORS(ECONNREFUSED, EAGAIN), connect,
    (int fd, const struct sockaddr *address, socklen_t n), (fd, address, n))
CALL(int, -1, ERRORS(EADDRINUSE), listen, (int fd, int n), (fd, n))
CALL(int, -1, ERRORS(ENOBUFS), getsockopt,
    (int fd, int level, int option, void *value, socklen_t *n),
    (fd, level, option, value, n))
CALL(int, -1, ERRORS(ENOMEM), setsockopt,
    (int fd, int level, int option, const void *value, socklen_t n),
    (fd, level, option, value, n))
CALL(int, -1, ERRORS(ENOTCONN), shutdown, (int fd, int how), (fd, how))
CALL(ssize_t, -1, ERRORS(EAGAIN, ENOBUFS), send,
    (int fd, const void *from, size_t n, int flags), (fd, from, n, flags))
CALL(ssize_t, -1, ERRORS(EAGAIN, ENOBUFS), sendto,
    (int fd, const void *from, size_t n, int flags, const struct sockaddr *to,
	socklen_t size),
    (fd, from, n, flags, to, size))
CALL(ssize_t, -1, ERRORS(EAGAIN, ENOBUFS), sendmsg,
    (int fd, const struct msghdr *m, int flags), (fd, m, flags))
CALL(ssize_t, -1, ERRORS(EAGAIN, ENOMEM), recvmsg, (int fd, struct msghdr *m, int flags),
    (fd, m, flags))

/* --- processes ---------------------------------------------------------------------- */

#define PROCESS ERRORS(EAGAIN, ENOMEM)

CALL(pid_t, -1, PROCESS, fork, (void), ())

int __real_clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);
int __wrap_clone(int (*fn)(void *), void *stack, int flags, void *arg, ...);
int
__wrap_clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	return fault_now("clone", PROCESS) ? -1 : __real_clone(fn, stack, flags, arg);
}

CALL(int, -1, ERRORS(ENOMEM, EACCES), execv, (const char *path, char *const argv[]),
    (path, argv))
CALL(int, -1, ERRORS(ENOMEM, EACCES), execve,
    (const char *path, char *const argv[], char *const envp[]), (path, argv, envp))
CALL(int, -1, ERRORS(ENOMEM, EACCES), execveat,
    (int dir, const char *path, char *const argv[], char *const envp[], int flags),
    (dir, path, argv, envp, flags))
CALL(int, -1, ERRORS(EPERM), setrlimit, (int what, const struct rlimit *limit),
    (what, limit))
CALL(int, -1, ERRORS(EPERM), setgroups, (size_t n, const gid_t *groups), (n, groups))
CALL(int, -1, ERRORS(EPERM), unshare, (int flags), (flags))
CALL(ssize_t, -1, ERRORS(ENOSYS), getrandom, (void *to, size_t n, unsigned flags),
    (to, n, flags))

/* --- names -------------------------------------------------------------------------- */

CALL(struct passwd *, NULL, PATH, getpwuid, (uid_t uid), (uid))
CALL(struct passwd *, NULL, PATH, getpwnam, (const char *name), (name))
CALL(struct group *, NULL, PATH, getgrgid, (gid_t gid), (gid))
CALL(struct group *, NULL, PATH, getgrnam, (const char *name), (name))
CALL(int, EAI_MEMORY, MEMORY, getaddrinfo,
    (const char *node, const char *service, const struct addrinfo *hints,
	struct addrinfo **found),
    (node, service, hints, found))
CALL(int, GLOB_NOSPACE, MEMORY, glob,
    (const char *pattern, int flags, int (*error)(const char *, int), glob_t *found),
    (pattern, flags, error, found))
