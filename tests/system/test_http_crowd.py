"""Clients that open connections and send incomplete requests: others are still served."""

import os
import re
import resource
import select
import signal
import socket
import time

from reeve import Case, cat, program, reeve_only, until
from test_http import CALL, Reply, basic, request

MIB = 1 << 20
BODY_MAX = 4 * MIB
FLOOD = 5000
OTHER = "127.0.0.2"


def raise_files():
    """As many descriptors as this process may have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def half(length=100, body=b"abc", headers=()):
    """A request with an incomplete body."""
    return request(body, length=False,
                   headers=["Content-Length: %d" % length, *headers])


class Crowd(Case):
    tcp = None
    credentials = ()
    programs = cat("a")

    def setUp(self):
        self.files = raise_files()
        self.d = self.daemon(self.programs, tcp=self.tcp)
        self.good = request(headers=self.credentials)

    def connect(self, via="tcp", source=None):
        if source is None:
            s = self.d.connect(via)
        else:
            s = socket.create_connection(("127.0.0.1", self.d.port), 30, (source, 0))
        self.addCleanup(s.close)
        return s

    def ask(self, s, data=None):
        s.sendall(data or self.good)
        with s.makefile("rb") as stream:
            return Reply(stream)

    def assertServes(self, via="tcp", source=None):
        with self.connect(via, source) as s:
            data = self.good if via == "tcp" else request()
            self.assertEqual(200, self.ask(s, data).status)

    def connections(self):
        """The descriptors of reeve-rpcd, without connections that wait to be accepted."""
        if os.geteuid() != 0:
            self.skipTest("the front end cannot be looked into")
        folder = "/proc/%d/fd" % self.d.front_end()
        sockets = 0
        for fd in os.listdir(folder):
            try:
                sockets += os.readlink(os.path.join(folder, fd)).startswith("socket:")
            except FileNotFoundError:
                pass
        return sockets

    def is_open(self, s):
        """Nothing was received, and the connection is open."""
        return select.select([s], [], [], 0)[0] == []

    def warnings(self):
        return re.findall(r"WARN reeve-rpcd: .* are open; closing one that .*", self.d.log())

    def flood(self, data=b"", source=None, count=None):
        """Opens so many connections, each with these bytes; returns those that stay
        open."""
        count = min(count or FLOOD, self.files - 500)
        clients = []
        for _ in range(count):
            s = self.connect(source=source)
            try:
                s.sendall(data)
            except OSError:
                pass
            clients.append(s)
        return clients


@reeve_only
class Ends(Crowd):
    """A connection that ends together with the last bytes."""

    def assertAllGo(self, clients):
        before = self.connections()
        for data in clients:
            with self.connect() as s:
                s.sendall(data)
        until(lambda: self.connections() <= before, 5, what="all connections to be closed")
        self.assertServes()

    def test_incomplete_requests(self):
        head = self.good[:30]
        for data in (half(), head, b"", b"\r\n", half(BODY_MAX), half(40 * MIB),
                     request(b"5\r\nab", length=False, headers=["Transfer-Encoding: chunked"])):
            with self.subTest(data[:40]):
                self.assertAllGo([data] * 8)

    def test_bodies_without_their_last_byte(self):
        """17 of these exceed a listener's memory for bodies."""
        self.assertAllGo([half(BODY_MAX, b"x" * (BODY_MAX - 1),
                               self.credentials)] * 17)
        with self.connect() as s:
            self.assertEqual(400, self.ask(s, request(
                b"x" * MIB, headers=self.credentials)).status)

    def test_half_closed_client_is_answered(self):
        for parts in ([self.good], [self.good[:20], self.good[20:]],
                      [self.good + self.good[:50]]):
            with self.subTest(len(parts)), self.connect() as s:
                for part in parts[:-1]:
                    s.sendall(part)
                    time.sleep(0.05)
                s.sendall(parts[-1])
                s.shutdown(socket.SHUT_WR)
                with s.makefile("rb") as stream:
                    self.assertEqual(200, Reply(stream).status)

    def test_many_requests_at_once_then_the_end(self):
        with self.connect() as s:
            s.sendall(self.good * 40)
            s.shutdown(socket.SHUT_WR)
            with s.makefile("rb") as stream:
                self.assertEqual([200] * 40, [Reply(stream).status for _ in range(40)])
                self.assertEqual(b"", stream.read())


