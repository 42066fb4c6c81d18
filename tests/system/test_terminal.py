"""A daemon that was started from a terminal: how its program is found, and what happens when
the terminal goes away."""

import os
import pty
import re
import signal
import subprocess
import unittest

from reeve import BUILD, Case, alive, cat, program, read, reeve_only, until

SHOW_IGNORED = "/bin/sh -c 'grep SigIgn /proc/self/status; exec sleep 1000'"


@reeve_only
class Terminal(Case):
    def spawn(self, d, *command):
        """Starts the daemon or its shell as the leader of a terminal's session. Our end of it."""
        pid, ours = pty.fork()
        if pid == 0:
            os.execv(command[0], command)
        self.addCleanup(self.end, pid)
        d.pid = int(until(lambda: read(d.pidfile, b"").strip(), what="the pidfile"))
        d.wait_log("entered RUNNING")
        return pid, ours

    @staticmethod
    def end(pid):
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            pass

    def command(self, d):
        return d.command("-n", "-s")

    def went_down(self, d):
        d.wait_log("WARN received SIGHUP because the terminal has gone: shutting down")
        until(lambda: not alive(d.pid), what="the daemon to end")
        self.assertEqual(1, d.log().count("supervisord started"))
        self.assertFalse(os.path.exists(d.pidfile))

    def test_the_leader_of_the_session(self):
        d = self.make(cat("cat"))
        pid, ours = self.spawn(d, *self.command(d))
        os.close(ours)
        until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid, what="the daemon to end")
        self.went_down(d)

    def test_a_shell_that_sends_it_on(self):
        d = self.make(cat("cat"))
        script = "set -m; %s & trap \"kill -HUP $!\" HUP; wait; wait" % " ".join(
            self.command(d))
        _, ours = self.spawn(d, "/bin/sh", "-c", script)
        os.close(ours)
        self.went_down(d)

    def test_the_end_of_the_session_leader(self):
        """The kernel signals the foreground before it takes the terminal away."""
        d = self.make(cat("cat"))
        shell, ours = self.spawn(d, "/bin/sh", "-c", " ".join(self.command(d)) + "; true")
        os.kill(shell, signal.SIGKILL)
        os.waitpid(shell, 0)
        self.went_down(d)
        os.close(ours)

    def test_a_request_stays_a_restart(self):
        d = self.make(cat("cat"))
        _, ours = self.spawn(d, *self.command(d))
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        os.kill(d.pid, signal.SIGTERM)
        os.close(ours)

    def test_nohup(self):
        d = self.make(cat("cat"))
        _, ours = self.spawn(d, "/bin/sh", "-c",
                             "trap '' HUP; exec " + " ".join(self.command(d)))
        os.close(ours)
        d.wait_log("INFO the terminal has gone; continuing")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        os.kill(d.pid, signal.SIGTERM)


class Found(Case):
    @reeve_only
    def test_searches_beside_the_program_that_was_found(self):
        """As when supervisord is found in PATH: the directory of the program counts."""
        d = self.make("[program:a]\n")
        os.mkdir(d.path("etc"))
        os.rename(d.conf, d.path("etc", "hidden.conf"))
        os.mkdir(d.path("bin"))
        os.symlink(os.path.join(BUILD, "reeved"), d.path("bin", "reeved"))
        env = {**os.environ, "PATH": d.path("bin") + ":" + os.environ["PATH"]}
        script = "mount -t tmpfs none /etc/supervisor 2>/dev/null; cd / && reeved"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if "unshare" in done.stderr or os.path.exists("/etc/supervisord.conf"):
            self.skipTest("other configurations cannot be hidden here")
        self.assertIn("default paths (%s, %s, " % (d.path("etc/supervisord.conf"),
                                                   d.path("supervisord.conf")), done.stderr)
        self.assertIn("For help, use %s -h" % d.path("bin", "reeved"), done.stderr)
        os.rename(d.path("etc", "hidden.conf"), d.path("etc", "supervisord.conf"))
        done = subprocess.run(["reeved"], text=True, env=env, stdin=subprocess.DEVNULL,
                              capture_output=True, check=False, cwd="/")
        self.assertIn("section program:a does not specify a command", done.stderr)


class Signals(Case):
    def ignored(self, **options):
        d = self.daemon(program("p", SHOW_IGNORED, stdout_logfile="{dir}/p.log",
                                startsecs=0, **options))
        text = until(lambda: re.search(rb"SigIgn:\s+(\w+)", d.file("p.log")))
        return int(text[1], 16)

    def test_two_are_ignored(self):
        wanted = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
        self.assertEqual(wanted, self.ignored() & wanted)

    @reeve_only
    def test_reset(self):
        self.assertEqual(0, self.ignored(reset_signals="true"))


if __name__ == "__main__":
    unittest.main()
