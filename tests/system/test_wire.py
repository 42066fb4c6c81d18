"""The control socket: what reeve-protocol(7) allows and what it forbids."""

import glob
import json
import os
import resource
import socket
import stat
import time
import unittest
import xmlrpc.client

from reeve import PATIENCE, Case, WireFault, program, reeve_only, row_of, until

PROGRAMS = (program("cat", "/bin/cat", startsecs=0, stdout_logfile="{dir}/cat.log") +
            program("off", "{child} sleep 1000", autostart="false") +
            program("x", "/bin/cat", autostart="false", startsecs=0) +
            program("y", "/nonexistent", autostart="false") +
            "[group:g]\nprograms=x,y\n")


@reeve_only
class Conversation(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")
        self.w = self.control(self.d)

    def test_hello(self):
        self.assertEqual((1, "admin", self.d.pid), tuple(self.w.hello[k] for k in (
            "protocol", "role", "pid")))
        self.assertNotIn("setup", self.w.hello)

    def test_unknown_members_are_ignored(self):
        w = self.control(self.d, hello=False)
        w.send(id=5, method="hello", params={"protocol": 1, "program": "x", "more": [1]},
               extra=True)
        self.assertEqual(1, w.answer(5)["protocol"])

    def test_unknown_protocol(self):
        w = self.control(self.d, hello=False)
        with self.assertRaises(WireFault) as caught:
            w.call("hello", protocol=999, program="x")
        self.assertEqual(30, caught.exception.code)
        self.assertTrue(w.at_end())

    def snapshot(self, w):
        w.call("subscribe")
        begin = w.notification("stream.begin")
        rows, daemon = {}, None
        while True:
            frame = w.notifications.pop(0) if w.notifications else w.frame()
            self.assertGreaterEqual(frame["params"]["seq"], 0)
            if frame["method"] == "stream.rows":
                for row in map(row_of, frame["params"]["rows"]):
                    rows["%(group)s:%(name)s" % row] = row
            elif frame["method"] == "stream.daemon":
                daemon = frame["params"]["daemon"]
            elif frame["method"] == "stream.end":
                self.assertGreaterEqual(frame["params"]["seq"], begin["seq"])
                return daemon, rows

    def test_snapshot(self):
        daemon, rows = self.snapshot(self.w)
        self.assertEqual((1, "", self.d.pid, "supervisor", True),
                         tuple(daemon[k] for k in ("state", "fatal_reason", "pid",
                                                   "identifier", "has_main_interface")))
        self.assertEqual({"cat:cat", "off:off", "g:x", "g:y"}, set(rows))
        self.assertEqual(("RUNNING", 1), (rows["cat:cat"]["state"], rows["cat:cat"]["spawn"]))
        self.assertEqual((1, "running"), tuple(
            rows["cat:cat"][k] for k in ("last_spawn", "verdict")))
        self.assertEqual(("STOPPED", 0, "Not started"), tuple(
            rows["off:off"][k] for k in ("state", "spawn", "stopped_at")))

    def test_deltas_precede_answers(self):
        self.snapshot(self.w)
        answer = self.w.call("process.start", name="off")
        row = [f["params"]["process"] for f in self.w.notifications
               if f["method"] == "stream.process"][-1]
        self.assertEqual((answer["id"], answer["spawn"], "STARTING"),
                         (row["id"], row["spawn"], row["state"]))
        while row["state"] != "RUNNING":
            row = self.w.notification("stream.process")["process"]
        self.assertEqual((answer["spawn"], "running"), (row["last_spawn"], row["verdict"]))

    def test_numbers_rise(self):
        self.snapshot(self.w)
        last = 0
        for _ in range(5):
            self.w.call("process.stop", name="cat")
            while True:
                params = self.w.notification("stream.process")
                self.assertGreater(params["seq"], last)
                last = params["seq"]
                if params["process"]["state"] == "STOPPED":
                    break
            self.w.call("process.start", name="cat")

    def test_job(self):
        job = self.w.call("group.start", name="g")["job"]
        results = [self.w.notification("job.result") for _ in range(2)]
        self.assertEqual({"job": job}, self.w.notification("job.end"))
        self.assertEqual(["x", "y"], [r["name"] for r in results])
        self.assertEqual(1, results[0]["spawn"])
        self.assertEqual({"code": 20, "text": "NO_FILE: can't find command '/nonexistent'"},
                         results[1]["fault"])

    def test_faults(self):
        for method, params, code, text in (
                ("nope", {}, 1, "UNKNOWN_METHOD"),
                ("process.start", {"name": "nope"}, 10, "BAD_NAME: nope"),
                ("process.start", {"name": "cat"}, 60, "ALREADY_STARTED: cat"),
                ("process.stop", {"name": "off"}, 70, "NOT_RUNNING: off"),
                ("process.signal", {"name": "cat", "signal": "FOO"}, 11, "BAD_SIGNAL: FOO"),
                ("group.stop", {"name": "nope"}, 10, "BAD_NAME: nope"),
                ("log.open", {"name": "nope", "stream": "stdout"}, 10, "BAD_NAME: nope")):
            with self.subTest(method=method, params=params):
                with self.assertRaises(WireFault) as caught:
                    self.w.call(method, **params)
                self.assertEqual((code, text), (caught.exception.code,
                                                caught.exception.message))
        for method, params in (("process.start", {}), ("process.start", {"name": 5}),
                               ("process.signal", {"name": "cat"}),
                               ("log.open", {"name": "cat", "stream": 1})):
            with self.assertRaises(WireFault) as caught:
                self.w.call(method, **params)
            self.assertEqual(2, caught.exception.code)
        self.assertEqual(1, len(self.w.call("all.signal", signal="CONT")))

    def test_front_end_only(self):
        for method in ("ready", "daemon.answered"):
            with self.assertRaises(WireFault):
                self.w.call(method)
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_log_open_passes_a_descriptor(self):
        self.w.call("process.stdin", name="cat", data="hello\n")
        until(lambda: self.d.file("cat.log") == b"hello\n")
        answer = self.w.call("log.open", name="cat", stream="stdout")
        self.assertEqual(self.d.path("cat.log"), answer["path"])
        self.assertEqual(1, len(self.w.fds))
        self.assertEqual(b"hello\n", os.pread(self.w.fds[0], 100, 0))
        with self.assertRaises(OSError):
            os.write(self.w.fds[0], b"x")

    def test_long_string_in_parts(self):
        text = "0123456789abcde\n" * 40000
        step = 128 * 1024
        self.w.last_id += 1
        ident = self.w.last_id
        self.w.send(id=ident, method="process.stdin", params={
            "name": "cat", "data": text[:step], "total": len(text)})
        for i in range(step, len(text), step):
            self.w.send(method="part", params={"id": ident, "data": text[i:i + step]})
        self.assertIsNone(self.w.answer(ident))
        until(lambda: self.d.file("cat.log") == text.encode())

    def test_total_above_the_bound(self):
        with self.assertRaises(WireFault) as caught:
            self.w.call("process.stdin", name="cat", data="x", total=4194305)
        self.assertEqual(30, caught.exception.code)
        self.assertEqual([], self.w.call("subscribe") or [])

    def test_many_requests_at_once(self):
        idents = [self.w.request("process.signal", name="cat", signal="CONT")
                  for _ in range(200)]
        for ident in idents:
            self.assertIsNone(self.w.answer(ident))


@reeve_only
class Violations(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def assertLives(self):
        self.assertEqual("RUNNING", self.d.state("cat"))
        self.control(self.d)

    def test_each_closes_the_peer(self):
        frame = b'{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}\n'
        for name, data in (
                ("not JSON", b"hello\n"),
                ("an array", b"[]\n"),
                ("an empty line", b"\n"),
                ("not UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}\n'),
                ("NUL", b'{"jsonrpc":"2.0","id":1,"method":"a\\u0000"}\n'),
                ("a raw NUL", b'{"jsonrpc":"2.0",\0"id":1,"method":"a"}\n'),
                ("a lone surrogate", b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}\n'),
                ("two keys alike", b'{"jsonrpc":"2.0","id":1,"id":2,"method":"a"}\n'),
                ("deep", frame % (7, b"process.start",
                                  b'{"x":' + b"[" * 100 + b"]" * 100 + b"}")),
                ("a second hello", frame % (7, b"hello", b'{"protocol":1,"program":"x"}')),
                ("an answer to nothing", b'{"jsonrpc":"2.0","id":77,"result":null}\n'),
                ("a part of a line too long", b'{"' + b"a" * 1100000)):
            # A daemon for each, because further lines about the same kind of peer
            # are suppressed.
            with self.subTest(name):
                d = self.daemon(PROGRAMS)
                w = self.control(d)
                before = len(d.messages())
                try:
                    w.send_bytes(data)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.assertTrue(w.at_end())
                until(lambda: len(d.messages()) > before, what="a log line")
                self.assertEqual("RUNNING", d.wait_state("cat", "RUNNING")["statename"])
                self.control(d)

    def test_call_before_hello(self):
        w = self.control(self.d, hello=False)
        w.request("process.stop", name="cat")
        self.assertTrue(w.at_end())
        self.assertLives()

    def test_silence_before_hello(self):
        w = self.control(self.d, hello=False)
        begun = time.monotonic()
        self.assertTrue(w.at_end())
        self.assertTrue(3 < time.monotonic() - begun < 15)
        self.assertLives()

    def test_the_65th(self):
        held = [self.control(self.d) for _ in range(64)]
        extra = self.d.control(hello=False)
        self.addCleanup(extra.close)
        self.assertTrue(extra.at_end())
        held[0].close()
        until(self.one_more, what="a place that was given back")

    def one_more(self):
        try:
            self.control(self.d)
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return False
        return True

    def test_client_sends_a_descriptor(self):
        w = self.control(self.d)
        with open(self.d.conf, "rb") as f:
            socket.send_fds(w.sock, [b'{"jsonrpc":"2.0","id":9,"method":"subscribe"}\n'],
                            [f.fileno()])
        self.assertTrue(w.at_end())
        descriptors = "/proc/%d/fd/" % self.d.pid
        until(lambda: self.d.conf not in map(os.readlink, glob.glob(descriptors + "*")))
        self.d.wait_log("WARN .*descriptor")
        self.assertLives()

    def test_slow_reader_is_no_burden(self):
        """A client that does not read loses old rows or its connection, and delays no other."""
        slow = self.control(self.d)
        slow.call("subscribe")
        busy = self.control(self.d)
        for _ in range(300):
            busy.call("process.signal", name="cat", signal="CONT")
        for _ in range(40):
            busy.call("process.stop", name="cat")
            self.d.wait_state("cat", "STOPPED")
            busy.call("process.start", name="cat")
        self.assertEqual("RUNNING", self.d.state("cat"))
        row = {"name": None}
        while (row["name"], row.get("state"), row.get("spawn")) != ("cat", "RUNNING", 41):
            row = slow.notification("stream.process")["process"]

    def test_one_who_leaves_all_answers_unread(self):
        """8 MiB of unread answers end the connection; the daemon does not grow."""
        w = self.control(self.d)
        w.sock.settimeout(10)
        line = json.dumps({"jsonrpc": "2.0", "id": 5, "method": "process.start",
                           "params": {"name": "n" * 200}}).encode() + b"\n"
        with self.assertRaises((BrokenPipeError, ConnectionResetError)):
            for _ in range(1000):
                w.send_bytes(line * 100)
        self.assertLives()

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.d.pid))

    def test_open_logs_that_nobody_takes(self):
        """Each answer that waits needs a descriptor of the master, so only few may wait."""
        before = self.descriptors()
        w = self.control(self.d)
        for _ in range(3000):
            w.request("log.open", name="cat", stream="stdout")
        other = self.control(self.d)
        other.call("log.open", name="cat", stream="stdout")
        self.assertLess(self.descriptors(), before + 200)
        with self.assertRaises(WireFault) as caught:
            w.answer(w.last_id)
        self.assertEqual(30, caught.exception.code)
        w.call("log.open", name="cat", stream="stdout")
        w.close()
        until(lambda: self.descriptors() < before + 5)

    def test_without_descriptors(self):
        """A client that cannot be accepted waits; the master does not spin meanwhile."""
        held = set(map(int, os.listdir("/proc/%d/fd" % self.d.pid)))
        free = min(set(range(len(held) + 1)) - held)
        was = resource.prlimit(self.d.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.d.pid, resource.RLIMIT_NOFILE, (free, was[1]))
        waiting = [self.d.control(hello=False) for _ in range(5)]
        for w in waiting:
            self.addCleanup(w.close)
        self.d.wait_log("WARN control socket: cannot accept")
        self.assertLess(self.d.log().count("cannot accept"), 2)
        resource.prlimit(self.d.pid, resource.RLIMIT_NOFILE, was)
        for w in waiting:
            w.close()
        self.assertLives()


@reeve_only
class Socket(Case):
    def test_mode_and_owner(self):
        d = self.daemon(unix={"chmod": "0770", "chown": "%d:%d" % (os.getuid(), os.getgid())})
        self.assertEqual(0o770, stat.S_IMODE(os.stat(d.control_path).st_mode))
        d = self.daemon(unix={"chmod": "0777", "username": "u", "password": "p"})
        self.assertEqual(0o700, stat.S_IMODE(os.stat(d.control_path).st_mode))
        d = self.daemon(unix=False)
        self.assertEqual(0o700, stat.S_IMODE(os.stat(d.control_path).st_mode))

    def test_by_option_and_long(self):
        d = self.make()
        long_directory = d.path("d" * 100)
        os.mkdir(long_directory)
        path = os.path.join(long_directory, "c.sock")
        d.configure(supervisord={"control_socket": path})
        d.start()
        self.addCleanup(self.finish, d)
        ended = d.reevectl("pid")
        self.assertEqual("%d\n" % d.pid, ended.stdout)
        self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))

    def test_stale_one_is_replaced(self):
        d = self.make()
        s = socket.socket(socket.AF_UNIX)
        s.bind(d.control_path)
        s.close()
        d.start()
        self.addCleanup(self.finish, d)
        self.assertEqual("%d\n" % d.pid, d.reevectl("pid").stdout)

    def test_directory_is_missing(self):
        d = self.daemon(supervisord={"control_socket": "/nonexistent/c.sock"})
        warned = [m for m in d.messages() if m.startswith("WARN") and "/nonexistent" in m]
        self.assertEqual(1, len(warned), d.messages())

    def test_a_live_reeved_keeps_its_own(self):
        first = self.daemon()
        second = self.daemon(supervisord={"control_socket": first.control_path})
        self.assertEqual("%d\n" % first.pid, first.reevectl("pid").stdout)
        warned = [m for m in second.messages()
                  if m.startswith("WARN") and first.control_path in m]
        self.assertEqual(1, len(warned), second.messages())
        second.stop()
        self.assertEqual("%d\n" % first.pid, first.reevectl("pid").stdout)


