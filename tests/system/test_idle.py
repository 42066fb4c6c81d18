"""An idle daemon: no system calls, and little memory."""

import os
import re
import shutil
import signal
import subprocess
import time
import unittest

from reeve import BUILD, SANITIZED, Case, cat, program, read, reeve_only, until
from test_metrics import get

PROGRAMS = 1000
SECONDS = int(os.environ.get("REEVE_IDLE_SECONDS", "10"))


@reeve_only
class Idle(Case):
    def setUp(self):
        if SANITIZED:
            self.skipTest("a sanitizer has work and memory of its own")
        self.d = self.daemon(program("p", "/bin/sleep 1000", startsecs=0, numprocs=PROGRAMS,
                                     process_name="%(program_name)s_%(process_num)04d",
                                     stdout_logfile="NONE", stderr_logfile="NONE"))
        until(self.all_run)
        # A client with an open connection must not wake it up either.
        self.s = self.rpc(self.d, "tcp")
        self.s.supervisor.getState()
        # The last reply is kept for a second (rpcd/methods/process_list.h).
        end = time.monotonic() + 1.2
        until(lambda: time.monotonic() > end, every=0.2)

    def all_run(self):
        rows = self.rpc(self.d).supervisor.getAllProcessInfo()
        return [r["statename"] for r in rows] == ["RUNNING"] * PROGRAMS

    def trace(self, pid):
        path = self.d.path("strace-%d" % pid)
        tracer = subprocess.Popen(["strace", "-c", "-f", "-o", path, "-p", str(pid)],
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(tracer.stderr.close)
        line = tracer.stderr.readline()
        if "attached" not in line:
            tracer.wait()
            self.skipTest("ptrace is not allowed: " + line.strip())
        return tracer, path

    def test_no_system_call(self):
        if shutil.which("strace") is None:
            self.skipTest("no strace")
        traced = [self.trace(pid) for pid in (self.d.pid, self.d.front_end())]
        end = time.monotonic() + SECONDS
        until(lambda: time.monotonic() > end, SECONDS + 5, every=0.2)
        for tracer, _ in traced:
            tracer.send_signal(signal.SIGINT)
            tracer.wait()
        for _, path in traced:
            text = read(path).decode()
            calls = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+).* (\w+)$", text, re.M)
            # Attaching and detaching strace may interrupt the call in which it
            # sleeps.
            made = {name: int(count) for count, name in calls if name != "total"}
            made.pop("restart_syscall", None)
            if made.get("epoll_wait", made.get("epoll_pwait", 0)) <= 1:
                made.pop("epoll_wait", None)
                made.pop("epoll_pwait", None)
            self.assertEqual({}, made, text)

    def test_memory(self):
        """Both processes together use less than 8 MB of proportional memory, and all
        programs stop."""
        total = 0
        for pid in (self.d.pid, self.d.front_end()):
            try:
                text = read("/proc/%d/smaps_rollup" % pid).decode()
            except PermissionError:
                self.skipTest("smaps of the front end cannot be read")
            total += int(re.search(r"^Pss: +(\d+)", text, re.M).group(1))
        self.assertLess(total, 8 * 1024, BUILD)
        stopped = self.s.supervisor.stopAllProcesses()
        self.assertEqual([(80, "OK")] * PROGRAMS,
                         [(r["status"], r["description"]) for r in stopped])


@reeve_only
class Unasked(Case):
    """What programs use is sampled only for clients that ask."""

    def test_samples(self):
        if SANITIZED or shutil.which("strace") is None:
            self.skipTest("no strace, or a sanitizer")
        d = self.daemon(cat("cat"))
        d.wait_state("cat", "RUNNING")
        path = d.path("trace")
        tracer = subprocess.Popen(["strace", "-e", "trace=openat", "-o", path, "-p", str(d.pid)],
                                  stderr=subprocess.PIPE, text=True)
        self.addCleanup(tracer.stderr.close)
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.terminate)
        line = tracer.stderr.readline()
        if "attached" not in line:
            self.skipTest("ptrace is not allowed: " + line.strip())

        def samples():
            return read(path, b"").count(b'"/proc"')
        get(d, "/metrics")
        until(lambda: samples() == 1)
        # Reads of the state, and checks of health, for longer than a sample serves.
        end = time.monotonic() + 3
        while time.monotonic() < end:
            self.rpc(d, "tcp").reeve.getAllProcessInfo()
            for check in ("/healthz", "/readyz", "/"):
                self.assertEqual(200, get(d, check)[0].status)
            time.sleep(0.2)
        self.assertEqual(1, samples())
        get(d, "/metrics")
        until(lambda: samples() == 2)

    def test_rest(self):
        """Some seconds after a client has asked, neither process runs again."""
        d = self.daemon(cat("cat"))
        d.wait_state("cat", "RUNNING")
        for path in ("/metrics", "/readyz"):
            self.assertEqual(200, get(d, path)[0].status)
        pids = d.pid, d.front_end()
        end = time.monotonic() + 11.5  # reeve-rpcd frees the numbers after 10 (rpcd/stats.h)
        until(lambda: time.monotonic() > end, every=0.2)
        until(lambda: self.rest(pids), what="3 seconds of rest")

    @staticmethod
    def rest(pids):
        """Whether the kernel runs none of them for 3 seconds."""
        def switches():
            return [re.findall(r"ctxt_switches:\t(\d+)", read("/proc/%d/status" % p).decode())
                    for p in pids]
        before = switches()
        time.sleep(3)
        return before == switches()


if __name__ == "__main__":
    unittest.main()
