"""HTTP requests of all kinds, over raw sockets."""

import base64
import socket
import time
import unittest

from reeve import Case, program, reeve_only

CALL = (b"<?xml version='1.0'?><methodCall><methodName>%s</methodName>"
        b"<params></params></methodCall>")
STATE = CALL % b"supervisor.getState"


def request(body=STATE, method="POST", path="/RPC2", version="HTTP/1.1", length=True, *,
            headers=()):
    lines = ["%s %s %s" % (method, path, version), "Host: localhost"]
    if length:
        lines.append("Content-Length: %d" % len(body))
    lines += headers
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Reply:
    def __init__(self, stream):
        self.status_line = stream.readline()
        self.headers = {}
        for line in iter(stream.readline, b""):
            if line in (b"\r\n", b"\n"):
                break
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.lower()] = value.strip()
        length = self.headers.get("content-length")
        self.body = stream.read(int(length) if length is not None else -1)
        self.status = int(self.status_line.split()[1]) if self.status_line else None


class Http(Case):
    unix = None
    tcp = None

    def setUp(self):
        self.d = self.daemon(program("cat", "/bin/cat", startsecs=0), unix=self.unix,
                             tcp=self.tcp)

    def connect(self):
        s = self.d.connect()
        self.addCleanup(s.close)
        stream = s.makefile("rb")
        self.addCleanup(stream.close)
        return s, stream

    def ask(self, data):
        s, stream = self.connect()
        s.sendall(data)
        return Reply(stream)

    def fault(self, body):
        """The code of the fault for this body, or the HTTP status."""
        reply = self.ask(request(body))
        if reply.status != 200:
            return "HTTP %d" % reply.status
        text = reply.body.decode()
        code = text.partition("<name>faultCode</name>")[2]
        return int(code.partition("<int>")[2].partition("<")[0]) if code else 0

    def assertServes(self):
        reply = self.ask(request())
        self.assertEqual(200, reply.status)
        self.assertIn(b"RUNNING", reply.body)