if __name__ == "__main__":
    unittest.main()


@reeve_only
class Bounds(Case):
    """The effect of one client on the others."""

    MANY = ("[program:p]\ncommand=/bin/sleep 1000\nnumprocs=%d\nautostart=false\n"
            "process_name=p%%(process_num)d\nstdout_logfile=NONE\nstderr_logfile=NONE\n")

    def setUp(self):
        self.d = self.daemon(self.MANY % 300)
        self.w = self.control(self.d)

    def text(self, method, **params):
        with self.assertRaises(WireFault) as caught:
            self.w.call(method, **params)
        return caught.exception.message

    def write(self, *requests):
        self.w.send_bytes(b"".join(
            json.dumps({"jsonrpc": "2.0", "id": i, "method": method,
                        "params": params}).encode() + b"\n"
            for i, (method, params) in enumerate(requests, 100)))

    def received(self):
        """The number of complete frames now."""
        self.w.sock.setblocking(False)
        try:
            while True:
                self.w.buffer += self.w.sock.recv(1 << 20)
        except BlockingIOError:
            pass
        self.w.sock.settimeout(PATIENCE)
        return self.w.buffer.count(b"\n")

    def one_in_between(self, *requests):
        """A request of another client does not wait for all requests that one client has sent
        at once. One of a few attempts must succeed, because this process may be late itself."""
        other = self.control(self.d)
        for _ in range(5):
            self.write(*requests)
            with self.assertRaises(WireFault):
                other.call("process.stop", name="nobody")
            answers = self.received()
            for i in range(len(requests)):
                self.assertEqual(100 + i, self.w.frame()["id"])
            if answers < len(requests):
                return
        self.fail("the other client was answered last each time")

    def test_requests_take_turns_by_time(self):
        self.one_in_between(*[("config.reread", {})] * 50)

    def test_previews_take_turns_by_time(self):
        self.one_in_between(*[("config.preview", {})] * 50)

    def test_pages_take_turns_by_time(self):
        self.one_in_between(*[("config.rows", {"from": 0})] * 60)

    def test_long_names_and_signals(self):
        for n in 4097, 200000:
            for method in ("process.start", "process.stop", "group.start", "group.stop",
                           "group.add", "group.remove", "log.clear"):
                self.assertLess(len(self.text(method, name="x" * n)), 230)
            for method in "process.stdin", "process.signal", "group.signal", "log.open":
                self.assertLess(len(self.text(method, name="x" * n, data="", signal="HUP",
                                              stream="stdout")), 230)
        for method in "process.signal", "group.signal", "all.signal":
            self.assertLess(len(self.text(method, name="p", signal="x" * 201)), 230)
        self.assertEqual("BAD_NAME: " + "x" * 200 + "...",
                         self.text("process.start", name="x" * 4096))

    def test_a_signal_for_each_goes_through_the_queue(self):
        self.w.call("all.start")
        self.w.notification("job.end")
        job = self.w.call("all.signal", signal="y" * 200)["job"]
        self.assertLess(job, 1000)
        results = [self.w.notification("job.result") for _ in range(300)]
        self.assertEqual({(job, "BAD_SIGNAL: " + "y" * 200)},
                         {(r["job"], r["fault"]["text"]) for r in results})
        self.assertEqual({"job": job}, self.w.notification("job.end"))

    def test_frames_that_are_long_to_parse(self):
        self.refused("bad frame: too long", {"name": "x" * 300000})

    def test_frames_of_many_values(self):
        self.refused("bad frame: too many values", {"name": "x", "more": ["x"] * 5000},
                     {str(i): i for i in range(5000)}, {"a": [[]] * 5000})

    def refused(self, text, *calls):
        """Only the first is logged; each closes the connection."""
        for params in calls:
            w = self.control(self.d)
            w.send(id=9, method="process.stop", params=params)
            self.assertTrue(w.at_end())
        self.assertIn(text, self.d.log())

    def test_over_http(self):
        with self.rpc(self.d) as s:
            s.supervisor.startAllProcesses()
            front_end = self.d.front_end()
            for call, *arguments in ((s.supervisor.signalAllProcesses, "x" * 10000),
                                     (s.supervisor.signalProcessGroup, "p", "x" * 10000),
                                     (s.supervisor.signalProcess, "p:p0", "x" * 10000),
                                     (s.supervisor.startProcess, "x" * 100000),
                                     (s.supervisor.stopProcessGroup, "x" * 5000),
                                     (s.supervisor.getProcessInfo, "x" * 5000),
                                     (s.supervisor.tailProcessStdoutLog, "x" * 5000, 0, 1),
                                     (s.supervisor.addProcessGroup, "x" * 5000)):
                with self.assertRaises(xmlrpc.client.Fault) as caught:
                    call(*arguments)
                self.assertLess(len(caught.exception.faultString), 230)
            results = s.supervisor.signalAllProcesses("y" * 200)
            self.assertEqual(300, len(results))
            self.assertEqual({"BAD_SIGNAL: " + "y" * 200}, {r["description"] for r in results})
            self.assertEqual(front_end, self.d.front_end())
