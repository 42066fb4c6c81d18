"""reeve-verifier: users whose passwords are slow hashes. A replacement for reeve-rpcd passes
requests of the test to the master, and the answers back."""

import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
import unittest

from reeve import (BUILD, PATIENCE, SANITIZED, Case, alive, children_of, read, reeve_only,
                   status_of, until)

# After its start as reeve-rpcd, passes lines from a socket to the master and back.
FRONT_END = """#!%s
import json, os, socket, threading, time
s = socket.socket(fileno=3)
s.setblocking(True)
f = s.makefile("rb")
def call(n, method, **params):
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": n, "method": method,
                          "params": params}).encode() + b"\\n")
    for line in f:
        answer = json.loads(line)
        if answer.get("id") == n and "method" not in answer:
            return answer
call(1, "hello", protocol=1, program="replacement")
call(2, "ready")
test = socket.socket(socket.AF_UNIX)
test.connect(%r)
def to_test():
    for line in f:
        frame = json.loads(line)
        if frame.get("method") == "ping":
            s.sendall(json.dumps({"jsonrpc": "2.0", "id": frame["id"], "result":
                                  {"seq": 0, "busy": 0}}).encode() + b"\\n")
        elif "method" not in frame:
            test.sendall(line)
    os._exit(0)
threading.Thread(target=to_test).start()
for line in test.makefile("rb"):
    s.sendall(line)
time.sleep(1000)
"""

PASSWORD = "Hello world!"
# Hashes of it; the first one is published with the algorithm.
SHA512 = ("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEd"
          "FCoEOfaS35inz1")
BCRYPT = "$2b$04$abcdefghijklmnopqrstuuyeG8laUfZvsCmc.AE6qIDYSPGM2efmK"
YESCRYPT = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$6foLM1JhGupouWKMU70wxK61Kw9ZnecbACjJwRadqM2"  # of x
# It takes some hundred milliseconds, with 128 MiB of memory.
SLOW = "$y$jCT$F5Jx5fExrKuPp53xLKQ..1$v72JEYEyucIJ6HYmYWPh8mIzd9l0JqYtDRCLh1peYYC"
# It needs 1 GiB, which the verifier does not have.
HUGE = "$y$jFT$F5Jx5fExrKuPp53xLKQ..1$J43l5KwwaL28/8Lu4eYDQ/PF9Qd1J2AU2YC0Uj/XNt7"


def user(name, password, **options):
    lines = {"password": password, "role": "view", **options}.items()
    return "[user:%s]\n%s\n" % (name, "".join("%s=%s\n" % line for line in lines))


USERS = user("sha", SHA512) + user("blow", BCRYPT) + user("yes", YESCRYPT) + \
    user("plain", "secret")


