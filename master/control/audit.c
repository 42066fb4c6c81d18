#include "master/control/audit.h"

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/queue.h"
#include "common/str.h"
#include "master/control/audit_line.h"
#include "master/control/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_BYTES (128 * 1024) /* of all texts, each character escaped */
#define SECOND_MS 1000
#define SHOWN_MAX 128 /* bytes of a text in a log line */
#define CALLERS 16    /* whose refusals and reports are counted at once */

/* A call that is not answered yet. */
struct audit_call {
	TAILQ_ENTRY(audit_call) in_calls;
	const struct connection *client;
	uint64_t id;
	struct buf line; /* its beginning */
};

/* What can come in floods. */
static const struct audit_kind {
	unsigned max; /* recorded in a second */
	const char *result, *why;
} audit_refusal = { AUDIT_REFUSALS, "NOT_PERMITTED", "further refusals in one second" },
  audit_report = { AUDIT_REPORTS, "unknown", "further calls in one second" };

/* The refusals or the reports of one caller in this second. */
struct audit_caller {
	struct audit_entry who; /* without texts of its own */
	const struct audit_kind *kind;
	int64_t window_ms; /* the beginning of the second; 0 = free */
	unsigned seen;
	uint64_t omitted; /* not recorded */
};

struct audit {
	struct logfile *file;           /* NULL = none */
	TAILQ_HEAD(, audit_call) calls; /* the newest first */
	struct audit_caller callers[CALLERS];
	struct source *timer; /* to record the numbers of omitted refusals */
	int64_t checked_ms;   /* the last check whether the file still has a name */
	bool nameless;        /* it has none, and another could not be opened */
	struct log_limit local, program, rpcd[ROLE_MAX]; /* lines about refusals */
	union {
		struct audit_record record;
		struct FIELDS(AUDIT_FIELDS);
	};
};

/* --- the file ---------------------------------------------------------------------- */

/* A file that was removed is opened again. logfile.h keeps a file that was renamed, because
 * logrotate(8) does that; but a record in a file without a name is lost. */
