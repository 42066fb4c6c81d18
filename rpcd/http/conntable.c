#include "rpcd/http/conntable.h"

#include "common/log.h"
#include "common/map.h"
#include "common/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/* Time between two checks of the incomplete requests. */
#define TICK_MS 1000

struct conntable *
conntable_new(unsigned limit)
{
	struct conntable *all = xcalloc(1, sizeof(*all));

	all->limit = limit;
	all->addresses = idmap_new();
	if (all->addresses == NULL)
		fatal("out of memory for a listener");
	for (size_t i = 0; i < CONN_PHASES; i++) {
		TAILQ_INIT(&all->phases[i].by_time);
		for (size_t j = 0; j < CONN_RANKS; j++)
			TAILQ_INIT(&all->phases[i].ranks[j]);
	}
	return all;
}

void
conntable_free(struct conntable *all)
{
	if (all == NULL)
		return;
	idmap_free(all->addresses);
	free(all);
}

/* IPv4 addresses have keys that no IPv6 prefix has: 0xffff, then the address. */
uint64_t
conntable_key(const struct sockaddr *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	const struct sockaddr_in *in = (const void *)address;
	uint32_t words[4];

	if (address->sa_family == AF_INET)
		return UINT64_C(0xffff) << 32 | ntohl(in->sin_addr.s_addr);
	if (address->sa_family != AF_INET6)
		return 0;
	memcpy(words, &in6->sin6_addr, sizeof(words));
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return UINT64_C(0xffff) << 32 | ntohl(words[3]);
	return (uint64_t)ntohl(words[0]) << 32 | ntohl(words[1]);
}

/* ---- counting ---- */

static struct conn_address *
conntable_address(struct conntable *all, uint64_t key)
{
	struct conn_address *address = idmap_get(all->addresses, key);

	if (address != NULL)
		return address;
	address = xcalloc(1, sizeof(*address));
	address->key = key;
	for (size_t i = 0; i < CONN_PHASES; i++)
		TAILQ_INIT(&address->phases[i].connections);
	if (idmap_set(all->addresses, key, address) < 0)
		fatal("out of memory for an address");
	return address;
}

/* Moves an address to its rank when the number of its connections in the phase changes. */
static void
conntable_rank(
    struct conntable *all, struct conn_group *of, enum conn_phase phase, size_t count)
{
	size_t was = of->count < CONN_RANKS ? of->count : CONN_RANKS - 1;
	size_t is = count < CONN_RANKS ? count : CONN_RANKS - 1;

	of->count = count;
	if (was == is)
		return;
	if (was > 0)
		TAILQ_REMOVE(&all->phases[phase].ranks[was], of, link);
	if (is > 0)
		TAILQ_INSERT_TAIL(&all->phases[phase].ranks[is], of, link);
}

static void
conn_leave_phase(struct conn *c)
{
	struct conntable *all = c->all;
	struct conn_group *of = &c->address->phases[c->phase];

	TAILQ_REMOVE(&all->phases[c->phase].by_time, c, by_time);
	TAILQ_REMOVE(&of->connections, c, by_address);
	all->phases[c->phase].count--;
	all->phases[c->phase].weight -= c->weight;
	of->weight -= c->weight;
	conntable_rank(all, of, c->phase, of->count - 1);
}

static void
conn_join_phase(struct conn *c, enum conn_phase phase, int64_t now)
{
	struct conntable *all = c->all;
	struct conn_group *of = &c->address->phases[phase];

	c->phase = phase;
	c->since = now;
	c->in_body = false;
	c->received = 0;
	TAILQ_INSERT_TAIL(&all->phases[phase].by_time, c, by_time);
	TAILQ_INSERT_TAIL(&of->connections, c, by_address);
	all->phases[phase].count++;
	all->phases[phase].weight += c->weight;
	of->weight += c->weight;
	conntable_rank(all, of, phase, of->count + 1);
}

void
conntable_open(struct conntable *all, struct conn *c, uint64_t key, int64_t now)
{
	*c = (struct conn){ .all = all, .address = conntable_address(all, key) };
	c->address->count++;
	all->count++;
	conn_join_phase(c, CONN_FRESH, now);
}

void
conntable_close(struct conn *c)
{
	struct conntable *all = c->all;

	conn_leave_phase(c);
	all->count--;
	if (--c->address->count > 0)
		return;
	(void)idmap_remove(all->addresses, c->address->key);
	free(c->address);
}