class Password:
    tcp = {"username": "user", "password": "secret"}
    credentials = basic("user:secret")


@reeve_only
class EndsWithPassword(Password, Ends):
    pass


@reeve_only
class Floods(Crowd):
    def served(self):
        """A client with the address of the flood: its connection may be the one that is
        closed."""
        try:
            with self.connect() as s:
                return self.ask(s).status == 200
        except ConnectionError:
            return False

    def assertOthersAreServed(self):
        for _ in range(20):
            self.assertServes(source=OTHER)
        for _ in range(20):
            until(self.served)
        for _ in range(20):
            self.assertServes("unix")

    def test_idle_connections(self):
        """A client with another address keeps its connection, even a slow one."""
        kept, slow = self.connect(source=OTHER), self.connect(source=OTHER)
        self.assertEqual(200, self.ask(kept).status)
        slow.sendall(self.good[:40])
        server = self.d.front_end()
        self.flood(count=3000)
        slow.sendall(self.good[40:])
        with slow.makefile("rb") as stream:
            self.assertEqual(200, Reply(stream).status)
        self.flood(count=FLOOD - 3000)
        self.assertEqual(200, self.ask(kept).status)
        self.assertOthersAreServed()
        self.assertEqual(server, self.d.front_end())
        self.assertEqual(1, len(self.warnings()), self.warnings())

    def test_incomplete_heads_and_bodies(self):
        for data in (self.good[:60], half(BODY_MAX)):
            self.flood(data, count=2500)
            self.assertOthersAreServed()

    def test_connections_kept_after_an_answer(self):
        """An idle connection may be closed at any time; those of others stay open."""
        kept = self.connect(source=OTHER)
        self.assertEqual(200, self.ask(kept).status)
        self.flood(self.good)
        self.assertEqual(200, self.ask(kept).status)
        self.assertOthersAreServed()

    def test_answers_that_are_not_read(self):
        """So many requests on a connection that the answers fill its buffers."""
        kept = self.connect(source=OTHER)
        self.assertEqual(200, self.ask(kept).status)
        many = self.good * 300
        for _ in range(4500):
            s = self.connect()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.setblocking(False)
            try:
                s.send(many)
            except OSError:
                pass
        self.assertOthersAreServed()
        self.assertEqual(200, self.ask(kept).status)


@reeve_only
class FloodsWithPassword(Password, Floods):
    pass


@reeve_only
class Memory(Crowd):
    """Memory for unread or incomplete data is limited for each listener, and taken from the
    clients that use the most."""

    programs = cat("a") + program("w", "/bin/sleep 1000", numprocs=99, autostart="false",
                                  process_name="w%(process_num)d", stdout_logfile="NONE",
                                  stderr_logfile="NONE")
    ELEMENT = (b"<value><struct><member><name>methodName</name><value>"
               b"supervisor.getAllProcessInfo</value></member></struct></value>")

    def everything(self, times, headers=()):
        """A multicall whose answer has 100 processes so many times, about 70 KiB each."""
        body = CALL % b"system.multicall"
        return request(body.replace(b"<params>", b"<params><param><value><array><data>" +
                                    self.ELEMENT * times +
                                    b"</data></array></value></param>"), headers=headers)

    def assertLarge(self, via="tcp", source=None, times=20):
        with self.connect(via, source) as s:
            reply = self.ask(s, self.everything(times, self.credentials))
            self.assertEqual(200, reply.status)
            return reply.body.count(b"<name>group<") == 100 * times

    def leave_unread(self, source=None):
        s = self.connect(source=source)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.sendall(self.everything(500, self.credentials))
        return s

    def test_unread_answers(self):
        slow = self.connect(source=OTHER)
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.sendall(self.everything(100, self.credentials))
        server = self.d.front_end()
        for _ in range(12):
            s = self.leave_unread()
            select.select([s], [], [], 30)
            self.assertTrue(self.assertLarge("unix"))
            self.assertServes()
        until(self.assertLarge, what="a large answer for the same address")
        self.assertTrue(self.assertLarge(source=OTHER))
        with slow.makefile("rb") as stream:
            self.assertEqual(100 * 100, Reply(stream).body.count(b"<name>group<"))
        self.assertEqual(server, self.d.front_end())
        self.assertIn("bytes unread or incomplete; closing", self.d.log())

    def test_incomplete_bodies(self):
        for _ in range(20):
            self.connect().sendall(half(BODY_MAX, b"x" * (BODY_MAX - 1), self.credentials))
            self.assertServes(source=OTHER)
            self.assertServes()
        for source in (OTHER, None):
            with self.connect(source=source) as s:
                self.assertEqual(400, self.ask(s, request(
                    b"x" * MIB, headers=self.credentials)).status)

    def test_slow_reader_of_a_log(self):
        """A log that is being sent needs no memory, so its client is not closed."""
        with open(self.d.path("big"), "wb") as f:
            f.write(b"x" * (64 * MIB))
        os.rename(self.d.path("big"), self.d.info("a")["stdout_logfile"])
        s = self.connect(source=OTHER)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        body = (CALL % b"supervisor.readProcessStdoutLog").replace(
            b"<params>", b"<params><param><value>a</value></param><param><value><int>0</int>"
            b"</value></param><param><value><int>0</int></value></param>")
        s.sendall(request(body, headers=["Connection: close", *self.credentials]))
        got = len(s.recv(65536))
        for _ in range(10):
            self.leave_unread()
            got += len(s.recv(65536))
        self.assertTrue(self.assertLarge("unix"))
        while data := s.recv(MIB):
            got += len(data)
        self.assertGreater(got, 64 * MIB)