static bool
audit_has_name(struct audit *audit)
{
	int64_t now = clock_mono_ms();
	struct stat st;

	if (now - audit->checked_ms < SECOND_MS)
		return !audit->nameless;
	audit->checked_ms = now;
	audit->nameless = fstat(logfile_fd(audit->file), &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_nlink == 0 && logfile_reopen(audit->file) == -1;
	return !audit->nameless;
}

static void
audit_lose(struct audit *audit, int error)
{
	audit->lost++;
	audit->lost_errno = error;
}

/* Writes a whole record, or counts it as lost. logfile.h would report lost bytes by a text
 * that is no JSON. */
static bool
audit_put(struct audit *audit, const char *bytes, size_t n)
{
	struct logfile_record *log = logfile_record(audit->file);
	int error;

	(void)logfile_write(audit->file, bytes, n);
	error = log->lost_errno;
	if (log->lost == 0) {
		audit->torn = false;
		return true;
	}
	audit->torn = audit->torn || log->lost < n;
	log->lost = 0;
	errno = error;
	return false;
}

/* Writes a record about those that were lost. */
static bool
audit_report_loss(struct audit *audit)
{
	bool written = false;
	struct buf line;

	if (audit->lost == 0)
		return true;
	buf_init(&line, 0);
	/* A part of a record was written: its line is ended first. */
	if ((!audit->torn || buf_putc(&line, '\n') == 0) &&
	    audit_line_lost(&line, clock_wall_us(), audit->lost, audit->lost_errno) == 0)
		written = audit_put(audit, buf_data(&line), buf_len(&line));
	buf_clear(&line);
	if (written)
		audit->lost = 0;
	return written;
}

/* Ends the line and writes it; line is cleared. */
static void
audit_write(struct audit *audit, struct buf *line, int rc)
{
	if (rc == -1)
		audit_lose(audit, ENOMEM);
	else if (!audit_has_name(audit))
		audit_lose(audit, ENOENT);
	else if (!audit_report_loss(audit) ||
	    !audit_put(audit, buf_data(line), buf_len(line)))
		audit_lose(audit, errno);
	buf_clear(line);
}

/* --- who and what ------------------------------------------------------------------- */

static const char *
audit_string(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* The words of reeve-rpcd about its client. */
static void
audit_claim(struct audit_entry *entry, const json_t *params)
{
	const json_t *by = json_object_get(params, "by");

	entry->claimed = true;
	entry->user = audit_string(by, "user");
	entry->from = audit_string(by, "from");
	entry->listener = audit_string(by, "listener");
	entry->forwarded = audit_string(by, "forwarded");
	entry->method = audit_string(by, "method");
}

static struct audit_entry
audit_entry(const struct connection *client, const json_t *params)
{
	struct audit_entry entry = {
		.time_us = clock_wall_us(), .bytes = -1, .events = -1
	};
	if (client->owner != NULL) {
		entry.max_role = role_name(client->role);
		audit_claim(&entry, params);
	} else if (client->holder != NULL) {
		entry.program = client->program;
	} else {
		entry.listener = "control_socket";
		entry.has_process = client->uid != (uid_t)-1;
		entry.uid = client->uid;
		entry.pid = client->pid;
		entry.user = grant_user(client->grant);
	}
	return entry;
}

/* The names, separated by blanks; not more than a record shows. The parameters are not
 * checked yet. */
static void
audit_names(struct buf *out, const json_t *names)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
		if (json_is_string(name) && buf_len(out) <= AUDIT_TEXT_MAX &&
		    buf_printf(out, "%s%s", buf_len(out) > 0 ? " " : "",
			json_string_value(name)) == -1)
			break;
	if (buf_len(out) > 0 && buf_putc(out, '\0') == -1)
		buf_clear(out);
}

/* Data may be secret: only its length is recorded. */
static void
audit_data(struct audit_entry *entry, const json_t *params)
{
	const json_t *data = json_object_get(params, "data");
	const json_t *more = json_object_get(params, "more");

	if (!json_is_string(data))
		return;
	entry->bytes = (int64_t)json_string_length(data);
	if (entry->target == NULL)
		entry->events = 1 + (int64_t)json_array_size(more) / 2;
	for (size_t i = 1; i < json_array_size(more); i += 2)
		entry->bytes += (int64_t)json_string_length(json_array_get(more, i));
}

/* Appends the beginning of the record of a command. */
static int
audit_describe(struct buf *line, struct audit_entry *entry, const struct cmd *cmd,
    const json_t *params)
{
	struct buf names;
	int rc;

	buf_init(&names, 0);
	audit_names(&names, json_object_get(params, "names"));
	entry->command = cmd->name;
	entry->signal = audit_string(params, "signal");
	entry->target =
	    buf_len(&names) > 0 ? buf_data(&names) : audit_string(params, "name");
	audit_data(entry, params);
	if (entry->target == NULL)
		entry->target = audit_string(params, "type");
	rc = audit_line_begin(line, entry);
	buf_clear(&names);
	return rc;
}

/* --- calls that are carried out ------------------------------------------------------ */

void
audit_begin(
    struct connection *client, uint64_t id, const struct cmd *cmd, const json_t *params)
{
	struct audit *audit = client->master->audit;
	struct audit_entry entry;
	struct audit_call *call;

	if (audit == NULL || audit->file == NULL || !(cmd->flags & CMD_CHANGES))
		return;
	call = calloc(1, sizeof(*call));
	entry = audit_entry(client, params);
	if (call != NULL) {
		call->client = client;
		call->id = id;
		buf_init(&call->line, LINE_MAX_BYTES);
		if (audit_describe(&call->line, &entry, cmd, params) == 0) {
			TAILQ_INSERT_HEAD(&audit->calls, call, in_calls);
			client->audited++;
			return;
		}
		buf_clear(&call->line);
		free(call);
	}
	audit_lose(audit, ENOMEM);
}

/* Writes the record and frees the call. */
static void
audit_finish(struct audit *audit, struct audit_call *call, const char *result, uint64_t job)
{
	audit_write(audit, &call->line, audit_line_end(&call->line, result, job, NULL, 1));
	TAILQ_REMOVE(&audit->calls, call, in_calls);
	free(call);
}

void
audit_end(struct connection *client, uint64_t id, enum fault fault, const json_t *result)
{
	json_int_t job = json_integer_value(json_object_get(result, "job"));
	struct audit *audit = client->master->audit;
	struct audit_call *call;

	if (client->audited == 0)
		return;
	TAILQ_FOREACH(call, &audit->calls, in_calls) {
		if (call->client != client || call->id != id)
			continue;
		client->audited--;
		audit_finish(audit, call, fault == FAULT_NONE ? "ok" : fault_name(fault),
		    (uint64_t)job);
		return;
	}
}

/* client NULL: all. */
static void
audit_give_up(struct audit *audit, const struct connection *client)
{
	struct audit_call *call, *next;

	TAILQ_FOREACH_SAFE(call, &audit->calls, in_calls, next)
		if (client == NULL || call->client == client)
			audit_finish(audit, call, "unknown", 0);
}

void
audit_forget(struct connection *client)
{
	if (client->audited > 0)
		audit_give_up(client->master->audit, client);
	client->audited = 0;
}

void
audit_interrupt(struct audit *audit)
{
	struct audit_call *call, *next;

	if (audit == NULL)
		return;
	TAILQ_FOREACH_SAFE(call, &audit->calls, in_calls, next)
		if (call->client->gone || peer_has_ended(call->client->peer))
			audit_finish(audit, call, "unknown", 0);
}

/* --- refusals and reports ------------------------------------------------------------ */

static bool
audit_same_caller(const struct audit_entry *one, const struct audit_entry *other)
{
	return one->has_process == other->has_process && one->uid == other->uid &&
	    str_equal(one->max_role, other->max_role);
}

/* Records how many refusals or reports of the caller were not recorded. */
static void
audit_record_omitted(struct audit *audit, struct audit_caller *caller)
{
	struct buf line;
	int rc;

	if (caller->omitted > 0) {
		buf_init(&line, LINE_MAX_BYTES);
		caller->who.time_us = clock_wall_us();
		rc = audit_line_begin(&line, &caller->who);
		if (rc == 0)
			rc = audit_line_end(&line, caller->kind->result, 0,
			    caller->kind->why, caller->omitted);
		audit_write(audit, &line, rc);
	}
	*caller = (struct audit_caller){ .window_ms = 0 };
}

static void
audit_second_over(void *ctx, uint32_t ready UNUSED)
{
	struct audit *audit = ctx;
	int64_t now = clock_mono_ms();
	bool left = false;

	for (size_t i = 0; i < CALLERS; i++) {
		struct audit_caller *caller = &audit->callers[i];

		if (caller->window_ms != 0 && now - caller->window_ms >= SECOND_MS)
			audit_record_omitted(audit, caller);
		left = left || caller->omitted > 0;
	}
	if (left)
		source_arm(audit->timer, now + SECOND_MS);
}

/* The place of the caller; the oldest one makes room. */
static struct audit_caller *
audit_find_caller(struct audit *audit, const struct audit_kind *kind,
    const struct audit_entry *entry, int64_t now)
{
	struct audit_caller *oldest = audit->callers, *one = audit->callers;

	for (; one < audit->callers + CALLERS; one++) {
		if (one->window_ms != 0 && one->kind == kind &&
		    audit_same_caller(&one->who, entry))
			break;
		if (one->window_ms < oldest->window_ms)
			oldest = one;
	}
	if (one == audit->callers + CALLERS)
		audit_record_omitted(audit, one = oldest);
	else if (now - one->window_ms >= SECOND_MS)
		audit_record_omitted(audit, one);
	if (one->window_ms != 0)
		return one;
	one->window_ms = now;
	one->kind = kind;
	one->who = (struct audit_entry){ .has_process = entry->has_process,
		.uid = entry->uid,
		.pid = entry->pid,
		.max_role = entry->max_role,
		.claimed = entry->claimed,
		.bytes = -1,
		.events = -1 };
	return one;
}

/* Whether the refusal or report is to be recorded, so that nobody can fill the file with
 * them and make its rotation remove other records. */
static bool
audit_admits(struct audit *audit, const struct audit_kind *kind,
    const struct audit_entry *entry, uint64_t count)
{
	int64_t now = clock_mono_ms();
	struct audit_caller *caller = audit_find_caller(audit, kind, entry, now);

	if (caller->seen++ < kind->max)
		return true;
	if (caller->omitted == 0)
		source_arm(audit->timer, caller->window_ms + SECOND_MS);
	caller->omitted += count;
	return false;
}

void
audit_refused(struct connection *client, const struct cmd *cmd, const json_t *params,
    enum fault fault, const char *why)
{
	struct audit *audit = client->master->audit;
	struct audit_entry entry;
	struct buf line;
	int rc;

	if (audit == NULL)
		return;
	entry = audit_entry(client, params);
	if (client->owner != NULL)
		log_limited(&audit->rpcd[client->role], LEVEL_WARN,
		    "refused %s to reeve-rpcd (max_role %s): %s", cmd->name, entry.max_role,
		    why);
	else if (client->holder != NULL)
		log_limited(&audit->program, LEVEL_WARN, "refused %s to %s: %s", cmd->name,
		    client->program, why);
	else
		log_limited(&audit->local, LEVEL_WARN,
		    "control socket: refused %s to process %d of uid %d: %s", cmd->name,
		    (int)entry.pid, (int)entry.uid, why);
	if (audit->file == NULL || !audit_admits(audit, &audit_refusal, &entry, 1))
		return;
	buf_init(&line, LINE_MAX_BYTES);
	rc = audit_describe(&line, &entry, cmd, params);
	if (rc == 0)
		rc = audit_line_end(&line, fault_name(fault), 0, why, 1);
	audit_write(audit, &line, rc);
}

/* Printable ASCII of a text that an attacker may have chosen. */
static const char *
audit_shown(const char *text, char out[SHOWN_MAX])
{
	size_t n = text == NULL ? 0 : strnlen(text, SHOWN_MAX - 1);

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
	out[n] = '\0';
	return n == 0 ? "?" : out;
}

static void
audit_log_refusal(
    struct audit *audit, enum role role, const struct audit_entry *entry, const char *text)
{
	char listener[SHOWN_MAX], method[SHOWN_MAX], from[SHOWN_MAX], why[SHOWN_MAX];

	log_limited(&audit->rpcd[role], LEVEL_WARN, "%s: refused %s to %s: %s",
	    audit_shown(entry->listener, listener), audit_shown(entry->method, method),
	    audit_shown(entry->user != NULL ? entry->user : entry->from, from),
	    audit_shown(text, why));
}

void
audit_claimed(struct connection *client, const json_t *params, uint64_t count)
{
	struct audit *audit = client->master->audit;
	const char *why = audit_string(params, "why");
	struct audit_entry entry;
	struct buf line;
	int rc;

	if (audit == NULL)
		return;
	entry = audit_entry(client, params);
	entry.method = audit_string(params, "method");
	entry.target = audit_string(params, "target");
	/* reeve-rpcd logs wrong credentials itself. */
	if (why != NULL && !str_equal(entry.method, "login"))
		audit_log_refusal(audit, client->role, &entry, why);
	if (audit->file == NULL ||
	    !audit_admits(
		audit, why != NULL ? &audit_refusal : &audit_report, &entry, count))
		return;
	buf_init(&line, LINE_MAX_BYTES);
	rc = audit_line_begin(&line, &entry);
	if (rc == 0)
		rc = audit_line_end(&line, audit_string(params, "result"), 0, why, count);
	audit_write(audit, &line, rc);
}

/* --- its life ------------------------------------------------------------------------- */

struct audit *
audit_open(struct loop *loop, const char *path, int64_t maxbytes, int64_t backups, int fd)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit != NULL)
		audit->timer = loop_timer(loop, audit_second_over, audit);
	if (audit == NULL || audit->timer == NULL || path == NULL)
		fd_close(fd);
	if (audit == NULL)
		return NULL;
	TAILQ_INIT(&audit->calls);
	if (audit->timer != NULL &&
	    (path == NULL ||
		(audit->file = logfile_adopt(path, maxbytes, backups, fd)) != NULL))
		return audit;
	source_free(audit->timer);
	free(audit);
	return NULL;
}

void
audit_free(struct audit *audit)
{
	if (audit == NULL)
		return;
	if (audit->file != NULL) {
		audit_give_up(audit, NULL);
		for (size_t i = 0; i < CALLERS; i++)
			audit_record_omitted(audit, &audit->callers[i]);
		if (!audit_report_loss(audit))
			log_error("audit log %s: could not write the last %" PRIu64
				  " records: %s",
			    logfile_path(audit->file), audit->lost,
			    str_errno_name(audit->lost_errno));
		logfile_free(audit->file);
	}
	source_free(audit->timer);
	free(audit);
}

void
audit_reopen(struct audit *audit)
{
	if (audit != NULL && audit->file != NULL)
		(void)logfile_reopen(audit->file);
}

struct audit_record *
audit_record(struct audit *audit)
{
	return &audit->record;
}

struct logfile *
audit_file(struct audit *audit)
{
	return audit == NULL ? NULL : audit->file;
}
