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
	dog->checked_ms = now;
	dog->next_ms = now + WATCHDOG_CHECK_MS;
}

void
watchdog_active(struct watchdog *dog, int64_t now)
{
	dog->outstanding = true;
	watchdog_schedule(dog, now);
}

static enum watchdog_action
watchdog_ping(struct watchdog *dog)
{
	dog->pinged = true;
	dog->outstanding = false;
	dog->warned = false;
	dog->mute_ms = 0;
	return WATCHDOG_PING;
}

enum watchdog_action
watchdog_stopped(struct watchdog *dog, int64_t now)
{
	watchdog_schedule(dog, now);
	/* Only once, so that repeated stops do not extend the time without an answer. */
	if (!dog->stopped)
		dog->mute_ms = 0;
	dog->stopped = true;
	return dog->pinged ? WATCHDOG_NONE : watchdog_ping(dog);
}

enum watchdog_action
watchdog_check(struct watchdog *dog, int64_t now, uint64_t unsent, uint64_t sent)
{
	int64_t allowed = dog->stopped ? WATCHDOG_CONTINUE_MS : WATCHDOG_ANSWER_MS;
	int64_t passed = now - dog->checked_ms;

	/* A late check was delayed by the owner, not by the helper. */
	if (passed > WATCHDOG_CHECK_MS + WATCHDOG_CHECK_MS / 2)
		passed = WATCHDOG_CHECK_MS / 4;
	dog->mute_ms = dog->pinged ? dog->mute_ms + passed : 0;
	dog->unread_ms = unsent > 0 && sent == dog->sent ? dog->unread_ms + passed : 0;
	dog->sent = sent;
	dog->checked_ms = now;
	dog->next_ms = -1;
	if (dog->unread_ms >= WATCHDOG_READ_MS)
		return WATCHDOG_KILL_UNREAD;
	if (dog->pinged && dog->mute_ms >= allowed)
		return WATCHDOG_KILL_MUTE;
	if (dog->pinged || dog->outstanding || unsent > 0)
		dog->next_ms = now + WATCHDOG_CHECK_MS;
	if (!dog->pinged && dog->outstanding)
		return watchdog_ping(dog);
	if (dog->pinged && !dog->warned && dog->mute_ms >= WATCHDOG_WARN_MS) {
		dog->warned = true;
		return WATCHDOG_WARN;
	}
	return WATCHDOG_NONE;
}

bool
watchdog_answered(struct watchdog *dog, int64_t now, bool busy)
{
	bool warned = dog->warned;

	dog->pinged = dog->stopped = dog->warned = false;
	dog->mute_ms = 0;
	dog->next_ms = -1;
	dog->outstanding = dog->outstanding || busy;
	if (dog->outstanding)
		watchdog_schedule(dog, now);
	return warned;
}
