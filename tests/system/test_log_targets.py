"""Where logs go besides plain files, and what happens to files under the daemon's hands:
reopening, pipes and devices, two writers, syslog, escape sequences."""

import os
import shutil
import signal
import unittest

from reeve import Case, program, reeve_only, until


def echo(name, **options):
    """A program that prints what it is sent."""
    options.setdefault("stdout_logfile", "{dir}/%s.log" % name)
    return program(name, "{child} cat", startsecs=0, **options)


class Targets(Case):
    def tell(self, daemon, name, text):
        self.rpc(daemon).supervisor.sendProcessStdin(name, text)

    def holds(self, daemon, name, text):
        until(lambda: daemon.file(name) == text, what="%s to hold %r; it holds %r" % (
            name, text[:80], daemon.file(name)[-80:]))


class Reopening(Targets):
    def usr2(self, d, count=1):
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("INFO supervisord logreopen$", count=count)

    def test_renamed_files(self):
        """What is written before the signal follows the old file, then comes a new one."""
        d = self.daemon(echo("a", stderr_logfile="{dir}/a.err") + echo("b"))
        d.wait_state("b", "RUNNING")
        self.tell(d, "a", "one\n")
        self.holds(d, "a.log", b"one\n")
        for name in ("a.log", "a.err", "main.log"):
            os.rename(d.path(name), d.path(name + ".old"))
        self.tell(d, "a", "two\n")
        self.holds(d, "a.log.old", b"one\ntwo\n")
        self.assertFalse(os.path.exists(d.path("a.log")))
        os.kill(d.pid, signal.SIGUSR2)
        until(lambda: os.path.exists(d.path("a.log")))
        self.tell(d, "a", "three\n")
        self.holds(d, "a.log", b"three\n")
        self.holds(d, "a.err", b"")
        self.assertEqual(b"one\ntwo\n", d.file("a.log.old"))
        # The old main log ends with the request.
        self.assertEqual([b"INFO received SIGUSR2 indicating log reopen request",
                          b"INFO supervisord logreopen"],
                         [line[24:] for line in d.file("main.log.old").splitlines()][-2:])
        self.rpc(d).supervisor.stopProcess("b")
        d.wait_log("stopped: b")

    def test_appends(self):
        d = self.daemon(echo("a"))
        self.tell(d, "a", "one\n")
        self.holds(d, "a.log", b"one\n")
        self.usr2(d)
        self.tell(d, "a", "two\n")
        self.holds(d, "a.log", b"one\ntwo\n")
        self.assertIn("supervisord started", d.log())

    def test_unlinked_file(self):
        """Written on unseen until the signal, then there is a new one."""
        d = self.daemon(echo("a") + program("down", "/bin/cat", autostart="false",
                                            stdout_logfile="{dir}/down.log"))
        d.wait_state("a", "RUNNING")
        os.unlink(d.path("a.log"))
        self.tell(d, "a", "lost\n")
        self.usr2(d)
        until(lambda: os.path.exists(d.path("a.log")))
        self.tell(d, "a", "kept\n")
        until(lambda: d.file("a.log").endswith(b"kept\n"))
        # Nobody writes to the log of a stopped process.
        self.assertFalse(os.path.exists(d.path("down.log")))

    @reeve_only
    def test_directory_is_gone(self):
        """supervisord ends with an error. Here the old file is written on."""
        d = self.make(echo("a", stdout_logfile="{dir}/gone/a.log"))
        os.mkdir(d.path("gone"))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "RUNNING")
        shutil.move(d.path("gone"), d.path("moved"))
        self.usr2(d)
        d.wait_log("ERRO could not reopen log file .*/gone/a.log: ENOENT$")
        self.tell(d, "a", "on\n")
        self.holds(d, "moved/a.log", b"on\n")
        os.mkdir(d.path("gone"))
        self.usr2(d, 2)
        self.tell(d, "a", "back\n")
        self.holds(d, "gone/a.log", b"back\n")


if __name__ == "__main__":
    unittest.main()
