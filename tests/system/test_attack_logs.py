"""Attacks by the user of a program, who controls the names in a directory that root uses: root
must not create, write, truncate, remove or read a file elsewhere."""

import os
import pwd
import signal
import subprocess
import time
import unittest
import xmlrpc.client

from reeve import Case, program, until

SECRET = b"secret\n"

# Runs as the user: replaces the name by links to the targets in turn (argv: the name, the
# targets).
RACER = """
import os, sys
name, targets = sys.argv[1], sys.argv[2:]
print("ready", flush=True)
while True:
    for target in targets:
        try:
            os.symlink(target, name + "~")
        except FileExistsError:
            pass
        os.rename(name + "~", name)
"""


class Attack(Case):
    """app is the user's directory; safe is root's and has a file that only root can read."""

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        self.user = pwd.getpwnam("nobody")

    def prepare(self, programs="", **options):
        d = self.make(programs, **options)
        os.mkdir(d.path("app"))
        os.chown(d.path("app"), self.user.pw_uid, self.user.pw_gid)
        os.mkdir(d.path("safe"), 0o755)
        with open(d.path("safe/secret"), "wb") as f:
            f.write(SECRET)
        os.chmod(d.path("safe/secret"), 0o600)
        return d

    def begin(self, programs="", **options):
        d = self.prepare(programs, **options).start()
        self.addCleanup(self.finish, d)
        return d

    def link(self, d, target, name):
        """The user replaces a name by a link."""
        path = d.path(name)
        os.symlink(target, path + "~")
        os.lchown(path + "~", self.user.pw_uid, self.user.pw_gid)
        os.rename(path + "~", path)

    def swap(self, d, name, target):
        """The user replaces a directory by a link."""
        os.rename(d.path(name), d.path(name + ".away"))
        self.link(d, target, name)

    def untouched(self, d):
        self.assertEqual(["secret"], os.listdir(d.path("safe")))
        self.assertEqual(SECRET, d.file("safe/secret"))
        st = os.stat(d.path("safe/secret"))
        self.assertEqual((0, 0o600), (st.st_uid, st.st_mode & 0o777))

    def send(self, d, text, name="a"):
        self.rpc(d).supervisor.sendProcessStdin(name, text)

    def holds(self, d, name, text):
        until(lambda: d.file(name) == text,
              what="%s to hold %r; it holds %r" % (name, text, d.file(name)[-200:]))


def user_program(log="{dir}/app/a.log", **options):
    return program("a", "/bin/cat", user="nobody", startsecs=0, stdout_logfile=log, **options)


