"""The messages to the service manager at NOTIFY_SOCKET; programs do not inherit the variable."""

import os
import signal
import socket
import time
import uuid

from reeve import CHILD, PATIENCE, SANITIZED, SEAM, Case, Daemon, program, read, reeve_only, \
    until


class Managed(Daemon):
    """A daemon with the environment of a service manager."""

    variables = {}
    watchdog_pid = None  # expanded by the shell: "$$" is the daemon's pid

    def environment(self):
        return {**super().environment(), **self.variables}

    def command(self, *options):
        words = super().command(*options)
        if self.watchdog_pid is None:
            return words
        script = "WATCHDOG_PID=%s; export WATCHDOG_PID; exec \"$@\"" % self.watchdog_pid
        return ["/bin/sh", "-c", script, "sh", *words]


@reeve_only
class Notify(Case):
    def manager(self, address=None, programs="", watchdog=None, build=None, args=()):
        """A started daemon; self.heard() returns its messages."""
        d = Managed(programs, build=build)
        self.addCleanup(d.destroy)
        address = address or d.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.settimeout(PATIENCE)
        self.socket.bind("\0" + address[1:] if address[0] == "@" else address)
        d.variables = {"NOTIFY_SOCKET": address}
        if watchdog is not None:
            usec, d.watchdog_pid = watchdog
            d.variables["WATCHDOG_USEC"] = str(usec)
        self.addCleanup(self.finish, d.start(*args))
        return d

    def heard(self, skip_life=True):
        """The next message as a dictionary."""
        while True:
            text = self.socket.recv(4096).decode()
            if text != "WATCHDOG=1" or not skip_life:
                return dict(line.split("=", 1) for line in text.split("\n"))

    def ready(self, d):
        self.assertEqual({"READY": "1", "MAINPID": str(d.pid), "STATUS": "running"},
                         self.heard())

    def reloaded(self, d):
        text = self.heard()
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertEqual("1", text["RELOADING"])
        self.assertLess(now - PATIENCE * 10 ** 6, int(text["MONOTONIC_USEC"]))
        self.assertGreater(now + 2000, int(text["MONOTONIC_USEC"]))
        self.ready(d)

    def stopped(self, d):
        os.kill(d.pid, signal.SIGTERM)
        self.assertEqual({"STOPPING": "1", "STATUS": "stopping all processes"}, self.heard())
        self.assertEqual(0, d.wait_exit())

    def test_a_life(self):
        d = self.manager(programs=program("p", CHILD + " cat"))
        self.ready(d)
        os.kill(d.pid, signal.SIGHUP)
        self.reloaded(d)
        until(d.serving)
        self.assertTrue(self.rpc(d).supervisor.restart())
        self.reloaded(d)
        self.stopped(d)

    def test_abstract_name(self):
        d = self.manager("@reeve-test-" + uuid.uuid4().hex)
        self.ready(d)
        self.stopped(d)

    def test_ready_means_served(self):
        """After READY=1 a client can connect, and the pidfile has the pid."""
        d = self.manager()
        self.ready(d)
        self.assertEqual(str(d.pid), read(d.pidfile).decode().strip())
        self.control(d)

    def test_watchdog(self):
        """Signs of life come at half the time, but none when WATCHDOG_PID is another process."""
        d = self.manager(watchdog=(200000, "$$"))
        self.ready(d)
        for _ in range(5):
            self.assertEqual({"WATCHDOG": "1"}, self.heard(skip_life=False))
        self.stopped(d)

    def test_watchdog_of_another(self):
        d = self.manager(watchdog=(2000, "1"))
        self.ready(d)
        until(lambda: d.serving(), every=0.1)
        self.stopped(d)  # heard() skips WATCHDOG=1, so read the rest directly
        self.socket.settimeout(0)
        self.assertRaises(BlockingIOError, self.socket.recv, 100)

    def test_nothing_leaks(self):
        d = self.manager(programs=program("p", CHILD + " cat"), watchdog=(60000000, "$$"))
        self.ready(d)
        info = d.wait_state("p", "RUNNING")
        readable = not SANITIZED and os.geteuid() == 0
        pids = [info["pid"]] + ([d.front_end()] if readable else [])
        for pid in pids:
            names = {item.partition(b"=")[0]
                     for item in read("/proc/%d/environ" % pid).split(b"\0")}
            self.assertEqual(set(), names & {b"NOTIFY_SOCKET", b"WATCHDOG_USEC",
                                             b"WATCHDOG_PID"})

    def test_fatal(self):
        """FATAL is in the status, signs of life continue, and a restart is reported."""
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no seam build")
        d = self.manager(build=SEAM, watchdog=(200000, "$$"))
        self.ready(d)
        self.control(d).call("daemon.break")
        self.assertEqual({"STATUS": "FATAL: broken on purpose by a test build"}, self.heard())
        self.assertEqual({"WATCHDOG": "1"}, self.heard(skip_life=False))
        os.kill(d.pid, signal.SIGHUP)
        self.reloaded(d)
        until(d.serving)
        self.assertEqual({"WATCHDOG": "1"}, self.heard(skip_life=False))

    def test_a_manager_that_has_gone(self):
        """Nobody listens: the daemon logs one warning and continues."""
        d = Managed()
        self.addCleanup(d.destroy)
        d.variables = {"NOTIFY_SOCKET": d.path("nobody")}
        self.addCleanup(self.finish, d.start())
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("received SIGHUP")
        until(d.serving)
        self.assertEqual(1, d.log().count("cannot notify the service manager"))


if __name__ == "__main__":
    import unittest
    unittest.main()