@reeve_only
class MemoryWithPassword(Password, Memory):
    pass


@reeve_only
class UnixFlood(Crowd):
    def test_the_same_user_and_others(self):
        """On a Unix socket the limits are for each user instead of each address."""
        kept = self.connect()
        self.assertEqual(200, self.ask(kept).status)
        for data in (b"", request()[:60], request()):
            clients = []
            for _ in range(2500):
                s = socket.socket(socket.AF_UNIX)
                self.addCleanup(s.close)
                s.connect(self.d.socket)
                s.sendall(data)
                clients.append(s)
            for via in ("unix", "tcp"):
                for _ in range(20):
                    self.assertServes(via)
        self.assertEqual(200, self.ask(kept).status)


@reeve_only
class Descriptors(Crowd):
    """reeve-rpcd has few descriptors: a listener's share is not available to others."""

    LIMIT = 1024

    def setUp(self):
        super().setUp()
        resource.prlimit(self.d.pid, resource.RLIMIT_NOFILE, (self.LIMIT, self.LIMIT))
        old = self.d.front_end()
        os.kill(old, signal.SIGKILL)
        until(lambda: self.d.front_end() not in (None, old), what="another front end")
        self.log = self.d.info("a")["stdout_logfile"]
        with open(self.d.path("big"), "wb") as f:
            f.write(b"x" * MIB)
        os.rename(self.d.path("big"), self.log)

    def read_logs(self, count):
        """Requests as many logs in one answer, each too long to be read before it is
        sent."""
        element = (b"<value><struct><member><name>methodName</name><value>"
                   b"supervisor.readProcessStdoutLog</value></member><member><name>params"
                   b"</name><value><array><data><value>a</value><value><int>0</int></value>"
                   b"<value><int>0</int></value></data></array></value></member></struct>"
                   b"</value>")
        body = (CALL % b"system.multicall").replace(
            b"<params>", b"<params><param><value><array><data>" + element * count +
            b"</data></array></value></param>")
        return request(body, headers=["Connection: close"])

    def assertReadsLog(self, via):
        with self.connect(via) as s:
            s.sendall(self.read_logs(1))
            got = 0
            while data := s.recv(MIB):
                got += len(data)
            self.assertGreater(got, MIB)

    def test_connections_logs_and_followers(self):
        server = self.d.front_end()
        self.flood(request(b"", "GET", "/logtail/a", length=False), count=200)
        clients = []
        for _ in range(200):
            s = self.connect()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(self.read_logs(16))
            clients.append(s)
        self.flood(self.good[:40], count=1000)
        for _ in range(10):
            self.assertReadsLog("unix")
            self.assertServes("unix")
            self.assertServes()
        self.assertLess(len(os.listdir("/proc/%d/fd" % server)), self.LIMIT - 100)
        self.assertEqual(server, self.d.front_end())


