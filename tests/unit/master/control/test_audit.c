/* Audit: calls and their outcome, claims of reeve-rpcd, refusals that come in floods, and a
 * file that cannot be written. The connections are those of a test. */
#include "common/sock.h"
#include "master/control/audit.h"
#include "master/control/connection.h"
#include "tests/unit/master/scratch.h"

#include <jansson.h>
#include <unistd.h>

#define START 1000000
#define CLOCK(ms) clock_freeze(START + (ms), START + (ms))

static const struct connection_owner owner;

static struct world {
	struct scratch *scratch;
	struct master master;
	struct connection local, rpcd, other;
	int fds[3];
	json_t *lines; /* array of the objects in the file */
} w;

static void
begin(struct scratch *scratch, const char *path)
{
	static const struct peer_ops ops = { .closed = NULL };
	struct connection *all[] = { &w.local, &w.rpcd, &w.other };

	w = (struct world){ .scratch = scratch };
	CLOCK(0);
	w.master.loop = loop_new();
	w.master.audit = audit_open(w.master.loop, path, 0, 0, -1);
	assert_non_null(w.master.audit);
	for (size_t i = 0; i < nitems(all); i++) {
		int pair[2];

		assert_int_equal(sock_pair(pair), 0);
		w.fds[i] = pair[1];
		all[i]->master = &w.master;
		all[i]->grant = grant_of_role(ROLE_ADMIN);
		all[i]->uid = getuid();
		all[i]->pid = getpid();
		all[i]->peer = peer_new(w.master.loop, pair[0], &ops, NULL);
	}
	w.rpcd.owner = &owner;
	w.rpcd.role = ROLE_VIEW;
}

static void
end(void)
{
	audit_free(w.master.audit);
	peer_free(w.local.peer);
	peer_free(w.rpcd.peer);
	peer_free(w.other.peer);
	for (size_t i = 0; i < nitems(w.fds); i++)
		close(w.fds[i]);
	loop_free(w.master.loop);
	json_decref(w.lines);
}

static json_t *
object(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	return json;
}

static void
begin_call(struct connection *client, uint64_t id, enum cmd_id cmd, const char *params)
{
	json_t *json = object(params);

	audit_begin(client, id, &cmd_table[cmd], json);
	json_decref(json);
}

static void
refuse(struct connection *client, const char *params)
{
	json_t *json = object(params);

	audit_refused(client, &cmd_table[CMD_ALL_STOP], json, FAULT_NOT_PERMITTED,
	    "needs role operate");
	json_decref(json);
}

/* Reads the text as lines into w.lines. Their number. */
static size_t
parse(const char *text)
{
	json_decref(w.lines);
	w.lines = json_array();
	for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		assert_non_null(strchr(line, '\n'));
		json_array_append_new(w.lines,
		    json_loadb(line, (size_t)(strchr(line, '\n') - line), 0, NULL));
	}
	return json_array_size(w.lines);
}

static size_t
lines(void)
{
	size_t n, count;
	char *text = scratch_read(w.scratch, "audit", &n);

	count = parse(text);
	free(text);
	return count;
}

static const char *
text(size_t line, const char *name)
{
	return json_string_value(json_object_get(json_array_get(w.lines, line), name));
}

static json_int_t
number(size_t line, const char *name)
{
	const json_t *value = json_object_get(json_array_get(w.lines, line), name);

	return value == NULL ? -1 : json_integer_value(value);
}

