"""audit_log=: one JSON object for every call that changes something or is refused."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
import xmlrpc.client

from reeve import Case, Wire, WireFault, cat, read, reeve_only, until
from test_hostile_frontend import Impostor
from test_peers import ALICE, EVE, acting_as

TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")


class Audited(Case):
    def begin(self, programs=cat("cat"), log="audit.log", **options):
        supervisord = {"audit_log": log, **options.pop("supervisord", {})}
        d = self.daemon(programs, supervisord=supervisord, **options)
        d.wait_log("supervisord started")
        return d

    @staticmethod
    def records(d, name="audit.log"):
        return [json.loads(line) for line in
                read(d.path(name), b"").decode().split("\n")[:-1]]

    def last(self, d, count=None):
        """The newest record; waits until there are so many."""
        if count is not None:
            until(lambda: len(self.records(d)) >= count)
            self.assertEqual(count, len(self.records(d)))
        return self.records(d)[-1]


@reeve_only
class Records(Audited):
    def test_local_peer(self):
        d = self.begin()
        wire = self.control(d)
        wire.call("process.stop", name="cat")
        record = self.last(d, 1)
        self.assertRegex(record.pop("time"), TIME)
        self.assertEqual({"listener": "control_socket", "uid": os.geteuid(), "pid": os.getpid(),
                          "command": "process.stop", "target": "cat", "result": "ok"}, record)
        with self.assertRaises(WireFault):
            wire.call("process.start", name="no")
        self.assertEqual(("no", "BAD_NAME"),
                         tuple(self.last(d, 2)[key] for key in ("target", "result")))
        job = wire.call("all.restart")["job"]
        self.assertEqual("job %d" % job, self.last(d, 3)["result"])
        wire.call("config.update")
        self.assertEqual("config.update", self.last(d, 4)["command"])
        self.assertRegex(self.last(d)["result"], r"job \d+")
        with self.assertRaises(WireFault):
            wire.call("process.signal", name="cat", signal=["x"])
        self.assertEqual("INCORRECT_PARAMETERS", self.last(d, 5)["result"])
        # Reads are not recorded, and a restart by a signal is no call.
        wire.call("config.preview")
        wire.call("config.rows", **{"from": 0})
        wire.call("subscribe")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertEqual(5, len(self.records(d)))
        # The reply comes when the configuration has been read.
        self.control(d).call("daemon.restart")
        self.assertEqual(("daemon.restart", "ok"),
                         tuple(self.last(d, 6)[key] for key in ("command", "result")))

    def test_restart_of_several(self):
        """One record, of the job; its processes are not recorded one by one."""
        d = self.begin(cat("a") + cat("b"))
        self.rpc(d).reeve.restartProcesses(["a", "b"])
        record = self.last(d, 1)
        self.assertRegex(record["result"], r"\Ajob \d+\Z")
        self.assertEqual(("reeve.restartProcesses", "process.restart", "a\nb"), tuple(
            record[key] for key in ("method", "command", "target")))
        self.assertFault(10, "BAD_NAME: no", self.rpc(d).reeve.restartProcesses, ["no"])

    def test_http_client(self):
        d = self.begin(unix={"username": "boss", "password": "p"})
        s = self.rpc(d, user="boss", password="p")
        s.supervisor.stopProcess("cat")
        record = self.last(d, 1)
        self.assertTrue(record["claimed"])
        self.assertEqual(("boss", "supervisor.stopProcess", "process.stop", "cat", "ok"),
                         tuple(record[key] for key in ("user", "method", "command", "target",
                                                       "result")))
        self.assertNotIn("uid", record)
        self.assertEqual("admin", record["max_role"])

    @unittest.skipUnless(os.geteuid() == 0, "only root can be other users")
    def test_other_local_users(self):
        d = self.begin(cat("cat") + "[user:alice]\npassword=x\nrole=operate\n",
                       unix={"chmod": "0777"},
                       supervisord={"peer_users": "%s=alice" % ALICE.pw_name})
        with acting_as(ALICE):
            alice = self.control(d)
        with acting_as(EVE):
            eve = self.control(d)
        alice.call("process.stop", name="cat")
        record = self.last(d, 1)
        self.assertEqual(("alice", ALICE.pw_uid, os.getpid(), "ok"),
                         tuple(record[key] for key in ("user", "uid", "pid", "result")))
        for wire in (alice, eve):
            with self.assertRaises(WireFault):
                wire.call("daemon.shutdown")
        records = self.records(d)
        self.assertEqual([("alice", ALICE.pw_uid), (None, EVE.pw_uid)],
                         [(r.get("user"), r["uid"]) for r in records[1:]])
        self.assertEqual({"NOT_PERMITTED"}, {r["result"] for r in records[1:]})

    def test_refused_by_the_front_end(self):
        d = self.begin(tcp={"unauthenticated_role": "states"})
        s = self.rpc(d, "tcp")
        with self.assertRaises(xmlrpc.client.Fault):
            s.supervisor.stopProcess("cat")
        record = self.last(d, 1)
        self.assertRegex(record.pop("time"), TIME)
        self.assertRegex(record.pop("from"), r"127\.0\.0\.1:\d+")
        self.assertEqual({"listener": "inet_http_server", "max_role": "admin", "claimed": True,
                          "method": "supervisor.stopProcess", "result": "NOT_PERMITTED",
                          "target": "cat", "why": "supervisor.stopProcess needs role operate"},
                         record)
        for path, method in (
                ("/tail.html?processname=cat", "supervisor.tailProcessStdoutLog"),
                ("/mainlog.html", "supervisor.readLog"), ("/mainlogtail", "mainlogtail"),
                ("/logtail/cat", "logtail"), ("/log.txt?processname=cat", "download")):
            with d.connect("tcp") as client:
                client.sendall(b"GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" % path.encode())
                page = b"".join(iter(lambda: client.recv(4096), b""))
                self.assertIn(b" 403 ", page)
                self.assertIn(b"<p>%s needs role view." % method.encode(), page)
            until(lambda: self.records(d)[-1]["method"] == method)
            self.assertEqual(method + " needs role view", self.records(d)[-1]["why"])
        for _ in range(2):
            s.system.multicall([{"methodName": "supervisor.shutdown", "params": []}] * 100)
        until(lambda: sum(r.get("count", 1) for r in self.records(d)) == 206)
        self.assertLess(len(self.records(d)), 40)
        # The main log has one line a minute.
        self.assertEqual(1, d.log().count("WARN inet_http_server: refused "))

    def test_wrong_password(self):
        d = self.begin(tcp={"username": "boss", "password": "secret"})
        with self.assertRaises(xmlrpc.client.ProtocolError):
            self.rpc(d, "tcp", user="boss", password="guessed").supervisor.getState()
        record = self.last(d, 1)
        self.assertEqual(("login", "wrong credentials", "NOT_PERMITTED"),
                         tuple(record[key] for key in ("method", "why", "result")))
        self.assertNotIn("user", record)
        self.assertNotIn(b"guessed", read(d.path("audit.log")))
        self.assertEqual(1, sum("wrong credentials" in line for line in d.messages()))

    def test_secrets_are_counted(self):
        d = self.begin()
        with self.rpc(d) as s:
            s.supervisor.sendProcessStdin("cat", "my-password\n")
            s.supervisor.sendRemoteCommEvent("kind", "my-password")
        records = self.records(d)
        self.assertEqual([12, 11], [record["bytes"] for record in records])
        self.assertEqual(("kind", 1), (records[1]["target"], records[1]["events"]))
        self.assertNotIn(b"my-password", read(d.path("audit.log")))

    def test_hostile_names(self):
        d = self.begin()
        wire = self.control(d)
        name = 'x\n{"result":"ok"}\x1b[2J\u202e"\\\x00'.replace("\x00", "")
        for text in (name, "ü" * 3000):
            with self.assertRaises(WireFault):
                wire.call("process.start", name=text)
        records = self.records(d)
        self.assertEqual([name, "ü" * 512 + "..."], [record["target"] for record in records])
        self.assertNotIn(b"\x1b", read(d.path("audit.log")))

    def test_off(self):
        d = self.daemon(cat("cat"))
        self.control(d).call("all.stop")
        self.assertFalse(os.path.exists(d.path("audit.log")))

    def test_ten_thousand_calls(self):
        d = self.begin()
        wire = self.control(d)
        for _ in range(10):
            ids = [wire.request("process.signal", name="cat", signal="CONT")
                   for _ in range(1000)]
            for ident in ids:
                wire.answer(ident)
        records = self.records(d)
        self.assertEqual(10000, len(records))
        self.assertEqual({"ok"}, {record["result"] for record in records})
        times = [record["time"] for record in records]
        self.assertEqual(sorted(times), times)


@reeve_only
class Files(Audited):
    def test_rotation(self):
        d = self.begin(supervisord={"audit_log_maxbytes": "2000", "audit_log_backups": 3})
        wire = self.control(d)
        for _ in range(100):
            wire.call("process.signal", name="cat", signal="CONT")
        names = sorted(n for n in os.listdir(d.dir) if n.startswith("audit.log"))
        self.assertEqual(["audit.log"] + ["audit.log.%d" % i for i in (1, 2, 3)], names)
        for name in names[1:]:
            self.assertLess(os.path.getsize(d.path(name)), 3000)
            self.assertTrue(self.records(d, name))

    def test_reopened(self):
        d = self.begin()
        wire = self.control(d)
        wire.call("all.stop")
        os.rename(d.path("audit.log"), d.path("old"))
        wire.call("all.stop")
        self.assertEqual(2, len(self.records(d, "old")))
        os.kill(d.pid, signal.SIGUSR2)
        until(lambda: os.path.exists(d.path("audit.log")))
        wire.call("all.stop")
        self.assertEqual((1, 2), (len(self.records(d)), len(self.records(d, "old"))))

    def test_cannot_be_opened(self):
        d = self.make(cat("cat"), supervisord={"audit_log": "child"})
        done = d.run("-n")
        self.assertEqual(2, done.returncode)
        self.assertIn("Error: cannot open the audit log %s: Is a directory" % d.path("child"),
                      done.stderr)

    def test_restart_with_a_log_that_cannot_be_opened(self):
        d = self.begin()
        d.configure(cat("cat"), supervisord={"audit_log": "child"})
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log(r"ERRO .*cannot open the audit log %s: .*; not restarting, nothing was "
                   "stopped" % d.path("child"))
        self.control(d).call("all.stop")
        self.assertEqual(1, len(self.records(d)))

    def test_directory_is_removed(self):
        d = self.make(cat("cat"), supervisord={"audit_log": "logs/audit.log"})
        os.mkdir(d.path("logs"))
        d.start()
        self.addCleanup(self.finish, d)
        wire = self.control(d)
        wire.call("all.stop")
        shutil.rmtree(d.path("logs"))

        def fails():
            wire.call("all.stop")
            return "could not reopen log file %s: ENOENT" % d.path("logs/audit.log") in d.log()
        until(fails)
        os.mkdir(d.path("logs"))

        def returns():
            wire.call("all.stop")
            return os.path.exists(d.path("logs/audit.log"))
        until(returns)
        first, second = self.records(d, "logs/audit.log")[:2]
        self.assertGreaterEqual(first["lost"], 1)
        self.assertEqual("No such file or directory", first["why"])
        self.assertEqual("all.stop", second["command"])

    def test_fifo_without_a_reader(self):
        d = self.make(cat("cat"), supervisord={"audit_log": "fifo"})
        os.mkfifo(d.path("fifo"))
        d.start()
        self.addCleanup(self.finish, d)
        wire = self.control(d)
        for _ in range(10):
            ids = [wire.request("group.stop", name="x" * 1000) for _ in range(200)]
            for ident in ids:
                with self.assertRaises(WireFault):
                    wire.answer(ident)
        with open(os.open(d.path("fifo"), os.O_RDONLY | os.O_NONBLOCK), "rb", 0) as f:
            text = f.read(1 << 22)
            wire.call("all.stop")
            while chunk := f.read(1 << 22):
                text += chunk
                if b"all.stop" in text:
                    break
        lines = text.splitlines()
        lost, last = json.loads(lines[-2]), json.loads(lines[-1])
        self.assertEqual("all.stop", last["command"])
        whole = [line for line in lines[:-2] if line.endswith(b"}")]
        self.assertEqual(2000, lost["lost"] + len(whole))

    def test_disk_is_full(self):
        """A limit of the file's size stands for the disk."""
        d = self.begin(supervisord={"audit_log_maxbytes": 0})
        wire = self.control(d)
        wire.call("all.stop")
        subprocess.run(["prlimit", "--pid", str(d.pid), "--fsize=%d:" % 2000], check=True)
        for _ in range(30):
            wire.call("all.stop")
        self.assertEqual(2000, os.path.getsize(d.path("audit.log")))
        d.wait_log("could not write log file %s: EFBIG" % d.path("audit.log"))
        subprocess.run(["prlimit", "--pid", str(d.pid), "--fsize=unlimited:"], check=True)
        wire.call("all.start")
        lines = read(d.path("audit.log")).splitlines()
        lost, last = json.loads(lines[-2]), json.loads(lines[-1])
        self.assertEqual("File too large", lost["why"])
        self.assertEqual("all.start", last["command"])
        self.assertEqual(31, lost["lost"] + len([l for l in lines[:-2] if l.endswith(b"}")]))