class Links(Attack):
    def test_at_start(self):
        for target in ("safe/made", "safe/secret"):
            with self.subTest(target=target):
                d = self.prepare(user_program(startretries=0, stderr_logfile="NONE"))
                self.link(d, d.path(target), "app/a.log")
                d.start()
                self.addCleanup(self.finish, d)
                d.wait_state("a", "FATAL")
                d.wait_log("ERRO could not open log file .*/app/a.log: EACCES .the symbolic "
                           "link .*/app/a.log is followed with the rights of its owner, uid %d"
                           % self.user.pw_uid)
                self.untouched(d)

    def test_reopened(self):
        d = self.begin(user_program())
        d.wait_state("a", "RUNNING")
        self.link(d, d.path("safe/made"), "app/a.log")
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("ERRO could not reopen log file .*/app/a.log: EACCES .the symbolic link")
        self.link(d, d.path("safe/secret"), "app/a.log")
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("supervisord logreopen", count=2)
        self.send(d, "more\n")
        self.untouched(d)

    def test_not_followed_while_running(self):
        d = self.begin(user_program())
        self.send(d, "first\n")
        self.holds(d, "app/a.log", b"first\n")
        held = d.path("app/held")
        os.rename(d.path("app/a.log"), held)
        self.link(d, d.path("safe/secret"), "app/a.log")
        end = time.monotonic() + 20
        while "could not reopen" not in d.log() and time.monotonic() < end:
            self.send(d, "x\n")
            time.sleep(0.1)
        d.wait_log("ERRO could not reopen log file .*/app/a.log: EACCES .the symbolic link")
        until(lambda: d.file("app/held").endswith(b"x\n"))
        self.untouched(d)

    def test_rotation(self):
        for backups in (0, 2):
            with self.subTest(backups=backups):
                d = self.begin(user_program(stdout_logfile_maxbytes=100,
                                            stdout_logfile_backups=backups))
                self.send(d, "first\n")
                self.holds(d, "app/a.log", b"first\n")
                os.unlink(d.path("app/a.log"))
                os.link(d.path("safe/secret"), d.path("app/a.log"))
                self.send(d, "y" * 200 + "\n")
                d.wait_log("ERRO could not (rotate|reopen) log file .*/app/a.log: EMLINK")
                os.unlink(d.path("app/a.log"))
                self.untouched(d)
                self.link(d, d.path("safe/secret"), "app/a.log")
                self.send(d, "y" * 200 + "\n")
                for n in (1, 2):
                    self.link(d, d.path("safe/made"), "app/a.log.%d" % n)
                self.send(d, "y" * 200 + "\n")
                self.assertIs(True, self.rpc(d).supervisor.sendProcessStdin("a", "z\n"))
                self.untouched(d)

    def test_swapped_parent(self):
        d = self.prepare(user_program("{dir}/app/logs/secret", stdout_logfile_maxbytes=100,
                                      stdout_logfile_backups=0))
        os.mkdir(d.path("app/logs"))
        os.chown(d.path("app/logs"), self.user.pw_uid, self.user.pw_gid)
        d.start()
        self.addCleanup(self.finish, d)
        s = self.rpc(d).supervisor
        self.send(d, "first\n")
        self.holds(d, "app/logs/secret", b"first\n")
        self.swap(d, "app/logs", d.path("safe"))
        self.send(d, "y" * 200 + "\n")
        d.wait_log("ERRO could not (rotate|reopen) log file .*/app/logs/secret: EACCES")
        self.assertFault(30, "FAILED: a", s.clearProcessLogs, "a")
        self.assertFault(30, "FAILED", s.readProcessStdoutLog, "a", 0, 0)
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("supervisord logreopen")
        self.untouched(d)
        self.holds(d, "app/logs.away/secret", b"first\n" + b"y" * 200 + b"\n")

    def test_race_with_clear(self):
        d = self.begin(user_program())
        self.send(d, "first\n")
        self.holds(d, "app/a.log", b"first\n")
        racer = subprocess.Popen(
            ["/usr/bin/python3", "-c", RACER, d.path("app/a.log"), d.path("safe/made"),
             d.path("safe/secret"), d.path("app/own")], stdout=subprocess.PIPE,
            user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[])
        self.addCleanup(racer.wait)
        self.addCleanup(racer.kill)
        self.addCleanup(racer.stdout.close)
        racer.stdout.readline()
        s = self.rpc(d).supervisor
        for _ in range(200):
            try:
                s.clearProcessLogs("a")
            except xmlrpc.client.Fault as fault:
                self.assertEqual(30, fault.faultCode)
            try:
                self.assertNotIn("secret", s.readProcessStdoutLog("a", 0, 0))
            except xmlrpc.client.Fault:
                pass
        self.untouched(d)

    def test_auto_logs(self):
        d = self.prepare()
        d.configure(program("a", "/bin/cat", user="nobody", startsecs=0),
                    {"childlogdir": d.path("app")})
        d.start()
        self.addCleanup(self.finish, d)
        log = os.path.basename(d.info("a")["stdout_logfile"])
        os.unlink(d.path("app", log))
        self.link(d, d.path("safe/made"), "app/" + log)
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("ERRO could not reopen log file .*: EACCES .the symbolic link")
        self.untouched(d)
        # The next start removes old links of that name, but not their targets.
        self.link(d, d.path("safe/secret"), "app/b-stdout---supervisor-abcdefgh.log")
        s = self.rpc(d).supervisor
        s.restart()
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.untouched(d)

    def test_auto_logs_elsewhere(self):
        d = self.prepare()
        d.configure(program("a", "/bin/cat", user="nobody", startsecs=0, startretries=0),
                    {"childlogdir": d.path("app/logs")})
        with open(d.path("safe/x-stdout---supervisor-abcdefgh.log"), "wb"):
            pass
        self.link(d, d.path("safe"), "app/logs")
        done = d.run("-n")
        self.assertNotEqual(0, done.returncode)
        self.assertTrue(os.path.exists(d.path("safe/x-stdout---supervisor-abcdefgh.log")))
        os.unlink(d.path("safe/x-stdout---supervisor-abcdefgh.log"))
        self.untouched(d)


class Deployment(Attack):
    def release(self, d, n):
        os.mkdir(d.path("app/release%d" % n))
        os.chown(d.path("app/release%d" % n), self.user.pw_uid, self.user.pw_gid)
        self.link(d, "release%d" % n, "app/current")

    def test_current(self):
        """A link of a deployment, which belongs to the program's user, works."""
        d = self.prepare(user_program("{dir}/app/current/a.log", stdout_logfile_maxbytes=20,
                                      stdout_logfile_backups=1))
        self.release(d, 1)
        d.start()
        self.addCleanup(self.finish, d)
        self.send(d, "one\n")
        self.holds(d, "app/release1/a.log", b"one\n")
        self.assertEqual(self.user.pw_uid, os.stat(d.path("app/release1/a.log")).st_uid)
        self.assertEqual("one\n", self.rpc(d).supervisor.readProcessStdoutLog("a", 0, 0))
        self.release(d, 2)
        os.kill(d.pid, signal.SIGUSR2)
        until(lambda: os.path.exists(d.path("app/release2/a.log")))
        self.send(d, "two\n")
        self.holds(d, "app/release2/a.log", b"two\n")
        self.send(d, "0123456789012345\n")
        self.holds(d, "app/release2/a.log.1", b"two\n0123456789012345\n")
        self.send(d, "three\n")
        self.holds(d, "app/release2/a.log", b"three\n")
        self.assertIs(True, self.rpc(d).supervisor.clearProcessLogs("a"))
        self.holds(d, "app/release2/a.log", b"")
        self.assertNotIn("ERRO", d.log())


if __name__ == "__main__":
    unittest.main()
