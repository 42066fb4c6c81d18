"""Children's output and the main log: files, rotation, reading, tailing, clearing."""

import os
import re
import stat
import unittest

from reeve import Case, program, reeve_only, until


def echo(name, **options):
    """A program that prints its input."""
    options.setdefault("stdout_logfile", "{dir}/%s.log" % name)
    return program(name, "{child} cat", startsecs=0, **options)


class Files(Case):
    def test_clear_when_the_directory_is_gone(self):
        """A log that cannot be reopened is not cleared; its child continues."""
        d = self.make(echo("a", stdout_logfile="{dir}/gone/a.log"))
        os.mkdir(d.path("gone"))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "RUNNING")
        os.unlink(d.path("gone", "a.log"))
        os.rmdir(d.path("gone"))
        s = self.rpc(d).supervisor
        self.assertFault(30, "FAILED: a", s.clearProcessLogs, "a")
        os.mkdir(d.path("gone"))
        self.assertIs(True, s.clearProcessLogs("a"))
        s.sendProcessStdin("a", "more\n")
        until(lambda: d.file("gone", "a.log") == b"more\n")

    def test_bytes_as_they_are(self):
        everything = bytes(range(256)) * 4
        d = self.make(program("a", "/bin/cat {dir}/bytes", startsecs=0,
                              autorestart="false", stdout_logfile="{dir}/a.log"))
        with open(d.path("bytes"), "wb") as f:
            f.write(everything)
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "EXITED")
        self.assertEqual(everything, d.file("a.log"))

    def test_stderr_apart_and_together(self):
        both = "/bin/sh -c 'echo out; echo err >&2'"
        d = self.daemon(
            program("apart", both, startsecs=0, autorestart="false",
                    stdout_logfile="{dir}/apart.log", stderr_logfile="{dir}/apart.err") +
            program("together", both, startsecs=0, autorestart="false",
                    redirect_stderr="true", stdout_logfile="{dir}/together.log"))
        d.wait_state("apart", "EXITED")
        info = d.wait_state("together", "EXITED")
        self.assertEqual(b"out\n", d.file("apart.log"))
        self.assertEqual(b"err\n", d.file("apart.err"))
        self.assertEqual(b"out\nerr\n", d.file("together.log"))
        self.assertEqual("", info["stderr_logfile"])
        self.assertEqual(d.path("together.log"), info["stdout_logfile"])
        self.assertFault(20, "NO_FILE", self.rpc(d).supervisor.readProcessStderrLog,
                         "together", 0, 0)

    def test_none(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo x; exec cat'", startsecs=0,
                                stdout_logfile="NONE", stderr_logfile="off"))
        info = d.wait_state("a", "RUNNING")
        self.assertEqual(("", "", ""), tuple(info[k] for k in (
            "logfile", "stdout_logfile", "stderr_logfile")))
        s = self.rpc(d)
        self.assertFault(20, "NO_FILE", s.supervisor.readProcessStdoutLog, "a", 0, 0)
        self.assertEqual(["", 0, False], s.supervisor.tailProcessStdoutLog("a", 0, 10))

    def test_auto(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo x; exec cat'", startsecs=0) +
                        program("never", "/bin/cat", autostart="false"))
        info = d.wait_state("a", "RUNNING")
        pattern = "^%s/a-std(out|err)---supervisor-[a-z0-9_]{8}\\.log$" % \
            re.escape(d.path("child"))
        self.assertRegex(info["stdout_logfile"], pattern)
        self.assertRegex(info["stderr_logfile"], pattern)
        for path in (info["stdout_logfile"], d.info("never")["stdout_logfile"]):
            self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
        until(lambda: self.rpc(d).supervisor.readProcessStdoutLog("a", 0, 0) == "x\n")

    def test_old_auto_logs_are_deleted_at_start(self):
        d = self.make(program("a", "/bin/cat", startsecs=0))
        old = d.path("child", "gone-stdout---supervisor-abcdefgh.log.3")
        other = d.path("child", "gone-stdout---another-abcdefgh.log")
        for path in (old, other):
            with open(path, "w", encoding="ascii"):
                pass
        d.start()
        self.addCleanup(self.finish, d)
        self.assertFalse(os.path.exists(old))
        self.assertTrue(os.path.exists(other))

    @reeve_only
    def test_auto_logs_of_a_running_daemon(self):
        """A second daemon, which fails because the port is in use, keeps the logs of the
        first. supervisord deletes them before it binds the port."""
        d = self.daemon(program("a", "/bin/cat", startsecs=0))
        log = self.rpc(d).supervisor.getProcessInfo("a")["stdout_logfile"]
        self.assertEqual(2, d.run("-n").returncode)
        self.assertTrue(os.path.exists(log))

    def test_nocleanup(self):
        d = self.make(supervisord={"nocleanup": "true"})
        old = d.path("child", "gone-stdout---supervisor-abcdefgh.log")
        with open(old, "w", encoding="ascii"):
            pass
        d.start()
        self.addCleanup(self.finish, d)
        self.assertTrue(os.path.exists(old))

    def test_append(self):
        d = self.make(program("a", "/bin/echo new", startsecs=0, autorestart="false",
                              stdout_logfile="{dir}/a.log"))
        with open(d.path("a.log"), "w", encoding="ascii") as f:
            f.write("old\n")
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "EXITED")
        self.assertEqual(b"old\nnew\n", d.file("a.log"))

    def test_log_at_debug_is_copied_to_the_main_log(self):
        d = self.daemon(program("a", "/bin/echo hello", startsecs=0, autorestart="false",
                                stdout_logfile="NONE"),
                        supervisord={"loglevel": "debug"})
        d.wait_log("DEBG 'a' stdout output:\nhello$")


