/* Http client: requests to a server in the test, on a Unix socket and over TCP. */
#include "ctl/daemon/http_client.h"

#include "common/compiler.h"
#include "common/mem.h"
#include "ctl/daemon/http_response.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

struct world {
	char dir[32];
	struct sockaddr_un address;
	char *url;
	int listener; /* -1 = no process listens */
	pid_t server;
	int received; /* the server writes the request here */
};

static int
setup(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/reeve-http-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	w->address.sun_family = AF_UNIX;
	snprintf(w->address.sun_path, sizeof(w->address.sun_path), "%s/s", w->dir);
	w->url = xasprintf("unix://%s/s", w->dir);
	w->listener = w->received = -1;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	if (w->server > 0) {
		kill(w->server, SIGKILL);
		waitpid(w->server, NULL, 0);
	}
	if (w->listener != -1)
		close(w->listener);
	if (w->received != -1)
		close(w->received);
	unlink(w->address.sun_path);
	rmdir(w->dir);
	free(w->url);
	free(w);
	return 0;
}

static void
listen_unix(struct world *w)
{
	w->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(w->listener, (struct sockaddr *)&w->address, sizeof(w->address)), 0);
	assert_int_equal(listen(w->listener, 1), 0);
}

/* Listens on a port that the kernel chooses. */
static void
listen_tcp(struct world *w)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&in, size), 0);
	assert_int_equal(listen(w->listener, 1), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&in, &size), 0);
	free(w->url);
	w->url = xasprintf("http://127.0.0.1:%d/ignored", ntohs(in.sin_port));
}

/* The server: reads a request up to `until`, sends `pace` bytes of the response at a time,
 * and then closes the connection or waits. */
static void
serve(const struct world *w, const char *until, const char *answer, size_t pace, bool stay,
    int report)
{
	char request[4096] = "";
	size_t n = 0, left = strlen(answer);
	int fd = accept(w->listener, NULL, NULL);
	ssize_t got;

	while (strstr(request, until) == NULL &&
	    (got = read(fd, request + n, sizeof(request) - n - 1)) > 0)
		n += (size_t)got;
	if (write(report, request, n) != (ssize_t)n)
		_exit(1);
	close(report);
	while (left > 0) {
		size_t some = pace < left ? pace : left;

		if (write(fd, answer, some) == -1)
			_exit(1);
		answer += some;
		left -= some;
	}
	while (stay)
		pause();
	_exit(0);
}

static void
start(struct world *w, const char *until, const char *answer, size_t pace, bool stay)
{
	int report[2];

	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	w->server = fork();
	assert_true(w->server != -1);
	if (w->server == 0)
		serve(w, until, answer, pace, stay, report[1]);
	close(report[1]);
	w->received = report[0];
}

/* The request that the server received. */
static void
read_request(struct world *w, char *request, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while ((got = read(w->received, request + n, room - n - 1)) > 0)
		n += (size_t)got;
	request[n] = '\0';
}

/* Reads the whole body. */
static void
body_is(struct http_client *http, const char *want)
{
	char body[256];
	size_t n = 0;
	ssize_t got;

	while ((got = http_client_read(http, body + n, sizeof(body) - n - 1, true)) > 0)
		n += (size_t)got;
	body[n] = '\0';
	assert_int_equal(got, 0);
	assert_string_equal(body, want);
}

static void
test_post(void **state)
{
	struct world *w = *state;
	const struct http_client_request request = { .url = w->url, .path = "/RPC2",
		.username = "Aladdin", .password = "open sesame", .body = "<a/>",
		.length = 4 };
	struct http_client *http;
	char sent[4096], *why;

	listen_unix(w);
	start(w, "<a/>",
	    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
	    "Content-Length: 5\r\n\r\nhello and more",
	    1, false);
	assert_int_equal(http_client_open(&request, &http, &why), REACH_OK);
	assert_int_equal(http_client_response(http)->code, 200);
	assert_string_equal(http_client_response(http)->status, "200 OK");
	body_is(http, "hello");
	http_client_free(http);
	read_request(w, sent, sizeof(sent));
	assert_string_equal(sent,
	    "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n"
	    "User-Agent: reevectl\r\nAccept: */*\r\nConnection: close\r\n"
	    "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
	    "Content-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>");
}

