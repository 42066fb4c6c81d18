#include "common/fs_rights.h"

#include "common/fail.h"

#include <errno.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* setfsuid limits root alone, and only while the kernel adapts capabilities to the uid. */
struct fs_rights
fs_rights_of(uid_t uid)
{
	int bits = prctl(PR_GET_SECUREBITS);
	bool can_switch = geteuid() == 0 && bits != -1 && !(bits & SECBIT_NO_SETUID_FIXUP);

	return (struct fs_rights){
		.kind = can_switch ? FS_RIGHTS_SWITCHED : FS_RIGHTS_CHECKED, .uid = uid
	};
}

/* Calls the kernel directly: glibc's setgroups changes all threads and waits for them. */
static int
fs_rights_set_groups(int n, const gid_t *groups)
{
	return (int)syscall(SYS_setgroups, n, groups);
}

/* setfsuid returns the previous id and no error; an invalid id changes nothing. */
static int
fs_rights_set_ids(uid_t uid, gid_t gid)
{
	(void)setfsgid(gid);
	(void)setfsuid(uid);
	if ((gid_t)setfsgid((gid_t)-1) == gid && (uid_t)setfsuid((uid_t)-1) == uid)
		return 0;
	return fail_with(EPERM);
}

int
fs_rights_enter(const struct fs_rights *rights, struct fs_rights_saved *saved)
{
	saved->entered = false;
	if (rights->kind != FS_RIGHTS_SWITCHED)
		return 0;
	saved->uid = (uid_t)setfsuid((uid_t)-1);
	saved->gid = (gid_t)setfsgid((gid_t)-1);
	saved->dumpable = prctl(PR_GET_DUMPABLE);
	saved->ngroups = getgroups((int)nitems(saved->groups), saved->groups);
	if (saved->ngroups == -1)
		return -1;
	if (saved->ngroups > 0 && fs_rights_set_groups(0, NULL) == -1)
		return -1;
	saved->entered = true;
	if (fs_rights_set_ids(rights->uid, (gid_t)FS_RIGHTS_NOBODY) == 0)
		return 0;
	fs_rights_leave(saved);
	return -1;
}

int
fs_rights_enter_for(const struct fs_rights *rights, const struct stat *dir, int want,
    struct fs_rights_saved *saved)
{
	return fs_rights_allow(rights, dir, want) ? fs_rights_enter(rights, saved) :
						    fail_with(EACCES);
}

void
fs_rights_leave(const struct fs_rights_saved *saved)
{
	int error = errno;

	if (saved->entered) {
		(void)fs_rights_set_ids(saved->uid, saved->gid);
		if (saved->ngroups > 0)
			(void)fs_rights_set_groups(saved->ngroups, saved->groups);
		/* The kernel clears the flag with every change of an id. */
		if (saved->dumpable == 1)
			(void)prctl(PR_SET_DUMPABLE, 1);
	}
	errno = error;
}

bool
fs_rights_allow(const struct fs_rights *rights, const struct stat *st, int want)
{
	unsigned bits = (st->st_mode >> 3) & st->st_mode & 7;

	if (rights->kind != FS_RIGHTS_CHECKED)
		return true;
	/* 65534 also stands for every user that this user namespace does not map. */
	if (st->st_uid == rights->uid && rights->uid != FS_RIGHTS_NOBODY)
		bits = (st->st_mode >> 6) & 7;
	return (bits & (unsigned)want) == (unsigned)want;
}
