/* Handlers: the functions that run methods, for the tables of table.c and reeve.c. Each
 * writes the result or a fault of its invocation, or leaves it waiting (invocation.h). */
#ifndef RPCD_METHODS_HANDLERS_H
#define RPCD_METHODS_HANDLERS_H

#include "rpcd/methods/method.h"

/* system.c */
method_handler rpc_system_list, rpc_system_help, rpc_system_signature, rpc_system_multicall;

/* daemon.c */
method_handler rpc_daemon_api_version, rpc_daemon_version, rpc_daemon_identification,
    rpc_daemon_state, rpc_daemon_pid;
method_handler rpc_daemon_end; /* shutdown and restart */

/* process.c */
method_handler rpc_process_info, rpc_all_info;
/* Sends the command of the method to the master and waits as the method requires. */
method_handler rpc_command;
method_handler rpc_process_stdin, rpc_event_send, rpc_restart;

/* stats.c */
method_handler rpc_process_stats, rpc_all_stats;

/* log.c */
method_handler rpc_process_log, rpc_mainlog_read;

/* config.c */
method_handler rpc_config_all, rpc_config_reread;

#endif
