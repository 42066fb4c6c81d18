/* Logfile: failures of rotation and writing, and attacks of a program's user on root's
 * files. */
#include "tests/unit/master/scratch_log.h"

#include <signal.h>
#include <sys/resource.h>

#define USER 65534

/* A failed rotation is retried after a minute; older files are not changed. */
static void
test_failed_rotation(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file;

	clock_freeze(1000, 0);
	file = open_log(scratch, 3, 2);
	assert_int_equal(mkdir(scratch_path(scratch, "log.2"), 0700), 0);
	scratch_write(scratch, "log.1", "one");
	assert_int_equal(logfile_write(file, "abc", 3), -1);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(rmdir(scratch_path(scratch, "log.2")), 0);
	put(file, "def");
	clock_freeze(60999, 0);
	put(file, "g");
	assert_int_equal(scratch_count(scratch, "ERRO could not rotate log file"), 1);
	scratch_expect(scratch, "log", "abcdefg");
	scratch_expect(scratch, "log.1", "one");
	scratch_expect(scratch, ".log.new", NULL);
	clock_freeze(61000, 0);
	put(file, "h");
	scratch_expect(scratch, "log.2", "one");
	scratch_expect(scratch, "log.1", "abcdefgh");
	scratch_expect(scratch, "log", "");
	logfile_free(file);
}

static void
set_limit(int resource, rlim_t value, struct rlimit *before)
{
	struct rlimit tight;

	assert_int_equal(getrlimit(resource, before), 0);
	tight = (struct rlimit){ .rlim_cur = value, .rlim_max = before->rlim_max };
	assert_int_equal(setrlimit(resource, &tight), 0);
}

/* Without descriptors, neither a rotation nor a clear can create the new file. */
static void
test_no_descriptors(void **state)
{
	struct scratch *scratch = *state;
	struct rlimit before;
	struct logfile *file;
	char name[16];

	if (scratch_in_valgrind())
		skip();
	clock_freeze(1000, 0);
	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "log.%d", i);
		scratch_write(scratch, name, name);
	}
	file = open_log(scratch, 3, 9);
	set_limit(RLIMIT_NOFILE, (rlim_t)logfile_fd(file) + 1, &before);
	for (int i = 0; i < 100; i++) {
		clock_freeze(1000 + i * 10000, 0);
		(void)logfile_write(file, "x", 1);
	}
	assert_int_equal(logfile_clear(file), -1);
	assert_int_equal(errno, EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "log.%d", i);
		scratch_expect(scratch, name, name);
	}
	scratch_expect_size(scratch, "log", 100);
	assert_in_range(scratch_count(scratch, "ERRO could not rotate log file"), 10, 20);
	clock_freeze(2000000, 0);
	put(file, "y");
	scratch_expect(scratch, "log.9", "log.8");
	scratch_expect_size(scratch, "log.1", 101);
	logfile_free(file);
}

/* No space, or file too large: one log line a minute, and a line about the loss in the
 * file. */
