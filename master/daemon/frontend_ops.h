/* Frontend ops: functions of control/ and of the daemon that frontend/ calls. */
#ifndef MASTER_DAEMON_FRONTEND_OPS_H
#define MASTER_DAEMON_FRONTEND_OPS_H

#include "master/frontend/frontend.h"
#include "master/frontend/rpcinterface.h"

/* Their ctx is the struct master. */
extern const struct frontend_ops frontend_ops;
extern const struct rpcinterface_ops frontend_ops_rpcinterface;

#endif