void
conn_enter(struct conn *c, enum conn_phase phase, int64_t now)
{
	if (c->phase == CONN_CLOSING)
		return;
	conn_leave_phase(c);
	conn_join_phase(c, phase, now);
}

/* ---- time ---- */

void
conn_begin_body(struct conn *c, int64_t now)
{
	/* The time is new unless the body comes together with the head, as most do. */
	if (c->phase != CONN_FRESH || c->since != now)
		conn_enter(c, CONN_FRESH, now);
	c->in_body = true;
}

struct conn *
conntable_expired(struct conntable *all, int64_t now)
{
	struct conn_list *fresh = &all->phases[CONN_FRESH].by_time;
	struct conn *c;

	while ((c = TAILQ_FIRST(fresh)) != NULL && now >= c->since + CONN_WAIT_MS) {
		if (!c->in_body || c->received < CONN_BODY_BYTES)
			return c;
		/* The body arrives fast enough: its time begins again. */
		c->since = now;
		c->received = 0;
		TAILQ_REMOVE(fresh, c, by_time);
		TAILQ_INSERT_TAIL(fresh, c, by_time);
	}
	c = TAILQ_FIRST(&all->phases[CONN_IDLE].by_time);
	return c != NULL && now >= c->since + CONN_IDLE_MS ? c : NULL;
}

int64_t
conntable_deadline(const struct conntable *all, int64_t now)
{
	const struct conn *idle = TAILQ_FIRST(&all->phases[CONN_IDLE].by_time);

	if (all->phases[CONN_FRESH].count > 0)
		return now + TICK_MS;
	return idle != NULL ? idle->since + CONN_IDLE_MS : -1;
}

/* ---- too many ---- */

/* The address with the most connections in the phase, or NULL. */
static const struct conn_group *
conntable_top(const struct conntable *all, enum conn_phase phase)
{
	const struct conn_rank *ranks = all->phases[phase].ranks;
	const struct conn_group *top, *of;
	size_t i = CONN_RANKS - 1;

	while (i > 0 && TAILQ_EMPTY(&ranks[i]))
		i--;
	top = TAILQ_FIRST(&ranks[i]);
	if (i < CONN_RANKS - 1)
		return top;
	TAILQ_FOREACH(of, &ranks[i], link) {
		if (of->count > top->count)
			top = of;
	}
	return top;
}

/* The address with the most connections in the phase if it or the phase has too many. */
static const struct conn_group *
conntable_crowd(const struct conntable *all, enum conn_phase phase)
{
	size_t many = all->limit / 8 < CONN_MANY ? all->limit / 8 : CONN_MANY;
	const struct conn_group *top = conntable_top(all, phase);

	if (top == NULL)
		return NULL;
	return top->count > many || all->phases[phase].count >= all->limit / 4 ? top : NULL;
}

struct conn *
conntable_victim(const struct conntable *all)
{
	size_t used = all->count - all->phases[CONN_CLOSING].count;
	const struct conn_group *of, *top;

	if (used <= all->limit / 2)
		return NULL;
	of = conntable_crowd(all, CONN_FRESH);
	if (of == NULL)
		of = conntable_crowd(all, CONN_IDLE);
	if (of == NULL && used >= all->limit - all->limit / 8)
		for (enum conn_phase phase = 0; phase < CONN_CLOSING; phase++) {
			top = conntable_top(all, phase);
			if (top != NULL && (of == NULL || top->count > of->count))
				of = top;
		}
	return of != NULL ? TAILQ_FIRST(&of->connections) : NULL;
}

/* ---- memory ---- */

void
conn_set_weight(struct conn *c, size_t weight, int64_t now)
{
	struct conn_group *of = &c->address->phases[c->phase];
	size_t *all = &c->all->phases[c->phase].weight;

	of->weight = of->weight - c->weight + weight;
	*all = *all - c->weight + weight;
	if (weight > c->weight)
		c->weighed = now;
	c->weight = weight;
}

struct conn *
conntable_heaviest(const struct conntable *all, enum conn_phase phase, int64_t before)
{
	const struct conn_address *address, *heaviest = NULL;
	struct conn *c;
	size_t cursor = 0;

	while ((address = idmap_next(all->addresses, &cursor, NULL)) != NULL)
		if (heaviest == NULL ||
		    address->phases[phase].weight > heaviest->phases[phase].weight)
			heaviest = address;
	if (heaviest == NULL)
		return NULL;
	TAILQ_FOREACH(c, &heaviest->phases[phase].connections, by_address) {
		if (c->weight > 0 && c->weighed <= before)
			return c;
	}
	return NULL;
}
