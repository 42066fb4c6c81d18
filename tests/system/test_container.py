"""The first process of a container: essential programs, adopted processes that it reaps, signals
that it forwards."""

import os
import signal
import subprocess
import unittest

from reeve import CHILD, Case, Daemon, children_of, processes, program, read, reeve_only, \
    until

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def pid_namespace(pid):
    try:
        return os.readlink("/proc/%d/ns/pid" % pid)
    except OSError:
        return None


def may_unshare():
    try:
        return subprocess.run([*UNSHARE, "true"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def essential(command, **options):
    return program("app", command, exit_on_fatal="true", **options) + \
        program("helper", CHILD + " cat", startsecs=0, priority=1)


@reeve_only
class Essential(Case):
    def ends(self, status, programs):
        d = self.make(programs)
        d.spawn()
        self.assertEqual(status, d.wait_exit(), d.output())
        self.assertIn("app failed and has exit_on_fatal: shutting down, exit status %d" % status,
                      d.log())
        return d

    def test_unexpected_end(self):
        d = self.ends(7, essential(CHILD + " exit 7", startsecs=0, autorestart="false"))
        self.assertIn("stopped: helper (terminated by SIGTERM)", d.log())
        self.assertEqual([], d.remaining())

    def test_a_success_that_is_not_expected(self):
        self.ends(0, essential(CHILD + " exit 0", startsecs=0, autorestart="false",
                               exitcodes=255))

    def test_signal(self):
        self.ends(128 + signal.SIGSEGV,
                  essential(CHILD + " crash SEGV", startsecs=0, autorestart="false"))

    def test_given_up(self):
        d = self.ends(9, essential(CHILD + " exit 9", startretries=0))
        self.assertIn("app entered FATAL state", d.log())

    def test_no_such_command(self):
        self.ends(127, essential("/nowhere/at/all", startretries=0))

    def test_an_expected_end(self):
        """The daemon stays if the program is stopped, or is not essential."""
        d = self.daemon(essential(CHILD + " exit 0", startsecs=0, autorestart="false") +
                        program("other", CHILD + " exit 1", startretries=0) +
                        program("stopped", CHILD + " cat", startsecs=0, exit_on_fatal="true"))
        d.wait_state("app", "EXITED")
        d.wait_state("other", "FATAL")
        self.rpc(d).supervisor.stopProcess("stopped")
        self.assertEqual("RUNNING", self.rpc(d).supervisor.getState()["statename"])
        self.assertNotIn("has exit_on_fatal", d.log())

    def test_restart_forgets(self):
        """A program that fails while a restart stops all does not end the daemon."""
        d = self.daemon(program("app", CHILD + " exit-on TERM 5", exit_on_fatal="true"))
        d.wait_state("app", "RUNNING")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started with pid", count=2)
        until(d.serving)
        self.finish(d)


def main_program(command, **options):
    return program("app", command, main="true", **options) + \
        program("helper", CHILD + " cat", startsecs=0, priority=1)


@reeve_only
class Main(Case):
    """The daemon ends with a main program."""

    def ends(self, status, programs):
        d = self.make(programs)
        d.spawn()
        self.assertEqual(status, d.wait_exit(), d.output())
        self.assertIn("app is a main program and has ended: shutting down, exit status %d" %
                      status, d.log())
        self.assertEqual([], d.remaining())
        return d

    def test_success(self):
        d = self.ends(0, main_program(CHILD + " exit 0", startsecs=0))
        self.assertIn("stopped: helper (terminated by SIGTERM)", d.log())

    def test_failure(self):
        self.ends(7, main_program(CHILD + " exit 7", startsecs=0, exitcodes=7))

    def test_signal(self):
        self.ends(128 + signal.SIGSEGV, main_program(CHILD + " crash SEGV", startsecs=0))

    def test_too_early(self):
        """startsecs and startretries give it no second life."""
        d = self.ends(3, main_program(CHILD + " exit 3", startsecs=60, startretries=5))
        self.assertEqual(1, d.log().count("spawned: 'app'"))

    def test_no_such_command(self):
        self.ends(127, main_program("/nowhere/at/all", startretries=5))

    def test_an_event_listener(self):
        self.ends(4, program("app", CHILD + " exit 4", section="eventlistener",
                             events="TICK_5", startsecs=0, main="true"))

    def test_the_first_of_two(self):
        d = self.daemon(program("one", CHILD + " cat", main="true", startsecs=0) +
                        program("two", CHILD + " exit-on TERM 2", main="true", startsecs=0,
                                stdout_logfile="{dir}/two.log"))
        until(lambda: d.file("two.log"), what="its signal mask")
        self.rpc(d).supervisor.signalProcess("one", "KILL")
        self.assertEqual(128 + signal.SIGKILL, d.wait_exit(), d.output())
        self.assertIn("stopped: two (exit status 2)", d.log())

    def test_commands(self):
        """A stop, a restart and an update by commands do not end the daemon; a signal does."""
        d = self.daemon(main_program(CHILD + " cat", startsecs=0))
        s = self.rpc(d)
        for words in (("stop", "app"), ("start", "app"), ("restart", "app")):
            self.assertEqual(0, d.reevectl(*words).returncode)
        d.configure(main_program(CHILD + " cat", startsecs=0, stopwaitsecs=9))
        self.assertEqual("app: stopped\napp: updated process group\n",
                         d.reevectl("update").stdout)
        d.wait_state("app", "RUNNING")
        self.assertEqual("RUNNING", s.supervisor.getState()["statename"])
        s.supervisor.signalProcess("app", "KILL")
        self.assertEqual(128 + signal.SIGKILL, d.wait_exit())

    def test_an_end_of_the_daemon(self):
        """The status of a main program that the daemon stops is not that of the daemon."""
        d = self.daemon(program("app", CHILD + " exit-on TERM 5", main="true", startsecs=0,
                                stdout_logfile="{dir}/app.log"))
        until(lambda: d.file("app.log"), what="its signal mask")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started with pid", count=2)
        until(d.serving)
        self.finish(d)


class First(Daemon):
    """A daemon that is process 1 of its pid namespace; self.pid is its number here."""

    def command(self, *options):
        return [*UNSHARE, *super().command(*options)]

    def spawn(self, *options, stdout=None):
        super().spawn(*options, stdout=stdout)
        until(lambda: self.first() or not self.running(), what="process 1")
        self.pid = self.first()

    def first(self):
        return next(iter(children_of(self.process.pid)), None)

    def child(self):
        """The number here of its only program, or None."""
        found = [pid for pid in children_of(self.pid) if pid != self.front_end()]
        return found[0] if found else None


@reeve_only
@unittest.skipUnless(may_unshare(), "no pid namespace may be made here")
class Container(Case):
    def first(self, programs=""):
        d = First(programs)
        self.addCleanup(d.destroy)
        self.addCleanup(self.finish, d.start())
        return d

    def test_it_is_process_1(self):
        d = self.first()
        self.assertEqual("1", read(d.pidfile).decode().strip())
        self.assertEqual(1, self.rpc(d).supervisor.getPID())

    def test_orphans_are_reaped(self):
        """The child of the shell outlives it and ends as a child of process 1."""
        script = "(read line; exit 3) <{dir}/go & exec {child} cat"
        d = First(program("p", "/bin/sh -c '%s'" % script, startsecs=0, autorestart="false"))
        self.addCleanup(d.destroy)
        os.mkfifo(d.path("go"))
        self.addCleanup(self.finish, d.start())
        orphan = until(lambda: children_of(until(d.child)), what="its child")[0]
        self.rpc(d).supervisor.stopProcess("p")
        with open(d.path("go"), "w") as go:
            go.write("now\n")
        d.wait_log(r"reaped unknown pid \d+ \(exit status 3\)")
        self.assertFalse(os.path.exists("/proc/%d" % orphan))

    def test_ten_thousand_orphans(self):
        """Meanwhile the daemon answers, and restarts a program that ends."""
        d = self.first(program("parent", CHILD + " orphans 10000", startsecs=0,
                               stdout_logfile="{dir}/parent.log") +
                       program("busy", CHILD + " cat", startsecs=0, autorestart="true"))
        s = self.rpc(d)
        last = None
        while not d.file("parent.log"):
            self.assertEqual("RUNNING", d.state("parent"))
            pid = d.info("busy")["pid"]
            if pid not in (0, last):
                s.supervisor.signalProcess("busy", "KILL")
                last = pid
        until(lambda: d.info("busy")["pid"] not in (0, last), what="the restart")
        until(lambda: self.left(d) == 3, what="all orphans to be reaped")

    @staticmethod
    def left(d):
        """The number of processes that process 1 has not reaped, without its helpers."""
        namespace = pid_namespace(d.pid)
        return sum(name not in (b"reeve-rpcd", b"reeve-verifier") for name in (
            read("/proc/%d/comm" % pid, b"").strip() for pid in processes()
            if pid_namespace(pid) == namespace))

    def test_signals(self):
        d = self.first(program("p", CHILD + " exit-on USR1 0", stopsignal="USR1"))
        d.wait_state("p", "RUNNING")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("received SIGHUP indicating restart request")
        d.wait_log("stopped: p ")
        until(d.serving)
        d.wait_state("p", "RUNNING")
        os.kill(d.pid, signal.SIGTERM)
        self.assertEqual(0, d.wait_exit())
        self.assertEqual(2, d.log().count("stopped: p (exit status 0)"))

    def test_essential(self):
        d = First(essential(CHILD + " exit 42", startsecs=0, autorestart="false"))
        self.addCleanup(d.destroy)
        d.spawn()
        self.assertEqual(42, d.wait_exit(), d.output())


if __name__ == "__main__":
    unittest.main()
