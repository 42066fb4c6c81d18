#include "master/helper/watchdog.h"

void
watchdog_init(struct watchdog *dog)
{
	*dog = (struct watchdog){ .next_ms = -1 };
}

static void
watchdog_schedule(struct watchdog *dog, int64_t now)
{
	if (dog->next_ms != -1)
		return;
	dog->looked_ms = now;
	dog->next_ms = now + WATCHDOG_LOOK_MS;
}

void
watchdog_active(struct watchdog *dog, int64_t now)
{
	dog->outstanding = true;
	watchdog_schedule(dog, now);
}

static enum watchdog_action
watchdog_ask(struct watchdog *dog)
{
	dog->asked = true;
	dog->outstanding = false;
	dog->warned = false;
	dog->mute_ms = 0;
	return WATCHDOG_PING;
}

enum watchdog_action
watchdog_stopped(struct watchdog *dog, int64_t now)
{
	watchdog_schedule(dog, now);
	if (!dog->stopped) /* one that is stopped again and again must answer in between */
		dog->mute_ms = 0;
	dog->stopped = true;
	return dog->asked ? WATCHDOG_NONE : watchdog_ask(dog);
}

enum watchdog_action
watchdog_look(struct watchdog *dog, int64_t now, uint64_t unsent, uint64_t sent)
{
	int64_t allowed = dog->stopped ? WATCHDOG_CONTINUE_MS : WATCHDOG_ANSWER_MS;
	int64_t passed = now - dog->looked_ms;

	/* A look that is late was delayed by the owner, and counts for little. */
	if (passed > WATCHDOG_LOOK_MS + WATCHDOG_LOOK_MS / 2)
		passed = WATCHDOG_LOOK_MS / 4;
	dog->mute_ms = dog->asked ? dog->mute_ms + passed : 0;
	dog->unread_ms = unsent > 0 && sent == dog->sent ? dog->unread_ms + passed : 0;
	dog->sent = sent;
	dog->looked_ms = now;
	dog->next_ms = -1;
	if (dog->unread_ms >= WATCHDOG_READ_MS)
		return WATCHDOG_KILL_UNREAD;
	if (dog->asked && dog->mute_ms >= allowed)
		return WATCHDOG_KILL_MUTE;
	if (dog->asked || dog->outstanding || unsent > 0)
		dog->next_ms = now + WATCHDOG_LOOK_MS;
	if (!dog->asked && dog->outstanding)
		return watchdog_ask(dog);
	if (dog->asked && !dog->warned && dog->mute_ms >= WATCHDOG_WARN_MS) {
		dog->warned = true;
		return WATCHDOG_WARN;
	}
	return WATCHDOG_NONE;
}

bool
watchdog_answered(struct watchdog *dog, int64_t now, bool busy)
{
	bool warned = dog->warned;

	dog->asked = dog->stopped = dog->warned = false;
	dog->mute_ms = 0;
	dog->next_ms = -1;
	dog->outstanding = dog->outstanding || busy;
	if (dog->outstanding)
		watchdog_schedule(dog, now);
	return warned;
}
