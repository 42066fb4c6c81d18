"""A request costs reeve-rpcd no more than it says: bodies, connections, logs of any size and
content, names and numbers of any length."""

import os
import resource
import select
import time
import unittest
import xml.parsers.expat
import xmlrpc.client

from reeve import SANITIZED, SUBJECT, Shared, cat, program, read, reeve_only, status_of, until
from test_http import CALL, STATE, Reply, basic, request

MIB = 1 << 20
GIB = 1 << 30
SLOW = 1000
PARKED = 100
UNICODE = ("\u00fc", "\u20ac\u20ac", "\U0001f40d")


def call(method, *values):
    """A request; each value is XML or a string."""
    params = "".join("<param><value>%s</value></param>" % v for v in values)
    body = CALL % method.encode()
    return request(body.replace(b"<params>", b"<params>" + params.encode()))


def integer(number):
    return "<int>%d</int>" % number


class Limits(Shared):
    def connect(self, via="tcp"):
        s = self.d.connect(via)
        self.addCleanup(s.close)
        stream = s.makefile("rb")
        self.addCleanup(stream.close)
        return s, stream

    def ask(self, data):
        with self.d.connect() as s, s.makefile("rb") as stream:
            s.sendall(data)
            return Reply(stream)

    def server(self):
        """The pid of reeve-rpcd."""
        return self.d.front_end() if SUBJECT == "reeve" else self.d.pid

    def descriptors(self):
        if os.geteuid() != 0:
            self.skipTest("the front end cannot be looked into")
        return len(os.listdir("/proc/%d/fd" % self.server()))

    def memory(self, which):
        return int(status_of(self.server())[which].split()[0]) * 1024

    def assertGrewLess(self, most, before):
        """The peak of its memory; a sanitizer's own does not count."""
        if not SANITIZED:
            self.assertLess(self.memory("VmHWM") - before, most)

    def assertServes(self):
        reply = self.ask(request())
        self.assertEqual(200, reply.status)
        self.assertIn(b"RUNNING", reply.body)


@reeve_only
class Bodies(Limits):
    def send_until_refused(self, head, piece):
        """Sends pieces until they are rejected, at most a gigabyte; returns the number of
        bytes."""
        s, stream = self.connect()
        s.sendall(head)
        sent = 0
        try:
            while sent < GIB:
                s.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return sent

    def test_announced_gigabyte_is_413_before_it_is_sent(self):
        before = self.memory("VmRSS")
        s, stream = self.connect()
        s.sendall(request(b"", length=False, headers=["Content-Length: %d" % GIB]))
        reply = Reply(stream)
        self.assertEqual((413, "close"), (reply.status, reply.headers["connection"]))
        self.assertIn(b"Error code 413.", reply.body)
        self.assertEqual(b"", stream.read())
        self.assertGrewLess(MIB, before)
        self.assertServes()

    def test_announced_gigabyte_that_is_sent_is_cut_off(self):
        before = self.memory("VmRSS")
        head = request(b"", length=False, headers=["Content-Length: %d" % GIB])
        self.assertLess(self.send_until_refused(head, b" " * MIB), 32 * MIB)
        self.assertGrewLess(MIB, before)
        self.assertServes()

    def test_refusal_follows_the_body(self):
        """A client that writes its whole request first can complete it."""
        piece = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
        s, stream = self.connect()
        s.sendall(request(b"", length=False, headers=["Transfer-Encoding: chunked"]))
        for _ in range(3):
            s.sendall(piece)
        self.assertServes()
        self.assertEqual([], select.select([s], [], [], 0)[0])
        s.sendall(b"0\r\n\r\n")
        self.assertEqual(411, Reply(stream).status)

    def test_chunked_gigabyte_is_cut_off(self):
        before = self.memory("VmRSS")
        head = request(b"", length=False, headers=["Transfer-Encoding: chunked"])
        piece = b"%x\r\n" % MIB + b" " * MIB + b"\r\n"
        self.assertLess(self.send_until_refused(head, piece), 48 * MIB)
        self.assertGrewLess(MIB, before)
        self.assertServes()

    def test_one_chunk_of_a_gigabyte_is_cut_off(self):
        before = self.memory("VmRSS")
        head = request(b"%x\r\n" % GIB, length=False,
                       headers=["Transfer-Encoding: chunked"])
        self.assertLess(self.send_until_refused(head, b" " * MIB), 48 * MIB)
        self.assertGrewLess(MIB, before)
        self.assertServes()


