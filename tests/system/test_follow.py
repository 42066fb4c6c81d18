"""Logs followed over HTTP: /logtail and /mainlogtail, by a raw client and Debian's
supervisorctl."""

import base64
import contextlib
import os
import re
import signal
import socket
import subprocess
import time
import unittest

from reeve import (PATIENCE, SUPERVISORCTL, Case, Shared, program, read, reeve_only, status_of,
                   until)

FOLLOWERS = 256
TRUNCATED = b"==> File truncated <==\n"
CAT = program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log",
              stderr_logfile="{dir}/cat.err")


class Follower:
    """A client that requests a path and collects the response."""

    def __init__(self, daemon, path, via="tcp", version="1.1", method="GET", user=None):
        self.sock = daemon.connect(via)
        self.raw, self.ended = b"", False
        lines = ["%s %s HTTP/%s" % (method, path, version), "Host: localhost"]
        if user is not None:
            lines.append("Authorization: Basic " + base64.b64encode(user.encode()).decode())
        self.sock.sendall("".join(line + "\r\n" for line in lines + [""]).encode())
        until(lambda: b"\r\n\r\n" in self.taken() or self.ended, what="a head")
        head = self.raw.partition(b"\r\n\r\n")[0].decode()
        self.status = int(head.split()[1])
        self.headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:])

    def taken(self):
        self.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError, ConnectionResetError):
            while not self.ended:
                data = self.sock.recv(65536)
                self.ended = not data
                self.raw += data
        return self.raw

    def body(self):
        """The body so far, without the marks of chunks."""
        rest = self.taken().partition(b"\r\n\r\n")[2]
        if "transfer-encoding" not in self.headers:
            return rest
        whole = b""
        while b"\r\n" in rest:
            size, _, rest = rest.partition(b"\r\n")
            whole += rest[:int(size, 16)]
            rest = rest[int(size, 16) + 2:]
        return whole

    def wait(self, body):
        """Waits for exactly this body."""
        until(lambda: len(self.body()) >= len(body), what="%r after %r" % (
            body[-100:], self.body()[-100:]))
        assert self.body() == body, (self.body()[-300:], body[-300:])

    def close(self):
        self.sock.close()


class Following(Case):
    def follow(self, path="/logtail/cat", **options):
        follower = Follower(self.d, path, **options)
        self.addCleanup(follower.close)
        return follower


