"""max_role=: one reeve-rpcd for each value. The master refuses what exceeds it, whatever the
process claims."""

import json
import os
import signal
import unittest
import xmlrpc.client

from reeve import Case, alive, cat, children_of, read, reeve_only, until
from test_hostile_frontend import Impostor
from test_rpcinterface import Served, method


def arguments(d):
    """The arguments of the daemon's reeve-rpcd processes."""
    lines = [read("/proc/%d/cmdline" % pid, b"").decode().split("\0")[:-1]
             for pid in children_of(d.pid)]
    return sorted(line[1:] for line in lines if line and line[0].endswith("/reeve-rpcd"))


@reeve_only
class MaxRole(Case):
    def begin(self, unix=None, tcp=None, programs="", **supervisord):
        d = self.daemon(cat("cat") + programs, unix=unix, tcp=tcp, supervisord=supervisord)
        until(d.serving)
        d.wait_log("spawned: 'cat'")
        return d

    def assertRefused(self, method_, *args):
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            method_(*args)
        self.assertEqual(8, caught.exception.faultCode)

    def test_one_value(self):
        """One process, without a trace of the option."""
        for role in (None, "operate"):
            with self.subTest(role):
                d = self.begin({"max_role": role}, {"max_role": role})
                self.assertEqual([[]], arguments(d))
                self.assertNotIn("max_role", d.log())

    def test_two_values(self):
        d = self.begin(tcp={"max_role": "view", "unauthenticated_role": "admin"})
        self.assertEqual([["max_role=admin"], ["max_role=view"]], arguments(d))
        local, remote = self.rpc(d), self.rpc(d, "tcp")
        until(lambda: d.front_end("max_role=view"))
        self.assertEqual("RUNNING", remote.supervisor.getProcessInfo("cat")["statename"])
        self.assertIn("supervisord started", remote.supervisor.readLog(0, 0))
        self.assertRefused(remote.supervisor.stopProcess, "cat")
        self.assertRefused(remote.supervisor.shutdown)
        self.assertTrue(local.supervisor.stopProcess("cat"))
        # Read your writes, across the processes.
        self.assertEqual("STOPPED", remote.supervisor.getProcessInfo("cat")["statename"])
        self.assertTrue(local.supervisor.startProcess("cat"))
        self.assertEqual("RUNNING", remote.supervisor.getProcessInfo("cat")["statename"])

    def test_a_password_does_not_exceed_it(self):
        d = self.begin(tcp={"max_role": "states", "username": "u", "password": "p"})
        s = self.rpc(d, "tcp", user="u", password="p")
        self.assertEqual(1, s.supervisor.getState()["statecode"])
        self.assertRefused(s.supervisor.readLog, 0, 0)
        self.assertRefused(s.supervisor.stopAllProcesses)

    def test_three_values_and_their_ends(self):
        """Each process ends and comes back without effect on the others."""
        d = self.make(cat("cat"), unix={"max_role": "operate"}, tcp={"max_role": "states"})
        with open(d.conf, "a", encoding="utf-8") as f:
            f.write("[unix_http_server:admin]\nfile=%s\n" % d.path("admin.sock"))
        d.start()
        self.addCleanup(self.finish, d)
        roles = ["admin", "operate", "states"]
        self.assertEqual([["max_role=" + role] for role in roles], arguments(d))
        for killed in roles:
            pids = {role: d.front_end("max_role=" + role) for role in roles}
            os.kill(pids[killed], signal.SIGKILL)
            d.wait_log(r"WARN reeve-rpcd \(max_role %s\) \(%d\) was terminated by SIGKILL" %
                       (killed, pids[killed]))
            until(lambda: d.front_end("max_role=" + killed) not in (None, pids[killed]))
            until(d.serving)
            for role in roles:
                if role != killed:
                    self.assertEqual(pids[role], d.front_end("max_role=" + role))
                    self.assertTrue(alive(pids[role]))
            self.assertEqual(1, self.rpc(d, "tcp").supervisor.getState()["statecode"])

    def test_a_call_that_waits_survives_the_end_of_the_other(self):
        slow = "[program:slow]\ncommand=/bin/sleep 1000\nstartsecs=3\nautostart=false\n"
        d = self.begin(tcp={"max_role": "view"}, programs=slow)
        s = self.rpc(d)
        pid = d.front_end("max_role=view")
        request = ("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s")
        body = xmlrpc.client.dumps(("slow",), "supervisor.startProcess")
        client = d.connect("unix")
        self.addCleanup(client.close)
        client.sendall((request % (len(body), body)).encode())
        until(lambda: s.supervisor.getProcessInfo("slow")["statename"] == "STARTING")
        os.kill(pid, signal.SIGKILL)
        self.assertIn(b"<boolean>1</boolean>", client.recv(65536))

    def test_restart_with_other_values(self):
        d = self.begin(tcp={"max_role": "view"})
        self.assertEqual([["max_role=admin"], ["max_role=view"]], arguments(d))
        d.servers = (None, {"max_role": "operate"})
        d.configure(cat("cat"))
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertEqual([["max_role=admin"], ["max_role=operate"]], arguments(d))
        d.servers = (None, None)
        d.configure(cat("cat"))
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=3)
        until(d.serving)
        self.assertEqual([[]], arguments(d))

    def test_shutdown_by_a_client(self):
        d = self.begin({"max_role": "operate"})
        self.assertTrue(self.rpc(d, "tcp").supervisor.shutdown())
        self.assertEqual(0, d.wait_exit())

    def test_a_path_that_was_replaced(self):
        d = self.begin(tcp={"max_role": "view"})
        view, other = d.front_end("max_role=view"), d.front_end("max_role=admin")
        os.unlink(d.socket)
        self.assertEqual(0, d.reevectl("reread").returncode)
        until(lambda: os.path.exists(d.socket))
        until(d.serving)
        until(lambda: d.front_end("max_role=admin") not in (None, other))
        self.assertEqual(view, d.front_end("max_role=view"))


