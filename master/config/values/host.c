#include "master/config/values/host.h"

#include "common/mem.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

void
conf_host_find(const char *host, char **address, char **why)
{
	const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char text[INET_ADDRSTRLEN];
	int r = getaddrinfo(host, NULL, &hints, &found);

	*address = *why = NULL;
	if (r != 0) {
		*why = xasprintf("[Errno %d] %s", r, gai_strerror(r));
		return;
	}
	if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
		NI_NUMERICHOST) == 0)
		*address = xstrdup(text);
	else
		*why = xstrdup("its address cannot be shown");
	freeaddrinfo(found);
}