class Log(Shared, Following):
    """The tests write to the log themselves, so that the contents are known."""
    programs = CAT + program("none", "/bin/cat", stdout_logfile="NONE", stderr_logfile="NONE") \
        + program("null", "/bin/cat", stdout_logfile="/dev/null") \
        + program("rot", "{child} cat", startsecs=0, stdout_logfile="{dir}/rot.log",
                  stdout_logfile_maxbytes="100", stdout_logfile_backups="3")

    def setUp(self):
        super().setUp()
        self.d.wait_state("cat", "RUNNING")
        self.log = self.d.path("cat.log")
        with open(self.log, "wb"):
            pass

    def write(self, data, mode="ab"):
        with open(self.log, mode) as f:
            f.write(data)

    def test_head(self):
        self.write(b"x")
        os.utime(self.log, (0, 784111777))
        follower = self.follow()
        self.assertEqual(200, follower.status)
        self.assertEqual("text/plain;charset=utf-8", follower.headers["content-type"])
        self.assertEqual("no", follower.headers["x-accel-buffering"])
        self.assertEqual("chunked", follower.headers["transfer-encoding"])
        self.assertEqual("sun, 06 nov 1994 08:49:37 gmt", follower.headers["last-modified"])
        main = self.follow("/mainlogtail")
        self.assertEqual(200, main.status)
        self.assertNotIn("x-accel-buffering", main.headers)

    def test_growth(self):
        text = b"".join(b"%d\n" % i for i in range(1000))
        self.write(text)
        for via in ("tcp", "unix"):
            follower = self.follow(via=via)
            follower.wait(text[-1024:])
            self.write(b"more\n")
            follower.wait(text[-1024:] + b"more\n")
            text += b"more\n"
        for path in ("/logtail/cat:cat/stdout", "/logtail/%63at%3Acat", "/logtail/cat?x=/y"):
            self.follow(path).wait(text[-1024:])

    def test_empty_log(self):
        """The head is sent before the first byte of the log."""
        follower = self.follow("/logtail/cat/stderr")
        self.assertEqual(200, follower.status)
        with open(self.d.path("cat.err"), "ab") as f:
            f.write(b"oops\n")
        follower.wait(b"oops\n")
        self.assertEqual((200, b""), (self.follow("/logtail/null").status, b""))

    @reeve_only
    def test_truncated(self):
        """supervisord tries to send this text, and fails: it closes the connection."""
        self.write(b"before\n")
        follower = self.follow()
        follower.wait(b"before\n")
        os.truncate(self.log, 0)
        follower.wait(b"before\n" + TRUNCATED)
        self.write(b"after\n")
        follower.wait(b"before\n" + TRUNCATED + b"after\n")

    def test_replaced(self):
        """A new file under the log's name is read from its beginning; a name without a
        file changes nothing."""
        want = b"0\n"
        self.write(want)
        follower = self.follow()
        follower.wait(want)
        held = open(self.log, "ab")
        self.addCleanup(held.close)
        os.rename(self.log, self.log + ".old")
        held.write(b"late\n")
        held.flush()
        want += b"late\n"
        follower.wait(want)
        for text in (b"first\n" * 1000, b"second\n"):
            self.write(text, "wb")
            want += text
            follower.wait(want)
            os.unlink(self.log)
        self.write(b"")

    @reeve_only
    def test_rotated_and_cleared(self):
        """supervisord loses what was written just before the truncation."""
        follower = self.follow("/logtail/rot")
        want = b""
        for i in range(12):
            line = b"%04d %s\n" % (i, b"x" * 40)
            self.s.supervisor.sendProcessStdin("rot", line.decode())
            want += line
            follower.wait(want)
        self.assertTrue(os.path.exists(self.d.path("rot.log.3")))
        self.assertTrue(self.s.supervisor.clearProcessLogs("rot"))
        self.s.supervisor.sendProcessStdin("rot", "new\n")
        follower.wait(want + b"new\n")

    def test_main_log(self):
        follower = self.follow("/mainlogtail")
        begun = self.d.file("main.log")[-1024:]
        until(lambda: follower.body().startswith(begun))
        os.kill(self.d.pid, signal.SIGUSR2)
        until(lambda: b" received SIGUSR2" in follower.body()[len(begun):])

    @reeve_only
    def test_http_1_0(self):
        """In supervisord even the head is delayed until there are 64 KiB."""
        self.write(b"old\n")
        follower = self.follow(version="1.0")
        self.assertEqual(200, follower.status)
        self.assertNotIn("transfer-encoding", follower.headers)
        self.assertNotIn("content-length", follower.headers)
        follower.wait(b"old\n")
        self.write(b"new\n")
        follower.wait(b"old\nnew\n")
        self.assertFalse(follower.ended)

    def test_not_found(self):
        for path in ("/logtail/", "/logtail/nope", "/logtail/cat:*", "/logtail/cat:",
                     "/logtail/:cat", "/logtail/cat/", "/logtail/cat/x", "/logtail/none",
                     "/logtail/none/stderr", "/logtail/cat/stdout/", "/logtail//cat",
                     "/logtail/%00", "/logtail/%ff", "/logtail/cat%zz"):
            self.assertEqual(404, self.follow(path).status, path)
        os.unlink(self.log)
        self.assertEqual(404, self.follow().status)

    @reeve_only
    def test_without_slash(self):
        """supervisord answers with status 500."""
        self.assertEqual(404, self.follow("/logtail").status)

    def test_method(self):
        for path in ("/logtail/cat", "/logtail/nope", "/mainlogtail"):
            for method in ("POST", "HEAD", "PUT"):
                self.assertEqual(400, self.follow(path, method=method).status, path)


