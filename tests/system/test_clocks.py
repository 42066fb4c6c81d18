"""Clocks that jump: only displayed times follow the wall clock, and they stay right; starts,
retries and stops follow the monotonic one. The build with faults moves its clocks."""

import os
import re
import time
import unittest

import faults
from faults import Faulty
from reeve import CHILD, Case, program, read, reeve_only, until
from test_events import parse, pool

HOUR = 3600
YEARS = 10 * 365 * 24 * HOUR
STEPS = (3 * HOUR, -5 * HOUR, YEARS, -2 * YEARS)
PROGRAMS = (
    program("up", CHILD + " cat", startsecs=0) +
    program("starting", CHILD + " cat", startsecs=4 * HOUR) +
    program("failing", CHILD + " exit 1", startsecs=HOUR, startretries=1000) +
    program("ended", CHILD + " exit 0", startsecs=0, autorestart="false") +
    program("filled", CHILD + " cat", startsecs=0, stdout_logfile="{dir}/filled.log",
            stdout_logfile_maxbytes=100, stdout_logfile_backups=3) +
    pool("ticks", "TICK_5"))


@reeve_only
@unittest.skipUnless(os.path.exists(os.path.join(faults.BUILD, "reeved")), "no build with faults")
class Clocks(Case):
    def begin(self):
        self.d = d = Faulty()
        d.configure(PROGRAMS, {"audit_log": d.path("audit.log")})
        self.addCleanup(d.destroy)
        d.start()
        self.addCleanup(self.finish, d)
        self.s = self.rpc(d).supervisor
        d.wait_state("ended", "EXITED")
        d.wait_state("up", "RUNNING")
        self.begun = time.time()
        self.wall = self.steps = 0
        return d

    def set_wall(self, seconds):
        self.wall += seconds
        self.d.page.set(wall_ns=self.wall * 10 ** 9)
        wire = self.control(self.d)  # wakes the loop, as a real step does
        wire.call("all.stats")
        self.steps += 1
        self.d.wait_log("the clock was set (forward|back) by ", count=self.steps)

    def now(self):
        return time.time() + self.wall

    def near(self, value, expected):
        self.assertTrue(abs(value - expected) < 20, (value, expected))

    def test_wall_steps(self):
        d = self.begin()
        before = {i["name"]: i for i in self.s.getAllProcessInfo()}
        for step in STEPS:
            self.set_wall(step)
            begun = self.begun + self.wall
            after = {i["name"]: i for i in self.s.getAllProcessInfo()}
            for name in ("up", "starting", "filled", "ticks"):
                self.assertEqual(before[name]["pid"], after[name]["pid"], after[name])
                self.assertEqual(before[name]["state"], after[name]["state"], after[name])
            up = after["up"]
            self.near(up["now"], self.now())
            self.near(up["start"], begun)
            self.assertRegex(up["description"], r"^pid \d+, uptime 0:0\d:\d\d$")
            self.near(after["ended"]["stop"], begun)
            self.assertEqual(time.strftime("%b %d", time.localtime(begun)),
                             after["ended"]["description"][:6])
            self.check_logs(time.localtime(self.now()).tm_year)
        for name in (r'reeve_process_start_time_seconds\{[^}]*"up"[^}]*\}',
                     "reeve_daemon_start_time_seconds"):
            start = re.search("^" + name + r" (\S+)$", self.metrics(), re.M)
            self.near(float(start[1]), self.begun + self.wall)
        # Nothing was retried because of the steps: a retry takes a second longer each time.
        self.assertLess(d.log().count("spawned: 'failing'"), 3 + time.time() - self.begun)
        self.check_rotation()

    def metrics(self):
        with self.d.connect("unix") as s:
            s.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            data = b""
            while True:
                part = s.recv(65536)
                if not part:
                    return data.decode()
                data += part

    def check_logs(self, year):
        """New lines of the main log and of the audit log have the new time."""
        self.s.sendProcessStdin("up", "x")
        self.d.wait_log(r"^%d-.* the clock was set" % year)
        until(lambda: b'"time":"%d-' % year in self.d.file("audit.log").splitlines()[-1],
              what="the record of the request")

    def check_rotation(self):
        for n in range(8):
            self.s.sendProcessStdin("filled", "line %d %s\n" % (n, "x" * 50))
        until(lambda: b"line 7" in self.d.file("filled.log") + self.d.file("filled.log.1"))
        self.assertTrue(self.d.file("filled.log.3"))

    def ticks(self):
        return [int(e.payload.partition(b"when:")[2])
                for e in parse(read(self.d.path("ticks.events"), b""))]

    def test_ticks(self):
        """A step causes one TICK, with the new time; then they go on."""
        self.begin()
        for step in STEPS:
            count = len(self.ticks())
            self.set_wall(step)
            until(lambda count=count: len(self.ticks()) >= count + 1, what="a tick")
            self.near(self.ticks()[-1], self.now())
            self.assertLess(len(self.ticks()), count + 4)
        count = len(self.ticks())
        until(lambda: len(self.ticks()) > count, what="the next tick")

    def test_monotonic_jump(self):
        """Deadlines that have passed are met at once, and no later ones."""
        d = self.begin()
        self.assertEqual("STARTING", d.state("starting"))
        for hours in (3, 2):
            d.page.set(mono_ns=d.page.get("mono_ns") + hours * HOUR * 10 ** 9)
            self.control(d).call("all.stats")
            self.near(self.s.getProcessInfo("up")["start"], self.begun)
            if hours == 3:
                self.assertEqual("STARTING", d.state("starting"))
        d.wait_state("starting", "RUNNING")
        self.s.stopProcess("up")
        self.s.startProcess("up")
        until(d.serving)


if __name__ == "__main__":
    unittest.main()
