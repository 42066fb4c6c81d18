#include "master/daemon/frontend_ops.h"

#include "master/control/control.h"
#include "master/frontend/frontend.h"
#include "master/master.h"

static int
frontend_ops_admit(void *ctx, int fd, enum role role, const char *name,
    struct connection **holder)
{
	const struct master *master = ctx;

	return control_admit(master->control, fd, role, name, holder);
}

static void
frontend_ops_drop(void *ctx, struct connection *connection)
{
	const struct master *master = ctx;

	control_drop(master->control, connection);
}

static struct peer *
frontend_ops_rpcd(void *ctx)
{
	const struct master *master = ctx;
	const struct connection *connection = frontend_client(master->frontend);

	return connection == NULL ? NULL : connection->peer;
}

const struct rpcinterface_ops frontend_ops_rpcinterface = {
    .admit = frontend_ops_admit,
    .drop = frontend_ops_drop,
    .rpcd = frontend_ops_rpcd,
};