@reeve_only
class Costs(Limits):
    """No request uses the CPU of reeve-rpcd for long at a time."""

    FULL = 4 * MIB - 1000
    MOST = 0.1      # seconds of CPU for a request that is rejected

    def cpu(self):
        return time.clock_gettime(~self.server() << 3 | 2)

    def fill(self, before, piece, behind, number=10 ** 6):
        pieces = b"".join(piece % ((i,) * piece.count(b"%d")) for i in range(number))
        pieces = pieces[:self.FULL].rpartition(piece[:1])[0]
        return before + pieces + behind

    def refused(self, body, status=400, most=MOST):
        before = self.cpu()
        self.assertEqual(status, self.ask(request(body)).status)
        if not SANITIZED:
            self.assertLess(self.cpu() - before, most)
        self.assertServes()

    def test_attributes(self):
        self.refused(self.fill(b"<m", b" a%d='x'", b"/>"))
        self.refused(self.fill(b"<m>", b"<a b%d='1' c%d='2' d%d='3'/>", b"</m>"))

    def test_namespaces(self):
        self.refused(self.fill(b"<m", b" xmlns:a%d='x'", b"/>"))
        self.refused(self.fill(b"<m>", b"<p%d:a xmlns:p%d='u'/>", b"</m>"))

    def test_long_namespace(self):
        """A long namespace URI, which is part of the name of each of many small
        elements."""
        pieces = b"<p:a/>" * (250 * 1024)
        self.refused(b"<m xmlns:p='%s'>" % (b"u" * 990) + pieces + b"</m>", most=0.25)

    def test_names(self):
        for before, behind in ((b"<", b"/>"), (b"<a></", b">"), (b"", b""), (b"<a/>", b""),
                               (b"<!DOCTYPE ", b">"), (b"<m>&", b";</m>"), (b"<?", b"?>")):
            self.refused(before + b"a" * self.FULL + behind)
        self.refused(self.fill(b"<m>", b"<a%d/>", b"</m>"))

    def test_numbers(self):
        for before, behind in ((b"<int>", b"</int>"), (b"<double>0.", b"</double>")):
            self.refused(b"<m><params><param>" + before + b"1" * self.FULL + behind +
                         b"</param></params></m>")

    def test_long_multicall_is_answered_in_order(self):
        element = ("<struct><member><name>methodName</name><value>%s</value></member>"
                   "</struct>")
        names = ["supervisor.getPID", "supervisor.getIdentification", "nope"] * 4000
        values = "".join("<value>" + element % name + "</value>" for name in names)
        body = self.ask(call("system.multicall", "<array><data>%s</data></array>" %
                             values)).body
        results = xmlrpc.client.loads(body)[0][0]
        self.assertEqual([self.d.pid, "supervisor", 1] * 4000,
                         [r["faultCode"] if isinstance(r, dict) else r[0] if
                          isinstance(r, list) else r for r in results])


class Passwords(Limits):
    options = {"tcp": {"username": "user", "password": "secret"}}

    @reeve_only
    def test_limits_are_checked_after_credentials(self):
        """A client without credentials gets 401, whatever else is wrong."""
        big = ["Content-Length: %d" % GIB]
        chunked = ["Transfer-Encoding: chunked"]
        for headers, body in ((big, b""), (chunked, b"0\r\n\r\n"), ([], b"")):
            reply = self.ask(request(body, length=False, headers=headers))
            self.assertEqual(401, reply.status)
        for headers, status in ((big, 413), ([], 411)):
            reply = self.ask(request(b"", length=False,
                                     headers=headers + basic("user:secret")))
            self.assertEqual(status, reply.status)


