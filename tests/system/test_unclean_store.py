"""Unclean starts: pipes that the service manager, here a stand-in, keeps while no daemon runs;
and the oom_score_adj that makes an unclean start unlikely."""

import fcntl
import os
import socket
import unittest

from reeve import PATIENCE, Case, alive, cat, program, read, reeve_only, status_of, until
from test_unclean import SLEEPER, Unclean


class Manager:
    """A stand-in for the service manager: it keeps the descriptors that the daemon sends, by name,
    and passes them to the next daemon."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.stored = []    # name and descriptor
        self.messages = []

    def close(self):
        self.socket.close()
        for _, fd in self.stored:
            os.close(fd)

    def receive(self):
        """Reads all messages that have arrived."""
        self.socket.setblocking(False)
        while True:
            try:
                text, fds, _, _ = socket.recv_fds(self.socket, 4096, 16)
            except BlockingIOError:
                return
            fields = dict(line.split("=", 1) for line in text.decode().splitlines())
            self.messages.append(fields)
            if fields.get("FDSTORE") == "1":
                assert fields["FDPOLL"] == "0"
                self.stored += [(fields["FDNAME"], fd) for fd in fds]
            if fields.get("FDSTOREREMOVE") == "1":
                for item in [item for item in self.stored if item[0] == fields["FDNAME"]]:
                    os.close(item[1])
                    self.stored.remove(item)

    def names(self):
        self.receive()
        return [name for name, _ in self.stored]

    def start(self, d):
        """Starts the daemon with the stored descriptors, from 3 on."""
        self.receive()
        passed = [os.dup(fd) for _, fd in self.stored]
        names = ":".join(name for name, _ in self.stored)
        environment = {**d.environment(), "NOTIFY_SOCKET": self.path, "FDSTORE": "1000",
                       "LISTEN_FDS": str(len(passed)), "LISTEN_FDNAMES": names}
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, 500) for fd in passed]
                for i, fd in enumerate(moved):
                    os.dup2(fd, 3 + i)
                os.closerange(3 + len(moved), 2000)
                environment["LISTEN_PID"] = str(os.getpid())
                out = os.open(d.path("out.txt"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                os.dup2(out, 1)
                os.dup2(out, 2)
                os.chdir(d.dir)
                os.execve(d.command()[0], d.command("-n"), environment)
            finally:
                os._exit(1)
        for fd in passed:
            os.close(fd)
        d.process, d.pid = Child(pid), pid
        until(d.serving)


class Child:
    """A process that was forked, with the methods of subprocess.Popen that the harness uses."""

    def __init__(self, pid):
        self.pid, self.returncode = pid, None

    def poll(self):
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout=PATIENCE):
        return until(lambda: [self.poll()] if self.poll() is not None else None, timeout)[0]


@reeve_only
class Stored(Unclean):
    def begin_stored(self, programs, names):
        d = self.d = self.prepare(programs, "adopt")
        self.manager = Manager(d.path("notify"))
        self.addCleanup(self.manager.close)
        self.addCleanup(self.finish, d)
        self.manager.start(d)
        pids = {name: d.wait_state(name, "RUNNING")["pid"] for name in names}
        until(lambda: {"pipes-%d" % pid for pid in pids.values()} ==
              set(self.manager.names()))
        return d, pids

    def test_nothing_is_lost(self):
        """A program that writes while no daemon runs has a reader: it is not ended by SIGPIPE, and
        what it has written is logged."""
        writer = program(
            "writer", "/bin/sh -c 'while :; do until test -e {dir}/go; do sleep 0.02; done; i=0; "
            "while [ $i -lt 1000 ]; do i=$((i+1)); echo $i; done; rm {dir}/go; done'",
            startsecs=0, stdout_logfile="{dir}/writer.log", autorestart="false",
            reset_signals="true", stopasgroup="true")
        d, pids = self.begin_stored(writer + cat("echo", stdout_logfile="{dir}/echo.log"),
                                    ("writer", "echo"))
        numbers = b"".join(b"%d\n" % (i + 1) for i in range(1000))
        for n in range(1, 4):
            self.kill(d)
            self.manager.receive()
            with open(d.path("go"), "w", encoding="ascii"):
                pass
            until(lambda: not os.path.exists(d.path("go")))
            self.assertTrue(alive(pids["writer"]))
            self.manager.start(d)
            self.assertEqual(pids, {name: d.info(name)["pid"] for name in pids})
            until(lambda: len(d.file("writer.log")) >= n * len(numbers))
            self.assertEqual(n * numbers, d.file("writer.log"))
        self.rpc(d).supervisor.sendProcessStdin("echo", "hello\n")
        until(lambda: d.file("echo.log") == b"hello\n")
        self.rpc(d).supervisor.stopProcess("writer")
        until(lambda: "pipes-%d" % pids["writer"] not in self.manager.names())

    def test_removed(self):
        """What belongs to no process any more is removed from the store."""
        d, pids = self.begin_stored(SLEEPER + cat("echo"), ("sleeper", "echo"))
        self.kill(d)
        self.end(pids["sleeper"])
        self.manager.start(d)
        fresh = d.wait_state("sleeper", "RUNNING")["pid"]
        until(lambda: {"pipes-%d" % fresh, "pipes-%d" % pids["echo"]} ==
              set(self.manager.names()))
        self.assertEqual(0, d.stop())
        self.assertEqual([], self.manager.names())


@reeve_only
class OomScore(Case):
    SCORE = "/proc/%s/oom_score_adj"

    def set_score(self, score):
        with open(self.SCORE % "self", "w", encoding="ascii") as f:
            f.write(score)

    def test_inherited(self):
        """The daemon lowers its score if it may; what it starts has the inherited one."""
        self.addCleanup(self.set_score, read(self.SCORE % "self").decode())
        self.set_score("200")
        d = self.daemon(SLEEPER)
        d.wait_state("sleeper", "RUNNING")
        effective = int(status_of(d.pid)["CapEff"], 16)
        may = os.geteuid() == 0 and effective >> 24 & 1
        self.assertEqual(b"-900\n" if may else b"200\n", read(self.SCORE % d.pid))
        others = d.remaining()
        self.assertGreaterEqual(len(others), 2)
        for pid in others:
            self.assertEqual(b"200\n", read(self.SCORE % pid), pid)


if __name__ == "__main__":
    unittest.main()
