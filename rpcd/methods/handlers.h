/* Handlers: one for each kind of method; methods.c names them in its table. Each ends
 * its step or leaves it parked (step.h). */
#ifndef RPCD_METHODS_HANDLERS_H
#define RPCD_METHODS_HANDLERS_H

struct call_step;

/* methods_system.c */
void rpc_system_list(struct call_step *);
void rpc_system_help(struct call_step *);
void rpc_system_signature(struct call_step *);
void rpc_system_multicall(struct call_step *);

/* methods_daemon.c */
void rpc_daemon_api_version(struct call_step *);
void rpc_daemon_version(struct call_step *);
void rpc_daemon_identification(struct call_step *);
void rpc_daemon_state(struct call_step *);
void rpc_daemon_pid(struct call_step *);
void rpc_daemon_end(struct call_step *);	/* shutdown and restart */

/* methods_process.c */
void rpc_process_info(struct call_step *);
void rpc_all_info(struct call_step *);
void rpc_process_control(struct call_step *);	/* start, stop: name, ?wait; groups too */
void rpc_all_control(struct call_step *);	/* start, stop: ?wait */
void rpc_process_signal(struct call_step *);	/* name, signal; groups too */
void rpc_all_signal(struct call_step *);
void rpc_process_stdin(struct call_step *);

/* methods_log.c */
void rpc_log_read_stdout(struct call_step *);
void rpc_log_read_stderr(struct call_step *);
void rpc_log_tail_stdout(struct call_step *);
void rpc_log_tail_stderr(struct call_step *);
void rpc_log_clear(struct call_step *);
void rpc_mainlog_read(struct call_step *);
void rpc_mainlog_clear(struct call_step *);

/* interface.c */
void rpc_interface_call(struct call_step *);

/* methods_config.c */
void rpc_config_all(struct call_step *);
void rpc_config_reread(struct call_step *);
void rpc_config_group(struct call_step *);	/* add and remove: name */
void rpc_event_send(struct call_step *);

#endif