class Rotation(Case):
    def test_backups(self):
        d = self.daemon(echo("a", stdout_logfile_maxbytes=100, stdout_logfile_backups=2))
        d.wait_state("a", "RUNNING")
        for letter in "abcde":
            self.rpc(d).supervisor.sendProcessStdin("a", letter * 60 + "\n")
            text = letter.encode() * 60
            until(lambda t=text: any(t in d.file(f) for f in ("a.log", "a.log.1")))
        until(lambda: d.file("a.log").startswith(b"e"))
        self.assertEqual(b"c" * 60 + b"\n" + b"d" * 60 + b"\n", d.file("a.log.1"))
        self.assertEqual(b"a" * 60 + b"\n" + b"b" * 60 + b"\n", d.file("a.log.2"))
        self.assertFalse(os.path.exists(d.path("a.log.3")))

    def test_oldest_backup_is_deleted(self):
        d = self.daemon(echo("a", stdout_logfile_maxbytes=10, stdout_logfile_backups=2))
        d.wait_state("a", "RUNNING")
        for letter in "abcd":
            self.rpc(d).supervisor.sendProcessStdin("a", letter * 20 + "\n")
            text = letter.encode() * 20
            until(lambda t=text: t in d.file("a.log.1"))
        self.assertEqual(b"c" * 20 + b"\n", d.file("a.log.2"))
        self.assertFalse(os.path.exists(d.path("a.log.3")))
        self.assertEqual(b"", d.file("a.log"))

    def test_no_backups_truncates(self):
        d = self.daemon(echo("a", stdout_logfile_maxbytes=10, stdout_logfile_backups=0))
        d.wait_state("a", "RUNNING")
        self.rpc(d).supervisor.sendProcessStdin("a", "x" * 20 + "\n")
        self.rpc(d).supervisor.sendProcessStdin("a", "y\n")
        until(lambda: d.file("a.log") in (b"", b"y\n"))
        self.assertFalse(os.path.exists(d.path("a.log.1")))

    def test_main_log(self):
        d = self.daemon(supervisord={"logfile_maxbytes": 300, "logfile_backups": 1})
        s = self.rpc(d)
        for _ in range(5):
            s.supervisor.stopAllProcesses()
            s.supervisor.clearLog()
        until(lambda: os.path.exists(d.path("main.log.1")))
        self.assertFalse(os.path.exists(d.path("main.log.2")))