static void
test_loss(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file;
	struct rlimit before, unused;

	clock_freeze(1000, 0);
	file = open_log(scratch, 0, 0);
	signal(SIGXFSZ, SIG_IGN);
	set_limit(RLIMIT_FSIZE, 4, &before);
	assert_int_equal(logfile_write(file, "123456", 6), -1);
	assert_int_equal(errno, EFBIG);
	assert_string_equal(logfile_failure(file), "write");
	assert_int_equal(logfile_write(file, "x", 1), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(scratch_count(scratch, "ERRO could not write log file "), 1);
	assert_int_equal(scratch_count(scratch, ": EFBIG\n"), 1);
	put(file, "yy\n");
	scratch_expect(scratch, "log", "1234\n[reeve: 3 bytes lost: File too large]\nyy\n");
	/* No newline is needed at the start of a line. */
	set_limit(RLIMIT_FSIZE, 4, &unused);
	assert_int_equal(logfile_write(file, "abc", 3), -1);
	assert_int_equal(scratch_count(scratch, "ERRO "), 1);
	clock_freeze(62000, 0);
	assert_int_equal(logfile_write(file, "abc", 3), -1);
	assert_int_equal(scratch_count(scratch, "EFBIG (2 more since the last report)"), 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	put(file, "z");
	scratch_expect(scratch, "log",
	    "1234\n[reeve: 3 bytes lost: File too large]\nyy\n"
	    "[reeve: 6 bytes lost: File too large]\nz");
	logfile_free(file);
}

/* The line itself may be incomplete. */
static void
test_loss_again(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file = open_log(scratch, 0, 0);
	struct rlimit before, unused;

	signal(SIGXFSZ, SIG_IGN);
	put(file, "1234");
	set_limit(RLIMIT_FSIZE, 4, &before);
	assert_int_equal(logfile_write(file, "56", 2), -1);
	set_limit(RLIMIT_FSIZE, 10, &unused);
	assert_int_equal(logfile_write(file, "78", 2), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	put(file, "9");
	scratch_expect(
	    scratch, "log", "1234\n[reev\n[reeve: 4 bytes lost: File too large]\n9");
	logfile_free(file);
}

/* A loss that cannot be reported in the file is logged when it is closed. */
static void
test_loss_at_end(void **state)
{
	struct scratch *scratch = *state;
	struct rlimit before;
	struct logfile *file;

	signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 2; i++) {
		file = open_log(scratch, 0, 0);
		set_limit(RLIMIT_FSIZE, 4, &before);
		assert_int_equal(logfile_write(file, "123456", 6), -1);
		if (i == 0)
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		logfile_free(file);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	}
	scratch_expect(scratch, "log", "1234\n[reeve: 2 bytes lost: File too large]\n");
	assert_int_equal(
	    scratch_count(scratch, "could not write the last 6 bytes: EFBIG"), 1);
}

/* --- attacks ---------------------------------------------------------------------- */

/* The scratch directory belongs to the user; another, of root, has a secret file. */
struct attack {
	struct scratch *scratch;
	char safe[80], secret[96], made[96];
};

static void
attack_setup(struct attack *attack, struct scratch *scratch)
{
	if (geteuid() != 0)
		skip();
	clock_freeze(1000, 0);
	attack->scratch = scratch;
	snprintf(attack->safe, sizeof(attack->safe), "%s.safe", scratch->dir);
	snprintf(attack->secret, sizeof(attack->secret), "%s/secret", attack->safe);
	snprintf(attack->made, sizeof(attack->made), "%s/made", attack->safe);
	assert_int_equal(chown(scratch->dir, USER, USER), 0);
	assert_int_equal(mkdir(attack->safe, 0755), 0);
	(void)close(open(attack->secret, O_WRONLY | O_CREAT | O_EXCL, 0644));
	assert_int_equal(truncate(attack->secret, 6), 0);
}

static void
attack_end(struct attack *attack)
{
	struct stat st;

	assert_int_equal(stat(attack->secret, &st), 0);
	assert_int_equal(st.st_size, 6);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(stat(attack->made, &st), -1);
	assert_int_equal(unlink(attack->secret), 0);
	assert_int_equal(rmdir(attack->safe), 0);
}

/* Replaces a name by a link of the user. */
static void
attack_link(const struct attack *attack, const char *name, const char *target)
{
	(void)unlink(scratch_path(attack->scratch, name));
	assert_int_equal(symlink(target, scratch_path(attack->scratch, name)), 0);
	assert_int_equal(lchown(scratch_path(attack->scratch, name), USER, USER), 0);
}

static void
test_attack_at_start(void **state)
{
	struct scratch *scratch = *state;
	struct attack attack;

	attack_setup(&attack, scratch);
	attack_link(&attack, "log", attack.made);
	assert_null(logfile_open(scratch_path(scratch, "log"), 0, 0));
	assert_int_equal(errno, EACCES);
	assert_int_equal(scratch_count(scratch, "ERRO could not open log file "), 1);
	assert_int_equal(scratch_count(scratch, "its owner, uid 65534"), 1);
	attack_link(&attack, "log", attack.secret);
	assert_null(logfile_open(scratch_path(scratch, "log"), 0, 0));
	attack_end(&attack);
}

static void
test_attack_while_open(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file;
	struct attack attack;

	attack_setup(&attack, scratch);
	file = open_log(scratch, 0, 0);
	attack_link(&attack, "log", attack.secret);
	clock_freeze(3000, 0);
	put(file, "followed?");
	assert_int_equal(logfile_reopen(file), -1);
	put(file, "reopened?");
	assert_int_equal(scratch_count(scratch, "ERRO could not reopen log file "), 1);
	attack_link(&attack, "log", attack.made);
	clock_freeze(5000, 0);
	put(file, "followed?");
	assert_int_equal(logfile_reopen(file), -1);
	/* Clearing follows the link with the rights of the user, who may not create files
	 * there. */
	assert_int_equal(logfile_clear(file), -1);
	logfile_free(file);
	attack_end(&attack);
}

/* A rotation must not replace, truncate or remove a file of root. */
static void
test_attack_rotation(void **state)
{
	struct scratch *scratch = *state;
	int64_t backups;
	struct logfile *file;
	struct attack attack;

	attack_setup(&attack, scratch);
	for (backups = 0; backups <= 1; backups++) {
		(void)unlink(scratch_path(scratch, "log"));
		clock_freeze(1000, 0);
		file = open_log(scratch, 10, backups);
		attack_link(&attack, "log", attack.secret);
		clock_freeze(1500, 0);
		(void)logfile_write(file, "0123456789", 10);
		(void)logfile_write(file, "0123456789", 10);
		attack_link(&attack, "log", attack.made);
		clock_freeze(70000, 0);
		(void)logfile_write(file, "0123456789", 10);
		(void)unlink(scratch_path(scratch, "log"));
		assert_int_equal(link(attack.secret, scratch_path(scratch, "log")), 0);
		clock_freeze(140000, 0);
		(void)logfile_write(file, "0123456789", 10);
		assert_int_equal(logfile_clear(file), -1);
		logfile_free(file);
	}
	attack_end(&attack);
}

/* The user can create the names of backups as well. */
static void
test_attack_backups(void **state)
{
	struct scratch *scratch = *state;
	struct logfile *file;
	struct attack attack;

	attack_setup(&attack, scratch);
	file = open_log(scratch, 10, 2);
	attack_link(&attack, "log.1", attack.secret);
	attack_link(&attack, "log.2", attack.made);
	attack_link(&attack, ".log.new", attack.made);
	put(file, "0123456789");
	put(file, "0123456789");
	put(file, "0123456789");
	scratch_expect(scratch, "log.2", "0123456789");
	logfile_free(file);
	attack_end(&attack);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_failed_rotation),
	    TEST(test_no_descriptors),
	    TEST(test_loss),
	    TEST(test_loss_again),
	    TEST(test_loss_at_end),
	    TEST(test_attack_at_start),
	    TEST(test_attack_while_open),
	    TEST(test_attack_rotation),
	    TEST(test_attack_backups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
