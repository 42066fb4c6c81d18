"""The namespace reeve of the API (reeve-api(7)): members, their values during the life of a
program, the sockets that serve it, and the examples of the manual."""

import os
import re
import signal
import subprocess
import sys
import time
import unittest

from reeve import PATIENCE, ROOT, Case, cat, program, reeve_only, until

OLD = {"name", "group", "start", "stop", "now", "state", "statename", "spawnerr", "exitstatus",
       "logfile", "stdout_logfile", "stderr_logfile", "pid", "description"}
NEW = {"ready", "health", "waiting_for", "next_start", "restarts", "last_exit", "paused"}
NEVER = {"time": 0, "reason": ""}
NO_LOGS = {"stdout_logfile": "NONE", "stderr_logfile": "NONE"}


class ReeveCase(Case):
    def info(self, d, name):
        return self.rpc(d).reeve.getProcessInfo(name)

    def until_info(self, d, name, holds):
        """The first info that fulfils the condition."""
        last = {}

        def found():
            last.update(self.info(d, name))
            return holds(last)
        until(found, what="%s of %s" % (holds, name))
        return last


@reeve_only
class Members(ReeveCase):
    def test_old_methods_keep_their_members(self):
        d = self.daemon(cat("cat"))
        d.wait_state("cat", "RUNNING")
        s = self.rpc(d)
        self.assertEqual(OLD, set(s.supervisor.getProcessInfo("cat")))
        self.assertEqual([OLD], [set(p) for p in s.supervisor.getAllProcessInfo()])
        self.assertEqual(OLD | NEW, set(s.reeve.getProcessInfo("cat")))
        self.assertEqual([OLD | NEW], [set(p) for p in s.reeve.getAllProcessInfo()])

    def test_values_of_the_old_members(self):
        d = self.daemon(cat("cat") + cat("idle", autostart="false"))
        d.wait_state("cat", "RUNNING")
        s = self.rpc(d)

        def same():
            old, new = s.system.multicall([
                {"methodName": "supervisor.getAllProcessInfo", "params": []},
                {"methodName": "reeve.getAllProcessInfo", "params": []}])
            return old == [{k: p[k] for k in OLD} for p in new]
        until(same, what="two answers of one second")

    def test_never_ran(self):
        d = self.daemon(cat("idle", autostart="false"))
        info = self.info(d, "idle")
        self.assertEqual({"ready": False, "health": "none", "waiting_for": "",
                          "next_start": 0, "restarts": 0, "last_exit": NEVER, "paused": False},
                         {name: info[name] for name in NEW})

    def test_restarts_and_last_exit(self):
        d = self.daemon(cat("cat", autorestart="true"))
        d.wait_state("cat", "RUNNING")
        s = self.rpc(d)
        first = self.info(d, "cat")
        self.assertEqual((True, 0, NEVER),
                         (first["ready"], first["restarts"], first["last_exit"]))
        os.kill(first["pid"], signal.SIGKILL)
        info = self.until_info(d, "cat", lambda p: p["restarts"] == 1 and p["ready"])
        self.assertEqual((signal.SIGKILL, "killed by SIGKILL"),
                         (info["last_exit"]["signal"], info["last_exit"]["reason"]))
        self.assertEqual(info["stop"], info["last_exit"]["time"])
        self.assertNotIn("status", info["last_exit"])
        # Starts and stops by a client are not counted, and nothing is reset.
        s.supervisor.stopProcess("cat")
        s.supervisor.startProcess("cat")
        info = self.until_info(d, "cat", lambda p: p["ready"])
        self.assertEqual(1, info["restarts"])
        os.kill(info["pid"], signal.SIGKILL)
        self.until_info(d, "cat", lambda p: p["restarts"] == 2)
        # A group that is removed and added starts at 0.
        s.supervisor.stopProcess("cat")
        s.supervisor.removeProcessGroup("cat")
        s.supervisor.addProcessGroup("cat")
        info = self.until_info(d, "cat", lambda p: p["ready"])
        self.assertEqual((0, NEVER), (info["restarts"], info["last_exit"]))

    def test_next_start(self):
        d = self.daemon(program("dies", "{child} exit 3", autostart="false", startsecs=5,
                                startretries=30, **NO_LOGS))
        self.assertFault(50, "SPAWN_ERROR: dies",
                         self.rpc(d).supervisor.startProcess, "dies")
        # The pause grows by a second with each attempt.
        info = self.until_info(d, "dies", lambda p: p["statename"] == "BACKOFF" and
                               p["next_start"] > p["now"])
        self.assertLess(abs(info["next_start"] - time.time()), PATIENCE)
        self.assertEqual((3, "exit status 3"),
                         (info["last_exit"]["status"], info["last_exit"]["reason"]))
        self.assertFalse(info["ready"])
        more = self.until_info(d, "dies", lambda p: p["restarts"] > info["restarts"])
        self.assertGreaterEqual(more["start"], info["next_start"] - 1)
        d.wait_state("dies", "BACKOFF")
        self.rpc(d).supervisor.stopProcess("dies")
        self.assertEqual(0, self.info(d, "dies")["next_start"])

    def test_a_cancelled_restart(self):
        """The time of the next start is cleared too."""
        d = self.daemon(program("ends", "{child} exit 0", autorestart="true", startsecs=0,
                                **NO_LOGS))

        def cancelled():
            try:
                return self.rpc(d).supervisor.stopProcess("ends")
            except Exception as fault:
                self.assertIn("NOT_RUNNING", str(fault))
                return self.info(d, "ends")["next_start"] == 0
        self.until_info(d, "ends", lambda p: p["restarts"] > 0)
        until(cancelled)
        self.assertEqual(0, self.info(d, "ends")["next_start"])


