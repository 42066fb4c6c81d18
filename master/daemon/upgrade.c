#include "master/daemon/upgrade.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/child/oom_score.h"
#include "master/control/audit.h"
#include "master/control/connection.h"
#include "master/daemon/config_reader.h"
#include "master/daemon/state_document.h"
#include "master/daemon/upgrade_trial.h"
#include "master/upgrade/handover.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"
#include "proto/frame.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define READING_MS 20 /* between checks whether a configuration is still being read */

enum upgrade_stage {
	UPGRADE_NONE,
	UPGRADE_TRIAL,		/* the new binary reads a copy of the state */
	UPGRADE_WAITING,	/* for the end of a reading of the configuration */
	UPGRADE_DUE,		/* the event loop has ended */
};

struct upgrade {
	struct master *master;
	enum upgrade_stage stage;
	int binary; /* O_PATH; -1 = none */
	struct upgrade_trial *trial;
	struct source *timer;
};

struct upgrade *
upgrade_new(struct master *master)
{
	struct upgrade *upgrade = calloc(1, sizeof(*upgrade));

	if (upgrade == NULL)
		return NULL;
	upgrade->master = master;
	upgrade->binary = -1;
	return upgrade;
}

static void
upgrade_clear(struct upgrade *upgrade)
{
	upgrade_trial_free(upgrade->trial);
	upgrade->trial = NULL;
	source_free(upgrade->timer);
	upgrade->timer = NULL;
	fd_close(upgrade->binary);
	upgrade->binary = -1;
	upgrade->stage = UPGRADE_NONE;
}

void
upgrade_free(struct upgrade *upgrade)
{
	if (upgrade != NULL)
		upgrade_clear(upgrade);
	free(upgrade);
}

/* This daemon continues. why: taken; NULL = out of memory. */
static void
upgrade_fail(struct upgrade *upgrade, char *why)
{
	struct master *master = upgrade->master;
	struct connection *client = master->upgrade_client;
	const char *text = why != NULL ? why : strerror(ENOMEM);

	upgrade_clear(upgrade);
	log_error("upgrade: %s; version " REEVE_VERSION " continues", text);
	master->upgrade_client = NULL;
	if (client != NULL)
		connection_fault(client, master->upgrade_id, FAULT_FAILED, text);
	free(why);
}

/* --- after the trial run ------------------------------------------------------------- */

/* The replies of this iteration are still sent. */
static void
upgrade_stop_loop(struct upgrade *upgrade)
{
	upgrade->stage = UPGRADE_DUE;
	loop_stop(upgrade->master->loop);
}

/* A reading of the configuration is not part of the state. */
static void
upgrade_wait(void *ctx, uint32_t ready UNUSED)
{
	struct upgrade *upgrade = ctx;

	if (daemon_state_get(upgrade->master->daemon) != DAEMON_RUNNING)
		upgrade_fail(upgrade, mem_printf("the daemon is stopping"));
	else if (!config_reader_is_idle(upgrade->master->config_reader))
		source_arm(upgrade->timer, clock_mono_ms() + READING_MS);
	else
		upgrade_stop_loop(upgrade);
}

static void
upgrade_tried(void *ctx, const char *version, char *why)
{
	struct upgrade *upgrade = ctx;

	if (version == NULL) {
		upgrade_fail(upgrade, why);
		return;
	}
	log_info("upgrade: from version " REEVE_VERSION " to version %s", version);
	upgrade->timer = loop_timer(upgrade->master->loop, upgrade_wait, upgrade);
	if (upgrade->timer == NULL) {
		upgrade_fail(upgrade, NULL);
		return;
	}
	upgrade->stage = UPGRADE_WAITING;
	upgrade_wait(upgrade, 0);
}

/* --- the request --------------------------------------------------------------------- */

static void
upgrade_refuse(struct connection *client, uint64_t id, const char *why)
{
	log_warn("upgrade: refused: %s", why);
	if (client != NULL)
		connection_fault(client, id, FAULT_FAILED, why);
}