@reeve_only
class Interfaces(Served):
    def program_pid(self):
        return [pid for pid in children_of(self.d.pid)
                if b"server.py" in read("/proc/%d/cmdline" % pid, b"")]

    def test_the_highest_role_serves_them(self):
        plan = [method("get", "int")]
        self.begin(plan, {"get": {"result": 7}}, unix={"max_role": "operate"})
        self.assertEqual([["max_role=admin"], ["max_role=operate"]], arguments(self.d))
        tcp = self.rpc(self.d, "tcp")
        until(lambda: "x.get" in tcp.system.listMethods())
        self.assertEqual(7, tcp.x.get())
        self.assertFault(1, "UNKNOWN_METHOD", self.s.x.get)
        self.assertNotIn("x.get", self.s.system.listMethods())
        # The end of the other process does not restart the program.
        pid = self.program_pid()
        os.kill(self.d.front_end("max_role=operate"), signal.SIGKILL)
        self.d.wait_log(r"reeve-rpcd \(max_role operate\) \(\d+\) was terminated")
        until(self.d.serving)
        self.assertEqual(pid, self.program_pid())
        self.assertEqual(7, tcp.x.get())


# Sends every command, with the claim to be an administrator, and logs the faults.
ATTACK = """
role = sys.argv[1] if len(sys.argv) > 1 else "none"
hello()
if role == "max_role=view":
    n = 1
    for method in %r:
        n += 1
        answer = call(n, method, name="cat", signal="KILL", stream="stdout", data="x", type="x",
                      names=["cat"], by={"user": "root", "from": "x", "listener": "x",
                                         "method": "x", "server": True})
        text = answer.get("error", {}).get("message", "done")
        log("INFO %%s: %%s" %% (method, text))
    log("INFO attacked")
time.sleep(100)
"""
CHANGES = ("process.start", "process.stop", "process.signal", "process.stdin", "group.start",
           "group.stop", "group.signal", "group.add", "group.remove", "all.start", "all.stop",
           "all.signal", "log.clear", "all.clear", "mainlog.clear", "process.restart",
           "group.restart", "all.restart", "config.reread", "config.preview", "config.update",
           "event.send", "daemon.shutdown", "daemon.restart")
# Not for reeve-rpcd, whatever its role is.
OF_OTHERS = ("group.restart", "all.restart", "config.preview", "config.update")

# One of two processes.
ANSWERED = """
hello()
call(2, "ready")
if sys.argv[1] == "max_role=admin":
    time.sleep(0.5)
    call(3, "daemon.shutdown")
    time.sleep(100)
n = 3
while True:
    s.sendall(b'{"jsonrpc":"2.0","id":%d,"method":"daemon.answered"}\\n' % n)
    n += 1
    frame = json.loads(f.readline())
    if frame.get("method") == "ping":
        s.sendall(b'{"jsonrpc":"2.0","id":%d,"result":{"busy":1}}\\n' % frame["id"])
"""


@reeve_only
class Hostile(Impostor):
    def test_its_role_is_fixed(self):
        d = self.impostor(ATTACK % (CHANGES,), servers=(None, {"max_role": "view"}),
                          audit_log="audit.log")
        d.wait_log(r"INFO reeve-rpcd \(max_role view\): attacked")
        for name in CHANGES:
            said = [m for m in d.messages() if "(max_role view): %s: " % name in m]
            self.assertEqual(1, len(said), name)
            why = "reeve-rpcd may not call %s" if name in OF_OTHERS else "%s needs role "
            self.assertIn("NOT_PERMITTED: " + why % name, said[0])
        d.wait_log(r"WARN refused process.start to reeve-rpcd \(max_role view\): ")
        self.assertServesLocally(d)
        with open(d.path("audit.log"), encoding="utf-8") as f:
            records = [json.loads(line) for line in f]
        for record in records:
            self.assertEqual(("NOT_PERMITTED", "view", True),
                             (record["result"], record["max_role"], record["claimed"]))
        self.assertEqual("root", records[0]["user"])

    def test_it_cannot_delay_a_shutdown(self):
        """One process has a client that waits for the answer to its shutdown, the other one
        reports in a loop that it has answered."""
        d = self.impostor(ANSWERED, servers=(None, {"max_role": "view"}))
        self.assertEqual(0, d.wait_exit())


if __name__ == "__main__":
    unittest.main()
