"""reeved with a replacement for reeve-rpcd that is late, malformed or malicious. The master
replaces it and continues."""

import contextlib
import os
import shutil
import socket
import sys
import tempfile
import unittest

from reeve import BUILD, Case, alive, program, reeve_only, row_of, until

# The replacement: exchanges frames on descriptor 3, then executes the body of the test.
FRONT_END = """#!%s
import json, os, socket, sys, time
s = socket.socket(fileno=3)
s.setblocking(True)
f = s.makefile("rb")
def call(n, method, **params):
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": n, "method": method,
                          "params": params}).encode() + b"\\n")
    for line in f:
        answer = json.loads(line)
        if answer.get("id") == n:
            return answer
def log(text):
    os.write(2, text.encode() + b"\\n")
def hello():
    call(1, "hello", protocol=1, program="impostor")
%s
"""


USERS = """
[user:admin]
password=x
role=admin
[user:bob]
password=x
role=view
[user:carol]
password=x
role=operate
programs=dog
[program:dog]
command=/bin/cat
startsecs=0
"""

# Says what becomes of commands with these claims.
CLAIMS = """hello()
call(2, "ready")
def claim(n, method, by, **params):
    answer = call(n + 2, method, by=by, **params)
    text = answer["error"]["message"] if "error" in answer else method + " null"
    log("INFO %d %s" % (n, text.replace("NOT_PERMITTED: ", "")
                        .replace("INCORRECT_PARAMETERS: ", "")))
claim(1, "process.stop", {"from": "?"}, name="dog")
claim(2, "process.start", {"user": "bob"}, name="dog")
claim(3, "process.start", {"user": "nobody"}, name="dog")
claim(4, "process.start", ["bob"], name="dog")
claim(5, "daemon.shutdown", {"user": "admin"})
claim(6, "daemon.shutdown", {"user": "me", "server": True})
claim(7, "daemon.shutdown", {"user": "admin", "method": "system.listMethods"})
claim(8, "process.stop", {"user": "carol"}, name="cat")
claim(9, "process.start", {"user": "carol"}, name="dog")
claim(10, "process.signal", {"user": "carol"}, name="cat:*", signal="KILL")
claim(11, "group.stop", {"user": "carol"}, name="dog")
claim(12, "config.reread", {"user": "carol"})
log("INFO end")
time.sleep(100)
"""


class Impostor(Case):
    def impostor(self, body, servers=(None, None), programs="", **supervisord):
        """A daemon whose reeve-rpcd is the replacement with this body."""
        build = tempfile.mkdtemp(prefix="reeve-")
        self.addCleanup(shutil.rmtree, build)
        d = self.make(program("cat", "/bin/cat", startsecs=0) + programs,
                      supervisord=supervisord, build=build, unix=servers[0], tcp=servers[1])
        shutil.copy(os.path.join(BUILD, "reeved"), build)
        path = os.path.join(build, "reeve-rpcd")
        with open(path, "w", encoding="utf-8") as out:
            out.write(FRONT_END % (sys.executable, body))
        os.chmod(path, 0o755)
        d.spawn()
        self.addCleanup(self.finish, d)
        until(lambda: os.path.exists(d.control_path))
        return d

    def assertServesLocally(self, d):
        pid = self.row(d)["pid"]
        self.assertTrue(alive(pid))
        self.assertEqual(pid, self.row(d)["pid"])

    def row(self, d):
        wire = self.control(d)
        wire.call("subscribe")
        while True:
            for row in map(row_of, wire.notification("stream.rows")["rows"]):
                if row["name"] == "cat":
                    return row


