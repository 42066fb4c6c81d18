/* Document: reading gives the configuration that was written, member by member, and wrong
 * bytes are an error at most. */
#include "common/str.h"
#include "master/config/document/document.h"
#include "master/config/values/environment_list.h"
#include "tests/unit/master/config_cases.h"

static bool
same_user(const struct user *a, const struct user *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return str_equal(a->name, b->name) && a->uid == b->uid && a->gid == b->gid &&
	    a->ngroups == b->ngroups &&
	    memcmp(a->groups, b->groups, a->ngroups * sizeof(gid_t)) == 0;
}

/* Compares the order, too. */
static bool
same_environment(const struct environment *a, const struct environment *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!str_equal(a->items[i].name, b->items[i].name) ||
		    !str_equal(a->items[i].value, b->items[i].value))
			return false;
	return true;
}

static bool
same_output(const struct output_config *a, const struct output_config *b)
{
	return a->target == b->target && str_equal(a->path, b->path) &&
	    a->maxbytes == b->maxbytes && a->backups == b->backups &&
	    a->capture_maxbytes == b->capture_maxbytes &&
	    a->events_enabled == b->events_enabled && a->syslog == b->syslog;
}

static bool
same_process(const struct process_config *a, const struct process_config *b)
{
	for (size_t i = 0; i < OUTPUT_MAX; i++)
		if (!same_output(&a->outputs[i], &b->outputs[i]))
			return false;
	return str_equal(a->section, b->section) && str_equal(a->name, b->name) &&
	    str_equal(a->command, b->command) && str_equal(a->directory, b->directory) &&
	    str_equal(a->serverurl, b->serverurl) && same_user(a->user, b->user) &&
	    same_environment(&a->environment, &b->environment) &&
	    a->priority == b->priority && a->startsecs == b->startsecs &&
	    a->startretries == b->startretries && a->stopwaitsecs == b->stopwaitsecs &&
	    a->autostart == b->autostart && a->autorestart == b->autorestart &&
	    a->nexitcodes == b->nexitcodes &&
	    memcmp(a->exitcodes, b->exitcodes, a->nexitcodes * sizeof(int)) == 0 &&
	    a->stopsignal == b->stopsignal && a->stopasgroup == b->stopasgroup &&
	    a->killasgroup == b->killasgroup && a->redirect_stderr == b->redirect_stderr &&
	    a->exit_on_fatal == b->exit_on_fatal && a->is_main == b->is_main &&
	    a->reset_signals == b->reset_signals && a->killmode == b->killmode &&
	    memcmp(&a->limits, &b->limits, sizeof(a->limits)) == 0 && a->umask == b->umask;
}

static bool
same_fcgi(const struct fcgi_config *a, const struct fcgi_config *b)
{
	return str_equal(a->url, b->url) && str_equal(a->path, b->path) &&
	    a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	    str_equal(a->address, b->address) && str_equal(a->why, b->why) &&
	    a->port == b->port && a->backlog == b->backlog;
}

static bool
same_interface(const struct rpcinterface_config *a, const struct rpcinterface_config *b)
{
	return str_equal(a->name, b->name) && a->role == b->role &&
	    same_environment(&a->options, &b->options);
}

static bool
same_group(const struct group_config *a, const struct group_config *b)
{
	if (a->nprocesses != b->nprocesses)
		return false;
	for (size_t i = 0; i < a->nprocesses; i++)
		if (!same_process(a->processes[i], b->processes[i]))
			return false;
	return a->refs == b->refs && a->kind == b->kind && str_equal(a->name, b->name) &&
	    a->priority == b->priority && a->pool.events == b->pool.events &&
	    a->pool.buffer_size == b->pool.buffer_size &&
	    a->pool.counts_bytes == b->pool.counts_bytes &&
	    a->pool.handler == b->pool.handler &&
	    same_interface(&a->interface, &b->interface) && same_fcgi(&a->fcgi, &b->fcgi);
}

static bool
same_listener(const struct listener_config *a, const struct listener_config *b)
{
	return str_equal(a->section, b->section) && a->is_unix == b->is_unix &&
	    str_equal(a->path, b->path) && a->mode == b->mode && a->uid == b->uid &&
	    a->gid == b->gid && str_equal(a->address, b->address) &&
	    str_equal(a->host, b->host) && a->port == b->port &&
	    str_equal(a->username, b->username) && str_equal(a->password, b->password) &&
	    a->has_role == b->has_role &&
	    a->unauthenticated_role == b->unauthenticated_role &&
	    a->max_role == b->max_role && a->metrics_role == b->metrics_role &&
	    str_equal(a->server_names, b->server_names);
}

