"""Logs other than plain files, and changes of the files: reopening, pipes and devices, two
writers, syslog, escape sequences."""

import fcntl
import os
import re
import select
import shutil
import signal
import socket
import stat
import struct
import termios
import time
import unittest

from reeve import PATIENCE, Case, program, reeve_only, until


def echo(name, **options):
    """A program that prints its input."""
    options.setdefault("stdout_logfile", "{dir}/%s.log" % name)
    return program(name, "{child} cat", startsecs=0, **options)


class Targets(Case):
    def send(self, daemon, name, text):
        self.rpc(daemon).supervisor.sendProcessStdin(name, text)

    def holds(self, daemon, name, text):
        until(lambda: daemon.file(name) == text, what="%s to hold %r; it holds %r" % (
            name, text[:80], daemon.file(name)[-80:]))


class Reopening(Targets):
    def usr2(self, d, count=1):
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("INFO supervisord logreopen$", count=count)

    def test_renamed_files(self):
        """Lines before the signal are in the renamed file, later ones in a new file."""
        d = self.daemon(echo("a", stderr_logfile="{dir}/a.err") + echo("b"))
        d.wait_state("b", "RUNNING")
        self.send(d, "a", "one\n")
        self.holds(d, "a.log", b"one\n")
        for name in ("a.log", "a.err", "main.log"):
            os.rename(d.path(name), d.path(name + ".old"))
        self.send(d, "a", "two\n")
        self.holds(d, "a.log.old", b"one\ntwo\n")
        self.assertFalse(os.path.exists(d.path("a.log")))
        os.kill(d.pid, signal.SIGUSR2)
        until(lambda: os.path.exists(d.path("a.log")))
        self.send(d, "a", "three\n")
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
        self.send(d, "a", "one\n")
        self.holds(d, "a.log", b"one\n")
        self.usr2(d)
        self.send(d, "a", "two\n")
        self.holds(d, "a.log", b"one\ntwo\n")
        self.assertIn("supervisord started", d.log())

    def test_unlinked_file(self):
        """The deleted file is written until the signal, then there is a new one."""
        d = self.daemon(echo("a") + program("down", "/bin/cat", autostart="false",
                                            stdout_logfile="{dir}/down.log"))
        d.wait_state("a", "RUNNING")
        os.unlink(d.path("a.log"))
        self.send(d, "a", "lost\n")
        self.usr2(d)
        until(lambda: os.path.exists(d.path("a.log")))
        self.send(d, "a", "kept\n")
        until(lambda: d.file("a.log").endswith(b"kept\n"))
        # The log of a stopped process is not written.
        self.assertFalse(os.path.exists(d.path("down.log")))

    @reeve_only
    def test_directory_is_gone(self):
        """supervisord ends with an error. reeve continues to write the old file."""
        d = self.make(echo("a", stdout_logfile="{dir}/gone/a.log"))
        os.mkdir(d.path("gone"))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "RUNNING")
        shutil.move(d.path("gone"), d.path("moved"))
        self.usr2(d)
        d.wait_log("ERRO could not reopen log file .*/gone/a.log: ENOENT$")
        self.send(d, "a", "on\n")
        self.holds(d, "moved/a.log", b"on\n")
        os.mkdir(d.path("gone"))
        self.usr2(d, 2)
        self.send(d, "a", "back\n")
        self.holds(d, "gone/a.log", b"back\n")