class Reading(Case):
    TEXT = "first line\nsecond line\n"

    def setUp(self):
        self.d = self.make(program("a", "/bin/cat", startsecs=0,
                                   stdout_logfile="{dir}/a.log",
                                   stderr_logfile="{dir}/a.err") +
                           program("off", "/bin/cat", startsecs=0, stdout_logfile="NONE") +
                           program("down", "/bin/cat", autostart="false",
                                   stdout_logfile="{dir}/down.log"))
        for name in ("a.log", "a.err", "down.log"):
            with open(self.d.path(name), "w", encoding="ascii") as f:
                f.write(self.TEXT)
        self.d.start()
        self.addCleanup(self.finish, self.d)
        self.s = self.rpc(self.d).supervisor
        self.d.wait_state("a", "RUNNING")

    def test_read(self):
        size = len(self.TEXT)
        for method in (self.s.readProcessStdoutLog, self.s.readProcessLog,
                       self.s.readProcessStderrLog):
            for offset, length, wanted in (
                    (0, 0, self.TEXT), (6, 0, self.TEXT[6:]), (6, 4, "line"),
                    (0, 1000, self.TEXT), (size, 0, ""), (size + 9, 4, ""),
                    (-5, 0, self.TEXT[-5:]), (-1000, 0, self.TEXT)):
                with self.subTest(offset=offset, length=length):
                    self.assertEqual(wanted, method("a", offset, length))
            self.assertFault(3, "BAD_ARGUMENTS", method, "a", 0, -1)
            self.assertFault(3, "BAD_ARGUMENTS", method, "a", -5, 3)
            self.assertFault(10, "BAD_NAME: nope", method, "nope", 0, 0)
            self.assertFault(10, "BAD_NAME: a:*", method, "a:*", 0, 0)

    def test_tail(self):
        text, size = self.TEXT, len(self.TEXT)
        for method in (self.s.tailProcessStdoutLog, self.s.tailProcessLog,
                       self.s.tailProcessStderrLog):
            for offset, length, wanted in (
                    (0, 0, ["", size, True]), (0, 3, [text[-3:], size, True]),
                    (0, 100, [text, size, False]), (5, 100, [text, size, False]),
                    (100, 3, ["", size, False]), (-5, 3, [text[-3:], size, True]),
                    (0, -1, ["", size, True]), (5, 0, ["", size, True])):
                with self.subTest(offset=offset, length=length):
                    self.assertEqual(wanted, method("a", offset, length))
            self.assertFault(10, "BAD_NAME: nope", method, "nope", 0, 0)
        self.assertEqual(["", 0, False], self.s.tailProcessStdoutLog("off", 0, 10))

    def test_unlinked_file(self):
        os.unlink(self.d.path("a.log"))
        self.assertFault(20, "NO_FILE: " + self.d.path("a.log"),
                         self.s.readProcessStdoutLog, "a", 0, 0)
        self.assertEqual(["", 0, False], self.s.tailProcessStdoutLog("a", 0, 10))

    def test_clear(self):
        self.assertIs(True, self.s.clearProcessLogs("a"))
        self.assertEqual(b"", self.d.file("a.log"))
        self.assertEqual(b"", self.d.file("a.err"))
        self.assertFault(10, "BAD_NAME: nope", self.s.clearProcessLogs, "nope")
        self.assertIs(True, self.s.clearProcessLog("down"))
        self.assertEqual(self.TEXT.encode(), self.d.file("down.log"))

    def test_clear_and_write_on(self):
        self.s.clearProcessLogs("a")
        self.s.sendProcessStdin("a", "more\n")
        until(lambda: self.d.file("a.log") == b"more\n")

    def test_clear_all(self):
        answer = self.s.clearAllProcessLogs()
        self.assertEqual({("a", 80, "OK"), ("down", 80, "OK"), ("off", 80, "OK")},
                         {(r["name"], r["status"], r["description"]) for r in answer})
        self.assertEqual(b"", self.d.file("a.log"))

    def test_main_log(self):
        text = self.s.readLog(0, 0)
        self.assertIn("supervisord started with pid %d" % self.d.pid, text)
        self.assertEqual(text[:10], self.s.readMainLog(0, 10))
        self.assertEqual(text[5:15], self.s.readLog(5, 10))
        self.assertFault(3, "BAD_ARGUMENTS", self.s.readLog, 0, -1)
        self.assertIs(True, self.s.clearLog())
        self.assertNotIn("supervisord started", self.s.readLog(0, 0))
        os.unlink(self.d.path("main.log"))
        self.assertFault(20, "NO_FILE: " + self.d.path("main.log"), self.s.readLog, 0, 0)
        self.assertFault(20, "NO_FILE", self.s.clearLog)

    def test_numbers_as_text(self):
        self.assertEqual(self.TEXT[6:10], self.s.readProcessStdoutLog("a", "6", "4"))

    def test_utf8(self):
        with open(self.d.path("a.log"), "w", encoding="utf-8") as f:
            f.write("Grüße €\n")
        self.assertEqual("Grüße €\n", self.s.readProcessStdoutLog("a", 0, 0))

    @reeve_only
    def test_bytes_that_xml_cannot_represent(self):
        """supervisord answers with status 500, or with XML that strict clients reject."""
        data = b"a\x00\x1bb\xffc\xc3"
        with open(self.d.path("a.log"), "wb") as f:
            f.write(data)
        text = self.s.readProcessStdoutLog("a", 0, 0)
        self.assertTrue(text.startswith("a") and "b" in text and "c" in text, repr(text))
        text, size, overflow = self.s.tailProcessStdoutLog("a", 0, 100)
        self.assertEqual((len(data), False), (size, overflow))

    @reeve_only
    def test_symbolic_link_of_another_user(self):
        """A symbolic link that a user owns is followed only to files that the user can
        read."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        secret = self.d.path("secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write("secret")
        os.chmod(secret, 0o600)
        os.unlink(self.d.path("down.log"))
        os.symlink(secret, self.d.path("down.log"))
        self.assertEqual("secret", self.s.readProcessStdoutLog("down", 0, 0))
        os.lchown(self.d.path("down.log"), 65534, 65534)
        self.assertFault(30, "FAILED", self.s.readProcessStdoutLog, "down", 0, 0)

    @reeve_only
    def test_only_regular_files_are_read(self):
        os.unlink(self.d.path("down.log"))
        os.mkfifo(self.d.path("down.log"))
        with self.assertRaises(Exception):
            self.s.readProcessStdoutLog("down", 0, 0)
        self.assertEqual("a", self.s.getProcessInfo("a")["name"])


class Targets(Case):
    def test_dev_null(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo x; exec cat'", startsecs=0,
                                stdout_logfile="/dev/null", stdout_logfile_maxbytes=0))
        d.wait_state("a", "RUNNING")
        s = self.rpc(d).supervisor
        self.assertEqual("", s.readProcessStdoutLog("a", 0, 0))
        self.assertEqual(["", 0, False], s.tailProcessStdoutLog("a", 0, 10))

    def test_dev_stdout(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo from a; exec cat'", startsecs=0,
                                stdout_logfile="/dev/stdout", stdout_logfile_maxbytes=0))
        until(lambda: "from a\n" in d.output())
        self.assertEqual("RUNNING", d.state("a"))


if __name__ == "__main__":
    unittest.main()