static bool
same_list(char *const *a, char *const *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	for (; *a != NULL && *b != NULL; a++, b++)
		if (!str_equal(*a, *b))
			return false;
	return *a == *b;
}

static bool
same_api_user(const struct user_config *a, const struct user_config *b)
{
	return str_equal(a->section, b->section) && str_equal(a->name, b->name) &&
	    str_equal(a->password, b->password) &&
	    str_equal(a->password_file, b->password_file) && a->slow == b->slow &&
	    a->role == b->role && same_list(a->programs, b->programs) &&
	    same_list(a->methods, b->methods) &&
	    same_list(a->deny_methods, b->deny_methods);
}

static bool
same_peers(const struct peer_list *a, const struct peer_list *b)
{
	for (size_t i = 0; a->count == b->count && i < a->count; i++)
		if (a->entries[i].is_group != b->entries[i].is_group ||
		    a->entries[i].id != b->entries[i].id ||
		    !str_equal(a->entries[i].name, b->entries[i].name) ||
		    !str_equal(a->entries[i].user, b->entries[i].user))
			return false;
	return a->count == b->count;
}

static bool
same_daemon(const struct config *a, const struct config *b)
{
	return str_equal(a->file, b->file) && str_equal(a->here, b->here) &&
	    str_equal(a->logfile, b->logfile) && a->logfile_syslog == b->logfile_syslog &&
	    str_equal(a->syslog_socket, b->syslog_socket) &&
	    a->logfile_maxbytes == b->logfile_maxbytes &&
	    a->logfile_backups == b->logfile_backups && a->loglevel == b->loglevel &&
	    str_equal(a->pidfile, b->pidfile) && a->umask == b->umask &&
	    a->nodaemon == b->nodaemon && a->silent == b->silent &&
	    a->nocleanup == b->nocleanup && a->strip_ansi == b->strip_ansi &&
	    a->minfds == b->minfds && a->minprocs == b->minprocs &&
	    str_equal(a->childlogdir, b->childlogdir) && same_user(a->user, b->user) &&
	    str_equal(a->directory, b->directory) &&
	    same_environment(&a->environment, &b->environment) &&
	    str_equal(a->identifier, b->identifier) &&
	    str_equal(a->control_socket, b->control_socket) &&
	    same_user(a->rpcd_user, b->rpcd_user) &&
	    a->confinement_strict == b->confinement_strict &&
	    a->has_main_interface == b->has_main_interface &&
	    same_peers(&a->peers, &b->peers) && str_equal(a->audit_log, b->audit_log) &&
	    a->audit_log_maxbytes == b->audit_log_maxbytes &&
	    a->audit_log_backups == b->audit_log_backups &&
	    str_equal(a->state_directory, b->state_directory) &&
	    a->on_unclean_start == b->on_unclean_start;
}

static bool
same_rows(const struct config *a, const struct config *b)
{
	for (size_t i = 0; i < a->nrows; i++)
		if (a->rows[i].nth != b->rows[i].nth ||
		    !str_equal(a->rows[i].group->name, b->rows[i].group->name) ||
		    !str_equal(a->rows[i].process->name, b->rows[i].process->name))
			return false;
	return true;
}

static bool
same_config(const struct config *a, const struct config *b)
{
	bool same = same_daemon(a, b) && a->ninterfaces == b->ninterfaces &&
	    a->nlisteners == b->nlisteners && a->nusers == b->nusers &&
	    a->ngroups == b->ngroups && a->nmessages == b->nmessages &&
	    a->nrows == b->nrows && same_rows(a, b);

	for (size_t i = 0; same && i < a->ninterfaces; i++)
		same = str_equal(a->interfaces[i], b->interfaces[i]);
	for (size_t i = 0; same && i < a->nlisteners; i++)
		same = same_listener(&a->listeners[i], &b->listeners[i]);
	for (size_t i = 0; same && i < a->nusers; i++)
		same = same_api_user(&a->users[i], &b->users[i]);
	for (size_t i = 0; same && i < a->ngroups; i++)
		same = same_group(a->groups[i], b->groups[i]);
	for (size_t i = 0; same && i < a->nmessages; i++)
		same = a->messages[i].level == b->messages[i].level &&
		    str_equal(a->messages[i].text, b->messages[i].text) &&
		    str_equal(a->messages[i].place, b->messages[i].place) &&
		    a->messages[i].is_finding == b->messages[i].is_finding &&
		    a->messages[i].is_new == b->messages[i].is_new;
	return same;
}