static void
test_calls(void **state)
{
	json_t *job = json_pack("{s:i}", "job", 7);

	begin(*state, scratch_path(*state, "audit"));
	begin_call(
	    &w.local, 1, CMD_PROCESS_SIGNAL, "{\"name\":\"web\",\"signal\":\"HUP\"}");
	assert_int_equal(lines(), 0);
	audit_end(&w.local, 1, FAULT_NONE, NULL);
	assert_int_equal(lines(), 1);
	assert_string_equal(text(0, "time"), "1970-01-01T00:16:40.000000Z");
	assert_string_equal(text(0, "listener"), "control_socket");
	assert_int_equal(number(0, "uid"), getuid());
	assert_int_equal(number(0, "pid"), getpid());
	assert_null(json_object_get(json_array_get(w.lines, 0), "claimed"));
	assert_string_equal(text(0, "command"), "process.signal");
	assert_string_equal(text(0, "target"), "web");
	assert_string_equal(text(0, "signal"), "HUP");
	assert_string_equal(text(0, "result"), "ok");
	/* A command that changes nothing, and replies to it. */
	begin_call(&w.local, 2, CMD_LOG_OPEN, "{\"name\":\"web\"}");
	audit_end(&w.local, 2, FAULT_NONE, NULL);
	assert_int_equal(lines(), 1);
	/* Replies in another order, of two clients with the same ids. */
	begin_call(&w.local, 3, CMD_CONFIG_UPDATE, "{\"names\":[\"a\",\"b c\"]}");
	begin_call(&w.local, 4, CMD_GROUP_ADD, "{\"name\":\"g\"}");
	begin_call(&w.other, 3, CMD_DAEMON_RESTART, "{}");
	audit_end(&w.local, 4, FAULT_BAD_NAME, NULL);
	audit_end(&w.local, 3, FAULT_NONE, job);
	audit_forget(&w.other);
	audit_end(&w.other, 3, FAULT_NONE, NULL);
	assert_int_equal(lines(), 4);
	assert_string_equal(text(1, "result"), "BAD_NAME");
	assert_string_equal(text(2, "target"), "a b c");
	assert_string_equal(text(2, "result"), "job 7");
	assert_string_equal(text(3, "result"), "unknown");
	begin_call(&w.other, 5, CMD_DAEMON_RESTART, "{}");
	w.other.gone = true;
	audit_interrupt(w.master.audit);
	assert_int_equal(lines(), 5);
	assert_string_equal(text(4, "result"), "unknown");
	json_decref(job);
	end();
}

/* Data may be secret. */
static void
test_data(void **state)
{
	size_t n;
	char *whole;

	begin(*state, scratch_path(*state, "audit"));
	begin_call(&w.local, 1, CMD_PROCESS_STDIN, "{\"name\":\"a\",\"data\":\"secret\"}");
	audit_end(&w.local, 1, FAULT_NONE, NULL);
	begin_call(&w.local, 2, CMD_EVENT_SEND,
	    "{\"type\":\"T\",\"data\":\"secret\",\"more\":[\"U\",\"secretly\"]}");
	audit_end(&w.local, 2, FAULT_NONE, NULL);
	begin_call(&w.local, 3, CMD_PROCESS_STDIN, "{\"name\":[\"secret\"],\"data\":7}");
	audit_end(&w.local, 3, FAULT_INCORRECT_PARAMETERS, NULL);
	begin_call(&w.local, 4, CMD_PROCESS_RESTART, "{\"names\":[7,\"a\",null,\"b\"]}");
	audit_end(&w.local, 4, FAULT_INCORRECT_PARAMETERS, NULL);
	assert_int_equal(lines(), 4);
	assert_string_equal(text(3, "target"), "a b");
	assert_int_equal(number(0, "bytes"), 6);
	assert_int_equal(number(0, "events"), -1);
	assert_string_equal(text(1, "target"), "T");
	assert_int_equal(number(1, "bytes"), 14);
	assert_int_equal(number(1, "events"), 2);
	assert_string_equal(text(2, "result"), "INCORRECT_PARAMETERS");
	whole = scratch_read(*state, "audit", &n);
	assert_null(strstr(whole, "secret"));
	free(whole);
	end();
}