@reeve_only
class Namespace(ReeveCase):
    def test_introspection(self):
        s = self.rpc(self.daemon())
        ours = [m for m in s.system.listMethods() if m.startswith("reeve.")]
        self.assertEqual(["reeve.getAllProcessInfo", "reeve.getAllProcessStats",
                          "reeve.getProcessInfo", "reeve.getProcessStats",
                          "reeve.restartProcesses"], ours)
        self.assertEqual(["struct", "string"],
                         s.system.methodSignature("reeve.getProcessInfo"))
        for name in ours:
            self.assertIn("@return", s.system.methodHelp(name))

    def test_faults(self):
        s = self.rpc(self.daemon()).reeve
        self.assertFault(10, "BAD_NAME: nope", s.getProcessInfo, "nope")
        self.assertFault(2, "INCORRECT_PARAMETERS", s.getProcessInfo)
        self.assertFault(2, "INCORRECT_PARAMETERS", s.getAllProcessInfo, 1)
        self.assertFault(1, "UNKNOWN_METHOD", s.nope)

    def test_only_beside_supervisor(self):
        s = self.rpc(self.daemon(interface=False))
        self.assertFault(1, "UNKNOWN_METHOD", s.reeve.getAllProcessInfo)
        self.assertEqual([], [m for m in s.system.listMethods() if m.startswith("reeve.")])

    def test_no_program_serves_it(self):
        d = self.make()
        d.configure("[rpcinterface:reeve]\ncommand=/bin/cat\n")
        text = d.run()
        self.assertNotEqual(0, text.returncode)
        self.assertIn("[rpcinterface:reeve] cannot name a namespace", text.stderr)

    def test_while_the_daemon_stops(self):
        d, pid = self.stubborn()
        s = self.rpc(d)
        s.supervisor.shutdown()
        self.assertFault(6, "SHUTDOWN_STATE", s.supervisor.getAllProcessInfo)
        until(lambda: self.info(d, "stubborn")["statename"] == "STOPPING")
        self.assertEqual(["STOPPING"],
                         [p["statename"] for p in s.reeve.getAllProcessInfo()])
        os.kill(pid, signal.SIGKILL)
        d.wait_exit()


@reeve_only
class Restart(ReeveCase):
    programs = cat("a") + cat("b") + cat("off", autostart="false") + \
        program("bad", "/nonexistent/x", autostart="false") + \
        program("slow", "{child} ignore TERM", stopwaitsecs=2, startsecs=0) + \
        "[user:ann]\npassword=p\nrole=operate\nprograms=a,b\n" \
        "[user:less]\npassword=p\nrole=operate\ndeny_methods=supervisor.stopProcess\n"

    def setUp(self):
        self.d = self.daemon(self.programs)
        self.s = self.rpc(self.d, user="ann", password="p")
        for name in ("a", "b"):
            self.d.wait_state(name, "RUNNING")
        self.pids = {name: self.d.info(name)["pid"] for name in ("a", "b")}

    def assertAllOther(self):
        for name, pid in self.pids.items():
            self.assertNotIn(self.d.info(name)["pid"], (0, pid))

    def test_results(self):
        found = self.s.reeve.restartProcesses(["b", "a"])
        self.assertEqual([("a", "a", 80, "OK"), ("b", "b", 80, "OK")], sorted(
            (p["name"], p["group"], p["status"], p["description"]) for p in found))
        self.assertAllOther()

    def test_stopped_and_failing(self):
        s = self.rpc(self.d, user="less", password="p")
        self.assertFault(8, "NOT_PERMITTED: reeve.restartProcesses is denied by deny_methods= "
                         "of [user:less]", s.reeve.restartProcesses, ["a"])
        s = self.rpc(self.d, via="unix")
        found = s.reeve.restartProcesses(["off", "bad"])
        self.assertEqual({"off": 80, "bad": 20}, {p["name"]: p["status"] for p in found})
        self.assertEqual("RUNNING", self.d.state("off"))

    def test_without_waiting(self):
        self.assertEqual([], self.s.reeve.restartProcesses(["a", "b"], False))
        for name, pid in self.pids.items():
            until(lambda n=name, p=pid: self.d.info(n)["pid"] not in (0, p))

    def test_nothing_is_done(self):
        for names in (["a", "slow"], ["a", "nope"], ["a", 1], ["a", "b:*"], ["a", ""]):
            with self.assertRaises(Exception) as raised:
                self.s.reeve.restartProcesses(names)
            self.assertIn("BAD_NAME", str(raised.exception))
        for names in ([], "a", {}, ["a"] * 1000, None, 1):
            self.assertFault(2, "INCORRECT_PARAMETERS", self.s.reeve.restartProcesses, names)
        self.assertEqual(self.pids, {name: self.d.info(name)["pid"] for name in self.pids})


@reeve_only
class Manual(ReeveCase):
    def examples(self, d):
        with open(os.path.join(ROOT, "man/reeve-api.7"), encoding="utf-8") as f:
            found = re.findall(r"^\.Bd -literal.*\n((?:.*\n)*?)\.Ed$", f.read(), re.M)
        return [text.replace("http://127.0.0.1:9001", "http://127.0.0.1:%d" % d.port)
                for text in found]

    def test_examples(self):
        d = self.daemon(cat("web") + cat("idle", autostart="false"), tcp={})
        d.wait_state("web", "RUNNING")
        seen = [subprocess.run([sys.executable, "-c", text], capture_output=True, text=True,
                               timeout=PATIENCE, check=False) for text in self.examples(d)]
        self.assertEqual([(0, ""), (0, "")], [(r.returncode, r.stderr) for r in seen])
        self.assertEqual(["idle idle STOPPED has not run\n", "web restarts: 0\n"],
                         [r.stdout for r in seen])


if __name__ == "__main__":
    unittest.main()
