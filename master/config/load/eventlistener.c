/* [eventlistener:x]: a group that is a listener pool. */
#include "master/config/load/load_context.h"

#include "common/mem.h"
#include "common/str.h"
#include "master/config/event_type.h"
#include "master/config/group_kind.h"

#include <ctype.h>
#include <string.h>

/* Sets a bit for each subscription. */
static int
eventlistener_parse_events(
    struct conf_load *load, const char *section, char *events, uint32_t *bits)
{
	char *rest = events, *item;
	int type;

	if (events[0] == '\0')
		return conf_load_fail(
		    load, "[%s] section requires an \"events\" line", section);
	while ((item = strsep(&rest, ",")) != NULL) {
		item = str_strip(item);
		for (char *c = item; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		type = event_type_find(item);
		if (type == -1)
			return conf_load_fail(
			    load, "Unknown event type %s in [%s] events", item, section);
		*bits |= UINT32_C(1) << type;
	}
	return 0;
}

static int
eventlistener_check_redirect(struct conf_load *load, const char *section)
{
	struct program_section program = { .numprocs = 0 };

	if (conf_load_row(load, section, conf_find(&conf_program, "redirect_stderr"),
		load->here, &program) == -1)
		return -1;
	if (program.process.redirect_stderr)
		return conf_load_fail(load,
		    "[%s] section sets redirect_stderr=true but this is not allowed "
		    "because it will interfere with the eventlistener protocol",
		    section);
	return 0;
}

/* The handler is Python code, which reeve cannot run. What the two below do is known. For
 * any other, all results are accepted, because a rejected event is sent again and again. */
static enum result_handler
eventlistener_read_handler(
    struct conf_load *load, const char *section, const struct pool_section *values)
{
	const struct conf_option *option = conf_find(&conf_listener_pool, "result_handler");

	if (conf_load_is_python(values->result_handler, option->fallback))
		return RESULT_OK;
	if (conf_load_is_python(values->result_handler, "supervisor_stdout:event_handler"))
		return RESULT_PRINTED;
	conf_load_at(load, section, option->name);
	conf_load_message(load, LEVEL_WARN,
	    "[%s] result_handler=%s is Python code, which reeve does not run; every result "
	    "is accepted",
	    section, values->result_handler);
	return RESULT_ANY;
}

static int
eventlistener_read_options(struct conf_load *load, const char *section,
    struct pool_section *values, struct pool_config *pool)
{
	if (conf_load_rows(load, section, &conf_listener_pool, values) == -1)
		return -1;
	if (values->buffer_size < 1)
		return conf_load_fail(load, "[%s] section sets invalid buffer_size (%lld)",
		    section, (long long)values->buffer_size);
	if (eventlistener_parse_events(load, section, values->events, &pool->events) == -1)
		return -1;
	if (eventlistener_check_redirect(load, section) == -1)
		return -1;
	if (ini_get(load->ini, section, "buffer_size") != NULL)
		pool->buffer_size = values->buffer_size;
	pool->counts_bytes = values->counts_bytes;
	pool->handler = eventlistener_read_handler(load, section, values);
	return 0;
}

/* Warns of options of standard output that have no effect with the event protocol. */
static void
eventlistener_warn_output(
    struct conf_load *load, const char *section, const struct output_config *output)
{
	const char *const ignored[] = {
		output->events_enabled ? "stdout_events_enabled" : NULL,
		output->capture_maxbytes > 0 ? "stdout_capture_maxbytes" : NULL,
	};

	for (size_t i = 0; i < nitems(ignored); i++)
		if (ignored[i] != NULL)
			conf_load_warn(load, section, ignored[i],
			    "[%s] %s has no effect: standard output carries the event "
			    "protocol",
			    section, ignored[i]);
}

int
conf_pool_read_listener(struct conf_load *load, const char *section, const char *name)
{
	struct pool_section values = { 0 };
	struct pool_config pool = { 0 };
	struct group_config *group;
	int status = eventlistener_read_options(load, section, &values, &pool);

	if (status == 0) {
		group = group_config_new(GROUP_LISTENER_POOL, name, values.priority);
		group->pool = pool;
		conf_group_add(load, group);
		status = conf_program_read(load, section, group);
		if (status == 0 && group->nprocesses > 0)
			eventlistener_warn_output(
			    load, section, &group->processes[0]->outputs[OUTPUT_STDOUT]);
	}
	conf_clear(&conf_listener_pool, &values);
	return status;
}

const struct conf_group_kind conf_eventlistener_kind = {
	.part = CONF_DOCUMENT_POOL,
	.offset = offsetof(struct group_config, pool),
};
