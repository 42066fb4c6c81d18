#include "rpcd/rendered.h"

#include "common/clock.h"
#include "common/mem.h"

#include <stdlib.h>

#define EVERYTHING 0 /* the text with every process */

struct rendered_text {
	struct grant *grant;          /* owned reference, or NULL: not used yet */
	struct shared_buffer *shared; /* owned reference, or NULL */
	size_t len;                   /* of the last text */
	int64_t second;               /* epoch seconds when it was made */
	uint64_t version;             /* of the mirror when it was made */
	int64_t until;                /* clock_mono_ms() when it is freed */
	uint64_t used;                /* of `uses`, when it was used last */
};

struct rendered {
	struct rpcd *rpcd;
	struct budget *budget;
	enum rendered_scope scope;
	struct source *timer;
	rendered_write_fn *write;
	void *ctx;
	uint64_t uses;
	struct rendered_text texts[1 + RENDERED_GRANTS];
};

static void
rendered_forget(struct rendered_text *text)
{
	shared_buffer_unref(text->shared);
	text->shared = NULL;
}

static void
rendered_on_timer(void *ctx, uint32_t ready UNUSED)
{
	struct rendered *r = ctx;
	int64_t now = clock_mono_ms(), next = -1;

	for (size_t i = 0; i < nitems(r->texts); i++) {
		struct rendered_text *text = &r->texts[i];

		if (text->shared != NULL && text->until <= now)
			rendered_forget(text);
		if (text->shared != NULL && (next < 0 || text->until < next))
			next = text->until;
	}
	source_arm(r->timer, next);
}

struct rendered *
rendered_new(struct rpcd *rpcd, struct budget *budget, enum rendered_scope scope,
    rendered_write_fn *write, void *ctx)
{
	struct rendered *r = xcalloc(1, sizeof(*r));

	r->rpcd = rpcd;
	r->budget = budget;
	r->scope = scope;
	r->write = write;
	r->ctx = ctx;
	r->timer = loop_timer(rpcd->loop, rendered_on_timer, r);
	if (r->timer != NULL)
		return r;
	free(r);
	return NULL;
}

void
rendered_free(struct rendered *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < nitems(r->texts); i++) {
		rendered_forget(&r->texts[i]);
		grant_unref(r->texts[i].grant);
	}
	source_free(r->timer);
	free(r);
}

/* The text of callers with these rights: an old one, or the one that was not used for the
 * longest time. */
static struct rendered_text *
rendered_find(struct rendered *r, struct grant *grant)
{
	struct rendered_text *text, *oldest = &r->texts[EVERYTHING + 1];

	if (r->scope == RENDERED_BY_PROCESSES && grant_sees_all(grant))
		return &r->texts[EVERYTHING];
	for (size_t i = EVERYTHING + 1; i < nitems(r->texts); i++) {
		text = &r->texts[i];
		if (text->grant == grant ||
		    (text->grant != NULL && grant_equal(text->grant, grant)))
			return text;
		if (text->used < oldest->used)
			oldest = text;
	}
	rendered_forget(oldest);
	grant_unref(oldest->grant);
	*oldest = (struct rendered_text){ .grant = grant_ref(grant) };
	return oldest;
}

static void
rendered_make(struct rendered *r, struct rendered_text *text, const struct grant *grant)
{
	struct buf out;

	buf_init(&out, 0);
	r->write(r->ctx, grant, text->second, &out);
	text->len = buf_len(&out);
	text->shared = shared_buffer_new(&out, r->budget);
	text->until = clock_mono_ms() + RENDERED_KEPT_MS;
	if (source_deadline(r->timer) < 0)
		source_arm(r->timer, text->until);
}

struct shared_buffer *
rendered_get(struct rendered *r, struct grant *grant)
{
	struct rendered_text *text = rendered_find(r, grant);
	int64_t second = clock_wall_ms() / 1000;
	uint64_t version = r->rpcd->mirror->version;

	text->used = ++r->uses;
	if (text->shared != NULL && text->second == second && text->version == version)
		return text->shared;
	rendered_forget(text);
	/* The new text has about the length of the last one. */
	if (text->len > BUDGET_SMALL && !budget_fits_shared(r->budget, text->len))
		return NULL;
	text->second = second;
	text->version = version;
	rendered_make(r, text, grant);
	return text->shared;
}
