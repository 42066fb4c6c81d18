"""The pages for browsers over HTTP, without a browser."""

import base64
import html.parser
import http.client
import os
import re
import shutil
import signal
import subprocess
import urllib.parse

from reeve import ROOT, Case, Shared, cat, free_port, program, until

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

HOSTILE = "<b>\"x\" & 'y'"
PROGRAMS = cat("cat") + cat("two", process_name="%(program_name)s_%(process_num)d",
                            numprocs=2) + cat("idle", autostart="false")


class Page(html.parser.HTMLParser):
    """The parts of a page that tests look at."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.links, self.buttons, self.tags = [], [], []
        self.inputs, self.fields = [], {}  # the latter by name
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
            self.inputs.append((attrs["name"], attrs.get("value", "")))
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
        self.assertEqual(2, shown.tags.count("script"))
        self.assertNotRegex(shown.text, r"(?i)\son\w+=|\sstyle=")

    def test_headers(self):
        for path in ("/", "/style.css", "/list.js", "/icon.svg"):
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
                           ("/common.js", "text/javascript"), ("/icon.svg", "image/svg+xml")):
            self.assertTrue(request(self.d, "GET", path)[1]["Content-Type"].startswith(kind))

    def test_links_have_a_target(self):
        for link in page(self.d).links:
            if link != "action":
                status, _, _ = request(self.d, "GET", urllib.parse.urljoin("/", link))
                self.assertEqual(200, status, link)

    def test_methods(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(400, request(self.d, method, "/")[0], method)

    def test_small(self):
        """All that the pages are made of."""
        size = sum(entry.stat().st_size for entry in os.scandir(os.path.join(ROOT, "rpcd", "ui")))
        self.assertLess(size, 60 * 1024)

    def test_files_are_kept(self):
        """A browser fetches them once: their URLs change with them."""
        files = [link for link in page(self.d).links if "?v=" in link]
        self.assertEqual(["icon.svg", "style.css", "common.js", "list.js"],
                         [link.partition("?")[0] for link in files])
        for link in files:
            for url, wanted in ((link, "immutable"), (link + "0", "no-store"),
                                (link.partition("?")[0], "no-store")):
                status, headers, _ = request(self.d, "GET", "/" + url)
                self.assertEqual(200, status)
                self.assertIn(wanted, headers["Cache-Control"], url)


class Actions(Case):
    """What forms do, and what they do not do."""

    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.token = page(self.d).fields["token"]

    def post(self, fields, daemon=None, user=None, headers=()):
        """(status, where the browser goes next, page)"""
        status, headers, text = request(
            daemon or self.d, "POST", "/action", urllib.parse.urlencode(fields), user=user,
            headers={"Content-Type": "application/x-www-form-urlencoded", **dict(headers)})
        return status, headers["Location"], Page(text)

    def act(self, action, **fields):
        return self.post({"action": action, "token": self.token, **fields})

    def test_one_program(self):
        for action, name, state in (("start", "idle", "RUNNING"), ("stop", "idle", "STOPPED"),
                                    ("stop", "two:two_0", "STOPPED"),
                                    ("restart", "cat", "RUNNING")):
            pid = self.d.info(name)["pid"]
            self.assertEqual((303, "./"), self.act(action + " " + name)[:2])
            self.assertEqual(state, self.d.state(name))
            self.assertNotEqual(pid, self.d.info(name)["pid"])

    def test_fields_instead_of_a_target(self):
        self.assertEqual(303, self.act("stop", name="cat")[0])
        self.assertEqual("STOPPED", self.d.state("cat"))

    def test_returns_to_the_filter(self):
        location = self.act("stop cat", q="a b&c", state="RUNNING")[1]
        self.assertEqual("./?q=a%20b%26c&state=RUNNING", location)
        location = self.act("start cat", page="log")[1]
        self.assertEqual("tail.html?processname=cat", location)

    def test_signal_and_clear(self):
        self.assertEqual(303, self.act("signal cat", signal="TERM")[0])
        self.d.wait_state("cat", "EXITED", "STARTING", "RUNNING")
        self.assertEqual(303, self.act("clear cat")[0])
        status, _, shown = self.act("signal idle", signal="TERM")
        self.assertEqual(200, status)
        self.assertIn("idle: NOT_RUNNING", shown.words)
        self.assertIn("BAD_SIGNAL", self.act("signal cat", signal=HOSTILE)[2].words)

    def test_signal_and_clear_many(self):
        status, _, shown = self.post({"action": "more *", "q": "two", "token": "old"})
        self.assertEqual(200, status)
        self.assertIn("two:two_0, two:two_1", shown.words)
        self.assertEqual(["signal *", "clear *"], shown.buttons)
        self.assertEqual("two", shown.fields["q"])
        pids = [self.d.info(name)["pid"] for name in ("two:two_0", "two:two_1", "cat")]
        for name in ("two:two_0", "two:two_1", "cat"):
            with open(self.d.info(name)["stdout_logfile"], "w", encoding="utf-8") as f:
                f.write("x")
        self.assertEqual(303, self.post({**shown.fields, "action": "clear *"})[0])
        sizes = [os.path.getsize(self.d.info(name)["stdout_logfile"])
                 for name in ("two:two_0", "two:two_1", "cat")]
        self.assertEqual([0, 0, 1], sizes)
        self.assertEqual(403, self.act("signal two:*", signal="TERM", token="old")[0])
        self.assertEqual(303, self.act("signal two:*", signal="TERM")[0])
        until(lambda: all(self.d.info(name)["pid"] not in (0, pid)
                          for name, pid in zip(("two:two_0", "two:two_1"), pids)))
        self.assertEqual(pids[2], self.d.info("cat")["pid"])
        shown = self.post({"action": "more " + HOSTILE + ":*"})[2]
        self.assertIn("Nothing to do", shown.words)

    def test_failure_is_shown(self):
        status, _, shown = self.act("start cat")
        self.assertEqual(200, status)
        self.assertIn("cat: ALREADY_STARTED", shown.words)

    def test_many_need_a_confirmation(self):
        for action in ("stop two:*", "stop *", "restart *"):
            status, _, shown = self.act(action)
            self.assertEqual(200, status)
            self.assertIn("two:two_1", shown.words)
            self.assertEqual("RUNNING", self.d.state("two:two_1"))
        self.assertEqual([action.split()[0]], shown.buttons)
        shown = self.act("stop two:*")[2]
        names = [v for n, v in shown.inputs if n == "name"]
        self.assertEqual(["two:two_0", "two:two_1"], names)
        fields = [(n, v) for n, v in shown.inputs] + [("action", "stop")]
        self.assertEqual(303, self.post(fields)[0])
        self.d.wait_state("two:two_0", "STOPPED")
        self.d.wait_state("two:two_1", "STOPPED")
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_named_often(self):
        """A program is meant once, however often the form names it."""
        fields = [("token", self.token), ("action", "stop")] + \
            [("name", name) for name in ("*", "two:*", "two:two_1") * 6000]
        status, _, shown = self.post(fields)
        self.assertEqual(200, status)
        names = [v for n, v in shown.inputs if n == "name"]
        self.assertEqual(["cat", "two:two_0", "two:two_1"], sorted(names))

    def test_what_the_filter_shows(self):
        self.act("stop *", q="two", confirm="yes")
        self.d.wait_state("two:two_0", "STOPPED")
        self.assertEqual("RUNNING", self.d.state("cat"))
        self.act("start *", state="STOPPED", q="two_1")
        self.d.wait_state("two:two_1", "RUNNING")
        self.assertEqual("STOPPED", self.d.state("two:two_0"))
        self.assertEqual("STOPPED", self.d.state("idle"))

    def test_restart_all_starts_only_what_ran(self):
        pid = self.d.info("cat")["pid"]
        self.act("restart *", confirm="yes")
        self.d.wait_state("cat", "RUNNING")
        self.assertNotEqual(pid, self.d.info("cat")["pid"])
        self.assertEqual("STOPPED", self.d.state("idle"))

    def test_without_token(self):
        other = self.daemon(PROGRAMS)
        for token in ("", "x", self.token[:-1], self.token + "0",
                      page(other).fields["token"]):
            status, _, shown = self.post({"action": "stop cat", "token": token})
            self.assertEqual(403, status)
            self.assertIn("Stop cat?", shown.words)
            self.assertEqual("RUNNING", self.d.state("cat"))
        fields = [(n, v) for n, v in shown.inputs] + [("action", shown.buttons[0])]
        self.assertEqual(303, self.post(fields)[0])
        self.assertEqual("STOPPED", self.d.state("cat"))

    def test_of_another_listener(self):
        d = self.daemon(PROGRAMS, tcp={"username": "u", "password": "p"})
        mine = page(d, user="u:p").fields["token"]
        self.assertEqual(403, self.post({"action": "stop cat", "token": self.token}, d,
                                        "u:p")[0])
        self.assertEqual(401, self.post({"action": "stop cat", "token": mine}, d)[0])
        self.assertEqual("RUNNING", d.state("cat"))
        self.assertEqual(303, self.post({"action": "stop cat", "token": mine}, d, "u:p")[0])

    def test_kept_over_a_restart_of_the_front_end(self):
        old = self.d.front_end()
        os.kill(old, signal.SIGKILL)
        until(lambda: self.d.front_end() not in (None, old))
        until(self.d.serving)
        self.assertEqual(303, self.act("stop cat")[0])

    def test_of_another_site(self):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"},
                        {"Origin": "null"},
                        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate",
                         "Sec-Fetch-Dest": "document"}):
            self.assertEqual(403, self.post({"action": "stop cat", "token": self.token},
                                            headers=headers)[0])
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_nothing_changes_by_get(self):
        for query in ("action=stop&processname=cat", "action=restart&processname=cat",
                      "action=stopall", "action=restartall",
                      "action=clearlog&processname=two:two_0"):
            pids = [self.d.info(name)["pid"] for name in ("cat", "two:two_0")]
            for path in ("/?", "/index.html?"):
                shown = page(self.d, path + query + "&confirm=yes&token=" + self.token)
                self.assertEqual(1, len(shown.buttons))
            status, _, _ = request(self.d, "GET", "/action?" + query + "&token=" + self.token)
            self.assertEqual(400, status)
            self.assertEqual(pids, [self.d.info(n)["pid"] for n in ("cat", "two:two_0")])
        self.assertEqual([], [b for b in page(self.d, "/?action=refresh").buttons
                              if " " not in b])

    def test_bad_forms(self):
        for fields, status in (({}, 400), ({"action": "nope cat"}, 400),
                               ({"action": "log cat"}, 400), ({"action": "stop"}, 404),
                               ({"action": "stop nope"}, 404), ({"action": "stop nope:*"}, 404),
                               ({"action": "stop " + HOSTILE}, 404),
                               ({"action": "stop cat:"}, 404), ({"action": "stop two"}, 404)):
            fields = {"x": "", "token": self.token, **fields}
            answered, _, shown = self.post(fields)
            self.assertEqual(status, answered, fields)
            self.assertNotIn("b", shown.tags)
        kind = {"Content-Type": "text/plain"}
        self.assertEqual(415, request(self.d, "POST", "/action", "action=stop+cat", kind)[0])
        self.assertEqual(413, request(self.d, "POST", "/action", "a" * (1 << 20) + "=",
                                      {"Content-Type": "application/x-www-form-urlencoded"})[0])
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_roles(self):
        for role in ("states", "view"):
            d = self.daemon(PROGRAMS, tcp={"unauthenticated_role": role})
            token = page(d).fields["token"]
            status, _, shown = self.post({"action": "stop cat", "token": token}, d)
            self.assertEqual(403, status)
            self.assertIn("Not permitted", shown.words)
            self.assertEqual(403, request(d, "GET", "/?action=stop&processname=cat")[0])
            self.assertEqual("RUNNING", d.state("cat"))

    def test_restart_continues_without_the_client(self):
        body = urllib.parse.urlencode({"action": "restart cat", "token": self.token}).encode()
        pid = self.d.info("cat")["pid"]
        with self.d.connect() as s:
            s.sendall(b"POST /action HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      b"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
                      % (len(body), body))
        until(lambda: self.d.info("cat")["pid"] not in (0, pid))

    def test_restart_of_many_continues_without_the_client(self):
        names = ("cat", "two:two_0", "two:two_1")
        pids = [self.d.info(name)["pid"] for name in names]
        body = urllib.parse.urlencode({"action": "restart *", "token": self.token,
                                       "confirm": "yes"}).encode()
        with self.d.connect() as s:
            s.sendall(b"POST /action HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      b"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
                      % (len(body), body))
        for name, pid in zip(names, pids):
            until(lambda n=name, p=pid: self.d.info(n)["pid"] not in (0, p))


class Logs(Case):
    def test_end_of_a_log(self):
        d = self.make(program("talk", "/bin/sh {dir}/talk", startsecs=0))
        with open(d.path("talk"), "w", encoding="utf-8") as f:
            f.write("printf '\\033[1mone\\033[0m <b>&\\377\\ntwo\\n'; echo three >&2\n"
                    "exec sleep 1000\n")
        d.start()
        until(lambda: "two" in page(d, "/tail.html?processname=talk").words)
        shown = page(d, "/tail.html?processname=talk")
        self.assertIn("one <b>&\ufffd\ntwo\n", shown.words)
        self.assertNotIn("b", shown.tags)
        self.assertIn("stop talk", shown.buttons)
        self.assertIn("clear talk", shown.buttons)
        shown = page(d, "/tail.html?processname=talk&stream=stderr")
        self.assertIn("three\n", shown.words)
        for link in shown.links:
            self.assertFalse(link.startswith("/"), link)

    def test_limit(self):
        d = self.daemon(cat("cat"))
        with open(d.info("cat")["stdout_logfile"], "w", encoding="utf-8") as f:
            f.write("".join("%07d\n" % n for n in range(100000)))

        def lines(query):
            words = page(d, "/tail.html?processname=cat" + query).words
            return sum(line.isdigit() and len(line) == 7 for line in words.split("\n"))
        for query, count in (("&limit=2048", 256), ("&limit=1", 128), ("&limit=x", 128),
                             ("&limit=-5", 128), ("&limit=99999999999999999999", 128),
                             ("&limit=900000", 32768), ("", 2048)):
            self.assertEqual(count, lines(query), query)

    def test_no_log(self):
        d = self.daemon(cat("quiet", stdout_logfile="NONE"))
        self.assertIn("no log file", page(d, "/tail.html?processname=quiet").words)
        for name in ("nope", "", "quiet:*", urllib.parse.quote(HOSTILE)):
            shown = page(d, "/tail.html?processname=" + name)
            self.assertIn("No such program", shown.words)
            self.assertNotIn("b", shown.tags)

    def test_main_log(self):
        d = self.daemon(cat("cat"))
        self.assertIn("entered RUNNING state", page(d, "/mainlog.html").words)

    def test_roles(self):
        d = self.daemon(cat("cat"), tcp={"unauthenticated_role": "states"})
        for path in ("/tail.html?processname=cat", "/mainlog.html", "/log.txt",
                     "/log.txt?processname=cat"):
            self.assertEqual(403, request(d, "GET", path)[0])

    def test_download(self):
        d = self.daemon(cat("a\"b"))
        name = urllib.parse.quote("a\"b")
        data = "".join("%07d\n" % n for n in range(100000))
        with open(d.info("a\"b")["stdout_logfile"], "w", encoding="utf-8") as f:
            f.write(data)
        status, headers, text = request(d, "GET", "/log.txt?processname=" + name)
        self.assertEqual((200, data), (status, text))
        self.assertEqual('attachment; filename="a_b-stdout.log"',
                         headers["Content-Disposition"])
        self.assertEqual("nosniff", headers["X-Content-Type-Options"])
        status, _, text = request(d, "GET", "/log.txt?stream=stderr&processname=" + name)
        self.assertEqual((200, ""), (status, text))
        self.assertIn("RUNNING", request(d, "GET", "/log.txt")[2])
        for name in ("nope", "%ff", "x" * 5000):
            self.assertEqual(404, request(d, "GET", "/log.txt?processname=" + name)[0])

    def test_old_files(self):
        d = self.daemon("")
        self.assertEqual((200, "OK"), request(d, "GET", "/ok.html")[::2])
        for path, kind in (("/stylesheets/supervisor.css", "text/css"),
                           ("/images/icon.png", "image/")):
            status, headers, _ = request(d, "GET", path)
            self.assertEqual(200, status)
            self.assertIn(kind, headers["Content-Type"])


class BehindNginx(Case):
    """Below a prefix of nginx, as in reeve-rpcd(8)."""

    CONFIG = """daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx.log;
