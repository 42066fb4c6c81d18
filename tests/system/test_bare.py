"""Starts in a bare or changed environment: without users, variables, working directory; with
other signals and descriptors. The programs do not inherit any of this."""

import os
import signal
import subprocess
import unittest

from reeve import BUILD, Case, Daemon, program, read, reeve_only, status_of, until

NO_ETC = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /etc && exec "$@"', "sh"]
NO_USERS = ["unshare", "--mount", "sh", "-c", 'mount --bind /dev/null /etc/passwd && '
            'mount --bind /dev/null /etc/group && exec "$@"', "sh"]
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGCHLD,
           signal.SIGUSR1, signal.SIGALRM)


def may(prefix):
    try:
        return subprocess.run([*prefix, "true"], check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


class Prefixed(Daemon):
    prefix = ()

    def command(self, *options):
        return [*self.prefix, *super().command(*options)]


@reeve_only
@unittest.skipUnless(may(NO_ETC), "namespaces are not ours to make")
class NoUsers(Case):
    """Without /etc/passwd and /etc/group, as in a container built FROM scratch."""

    prefix = NO_ETC

    def begin(self, programs="", **options):
        d = Prefixed(programs, **options)
        d.prefix = self.prefix
        self.addCleanup(d.destroy)
        return d

    def start(self, *arguments, **options):
        d = self.begin(*arguments, **options)
        d.start()
        self.addCleanup(self.finish, d)
        return d

    def test_root(self):
        for user in ("root", "0"):
            d = self.start(program("a", "/bin/cat", startsecs=0, user=user),
                           supervisord={"user": user})
            self.assertEqual(["0"] * 4, status_of(d.wait_state("a", "RUNNING")["pid"])[
                "Uid"].split())

    def test_numbers(self):
        d = self.start(program("a", "/bin/cat", startsecs=0, user="1234"),
                       unix={"chown": "1234:4321"})
        status = status_of(d.wait_state("a", "RUNNING")["pid"])
        self.assertEqual((["1234"] * 4, ["1234"] * 4, ["1234"]), (
            status["Uid"].split(), status["Gid"].split(), status["Groups"].split()))
        st = os.stat(d.socket)
        self.assertEqual((1234, 4321), (st.st_uid, st.st_gid))

    def test_front_end_is_not_root(self):
        d = self.start()
        self.assertEqual(["65534"] * 4, status_of(d.front_end())["Uid"].split())

    def test_names_are_unknown(self):
        for user, text in (("somebody", "Invalid user name somebody"),
                           ("-1", "Invalid user id -1"),
                           ("4294967295", "Invalid user id 4294967295")):
            ended = self.begin(supervisord={"user": user}).run("-n")
            self.assertEqual(2, ended.returncode)
            self.assertIn("Error: %s\n" % text, ended.stderr)


@unittest.skipUnless(may(NO_USERS), "namespaces are not ours to make")
class EmptyDatabase(NoUsers):
    """The files exist and are empty."""

    prefix = NO_USERS


class Odd(Daemon):
    """Started with signals ignored and blocked, and descriptors 0 to 2 closed."""

    odd = {}

    def spawn(self, *options, stdout=None):
        def make_odd():
            for signo in IGNORED:
                signal.signal(signo, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, IGNORED)
            os.closerange(0, 3)

        self.process = subprocess.Popen(self.command("-n", *options), cwd=self.dir,
                                        start_new_session=True, preexec_fn=make_odd, **{
                                            "env": self.environment(), **self.odd})
        self.pid = self.process.pid


@reeve_only
class Inherited(Case):
    def start(self, programs, **odd):
        d = Odd(programs)
        d.odd = odd
        self.addCleanup(d.destroy)
        d.start()
        self.addCleanup(self.finish, d)
        return d

    def test_signals(self):
        d = self.start(program("a", "/bin/cat", startsecs=0))
        pid = d.wait_state("a", "RUNNING")["pid"]
        for each in (pid, d.front_end()):
            self.assertEqual(0, int(status_of(each)["SigBlk"], 16) & 0x7fffffff, each)
        ignored = (1 << (signal.SIGPIPE - 1)) | (1 << (signal.SIGXFSZ - 1))
        self.assertEqual(ignored, int(status_of(pid)["SigIgn"], 16))
        # A signal that was ignored at the start is a command to the daemon.
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started with pid", count=2)
        until(d.serving)
        again = d.wait_state("a", "RUNNING")["pid"]
        os.kill(again, signal.SIGTERM)
        until(lambda: d.info("a")["pid"] not in (0, again), what="the next process")

    def test_no_variables(self):
        d = self.start(program("a", "env", startsecs=0, autorestart="false",
                               stdout_logfile="{dir}/a.log"), env={})
        d.wait_state("a", "EXITED")
        self.assertEqual({b"SUPERVISOR_ENABLED", b"SUPERVISOR_GROUP_NAME",
                          b"SUPERVISOR_PROCESS_NAME", b"SUPERVISOR_SERVER_URL"},
                         {line.partition(b"=")[0] for line in d.file("a.log").splitlines()})

    def test_directory_that_is_gone(self):
        d = Odd(program("a", "/bin/cat", startsecs=0))
        self.addCleanup(d.destroy)
        script = 'mkdir %s && cd %s && rmdir %s && exec "$@"' % ((d.path("gone"),) * 3)
        d.command = lambda *options: ["sh", "-c", script, "sh", *Daemon.command(d, *options)]
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "RUNNING")


@reeve_only
class Reevectl(Case):
    def begin(self, d, *words):
        """A reevectl that follows a log, with SIGINT ignored, and the file of its
        output."""
        out = d.path("told")
        with open(out, "wb") as f:
            ctl = subprocess.Popen(
                [os.path.join(BUILD, "reevectl"), "-c", d.conf, *words], stdout=f, stderr=f,
                stdin=subprocess.DEVNULL,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        self.addCleanup(ctl.wait)
        self.addCleanup(ctl.kill)
        return ctl, lambda: read(out)

    def test_ignored_interrupt_stays_ignored(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo one; exec cat'", startsecs=0,
                                stdout_logfile="{dir}/a.log"))
        ctl, text = self.begin(d, "tail", "-f", "a")
        until(lambda: b"one" in text(), what="the log")
        ctl.send_signal(signal.SIGINT)
        with open(d.path("a.log"), "ab") as f:
            f.write(b"two\n")
        until(lambda: b"two" in text(), what="the log after the signal")
        self.assertIsNone(ctl.poll())


if __name__ == "__main__":
    unittest.main()
