"""reeve-rpcd with a master in the test (fake_master.py)."""

import os
import re
import select
import signal
import socket
import subprocess
import unittest
import xmlrpc.client

from fake_master import FakeMaster
from reeve import (BUILD, PATIENCE, SANITIZED, SUBJECT, SUPERVISORCTL, Transport, read,
                   status_of, until)

RPCD = os.path.join(BUILD, "reeve-rpcd")
REQUEST = (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s")
CALL = b"<methodCall><methodName>%s</methodName><params>%s</params></methodCall>"


def call(method, *params):
    inner = b"".join(b"<param><value>%s</value></param>" % p for p in params)
    body = CALL % (method, inner)
    return REQUEST % (len(body), body)


@unittest.skipIf(SUBJECT != "reeve", "reeve's own program")
class Frontend(unittest.TestCase):
    def master(self, wait=True, **options):
        m = FakeMaster(RPCD, **options)
        m.__enter__()
        self.addCleanup(m.__exit__)
        if wait:
            self.assertTrue(m.ready.wait(PATIENCE), m.log)
        return m

    def rpc(self, m, unix=False, **options):
        target = m.path if unix else m.tcp.getsockname()
        server = xmlrpc.client.ServerProxy(
            "http://localhost/RPC2", transport=Transport(target, options.get("headers", ())))
        self.addCleanup(server("close"))
        return server

    def connect(self, m):
        s = socket.create_connection(m.tcp.getsockname(), timeout=PATIENCE)
        self.addCleanup(s.close)
        return s

    def wait_exit(self, m):
        code = m.child.wait(PATIENCE)
        m.log_thread.join(PATIENCE)
        return code

    # -- serving

    def test_both_listeners(self):
        m = self.master()
        for unix in (False, True):
            s = self.rpc(m, unix)
            self.assertEqual({"statecode": 1, "statename": "RUNNING"}, s.supervisor.getState())
            self.assertEqual(["one", "two"],
                             [i["name"] for i in s.supervisor.getAllProcessInfo()])

    def test_supervisorctl(self):
        m = self.master(username="user", password="123")
        config = os.path.join(m.dir, "ctl.conf")
        with open(config, "w") as f:
            f.write("[supervisorctl]\n")
        for url in (m.url[:-5], "unix://" + m.path):
            for command, answer in (("start", b"one: started\n"), ("stop", b"one: stopped\n")):
                done = subprocess.run(
                    [SUPERVISORCTL, "-c", config, "-s", url, "-u", "user", "-p", "123",
                     command, "one"], capture_output=True, timeout=PATIENCE)
                self.assertEqual(answer, done.stdout, done)

    def test_wrong_password(self):
        m = self.master(username="user", password="123")
        s = xmlrpc.client.ServerProxy(m.url.replace("//", "//user:124@"))
        self.addCleanup(s("close"))
        with self.assertRaises(xmlrpc.client.ProtocolError) as refused:
            s.supervisor.getState()
        self.assertEqual(401, refused.exception.errcode)
        self.assertEqual('Basic realm="default"',
                         refused.exception.headers["WWW-Authenticate"])

    def test_nothing_before_the_snapshot_ends(self):
        m = self.master(wait=False, hold=True)
        self.assertTrue(m.ready.wait(PATIENCE))
        s = self.connect(m)
        s.sendall(call(b"supervisor.getAllProcessInfo"))
        m.snapshot()
        until(lambda: b"<string>two</string>" in s.recv(65536, socket.MSG_PEEK))

    def test_read_waits_for_the_page(self):
        """A read that begins after the page was raised sees the change, even if its frame
        is late."""
        m = self.master()
        s = self.rpc(m)
        self.assertEqual("STOPPED", s.supervisor.getProcessInfo("one")["statename"])
        with m.lock:
            m.rows[1].update(state="BACKOFF", spawn=1)
            seq = m.raise_number()
        reader = self.connect(m)
        reader.sendall(call(b"supervisor.getProcessInfo", b"one"))
        # This needs no state: it shows that reeve-rpcd is not blocked meanwhile.
        self.assertIn("system.listMethods", self.rpc(m).system.listMethods())
        self.assertEqual([], select.select([reader], [], [], 0)[0])
        m.notify("stream.process", {"seq": seq, "process": m.rows[1]})
        until(lambda: b"<string>BACKOFF</string>" in reader.recv(65536, socket.MSG_PEEK))

    def test_start_that_waits_at_the_end(self):
        """It has failed if the master has ended. If reeve-rpcd had retired, the master may go
        on, and so may the start."""
        for retired, fault in ((False, b"<int>40</int>"), (True, b"<int>30</int>")):
            m = self.master(slow=True)
            s = self.connect(m)
            s.sendall(call(b"supervisor.startProcess", b"one"))
            until(lambda m=m: "process.start" in m.calls)
            if retired:
                m.notify("retire", {})
            m.half_close()
            reply = b""
            while fault not in reply:
                data = s.recv(65536)
                self.assertTrue(data, reply)
                reply += data

    def test_many_clients_and_one_that_leaves(self):
        m = self.master(slow=True)
        leaver = self.connect(m)
        leaver.sendall(call(b"supervisor.startProcess", b"one"))
        until(lambda: "process.start" in m.calls)
        leaver.close()
        self.assertEqual(1, self.rpc(m).supervisor.getState()["statecode"])
        m.change(1, state="RUNNING", last={"spawn": 1, "verdict": "running"})
        self.assertEqual("RUNNING", self.rpc(m).supervisor.getProcessInfo("one")["statename"])

    # -- confinement

    def test_confined(self):
        m = self.master()
        status = status_of(m.child.pid)
        self.assertEqual("1", status["NoNewPrivs"])
        if not SANITIZED:
            self.assertEqual("2", status["Seccomp"])
        if os.getuid() == 0:
            self.assertEqual(["65534"] * 4, status["Uid"].split())
            self.assertEqual(["65534"] * 4, status["Gid"].split())
            self.assertEqual("", status["Groups"].strip())
            for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb"):
                self.assertEqual(0, int(status[name], 16), name)
            root = os.readlink("/proc/%d/root" % m.child.pid)
            self.assertTrue(root.endswith(" (deleted)"), root)
            self.assertEqual([], os.listdir("/proc/%d/root" % m.child.pid))
            self.assertEqual(m.child.pid, os.getpgid(m.child.pid))
            if not SANITIZED:
                self.assertEqual(b"", read("/proc/%d/environ" % m.child.pid))
                links = [os.readlink("/proc/%d/fd/%s" % (m.child.pid, fd))
                         for fd in os.listdir("/proc/%d/fd" % m.child.pid)]
                kinds = sorted({re.sub(r":\[\d+\]$", "", link) for link in links})
                self.assertEqual(["/dev/null", "anon_inode:[eventpoll]",
                                  "anon_inode:[timerfd]", "pipe", "socket"], kinds)
        self.assertEqual(os.getpid(), self.rpc(m).supervisor.getPID())

    def test_strict(self):
        m = self.master(confinement="strict")
        self.assertEqual(1, self.rpc(m).supervisor.getState()["statecode"])

    def test_root_is_refused_as_user(self):
        if os.getuid() != 0:
            self.skipTest("needs root")
        m = self.master(wait=False, uid=0, gid=0)
        self.assertEqual(1, self.wait_exit(m))
        self.assertIn(b"ERRO confinement: no user and group: ", m.log)
        self.assertNotIn("ready", m.calls)

    # -- ends

    def test_signals_are_ignored(self):
        m = self.master()
        for signo in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP,
                      signal.SIGPIPE):
            m.child.send_signal(signo)
        self.assertEqual(1, self.rpc(m).supervisor.getState()["statecode"])
        m.half_close()
        self.assertEqual(0, self.wait_exit(m))

    def test_half_close_answers_what_is_parked(self):
        m = self.master(slow=True)
        s = self.connect(m)
        s.sendall(call(b"supervisor.startProcess", b"one"))
        until(lambda: m.rows[1]["spawn"] == 1)
        m.half_close()
        self.assertIn(b"<name>faultCode</name>", s.recv(65536))
        self.assertEqual(0, self.wait_exit(m))

    def test_end_of_file(self):
        m = self.master()
        m.sock.shutdown(socket.SHUT_RDWR)
        self.assertEqual(0, self.wait_exit(m))

    def test_garbage_from_the_master(self):
        m = self.master()
        with m.lock:
            m.sock.sendall(b"no json\n")
        self.assertEqual(1, self.wait_exit(m))
        self.assertIn(b"ERRO the master broke the protocol: ", m.log)

    def test_malformed_row(self):
        m = self.master()
        m.notify("stream.process", {"seq": 7, "process": {"id": "x"}})
        self.assertEqual(1, self.wait_exit(m))
        self.assertIn(b"ERRO the master broke the protocol: stream.process", m.log)

    def test_setup_out_of_order(self):
        m = self.master(wait=False, answer_hello=False)
        m.notify("setup.end", {})
        self.assertEqual(1, self.wait_exit(m))
        self.assertIn(b"ERRO the master broke the protocol: setup.end", m.log)

    def test_alone(self):
        for arguments in ([], ["-x"]):
            done = subprocess.run([RPCD] + arguments, capture_output=True, timeout=PATIENCE)
            self.assertEqual(2, done.returncode)
            self.assertIn(b"is started by reeved(8)", done.stderr)
        done = subprocess.run([RPCD, "--version"], capture_output=True, timeout=PATIENCE)
        self.assertRegex(done.stdout, rb"^reeve-rpcd \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