class Pipes(Targets):
    def begin(self, programs, stdout=None, **supervisord):
        d = self.make(programs, supervisord=supervisord)
        for name in ("fifo", "main.fifo"):
            os.mkfifo(d.path(name))
        d.start(stdout=stdout)
        self.addCleanup(self.finish, d)
        return d

    def reader(self, d, name):
        fd = os.open(d.path(name), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, fd)
        return fd

    def comes(self, fd, wanted):
        """Reads until the text has arrived."""
        got = b""
        end = time.monotonic() + PATIENCE
        while wanted not in got and time.monotonic() < end:
            if select.select([fd], [], [], 1)[0]:
                got += os.read(fd, 65536)
        self.assertIn(wanted, got)
        return got

    @reeve_only
    def test_fifo(self):
        """The program runs and the daemon answers without a reader."""
        d = self.begin(echo("a", stdout_logfile="{dir}/fifo") +
                       program("loud", "{child} flood 3000000 100", startsecs=0,
                               autorestart="false", stdout_logfile="{dir}/fifo"))
        d.wait_state("loud", "EXITED")
        for name in "a", "loud":
            self.assertEqual(1, d.log().count(
                r"[program:%s] log file %s cannot be rotated: its maxbytes is ignored" %
                (name, d.path("fifo"))))
        d.wait_log("ERRO could not write log file .*/fifo: EAGAIN$")
        fd = self.reader(d, "fifo")
        while len(os.read(fd, 65536)) == 65536:
            pass
        self.send(d, "a", "hello\n")
        self.comes(fd, b"hello\n")
        s = self.rpc(d).supervisor
        self.assertIs(True, s.clearProcessLogs("a"))
        self.assertTrue(stat.S_ISFIFO(os.stat(d.path("fifo")).st_mode))
        self.assertFault(20, "NO_FILE: " + d.path("fifo"), s.readProcessStdoutLog, "a", 0, 0)
        os.kill(d.pid, signal.SIGUSR2)
        d.wait_log("INFO supervisord logreopen$")
        self.send(d, "a", "again\n")
        self.comes(fd, b"again\n")

    def test_fifo_with_a_reader(self):
        d = self.make(echo("a", stdout_logfile="{dir}/fifo", stdout_logfile_maxbytes=0))
        os.mkfifo(d.path("fifo"))
        fd = self.reader(d, "fifo")
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "RUNNING")
        self.send(d, "a", "hello\n")
        self.comes(fd, b"hello\n")

    @reeve_only
    def test_main_log(self):
        d = self.begin("", logfile="main.fifo")
        fd = self.reader(d, "main.fifo")
        self.comes(fd, b"[supervisord] log file %s cannot be rotated" %
                   d.path("main.fifo").encode())
        self.assertIs(True, self.rpc(d).supervisor.clearLog())
        self.comes(fd, b"INFO reopening log file\n")
        os.kill(d.pid, signal.SIGUSR2)
        self.comes(fd, b"INFO supervisord logreopen\n")

    def test_stdout_is_a_pipe(self):
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        d = self.begin(echo("a", stdout_logfile="/dev/stdout", stdout_logfile_maxbytes=0) +
                       program("b", "/bin/sh -c 'echo from b >&2; exec cat'", startsecs=0,
                               stderr_logfile="/dev/fd/1", stderr_logfile_maxbytes=0),
                       stdout=theirs)
        os.close(theirs)
        self.comes(ours, b"from b\n")
        self.send(d, "a", "from a\n")
        self.comes(ours, b"from a\n")
        self.assertNotIn("WARN log file", d.log())

    @reeve_only
    def test_stdout_is_a_socket(self):
        """As under a service manager; supervisord cannot open it."""
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        d = self.begin(echo("a", stdout_logfile="/dev/stdout", stdout_logfile_maxbytes=0),
                       stdout=theirs)
        theirs.close()
        d.wait_state("a", "RUNNING")
        self.send(d, "a", "from a\n")
        self.comes(ours.fileno(), b"from a\n")

    @reeve_only
    def test_slow_reader(self):
        """Only the process that writes waits for the reader."""
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        d = self.begin(program("a", "/bin/sh -c '{child} flood 4000000 100; exec cat'",
                               startsecs=0, stdout_logfile="/dev/stdout",
                               stdout_logfile_maxbytes=0) + echo("b"),
                       stdout=theirs, silent="true")
        os.close(theirs)
        d.wait_state("b", "RUNNING")
        self.send(d, "b", "hello\n")
        self.holds(d, "b.log", b"hello\n")
        got = 0
        while got < 4000000 and select.select([ours], [], [], PATIENCE)[0]:
            got += len(os.read(ours, 65536))
        self.assertEqual(4000000, got)
        self.assertNotIn("ERRO", d.log())

    def slow(self, programs, **supervisord):
        """A daemon whose standard output is not read yet, and the other end of the
        pipe."""
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        d = self.begin(programs, stdout=theirs, silent="true", **supervisord)
        os.close(theirs)
        return d, ours

    @staticmethod
    def rest(fd, most=PATIENCE):
        """Reads up to the end of file."""
        got = b""
        while select.select([fd], [], [], most)[0]:
            data = os.read(fd, 65536)
            if not data:
                return got
            got += data
        raise AssertionError("no end after %d bytes" % len(got))

    @staticmethod
    def wait_full(fd):
        """Waits until a pipe that the daemon has enlarged does not grow any more."""
        seen = [0]

        def stays():
            seen.append(struct.unpack("i", fcntl.ioctl(fd, termios.FIONREAD, b"0000"))[0])
            return seen[-1] > 65536 and seen[-1] == seen[-2]
        until(stays, every=0.3)

    LAST = "/bin/sh -c '{child} flood %d 100; echo last words of $$; %s'"

    @reeve_only
    def test_last_words(self):
        """Neither the end of a process nor of the daemon loses output."""
        d, ours = self.slow(program("a", self.LAST % (3000000, "exit 3"), startsecs=0,
                                    autorestart="false", stdout_logfile="/dev/stdout",
                                    stdout_logfile_maxbytes=0))
        self.assertNotEqual("EXITED", d.state("a"))
        got = b""
        while d.state("a") != "EXITED":
            if select.select([ours], [], [], 0.1)[0]:
                got += os.read(ours, 4096)
        d.process.send_signal(signal.SIGTERM)
        d.wait_log("waiting for the reader of /dev/stdout")
        got += self.rest(ours)
        self.assertRegex(got[3000000:], rb"^last words of \d+\n$")
        self.assertNotIn("ERRO", d.log())

    @reeve_only
    def test_order_over_restarts(self):
        """Each process writes a little and ends while nothing is read."""
        d, ours = self.slow(
            program("full", "{child} flood 3000000 100", startsecs=0, priority=1,
                    autorestart="false", stdout_logfile="/dev/stdout",
                    stdout_logfile_maxbytes=0) +
            program("a", "/bin/sh -c 'echo x >>{dir}/count; n=`wc -l <{dir}/count`; "
                    "echo round.of.a.$n; test $n -ge 5'", startsecs=0, priority=2,
                    stdout_logfile="/dev/stdout", stdout_logfile_maxbytes=0))
        d.wait_log(r"exited: a \(exit status 0; expected\)")
        self.rpc(d).supervisor.stopProcess("full")
        d.process.send_signal(signal.SIGTERM)
        rounds = [int(line.rpartition(b".")[2]) for line in self.rest(ours).splitlines()
                  if b"round.of.a." in line]
        self.assertEqual([1, 2, 3, 4, 5], rounds)

    @reeve_only
    def test_end_without_a_reader_is_bounded(self):
        d, ours = self.slow(program("a", "{child} flood 3000000 100", startsecs=0,
                                    autorestart="false", stdout_logfile="/dev/stdout",
                                    stdout_logfile_maxbytes=0))
        self.wait_full(ours)
        begin = time.monotonic()
        self.assertEqual(0, d.stop())
        self.assertLess(time.monotonic() - begin, 15)
        self.assertRegex(d.log(), r"ERRO log file /dev/stdout: \d+ bytes are lost: they were "
                                  "not read in time")

    @reeve_only
    def test_reader_is_gone(self):
        ours, theirs = os.pipe()
        d = self.begin(echo("a", stdout_logfile="/dev/stdout", stdout_logfile_maxbytes=0),
                       stdout=theirs)
        os.close(theirs)
        os.close(ours)
        self.send(d, "a", "to nobody\n")
        d.wait_log("ERRO could not write log file /dev/stdout: EPIPE$")
        self.assertEqual("RUNNING", d.state("a"))

    @reeve_only
    def test_devices_stay(self):
        """supervisord removes the device if it is root."""
        d = self.begin(echo("a", stdout_logfile="/dev/null", stderr_logfile="/dev/stderr",
                            stderr_logfile_maxbytes=0))
        d.wait_state("a", "RUNNING")
        self.assertIs(True, self.rpc(d).supervisor.clearProcessLogs("a"))
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertTrue(os.path.islink("/dev/stderr"))


