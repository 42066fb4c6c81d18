"""pidproxy: forwards signals to the process in a pidfile."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from reeve import BUILD, PATIENCE, SUBJECT, Case, alive, children_of, free_port, program, read, \
    reeve_only, status_of, until

PIDPROXY = "/usr/bin/pidproxy" if SUBJECT == "supervisord" else os.path.join(BUILD, "pidproxy")
REDIS = shutil.which("redis-server", path="/usr/bin:/usr/local/bin:/bin")
SURVIVED = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
# Writes the signals that it receives to a file.
VICTIM = """for s in TERM INT QUIT HUP USR1 USR2; do trap "echo $s" $s; done
echo ready
while :; do sleep 0.02; done
"""
# The command: starts the daemon and runs as long as the daemon.
LAUNCHER = """#!/bin/sh
%s --daemonize yes --pidfile {dir}/redis.pid --port {port} --save '' --dir {dir} || exit 1
while [ ! -s {dir}/redis.pid ]; do sleep 0.02; done
touch {dir}/seen
while [ -e {dir}/redis.pid ]; do sleep 0.02; done
"""


class Base(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="reeve-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.pidfile = os.path.join(self.dir, "pid")
        self.victim = self.popen(["/bin/sh", "-c", VICTIM])
        self.assertEqual("ready\n", self.victim.stdout.readline())

    def popen(self, command, **options):
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, cwd=self.dir,
                                 env={**os.environ, "PYTHONUNBUFFERED": "1"}, **options)
        self.addCleanup(self.end, child)
        return child

    @staticmethod
    def end(child):
        child.kill()
        child.communicate(timeout=PATIENCE)

    @staticmethod
    def kill(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def write(self, text):
        with open(self.pidfile, "w", encoding="ascii") as f:
            f.write(text)

    def start(self, *command, **options):
        """A pidproxy that is ready for signals: its command runs."""
        proxy = self.popen([PIDPROXY, self.pidfile, *(command or ["/bin/sleep", "1000"])],
                           **options)
        child = until(lambda: children_of(proxy.pid), what="the command")[0]
        self.addCleanup(self.kill, child)
        until(lambda: os.readlink("/proc/%d/exe" % child) !=
              os.readlink("/proc/%d/exe" % proxy.pid), what="the command to be itself")
        return proxy, child

    def send(self, proxy, signo):
        proxy.send_signal(signo)
        self.assertEqual(signo.name[3:] + "\n", self.victim.stdout.readline())


class Proxy(Base):
    def test_usage(self):
        for words in ([], [self.pidfile]):
            text = subprocess.run([PIDPROXY, *words], capture_output=True, text=True,
                                  timeout=PATIENCE, check=False)
            self.assertEqual((1, ""), (text.returncode, text.stderr))
            self.assertRegex(text.stdout.lower(), r"usage: \S+pidproxy ")

    def test_signals_that_it_survives(self):
        self.write("%d\n" % self.victim.pid)
        proxy, child = self.start()
        for signo in (*SURVIVED, signal.SIGHUP):
            self.send(proxy, signo)
        self.assertIsNone(proxy.poll())
        self.assertTrue(alive(child))

    def test_signals_that_end_it(self):
        self.write("%d\n" % self.victim.pid)
        for signo in ENDING:
            proxy, child = self.start()
            self.send(proxy, signo)
            self.assertEqual(0, proxy.wait(PATIENCE))
            self.assertTrue(alive(child))
            os.kill(child, signal.SIGKILL)

    def test_signals_that_were_ignored(self):
        """Ignored as by nohup or in the background of a script; the command ignores
        none."""
        def ignore():
            for signo in (*SURVIVED, *ENDING):
                signal.signal(signo, signal.SIG_IGN)

        self.write("%d\n" % self.victim.pid)
        for signo in ENDING:
            proxy, child = self.start(preexec_fn=ignore)
            for survived in SURVIVED:
                self.send(proxy, survived)
            self.send(proxy, signo)
            self.assertEqual(0, proxy.wait(PATIENCE))
            self.assertEqual(0, int(status_of(child)["SigIgn"], 16) &
                             sum(1 << (s - 1) for s in (*SURVIVED, *ENDING)))
            os.kill(child, signal.SIGKILL)

    def test_no_pidfile(self):
        proxy, _ = self.start()
        for text, signo in ((None, signal.SIGTERM), ("no number\n", signal.SIGHUP)):
            if text is not None:
                self.write(text)
            proxy.send_signal(signo)
            self.assertEqual("Can't read child pidfile %s!\n" % self.pidfile,
                             proxy.stdout.readline())
        self.write(" %d " % self.victim.pid)
        self.send(proxy, signal.SIGTERM)
        self.assertEqual(0, proxy.wait(PATIENCE))

    def test_ends_with_its_command(self):
        """pidproxy exits 0, whatever the command's status."""
        for command in ("exit 0", "exit 3", "kill -9 $$"):
            proxy = self.popen([PIDPROXY, self.pidfile, "/bin/sh", "-c", command])
            self.assertEqual((0, ("", "")), (proxy.wait(PATIENCE), proxy.communicate()))

    def test_command_is_a_path(self):
        """A name relative to the working directory, passed on unchanged."""
        with open(os.path.join(self.dir, "c"), "w", encoding="ascii") as f:
            f.write("#!/bin/sh\necho $0 $1\n")
        os.chmod(os.path.join(self.dir, "c"), 0o755)
        proxy = self.popen([PIDPROXY, self.pidfile, "c", "x y"])
        self.assertRegex(proxy.communicate(timeout=PATIENCE)[0], r"\bc x y\n$")


