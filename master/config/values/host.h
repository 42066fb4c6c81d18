/* Host: names of hosts, looked up when the configuration is read, because the daemon does
 * not wait later on. */
#ifndef MASTER_CONFIG_VALUES_HOST_H
#define MASTER_CONFIG_VALUES_HOST_H

/* The IPv4 address of a host in digits, or why there is none: one is new, the other NULL.
 * An unknown host is the failure of what needs it, not of the configuration. */
void conf_host_find(const char *host, char **address, char **why);

#endif
