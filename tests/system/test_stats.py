"""What programs use: CPU time, memory, descriptors, bytes written to logs; in the API, on the
wire, and in reevectl status --json."""

import json
import os
import platform
import signal
import sys
import unittest

from reeve import PATIENCE, Case, WireFault, cat, processes, program, reeve_only, until

MEMBERS = ["name", "group", "pid", "processes", "cpu_seconds", "cpu_percent", "rss", "fds",
           "log_bytes"]
COUNTS_FDS = tuple(int(n) for n in platform.release().split("-")[0].split(".")[:2]) >= (6, 2)
# Two processes in its group, and one that has left the group.
BURN = "/bin/sh -c 'while :; do :; done & setsid sh -c \"while :; do :; done\" & wait'"
GROUPS = {"killasgroup": "true", "stopasgroup": "true"}


@reeve_only
class Stats(Case):
    def stats(self, d, name):
        return self.rpc(d).reeve.getProcessStats(name)

    def until_stats(self, d, name, holds):
        """The first stats that fulfil the condition; a sample serves for 2 s."""
        last = {}

        def found():
            last.clear()
            last.update(self.stats(d, name))
            return holds(last)
        until(found, every=0.2, what="%s of %s: %s" % (holds, name, last))
        return dict(last)

    def test_members(self):
        d = self.daemon(cat("up") + cat("idle", autostart="false"))
        pid = d.wait_state("up", "RUNNING")["pid"]
        up = self.until_stats(d, "up", lambda s: "cpu_percent" in s)
        absent = set() if COUNTS_FDS else {"fds"}
        self.assertEqual(set(MEMBERS) - absent, set(up))
        self.assertEqual(("up", "up", pid, 1), tuple(
            up[m] for m in ("name", "group", "pid", "processes")))
        self.assertTrue(100000 < up["rss"] < 100000000, up)
        if COUNTS_FDS:
            self.assertEqual(len(os.listdir("/proc/%d/fd" % pid)), up["fds"])
        idle = self.stats(d, "idle")
        self.assertEqual(0, sum(idle[m] for m in MEMBERS[2:8]))
        self.assertEqual({"stdout": 0, "stderr": 0}, idle["log_bytes"])
        rows = self.rpc(d).reeve.getAllProcessStats()
        self.assertEqual(["idle", "up"], [r["name"] for r in rows])

    def test_faults(self):
        d = self.daemon(cat("up"))
        s = self.rpc(d)
        self.assertFault(10, "BAD_NAME: nope", s.reeve.getProcessStats, "nope")
        self.assertFault(10, "BAD_NAME: up:*", s.reeve.getProcessStats, "up:*")
        self.assertFault(2, "INCORRECT_PARAMETERS", s.reeve.getAllProcessStats, 1)

    def test_processes_of_a_program(self):
        """Those of its process group, and those that have left it."""
        d = self.daemon(program("burn", BURN, **GROUPS) + cat("other"))
        d.wait_state("burn", "RUNNING")
        self.addCleanup(self.kill_burners)
        first = self.until_stats(d, "burn", lambda s: s.get("processes") == 3)
        later = self.until_stats(d, "burn", lambda s: s.get("cpu_percent", 0) > 0)
        self.assertGreater(later["cpu_seconds"], first["cpu_seconds"])
        other = self.stats(d, "other")
        self.assertEqual((1, 0), (other["processes"], other["cpu_percent"]))
        self.assertGreater(later["rss"], other["rss"])

    @staticmethod
    def kill_burners():
        """The process that has left the group survives its program."""
        for one in processes():
            try:
                with open("/proc/%d/cmdline" % one, "rb") as f:
                    if f.read() == b"sh\0-c\0while :; do :; done\0" and os.getsid(one) == one:
                        os.kill(one, signal.SIGKILL)
            except OSError:
                continue

    def test_children_that_exit(self):
        """The CPU time of children that have ended is counted; it never decreases."""
        loop = "/bin/sh -c 'while :; do %s -S -c \"sum(range(200000))\"; done'" % sys.executable
        d = self.daemon(program("forks", loop, **GROUPS) +
                        program("crash", "/bin/true", startsecs=0, autorestart="true"))
        d.wait_state("forks", "RUNNING")
        seen = [0]

        def grows():
            seen.append(self.stats(d, "forks").get("cpu_seconds", seen[-1]))
            self.rpc(d).reeve.getAllProcessStats()
            return len(set(seen)) > 3
        until(grows, every=0.2)
        self.assertEqual(sorted(seen), seen)

    def test_memory(self):
        d = self.daemon(program("big", "%s -S -c 'x = b\"a\" * 50000000; import time; "
                                "time.sleep(1000)'" % sys.executable, **GROUPS))
        d.wait_state("big", "RUNNING")
        self.until_stats(d, "big", lambda s: 50000000 < s.get("rss", 0) < 150000000)

    def test_log_bytes(self):
        """Counted over restarts, rotations and clears, for each log."""
        d = self.daemon(program("echo", "/bin/sh -c 'echo 12345; echo 123 >&2; exec sleep 1000'",
                                startsecs=0, stdout_logfile="{dir}/out", stdout_logfile_backups=1,
                                stdout_logfile_maxbytes=6, stderr_logfile="{dir}/err", **GROUPS))
        d.wait_state("echo", "RUNNING")
        s = self.rpc(d)
        self.until_stats(d, "echo", lambda t: t["log_bytes"] == {"stdout": 6, "stderr": 4})
        s.supervisor.clearProcessLogs("echo")
        s.supervisor.stopProcess("echo")
        s.supervisor.startProcess("echo")
        self.until_stats(d, "echo", lambda t: t["log_bytes"] == {"stdout": 12, "stderr": 8})

    def test_many(self):
        """More than one page; every program has its own numbers."""
        d = self.daemon(program("p", "/bin/sleep 1000", startsecs=0, numprocs=1000,
                                process_name="%(program_name)s_%(process_num)04d",
                                stdout_logfile="NONE", stderr_logfile="NONE"))
        s = self.rpc(d)
        until(lambda: all(r["statename"] == "RUNNING" for r in
                          s.supervisor.getAllProcessInfo()), 4 * PATIENCE, every=0.2)
        until(lambda: all(r.get("processes") == 1 for r in s.reeve.getAllProcessStats()),
              4 * PATIENCE, every=0.5)
        rows = s.reeve.getAllProcessStats()
        self.assertEqual(["p_%04d" % i for i in range(1000)], [r["name"] for r in rows])
        self.assertEqual({r["name"]: r["pid"] for r in s.supervisor.getAllProcessInfo()},
                         {r["name"]: r["pid"] for r in rows})
        wire, pages, after = self.control(d), [], 0
        while not pages or pages[-1]["more"]:
            pages.append(wire.call("all.stats", after=after))
            after = pages[-1]["rows"][-1][0]
        self.assertEqual([512, 488], [len(p["rows"]) for p in pages])
        ids = [r[0] for p in pages for r in p["rows"]]
        self.assertEqual(sorted(set(ids)), ids)
        self.assertEqual({"rows": [], "more": False}, wire.call("all.stats", after=after))

    def test_requests_at_once(self):
        """Many requests share a sample; those above the limit are refused."""
        d = self.daemon(cat("up"))
        d.wait_state("up", "RUNNING")
        wire = self.control(d)
        idents = [wire.request("process.stats", name="up") for _ in range(300)]
        refused = 0
        for ident in idents:
            try:
                wire.answer(ident)
            except WireFault as fault:
                self.assertEqual(30, fault.code)
                refused += 1
        self.assertLessEqual(refused, 300 - 256)
        self.assertEqual(1, wire.call("process.stats", name="up")[2])
        # A client that leaves before its answer.
        gone = self.control(d)
        for _ in range(100):
            gone.request("all.stats")
        gone.close()
        self.assertEqual("RUNNING", d.state("up"))

    def test_json(self):
        d = self.daemon(cat("up") + cat("idle", autostart="false"))
        pid = d.wait_state("up", "RUNNING")["pid"]
        for url in ([], ["-s", "unix://" + d.socket]):
            with self.subTest(url):
                options = ["-c", d.conf, *url]
                until(lambda: json.loads(d.reevectl(
                    "status", "--json", "up", options=options).stdout)[0].get("rss"), every=0.3)
                idle, up = json.loads(d.reevectl("status", "--json", options=options).stdout)
                self.assertEqual((pid, 1), (up["pid"], up["processes"]))
                self.assertEqual((0, 0, 0), (idle["pid"], idle["rss"], idle["processes"]))
                self.assertEqual({"stdout": 0, "stderr": 0}, up["log_bytes"])
                self.assertEqual((0, True, "none", False), tuple(
                    up[m] for m in ("restarts", "ready", "health", "paused")))

    def test_last_exits_over_http(self):
        """They are the same as over the control socket; a user who may not call
        reeve.getAllProcessInfo gets supervisord's members."""
        d = self.daemon(
            program("once", "/bin/sh -c 'exit 3'", startsecs=0, autorestart="false") +
            program("bad", "/bin/sh -c 'kill -9 $$'", startsecs=1, startretries=1) +
            "[user:all]\npassword=pw\nrole=admin\n"
            "[user:less]\npassword=pw\nrole=admin\ndeny_methods=reeve.getAllProcessInfo\n")
        d.wait_state("once", "EXITED")
        d.wait_state("bad", "FATAL")
        ours = json.loads(d.reevectl("status", "--json", options=["-c", d.conf]).stdout)
        self.assertEqual(1, ours[0]["restarts"])

        def over_http(user):
            return json.loads(d.reevectl("status", "--json", options=[
                "-s", "unix://" + d.socket, "-u", user, "-p", "pw"]).stdout)
        rows = over_http("all")
        for row, own in zip(rows, ours):
            for member in ("restarts", "ready", "next_start", "waiting_for", "last_exit",
                           "exitstatus", "state"):
                self.assertEqual(own.get(member), row.get(member), member)
        self.assertNotIn("restarts", over_http("less")[0])


if __name__ == "__main__":
    unittest.main()
