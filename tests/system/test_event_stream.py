"""GET /events: states, figures and a log as server-sent events, as browsers read them."""

import json
import os
import re
import resource
import signal
import socket
import time
import unittest

from reeve import PATIENCE, SANITIZED, Case, Shared, cat, program, read, until

PAGES = 256  # streams of a listener
# Bytes of the front end that a page may cost for a while; a sanitizer keeps what is freed.
MOST = 1 << 20 if SANITIZED else 64 << 10


class Page:
    """A client of /events that collects the events."""

    def __init__(self, daemon, query="", via="tcp", headers=(), receive=None):
        self.sock = daemon.connect(via)
        if receive is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self.raw, self.ended, self.at = b"", False, 0
        lines = ["GET /events%s HTTP/1.1" % query, "Host: localhost"] + list(headers)
        self.sock.sendall("".join(line + "\r\n" for line in lines + [""]).encode())

    def take(self):
        self.sock.setblocking(False)
        try:
            while not self.ended:
                data = self.sock.recv(65536)
                self.ended = not data
                self.raw += data
        except BlockingIOError:
            pass
        except ConnectionResetError:
            self.ended = True
        return self.raw

    def head(self):
        until(lambda: b"\r\n\r\n" in self.take() or self.ended, what="a head")
        lines = self.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        return self

    def text(self):
        rest, whole = self.take().partition(b"\r\n\r\n")[2], b""
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            whole += rest[:int(size, 16)]
            rest = rest[int(size, 16) + 2:]
        return whole.decode()

    def events(self):
        """(name, data, id) of each complete event so far."""
        found = []
        for block in self.text().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in fields:
                found.append((fields["event"], json.loads(fields["data"]), fields.get("id")))
        return found

    def wait(self, name, test=lambda data: True):
        """The data of the first event of this name that fits, after those that it has returned."""
        def there():
            events = self.events()
            for i in range(self.at, len(events)):
                if events[i][0] == name and test(events[i][1]):
                    self.at = i + 1
                    return [events[i]]
            return None
        found = until(there, what="the event %s after %r" % (name, self.text()[-500:]))
        return found[0][1]

    def rows(self):
        """The rows of the first snapshot."""
        until(lambda: "snapshot-end" in [name for name, _, _ in self.events()],
              what="a snapshot")
        return [row for name, data, _ in self.events() if name == "rows" for row in data]

    def last_id(self):
        return [ident for _, _, ident in self.events() if ident][-1]

    def is_dropped(self):
        """Whether the server has closed the connection, without reading it."""
        local = self.sock.getsockname()[1]
        for line in read("/proc/net/tcp").decode().splitlines()[1:]:
            fields = line.split()
            if int(fields[2].split(":")[1], 16) == local:
                return fields[3] != "01"
        return True

    def close(self):
        self.sock.close()


class Pages(Case):
    def page(self, query="", daemon=None, **options):
        page = Page(daemon or self.d, query, **options)
        self.addCleanup(page.close)
        return page


