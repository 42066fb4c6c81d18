/* Handlers: one for each kind of method; table.c names them in its table. Each ends
 * its invocation or leaves it parked (invocation.h). */
#ifndef RPCD_METHODS_HANDLERS_H
#define RPCD_METHODS_HANDLERS_H

struct invocation;

/* system.c */
void rpc_system_list(struct invocation *);
void rpc_system_help(struct invocation *);
void rpc_system_signature(struct invocation *);
void rpc_system_multicall(struct invocation *);

/* daemon.c */
void rpc_daemon_api_version(struct invocation *);
void rpc_daemon_version(struct invocation *);
void rpc_daemon_identification(struct invocation *);
void rpc_daemon_state(struct invocation *);
void rpc_daemon_pid(struct invocation *);
void rpc_daemon_end(struct invocation *);	/* shutdown and restart */

/* process.c */
void rpc_process_info(struct invocation *);
void rpc_all_info(struct invocation *);
void rpc_process_control(struct invocation *);	/* start, stop: name, ?wait; groups too */
void rpc_all_control(struct invocation *);	/* start, stop: ?wait */
void rpc_process_signal(struct invocation *);	/* name, signal; groups too */
void rpc_all_signal(struct invocation *);
void rpc_process_stdin(struct invocation *);

/* log.c */
void rpc_log_read_stdout(struct invocation *);
void rpc_log_read_stderr(struct invocation *);
void rpc_log_tail_stdout(struct invocation *);
void rpc_log_tail_stderr(struct invocation *);
void rpc_log_clear(struct invocation *);
void rpc_mainlog_read(struct invocation *);
void rpc_mainlog_clear(struct invocation *);

/* rpcinterface.c */
void rpc_interface_call(struct invocation *);

/* config.c */
void rpc_config_all(struct invocation *);
void rpc_config_reread(struct invocation *);
void rpc_config_group(struct invocation *);	/* add and remove: name */
void rpc_event_send(struct invocation *);

#endif