class Verifier(Case):
    """A daemon whose reeve-rpcd passes requests; ask and answer use it."""

    verifier_body = None  # of a replacement for reeve-verifier
    source = BUILD

    def begin(self, users=USERS, **options):
        build = tempfile.mkdtemp(prefix="reeve-")
        self.addCleanup(shutil.rmtree, build)
        os.chmod(build, 0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(os.path.join(build, "test.sock"))
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        shutil.copy(os.path.join(self.source, "reeved"), build)
        self.program(build, "reeve-rpcd", FRONT_END % (sys.executable,
                                                       self.listener.getsockname()))
        if self.verifier_body is None:
            shutil.copy(os.path.join(self.source, "reeve-verifier"), build)
        else:
            self.program(build, "reeve-verifier", self.verifier_body)
        self.d = self.make(users, build=build, **options)
        self.d.spawn()
        self.addCleanup(self.finish, self.d)
        self.accept()
        return self.d

    @staticmethod
    def program(build, name, text):
        path = os.path.join(build, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o755)

    def accept(self):
        """A new reeve-rpcd has connected to the master."""
        self.wire = self.listener.accept()[0]
        self.wire.settimeout(PATIENCE)
        self.addCleanup(self.wire.close)
        self.lines = self.wire.makefile("rb")
        self.addCleanup(self.lines.close)
        self.last = 100

    def ask(self, name, password, **more):
        self.last += 1
        frame = {"jsonrpc": "2.0", "id": self.last, "method": "auth.verify",
                 "params": {"user": name, "password": password, **more}}
        self.wire.sendall(json.dumps(frame).encode() + b"\n")
        return self.last

    def answers(self, *idents):
        """The answers to these requests: True, False or the text of a fault."""
        found = {}
        while not set(idents) <= set(found):
            frame = json.loads(self.lines.readline())
            found[frame["id"]] = frame["error"]["message"] if "error" in frame else \
                frame["result"]["ok"]
        return [found[i] for i in idents]

    def verify(self, name, password):
        return self.answers(self.ask(name, password))[0]

    def verify_again(self, name, password):
        """The answer of a verifier that may have to be started first."""
        def answer():
            got = self.verify(name, password)
            return None if isinstance(got, str) else [got]
        return until(answer, every=0.05)[0]

    def pid(self):
        for pid in children_of(self.d.pid):
            if read("/proc/%d/comm" % pid, b"").strip() == b"reeve-verifier":
                return pid
        return None


@reeve_only
class Passwords(Verifier):
    def test_hashes(self):
        self.begin()
        for name, password in (("sha", PASSWORD), ("blow", PASSWORD), ("yes", "x")):
            self.assertIs(True, self.verify(name, password), name)
            for wrong in ("", "hello world!", password + " ", "x" * 511, "\u00fc\ud7ff"):
                self.assertIs(False, self.verify(name, wrong), (name, wrong))

    def test_unknown_names(self):
        """Also those of users whose passwords are not slow."""
        self.begin()
        for name in ("nobody", "", "plain", "x" * 4096, "-c", "sha\n", "SHA"):
            self.assertIs(False, self.verify(name, PASSWORD), name)
            self.assertIs(False, self.verify(name, "secret"), name)

    def test_unknown_names_take_as_long(self):
        self.begin(user("slow", SLOW))
        def took(name):
            begun = time.monotonic()
            self.assertIs(False, self.verify(name, "wrong"))
            return time.monotonic() - begun
        known = min(took("slow") for _ in range(3))
        self.assertGreater(min(took("nobody") for _ in range(3)), known / 2)

    def test_refused_texts(self):
        self.begin()
        self.assertEqual("INCORRECT_PARAMETERS: a password of more than 511 bytes",
                         self.verify("sha", "x" * 512))
        self.assertIn("INCORRECT_PARAMETERS", self.verify("sha", 5))
        self.assertIn("INCORRECT_PARAMETERS", self.verify("x" * 4097, "x"))
        self.assertIs(True, self.verify("sha", PASSWORD))

    def test_only_for_reeve_rpcd(self):
        d = self.begin()
        with self.assertRaisesRegex(Exception, "NOT_PERMITTED: only reeve-rpcd may call"):
            self.control(d).call("auth.verify", user="sha", password=PASSWORD)

    def test_at_most_eight_wait(self):
        self.begin(user("slow", SLOW))
        asked = [self.ask("slow", PASSWORD) for _ in range(12)]
        got = self.answers(*asked)
        self.assertEqual([True] * 8, got[:8])
        self.assertEqual({"FAILED: too many passwords wait to be verified"}, set(got[8:]))
        self.assertIs(True, self.verify("slow", PASSWORD))

    def test_no_secret_in_the_logs(self):
        d = self.begin(supervisord={"loglevel": "blather"})
        self.verify("sha", PASSWORD)
        self.verify("sha", "w" * 600)
        os.kill(self.pid(), signal.SIGKILL)
        self.verify_again("sha", PASSWORD)
        for text in (PASSWORD, "wwww", SHA512, "saltstring"):
            self.assertNotIn(text, d.log() + d.output())

    def test_too_much_memory(self):
        """The hash is not verified; the process and other users are not affected."""
        if SANITIZED:
            self.skipTest("no memory limit")
        d = self.begin(user("huge", HUGE) + user("sha", SHA512))
        first = self.pid()
        self.assertIs(False, self.verify("huge", "x"))
        self.assertIs(True, self.verify("sha", PASSWORD))
        d.wait_log("ERRO reeve-verifier: cannot verify the password of the user huge: "
                   "crypt.3. does not know its hash, or it needs more than 1 GB")
        self.assertEqual(first, self.pid())

    def test_memory_is_returned(self):
        self.begin(user("slow", SLOW))
        self.assertIs(True, self.verify("slow", PASSWORD))
        if not SANITIZED:
            self.assertLess(int(status_of(self.pid())["VmRSS"].split()[0]), 16 * 1024)


@reeve_only
class Process(Verifier):
    def test_confinement(self):
        self.begin()
        self.verify("sha", PASSWORD)
        pid = self.pid()
        status = status_of(pid)
        self.assertEqual("1", status["NoNewPrivs"].strip())
        if not SANITIZED:
            self.assertEqual("2", status["Seccomp"].strip())
        if os.geteuid() != 0:
            return
        self.assertNotIn("0", status["Uid"].split())
        self.assertEqual(0, int(status["CapBnd"], 16))
        self.assertEqual([], os.listdir("/proc/%d/root/" % pid))
        if not SANITIZED:
            self.assertEqual(b"", read("/proc/%d/environ" % pid))
        for name in os.listdir("/proc/%d/fd" % pid):
            target = os.readlink("/proc/%d/fd/%s" % (pid, name))
            self.assertTrue(target.startswith(("socket:", "pipe:", "anon_inode:",
                                               "/dev/null")), target)

    def test_not_without_a_slow_hash(self):
        d = self.begin(user("plain", "secret"))
        self.assertEqual("FAILED: reeve-verifier does not run", self.verify("plain", "secret"))
        self.assertIsNone(self.pid())
        d.configure(USERS)
        self.reread()
        self.assertIs(True, self.verify_again("sha", PASSWORD))
        pid = self.pid()
        d.configure(user("plain", "secret"))
        self.reread()
        self.assertEqual("FAILED: reeve-verifier does not run", self.verify("sha", PASSWORD))
        until(lambda: not alive(pid))
        d.configure(USERS)
        self.reread()
        self.assertIs(True, self.verify_again("sha", PASSWORD))

    def reread(self):
        self.control(self.d).call("config.reread")

    def test_reread_replaces_the_users(self):
        d = self.begin()
        self.assertIs(True, self.verify("yes", "x"))
        pid = self.pid()
        d.configure(user("yes", SHA512) + user("new", SHA512))
        self.reread()
        self.assertEqual([False, True, True, False], [
            self.verify(*who) for who in (("yes", "x"), ("yes", PASSWORD), ("new", PASSWORD),
                                          ("sha", PASSWORD))])
        self.assertEqual(pid, self.pid())

    def test_reread_during_a_verification(self):
        """The answer, which comes later, is that of the new users."""
        d = self.begin(user("slow", SLOW))
        self.verify("slow", "wrong")
        d.configure(user("slow", SHA512.replace("svn8", "svn9")))
        idents = [self.ask("slow", PASSWORD) for _ in range(3)]
        self.reread()
        self.assertIs(False, self.answers(*idents)[-1])

    def test_killed_in_the_middle(self):
        """Whoever waits gets an error, and nobody a wrong answer."""
        self.begin(user("slow", SLOW))
        self.verify("slow", "wrong")
        pid = self.pid()
        idents = [self.ask("slow", PASSWORD) for _ in range(8)]
        os.kill(pid, signal.SIGKILL)
        got = self.answers(*idents)
        self.assertEqual("FAILED: reeve-verifier has ended", got[-1])
        self.assertLessEqual(set(got), {True, "FAILED: reeve-verifier has ended",
                                        "FAILED: reeve-verifier does not run"})
        self.assertIs(True, self.verify_again("slow", PASSWORD))
        self.assertNotEqual(pid, self.pid())

    def test_stopped(self):
        """It is continued, and the answer is only late."""
        d = self.begin(user("slow", SLOW))
        self.verify("slow", "wrong")
        ident = self.ask("slow", PASSWORD)
        os.kill(self.pid(), signal.SIGSTOP)
        self.assertEqual([True], self.answers(ident))
        d.wait_log(r"reeve-verifier \(\d+\) was stopped by SIGSTOP; continuing it")

    def test_client_is_replaced_meanwhile(self):
        """The answers to its requests do not reach the next reeve-rpcd."""
        d = self.begin(user("slow", SLOW))
        self.verify("slow", "wrong")
        for _ in range(5):
            self.ask("slow", PASSWORD)
        os.kill(d.front_end(), signal.SIGKILL)
        self.accept()
        self.assertIs(False, self.verify("slow", "wrong"))

    def test_ends_with_the_daemon(self):
        d = self.begin(user("slow", SLOW))
        self.verify("slow", "wrong")
        pid = self.pid()
        self.ask("slow", PASSWORD)
        self.assertEqual(0, d.stop())
        self.assertFalse(alive(pid))

    def test_not_installed(self):
        d = self.begin()
        os.unlink(os.path.join(d.build, "reeve-verifier"))
        d.stop()
        if os.path.exists("/usr/local/libexec/reeve/reeve-verifier"):
            self.skipTest("an installed reeve-verifier would be found")
        ended = d.run("-n")
        self.assertNotEqual(0, ended.returncode)
        self.assertIn("Error: could not find reeve-verifier: %s/reeve-verifier: No such file"
                      % d.build, ended.stderr)


# The replacement for reeve-verifier: has received everything up to users.end.
IMPOSTOR = """#!%s
import json, os, socket, sys, time
s = socket.socket(fileno=3)
s.setblocking(True)
f = s.makefile("rb")
def send(**frame):
    s.sendall(json.dumps({"jsonrpc": "2.0", **frame}).encode() + b"\\n")
def receive():
    line = f.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)
def begin():
    while receive()["method"] != "users.end":
        pass
    send(method="ready", params={})
def request():
    while True:
        frame = receive()
        if frame["method"] == "verify":
            return frame["id"]
        if frame["method"] == "ping":
            send(id=frame["id"], result=None)
%s
"""


@reeve_only
class Hostile(Verifier):
    def impostor(self, body):
        self.verifier_body = IMPOSTOR % (sys.executable, body)
        return self.begin(user("sha", SHA512))

    def expect(self, body, log, answer="FAILED: reeve-verifier has ended"):
        """The process is killed, and whoever waits gets this answer."""
        d = self.impostor(body)
        ident = self.ask("sha", PASSWORD)
        self.assertEqual([answer], self.answers(ident))
        d.wait_log(log)
        self.assertTrue(self.control(d).call("config.rows", **{"from": 0}))

    def test_answers_another_request(self):
        self.expect("begin()\nsend(id=request() + 1, result={'ok': True})\nrequest()",
                    r"reeve-verifier \(\d+\) broke the protocol: a response to nothing")

    def test_answers_twice(self):
        self.expect("begin()\nn = request()\n"
                    "for i in range(2): send(id=n, result={'ok': False})\nrequest()",
                    r"reeve-verifier \(\d+\) broke the protocol: a response to nothing", False)

    def test_sends_requests(self):
        self.expect("begin()\nrequest()\nsend(id=1, method='daemon.shutdown')\nrequest()",
                    "broke the protocol: a request from a peer that may not send any")

    def test_floods(self):
        self.expect("begin()\nrequest()\nwhile True: send(method='ready', params={})",
                    "broke the protocol: an unexpected notification")

    def test_sends_garbage(self):
        self.expect("begin()\nrequest()\ns.sendall(b'garbage\\n')\nrequest()",
                    "broke the protocol: bad frame: not JSON")

    def test_answers_what_is_no_answer(self):
        """Only {"ok": true} is a yes."""
        self.impostor("begin()\nfor value in (None, {}, {'ok': 1}, {'ok': 'true'}, [True]):\n"
                      "    send(id=request(), result=value)\n"
                      "send(id=request(), error={'code': 1, 'message': 'x'})\nrequest()")
        got = [self.verify("sha", PASSWORD) for _ in range(6)]
        self.assertEqual([False] * 5 + ["FAILED: reeve-verifier has refused the password"], got)

    def test_never_gets_ready(self):
        d = self.impostor("time.sleep(1000)")
        asked = [self.ask("sha", PASSWORD) for _ in range(9)]
        self.assertEqual("FAILED: too many passwords wait to be verified",
                         self.answers(asked[-1])[0])
        self.assertEqual(["FAILED: reeve-verifier has ended"] * 8, self.answers(*asked[:-1]))
        d.wait_log(r"reeve-verifier \(\d+\) was not ready in time; killing it")

    def test_reads_nothing(self):
        """It is replaced; the master does not wait."""
        d = self.impostor("begin()\nrequest()\ntime.sleep(1000)")
        self.ask("sha", PASSWORD)
        begun = time.monotonic()
        self.control(d).call("config.rows", **{"from": 0})
        self.assertLess(time.monotonic() - begun, 5)
        d.wait_log(r"reeve-verifier \(\d+\) does not answer; killing it")

    def test_hostile_front_end_floods(self):
        """Each request beyond the bound is refused, and the daemon serves others."""
        d = self.begin(user("slow", SLOW))
        frames = b"".join(json.dumps({
            "jsonrpc": "2.0", "id": 1000 + i, "method": "auth.verify",
            "params": {"user": "slow", "password": "p" * 500}}).encode() + b"\n"
            for i in range(5000))
        self.wire.sendall(frames)
        self.assertTrue(self.control(d).call("config.rows", **{"from": 0}))
        got = self.answers(*range(1000, 6000))
        self.assertGreater(got.count("FAILED: too many passwords wait to be verified"), 4000)
        self.assertIs(True, self.verify("slow", PASSWORD))


if __name__ == "__main__":
    unittest.main()