class States(Shared, Pages):
    programs = cat("cat", autostart="false") + cat("web", numprocs=3,
                                                   process_name="web_%(process_num)02d") \
        + cat('b"<i>&', autostart="false")

    @classmethod
    def prepare(cls):
        cls.began = int(time.time())

    def test_head(self):
        page = self.page().head()
        self.assertEqual(200, page.status)
        self.assertEqual("text/event-stream", page.headers["content-type"])
        self.assertEqual("no-store", page.headers["cache-control"])
        self.assertEqual("no", page.headers["x-accel-buffering"])
        self.assertEqual("nosniff", page.headers["x-content-type-options"])
        self.assertNotIn("access-control-allow-origin", page.headers)

    def test_snapshot(self):
        page = self.page()
        rows = page.rows()
        wanted = self.s.reeve.getAllProcessInfo()
        self.assertEqual(sorted((r["group"], r["name"]) for r in wanted),
                         sorted((r["group"], r["name"]) for r in rows))
        members = set(wanted[0]) | {"id"}
        for row in rows:
            self.assertEqual(members, set(row))
        names = [name for name, _, _ in page.events() if name not in ("process", "stats")]
        self.assertEqual("snapshot-begin", names[0])
        self.assertIn("daemon", names[1:names.index("snapshot-end")])
        self.assertTrue(page.text().startswith("retry: 1000\n\n"))

    def test_daemon(self):
        daemon = self.page().wait("daemon")
        self.assertEqual(self.s.supervisor.getPID(), daemon["pid"])
        self.assertTrue(self.began <= daemon["start"] <= time.time(), daemon)
        self.assertEqual(("RUNNING", 1), (daemon["statename"], daemon["state"]))
        self.assertEqual(socket.gethostname(), daemon["host"])
        self.assertEqual(self.s.supervisor.getIdentification(), daemon["identifier"])

    def test_changes_without_polling(self):
        page = self.page()
        page.rows()
        self.s.supervisor.startProcess("cat")
        row = page.wait("process", lambda r: r["statename"] == "RUNNING")
        self.assertEqual(("cat", self.d.info("cat")["pid"]), (row["name"], row["pid"]))
        self.s.supervisor.stopProcess("cat")
        page.wait("process", lambda r: r["statename"] == "STOPPED")

    def test_returns(self):
        page = self.page()
        page.rows()
        last = page.last_id()
        page.close()
        self.s.supervisor.startProcess("cat")
        self.s.supervisor.stopProcess("cat")
        for options in ({"headers": ["Last-Event-ID: " + last]}, {"query": "?last=" + last}):
            again = self.page(**options)
            again.wait("process", lambda r: r["statename"] == "STOPPED")
            names = [name for name, _, _ in again.events()]
            self.assertNotIn("snapshot-begin", names)
            self.assertNotIn("rows", names)

    def test_wrong_id(self):
        for last in ("x", "", "0-1", "9" * 4000, "-1", "ffffffffffffffff-18446744073709551615"):
            page = self.page(headers=["Last-Event-ID: " + last])
            self.assertEqual(5, len(page.rows()))

    def test_stats(self):
        page = self.page()
        ids = {row["name"]: str(row["id"]) for row in page.rows()}
        stats = page.wait("stats", lambda s: ids["web_00"] in s)
        self.assertIsNone(stats[ids["web_00"]][0])  # it takes two samples
        stats = page.wait("stats", lambda s: ids["web_00"] in s)
        percent, rss, fds = stats[ids["web_00"]]
        self.assertGreaterEqual(percent, 0)
        self.assertGreater(rss, 4096)
        self.assertTrue(fds is None or fds >= 3)
        # A page that comes later has them, too.
        self.page().wait("stats", lambda s: ids["web_00"] in s)

    def test_two_methods(self):
        s = self.d.connect("tcp")
        self.addCleanup(s.close)
        s.sendall(b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        self.assertIn(b" 400 ", s.recv(100))

    def test_foreign_page(self):
        for header in ("Origin: http://evil.example", "Sec-Fetch-Site: cross-site"):
            self.assertEqual(403, self.page(headers=[header]).head().status)

    def test_too_many(self):
        """Those beyond the bound are refused, and everything else is served."""
        pages = [self.page() for _ in range(PAGES + 50)]
        statuses = [page.head().status for page in pages]
        self.assertLessEqual(statuses.count(200), PAGES)
        self.assertGreaterEqual(statuses.count(200), PAGES - 20)
        self.assertGreaterEqual(statuses.count(503), 50)
        self.assertEqual(1, self.s.supervisor.getState()["statecode"])
        self.assertEqual(200, self.page(via="unix").head().status)  # bounds of its own
        for page in pages:
            page.close()
        until(lambda: self.page().head().status == 200, what="room for a page")


class Thousand(Pages):
    """A thousand clients of one listener: those beyond its bound are refused at once."""

    def setUp(self):
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        if 0 <= limits[1] < 2000:
            self.skipTest("at most %d descriptors" % limits[1])
        resource.setrlimit(resource.RLIMIT_NOFILE, (2000, limits[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        self.d = self.daemon(cat("cat") + cat("idle", autostart="false"))

    def test_one_change(self):
        """It reaches all that are served, also while others do not read."""
        deaf = [self.page(receive=4096) for _ in range(20)]
        for page in deaf:
            page.head()
        pages = [self.page() for _ in range(1000)]
        statuses = [page.head().status for page in pages]
        self.assertEqual({200, 503}, set(statuses))
        self.assertGreaterEqual(statuses.count(200), PAGES - len(deaf) - 20)
        self.assertLessEqual(statuses.count(200), PAGES - len(deaf))
        for page, status in zip(pages, statuses):
            if status == 503:
                self.assertEqual("1", page.headers["retry-after"])
                page.close()
        served = [page for page, status in zip(pages, statuses) if status == 200]
        for page in served:
            page.rows()
        with self.d.rpc() as s:
            s.supervisor.startProcess("idle")
        for page in served:
            page.wait("process", lambda r: (r["name"], r["statename"]) == ("idle", "RUNNING"))
        self.assertEqual("RUNNING", self.d.state("idle"))


class Memory(Pages):
    """What a page costs the front end while nothing happens."""

    def dirty(self):
        text = read("/proc/%d/smaps_rollup" % self.d.front_end()).decode()
        return int(re.search(r"Private_Dirty:\s+(\d+)", text)[1])

    @unittest.skipIf(SANITIZED, "a sanitizer keeps what is freed")
    def test_idle_pages(self):
        self.d = self.daemon(cat("a", numprocs=50, process_name="a_%(process_num)03d",
                                 autostart="false"))
        first = [self.page() for _ in range(5)]
        for page in first:
            page.rows()
        before, pages = self.dirty(), [self.page() for _ in range(150)]
        for page in pages:
            page.rows()
        until(lambda: self.dirty() - before < 10 * len(pages), what="less than 10 KB a page")


class Crowds(Pages):
    """Clients that cost as much as they can. Everybody else is served."""

    def crowd(self, d, **options):
        """So many pages that each has its head."""
        pages = [self.page(daemon=d, **options) for _ in range(100)]
        for page in pages:
            self.assertEqual(200, page.head().status)
        return pages

    def assert_serves(self, d):
        self.assertEqual(1, self.rpc(d).supervisor.getState()["statecode"])
        page = self.page(daemon=d)
        self.assertEqual({"a"}, {row["group"] for row in page.rows()})
        page.close()

    def many(self):
        return self.daemon(cat("a", numprocs=200, process_name="a_%(process_num)03d",
                               autostart="false"))

    def test_clients_that_never_read(self):
        """The snapshot is larger than what the kernel takes for them."""
        d = self.many()
        before = rss(d)
        pages = [self.page(daemon=d, receive=4096) for _ in range(200)]
        self.assert_serves(d)
        for _ in range(20):
            with d.rpc() as s:
                s.supervisor.startProcessGroup("a", False)
                s.supervisor.stopProcessGroup("a", False)
            self.assertLess(rss(d) - before, MOST * len(pages))
        self.assert_serves(d)
        for page in pages:
            until(lambda page=page: page.is_dropped(), timeout=60, what="a dropped page")

    def test_clients_that_close_half(self):
        """Whether they are served or dropped: they leave nothing behind."""
        d = self.many()
        for _ in range(4):
            pages = self.crowd(d)
            for page in pages:
                page.sock.shutdown(socket.SHUT_WR)
            self.assert_serves(d)
            for page in pages:
                page.close()
        until(lambda: self.room(d), what="room for as many as before")

    def room(self, d):
        pages = [self.page(daemon=d) for _ in range(PAGES - 20)]
        statuses = {page.head().status for page in pages}
        for page in pages:
            page.close()
        return statuses == {200}

    def test_clients_that_come_and_go(self):
        d = self.many()
        self.crowd_leaves(d)
        before = rss(d)
        for _ in range(5):
            self.crowd_leaves(d)
            self.assert_serves(d)
        self.assertLess(rss(d) - before, MOST * 100)

    def crowd_leaves(self, d):
        pages = [self.page(daemon=d) for _ in range(100)]
        for page in pages[::2]:
            page.head()
        for page in pages:
            page.close()


class Logs(Shared, Pages):
    programs = program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log",
                       stderr_logfile="{dir}/cat.err") \
        + program("none", "/bin/cat", stdout_logfile="NONE", stderr_logfile="NONE")

    def write(self, data):
        with open(self.d.path("cat.log"), "ab") as f:
            f.write(data)

    def collected(self, page):
        logs = [data for name, data, _ in page.events() if name == "log"]
        return "".join(log["text"] for log in logs)

    def test_log(self):
        mark = "first %s\n" % time.monotonic()
        self.write(mark.encode())
        page = self.page("?log=cat:stdout")
        log = page.wait("log", lambda data: mark in data["text"])
        self.assertEqual(("cat", "stdout"), (log["name"], log["stream"]))
        page.rows()  # one stream has both
        size = os.path.getsize(self.d.path("cat.log"))
        self.write(b"\x1b[31mred\x1b[0m \xff\xe2\x82\xac \"<b>\n")
        log = page.wait("log")
        self.assertEqual(size, log["offset"])
        self.assertEqual('\x1b[31mred\x1b[0m \ufffd\u20ac "<b>\n', log["text"])
        self.s.supervisor.clearProcessLogs("cat")
        self.write(b"after\n")
        self.assertEqual(0, page.wait("log", lambda data: "after" in data["text"])["offset"])

    def test_much(self):
        page = self.page("?log=cat:stdout")
        page.wait("snapshot-end")
        lines = b"".join(b"line %06d\n" % i for i in range(20000))
        self.write(lines)
        until(lambda: "line 019999" in page.text(), what="the last line")
        self.assertIn(lines.decode(), self.collected(page))

    def test_characters_are_whole(self):
        page = self.page("?log=cat:stdout")
        page.wait("snapshot-end")
        begun = os.path.getsize(self.d.path("cat.log"))
        text = "x" + "\u20ac" * 5000 + "\n"
        self.write(text.encode()[:2])
        log = page.wait("log", lambda data: data["end"] == begun + 1)
        self.assertEqual("x", log["text"])
        self.write(text.encode()[2:])
        log = page.wait("log", lambda data: "\n" in data["text"])
        self.assertEqual(begun + len(text.encode()), log["end"])
        self.assertIn(text, self.collected(page))

    def test_main_log(self):
        log = self.page("?log=:main").wait("log")
        self.assertEqual(("", "main"), (log["name"], log["stream"]))

    def test_no_log(self):
        for name in ("none", "nothing"):
            page = self.page("?log=%s:stdout" % name)
            self.assertEqual("no such log", page.wait("log")["error"])
            self.assertEqual(2, len(page.rows()))

    def test_bad_names(self):
        for name in ("cat", "cat:", ":stdout", "cat:std", "cat:stdout:", "%FF:stdout",
                     ""):
            self.assertEqual(404, self.page("?log=" + name).head().status, name)

    def test_reader_that_stops(self):
        """It is dropped, and what it costs meanwhile is bounded."""
        page = self.page("?log=cat:stdout", receive=4096)
        page.head()
        before = rss(self.d)
        for _ in range(16):
            self.write(b"x" * 65536 + b"\n")
        self.assertLess(rss(self.d) - before, 2 << 20)
        self.assertTrue(until(page.is_dropped, timeout=60, what="a dropped page"))


class Lifetimes(Pages):
    def test_groups_come_and_go(self):
        d = self.daemon(cat("a") + cat("b"))
        page = self.page(daemon=d)
        ids = {row["name"]: row["id"] for row in page.rows()}
        last = page.last_id()
        rpc = self.rpc(d)
        d.configure(cat("a") + cat("c"))
        rpc.supervisor.reloadConfig()
        rpc.supervisor.stopProcess("b")
        rpc.supervisor.removeProcessGroup("b")
        rpc.supervisor.addProcessGroup("c")
        self.assertEqual({"id": ids["b"]}, page.wait("removed"))
        page.wait("process", lambda r: r["name"] == "c")
        again = self.page("?last=" + last, daemon=d)
        self.assertEqual({"id": ids["b"]}, again.wait("removed"))

    def test_daemon_ends(self):
        d = self.daemon(cat("a"))
        page = self.page(daemon=d)
        page.rows()
        idle = self.page("?log=a:stdout", daemon=d)
        idle.rows()
        begun = time.monotonic()
        d.stop()
        self.assertLess(time.monotonic() - begun, PATIENCE)
        until(lambda: page.take() is not None and page.ended, what="the end of the stream")
        page.wait("daemon", lambda data: data["statename"] == "SHUTDOWN")

    def test_front_end_restarts(self):
        """Ids of the process before are unknown: the page gets a snapshot."""
        d = self.daemon(cat("a"))
        page = self.page(daemon=d)
        page.rows()
        last = page.last_id()
        pid = d.front_end()
        os.kill(pid, signal.SIGKILL)
        until(lambda: d.front_end() not in (None, pid), what="another front end")
        until(d.serving, what="the daemon to serve")
        self.assertEqual(1, len(self.page("?last=" + last, daemon=d).rows()))

    def test_restricted_user(self):
        d = self.daemon(cat("a") + cat("b") + '[user:bob]\npassword=secret\nrole=view\n'
                        'programs=a\n')
        user = "Authorization: Basic Ym9iOnNlY3JldA=="
        page = self.page(daemon=d, headers=[user])
        self.assertEqual(["a"], [row["name"] for row in page.rows()])
        self.rpc(d).supervisor.stopProcess("b")
        self.rpc(d).supervisor.stopProcess("a")
        page.wait("process", lambda r: r["statename"] == "STOPPED")
        self.assertEqual({"a"}, {data["name"] for name, data, _ in page.events()
                                 if name == "process"})
        page = self.page("?log=b:stdout", daemon=d, headers=[user])
        self.assertEqual("no such log", page.wait("log")["error"])

    def test_rights_change(self):
        """The stream ends, and a browser that returns gets all that its user sees now."""
        section = "[user:bob]\npassword=secret\nrole=view\nprograms=%s\n"
        d = self.daemon(cat("a") + cat("b") + section % "a,b")
        user = "Authorization: Basic Ym9iOnNlY3JldA=="
        others = self.page(daemon=d, via="unix")
        others.rows()
        page, sees = self.page(daemon=d, headers=[user]), {"a", "b"}
        for programs in ("a", "a,b", "all", "b"):
            self.assertEqual(sees, {row["name"] for row in page.rows()})
            d.configure(cat("a") + cat("b") + section % programs)
            self.rpc(d).supervisor.reloadConfig()
            until(lambda: page.take() is not None and page.ended, what="a page that ends")
            sees = {"a", "b"} if programs == "all" else set(programs.split(","))
            page = self.page(daemon=d, headers=[user, "Last-Event-ID: " + page.last_id()])
        self.assertEqual(sees, {row["name"] for row in page.rows()})
        self.assertFalse(others.take() is None or others.ended)

    def test_user_is_removed(self):
        user = "Authorization: Basic Ym9iOnNlY3JldA=="
        d = self.daemon(cat("a") + "[user:bob]\npassword=secret\nrole=view\n")
        page = self.page(daemon=d, headers=[user])
        page.rows()
        d.configure(cat("a") + "[user:eve]\npassword=secret\nrole=view\n")
        self.rpc(d).supervisor.reloadConfig()
        until(lambda: page.take() is not None and page.ended, what="a page that ends")
        self.assertEqual(401, self.page(daemon=d, headers=[user]).head().status)

    def test_idle_page(self):
        """It is still there after the time in which a client must take what is sent."""
        d = self.daemon(cat("a"))
        page = self.page(daemon=d)
        page.rows()
        until(lambda: "\n\n:\n\n" in page.text() or page.ended, timeout=60, what="a comment")
        self.rpc(d).supervisor.stopProcess("a")
        page.wait("process", lambda r: r["statename"] == "STOPPED")


def rss(daemon):
    """Bytes of the front end."""
    text = read("/proc/%d/status" % daemon.front_end())
    return int(re.search(rb"VmRSS:\s+(\d+)", text).group(1)) * 1024


if __name__ == "__main__":
    unittest.main()
