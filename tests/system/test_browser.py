"""Requests of web pages, and of proxies."""

import unittest

from reeve import Shared, program, reeve_only
from test_http import CALL, Reply, request

STOP = CALL % b"supervisor.stopAllProcesses"
EVIL = ["Origin: http://evil.example", "Content-Type: text/plain"]
FOLLOWED = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document"]
PATHS = (("POST", "/RPC2", STOP), ("GET", "/logtail/cat", None), ("GET", "/mainlogtail", None),
         ("GET", "/", None), ("OPTIONS", "/RPC2", None), ("GET", "/nothing", None))


@reeve_only
class Pages(Shared):
    programs = program("cat", "/bin/cat", startsecs=0)
    options = {"tcp": {"server_names": "ops.example"}}

    def status(self, method="POST", path="/RPC2", body=STOP, host="localhost", headers=(),
               via="tcp"):
        data = request(body or b"", method, path, length=body is not None, headers=headers)
        data = data.replace(b"Host: localhost", b"Host: " + host.encode())
        with self.d.connect(via) as s, s.makefile("rb") as stream:
            s.sendall(data)
            line = stream.readline()
        return int(line.split()[1])

    def assertRuns(self):
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_page_of_another_site(self):
        for via in ("tcp", "unix"):
            for method, path, body in PATHS:
                for headers in (EVIL, ["Sec-Fetch-Site: cross-site"], ["Origin: null"],
                                ["Sec-Fetch-Site: same-site"], EVIL + FOLLOWED):
                    if headers[-1:] == FOLLOWED[-1:] and path == "/":
                        continue
                    with self.subTest(path=path, headers=headers, via=via):
                        self.assertEqual(403, self.status(method, path, body, headers=headers,
                                                          via=via))
        self.assertRuns()
        self.d.wait_log("refused a request from a page of another site")

    def test_link_on_another_site(self):
        self.assertEqual(200, self.status("GET", "/", None, headers=FOLLOWED))
        frame = FOLLOWED[:-1] + ["Sec-Fetch-Dest: iframe"]
        self.assertEqual(403, self.status("GET", "/", None, headers=frame))

    def test_name_that_resolves_to_this_machine(self):
        same = ["Origin: http://evil.example", "Sec-Fetch-Site: same-origin"]
        for headers in (same, same[:1], same[1:]):
            self.assertEqual(403, self.status(host="evil.example", headers=headers))
        with self.d.connect("tcp") as s, s.makefile("rb") as stream:
            s.sendall(request(b"", "GET", "/", length=False, headers=["Sec-Fetch-Site: none"])
                      .replace(b"Host: localhost", b"Host: evil.example"))
            reply = Reply(stream)
        self.assertEqual(403, reply.status)
        self.assertIn(b"server_names=", reply.body)
        self.assertNotIn(b"evil", reply.body)
        for path in ("/logtail/cat", "/mainlogtail"):
            self.assertEqual(403, self.status("GET", path, None, host="evil.example"))
        self.assertRuns()
        self.d.wait_log("refused a request for the host 'evil.example': set a password, or "
                        "add the name to server_names=")

    def test_own_pages(self):
        state = CALL % b"supervisor.getState"
        for host in ("localhost:1", "127.0.0.1:9", "[::1]:8", "ops.example"):
            headers = ["Origin: http://" + host, "Sec-Fetch-Site: same-origin"]
            self.assertEqual(200, self.status(body=state, host=host, headers=headers))
            self.assertEqual(200, self.status(body=state, host=host, headers=headers[:1]))
            self.assertEqual(200, self.status("GET", "/mainlogtail", None, host=host))

    def test_other_clients_notice_nothing(self):
        state = CALL % b"supervisor.getState"
        for host in ("evil.example", "a:b", "supervisor", ""):
            for via in ("tcp", "unix"):
                self.assertEqual(200, self.status(body=state, host=host, via=via))
        self.assertEqual(200, self.status("GET", "/mainlogtail", None, "supervisor", via="unix"))


@reeve_only
class Passwords(Shared):
    programs = program("cat", "/bin/cat", startsecs=0)
    options = {"tcp": {"username": "user", "password": "secret"}}

    def test_credentials_of_the_browser(self):
        """A browser adds credentials to the requests of any page; the name in Host proves
        nothing here."""
        basic = "Authorization: Basic dXNlcjpzZWNyZXQ="
        for headers, host, want in ((EVIL, "x", 403), (["Sec-Fetch-Site: none"], "x", 200),
                                    (["Origin: http://x"], "x", 200)):
            data = request(headers=headers + [basic]).replace(b"localhost", host.encode())
            with self.d.connect() as s, s.makefile("rb") as stream:
                s.sendall(data)
                self.assertEqual(want, Reply(stream).status)


@reeve_only
class Forwarded(Shared):
    programs = program("cat", "/bin/cat", startsecs=0)

    def ask(self, body, headers, via):
        with self.d.connect(via) as s, s.makefile("rb") as stream:
            s.sendall(request(body, headers=headers))
            return Reply(stream).body

    def test_role(self):
        for via in ("tcp", "unix"):
            for header in ("Forwarded: for=9.9.9.9", "X-Forwarded-For: 127.0.0.1",
                           "x-real-ip: ::1"):
                with self.subTest(header=header, via=via):
                    self.assertIn(b"NOT_PERMITTED", self.ask(STOP, [header], via))
                    self.assertIn(b"RUNNING",
                                  self.ask(CALL % b"supervisor.getState", [header], via))
        self.assertEqual("RUNNING", self.d.state("cat"))
        self.d.wait_log("WARN reeve-rpcd: .*: requests that a proxy forwards count as from "
                        "another machine")
        self.assertEqual(2, self.d.log().count("a proxy forwards"), "once for each server")


if __name__ == "__main__":
    unittest.main()
