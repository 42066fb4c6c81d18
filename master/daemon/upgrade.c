#include "master/daemon/upgrade.h"

#include "common/log.h"
#include "master/child/oom_score.h"
#include "master/control/audit.h"
#include "master/daemon/state_document.h"
#include "master/upgrade/handover.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
upgrade_begin(struct master *master)
{
	if (master->upgrade_wanted)
		return;
	master->upgrade_wanted = true;
	loop_stop(master->loop);
}

/* Signals stay blocked, so that none is lost before the new process receives them. */
void
upgrade_execute(struct master *master)
{
	json_t *doc;
	int fd;
	char number[16];

	audit_interrupt(master->audit);
	doc = state_document_write(master);
	fd = doc != NULL ? handover_write(doc) : -1;
	master->upgrade_wanted = false;
	/* handover_keep keeps the descriptors that the document names: also its own. */
	if (fd != -1)
		state_parts_add(&doc, "document", statefield_write_fd(&fd));
	snprintf(number, sizeof(number), "%d", fd);
	if (fd != -1 && doc != NULL && setenv(UPGRADE_VARIABLE, number, 1) == 0 &&
	    handover_keep(doc, true) == 0) {
		log_info("upgrade: executing %s", master->self);
		oom_score_restore();
		execv("/proc/self/exe", master->argv);
	}
	log_error("upgrade: cannot execute the new process: %s; this one continues",
	    strerror(doc == NULL ? ENOMEM : errno));
	if (geteuid() == 0)
		(void)oom_score_lower(OOM_SCORE_DAEMON);
	(void)handover_keep(doc, false);
	unsetenv(UPGRADE_VARIABLE);
	json_decref(doc);
	if (fd != -1)
		close(fd);
}

int
upgrade_resume(struct master *master, int fd, char **why)
{
	master->state = handover_read(fd, why);
	if (master->state == NULL ||
	    state_document_read_early(master, master->state, why) == -1)
		return -1;
	master->first = false;
	loop_clear_original_mask(master->loop);
	return 0;
}