@reeve_only
class Nowhere(Targets):
    """An output that is not read does not get a pipe."""

    def outputs(self, d, name):
        pid = d.info(name)["pid"]
        return [os.readlink("/proc/%d/fd/%d" % (pid, fd)).partition(":")[0]
                for fd in (1, 2)]

    def test_no_pipes(self):
        quiet = {"stdout_logfile": "NONE", "stderr_logfile": "NONE"}
        d = self.daemon(
            program("none", "/bin/cat", startsecs=0, **quiet) +
            program("redirected", "/bin/cat", startsecs=0, redirect_stderr="true", **quiet) +
            program("events", "/bin/cat", startsecs=0, stdout_events_enabled="true",
                    **quiet) +
            program("capture", "/bin/cat", startsecs=0, stderr_capture_maxbytes="1KB",
                    **quiet) +
            program("logs", "/bin/cat", startsecs=0, stderr_logfile="NONE"))
        null = "/dev/null"
        for name, wanted in (("none", [null, null]), ("redirected", [null, null]),
                             ("events", ["pipe", null]), ("capture", [null, "pipe"]),
                             ("logs", ["pipe", null])):
            d.wait_state(name, "RUNNING")
            self.assertEqual(wanted, self.outputs(d, name), name)

    def test_the_main_log_wants_it(self):
        d = self.daemon(program("none", "/bin/cat", startsecs=0, stdout_logfile="NONE"),
                        supervisord={"loglevel": "debug"})
        d.wait_state("none", "RUNNING")
        self.assertEqual(["pipe", "pipe"], self.outputs(d, "none"))
        with d.rpc() as s:
            s.supervisor.sendProcessStdin("none", "hello")
        d.wait_log("^.* DEBG 'none' stdout output:$")