class Statuses(Http):
    def test_good(self):
        reply = self.ask(request())
        self.assertEqual((200, "text/xml"), (reply.status, reply.headers["content-type"]))
        self.assertIn(b"<string>RUNNING</string>", reply.body)

    def test_prefix_of_the_path(self):
        self.assertEqual(200, self.ask(request(path="/RPC2foo?x=1")).status)
        self.assertEqual(404, self.ask(request(path="/rpc2", method="GET", length=False,
                                               body=b"")).status)

    def test_method(self):
        for method in ("GET", "PUT", "DELETE"):
            self.assertEqual(400, self.ask(request(method=method)).status, method)
        self.assertServes()

    def test_no_length(self):
        self.assertEqual(411, self.ask(request(b"", length=False)).status)
        self.assertEqual(411, self.ask(request(
            b"5\r\nhello\r\n0\r\n\r\n", length=False,
            headers=["Transfer-Encoding: chunked"])).status)

    def test_not_xml(self):
        for body in (b"x", b"<a>", b"<methodCall>", STATE[:-5], STATE + b"<x/>",
                     b"<methodCall><methodName>a.b</methodName><params><param><value>"
                     b"<ex:nil/></value></param></params></methodCall>",
                     b"<methodCall><params></params></methodCall>",
                     b"<methodCall><methodName></methodName></methodCall>",
                     b"<methodCall><methodName>a.b</methodName><params><param><value>"
                     b"<int>x</int></value></param></params></methodCall>", b"<"):
            with self.subTest(body):
                self.assertEqual(400, self.ask(request(body)).status)
        self.assertServes()

    def test_error_page(self):
        reply = self.ask(request(b"x"))
        self.assertEqual("text/html", reply.headers["content-type"].partition(";")[0])
        self.assertIn(b"Error code 400.", reply.body)
        self.assertIn(b"Message: Bad Request.", reply.body)

    def test_unknown_method_is_a_fault(self):
        self.assertEqual(1, self.fault(CALL % b"supervisor.nope"))
        self.assertEqual(1, self.fault(CALL % b"nope"))

    @reeve_only
    def test_not_utf8(self):
        self.assertEqual(400, self.ask(request(b"\xff\xfe")).status)

    @reeve_only
    def test_spelling_of_the_head(self):
        """supervisord requires a blank after the colon, hangs at bare LFs, and repeats
        any version of the request."""
        self.assertEqual(200, self.ask(request().replace(b"Length: ", b"Length:")).status)
        self.assertEqual(200, self.ask(request().replace(b"\r\n", b"\n")).status)
        self.assertEqual(505, self.ask(request(version="HTTP/2.0")).status)
        self.assertEqual(400, self.ask(request(version="")).status)

    @reeve_only
    def test_no_body(self):
        """supervisord never answers this."""
        self.assertEqual(400, self.ask(request(b"")).status)

    @reeve_only
    def test_bad_length(self):
        """supervisord answers with status 500."""
        for length in ("x", "-1", "1x", "99999999999999999999"):
            with self.subTest(length):
                reply = self.ask(request(b"", length=False,
                                         headers=["Content-Length: " + length]))
                self.assertIn(reply.status, (400, 413))
        self.assertServes()

    @reeve_only
    def test_two_lengths(self):
        for headers in (["Content-Length: 5"], ["Transfer-Encoding: chunked"]):
            self.assertEqual(400, self.ask(request(headers=headers)).status)

    @reeve_only
    def test_two_hosts(self):
        for headers in (["Host: localhost"], ["host: other"], ["Host:"]):
            reply = self.ask(request(headers=headers))
            self.assertEqual((400, "close"), (reply.status, reply.headers["connection"]))

    @reeve_only
    def test_doctype(self):
        body = b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + STATE
        self.assertEqual("HTTP 400", self.fault(body))

    @reeve_only
    def test_oversized(self):
        size = 4 * 1024 * 1024
        # A body that is slightly too large is read to its end, so that the client gets
        # the answer.
        body = STATE + b" " * (size + 1 - len(STATE))
        self.assertEqual(413, self.ask(request(body)).status)
        self.assertEqual(200, self.ask(request(body[:size])).status)
        self.assertServes()

    @reeve_only
    def test_deep(self):
        def nested(depth):
            return (b"<methodCall><methodName>supervisor.getProcessInfo</methodName><params>"
                    b"<param>" + b"<value><array><data>" * depth +
                    b"</data></array></value>" * depth + b"</param></params></methodCall>")
        self.assertEqual(2, self.fault(nested(5)))
        self.assertEqual("HTTP 400", self.fault(nested(100)))
        self.assertEqual("HTTP 400", self.fault(nested(60000)))
        self.assertServes()

    @reeve_only
    def test_many_parameters_and_values(self):
        body = (b"<methodCall><methodName>supervisor.getState</methodName><params>" +
                b"<param><value>x</value></param>" * 50000 + b"</params></methodCall>")
        self.assertIn(self.fault(body), (2, "HTTP 400"))
        self.assertServes()

    @reeve_only
    def test_junk(self):
        for junk in (b"\0" * 100, b"GET\r\n\r\n", b"\r\n\r\n\r\n", b"A" * 70000,
                     b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70000 + b"\r\n\r\n",
                     b"POST /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
            s, _ = self.connect()
            try:
                s.sendall(junk)
                s.shutdown(socket.SHUT_WR)
                s.settimeout(0.1)
                while s.recv(65536):
                    pass
            except OSError:  # it may close the connection first, or wait for more
                pass
        self.assertServes()

    @reeve_only
    def test_truncated(self):
        for cut in range(0, len(request()), 40):
            s, _ = self.connect()
            s.sendall(request()[:cut])
            s.close()
        self.assertServes()

    @reeve_only
    def test_nul_in_names(self):
        for name in (b"\0", b"\xed\xa0\x80"):
            body = (b"<methodCall><methodName>supervisor.getProcessInfo</methodName><params>"
                    b"<param><value>a" + name + b"</value></param></params></methodCall>")
            self.assertEqual("HTTP 400", self.fault(body))
        self.assertIn("RUNNING", self.d.reevectl("status").stdout)


class Connections(Http):
    def test_kept(self):
        s, stream = self.connect()
        for _ in range(3):
            s.sendall(request())
            self.assertEqual(200, Reply(stream).status)

    def test_close(self):
        s, stream = self.connect()
        s.sendall(request(headers=["Connection: close"]))
        self.assertEqual(200, Reply(stream).status)
        self.assertEqual(b"", stream.read())

    def test_http_1_0(self):
        s, stream = self.connect()
        s.sendall(request(version="HTTP/1.0"))
        self.assertEqual(200, Reply(stream).status)
        self.assertEqual(b"", stream.read())
        s, stream = self.connect()
        for _ in range(2):
            s.sendall(request(version="HTTP/1.0", headers=["Connection: keep-alive"]))
            reply = Reply(stream)
            self.assertEqual((200, "keep-alive"),
                             (reply.status, reply.headers["connection"].lower()))

    def test_pipelined(self):
        s, stream = self.connect()
        s.sendall(request() + request(CALL % b"supervisor.getPID") + request())
        for wanted in (b"RUNNING", b"%d" % self.d.pid, b"RUNNING"):
            reply = Reply(stream)
            self.assertEqual(200, reply.status)
            self.assertIn(wanted, reply.body)

    def test_in_small_pieces(self):
        s, stream = self.connect()
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(0, len(request()), 7):
            s.sendall(request()[i:i + 7])
        self.assertEqual(200, Reply(stream).status)

    def test_slow_one_holds_nobody_up(self):
        s, stream = self.connect()
        s.sendall(request()[:30])
        self.assertServes()
        s.sendall(request()[30:])
        self.assertEqual(200, Reply(stream).status)

    def test_client_that_leaves_a_parked_call(self):
        self.d.wait_state("cat", "RUNNING")
        body = (b"<methodCall><methodName>supervisor.stopProcess</methodName><params><param>"
                b"<value>cat</value></param></params></methodCall>")
        s, _ = self.connect()
        s.sendall(request(body))
        s.close()
        self.d.wait_state("cat", "STOPPED")

    @reeve_only
    def test_idle_clients(self):
        held = [self.connect() for _ in range(200)]
        self.assertServes()
        for s, stream in held[::20]:
            s.sendall(request())
            self.assertEqual(200, Reply(stream).status)


def basic(text):
    return ["Authorization: Basic " + base64.b64encode(text.encode()).decode()]


class Authentication(Http):
    unix = {"username": "u", "password": "{SHA}9d4e1e23bd5b727046a9e3b4b7db57bd8d6ee684"}
    tcp = {"username": "user", "password": "a:b"}

    def test_who(self):
        self.assertEqual(200, self.ask(request(headers=basic("user:a:b"))).status)
        for headers in ([], basic("user:a"), basic("User:a:b"), basic(":"), basic("user:"),
                        ["Authorization: Digest x"]):
            with self.subTest(headers):
                reply = self.ask(request(headers=headers))
                self.assertEqual((401, 'Basic realm="default"'),
                                 (reply.status, reply.headers["www-authenticate"]))

    def test_hashed(self):
        s = self.rpc(self.d, user="u", password="pass")
        self.assertEqual("3.0", s.supervisor.getVersion())

    @reeve_only
    def test_bad_base64(self):
        reply = self.ask(request(headers=["Authorization: Basic !!!"]))
        self.assertIn(reply.status, (400, 401))

    @reeve_only
    def test_without_colon(self):
        """supervisord answers with status 500."""
        self.assertIn(self.ask(request(headers=basic("user"))).status, (400, 401))

    @reeve_only
    def test_big_body_sees_its_401(self):
        for _ in range(5):
            self.assertEqual(401, self.ask(request(b"x" * 1000000)).status)

    @reeve_only
    def test_refusal_closes(self):
        """supervisord answers so, keeps the connection, and ignores further requests on
        it."""
        s, stream = self.connect()
        s.sendall(request())
        self.assertEqual(401, Reply(stream).status)
        self.assertEqual(b"", stream.read())

    def test_everything_is_behind_it(self):
        for path in ("/", "/logtail/cat", "/mainlogtail", "/nope"):
            self.assertEqual(401, self.ask(request(b"", "GET", path, length=False)).status)


@reeve_only
class Guesses(Http):
    tcp = {"username": "user", "password": "secret"}

    def begin(self, text):
        s, stream = self.connect()
        s.sendall(request(headers=basic(text)))
        return s, stream

    def test_wrong_ones_wait_and_right_ones_do_not(self):
        begun = time.monotonic()
        waiting = [self.begin("user:guess%d" % i) for i in range(40)]
        self.assertEqual(200, self.ask(request(headers=basic("user:secret"))).status)
        self.assertEqual(401, self.ask(request()).status)
        # So many connections of an address are answered in a second; others are closed
        # at once.
        statuses = [Reply(stream).status for _, stream in waiting]
        self.assertGreater(time.monotonic() - begun, 0.9)
        self.assertLessEqual(statuses.count(401), 32)
        self.assertEqual({401, None}, set(statuses))
        self.d.wait_log("wrong credentials")
        lines = [m for m in self.d.messages() if "wrong credentials" in m]
        self.assertLess(len(lines), 10)

    def test_client_that_does_not_wait_counts(self):
        for i in range(40):
            s, stream = self.begin("user:guess%d" % i)
            if i % 2:
                s.shutdown(socket.SHUT_RDWR)
        self.assertEqual([200] * 3, [self.ask(request(headers=basic("user:secret"))).status
                                     for _ in range(3)])
        self.assertServes()

    def assertServes(self):
        self.assertEqual(200, self.ask(request(headers=basic("user:secret"))).status)


if __name__ == "__main__":
    unittest.main()