@reeve_only
class Cost(Following):
    def setUp(self):
        self.d = self.daemon(CAT)
        self.log = self.d.path("cat.log")
        until(lambda: os.path.exists(self.log))
        self.front = self.d.front_end()

    def looked_into(self, look, name):
        try:
            return look("/proc/%d/%s" % (self.front, name))
        except PermissionError:
            self.skipTest("the front end cannot be looked into")

    def descriptors(self):
        return len(self.looked_into(os.listdir, "fd"))

    @staticmethod
    def settled(count):
        """The number of descriptors at rest."""
        counts = []

        def steady():
            counts.append(count())
            return len(counts) > 50 and len(set(counts[-50:])) == 1
        until(steady)
        return counts[-1]

    def bytes_read(self):
        return int(re.search(rb"rchar: (\d+)", self.looked_into(read, "io")).group(1))

    def status(self, what):
        return int(status_of(self.front)[what].split()[0])

    @staticmethod
    def let_pass(seconds):
        end = time.monotonic() + seconds
        until(lambda: time.monotonic() > end)

    def test_sparse(self):
        """The daemon reads only the bytes that it sends, not the whole file."""
        os.truncate(self.log, 4 << 30)
        before = self.bytes_read()
        follower = self.follow("/logtail/cat")
        follower.wait(b"\0" * 1024)
        with open(self.log, "ab") as f:
            f.write(b"end\n")
        follower.wait(b"\0" * 1024 + b"end\n")
        follower.close()
        self.assertLess(self.bytes_read() - before, 65536)

    def test_client_disappears(self):
        """Nothing is stored for it, and its log is no longer read."""
        before = self.settled(self.descriptors)
        gone = [self.follow("/logtail/cat", via=via) for via in ("tcp", "unix") * 10]
        until(lambda: self.descriptors() == before + 2 * len(gone))
        for follower in gone[::2]:
            follower.close()
        for follower in gone[1::2]:
            follower.sock.shutdown(socket.SHUT_WR)
        until(lambda: self.descriptors() == before)
        self.assertTrue(all(f.taken() and f.ended for f in gone[1::2]))

        self.settled(lambda: self.status("voluntary_ctxt_switches"))

    def test_client_does_not_read(self):
        """Output that it has not read stays in the log."""
        before = self.settled(self.descriptors)
        deaf = self.follow("/logtail/cat")
        with open(self.log, "ab") as f:
            f.write(b"x" * (32 << 20))
        size = self.status("VmRSS")
        self.let_pass(0.5)
        self.assertLess(self.status("VmRSS"), size + 2048)
        deaf.close()
        until(lambda: self.descriptors() == before)

    def test_bound(self):
        followers = [self.follow("/logtail/cat") for _ in range(FOLLOWERS)]
        self.assertEqual({200}, {f.status for f in followers})
        self.assertEqual(503, self.follow("/logtail/cat").status)
        other = self.follow("/logtail/cat", via="unix")
        self.assertEqual(200, other.status)
        followers.pop().close()
        until(lambda: self.follow("/logtail/cat").status == 200, what="room for one more")
        with open(self.log, "ab") as f:
            f.write(b"for all\n")
        for follower in followers + [other]:
            follower.wait(b"for all\n")


class Access(Following):
    def test_credentials(self):
        self.d = self.daemon(CAT, tcp={"username": "u", "password": "p"})
        for path in ("/logtail/cat", "/logtail/nope", "/mainlogtail"):
            self.assertEqual(401, self.follow(path).status)
            self.assertEqual(401, self.follow(path, user="u:x").status)
        self.assertEqual(200, self.follow("/mainlogtail", user="u:p").status)

    @reeve_only
    def test_roles(self):
        self.d = self.daemon(CAT, tcp={"unauthenticated_role": "states"},
                             unix={"unauthenticated_role": "view"})
        for path in ("/logtail/cat", "/logtail/nope", "/mainlogtail"):
            self.assertEqual(403, self.follow(path).status)
        self.assertEqual(200, self.follow("/logtail/cat", via="unix").status)
        self.assertEqual(404, self.follow("/logtail/nope", via="unix").status)