class TwoPrograms(Targets):
    def test_one_file(self):
        d = self.daemon(echo("a", stdout_logfile="{dir}/x.log") +
                        echo("b", stdout_logfile="{dir}/x.log"))
        for name, text, all_of_it in (("a", "1\n", b"1\n"), ("b", "2\n", b"1\n2\n"),
                                      ("a", "3\n", b"1\n2\n3\n")):
            self.send(d, name, text)
            self.holds(d, "x.log", all_of_it)

    @reeve_only
    def test_one_rotates(self):
        """The process that does not rotate soon follows; in supervisord it writes to the
        backup until that is deleted."""
        d = self.daemon(echo("a", stdout_logfile="{dir}/x.log", stdout_logfile_maxbytes=100,
                             stdout_logfile_backups=3) +
                        echo("b", stdout_logfile="{dir}/x.log", stdout_logfile_maxbytes=0))
        d.wait_state("b", "RUNNING")
        self.send(d, "a", "a" * 100 + "\n")
        self.holds(d, "x.log.1", b"a" * 100 + b"\n")

        def follows():
            self.send(d, "b", "b\n")
            return d.file("x.log")
        self.assertEqual({b"b"}, set(until(follows, every=0.2).split()))


class Escapes(Targets):
    COLOURED = "\033[31mred\033[0m and\033[2K plain\n"

    def test_stripped(self):
        """syslog is switched off by a reread while the daemon runs."""
        d = self.make(supervisord={"strip_ansi": "true"})
        programs = program("a", "/bin/cat {dir}/in", startsecs=0, autorestart="false",
                           autostart="false", stdout_logfile="{dir}/a.log",
                           stderr_logfile="NONE")
        d.configure(programs, {"strip_ansi": "true"})
        with open(d.path("in"), "w", encoding="ascii") as f:
            f.write(self.COLOURED)
        d.start()
        self.addCleanup(self.finish, d)
        s = self.rpc(d).supervisor
        s.startProcess("a", False)
        self.holds(d, "a.log", b"red and plain\n")
        d.wait_state("a", "EXITED")
        d.configure(programs, {"strip_ansi": "false"})
        self.assertEqual([[[], [], []]], s.reloadConfig())
        s.startProcess("a", False)
        self.holds(d, "a.log", b"red and plain\n" + self.COLOURED.encode())