@reeve_only
class Ours(Base):
    """Cases that supervisord's pidproxy does not support or fails in."""

    def test_is_told_of_the_end(self):
        begun = time.monotonic()
        self.popen([PIDPROXY, self.pidfile, "/bin/true"]).wait(PATIENCE)
        self.assertLess(time.monotonic() - begun, 4)

    def test_command_that_cannot_be_run(self):
        for command, why in (("sh", "No such file or directory"),
                             ("/etc/passwd", "Permission denied")):
            proxy = self.popen([PIDPROXY, self.pidfile, command])
            self.assertEqual(("", "pidproxy: cannot run %s: %s\n" % (command, why)),
                             proxy.communicate(timeout=PATIENCE))
            self.assertEqual(127, proxy.returncode)

    def test_process_that_is_gone(self):
        gone = self.popen(["/bin/true"])
        gone.wait(PATIENCE)
        self.write("%d\n" % gone.pid)
        proxy, _ = self.start()
        for signo in (signal.SIGHUP, signal.SIGTERM):
            proxy.send_signal(signo)
            self.assertEqual("Can't send %s to pid %d of %s: No such process\n" % (
                signo.name, gone.pid, self.pidfile), proxy.stdout.readline())
        self.assertIsNone(proxy.poll())

    def test_numbers_that_are_no_process(self):
        proxy, child = self.start()
        for text in ("0", "-1", "-%d" % self.victim.pid, "99999999999", "", "1" * 65):
            self.write(text)
            proxy.send_signal(signal.SIGTERM)
            self.assertEqual("Can't read child pidfile %s!\n" % self.pidfile,
                             proxy.stdout.readline())
        self.assertTrue(alive(child))
        self.assertIsNone(proxy.poll())


class Supervised(Case):
    @unittest.skipUnless(REDIS, "no redis-server")
    def test_a_daemon_with_a_pidfile(self):
        d = self.make(program("redis", PIDPROXY + " {dir}/redis.pid {dir}/launcher",
                              startsecs=0, stdout_logfile="NONE", stderr_logfile="NONE"))
        with open(d.path("launcher"), "w", encoding="ascii") as f:
            f.write((LAUNCHER % REDIS).format(dir=d.dir, port=free_port()))
        os.chmod(d.path("launcher"), 0o755)
        d.start()
        self.addCleanup(self.finish, d)
        until(lambda: os.path.exists(d.path("seen")), what="redis, as its launcher sees it")
        pid = int(read(d.path("redis.pid")))
        self.addCleanup(Base.kill, pid)
        s = self.rpc(d).supervisor
        self.assertNotEqual(pid, s.getProcessInfo("redis")["pid"])
        self.assertTrue(alive(pid))
        self.assertIs(True, s.stopProcess("redis"))
        until(lambda: not alive(pid), what="redis to end")
        self.assertIn("INFO stopped: redis (exit status 0)", d.messages())


if __name__ == "__main__":
    unittest.main()