@reeve_only
class Waiting(Descriptors):
    """Calls that wait are closed too, if they alone fill a listener."""

    LIMIT = 200
    programs = cat("a") + program("w", "/bin/sleep 1000", numprocs=60, startsecs=600,
                                  process_name="w%(process_num)d", autostart="false",
                                  stdout_logfile="NONE", stderr_logfile="NONE")
    test_connections_logs_and_followers = None

    def test_calls_that_wait(self):
        server = self.d.front_end()
        for i in range(60):
            body = (CALL % b"supervisor.startProcess").replace(
                b"<params>", b"<params><param><value>w:w%d</value></param>" % i)
            self.connect().sendall(request(body))
            self.assertServes(source=OTHER)
            self.assertServes("unix")
        every = self.rpc(self.d).supervisor.getAllProcessInfo
        until(lambda: [i["statename"] for i in every()].count("STARTING") == 60,
              what="all to be started")
        self.assertRegex(self.d.log(), "closing one that waits for its answer")
        self.assertEqual(server, self.d.front_end())


@reeve_only
class Deadlines(Crowd):
    """The timeouts are the listener's: those of libmicrohttpd restart with each byte."""

    def assertEndsWhileDripping(self, *starts):
        clients = []
        for start in starts:
            s = self.connect()
            s.sendall(start)
            clients.append(s)
        begun, open_ones = time.monotonic(), clients
        while open_ones and time.monotonic() < begun + 40:
            for s in list(open_ones):
                try:
                    s.send(b"x")
                    ended = select.select([s], [], [], 0)[0] and s.recv(4096) == b""
                except OSError:
                    ended = True
                if ended:
                    self.assertGreater(time.monotonic() - begun, 9)
                    open_ones.remove(s)
            time.sleep(0.1)
        self.assertEqual([], open_ones)

    def test_dripping(self):
        """A client that sends nothing, incomplete heads and bodies, and a rejected
        body."""
        kept = self.connect()
        self.assertEqual(200, self.ask(kept).status)
        self.assertEndsWhileDripping(
            b"", b"PO", self.good[:30], self.good[:30] + b"X-Y: ", half(BODY_MAX),
            half(5 * MIB), half(BODY_MAX, b"x" * (BODY_MAX - 1000)))
        self.assertEqual(200, self.ask(kept).status)

    def test_slow_client_is_waited_for(self):
        """A body of 30 KiB at 3 KiB a second takes longer than the first timeout."""
        s = self.connect()
        body = CALL % b"supervisor.getState" + b" " * (40 * 1024)
        head = request(b"", length=False, headers=[
            "Content-Length: %d" % len(body), *self.credentials])
        s.sendall(head)
        begun = time.monotonic()
        for at in range(0, len(body), 1024):
            s.sendall(body[at:at + 1024])
            time.sleep(0.3)
        with s.makefile("rb") as stream:
            self.assertEqual(200, Reply(stream).status)
        self.assertGreater(time.monotonic() - begun, 11)


@reeve_only
class Names(Crowd):
    """A proxy may use this unknown header for framing."""

    def test_names_of_headers(self):
        for line in ("Content-Length : 5", "Transfer-Encoding : chunked",
                     "\x0bTransfer-Encoding: chunked", "Transfer-Encoding\t: chunked",
                     "X Y: z", "X\x01: z", "X\x7f: z", "\u00e9: z", "X(: z", "\"X\": z"):
            with self.subTest(line), self.connect() as s:
                data = self.good.replace(b"Host:", line.encode("latin-1") + b"\r\nHost:")
                reply = self.ask(s, data)
                self.assertEqual((400, "close"), (reply.status, reply.headers["connection"]))

    def test_folded_first_line(self):
        with self.connect() as s:
            data = self.good.replace(b"Host:", b" Transfer-Encoding: chunked\r\nHost:")
            self.assertEqual(400, self.ask(s, data).status)

    def test_good_names(self):
        for line in ("X-Forwarded-For-Y: z", "x_y: z", "!#$%&'*+-.^_`|~09aZ: z", "X:"):
            with self.subTest(line), self.connect() as s:
                data = self.good.replace(b"Host:", line.encode() + b"\r\nHost:")
                self.assertEqual(200, self.ask(s, data).status)
