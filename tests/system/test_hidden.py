"""What a user may not see looks like what does not exist: status, headers and body."""

import json
import re
import unittest
import xmlrpc.client

from reeve import Case, cat, program, reeve_only, until
from test_http import Reply, request
from test_users import basic, user

HIDDEN, UNKNOWN = "gloom", "gleam"
LOUD = "/bin/sh -c 'echo said by %s; echo said by %s >&2; exec /bin/cat'"
NO_LOG = re.compile(rb"event: log\ndata: [^\n]*error[^\n]*\n\n")


@reeve_only
class Hidden(Case):
    def setUp(self):
        self.d = self.daemon(
            program("seen", LOUD % ("seen", "seen"), startsecs=0) +
            program(HIDDEN, LOUD % (HIDDEN, HIDDEN), startsecs=0) +
            cat("web", numprocs=2, process_name="%(process_num)d") +
            user("ann", role="operate", programs="seen, web:0"))
        for name in ("seen", HIDDEN):
            self.d.wait_state(name, "RUNNING")
            until(lambda: "said by" in self.rpc(self.d).supervisor.readProcessStdoutLog(
                name, 0, 0))

    def ask(self, path, via="tcp", method="GET", body=None, done=None,
            kind="text/xml"):
        """The answer; of a stream its beginning, up to what `done` matches."""
        with self.d.connect(via) as s, s.makefile("rb") as stream:
            s.settimeout(5)
            s.sendall(request(body or b"", method, path, length=body is not None,
                              headers=[basic("ann", "secret"), "Content-Type: " + kind]))
            if done is None:
                reply = Reply(stream)
                reply.headers.pop("date", None)
                return reply.status, reply.headers, reply.body.decode()
            text = b""
            while not done.search(text):
                piece = s.recv(65536)
                if not piece:
                    break
                text += piece
            return re.sub(rb"Date: [^\r]*\r\n", b"", text).decode()

    def assertSame(self, ask):
        """The answers for the two names differ only in the name."""
        hidden, unknown = ask(HIDDEN), ask(UNKNOWN)
        self.assertNotIn("said by", str(hidden))
        self.assertEqual(str(unknown).replace(UNKNOWN, "NAME"),
                         str(hidden).replace(HIDDEN, "NAME"))
        return hidden

    def test_logs(self):
        for path, status in (("/tail.html?processname=%s", 200), ("/log.txt?processname=%s", 404),
                             ("/tail.html?processname=%s&stream=stderr", 200),
                             ("/log.txt?processname=%s&stream=stderr", 404),
                             ("/log.txt?processname=%s:%%2A", 404), ("/logtail/%s", 404),
                             ("/logtail/%s/stderr", 404), ("/logtail/%s%%3A%s/stdout", 404)):
            for via in ("tcp", "unix"):
                with self.subTest(path=path, via=via):
                    make = lambda name: re.sub("%s", name, path).replace("%%", "%")
                    self.assertEqual(status, self.assertSame(
                        lambda name: self.ask(make(name), via))[0])
        self.assertEqual(404, self.ask("/log.txt?processname=web:1")[0])
        self.assertIn("said by seen", self.ask("/log.txt?processname=seen")[2])
        self.assertIn("said by seen", self.ask("/tail.html?processname=seen")[2])

    def test_log_of_events(self):
        for path in ("/events?log=%s:stdout", "/events?log=%s:stderr", "/events?log=%s:%s:stdout"):
            with self.subTest(path=path):
                def ask(name):
                    text = self.ask(path.replace("%s", name), done=NO_LOG)
                    head, body = text.split("\r\n\r\n", 1)
                    return head, re.findall(r"event: log\n[^\n]*\n", body)
                self.assertIn("no such log", str(self.assertSame(ask)))
        self.assertIn("said by seen", self.ask("/events?log=seen:stdout",
                                               done=re.compile(rb"said by seen")))

    def test_calls(self):
        calls = [("supervisor.tailProcessStdoutLog", 0, 10), ("supervisor.readProcessStderrLog",
                 0, 10), ("supervisor.getProcessInfo",), ("reeve.getProcessInfo",),
                 ("reeve.getProcessStats",), ("supervisor.clearProcessLogs",),
                 ("supervisor.startProcess",), ("supervisor.stopProcess",),
                 ("supervisor.signalProcess", "HUP"), ("supervisor.sendProcessStdin", "x"),
                 ("supervisor.startProcessGroup",), ("supervisor.stopProcessGroup",),
                 ("supervisor.signalProcessGroup", "HUP")]
        for method, *rest in calls:
            for form in ("%s", "%s:%s", "%s:*"):
                with self.subTest(method=method, form=form):
                    body = lambda name: json.dumps({
                        "jsonrpc": "2.0", "id": 1, "method": method,
                        "params": [form.replace("%s", name), *rest]}).encode()
                    text = self.assertSame(lambda name: self.ask(
                        "/RPC2", method="POST", body=body(name),
                        kind="application/json"))[2]
                    self.assertIn("BAD_NAME", text)
                    data = lambda name: xmlrpc.client.dumps(
                        (form.replace("%s", name), *rest), method).encode()
                    self.assertSame(lambda name: self.ask("/RPC2", method="POST",
                                                          body=data(name)))

    def test_statistics(self):
        """They are asked for once, for all callers."""
        ann, all_ = self.rpc(self.d, "tcp", user="ann", password="secret"), self.rpc(self.d)
        for _ in range(2):
            self.assertEqual(["0", "1", HIDDEN, "seen"], sorted(
                row["name"] for row in all_.reeve.getAllProcessStats()))
            self.assertEqual(["0", "seen"], sorted(
                row["name"] for row in ann.reeve.getAllProcessStats()))

    def test_pages(self):
        status, _, text = self.ask("/")
        self.assertEqual(200, status)
        self.assertIn("seen", text)
        self.assertNotIn(HIDDEN, text)
        stats = re.compile(rb"event: stats\ndata: [^\n]*\n\n")
        for _ in range(2):
            text = self.ask("/events", done=stats)
            self.assertIn("seen", text)
            self.assertNotIn(HIDDEN, text)
            data = re.search(r"event: stats\ndata: ([^\n]*)", text)[1]
            self.assertEqual(2, len(json.loads(data)), data)


if __name__ == "__main__":
    unittest.main()
