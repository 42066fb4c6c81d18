/* libmicrohttpd alone, used as in reeve-rpcd (one thread, within another epoll), and a
 * client that needs little time. */
#include "tests/bench/limit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MHD_FLAGS (MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME)

static struct sockaddr_in
local(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* ---- the responder ---- */

static enum MHD_Result
answer(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_size, void **ctx)
{
	static int seen;

	(void)url, (void)method, (void)version, (void)upload;
	if (*ctx == NULL) {
		*ctx = &seen;
		return MHD_YES;
	}
	if (*upload_size != 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, cls);
}

int
limit_http(char **argv)
{
	struct sockaddr_in address = local(argv[0]);
	size_t size = (size_t)atol(argv[1]);
	char *body = malloc(size + 1);
	struct MHD_Response *response;
	struct MHD_Daemon *daemon;
	struct epoll_event event = { .events = EPOLLIN };
	int around = epoll_create1(EPOLL_CLOEXEC);

	if (body == NULL)
		die("body");
	memset(body, 'x', size);
	if (around == -1)
		die("epoll");
	response = MHD_create_response_from_buffer(size, body, MHD_RESPMEM_PERSISTENT);
	MHD_add_response_header(response, "Content-Type", "text/xml");
	daemon = MHD_start_daemon(MHD_FLAGS, 0, NULL, NULL, answer, response,
	    MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
	if (daemon == NULL)
		die(argv[0]);
	/* As in reeve-rpcd, the epoll of libmicrohttpd is in that of the event loop. */
	epoll_ctl(around, EPOLL_CTL_ADD,
	    MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, &event);
	for (;;) {
		MHD_UNSIGNED_LONG_LONG wait;
		bool waits = MHD_get_timeout(daemon, &wait) == MHD_YES;
		int patience = waits ? (int)wait : -1;

		epoll_wait(around, &event, 1, patience);
		MHD_run(daemon);
	}
}

/* ---- the client ---- */

struct input {
	char *text;
	size_t len, room;
};

static int
dial(const char *port)
{
	struct sockaddr_in address = local(port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		die(port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n <= 0)
			die("write");
		text += n;
		len -= (size_t)n;
	}
}

/* The length of the answer, or 0 while it is incomplete. */
static size_t
end_of_answer(const struct input *in)
{
	const char *head_end = memmem(in->text, in->len, "\r\n\r\n", 4);
	const char *length;

	if (head_end == NULL)
		return 0;
	in->text[in->len] = '\0';
	length = strcasestr(in->text, "\r\nContent-Length:");
	if (length == NULL || length > head_end) {
		errno = EPROTO;
		die("answer");
	}
	return (size_t)(head_end - in->text) + 4 + strtoul(length + 17, NULL, 10);
}

static void
await_answer(int fd, struct input *in)
{
	size_t end;

	in->len = 0;
	while ((end = end_of_answer(in)) == 0 || in->len < end) {
		ssize_t n;

		if (in->room - in->len < 65536) {
			in->room += 65536;
			in->text = realloc(in->text, in->room + 1);
			if (in->text == NULL)
				die("answer");
		}
		n = read(fd, in->text + in->len, in->room - in->len);
		if (n <= 0)
			die("read");
		in->len += (size_t)n;
	}
	if (memmem(in->text, in->len, "<fault>", 7) != NULL ||
	    memmem(in->text, in->len, "faultCode", 9) != NULL) {
		errno = EPROTO;
		die(in->text);
	}
}

/* The file repeats "LENGTH\n" and that many bytes. */
int
limit_post(char **argv)
{
	FILE *file = fopen(argv[1], "re");
	struct input in = { .room = 65536, .text = malloc(65537) };
	char line[32], head[256], *request = NULL;
	double spent = 0;
	int fd = dial(argv[0]);

	if (file == NULL || in.text == NULL)
		die(argv[1]);
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t len = strtoul(line, NULL, 10);
		int n = snprintf(head, sizeof(head),
		    "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n"
		    "Content-Type: text/xml\r\nContent-Length: %zu\r\n\r\n",
		    len);
		double began;

		request = realloc(request, (size_t)n + len);
		if (request == NULL)
			die("request");
		memcpy(request, head, (size_t)n);
		if (fread(request + n, 1, len, file) != len)
			die(argv[1]);
		began = now();
		send_all(fd, request, (size_t)n + len);
		await_answer(fd, &in);
		spent += now() - began;
	}
	printf("%.6f\n", spent);
	free(request);
	free(in.text);
	(void)fclose(file);
	return 0;
}
