"""Children that misbehave must not delay anything else."""

import os
import signal
import time
import unittest

from reeve import Case, alive, program, reeve_only, until

CALM = program("calm", "{child} cat", startsecs=0, stdout_logfile="{dir}/calm.log")


class Rude(Case):
    def assertServes(self, d):
        """The daemon answers, starts and stops; returns how many seconds that took."""
        s = self.rpc(d)
        begun = time.monotonic()
        self.assertEqual("RUNNING", s.supervisor.getState()["statename"])
        s.supervisor.stopProcess("calm")
        s.supervisor.startProcess("calm")
        took = time.monotonic() - begun
        self.assertEqual("RUNNING", d.state("calm"))
        return took

    def test_cannot_start(self):
        d = self.daemon(CALM + program("a", "/nonexistent", startretries=1) +
                        program("b", "{child} crash SEGV", startretries=1) +
                        program("c", "/etc/passwd", startretries=1))
        d.wait_state("calm", "RUNNING")
        self.assertServes(d)
        for name in "abc":
            d.wait_state(name, "FATAL")
        self.assertIn("INFO spawnerr: can't find command '/nonexistent'", d.messages())

    def test_flood(self):
        d = self.daemon(CALM + program("flood", "{child} flood 30000000 100", startsecs=0,
                                       stdout_logfile="{dir}/flood.log",
                                       stdout_logfile_maxbytes="1MB",
                                       stdout_logfile_backups=1))
        d.wait_state("calm", "RUNNING")
        self.assertServes(d)
        d.wait_state("flood", "EXITED")
        for name in ("flood.log", "flood.log.1"):
            size = len(d.file(name))
            self.assertLess(size, (1024 + 2048) * 1024, name)

    @reeve_only
    def test_endless_flood_is_fair(self):
        d = self.daemon(CALM + program("yes", "/usr/bin/yes", startsecs=0,
                                       stdout_logfile="{dir}/yes.log",
                                       stdout_logfile_maxbytes="1MB",
                                       stdout_logfile_backups=0))
        d.wait_state("calm", "RUNNING")
        self.assertLess(self.assertServes(d), 2)
        self.assertIs(True, self.rpc(d).supervisor.stopProcess("yes"))

    def test_closes_its_pipes(self):
        d = self.daemon(CALM + program("closed", "{child} close-pipes", startsecs=0))
        pid = d.wait_state("closed", "RUNNING")["pid"]
        d.wait_state("calm", "RUNNING")
        self.assertServes(d)
        self.assertEqual(("RUNNING", pid), (d.state("closed"), d.info("closed")["pid"]))
        self.assertIs(True, self.rpc(d).supervisor.stopProcess("closed"))

    @reeve_only
    def test_closed_pipes_cost_no_time(self):
        d = self.daemon(program("closed", "{child} close-pipes", startsecs=0))
        d.wait_state("closed", "RUNNING")

        def ticks():
            with open("/proc/%d/stat" % d.pid, encoding="ascii") as f:
                fields = f.read().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])

        # Half a second of a busy loop would be 50 ticks.
        before, end = ticks(), time.monotonic() + 0.5
        until(lambda: time.monotonic() > end)
        self.assertLess(ticks() - before, 10)

    def test_ignores_term(self):
        d = self.daemon(CALM + program("stubborn", "{child} ignore-term", stopwaitsecs=2,
                                       stdout_logfile="{dir}/stubborn.log"))
        until(lambda: d.file("stubborn.log"))
        d.wait_state("calm", "RUNNING")
        s = self.rpc(d)
        self.assertIs(True, s.supervisor.stopProcess("stubborn", False))
        self.assertServes(d)
        d.wait_state("stubborn", "STOPPED")

    def test_grandchild_holds_the_pipe(self):
        """A child has ended even if another process holds its pipes."""
        d = self.daemon(CALM + program("a", "{child} fork-grandchild 0", startsecs=0,
                                       autorestart="false", stdout_logfile="{dir}/a.log"))
        d.wait_state("a", "EXITED")
        d.wait_state("calm", "RUNNING")
        self.assertServes(d)
        for pid in self.orphans(d):
            os.kill(pid, signal.SIGKILL)

    def orphans(self, d):
        names = {i["pid"] for i in self.rpc(d).supervisor.getAllProcessInfo()}
        return [pid for pid in d.remaining()
                if pid not in names and (d.subject != "reeve" or pid != d.front_end())]

    def test_killed_from_outside_and_stopped(self):
        d = self.daemon(CALM)
        pid = d.wait_state("calm", "RUNNING")["pid"]
        os.kill(pid, signal.SIGSTOP)
        self.assertEqual("RUNNING", d.state("calm"))
        os.kill(pid, signal.SIGKILL)
        until(lambda: d.info("calm")["pid"] not in (0, pid))
        self.assertFalse(alive(pid))

    def test_many_deaths(self):
        d = self.daemon(CALM + program("dies", "{child} exit 1", numprocs=20, startsecs=0,
                                       autorestart="false",
                                       process_name="d%(process_num)02d"))
        for i in range(20):
            d.wait_state("dies:d%02d" % i, "EXITED")
        d.wait_state("calm", "RUNNING")
        self.assertServes(d)


if __name__ == "__main__":
    unittest.main()
