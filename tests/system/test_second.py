"""A second daemon: with the same file it does not start; with another file it leaves the files of
the first one alone."""

import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from reeve import SUBJECT, Case, cat, program, read, reeve_only, until

IN_USE = ("Error: Another program is already listening on a port that one of our HTTP servers "
          "is configured to use.  Shut this program down first before starting "
          "supervisord.\n")


class SameFile(Case):
    def refused(self, d, *options, command=None):
        """Starts a second daemon. The first one loses nothing, and its log gets one line."""
        log, pidfile = d.log(), read(d.pidfile)
        command = command or d.command(*options)
        begun = time.monotonic()
        second = subprocess.run(command, cwd=d.dir, stdin=subprocess.DEVNULL, text=True,
                                capture_output=True, timeout=20, check=False)
        shown = re.sub("(?m)^.* CRIT Supervisor is running as root.*\n", "", second.stdout)
        self.assertEqual((2, IN_USE + "For help, use %s -h\n" % command[0], ""),
                         (second.returncode, second.stderr, shown))
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(pidfile, read(d.pidfile))
        if SUBJECT == "reeve":
            added = d.log()[len(log):].splitlines()
            self.assertEqual(1, len(added), added)
            self.assertRegex(added[0], r" CRIT .*reeved \(\d+\) was not started with .*: "
                             "Another program is already listening")
        d.wait_state("cat", "RUNNING") if d.servers[0] is not False else None
        return second

    def test_with_a_server(self):
        d = self.daemon(cat("cat"))
        d.wait_state("cat", "RUNNING")
        self.refused(d, "-n")
        self.refused(d)
        self.assertTrue(os.path.exists(d.socket))

    @reeve_only
    def test_without_a_server(self):
        d = self.daemon(cat("cat"), unix=False, tcp=False)
        d.wait_log("entered RUNNING")
        self.refused(d)
        self.refused(d, "-n")
        os.symlink(d.conf, d.path("link.conf"))
        self.refused(d, command=[d.command()[0], "-n", "-c", d.path("link.conf")])
        # An editor that replaces the file gives it another inode.
        with open(d.path("new.conf"), "w", encoding="ascii") as f:
            f.write(read(d.conf).decode())
        os.rename(d.path("new.conf"), d.conf)
        self.refused(d, "-n")
        self.assertIn("RUNNING", d.reevectl("status").stdout)
        self.assertEqual(1, d.log().count("spawned: 'cat'"))

    @reeve_only
    def test_at_the_same_moment(self):
        """Creating many processes takes long, after the check for another daemon and before
        the daemon answers such a check."""
        for _ in range(2):
            d = self.make(cat("cat", autostart="false", numprocs=1500,
                              process_name="%(process_num)d"), unix=False, tcp=False)
            both = [subprocess.Popen(d.command("-n"), cwd=d.dir, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                     env=d.environment()) for _ in range(2)]
            until(lambda both=both: any(p.poll() is not None for p in both))
            status = [p.poll() for p in both]
            self.assertIn(status, ([None, 2], [2, None]))
            first = both[status.index(None)]
            until(lambda d=d, first=first: d.file("d.pid") == b"%d\n" % first.pid)
            first.terminate()
            self.assertEqual(0, first.wait(20))

    @reeve_only
    def test_one_that_does_not_answer(self):
        d = self.daemon(cat("cat"), unix=False, tcp=False)
        d.wait_log("entered RUNNING")
        os.kill(d.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, d.pid, signal.SIGCONT)
        self.refused(d, "-n")

    @reeve_only
    def test_the_log_is_not_rotated(self):
        d = self.daemon(cat("cat"), unix=False, tcp=False,
                        supervisord={"logfile_maxbytes": "100000"})
        d.wait_log("entered RUNNING")
        with open(d.path("main.log"), "a", encoding="ascii") as f:
            f.write("x" * 99999 + "\n")
        before = sorted(os.listdir(d.dir))
        self.refused(d, "-n")
        self.assertEqual(before, sorted(os.listdir(d.dir)))


