#include "common/privs.h"

#include "common/fail.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fails if an id is another one, or if the process can become uid 0 again. */
static int
privs_verify(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) == -1 || getresgid(&rg, &eg, &sg) == -1)
		return -1;
	if (r != uid || e != uid || s != uid || rg != gid || eg != gid || sg != gid)
		return fail_with(EPERM);
	if (uid != 0 && (setresuid(0, 0, 0) == 0 || seteuid(0) == 0))
		return fail_with(EPERM);
	return 0;
}

int
privs_drop(uid_t uid, gid_t gid, const gid_t *groups, size_t ngroups, const char **what)
{
	*what = "setgroups";
	if (setgroups(ngroups, groups) == -1)
		return -1;
	*what = "setresgid";
	if (setresgid(gid, gid, gid) == -1)
		return -1;
	*what = "setresuid";
	if (setresuid(uid, uid, uid) == -1)
		return -1;
	*what = "verification";
	return privs_verify(uid, gid);
}

int
privs_drop_bounding(void)
{
	unsigned long cap;
	int present;

	for (cap = 0; (present = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) != -1; cap++)
		if (present == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			return -1;
	return 0;
}

void
privs_close_from(int first)
{
	struct rlimit limit;
	int fd, end = 65536;

	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)INT_MAX)
		end = (int)limit.rlim_cur;
	for (fd = first; fd < end; fd++)
		(void)close(fd);
}