/* The configuration of a case, or NULL. */
static struct config *
load_case(const char *directory)
{
	char *argv[ARGS_MAX], *args, *error = NULL;
	int argc = case_arguments(directory, argv, &args);
	struct config *config = NULL;
	struct arguments arguments;

	if (arguments_parse(argc, argv, &arguments, &error) == -1 ||
	    config_load(&arguments, &config, &error) == -1)
		free(error);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(args);
	return config;
}

static bool
round_trip(const char *directory)
{
	struct config *config = load_case(directory), *read;
	struct conf_writer writer;
	struct conf_reader reader;
	bool same = false;

	if (config != NULL && config->nlisteners > 0)
		config->listeners[0].address = strdup("127.0.0.1");
	if (config == NULL)
		return getuid() != 0 && is_for_root(directory);
	conf_writer_begin(&writer, NULL);
	conf_writer_config(&writer, config);
	assert_null(writer.error);
	if (conf_reader_config(
		&reader, buf_data(&writer.out), buf_len(&writer.out), &read) == 0)
		same = same_config(config, read);
	if (!same)
		print_error("%s: %s\n", directory, reader.why);
	conf_writer_end(&writer);
	conf_reader_end(&reader);
	config_free(config);
	config_free(read);
	return same;
}

static void
test_round_trip(void **state UNUSED)
{
	run_cases(DATA "/valid", round_trip, 40);
}

/* --- wrong bytes --- */

/* Reads a copy of exactly this size, so that a sanitizer finds what is read beyond it. */
static void
read_bytes(const char *bytes, size_t n, bool may_pass)
{
	struct conf_reader reader;
	struct config *config;
	char *copy = malloc(n == 0 ? 1 : n);
	int rc;

	assert_non_null(copy);
	memcpy(copy, bytes, n);
	rc = conf_reader_config(&reader, copy, n, &config);
	assert_true(may_pass || rc == -1);
	assert_true((rc == 0) == (config != NULL));
	assert_true(rc == 0 || reader.why[0] != '\0');
	conf_reader_end(&reader);
	config_free(config);
	free(copy);
}

/* New: the document of a case. */
static char *
document_of(const char *directory, size_t *n)
{
	struct config *config = load_case(directory);
	struct conf_writer writer;
	char *bytes;

	assert_non_null(config);
	conf_writer_begin(&writer, NULL);
	conf_writer_config(&writer, config);
	*n = buf_len(&writer.out);
	bytes = malloc(*n);
	assert_non_null(bytes);
	memcpy(bytes, buf_data(&writer.out), *n);
	conf_writer_end(&writer);
	config_free(config);
	return bytes;
}

static const char *const damaged[] = {
	DATA "/valid/ours", DATA "/valid/listener", DATA "/valid/fcgi",
	DATA "/valid/rpcinterface-program", DATA "/valid/unix-all", DATA "/valid/users",
	DATA "/valid/minimal",
};

static void
test_cut_off(void **state UNUSED)
{
	for (size_t i = 0; i < nitems(damaged); i++) {
		size_t n;
		char *bytes = document_of(damaged[i], &n);

		for (size_t length = 0; length < n; length++)
			read_bytes(bytes, length, false);
		read_bytes(bytes, n, true);
		free(bytes);
	}
}

/* Sets each byte to extreme values, and random bytes to random values. */
static void
test_damage(void **state UNUSED)
{
	static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint32_t random = 12345;

	for (size_t i = 0; i < nitems(damaged); i++) {
		size_t n;
		char *bytes = document_of(damaged[i], &n);

		for (size_t at = 0; at < n; at++) {
			char before = bytes[at];

			for (size_t v = 0; v < nitems(values); v++) {
				bytes[at] = (char)values[v];
				read_bytes(bytes, n, true);
			}
			bytes[at] = before;
		}
		for (int round = 0; round < 2000; round++) {
			char *copy = malloc(n);

			assert_non_null(copy);
			memcpy(copy, bytes, n);
			for (int k = 0; k < 8; k++) {
				random = random * 1664525 + 1013904223;
				copy[(random >> 8) % n] = (char)(random >> 24);
			}
			read_bytes(copy, n, true);
			free(copy);
		}
		free(bytes);
	}
}

/* --- frames --- */

