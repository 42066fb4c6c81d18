"""A daemon that the system starves: no descriptors, processes or memory, a directory that can
be read only, thousands of exits at once, a process number that comes again. What runs goes on,
a request gets a fault, and when the lack is over, everything works again."""

import os
import pwd
import resource
import signal
import subprocess
import unittest
import xmlrpc.client

from reeve import CHILD, SANITIZED, Case, WireFault, program, reeve_only, until
from test_container import First, may_unshare
from test_events import PYTHON

MANY = 2000


@reeve_only
class Starved(Case):
    def begin(self, extra="", **options):
        self.d = d = self.make(
            program("keep", CHILD + " cat", startsecs=0, stdout_logfile="{dir}/keep.log") +
            program("late", CHILD + " cat", startsecs=0, autostart="false",
                    stdout_logfile="{dir}/logs/late.log") + extra, **options)
        os.mkdir(d.path("logs"))
        return d

    def start(self):
        self.d.start()
        self.addCleanup(self.finish, self.d)
        self.s = self.rpc(self.d).supervisor
        self.pid = self.d.wait_state("keep", "RUNNING")["pid"]

    def limit(self, what, soft):
        before = resource.prlimit(self.d.pid, what)
        resource.prlimit(self.d.pid, what, (soft, before[1]))
        self.addCleanup(self.unlimit, what, before)
        return before

    def unlimit(self, what, before):
        if self.d.running():
            resource.prlimit(self.d.pid, what, before)

    def lines(self):
        return self.d.file("keep.log").count(b"\n")

    def keep_works(self):
        """The program that ran before has the same process, and its output arrives."""
        count = self.lines()
        self.s.sendProcessStdin("keep", "line\n")
        until(lambda: self.lines() == count + 1, what="its output")
        self.assertEqual(self.pid, self.s.getProcessInfo("keep")["pid"])

    def start_fails(self, pattern):
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.s.startProcess("late")
        self.assertEqual(50, caught.exception.faultCode, caught.exception)
        self.d.wait_log(pattern)
        self.s.stopProcess("late")

    def start_works(self):
        self.assertTrue(self.s.startProcess("late"))
        self.s.sendProcessStdin("late", "x\n")
        until(lambda: self.d.file("logs/late.log").endswith(b"x\n"))

    def test_no_descriptor(self):
        d = self.begin()
        self.start()
        used = {int(fd) for fd in os.listdir("/proc/%d/fd" % d.pid)}
        free = next(fd for fd in range(1000) if fd not in used)
        before = self.limit(resource.RLIMIT_NOFILE, free)
        self.start_fails("spawnerr: .*(EMFILE|[Tt]oo many open files)")
        self.keep_works()
        self.unlimit(resource.RLIMIT_NOFILE, before)
        self.start_works()

    def limit_processes(self, soft):
        """As the user of the daemon: root may lack the right to change limits of others."""
        code = ("from resource import *; hard = prlimit(%d, RLIMIT_NPROC)[1]; "
                "prlimit(%d, RLIMIT_NPROC, (%s, hard))" % (self.d.pid, self.d.pid, soft))
        subprocess.run([PYTHON, "-c", code], check=True, **self.d.identity)

    @unittest.skipUnless(os.geteuid() == 0, "only root can start the daemon as another user")
    def test_no_process(self):
        """The limit is that of the daemon, so its programs can still have children."""
        d = self.begin()
        user = pwd.getpwnam("games")
        for root, names, files in os.walk(d.dir):
            for name in [root] + [os.path.join(root, n) for n in names + files]:
                os.chown(name, user.pw_uid, user.pw_gid)
        d.identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.start()
        self.limit_processes(0)
        self.start_fails("spawnerr: .*(EAGAIN|Too many processes|temporarily unavailable)")
        self.keep_works()
        self.limit_processes("hard")
        self.start_works()

    @unittest.skipIf(SANITIZED, "sanitizers reserve terabytes")
    def test_no_memory(self):
        """A request that needs memory is refused, or its connection is closed."""
        d = self.begin()
        self.start()
        with open("/proc/%d/statm" % d.pid, encoding="ascii") as f:
            size = int(f.read().split()[0]) * resource.getpagesize()
        before = self.limit(resource.RLIMIT_AS, size)
        refused = 0
        for _ in range(20):
            try:
                wire = self.control(d)
                wire.call("process.stdin", name="keep", data="x" * 200000)
            except (EOFError, OSError, WireFault):
                refused += 1
        self.assertGreater(refused, 0)
        self.assertEqual(self.pid, d.info("keep")["pid"])
        self.unlimit(resource.RLIMIT_AS, before)
        self.keep_works()
        self.start_works()

    def test_directory_becomes_read_only(self):
        d = self.begin()
        if os.geteuid() != 0 or subprocess.run(
                ["mount", "-t", "tmpfs", "none", d.path("logs")], check=False,
                stderr=subprocess.DEVNULL).returncode != 0:
            self.skipTest("no file system of its own can be mounted")
        self.addCleanup(subprocess.run, ["umount", "-l", d.path("logs")], check=True)
        self.start()
        subprocess.run(["mount", "-o", "remount,ro", d.path("logs")], check=True)
        self.start_fails("Read-only file system|EROFS")
        self.keep_works()
        subprocess.run(["mount", "-o", "remount,rw", d.path("logs")], check=True)
        self.start_works()

    @unittest.skipIf(SANITIZED, "too slow")
    def test_exits_at_once(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most < 4 * MANY:
            self.skipTest("the limit on open files is %d" % most)
        d = self.begin(program(
            "many", "/bin/sleep 100000", startsecs=0, autorestart="false", numprocs=MANY,
            process_name="%(process_num)d", stdout_logfile="NONE", stderr_logfile="NONE"),
            supervisord={"minfds": 4 * MANY})
        self.start()

        def pids():
            return [i["pid"] for i in self.s.getAllProcessInfo()
                    if i["group"] == "many" and i["statename"] == "RUNNING"]
        for pid in until(lambda: len(pids()) == MANY and pids(), 120, what="all to run"):
            os.kill(pid, signal.SIGKILL)
        self.keep_works()
        until(lambda: not pids(), 120, what="all ends to be noticed")
        self.assertEqual(MANY, d.log().count("(terminated by SIGKILL; not expected)"))

    @unittest.skipUnless(os.geteuid() == 0 and may_unshare(), "no pid namespace may be made here")
    def test_process_number_comes_again(self):
        """Within a pid namespace, whose next number a program sets."""
        d = First(program("first", CHILD + " cat", startsecs=0) +
                  program("second", CHILD + " cat", startsecs=0, autostart="false") +
                  program("set", "/bin/sh -c 'read n; echo $n >/proc/sys/kernel/ns_last_pid'",
                          startsecs=0, autostart="false", autorestart="false"))
        self.addCleanup(d.destroy)
        self.addCleanup(self.finish, d.start())
        s = self.rpc(d).supervisor
        for _ in range(3):
            pid = d.wait_state("first", "RUNNING")["pid"]
            s.startProcess("set")
            s.stopProcess("first")
            s.sendProcessStdin("set", "%d\n" % (pid - 1))
            if d.wait_state("set", "EXITED")["exitstatus"] != 0:
                self.skipTest("the next process number cannot be set here")
            s.startProcess("second")
            self.assertEqual(pid, s.getProcessInfo("second")["pid"])
            self.assertEqual("STOPPED", d.state("first"))
            s.signalProcess("second", "KILL")
            until(lambda pid=pid: d.info("second")["pid"] not in (0, pid), what="its restart")
            s.stopProcess("second")
            s.startProcess("first")


if __name__ == "__main__":
    unittest.main()
