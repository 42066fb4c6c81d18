"""The pages for browsers over HTTP, without a browser."""

import base64
import html.parser
import http.client
import urllib.parse

from reeve import Case, Shared, cat, program, until

HOSTILE = "<b>\"x\" & 'y'"
PROGRAMS = cat("cat") + cat("two", process_name="%(program_name)s_%(process_num)d",
                            numprocs=2) + cat("idle", autostart="false")


class Page(html.parser.HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.links, self.buttons, self.fields, self.tags = [], [], {}, []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        if tag in ("a", "link") and "href" in attrs:
            self.links.append(attrs["href"])
        if tag in ("script", "img") and "src" in attrs:
            self.links.append(attrs["src"])
        if tag == "form":
            self.links.append(attrs["action"])
        if tag == "button" and attrs.get("name") == "action":
            self.buttons.append(attrs["value"])
        if tag == "input" and "name" in attrs:
            self.fields[attrs["name"]] = attrs.get("value", "")

    def handle_data(self, data):
        self.words += data


def request(daemon, method, path, body=None, headers=(), user=None):
    """(status, headers, text)"""
    connection = http.client.HTTPConnection(daemon.host, daemon.port, timeout=20)
    headers = dict(headers)
    if user is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, response.headers, text
    finally:
        connection.close()


def page(daemon, path="/", **options):
    status, _, text = request(daemon, "GET", path, **options)
    if status != 200:
        raise AssertionError("%s: status %d" % (path, status))
    return Page(text)


class List(Shared):
    programs = PROGRAMS

    def test_shows_all_programs(self):
        shown = page(self.d)
        for word in ("cat", "two", "two_0", "two_1", "idle", "RUNNING", "STOPPED",
                     "Not started"):
            self.assertIn(word, shown.words)
        for button in ("stop cat", "restart cat", "start idle", "stop two:two_0",
                       "stop two:*", "stop *"):
            self.assertIn(button, shown.buttons)
        self.assertNotIn("start cat", shown.buttons)

    def test_old_name(self):
        self.assertEqual(page(self.d).buttons, page(self.d, "/index.html").buttons)

    def test_filter(self):
        shown = page(self.d, "/?q=TWO&state=RUNNING")
        self.assertIn("stop two:two_0", shown.buttons)
        self.assertNotIn("stop cat", shown.buttons)
        self.assertEqual("TWO", shown.fields["q"])
        self.assertIn("No program matches", page(self.d, "/?state=FATAL").words)

    def test_filter_is_text(self):
        shown = page(self.d, "/?" + urllib.parse.urlencode({"q": HOSTILE, "state": HOSTILE}))
        self.assertEqual(HOSTILE, shown.fields["q"])
        self.assertNotIn("<b>", shown.text)
        self.assertEqual(200, request(self.d, "GET", "/?q=%ff%00%1b&state=%")[0])

    def test_works_below_a_prefix(self):
        for link in page(self.d).links:
            self.assertFalse(link.startswith(("/", "http:", "https:")), link)

    def test_no_script_and_style_inside(self):
        shown = page(self.d)
        self.assertNotIn("style", shown.tags)
        self.assertEqual(1, shown.tags.count("script"))
        self.assertNotRegex(shown.text, r"(?i)\son\w+=|\sstyle=")

    def test_headers(self):
        for path in ("/", "/style.css", "/script.js", "/icon.svg"):
            status, headers, _ = request(self.d, "GET", path)
            self.assertEqual(200, status)
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual("nosniff", headers["X-Content-Type-Options"])
            self.assertEqual("no-referrer", headers["Referrer-Policy"])
            self.assertEqual("no-store", headers["Cache-Control"])

    def test_types(self):
        for path, kind in (("/", "text/html"), ("/style.css", "text/css"),
                           ("/script.js", "text/javascript"), ("/icon.svg", "image/svg+xml")):
            self.assertTrue(request(self.d, "GET", path)[1]["Content-Type"].startswith(kind))

    def test_links_have_a_target(self):
        for link in page(self.d).links:
            if not link.startswith(("tail.html", "mainlog.html", "action")):
                status, _, _ = request(self.d, "GET", urllib.parse.urljoin("/", link))
                self.assertEqual(200, status, link)

    def test_methods(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(400, request(self.d, method, "/")[0], method)

    def test_small(self):
        size = sum(len(request(self.d, "GET", path)[2])
                   for path in ("/style.css", "/script.js", "/icon.svg"))
        self.assertLess(size, 60 * 1024)


class Fresh(Case):
    def test_shows_what_a_client_has_done(self):
        d = self.daemon(PROGRAMS, tcp={})
        server = self.rpc(d).supervisor
        for _ in range(5):
            server.startProcess("idle")
            self.assertIn("stop idle", page(d).buttons)
            server.stopProcess("idle")
            self.assertIn("start idle", page(d).buttons)

    def test_trouble(self):
        d = self.daemon(program("broken", "/nonexistent/x", startretries=0))
        until(lambda: d.state("broken") == "FATAL")
        shown = page(d)
        self.assertIn("One program is in trouble", shown.words)
        self.assertIn("can't find command '/nonexistent/x'", shown.words)

    def test_no_programs(self):
        self.assertIn("No programs yet", page(self.daemon("")).words)

    def test_hostile_names(self):
        names = ("<script>alert(1)", "<img", "a&b\"c'd", "שלום", "日本", "x?y#z+")
        d = self.daemon("".join(cat(name) for name in names))
        shown = page(d)
        for name in names:
            self.assertIn(name, shown.words)
            self.assertIn("stop " + name, shown.buttons)
            self.assertIn("tail.html?processname=" + urllib.parse.quote(name, safe=""),
                          shown.links)
        self.assertNotIn("img", shown.tags)
        self.assertEqual(1, shown.tags.count("script"))


class Roles(Case):
    def test_what_is_offered(self):
        for role, may in (("states", ""), ("view", "log mainlog"),
                          ("operate", "start restart stop signal clear log mainlog")):
            d = self.daemon(PROGRAMS, tcp={"unauthenticated_role": role})
            shown = page(d)
            self.assertIn('data-may="%s"' % may, shown.text)
            self.assertEqual(bool(shown.buttons), role == "operate")

    def test_none(self):
        d = self.daemon(PROGRAMS, tcp={"unauthenticated_role": "none"})
        for path in ("/", "/style.css"):
            self.assertEqual(403, request(d, "GET", path)[0])

    def test_password(self):
        d = self.daemon(PROGRAMS, tcp={"username": "u", "password": "p"})
        self.assertEqual(401, request(d, "GET", "/")[0])
        self.assertIn("stop cat", page(d, user="u:p").buttons)

    def test_token_of_a_user(self):
        d = self.daemon(PROGRAMS, tcp={"username": "u", "password": "p"})
        mine = page(d, user="u:p").fields["token"]
        self.assertEqual(mine, page(d, user="u:p").fields["token"])
        other = self.daemon(PROGRAMS)
        self.assertNotEqual(mine, page(other).fields["token"])