@reeve_only
class Upgrades(Audited):
    def test_it_continues(self):
        d = self.begin()
        wire = self.control(d)
        wire.call("process.stop", name="cat")
        d.upgrade()
        self.control(d).call("process.start", name="cat")
        self.assertEqual(["process.stop", "daemon.upgrade", "process.start"],
                         [record["command"] for record in self.records(d)])

    def test_lost_records_are_reported(self):
        d = self.make(cat("cat"), supervisord={"audit_log": "fifo"})
        os.mkfifo(d.path("fifo"))
        d.start()
        self.addCleanup(self.finish, d)
        wire = self.control(d)
        for _ in range(10):
            ids = [wire.request("group.stop", name="x" * 1000) for _ in range(200)]
            for ident in ids:
                with self.assertRaises(WireFault):
                    wire.answer(ident)
        d.upgrade()
        with open(os.open(d.path("fifo"), os.O_RDONLY | os.O_NONBLOCK), "rb", 0) as f:
            self.assertGreater(len(f.read(1 << 22)), 50000)
            self.control(d).call("all.stop")
            text = b""
            while b"all.stop" not in text:
                text += f.read(1 << 22) or b""
        lines = text.splitlines()
        self.assertGreater(json.loads(lines[-2])["lost"], 100)


# Claims that the master must bound.
CLAIMS = """
def report(n, **params):
    params["by"] = by
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": n, "method": "audit.report",
                          "params": params}).encode() + b"\\n")
    for line in f:
        answer = json.loads(line)
        if answer.get("id") == n and "method" not in answer:
            return answer
hello()
call(2, "ready")
by = {"user": "x\\ny", "from": "1.2.3.4", "listener": "tcp", "forwarded": "f" * 5000}
log("INFO " + json.dumps(report(3, method="a.b", target="t", result="r\x1b" * 60, why="w",
                                count=5)))
good = {"method": "m", "result": "ok", "why": "w"}
for n, params in enumerate(({}, dict(good, method=7), dict(good, count=0), dict(good, count="1"),
                            dict(good, result="x" * 201), dict(good, target="x" * 4097))):
    log("INFO " + json.dumps(report(4 + n, **params)["error"]))
for n in range(2000):
    report(10 + n, method="flood", result="NOT_PERMITTED", why="w")
log("INFO flooded")
time.sleep(100)
"""

