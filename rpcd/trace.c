#include "rpcd/trace.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 200 /* of a method name, which a client chooses */
#define HOST_MAX_BYTES (INET6_ADDRSTRLEN + 16)

char *
trace_called(const char *method)
{
	char *name;

	if (!log_wants(LEVEL_TRACE))
		return NULL;
	name = xstrndup(method, str_utf8_cut(method, strnlen(method, NAME_MAX_BYTES)));
	log_trace("XML-RPC method called: %s()", name);
	return name;
}

void
trace_returned(char **method, enum fault fault, const char *text)
{
	if (*method == NULL)
		return;
	if (fault == FAULT_NONE)
		log_trace("XML-RPC method %s() returned successfully", *method);
	else
		log_trace("XML-RPC method %s() returned fault: [%d] %s", *method,
		    (int)fault, text);
	mem_freep(method);
}

char *
trace_request_line(const char *method, const char *uri, const char *version)
{
	if (!log_wants(LEVEL_TRACE))
		return NULL;
	return xasprintf("%s %s %s", method, uri, version);
}

static const char *
trace_host(const struct sockaddr *address, char host[HOST_MAX_BYTES])
{
	char text[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in6 *in6;
	const struct sockaddr_in *in;

	if (address != NULL && address->sa_family == AF_INET) {
		in = (const void *)address;
		inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text));
		snprintf(host, HOST_MAX_BYTES, "%s:%d", text, ntohs(in->sin_port));
	} else if (address != NULL && address->sa_family == AF_INET6) {
		in6 = (const void *)address;
		inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text));
		snprintf(host, HOST_MAX_BYTES, "[%s]:%d", text, ntohs(in6->sin6_port));
	} else {
		snprintf(host, HOST_MAX_BYTES, "localhost:0");
	}
	return host;
}

void
trace_answered(
    const struct sockaddr *address, const char *request, int status, int64_t bytes)
{
	char host[HOST_MAX_BYTES], date[64], size[24] = "-";

	/* UTC, because the chroot has no time zone file. */
	clock_utc_text(
	    date, sizeof(date), "%d/%b/%Y:%H:%M:%S +0000", clock_wall_ms() / 1000);
	if (bytes >= 0)
		snprintf(size, sizeof(size), "%" PRId64, bytes);
	log_trace("%s - - [%s] \"%s\" %d %s", trace_host(address, host), date, request,
	    status, size);
}