static void
test_frame(void **state UNUSED)
{
	struct conf_frame frame;
	struct buf out;
	size_t mark, field, n;

	buf_init(&out, 0);
	mark = conf_frame_begin(&out, 7);
	conf_frame_put(&out, "");
	field = conf_frame_field(&out);
	assert_int_equal(buf_append(&out, "a\0b", 3), 0);
	conf_frame_field_end(&out, field);
	assert_int_equal(conf_frame_end(&out, mark), 0);
	for (n = 0; n < buf_len(&out); n++)
		assert_int_equal(conf_frame_read(buf_data(&out), n, &frame), 0);
	assert_int_equal(conf_frame_read(buf_data(&out), n, &frame), n);
	assert_int_equal(frame.kind, 7);
	assert_string_equal(conf_frame_next(&frame, &n), "");
	assert_int_equal(n, 0);
	assert_memory_equal(conf_frame_next(&frame, &n), "a\0b", 4);
	assert_int_equal(n, 3);
	assert_true(frame.at == frame.end);
	assert_null(conf_frame_next(&frame, &n));
	buf_clear(&out);
}

/* A frame that is too long is removed; the frames before it stay. */
static void
test_frame_too_long(void **state UNUSED)
{
	char *text = malloc(CONF_FRAME_MAX + 1);
	struct conf_frame frame;
	struct buf out;
	size_t mark;

	assert_non_null(text);
	memset(text, 'x', CONF_FRAME_MAX);
	text[CONF_FRAME_MAX] = '\0';
	buf_init(&out, 0);
	assert_int_equal(conf_frame_end(&out, conf_frame_begin(&out, 1)), 0);
	mark = conf_frame_begin(&out, 2);
	conf_frame_put(&out, text);
	assert_int_equal(conf_frame_end(&out, mark), -1);
	assert_int_equal(buf_len(&out), mark);
	assert_int_equal(conf_frame_read(buf_data(&out), mark, &frame), mark);
	assert_int_equal(conf_frame_read("\xff\xff\xff\x7f", 4, &frame), -1);
	assert_int_equal(conf_frame_read("\0\0\0\0", 4, &frame), -1);
	buf_clear(&out);
	free(text);
}

/* --- places and refusals --- */

/* Writes the document of a process that has this row. */
static void
write_process(
    struct conf_writer *writer, const char *name, const char *value, const char *place)
{
	size_t mark;

	conf_writer_texts(
	    writer, CONF_DOCUMENT_BEGIN, (const char *[]){ REEVE_VERSION, NULL });
	conf_writer_texts(
	    writer, CONF_DOCUMENT_GROUP, (const char *[]){ "name", "g", "", NULL });
	mark = conf_frame_begin(&writer->out, CONF_DOCUMENT_PROCESS);
	conf_frame_put(&writer->out, name);
	conf_frame_put(&writer->out, value);
	conf_frame_put(&writer->out, place);
	assert_int_equal(conf_frame_end(&writer->out, mark), 0);
	conf_writer_texts(writer, CONF_DOCUMENT_END, NULL);
}

static void
test_refusals(void **state UNUSED)
{
	static const struct {
		const char *name, *value, *why;
	} cases[] = {
		{ "priority", "x", "/c:7: priority cannot be x" },
		{ "user", "root", "/c:7: user cannot be root" },
		{ "user", "0:0:1,x:a", "/c:7: user cannot be 0:0:1,x:a" },
		{ "environment", "A", "/c:7: environment cannot be A" },
		{ "exitcodes", "0,256", "/c:7: exitcodes cannot be 0,256" },
		{ "numprocs", "1", "a process: unknown or second option numprocs" },
		{ "colour", "red", "a process: unknown or second option colour" },
		{ "command", "/bin/cat", "a process is not complete" },
	};

	for (size_t i = 0; i < nitems(cases); i++) {
		struct conf_writer writer;
		struct conf_reader reader;
		struct config *config;

		conf_writer_begin(&writer, NULL);
		write_process(&writer, cases[i].name, cases[i].value, "/c:7");
		assert_int_equal(conf_reader_config(&reader, buf_data(&writer.out),
				     buf_len(&writer.out), &config),
		    -1);
		assert_string_equal(reader.why, cases[i].why);
		conf_reader_end(&reader);
		conf_writer_end(&writer);
	}
}

/* The rows of an object fit into the bits of a uint64_t. */
static void
test_rows_fit(void **state UNUSED)
{
	for (size_t i = CONF_DOCUMENT_DAEMON; i < CONF_DOCUMENT_OBJECTS; i++) {
		size_t n = 0;

		while (conf_object_row(&conf_objects[i], n) != NULL)
			n++;
		assert_in_range(n, 1, 64);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_frame_too_long),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_rows_fit),
	};

	clearenv();
	setenv("FOO", "bar", 1);
	setenv("HOME", "/nonexistent/home", 1);
	setenv("TMPDIR", "/tmp", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