@reeve_only
class Ending(Following):
    def test_shutdown(self):
        """Clients get the last output and an end; one that does not read does not delay
        the shutdown."""
        d = self.d = self.daemon(program(
            "last", "/bin/sh -c 'trap \"echo bye; exit 0\" TERM; echo hello; "
            "while :; do sleep 0.1; done'", startsecs=0, stdout_logfile="{dir}/last.log") + CAT)
        until(lambda: d.file("last.log") == b"hello\n")
        chunked = self.follow("/logtail/last")
        plain = self.follow("/logtail/last", via="unix", version="1.0")
        self.follow("/logtail/cat")  # one that does not read: it receives the head only
        with open(d.path("cat.log"), "ab") as f:
            f.write(b"x" * (32 << 20))
        begun = time.monotonic()
        os.kill(d.pid, signal.SIGTERM)
        self.assertEqual(0, d.wait_exit())
        self.assertLess(time.monotonic() - begun, 5)
        for follower in (chunked, plain):
            follower.wait(b"hello\nbye\n")
            until(lambda f=follower: f.taken() and f.ended)
        self.assertTrue(chunked.raw.endswith(b"\r\n0\r\n\r\n"))
        self.assertNotIn("killed", d.log())


@unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
class Supervisorctl(Case):
    def setUp(self):
        self.d = self.daemon(program("cat", "/bin/sh -c 'echo oops >&2; exec cat'", startsecs=0,
                                     stdout_logfile="{dir}/cat.log",
                                     stderr_logfile="{dir}/cat.err"),
                             unix={"username": "u", "password": "p"}, tcp={
                                 "username": "u", "password": "p"})
        until(lambda: self.d.file("cat.err") == b"oops\n")

    def begin(self, via, *words):
        """A running supervisorctl and the file of its output."""
        url = "unix://" + self.d.socket if via == "unix" else \
            "http://127.0.0.1:%d" % self.d.port
        out = self.d.path("out-%s-%s.txt" % (via, "-".join(words)))
        with open(out, "wb") as f:
            ctl = subprocess.Popen([SUPERVISORCTL, "-c", self.d.conf, "-s", url, "-u", "u",
                                    "-p", "p", *words], stdin=subprocess.PIPE, stdout=f,
                                   stderr=f, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self.addCleanup(self.end, ctl)
        return ctl, lambda: read(out)

    @staticmethod
    def end(ctl):
        ctl.kill()
        ctl.communicate()

    def write(self, name, data):
        with open(self.d.path(name), "ab") as f:
            f.write(data)

    def interrupt(self, ctl):
        ctl.send_signal(signal.SIGINT)
        self.assertEqual(0, ctl.wait(PATIENCE))

    def each(self, test):
        for via in ("unix", "tcp"):
            with self.subTest(via):
                test(via)

    def test_tail(self):
        self.each(self.tail)

    def tail(self, via):
        out_ctl, out = self.begin(via, "tail", "-f", "cat")
        err_ctl, err = self.begin(via, "tail", "-f", "cat", "stderr")
        main_ctl, main = self.begin(via, "maintail", "-f")
        until(lambda: err().endswith(b"<==\noops\n"))
        until(lambda: b"INFO spawned: 'cat'" in main())
        before = self.d.file("cat.log")
        until(lambda: out() == b"==> Press Ctrl-C to exit <==\n" + before)
        self.write("cat.log", b"via %s\n" % via.encode())
        until(lambda: out().endswith(before + b"via %s\n" % via.encode()))
        for ctl in (out_ctl, err_ctl, main_ctl):
            self.interrupt(ctl)
        self.assertTrue(out().endswith(b"\n\n"))

    def test_unknown(self):
        self.each(self.unknown)

    def unknown(self, via):
        ctl, out = self.begin(via, "tail", "-f", "nope")
        until(lambda: b"/logtail/nope/stdout Cannot read, status code 404\n" in out())
        self.assertEqual(0, ctl.wait(PATIENCE))

    def test_fg(self):
        self.each(self.fg)

    def fg(self, via):
        ctl, out = self.begin(via, "fg", "cat")
        until(lambda: b"oops\n" in out())
        ctl.stdin.write(b"typed %s\n" % via.encode())
        ctl.stdin.flush()
        until(lambda: b"typed %s\n" % via.encode() in out())
        ctl.send_signal(signal.SIGINT)
        until(lambda: b"Exiting foreground\n" in out())
        # Its threads end when each has something to read.
        def over():
            for name in ("cat.log", "cat.err"):
                self.write(name, b"oops\n")
            return ctl.poll() is not None
        until(over, every=0.1)


if __name__ == "__main__":
    unittest.main()
