#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/sock.h"
#include "tests/unit/common/peer_is_local.h"
#include "tests/unit/common/sock_listen.h"

#define OTHER 4321
#define KEEP ((uid_t)-1)

static int
count_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

static int
count_fds(void)
{
	return count_entries("/proc/self/fd");
}

static void
expect_flags(int fd)
{
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static char *
path_in(const char *dir, const char *name)
{
	char *path = NULL;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

static int
setup(void **state)
{
	char *dir = strdup("/tmp/test_sock.XXXXXX");

	*state = dir;
	return dir != NULL && mkdtemp(dir) != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	int r = rmdir(*state);

	free(*state);
	return r;
}

static int
listen_here(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
	const struct sock_unix want = {
	    .path = path, .mode = mode, .uid = uid, .gid = gid, .backlog = 5};
	struct safepath_id made;

	return sock_unix_listen_here(&want, &made);
}

static void
expect_talk(const char *path)
{
	int listener = sock_listen_unix(path, 0600, KEEP, KEEP, 5), client, server;
	pid_t pid;
	uid_t uid;
	gid_t gid;
	char byte;

	assert_true(listener != -1);
	expect_flags(listener);
	assert_int_equal(sock_accept(listener), -1);
	assert_int_equal(errno, EAGAIN);
	client = sock_connect_unix(path);
	assert_true(client != -1);
	expect_flags(client);
	server = sock_accept(listener);
	assert_true(server != -1);
	expect_flags(server);
	assert_int_equal(sock_peer(server, &pid, &uid, &gid), 0);
	assert_int_equal(pid, getpid());
	assert_int_equal(uid, geteuid());
	assert_int_equal(gid, getegid());
	assert_true(peer_is_local(server));
	assert_int_equal(sock_send(client, "x", 1, -1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	(void)close(client);
	(void)close(server);
	(void)close(listener);
}

static void
test_unix(void **state)
{
	char *path = path_in(*state, "sock");
	int fds = count_fds();

	expect_talk(path);
	expect_talk(path); /* the stale socket is replaced */
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
test_unix_mode(void **state)
{
	static const mode_t modes[] = { 0700, 0666, 0777, 0600, 0 };
	char *path = path_in(*state, "sock");
	mode_t mask = umask(077);
	struct stat st;
	size_t i;
	int fd;

	for (i = 0; i < nitems(modes); i++) {
		fd = sock_listen_unix(path, modes[i], KEEP, KEEP, 5);
		assert_true(fd != -1);
		assert_int_equal(stat(path, &st), 0);
		assert_true(S_ISSOCK(st.st_mode));
		assert_int_equal(st.st_mode & 07777, modes[i]);
		(void)close(fd);
	}
	assert_int_equal(umask(mask), 077);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
test_unix_owner(void **state)
{
	char *path = path_in(*state, "sock");
	struct stat st;
	int fd = sock_listen_unix(path, 0660, OTHER, OTHER, 5);

	if (geteuid() != 0) {
		assert_int_equal(fd, -1);
		assert_int_equal(errno, EPERM);
	} else {
		assert_true(fd != -1);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_uid, OTHER);
		assert_int_equal(st.st_gid, OTHER);
		assert_int_equal(st.st_mode & 07777, 0660);
		(void)close(fd);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(count_entries(*state), 0);
	free(path);
}

/* Binds under the path's own name, for a child that accepts; replaces what is there. */
static void
test_unix_here(void **state)
{
	uid_t owner = geteuid() == 0 ? OTHER : KEEP;
	char *path = path_in(*state, "sock");
	mode_t mask = umask(077);
	int fds = count_fds(), fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);
	struct stat st;

	(void)close(fd);
	(void)close(listen_here(path, 0700, KEEP, KEEP));
	fd = listen_here(path, 0666, owner, KEEP);
	assert_true(fd != -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_string_equal(name.sun_path, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0666);
	assert_int_equal(st.st_uid, owner == KEEP ? geteuid() : OTHER);
	(void)close(fd);
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(unlink(path), 0);
	(void)umask(mask);
	free(path);
}

static void
test_unix_here_refused(void **state)
{
	char *path = path_in(*state, "sock"), *below = path_in(*state, "none/sock");
	int fds = count_fds();

	assert_int_equal(listen_here(below, 0700, KEEP, KEEP), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(listen_here(path, 0700, KEEP, KEEP), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(path), 0);
	if (geteuid() != 0) {
		assert_int_equal(listen_here(path, 0700, 0, 0), -1);
		assert_int_equal(errno, EPERM);
	}
	assert_int_equal(count_entries(*state), 0);
	assert_int_equal(count_fds(), fds);
	free(path);
	free(below);
}

/* A directory and a name too long for sun_path. */
static void
test_unix_long(void **state)
{
	char part[121], name[201], *dir, *path, *both;

	memset(part, 'd', sizeof(part) - 1);
	part[sizeof(part) - 1] = '\0';
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	dir = path_in(*state, part);
	assert_int_equal(mkdir(dir, 0700), 0);
	path = path_in(dir, "sock");
	both = path_in(dir, name);
	expect_talk(path);
	expect_talk(both);
	assert_int_equal(count_entries(dir), 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(both), 0);
	assert_int_equal(rmdir(dir), 0);
	free(dir);
	free(path);
	free(both);
}

static void
test_unix_relative(void **state)
{
	int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(chdir(*state), 0);
	expect_talk("plain");
	assert_int_equal(unlink("plain"), 0);
	assert_int_equal(fchdir(here), 0);
	(void)close(here);
}

static void
expect_refusal(const char *path, int error)
{
	int fds = count_fds();

	assert_int_equal(sock_listen_unix(path, 0700, KEEP, KEEP, 5), -1);
	assert_int_equal(errno, error);
	assert_int_equal(count_fds(), fds);
}

static void
test_unix_refused(void **state)
{
	char *missing = path_in(*state, "no/sock"), *sub = path_in(*state, "sub");
	char *slash = path_in(*state, "sub/");
	int fds = count_fds();

	assert_int_equal(mkdir(sub, 0700), 0);
	expect_refusal(missing, ENOENT);
	expect_refusal(sub, EISDIR);
	expect_refusal(slash, EISDIR);
	assert_int_equal(sock_connect_unix(missing), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(sock_connect_unix(sub), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(count_entries(*state), 0);
	free(missing);
	free(sub);
	free(slash);
}

/* A temporary name left by a process that had our pid is skipped. */
static void
test_unix_temp_taken(void **state)
{
	char name[64], *taken, *path = path_in(*state, "sock");
	int fd;

	(void)snprintf(name, sizeof(name), ".reeve-%d-0", (int)getpid());
	taken = path_in(*state, name);
	fd = open(taken, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd != -1);
	(void)close(fd);
	expect_talk(path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(taken), 0);
	free(path);
	free(taken);
}

/* Only a socket, a file or a link is replaced. */
static void
test_unix_kept(void **state)
{
	char *path = path_in(*state, "sock"), *target = path_in(*state, "target");
	struct stat st;

	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refusal(path, EINVAL);
	assert_int_equal(listen_here(path, 0700, KEEP, KEEP), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(unlink(path), 0);
	/* A link is replaced and not followed. */
	assert_int_equal(symlink(target, path), 0);
	expect_talk(path);
	assert_int_equal(lstat(target, &st), -1);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(unlink(path), 0);
	free(path);
	free(target);
}

static void
test_unix_unlink(void **state)
{
	char *path = path_in(*state, "sock");
	const struct sock_unix want = {
	    .path = path, .mode = 0700, .uid = KEEP, .gid = (gid_t)-1, .backlog = 5};
	struct safepath_id first = { 0 }, second;
	int one, two;

	sock_unix_unlink(path, &first);
	assert_true((one = sock_unix_listen(&want, &first)) != -1);
	assert_true((two = sock_unix_listen(&want, &second)) != -1);
	sock_unix_unlink(path, &first);
	assert_int_equal(access(path, F_OK), 0);
	sock_unix_unlink(path, &second);
	assert_int_equal(access(path, F_OK), -1);
	(void)close(one);
	(void)close(two);
	free(path);
}

/* --- a directory that others can write -------------------------------------------- */

static void
needs_root(void *dir)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(dir, OTHER, OTHER), 0);
	assert_int_equal(chmod(dir, 0755), 0);
}

static void
test_user_directory(void **state)
{
	char *path = path_in(*state, "sock");
	int fds = count_fds(), fd;
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);
	struct stat st;

	needs_root(*state);
	expect_talk(path);
	fd = listen_here(path, 0620, OTHER, 7);
	assert_true(fd != -1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0620);
	assert_int_equal(st.st_uid, OTHER);
	assert_int_equal(st.st_gid, 7);
	/* Bound in a directory of root's own, where its name cannot be replaced. */
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(strncmp(name.sun_path, "/proc/self/fd/", 14), 0);
	assert_string_equal(strrchr(name.sun_path, '/'), "/s");
	(void)close(fd);
	assert_int_equal(count_entries(*state), 1);
	assert_int_equal(count_fds(), fds);
	assert_int_equal(unlink(path), 0);
	free(path);
}

static void
test_user_link(void **state)
{
	char *link = path_in(*state, "link"), *path = path_in(*state, "link/sock");

	needs_root(*state);
	assert_int_equal(symlink("/root", link), 0);
	assert_int_equal(lchown(link, OTHER, OTHER), 0);
	expect_refusal(path, EACCES);
	assert_int_equal(unlink(link), 0);
	free(path);
	free(link);
}

static volatile sig_atomic_t over;

static void
end_attack(int signo)
{
	(void)signo;
	over = 1;
}

/* Replaces the temporary names, which are predictable, by root's file. */
static void
steal(const char *dir, pid_t victim)
{
	char names[2][64];
	size_t i;

	for (i = 0; i < nitems(names); i++)
		(void)snprintf(names[i], sizeof(names[i]), ".reeve-%d-%zu", (int)victim, i);
	(void)signal(SIGTERM, end_attack);
	if (chdir(dir) == -1)
		_exit(3);
	while (!over)
		for (i = 0; i < nitems(names); i++) {
			(void)rename(names[i], "away");
			(void)rename("victim", names[i]);
			(void)rename(names[i], "victim");
			(void)rename("away", names[i]);
		}
}

static void
clear_directory(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	while ((e = readdir(d)) != NULL)
		if (unlinkat(dirfd(d), e->d_name, 0) == -1)
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	(void)closedir(d);
}

/* The chown of the socket does not reach a file of root in the directory. */
static void
test_stolen_name(void **state)
{
	char *path = path_in(*state, "sock"), *victim = path_in(*state, "victim");
	int held, i, status;
	struct stat st;
	pid_t pid;

	needs_root(*state);
	held = open(victim, O_CREAT | O_WRONLY, 0600);
	pid = fork();
	if (pid == 0) {
		if (setgroups(0, NULL) == -1 || setgid(OTHER) == -1 || setuid(OTHER) == -1)
			_exit(2);
		steal(*state, getppid());
		_exit(0);
	}
	for (i = 0; i < 400; i++)
		(void)close(sock_listen_unix(path, 0700, OTHER, OTHER, 5));
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fstat(held, &st), 0);
	assert_int_equal(st.st_uid, 0);
	(void)close(held);
	clear_directory(*state);
	free(path);
	free(victim);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unix, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_mode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_here, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_here_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_relative, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_temp_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unix_unlink, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stolen_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