/* Requests without an answer are received again after an upgrade: also the one for it. */
static bool
upgrade_answer(struct master *master, struct connection *client, uint64_t id)
{
	if (client == NULL || master->upgrade_number == 0 ||
	    client->number != master->upgrade_number || id != master->upgrade_id)
		return false;
	master->upgrade_number = 0;
	connection_reply(client, id,
	    json_pack("{s:s, s:I}", "version", REEVE_VERSION, "upgrades",
		(json_int_t)master->upgrades));
	return true;
}

void
upgrade_begin(struct master *master, struct connection *client, uint64_t id)
{
	struct upgrade *upgrade = master->upgrade;
	char *why = NULL;

	if (upgrade_answer(master, client, id))
		return;
	if (upgrade->stage != UPGRADE_NONE) {
		upgrade_refuse(client, id, "an upgrade is under way");
		return;
	}
	if (daemon_state_get(master->daemon) != DAEMON_RUNNING) {
		upgrade_refuse(client, id, "the daemon is not in the state RUNNING");
		return;
	}
	master->upgrade_client = client;
	master->upgrade_id = id;
	upgrade->binary = upgrade_trial_open(master->self, &why);
	if (upgrade->binary == -1) {
		upgrade_fail(upgrade, why);
		return;
	}
	log_info("upgrade: trying %s", master->self);
	upgrade->stage = UPGRADE_TRIAL;
	upgrade->trial =
	    upgrade_trial_begin(master, upgrade->binary, upgrade_tried, upgrade);
	if (upgrade->trial == NULL && upgrade->stage == UPGRADE_TRIAL)
		upgrade_fail(upgrade,
		    mem_printf("the trial run cannot be started: %s", strerror(errno)));
}

bool
upgrade_is_due(const struct upgrade *upgrade)
{
	return upgrade->stage == UPGRADE_DUE;
}

/* --- the exec ------------------------------------------------------------------------ */

/* Signals stay blocked, so that none is lost before the new process receives them. */
void
upgrade_execute(struct upgrade *upgrade)
{
	struct master *master = upgrade->master;
	char number[16], *why;
	json_t *doc;
	int fd;

	audit_interrupt(master->audit);
	master->upgrades++;
	if (master->upgrade_client != NULL)
		master->upgrade_number = master->upgrade_client->number;
	doc = state_document_write(master);
	fd = doc != NULL ? handover_write(doc) : -1;
	/* handover_keep keeps the descriptors that the document names: also its own. */
	if (fd != -1)
		state_parts_add(&doc, "document", statefield_write_fd(&fd));
	snprintf(number, sizeof(number), "%d", fd);
	if (fd != -1 && doc != NULL && setenv(UPGRADE_VARIABLE, number, 1) == 0 &&
	    handover_keep(doc, true) == 0) {
		log_info("upgrade: executing %s", master->self);
		oom_score_restore();
		upgrade_trial_execute(upgrade->binary, master->argv);
	}
	why = mem_printf(
	    "cannot execute %s: %s", master->self, strerror(doc == NULL ? ENOMEM : errno));
	if (geteuid() == 0)
		(void)oom_score_lower(OOM_SCORE_DAEMON);
	(void)handover_keep(doc, false);
	unsetenv(UPGRADE_VARIABLE);
	frame_forget(doc);
	fd_close(fd);
	master->upgrades--;
	master->upgrade_number = 0;
	upgrade_fail(upgrade, why);
}

/* The kernel names a process that was executed by descriptor after the descriptor. */
static void
upgrade_name_process(const char *self)
{
	const char *slash = self != NULL ? strrchr(self, '/') : NULL;

	if (slash != NULL)
		(void)prctl(PR_SET_NAME, slash + 1);
}

int
upgrade_accept(struct master *master, char **why)
{
	master->first = false;
	loop_clear_original_mask(master->loop);
	return state_document_read_early(master, master->state, why);
}

int
upgrade_resume(struct master *master, int fd, char **why)
{
	master->state = handover_read(fd, why);
	if (master->state == NULL || upgrade_accept(master, why) == -1)
		return -1;
	upgrade_name_process(master->self);
	return 0;
}
