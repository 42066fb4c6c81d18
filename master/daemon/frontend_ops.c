#include "master/daemon/frontend_ops.h"

#include "master/control/control.h"
#include "master/master.h"

/* Called by control/ for reeve-rpcd's connection. */
static const struct connection_owner connection_owner = {
    .greet = frontend_greet,
    .greeted = frontend_greeted,
    .ready = frontend_ready,
    .active = frontend_active,
    .closed = frontend_closed,
};

static struct connection *
frontend_ops_connect(
    void *ctx, int fd, enum role role, struct frontend *frontend, struct peer **peer)
{
	const struct master *master = ctx;
	struct connection *connection =
	    control_adopt(master->control, fd, &connection_owner, frontend);

	if (connection == NULL)
		return NULL;
	connection->role = role;
	*peer = connection->peer;
	return connection;
}

static void
frontend_ops_listen_again(void *ctx)
{
	const struct master *master = ctx;

	control_listen_again(master->control);
}

static void
frontend_ops_restarted(void *ctx)
{
	struct master *master = ctx;

	master->frontend_restarts++;
}

static void
frontend_ops_ready(void *ctx)
{
	const struct master *master = ctx;

	rpcinterfaces_rpcd_ready(master->rpcinterfaces);
}

static void
frontend_ops_gone(void *ctx)
{
	const struct master *master = ctx;

	rpcinterfaces_rpcd_gone(master->rpcinterfaces);
}

const struct frontend_ops frontend_ops = {
    .connect = frontend_ops_connect,
    .drop = control_drop,
    .listen_again = frontend_ops_listen_again,
    .restarted = frontend_ops_restarted,
    .ready = frontend_ops_ready,
    .gone = frontend_ops_gone,
};

static int
frontend_ops_admit(
    void *ctx, int fd, enum role role, const char *name, struct connection **holder)
{
	const struct master *master = ctx;

	return control_admit(master->control, fd, role, name, holder);
}

static struct peer *
frontend_ops_rpcd(void *ctx)
{
	const struct master *master = ctx;

	return frontends_peer(master->frontends);
}

const struct rpcinterface_ops frontend_ops_rpcinterface = {
    .admit = frontend_ops_admit,
    .drop = control_drop,
    .rpcd = frontend_ops_rpcd,
};