# Calls that the process says a program has answered.
ANSWERED = """
hello()
call(2, "ready")
by = {"user": "x", "from": "1.2.3.4", "listener": "tcp"}
for n in range(3000):
    s.sendall(json.dumps({"jsonrpc": "2.0", "id": 3 + n, "method": "audit.report", "params": {
        "by": by, "method": "a.b", "result": "ok"}}).encode() + b"\\n")
for line in f:
    answer = json.loads(line)
    if answer.get("id") == 3:
        log("INFO " + json.dumps(answer.get("error", "taken")))
    if answer.get("id") == 3002:
        log("INFO flooded")
        break
time.sleep(100)
"""


@reeve_only
class Refusals(Impostor):
    @staticmethod
    def records(d):
        return [json.loads(line) for line in read(d.path("audit.log")).splitlines()]

    def test_claims_of_a_hostile_front_end(self):
        d = self.impostor(CLAIMS, audit_log="audit.log")
        d.wait_log("flooded")
        time.sleep(1.1)
        first, *rest = self.records(d)
        self.assertEqual(("x\ny", "1.2.3.4", "tcp", "f" * 1024 + "...", "a.b", "t", "w", 5, True),
                         tuple(first[key] for key in (
                             "user", "from", "listener", "forwarded_for", "method", "target", "why",
                             "count", "claimed")))
        self.assertEqual("r\x1b" * 60, first["result"])
        d.wait_log("INCORRECT_PARAMETERS", count=5)
        d.wait_log("BAD_ARGUMENTS: count")
        until(lambda: sum(r.get("count", 1) for r in self.records(d)[1:]) == 2000)
        self.assertLess(len(rest), 1000)
        self.assertEqual(1, d.log().count("refused a.b to x?y: w"))
        self.assertEqual(0, d.log().count("refused flood"))

    def test_calls_that_a_hostile_front_end_reports(self):
        d = self.impostor(ANSWERED, audit_log="audit.log")
        d.wait_log("flooded")
        until(lambda: sum(r.get("count", 1) for r in self.records(d)) == 3000)
        self.assertLess(len(self.records(d)), 3000)
        self.assertEqual({True}, {r["claimed"] for r in self.records(d)})
        self.assertNotIn("WARN tcp: refused", d.log())

    def test_a_limited_front_end_reports_no_calls(self):
        """It serves no method that changes something."""
        d = self.impostor(ANSWERED, ({"max_role": "view"}, False), audit_log="audit.log")
        d.wait_log("NOT_PERMITTED: the report of a change needs max_role operate")
        until(lambda: sum(r.get("count", 1) for r in self.records(d)) == 3000)
        self.assertLess(len(self.records(d)), 1000)
        self.assertEqual({("NOT_PERMITTED", "view")},
                         {(r["result"], r["max_role"]) for r in self.records(d)})

    def test_a_local_peer_that_floods(self):
        d = self.daemon(cat("cat"), supervisord={"audit_log": "audit.log"})
        begun = time.monotonic()
        for _ in range(5):
            wire = Wire(d.control_path)
            ids = [wire.request("daemon.answered") for _ in range(1000)]
            for ident in ids:
                with self.assertRaises(WireFault):
                    wire.answer(ident)
            wire.close()
        seconds = time.monotonic() - begun
        until(lambda: sum(r.get("count", 1) for r in self.records(d)) == 5000)
        self.assertLess(len(self.records(d)), 21 * (seconds + 3))
        self.assertEqual({os.geteuid()}, {r["uid"] for r in self.records(d)})
        self.assertEqual(1, d.log().count("WARN control socket: refused daemon.answered to "))


if __name__ == "__main__":
    unittest.main()