static void
test_get(void **state)
{
	struct world *w = *state;
	struct http_client_request request = { .path = "/mainlogtail", .username =
	    "\xc3\xa9" };
	struct http_client *http;
	char sent[4096], *why, *want;

	listen_tcp(w);
	request.url = w->url;
	start(w, "\r\n\r\n", "HTTP/1.0 404 Not here\r\n\r\ngone", 1000, false);
	assert_int_equal(http_client_open(&request, &http, &why), REACH_OK);
	assert_int_equal(http_client_response(http)->code, 404);
	body_is(http, "gone");
	http_client_free(http);
	read_request(w, sent, sizeof(sent));
	want = xasprintf(
	    "GET /mainlogtail HTTP/1.1\r\nHost: %.*s\r\n"
	    "User-Agent: reevectl\r\nAccept: */*\r\nAuthorization: Basic w6k6\r\n\r\n",
	    (int)strcspn(w->url + 7, "/"), w->url + 7);
	assert_string_equal(sent, want);
	free(want);
}

/* Without waiting, missing bytes are not the end of the body. */
static void
test_no_wait(void **state)
{
	struct world *w = *state;
	const struct http_client_request request = { .url = w->url, .path = "/" };
	struct http_client *http;
	char *why, byte;
	struct pollfd poll_fd = { .events = POLLIN };

	listen_unix(w);
	start(w, "\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "1\r\nx\r\n5\r\n",
	    1000, true);
	assert_int_equal(http_client_open(&request, &http, &why), REACH_OK);
	assert_int_equal(http_client_read(http, &byte, 1, true), 1);
	assert_int_equal(byte, 'x');
	for (int i = 0; i < 3; i++) {
		errno = 0;
		assert_int_equal(http_client_read(http, &byte, 1, false), -1);
		assert_int_equal(errno, EAGAIN);
	}
	kill(w->server, SIGTERM);
	poll_fd.fd = http_client_fd(http);
	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	assert_int_equal(http_client_read(http, &byte, 1, false), -1);
	assert_int_equal(errno, EPROTO);
	http_client_free(http);
}

static void
refused(const char *url, enum reach want, const char *wanted)
{
	const struct http_client_request request = { .url = url, .path = "/" };
	struct http_client *http = NULL;
	char *why = NULL;

	assert_int_equal(http_client_open(&request, &http, &why), want);
	assert_null(http);
	assert_string_equal(why, wanted);
	free(why);
}

static void
test_unreachable(void **state)
{
	struct world *w = *state;

	refused(w->url, REACH_NO_FILE, "No such file or directory");
	listen_unix(w);
	close(w->listener);
	w->listener = -1;
	refused(w->url, REACH_REFUSED, "Connection refused");
	listen_tcp(w);
	close(w->listener);
	w->listener = -1;
	refused(w->url, REACH_REFUSED, "Connection refused");
}

static void
test_no_http(void **state)
{
	struct world *w = *state;

	listen_unix(w);
	start(w, "\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", 1000, false);
	refused(w->url, REACH_FAILED, "the response is not HTTP");
}

static void
test_no_protocol(void **state)
{
	(void)state;
	refused("ftp://127.0.0.1", REACH_FAILED, "unknown protocol");
	refused("\nhttp://127.0.0.1:9", REACH_FAILED, "unknown protocol");
	refused("", REACH_FAILED, "unknown protocol");
}

/* A URL from a value of several lines: the request has no newline of it. */
static void
test_lines_in_url(void **state)
{
	struct world *w = *state;
	struct http_client_request request = { .path = "/" };
	struct http_client *http;
	char sent[4096], *why, *url, *want;

	listen_tcp(w);
	url = xasprintf("%.*s\r\n\t/x\ny", (int)strcspn(w->url + 7, "/") + 7, w->url);
	request.url = url;
	start(w, "\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", 1000, false);
	assert_int_equal(http_client_open(&request, &http, &why), REACH_OK);
	http_client_free(http);
	read_request(w, sent, sizeof(sent));
	want = xasprintf("GET / HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: reevectl\r\n"
			 "Accept: */*\r\n\r\n",
	    (int)strcspn(w->url + 7, "/"), w->url + 7);
	assert_string_equal(sent, want);
	free(want);
	free(url);
}

/* A socket that cannot be created has a reason too. */
static void
test_no_socket(void **state)
{
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	refused("http://127.0.0.1:9", REACH_FAILED, "Too many open files");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

static void
test_knows(void **state)
{
	(void)state;
	assert_true(http_client_supports("http://a"));
	assert_true(http_client_supports("unix:///a"));
	assert_false(http_client_supports("https://a"));
	assert_false(http_client_supports("/a"));
	assert_false(http_client_supports(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_post, setup, teardown),
		cmocka_unit_test_setup_teardown(test_get, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreachable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_http, setup, teardown),
		cmocka_unit_test(test_no_protocol),
		cmocka_unit_test_setup_teardown(test_lines_in_url, setup, teardown),
		cmocka_unit_test(test_no_socket),
		cmocka_unit_test(test_knows),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