@reeve_only
class Clients(Limits):
    programs = program("w", "/bin/sleep 1000", numprocs=PARKED, startsecs=600,
                       process_name="w%(process_num)d", autostart="false",
                       stdout_logfile="NONE", stderr_logfile="NONE")

    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 2 * SLOW:
            raise unittest.SkipTest("at most %d descriptors" % hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * SLOW), hard))
        super().setUpClass()

    def test_thousand_slow_clients(self):
        """They delay nobody, use little memory, and release it."""
        self.assertServes()
        descriptors, memory = self.descriptors(), self.memory("VmRSS")
        slow = [self.connect() for _ in range(SLOW)]
        for s, _ in slow:
            s.sendall(request()[:40])
        until(lambda: self.descriptors() >= SLOW,
              what="all to be connected")
        self.assertServes()
        self.assertGrewLess(SLOW * 16 * 1024, memory)
        s, stream = slow[SLOW // 2]
        s.sendall(request()[40:])
        self.assertEqual(200, Reply(stream).status)
        for s, stream in slow:
            stream.close()
            s.close()
        until(lambda: self.descriptors() <= descriptors, what="all to be closed")
        self.assertServes()

    def test_clients_that_leave_parked_calls(self):
        """Nothing of their requests stays in memory; operations that they began
        continue."""
        descriptors = self.descriptors()
        parked = [self.connect() for _ in range(PARKED)]
        for i, (s, _) in enumerate(parked):
            s.sendall(call("supervisor.startProcess", "w:w%d" % i))
        every = self.s.supervisor.getAllProcessInfo
        until(lambda: all(i["statename"] == "STARTING" for i in every()),
              what="all calls to wait")
        self.assertGreaterEqual(self.descriptors(), PARKED)
        for s, stream in parked:
            stream.close()
            s.close()
        self.s("close")()
        until(lambda: self.descriptors() <= descriptors, what="all to be closed")
        self.assertEqual({"STARTING"}, {i["statename"] for i in every()})


@reeve_only
class Heads(Limits):
    def test_long_head(self):
        self.assertEqual(200, self.ask(request(headers=["X: " + "x" * 15000])).status)

    def test_too_long_head(self):
        self.assertEqual(431, self.ask(request(headers=["X: " + "x" * 20000])).status)
        self.assertServes()


@reeve_only
class Crowd(Limits):
    programs = program("w", "/bin/echo " + "x" * 3000, numprocs=100, autostart="false",
                       process_name="w%(process_num)d", stdout_logfile="NONE",
                       stderr_logfile="NONE")

    def test_many_who_ask_for_the_configuration(self):
        """The pages of all replies together exceed what may wait for reeve-rpcd."""
        server, asked = self.server(), [self.connect() for _ in range(60)]
        for s, _ in asked:
            s.sendall(call("supervisor.getAllConfigInfo"))
        for _, stream in asked:
            reply = Reply(stream)
            self.assertEqual((200, 100), (reply.status, reply.body.count(b"<name>command<")))
        self.assertEqual(server, self.server())


@reeve_only
class Unread(Limits):
    """Replies that are requested and not read."""

    programs = program("w", "/bin/sleep 1000", numprocs=100, autostart="false",
                       process_name="w%(process_num)d", stdout_logfile="NONE",
                       stderr_logfile="NONE")
    WHY = b"FAILED: out of reply memory; try again"
    CLIENTS, CALLS = 12, 500  # each reply would have about 32 MiB, if it were complete
    MOST = 256 * MIB

    def everything(self, times):
        element = ("<value><struct><member><name>methodName</name><value>"
                   "supervisor.getAllProcessInfo</value></member></struct></value>")
        return call("system.multicall", "<array><data>%s</data></array>" % (element * times))

    def assertServesAll(self):
        self.assertServes()
        self.assertEqual("STOPPED", self.s.supervisor.getProcessInfo("w:w7")["statename"])
        for _ in range(3):
            self.assertEqual(100, len(self.s.supervisor.getAllProcessInfo()))

    def test_have_a_bound_together(self):
        """No client is closed for these; large replies to others are refused until the
        clients with the most memory have lost some of it."""
        server, before = self.server(), self.memory("VmRSS")
        held = self.memory("VmRSS")
        unread = [self.connect() for _ in range(self.CLIENTS)]
        for s, _ in unread:
            s.sendall(self.everything(self.CALLS))
            select.select([s], [], [])
            self.assertServesAll()
            held = max(held, self.memory("VmRSS"))
        until(lambda: len(self.ask(self.everything(self.CALLS)).body) > 16 * MIB,
              what="a whole answer")
        self.assertGrewLess(self.MOST + 96 * MIB, before)
        if not SANITIZED:
            self.assertGreater(held - before, 64 * MIB)
            self.assertLess(held - before, self.MOST)
        for s, stream in unread:
            stream.close()
            s.close()
        until(lambda: SANITIZED or self.memory("VmRSS") < before + 16 * MIB,
              what="the memory to be given back")
        reply = self.ask(self.everything(100))
        self.assertEqual((100 * 100, 0), (reply.body.count(b"<name>group<"),
                                          reply.body.count(self.WHY)))
        self.assertEqual(server, self.server())


class Huge(Limits):
    """A sparse log of 4 GiB with contents at its ends only."""

    programs = cat("a", stdout_logfile="{dir}/a.log", stdout_logfile_maxbytes=0)
    HEAD, TAIL = b"the head\n", b"the tail\n"
    SIZE = 4 * GIB + len(TAIL)

    @classmethod
    def prepare(cls):
        with open(cls.d.path("a.log"), "wb") as f:
            f.write(cls.HEAD)
            f.seek(4 * GIB)
            f.write(cls.TAIL)

    def setUp(self):
        super().setUp()
        self.d.wait_state("a", "RUNNING")

    def work(self):
        """The number of bytes that the daemon's processes have read."""
        if os.geteuid() != 0:
            self.skipTest("the front end cannot be looked into")
        pids = {self.d.pid, self.server()}
        text = b"".join(read("/proc/%d/io" % pid) for pid in pids)
        return sum(int(line.split()[1]) for line in text.splitlines()
                   if line.startswith(b"rchar"))

    def value(self, data):
        s, stream = self.connect()
        s.sendall(data.replace(b"Host: localhost", b"Connection: close"))
        return stream.read().partition(b"\r\n\r\n")[2]

    def test_reading_costs_what_is_asked_for(self):
        before = self.work()
        for offset, length, wanted in ((0, 9, self.HEAD), (4 * GIB, 0, self.TAIL),
                                       (4 * GIB, 8, self.TAIL[:8]), (-9, 0, self.TAIL),
                                       (self.SIZE - 5, 100, self.TAIL[-5:])):
            with self.subTest(offset=offset, length=length):
                self.assertIn(b"<string>%s</string>" % wanted, self.value(call(
                    "supervisor.readProcessStdoutLog", "a", integer(offset),
                    integer(length))))
        self.assertLess(self.work() - before, MIB)

    @reeve_only
    def test_tailing_costs_what_is_asked_for_and_says_large_offsets(self):
        """supervisord cannot encode the offset and answers with status 500."""
        before = self.work()
        for offset, length, wanted in ((0, 9, self.TAIL), (4 * GIB, 100, self.TAIL),
                                       (4 * GIB, 9, self.TAIL)):
            with self.subTest(offset=offset, length=length):
                text = self.value(call("supervisor.tailProcessStdoutLog", "a",
                                       integer(offset), integer(length)))
                self.assertIn(b"%s</string></value>\n<value><int>%d</int></value>" %
                              (wanted, self.SIZE), text)
        self.assertLess(self.work() - before, MIB)

    @reeve_only
    def test_whole_of_it_is_streamed(self):
        """A client that reads a little and disconnects costs a little."""
        before, memory, descriptors = self.work(), self.memory("VmRSS"), self.descriptors()
        s, stream = self.connect()
        s.sendall(call("supervisor.readProcessStdoutLog", "a", integer(0), integer(0)))
        self.assertIn(self.HEAD, stream.read(4096))
        self.assertServes()
        stream.close()
        s.close()
        until(lambda: self.descriptors() <= descriptors, what="the log to be closed")
        self.assertLess(self.work() - before, 16 * MIB)
        self.assertGrewLess(4 * MIB, memory)


class Content(Limits):
    programs = cat("a", stdout_logfile="{dir}/a.log") + "".join(map(cat, UNICODE))

    def setUp(self):
        super().setUp()
        for name in ("a",) + UNICODE:
            self.d.wait_state(name, "RUNNING")

    @reeve_only
    def test_any_slice_of_any_log_is_a_valid_document(self):
        """Offsets are bytes, also within a character; supervisord answers with status
        500."""
        data = "a\u00fc\u20ac\U0001f40d<&".encode() + b"\x00\x1b\xff\xc3\xed\xa0\x80z]]>\xe2\x82"
        with open(self.d.path("a.log"), "wb") as f:
            f.write(data)
        shown = str.maketrans({0: "\ufffd", 0x1b: "\ufffd"})
        for offset in range(len(data)):
            for length in (1, 2, 5, 100):
                part = data[offset:offset + length].decode(errors="replace").translate(shown)
                self.assertEqual(part, self.s.supervisor.readProcessStdoutLog(
                    "a", offset, length))
            part = data[len(data) - offset:].decode(errors="replace").translate(shown)
            self.assertEqual([part, len(data), offset < len(data)],
                             self.s.supervisor.tailProcessStdoutLog("a", 0, offset))

    def test_unicode_names_over_the_api(self):
        for name in UNICODE:
            with self.subTest(name):
                info = self.s.supervisor.getProcessInfo("%s:%s" % (name, name))
                self.assertEqual((name, name), (info["name"], info["group"]))
                self.assertFault(60, "ALREADY_STARTED: " + name,
                                 self.s.supervisor.startProcess, name)
                self.assertFault(10, "BAD_NAME: %s:x" % name,
                                 self.s.supervisor.getProcessInfo, name + ":x")
        self.assertLessEqual(set(UNICODE), {
            i["name"] for i in self.s.supervisor.getAllProcessInfo()})

    def test_length_of_answers_is_in_bytes(self):
        """For faults and structs: the next answer on the connection follows it."""
        s, stream = self.connect()
        for name in UNICODE:
            for method in ("supervisor.getProcessInfo", "supervisor.startProcess"):
                s.sendall(call(method, name))
                self.assertWhole(Reply(stream), name)

    @reeve_only
    def test_length_of_answers_that_waited_is_in_bytes(self):
        """supervisord counts characters here."""
        s, stream = self.connect()
        for name in UNICODE:
            for method in ("supervisor.stopProcessGroup", "supervisor.startProcessGroup"):
                s.sendall(call(method, name))
                self.assertWhole(Reply(stream), name)

    def assertWhole(self, reply, text):
        self.assertEqual(200, reply.status)
        self.assertEqual(len(reply.body), int(reply.headers["content-length"]))
        self.assertIn(text.encode(), reply.body)
        self.assertTrue(reply.body.endswith(b"</methodResponse>\n"), reply.body[-40:])
        xml.parsers.expat.ParserCreate().Parse(reply.body, True)


class KeepAlive(Limits):
    """Which connections stay open, for immediate answers and for those that waited."""

    programs = cat("a", stdout_logfile="{dir}/a.log")
    WAITED = (call("supervisor.stopProcessGroup", "a"),
              call("supervisor.startProcessGroup", "a"))

    def stays(self, version, header, data):
        """Whether a second request on the connection is answered."""
        line = header and b"Connection: " + header
        data = data.replace(b"HTTP/1.1", version).replace(
            b"Host: localhost", line or b"Host: localhost")
        s, stream = self.connect()
        s.sendall(data)
        first = Reply(stream)
        self.assertEqual(200, first.status)
        try:
            s.sendall(data)
            return Reply(stream).status == 200
        except (BrokenPipeError, ConnectionResetError):
            return False

    def check(self, *requests):
        for version, header, wanted in ((b"HTTP/1.0", None, False),
                                        (b"HTTP/1.0", b"keep-alive", True),
                                        (b"HTTP/1.0", b"close", False),
                                        (b"HTTP/1.1", None, True),
                                        (b"HTTP/1.1", b"keep-alive", True),
                                        (b"HTTP/1.1", b"close", False)):
            for data in requests:
                with self.subTest(version=version, header=header, data=data):
                    self.assertEqual(wanted, self.stays(version, header, data))

    def test_answers_at_once(self):
        self.check(request(STATE), call("supervisor.getProcessInfo", "nope"))
        for header in (b"Keep-Alive", b"KEEP-ALIVE"):
            self.assertTrue(self.stays(b"HTTP/1.0", header, request()))

    def test_answers_that_waited(self):
        self.check(*self.WAITED)

    def test_stream_without_a_length(self):
        """The bytes of a log are the same whether chunks or the end of the connection
        delimit them."""
        with open(self.d.path("a.log"), "w", encoding="ascii") as f:
            f.write("x" * 100000)
        self.assertEqual("x" * 100000, self.s.supervisor.readProcessStdoutLog("a", 0, 0))
        s, stream = self.connect()
        s.sendall(call("supervisor.readProcessStdoutLog", "a", integer(0),
                       integer(0)).replace(b"HTTP/1.1", b"HTTP/1.0"))
        body = Reply(stream).body
        self.assertIn(b"<string>" + b"x" * 100000 + b"</string>", body)
        self.assertTrue(body.endswith(b"</methodResponse>\n"))


if __name__ == "__main__":
    unittest.main()