@reeve_only
class Syslog(Targets):
    """supervisord writes to /dev/log only; the expected texts are those that it wrote there,
    except for the name of the program."""

    def begin(self, programs, **supervisord):
        d = self.make(programs, supervisord={"syslog_socket": "log.sock", **supervisord})
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.settimeout(PATIENCE)
        self.socket.bind(d.path("log.sock"))
        d.start()
        self.addCleanup(self.finish, d)
        return d

    def message(self):
        """The next message, without its priority and time."""
        text = self.socket.recv(200000).decode()
        head = re.match(r"<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d reeved: ", text)
        self.assertIsNotNone(head, text)
        return text[head.end():]

    def test_programs(self):
        d = self.begin(echo("a", stdout_syslog="true", stderr_logfile="NONE") +
                       echo("b", stdout_logfile="syslog") +
                       program("c", "/bin/sh -c 'echo err >&2; exec cat'", startsecs=0,
                               stderr_syslog="true", stderr_logfile="NONE"))
        self.assertEqual("c err", self.message())
        d.wait_state("b", "RUNNING")
        self.send(d, "a", "one\ntwo\n\nthree\n\n\n")
        self.assertEqual(["a one", "a two", "a ", "a three"],
                         [self.message() for _ in range(4)])
        self.holds(d, "a.log", b"one\ntwo\n\nthree\n\n\n")
        self.send(d, "b", "from b\n")
        self.assertEqual("b from b", self.message())
        d.wait_log("WARN For .program:b., stdout_logfile=syslog but this is deprecated")
        self.assertNotIn("no effect", d.log())
        info = d.info("b")
        self.assertEqual("", info["stdout_logfile"])
        s = self.rpc(d).supervisor
        self.assertFault(20, "NO_FILE", s.readProcessStdoutLog, "b", 0, 0)
        self.assertIs(True, s.clearProcessLogs("a"))
        self.assertIs(True, s.clearProcessLogs("b"))
        self.assertEqual(b"", d.file("a.log"))

    def test_what_a_listener_says_stays(self):
        """Its stdout belongs to the protocol; its stderr is like any other."""
        d = self.begin(program("l", "/bin/sh -c 'echo READY; echo err >&2; exec sleep 1000'",
                               section="eventlistener", events="TICK_3600", startsecs=0,
                               stdout_syslog="true", stdout_logfile="NONE",
                               stderr_syslog="true", stderr_logfile="NONE") +
                       echo("a", stdout_syslog="true"))
        self.assertEqual("l err", self.message())
        self.send(d, "a", "next\n")
        self.assertEqual("a next", self.message())

    def test_main_log(self):
        d = self.begin(echo("a"), logfile="syslog")
        wanted = ["INFO supervisord started with pid %d" % d.pid, "INFO spawned: 'a' with pid"]
        while wanted:
            if wanted[0] in (line := self.message()):
                self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO ")
                wanted.pop(0)
        s = self.rpc(d).supervisor
        self.assertFault(20, "NO_FILE: syslog", s.readLog, 0, 0)
        self.assertFault(20, "NO_FILE", s.clearLog)
        self.assertFalse(os.path.exists(d.path("syslog")))
        # The copy in the foreground.
        self.assertIn("INFO supervisord started", d.output())
        os.kill(d.pid, signal.SIGUSR2)
        while not self.message().endswith("INFO supervisord logreopen"):
            pass

    def test_receiver_that_does_not_read(self):
        """The daemon answers, the file is complete, and pending output is not lost."""
        d = self.begin(program("a", "{child} flood 100000 100", startsecs=0,
                               autorestart="false", stdout_syslog="true",
                               stdout_logfile="{dir}/a.log"))
        d.wait_state("a", "EXITED")
        until(lambda: len(d.file("a.log")) == 100000)
        self.assertNotIn("could not send", d.log())
        for _ in range(1000):
            self.assertTrue(self.message().startswith("a "))

    def test_nobody_listens(self):
        """As if there were no log; supervisord prints nothing about it."""
        d = self.daemon(echo("a", stdout_syslog="true"),
                        supervisord={"syslog_socket": "none.sock"})
        self.send(d, "a", "one\n")
        self.holds(d, "a.log", b"one\n")
        self.send(d, "a", "two\n")
        self.holds(d, "a.log", b"one\ntwo\n")
        self.assertEqual(1, d.log().count("WARN could not send to syslog at %s: ENOENT" %
                                          d.path("none.sock")))


if __name__ == "__main__":
    unittest.main()