events {{}}
http {{
    access_log off; client_body_temp_path {dir}/b; proxy_temp_path {dir}/p;
    fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
    server {{
        listen 127.0.0.1:{port};
{location}
    }}
}}
"""

    def setUp(self):
        if NGINX is None:
            self.skipTest("no nginx")
        self.d = self.daemon(PROGRAMS, tcp={"username": "user", "password": "secret"})
        self.host, self.port = "127.0.0.1", free_port()
        with open(os.path.join(ROOT, "man", "reeve-rpcd.8"), encoding="utf-8") as f:
            example = re.search(r"^location /programs/ .*?^}$", f.read(), re.M | re.S)[0]
        example = example.replace("127.0.0.1:9001", "127.0.0.1:%d" % self.d.port)
        example = example.replace("/etc/nginx", self.d.dir)
        with open(self.d.path("programs.htpasswd"), "w", encoding="utf-8") as f:
            f.write("ann:{PLAIN}door\n")
        with open(self.d.path("nginx.conf"), "w", encoding="utf-8") as f:
            f.write(self.CONFIG.format(dir=self.d.dir, port=self.port, location=example))
        os.chmod(self.d.path("programs.htpasswd"), 0o644)
        server = subprocess.Popen([NGINX, "-e", self.d.path("nginx.log"), "-c",
                                   self.d.path("nginx.conf")], stderr=subprocess.DEVNULL)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        until(self.answers, what="nginx")

    def answers(self):
        try:
            return request(self, "GET", "/")[0]
        except OSError:
            return None


class Proxy(BehindNginx):
    def post(self, **options):
        body = urllib.parse.urlencode({"action": "stop cat", **options.pop("fields", {})})
        return request(self, "POST", "/programs/action", body,
                       {"Content-Type": "application/x-www-form-urlencoded"}, **options)

    def test_pages(self):
        shown = page(self, "/programs/", user="ann:door")
        for link in shown.links:
            if link != "action":
                path = urllib.parse.urljoin("/programs/", link)
                self.assertTrue(path.startswith("/programs"), path)
                self.assertEqual(200, request(self, "GET", path, user="ann:door")[0])
        status, headers, _ = self.post(user="ann:door", fields=shown.fields)
        self.assertEqual(303, status)
        self.assertEqual("/programs/", urllib.parse.urlsplit(urllib.parse.urljoin(
            "http://x/programs/action", headers["Location"])).path)
        self.assertEqual("STOPPED", self.d.state("cat"))

    def test_without_credentials_nothing_changes(self):
        token = page(self, "/programs/", user="ann:door").fields["token"]
        for user in (None, "ann:wrong", "user:secret"):
            self.assertEqual(401, self.post(user=user, fields={"token": token})[0])
            self.assertEqual(401, request(self, "GET", "/programs/", user=user)[0])
        call = b"<methodCall><methodName>supervisor.stopAllProcesses</methodName></methodCall>"
        self.assertEqual(401, request(self, "POST", "/programs/RPC2", call)[0])
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_events_arrive_at_once(self):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("GET", "/programs/events", headers={
            "Authorization": "Basic " + base64.b64encode(b"ann:door").decode()})
        response = connection.getresponse()
        self.assertEqual("text/event-stream", response.headers["Content-Type"])
        while response.readline() != b"event: snapshot-end\n":
            pass
        self.rpc(self.d).supervisor.startProcess("idle")
        while b"idle" not in response.readline():
            pass


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
        self.assertEqual(2, shown.tags.count("script"))


class Roles(Case):
    def test_what_is_offered(self):
        for role, may in (("states", ""), ("view", "log mainlog"),
                          ("operate", "start restart stop signal clear more log mainlog")):
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

    def test_script_without_password(self):
        """Its page says that one must sign in; the browser does not ask."""
        d = self.daemon(PROGRAMS, tcp={"username": "u", "password": "p"})
        for dest, scheme in (("document", "Basic"), ("empty", "Page")):
            status, headers, _ = request(d, "GET", "/events", headers={
                "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": dest})
            self.assertEqual((401, scheme + ' realm="default"'),
                             (status, headers["WWW-Authenticate"]))

    def test_token_of_a_user(self):
        d = self.daemon(PROGRAMS, tcp={"username": "u", "password": "p"})
        mine = page(d, user="u:p").fields["token"]
        self.assertEqual(mine, page(d, user="u:p").fields["token"])
        other = self.daemon(PROGRAMS)
        self.assertNotEqual(mine, page(other).fields["token"])