static void
test_claims(void **state)
{
	struct scratch *scratch = *state;
	json_t *params = object(
	    "{\"by\":{\"user\":\"bob\\n\",\"from\":\"10.0.0.1\",\"listener\":\"tcp\","
	    "\"forwarded\":\"x\",\"method\":\"a.b\"},\"method\":\"c.d\",\"result\":"
	    "\"NOT_PERMITTED\",\"target\":\"web\",\"why\":"
	    "\"w\\u001b\"}");

	begin(scratch, scratch_path(scratch, "audit"));
	begin_call(&w.rpcd, 1, CMD_ALL_CLEAR, "{\"by\":[\"user\"]}");
	audit_end(&w.rpcd, 1, FAULT_NONE, NULL);
	audit_claimed(&w.rpcd, params, 3);
	assert_int_equal(lines(), 2);
	assert_null(text(0, "user"));
	assert_string_equal(text(0, "max_role"), "view");
	assert_int_equal(number(0, "uid"), -1);
	assert_true(json_is_true(json_object_get(json_array_get(w.lines, 0), "claimed")));
	assert_string_equal(text(1, "user"), "bob\n");
	assert_string_equal(text(1, "from"), "10.0.0.1");
	assert_string_equal(text(1, "listener"), "tcp");
	assert_string_equal(text(1, "forwarded_for"), "x");
	assert_string_equal(text(1, "method"), "c.d");
	assert_string_equal(text(1, "target"), "web");
	assert_string_equal(text(1, "result"), "NOT_PERMITTED");
	assert_string_equal(text(1, "why"), "w\033");
	assert_int_equal(number(1, "count"), 3);
	assert_string_equal(scratch->log, "WARN tcp: refused c.d to bob?: w?\n");
	json_decref(params);
	end();
}

/* Calls that programs have answered: no refusals, so nothing is logged; only very many are
 * counted. */
static void
test_reports(void **state)
{
	struct scratch *scratch = *state;
	json_t *report = object("{\"by\":{\"user\":\"bob\",\"method\":\"x.f\"},\"method\":"
				"\"x.f\",\"target\":\"key\",\"result\":\"ok\\\"\\n\"}");

	begin(scratch, scratch_path(scratch, "audit"));
	for (int i = 0; i < AUDIT_REPORTS + 7; i++)
		audit_claimed(&w.rpcd, report, 1);
	refuse(&w.rpcd, "{}");
	assert_int_equal(lines(), AUDIT_REPORTS + 1);
	assert_string_equal(text(0, "user"), "bob");
	assert_string_equal(text(0, "method"), "x.f");
	assert_string_equal(text(0, "target"), "key");
	assert_string_equal(text(0, "result"), "ok\"\n");
	assert_null(text(0, "why"));
	CLOCK(1000);
	assert_int_equal(loop_turn(w.master.loop, 0), 0);
	assert_int_equal(lines(), AUDIT_REPORTS + 2);
	assert_string_equal(text(AUDIT_REPORTS + 1, "max_role"), "view");
	assert_string_equal(text(AUDIT_REPORTS + 1, "result"), "unknown");
	assert_string_equal(text(AUDIT_REPORTS + 1, "why"), "further calls in one second");
	assert_int_equal(number(AUDIT_REPORTS + 1, "count"), 7);
	assert_null(strstr(scratch->log, "x.f"));
	json_decref(report);
	end();
}

static void
test_flood(void **state)
{
	struct scratch *scratch = *state;

	begin(scratch, scratch_path(scratch, "audit"));
	for (int i = 0; i < 1000; i++)
		refuse(&w.local, "{}");
	for (int i = 0; i < 5; i++)
		refuse(&w.rpcd, "{}");
	assert_int_equal(lines(), AUDIT_REFUSALS + 5);
	assert_string_equal(text(0, "why"), "needs role operate");
	CLOCK(1000);
	assert_int_equal(loop_turn(w.master.loop, 0), 0);
	assert_int_equal(lines(), AUDIT_REFUSALS + 6);
	assert_int_equal(number(AUDIT_REFUSALS + 5, "count"), 1000 - AUDIT_REFUSALS);
	assert_int_equal(number(AUDIT_REFUSALS + 5, "uid"), getuid());
	/* The next second, and what is left at the end. */
	for (int i = 0; i < 30; i++)
		refuse(&w.local, "{}");
	assert_int_equal(lines(), 2 * AUDIT_REFUSALS + 6);
	audit_free(w.master.audit);
	w.master.audit = NULL;
	assert_int_equal(lines(), 2 * AUDIT_REFUSALS + 7);
	assert_int_equal(number(2 * AUDIT_REFUSALS + 6, "count"), 10);
	/* The main log has one line for each kind of caller. */
	assert_non_null(strstr(scratch->log, "WARN control socket: refused all.stop to "));
	assert_non_null(strstr(
	    scratch->log, "WARN refused all.stop to reeve-rpcd (max_role view): needs"));
	assert_ptr_equal(strrchr(scratch->log, '\n'), scratch->log + scratch->len - 1);
	assert_int_equal(scratch->log[scratch->len - 1], '\n');
	end();
}

