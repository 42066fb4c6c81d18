"""reevectl as a client of HTTP servers with arbitrary responses."""

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import unittest

from reeve import BUILD, PATIENCE, reeve_only

VERSION = (b"<?xml version='1.0'?><methodResponse><params><param><value><string>3.0</string>"
           b"</value></param></params></methodResponse>")


def value(xml):
    return b"<methodResponse><params><param><value>" + xml + \
        b"</value></param></params></methodResponse>"


def fault(code, text):
    return (b"<methodResponse><fault><value><struct>"
            b"<member><name>faultCode</name><value><int>%d</int></value></member>"
            b"<member><name>faultString</name><value><string>%s</string></value></member>"
            b"</struct></value></fault></methodResponse>" % (code, text))


def ok(body, *headers):
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(h + b"\r\n" for h in headers)
    if not headers:
        head += b"Content-Length: %d\r\n" % len(body)
    return head + b"\r\n" + body


def chunked(body, size=7):
    pieces = [body[i:i + size] for i in range(0, len(body), size)]
    return ok(b"".join(b"%x;ext\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nA: b\r\n\r\n",
              b"Transfer-Encoding: chunked")


@reeve_only
class Client(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory(prefix="reeve-http-")
        self.addCleanup(self.dir.cleanup)
        self.path = os.path.join(self.dir.name, "s")
        self.requests = []

    def serve(self, listener, responses):
        for response in responses:
            with contextlib.suppress(OSError), listener.accept()[0] as s:
                s.settimeout(PATIENCE)
                data = b""
                while b"\r\n\r\n" not in data:
                    data += s.recv(65536)
                head, _, body = data.partition(b"\r\n\r\n")
                if b"Content-Length" in head:
                    want = int(head.partition(b"Content-Length: ")[2].split()[0])
                    while len(body) < want:
                        body += s.recv(65536)
                self.requests.append((head, body))
                s.sendall(response)

    def run_ctl(self, words, *responses, options=()):
        """(exit status, stdout with URL for the URL) for a server that sends this."""
        with socket.socket(socket.AF_UNIX) as listener:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.path)
            listener.bind(self.path)
            listener.listen(8)
            listener.settimeout(PATIENCE)
            server = threading.Thread(target=self.serve, args=(listener, responses))
            server.start()
            url = "unix://" + self.path
            ended = subprocess.run([os.path.join(BUILD, "reevectl"), "-s", url, *options,
                                    *words.split()], capture_output=True, text=True,
                                   timeout=PATIENCE, cwd=self.dir.name, check=False)
            with socket.socket(socket.AF_UNIX) as s:  # in case it waits for another request
                s.connect(self.path)
                listener.close()
            server.join(PATIENCE)
        if ended.returncode == 0:
            self.assertEqual("", ended.stderr)
        return ended.returncode, ended.stdout.replace(url, "URL")

    def test_shapes_of_bodies(self):
        for shape in (ok, chunked, lambda b: ok(b, b"A: b"),
                      lambda b: b"HTTP/1.1 100 Continue\r\n\r\n" + ok(b),
                      lambda b: ok(b).replace(b"\r\n", b"\n")):
            self.assertEqual((0, "4711\n"), self.run_ctl("pid", shape(VERSION), shape(
                value(b"<int>4711</int>"))))

    def test_requests(self):
        self.run_ctl("signal HUP <a&b>\r", ok(VERSION), ok(value(b"<boolean>1</boolean>")),
                     options=("-u", "Aladdin", "-p", "open sesame"))
        head, body = self.requests[1]
        self.assertTrue(head.startswith(b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n"))
        self.assertIn(b"\r\nAuthorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n", head)
        self.assertIn(b"<string>&lt;a&amp;b&gt;</string>", body)
        self.assertIn(b"supervisor.signalProcess", body)

    def test_refusals(self):
        for response, want in (
                (ok(fault(1, b"UNKNOWN_METHOD")), (3, "URL does not know the methods")),
                (ok(value(b"<string>2.0</string>")),
                 (5, "Sorry, this version of supervisorctl expects to talk to a server with "
                     "API version 3.0, but the remote version is 2.0.")),
                (ok(fault(6, b"SHUTDOWN_STATE")), (1, "error: the daemon is shutting down\n")),
                (b"HTTP/1.0 500 Oh no\r\n\r\n", (1, "error: URL: 500 Oh no")),
                (b"HTTP/1.1 401 Unauthorized\r\n\r\n", (1, "Server requires authentication\n"
                                                         "error: URL: 401 Unauthorized"))):
            status, out = self.run_ctl("pid", response)
            self.assertEqual(want, (status, out[:len(want[1])]))

    def test_nonsense(self):
        deep = b"<array><data><value>" * 100 + b"</value></data></array>" * 100
        for response in (
                b"", b"x", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"SSH-2.0-x\r\n",
                b"HTTP/1.1 100 C\r\n\r\n" * 20, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100000,
                ok(b"", b"Content-Length: 10"), ok(b"", b"Content-Length: x"),
                ok(b"zz\r\n", b"Transfer-Encoding: chunked"),
                ok(b"ffffffffffffffffffffff\r\n", b"Transfer-Encoding: chunked"),
                ok(b"5\r\nab", b"Transfer-Encoding: chunked"),
                ok(b"", b"Transfer-Encoding: gzip"),
                ok(b""), ok(b"<a>"), ok(b"\xff"), ok(value(deep)),
                ok(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + VERSION),
                ok(value(b"<int>x</int>")), ok(b"<methodResponse/>"),
                ok(b"<methodResponse><fault/></methodResponse>"), ok(value(b"<nil/>"))):
            status, out = self.run_ctl("pid", response)
            with self.subTest(response[:60]):
                self.assertIn(status, (1, 5))
                self.assertRegex(out, r"^(error: URL: .+|Sorry, .*)\n$")

    def test_answers_of_wrong_shape(self):
        """A result that the method never returns is rejected, not ignored."""
        empty = b"<array><data/></array>"
        shapes = (b"<int>7</int>", b"<string>a</string>", empty,
                  b"<array><data><value>x</value><value><struct/></value></data></array>",
                  b"<array><data><value><array><data><value><int>1</int></value></data></array>"
                  b"</value></data></array>", b"<struct/>", b"<nil/>")
        fits = {"status": empty, "pid": shapes[0], "pid all": empty, "start all": empty,
                "stop g:*": empty, "avail": empty, "version": shapes[1], "tail a": shapes[1],
                "clear all": empty}
        for line in ("status", "pid", "pid all", "start all", "stop g:*", "reread", "avail",
                     "update", "version", "tail a", "clear all"):
            for shape in shapes:
                with self.subTest(line=line, shape=shape):
                    # clear requests the running processes first.
                    rows = [ok(value(empty))] if line == "clear all" else []
                    got = self.run_ctl(line, ok(VERSION), *rows, ok(value(shape)))
                    want = (1, "error: URL: the response does not have the type of the "
                            "method's result\n")
                    if fits.get(line) == shape:
                        self.assertEqual(0, got[0])
                    else:
                        self.assertEqual(want, got)

    def test_bodies_that_are_none(self):
        for body, want in (
                (ok(b"<html>3.0</html>"), "a response that is not XML-RPC"),
                (ok(b"", b"Content-Length: 99"), "the response is incomplete or malformed"),
                (ok(b"5\r\nabcdef\r\n", b"Transfer-Encoding: chunked"),
                 "the response is incomplete or malformed"),
                (b"HTTP/1.1 500 \x1b[2J\xff\r\n\r\n", "500 ?[2J?"),
                (ok(b"", b"Content-Length: -1"), "the response is not HTTP")):
            self.assertEqual((1, "error: URL: %s\n" % want), self.run_ctl("pid", body))

    def test_values(self):
        row = (b"<struct><member><name>name</name><value>a&#65;</value></member>"
               b"<member><name>group</name><value><string>g</string></value></member>"
               b"<member><name>statename</name><value>RUNNING</value></member>"
               b"<member><name>pid</name><value><i4>12</i4></value></member>"
               b"<member><name>start</name><value><int>100</int></value></member>"
               b"<member><name>now</name><value><int>165</int></value></member></struct>")
        rows = value(b"<array><data><value>" + row + b"</value></data></array>")
        self.assertEqual((0, "%-33sRUNNING   pid 12, uptime 0:01:05\n" % "g:aA"),
                         self.run_ctl("status", chunked(VERSION, 1), chunked(rows, 3)))


if __name__ == "__main__":
    unittest.main()