@reeve_only
class OtherFile(Case):
    def second(self, first, **options):
        """A daemon with another file, but with the pidfile of the first one."""
        d = self.make(cat("dog"), unix=False, tcp=False,
                      supervisord={"pidfile": first.pidfile, **options})
        d.spawn()
        d.wait_log("entered RUNNING")
        return d

    def test_both_run(self):
        d = self.daemon(cat("cat"))
        pidfile = read(d.pidfile)
        other = self.second(d)
        other.wait_log("WARN control socket %s belongs to reeved \\(%d\\), which runs %s; "
                       "running %s without one: set control_socket= to another path" %
                       (d.control_path, d.pid, d.conf, other.conf))
        self.assertEqual(pidfile, read(d.pidfile))
        self.assertNotIn("supervisord started", other.log())
        self.assertEqual(0, other.stop())
        self.assertEqual(pidfile, read(d.pidfile))
        self.assertTrue(os.path.exists(d.control_path))
        self.assertIn("RUNNING", d.reevectl("status").stdout)

    def test_with_the_remedy(self):
        d = self.daemon(cat("cat"))
        other = self.make(cat("dog"), unix=False, tcp=False)
        other.configure(cat("dog"), supervisord={
            "control_socket": other.path("own.ctl")})
        other.control_path = other.path("own.ctl")
        other.start()
        self.addCleanup(self.finish, other)
        self.assertNotIn("WARN control socket", other.log())
        self.assertEqual(1, other.log().count("supervisord started"))
        self.assertNotEqual(d.pid, other.pid)

    def test_the_first_one_has_gone_at_a_restart(self):
        d = self.daemon(cat("cat"))
        other = self.second(d)
        d.stop()
        os.kill(other.pid, signal.SIGHUP)
        other.wait_log("supervisord started")
        until(lambda: os.path.exists(d.control_path))
        self.assertEqual(b"%d\n" % other.pid, read(d.pidfile))
        self.assertEqual(0, other.stop())
        self.assertFalse(os.path.exists(d.pidfile))


@reeve_only
class Stranger(Case):
    """Another program listens at the path of the control socket."""

    def start_beside(self, behave):
        """A daemon whose control socket another process has, and the duration of its start."""
        d = self.make(cat("cat"))
        with socket.socket(socket.AF_UNIX) as taken:
            taken.bind(d.control_path)
            taken.listen(1)
            done = threading.Event()
            server = threading.Thread(target=behave, args=(taken, done))
            server.start()
            begun = time.monotonic()
            try:
                d.start()
                self.addCleanup(self.finish, d)
                took = time.monotonic() - begun
            finally:
                done.set()
                server.join()
            d.wait_log("WARN control socket %s belongs to (process %d, which|a process that) "
                       "does not answer; running .* without one" %
                       (d.control_path, os.getpid()))
            self.assertEqual(b"%d\n" % d.pid, read(d.pidfile))
            self.assertLess(took, 15)
            self.assertEqual(0, d.stop())
        self.assertTrue(os.path.exists(d.control_path))

    def test_it_never_accepts(self):
        self.start_beside(lambda taken, done: done.wait())

    def test_its_backlog_is_full(self):
        def behave(taken, done):
            waiting = [socket.socket(socket.AF_UNIX) for _ in range(8)]
            for s in waiting:
                s.setblocking(False)
                s.connect_ex(taken.getsockname())
            done.wait()
            for s in waiting:
                s.close()
        self.start_beside(behave)

    def answer_with(self, data):
        def behave(taken, done):
            taken.settimeout(20)
            conn, _ = taken.accept()
            with conn:
                conn.settimeout(20)
                try:
                    while not done.is_set():
                        conn.sendall(data)
                        time.sleep(0.01)
                except OSError:
                    pass
        return behave

    def test_it_answers_nonsense(self):
        self.start_beside(self.answer_with(b"nonsense\n"))

    def test_it_never_ends_its_answer(self):
        self.start_beside(self.answer_with(b"{" * 1000))

    def test_it_drips(self):
        self.start_beside(self.answer_with(b" "))

    def test_it_answers_as_another_program(self):
        self.start_beside(self.answer_with(
            b'{"jsonrpc":"2.0","id":1,"result":{"program":"other","pid":1}}\n'))


@reeve_only
class Hello(Case):
    def test_identity(self):
        d = self.daemon(program("p", "/bin/cat"))
        st = os.stat(d.conf)
        hello = self.control(d).hello
        self.assertEqual({"path": d.conf, "device": st.st_dev, "inode": st.st_ino},
                         hello["config"])
        os.rename(d.conf, d.conf + ".away")
        self.assertEqual({"path": d.conf}, self.control(d).hello["config"])


if __name__ == "__main__":
    unittest.main()