/* Without a file, refusals are logged and nothing else happens. */
static void
test_off(void **state)
{
	struct scratch *scratch = *state;

	begin(scratch, NULL);
	begin_call(&w.local, 1, CMD_ALL_STOP, "{}");
	assert_int_equal(w.local.audited, 0);
	audit_end(&w.local, 1, FAULT_NONE, NULL);
	audit_forget(&w.local);
	audit_interrupt(w.master.audit);
	audit_reopen(w.master.audit);
	refuse(&w.local, "{}");
	assert_non_null(strstr(scratch->log, "WARN control socket: refused all.stop"));
	end();
}

/* A FIFO without a reader is full at some time. The records that it does not hold are
 * counted, and what it has held is whole. */
static void
test_lost(void **state)
{
	const char *path = scratch_path(*state, "fifo");
	static char content[4 * 1024 * 1024];
	size_t written, n = 0, count;
	ssize_t got;
	int fd;

	assert_int_equal(mkfifo(path, 0600), 0);
	begin(*state, path);
	fd = open(scratch_path(*state, "fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (written = 0; written < 10000; written++) {
		begin_call(&w.local, 1, CMD_GROUP_STOP, "{\"name\":\"g\"}");
		audit_end(&w.local, 1, FAULT_NONE, NULL);
	}
	while ((got = read(fd, content + n, sizeof(content) - 1 - n)) > 0)
		n += (size_t)got;
	assert_in_range(audit_record(w.master.audit)->lost, 1, 9999);
	begin_call(&w.local, 1, CMD_GROUP_STOP, "{\"name\":\"h\"}");
	audit_end(&w.local, 1, FAULT_NONE, NULL);
	while ((got = read(fd, content + n, sizeof(content) - 1 - n)) > 0)
		n += (size_t)got;
	content[n] = '\0';
	count = parse(content);
	assert_string_equal(text(count - 1, "target"), "h");
	assert_string_equal(text(count - 2, "why"), "Resource temporarily unavailable");
	/* A record of which a part was written is lost, and is the only line that is no
	 * JSON. */
	for (size_t i = 0; i < count - 3; i++)
		assert_string_equal(text(i, "target"), "g");
	written -= (size_t)number(count - 2, "lost");
	assert_in_range(count - 2 - written, 0, 1);
	close(fd);
	end();
}

/* The file is removed, then its directory, which returns. */
static void
test_removed(void **state)
{
	char *dir = strdup(scratch_path(*state, "dir"));
	char *path = strdup(scratch_path(*state, "dir/audit"));
	size_t n;
	char *whole;

	assert_int_equal(mkdir(dir, 0700), 0);
	begin(*state, path);
	for (int i = 1; i <= 4; i++) {
		begin_call(&w.local, 1, CMD_ALL_STOP, "{}");
		audit_end(&w.local, 1, FAULT_NONE, NULL);
		assert_int_equal(access(path, F_OK), i == 3 ? -1 : 0);
		if (i < 3)
			assert_int_equal(unlink(path), 0);
		if (i == 2)
			assert_int_equal(rmdir(dir), 0);
		if (i == 3)
			assert_int_equal(mkdir(dir, 0700), 0);
		CLOCK(2000 * i);
	}
	whole = scratch_read(*state, "dir/audit", &n);
	assert_int_equal(parse(whole), 2);
	assert_int_equal(number(0, "lost"), 1);
	assert_string_equal(text(1, "command"), "all.stop");
	free(whole);
	unlink(path);
	free(path);
	free(dir);
	end();
}

static void
test_unopenable(void **state)
{
	struct loop *loop = loop_new();

	assert_null(audit_open(loop, scratch_path(*state, "none/audit"), 0, 0, -1));
	assert_int_equal(errno, ENOENT);
	assert_null(audit_open(loop, scratch_path(*state, ""), 0, 0, -1));
	audit_free(NULL);
	loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls),
		TEST(test_data),
		TEST(test_claims),
		TEST(test_reports),
		TEST(test_flood),
		TEST(test_off),
		TEST(test_lost),
		TEST(test_removed),
		TEST(test_unopenable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
