#include "master/interface.h"

#include "common/log.h"
#include "common/sock.h"
#include "master/control.h"
#include "master/frontend.h"
#include "master/runtime_impl.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Our end does not block, the child's does. */
static int
make_pair(int *ours, int *childs)
{
	int pair[2];

	if (sock_pair(pair) == -1)
		return -1;
	*ours = pair[0];
	*childs = pair[1];
	return fcntl(*childs, F_SETFL, 0);
}

int
interface_plumb(struct process *process, int *to_front_end, int *to_master)
{
	const struct interface_config *config = process->group->config->interface;
	int ours;

	if (make_pair(&process->runtime->front_end_fd, to_front_end) == -1 ||
	    make_pair(&ours, to_master) == -1)
		return -1;
	if (control_admit(runtime_master(process)->control, ours, config->role) != NULL)
		return 0;
	return -1;
}

/* New object of the section's own options. */
static json_t *
options_of(const struct interface_config *config)
{
	json_t *options = json_object();

	for (size_t i = 0; i < config->options.count; i++)
		if (json_object_set_new(options, config->options.items[i].name,
			json_string(config->options.items[i].value)) == -1) {
			json_decref(options);
			return NULL;
		}
	return options;
}

void
interface_offer(struct process *process)
{
	const struct interface_config *config = process->group->config->interface;
	const struct client *client = frontend_client(runtime_master(process)->frontend);
	struct runtime *runtime = process->runtime;
	json_t *options;
	int fd = runtime->front_end_fd;

	if (client == NULL || fd == -1 || (options = options_of(config)) == NULL)
		return;
	runtime->front_end_fd = -1;
	(void)peer_notify(client->peer, "interface.open",
	    json_pack("{s:s,s:o}", "name", config->name, "options", options), fd, 0);
}

static void
meet(struct process *process)
{
	char *detail = NULL;

	if (process->runtime->front_end_fd != -1) {
		interface_offer(process);
	} else if (process->pid != 0 && !process->killing) {
		log_info("%s is started anew for a new front end", process->config->name);
		(void)process_signal(process, SIGTERM, &detail);
		free(detail);
	}
}

void
interface_front_end_ready(struct master *master)
{
	struct group *group;
	struct process *process;

	for (group = groups_first(master->groups); group != NULL;
	     group = groups_next(group))
		if (group->config->kind == GROUP_INTERFACE)
			TAILQ_FOREACH(process, &group->processes, in_group)
				meet(process);
}
