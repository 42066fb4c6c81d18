/* Browser: headers as browsers, proxies and other clients send them. */
#include "rpcd/http/browser.h"

#include "common/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#define OWN "Host: 127.0.0.1:9001\n"
#define SITE "Sec-Fetch-Site: "
#define ORIGIN "Origin: "

enum { PASSWORD = 1, UNIX = 2, PAGE = 4, READ = 8 };

static const struct {
	int rules;
	const char *headers;	/* lines */
	enum browser_result want;
} rows[] = {
	/* Not a browser. */
	{0, "", BROWSER_OK},
	{0, "Host: evil.example\n", BROWSER_OK},
	{0, "Host: \n", BROWSER_OK},
	{0, "Host: evil.example\nUser-Agent: Mozilla\n", BROWSER_OK},
	/* Sec-Fetch-Site. */
	{0, OWN SITE "same-origin\n", BROWSER_OK},
	{0, OWN SITE "none\n", BROWSER_OK},
	{0, OWN SITE "SAME-ORIGIN \n", BROWSER_OK},
	{0, OWN SITE "same-site\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "cross-site\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "other\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "same-origin, cross-site\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "none\n" SITE "cross-site\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "cross-site\n" SITE "none\n", BROWSER_FOREIGN_SITE},
	{PASSWORD, OWN SITE "cross-site\n", BROWSER_FOREIGN_SITE},
	{UNIX, OWN SITE "cross-site\n", BROWSER_FOREIGN_SITE},
	{0, OWN SITE "cross-site\n" ORIGIN "http://127.0.0.1:9001\n", BROWSER_FOREIGN_SITE},
	/* A link to a page. */
	{PAGE, OWN SITE "cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\n",
	    BROWSER_OK},
	{0, OWN SITE "cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\n",
	    BROWSER_FOREIGN_SITE},
	{READ, OWN SITE "cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document\n",
	    BROWSER_FOREIGN_SITE},
	{PAGE, OWN SITE "cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe\n",
	    BROWSER_FOREIGN_SITE},
	{PAGE, OWN SITE "cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: document\n",
	    BROWSER_FOREIGN_SITE},
	/* Origin alone. */
	{0, OWN ORIGIN "http://127.0.0.1:9001\n", BROWSER_OK},
	{0, OWN ORIGIN "http://evil.example\n", BROWSER_FOREIGN_SITE},
	{PASSWORD, OWN ORIGIN "http://evil.example\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:8000\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:90010\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "null\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "127.0.0.1:9001\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:9001\n" ORIGIN "http://e\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:9001 http://e\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:9001\thttp://e\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:9001/\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:9001#e\n", BROWSER_FOREIGN_SITE},
	{0, OWN ORIGIN "http://127.0.0.1:9001 \n", BROWSER_OK},
	{0, ORIGIN "http://evil.example\n", BROWSER_FOREIGN_SITE},
	{PASSWORD, "Host: A.example\n" ORIGIN "https://a.example\n", BROWSER_OK},
	{PASSWORD, "Host: a.example:443\n" ORIGIN "https://a.example\n", BROWSER_OK},
	{PASSWORD, "Host: a.example:443\n" ORIGIN "http://a.example\n",
	    BROWSER_FOREIGN_SITE},
	{PASSWORD, "Host: a.example\n" ORIGIN "http://a.example.evil\n",
	    BROWSER_FOREIGN_SITE},
	{0, "Host: [::1]:9001\n" ORIGIN "http://[::1]:9001\n", BROWSER_OK},
	{0, "Host: [::1]:9001\n" ORIGIN "http://[::2]:9001\n", BROWSER_FOREIGN_SITE},
	/* A name that resolves to this machine. */
	{0, "Host: evil.example:9001\n" ORIGIN "http://evil.example:9001\n",
	    BROWSER_FOREIGN_NAME},
	{0, "Host: evil.example\n" SITE "same-origin\n", BROWSER_FOREIGN_NAME},
	{0, "Host: evil.example\nSec-Fetch-Mode: cors\n", BROWSER_FOREIGN_NAME},
	{0, SITE "none\n", BROWSER_FOREIGN_NAME},
	{UNIX, "Host: evil.example\n" SITE "same-origin\n", BROWSER_FOREIGN_NAME},
	{PASSWORD, "Host: evil.example\n" SITE "same-origin\n", BROWSER_OK},
	{0, "Host: localhost\n" SITE "none\n", BROWSER_OK},
	{0, "Host: LOCALHOST.:9001\n" SITE "none\n", BROWSER_OK},
	{0, "Host: localhost.evil.example\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: ops.example:80\n" SITE "none\n", BROWSER_OK},
	{0, "Host: other\n" SITE "none\n", BROWSER_OK},
	{0, "Host: op\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: 127.0.0.1.evil.example\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: 10.1.2.3\n" SITE "none\n", BROWSER_OK},
	{0, "Host: 10.1.2\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: [fe80::1]\n" SITE "none\n", BROWSER_OK},
	{0, "Host: [evil]:1\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: [\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: :9001\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	{0, "Host: .\n" SITE "none\n", BROWSER_FOREIGN_NAME},
	/* An old browser sends no such header with a GET. */
	{READ, "Host: evil.example\n", BROWSER_FOREIGN_NAME},
	{READ, OWN, BROWSER_OK},
	{READ, "Host: ops.example\n", BROWSER_OK},
	{READ, "", BROWSER_OK},
	{READ | UNIX, "Host: any\n", BROWSER_OK},
	{READ | PASSWORD, "Host: evil.example\n", BROWSER_OK},
};

/* The headers must exist as long as the request. */
static char *
read_headers(struct browser_request *request, const char *lines)
{
	char *copy = xstrdup(lines), *rest = copy, *line;

	*request = (struct browser_request){ 0 };
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char *value = strchr(line, ':');

		*value = '\0';
		browser_header(request, line, value + 2);
	}
	return copy;
}

static void
test_rows(void **state)
{
	struct browser_request request;

	(void)state;
	for (size_t i = 0; i < nitems(rows); i++) {
		const struct browser_rules rules = {
		    .has_password = rows[i].rules & PASSWORD,
		    .is_unix = rows[i].rules & UNIX,
		    .is_page = rows[i].rules & PAGE,
		    .is_read = rows[i].rules & READ,
		    .names = "ops.example  other ",
		};
		char *copy = read_headers(&request, rows[i].headers);

		if (browser_check(&request, &rules) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].headers);
		assert_false(request.is_forwarded);
		free(copy);
	}
}

static void
test_forwarded(void **state)
{
	static const struct {
		const char *headers;
		bool want;
	} forwarded[] = {
		{"Forwarded: for=1.2.3.4\n", true},
		{"forwarded: \n", true},
		{"X-Forwarded-For: 1.2.3.4\n", true},
		{"x-forwarded-host: a\n", true},
		{"X-REAL-IP: 1.2.3.4\n", true},
		{"Via: 1.1 proxy\n", true},
		{"X-Forward: a\nX-Real-IPs: b\nReal-IP: c\nViable: d\n", false},
	};
	struct browser_request request;

	(void)state;
	for (size_t i = 0; i < nitems(forwarded); i++) {
		free(read_headers(&request, forwarded[i].headers));
		if (request.is_forwarded != forwarded[i].want)
			fail_msg("%s", forwarded[i].headers);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
