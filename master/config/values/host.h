/* Host: looks up names of hosts, which may block: only while the configuration is read. */
#ifndef MASTER_CONFIG_VALUES_HOST_H
#define MASTER_CONFIG_VALUES_HOST_H

/* Sets *address to the IPv4 address of a host in digits, or *why to the error; new, and the
 * other is NULL. An unknown host is no error of the configuration: its program fails. */
void conf_host_find(const char *host, char **address, char **why);

#endif