@reeve_only
class Hostile(Impostor):
    def test_the_queue_of_a_unix_socket(self):
        """has 64 connections that nobody accepts and, as the kernel counts, one more."""
        d = self.impostor("hello()\ntime.sleep(100)")
        until(lambda: os.path.exists(d.socket))
        with contextlib.ExitStack() as clients, self.assertRaises(BlockingIOError):
            for waiting in range(66):  # noqa: B007
                client = clients.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(d.socket)
        self.assertEqual(65, waiting)
        # The others do not suffer.
        self.assertServesLocally(d)

    def test_never_says_hello(self):
        d = self.impostor("time.sleep(100)")
        d.wait_log("a client broke the protocol and was disconnected: no hello in time")
        d.wait_log(r"reeve-rpcd \(\d+\) was terminated by SIGKILL")
        self.assertServesLocally(d)

    def test_never_gets_ready(self):
        d = self.impostor("hello()\ntime.sleep(100)")
        d.wait_log(r"reeve-rpcd \(\d+\) was not ready in time; killing it")
        self.assertServesLocally(d)

    def test_exits_at_once(self):
        d = self.impostor("sys.exit(3)")
        d.wait_log(r"reeve-rpcd \(\d+\) exited with status 3")
        first = d.front_end()
        until(lambda: d.front_end() not in (None, first), what="another reeve-rpcd")
        self.assertServesLocally(d)
        self.assertEqual(1, d.log().count("exited with status 3"))

    def test_breaks_the_protocol(self):
        d = self.impostor("hello()\ns.sendall(b'garbage\\n')\ntime.sleep(100)")
        d.wait_log("impostor broke the protocol and was disconnected: bad frame: not JSON")
        self.assertServesLocally(d)

    def test_asks_for_what_is_not_offered(self):
        d = self.impostor("hello()\n"
                          "for n, m in enumerate(('subscribe', 'daemon.break', 'hello2')):\n"
                          "    log('INFO ' + json.dumps(call(n + 2, m)['error']))\n"
                          "time.sleep(100)")
        d.wait_log("NOT_PERMITTED: reeve-rpcd may not call subscribe")
        d.wait_log("UNKNOWN_METHOD", count=2)
        self.assertServesLocally(d)

    def test_claims_of_users(self):
        """Who reeve-rpcd says is calling can only narrow what it may do."""
        d = self.impostor(CLAIMS, servers=2 * ({"max_role": "operate"},), programs=USERS)
        d.wait_log("INFO reeve-rpcd: end")
        for text in (
                "1 process.stop null",
                "2 process.start needs role operate, and role= of [user:bob] is view",
                "3 the user in parameter 'by' is not configured",
                "4 parameter 'by' must be an object of strings",
                "5 daemon.shutdown needs role admin, and max_role= of the server is operate",
                "6 daemon.shutdown needs role admin, and max_role= of the server is operate",
                "7 daemon.shutdown needs role admin, and max_role= of the server is operate",
                "8 BAD_NAME: cat",
                "9 process.start null",
                "10 BAD_NAME: cat:*",
                "11 group.stop null",
                "12 config.reread needs role admin, and max_role= of the server is operate"):
            self.assertIn("INFO reeve-rpcd: %s\n" % text, d.log())
        self.assertServesLocally(d)

    def test_floods_the_log(self):
        d = self.impostor("hello()\nfor i in range(5000): log('CRIT \\x1b[2J%d' % i)\n"
                          "os.write(2, b'WARN last words')")
        d.wait_log(r"reeve-rpcd: dropped \d+ log lines")
        self.assertIn("reeve-rpcd: ?[2J7\n", d.log())
        self.assertLess(d.log().count("CRIT reeve-rpcd"), 1000)
        self.assertServesLocally(d)

    def test_speaks_for_the_master(self):
        """Frames that the master itself never sends, without a sender."""
        d = self.impostor("hello()\n"
                          "log('INFO spawned: \\'x\\' with pid 1')\n"
                          "log('ERRO XML-RPC request for all')\n"
                          "log('ERRO XML-RPC request data \\'<\\' is invalid: unmarshallable')\n"
                          "log('TRAC XML-RPC method called: a.b()')\n"
                          "log('NONE last')\n"
                          "time.sleep(100)", loglevel="trace")
        d.wait_log("WARN reeve-rpcd: NONE last$")
        text = [m for m in d.messages() if "spawned: 'x'" in m or "XML-RPC" in m]
        self.assertEqual(["INFO reeve-rpcd: spawned: 'x' with pid 1",
                          "ERRO reeve-rpcd: XML-RPC request for all",
                          "ERRO XML-RPC request data '<' is invalid: unmarshallable",
                          "TRAC XML-RPC method called: a.b()"], text[:4])


if __name__ == "__main__":
    unittest.main()
