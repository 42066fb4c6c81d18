"""The statements of the API document about the logs of the daemon and of processes: reading,
tailing and clearing. One test a statement, as in test_document.py."""

import os
import unittest
import xmlrpc.client

from reeve import Shared, cat, reeve_only, until

TEXT = "first line\nsecond line\n"


class Slices:
    """The table of offset and length, which is the same for all logs; read(offset, length)
    reads the log at self.path, which contains TEXT."""

    def hide(self):
        """Moves the log away for the rest of the test; returns where it was."""
        os.rename(self.path, self.path + ".hidden")
        self.addCleanup(os.rename, self.path + ".hidden", self.path)
        return self.path

    def test_negative_offset_and_nonzero_length_is_bad_arguments(self):
        for length in (1, 4, -1):
            self.assertFault(3, "BAD_ARGUMENTS", self.read, -4, length)

    def test_negative_offset_and_zero_length_is_the_tail(self):
        self.assertEqual(TEXT[-4:], self.read(-4, 0))

    def test_nonnegative_offset_and_negative_length_is_bad_arguments(self):
        for offset in (0, 4):
            self.assertFault(3, "BAD_ARGUMENTS", self.read, offset, -1)

    def test_nonnegative_offset_and_zero_length_is_all_from_the_offset(self):
        self.assertEqual(TEXT, self.read(0, 0))
        self.assertEqual(TEXT[6:], self.read(6, 0))

    def test_nonnegative_offset_and_positive_length_is_a_slice(self):
        self.assertEqual(TEXT[:5], self.read(0, 5))
        self.assertEqual(TEXT[6:10], self.read(6, 4))

    def test_entire_log_can_be_read(self):
        self.assertEqual(TEXT, self.read(0, 0))

    def test_more_than_there_is_gives_what_there_is(self):
        self.assertEqual(TEXT[6:], self.read(6, 1000))
        self.assertEqual(TEXT, self.read(-1000, 0))

    def test_offset_past_the_end_is_empty(self):
        """The document says BAD_ARGUMENTS; supervisord returns ""."""
        self.assertEqual("", self.read(len(TEXT), 0))
        self.assertEqual("", self.read(len(TEXT) + 9, 4))


class MainLog(Slices, Shared):
    """Status and Control: readLog, clearLog."""

    def setUp(self):
        super().setUp()
        self.read = self.s.supervisor.readLog
        self.path = self.d.path("main.log")
        self.write(TEXT)

    def write(self, text):
        with open(self.path, "w", encoding="ascii") as f:
            f.write(text)

    def test_empty_log_is_an_empty_string(self):
        self.write("")
        self.assertEqual("", self.read(0, 0))

    def test_readLog_of_a_missing_file_is_NO_FILE(self):
        self.hide()
        self.assertFault(20, "NO_FILE: " + self.path, self.read, 0, 0)

    @reeve_only
    def test_readLog_of_a_file_that_cannot_be_read_is_FAILED(self):
        """A link of another user to a file that this user cannot read; supervisord
        follows it, and has FAILED for a directory."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        self.hide()
        secret = self.path + ".secret"
        os.close(os.open(secret, os.O_CREAT | os.O_WRONLY, 0o600))
        self.addCleanup(os.unlink, secret)
        os.symlink(secret, self.path)
        self.addCleanup(os.unlink, self.path)
        os.lchown(self.path, 65534, 65534)
        self.assertFault(30, "FAILED", self.read, 0, 0)

    def test_readMainLog_is_an_alias_of_readLog(self):
        self.assertEqual(TEXT[6:10], self.s.supervisor.readMainLog(6, 4))

    def test_clearLog_returns_true_and_empties_the_log(self):
        self.assertIs(True, self.s.supervisor.clearLog())
        self.assertNotIn("first line", self.read(0, 0))

    def test_clearLog_of_a_missing_file_is_NO_FILE(self):
        self.hide()
        self.assertFault(20, "NO_FILE", self.s.supervisor.clearLog)

    def test_clearLog_that_cannot_remove_the_file_is_FAILED(self):
        self.hide()
        os.mkdir(self.path)
        self.addCleanup(os.rmdir, self.path)
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.s.supervisor.clearLog()
        self.assertEqual(30, caught.exception.faultCode)


class ProcessLog(Slices, Shared):
    """Process Logging: reading and tailing standard output."""

    read_method, tail_method, file = "readProcessStdoutLog", "tailProcessStdoutLog", "a.log"
    programs = (cat("a", stdout_logfile="{dir}/a.log", stderr_logfile="{dir}/a.err") +
                cat("none", stdout_logfile="NONE", stderr_logfile="NONE"))

    @classmethod
    def prepare(cls):
        for name in ("a.log", "a.err"):
            with open(cls.d.path(name), "w", encoding="ascii") as f:
                f.write(TEXT if name == cls.file else "the other one\n")

    def setUp(self):
        super().setUp()
        self.d.wait_state("a", "RUNNING")
        self.path = self.d.path(self.file)

    def read(self, offset, length, name="a"):
        return getattr(self.s.supervisor, self.read_method)(name, offset, length)

    def tail(self, offset, length, name="a"):
        return getattr(self.s.supervisor, self.tail_method)(name, offset, length)

    def test_unknown_name_is_BAD_NAME(self):
        for method in (self.read, self.tail):
            self.assertFault(10, "BAD_NAME: nope", method, 0, 0, "nope")

    def test_read_of_a_missing_file_is_NO_FILE(self):
        self.assertFault(20, "NO_FILE: " + self.hide(), self.read, 0, 0)

    def test_tail_of_a_missing_file_is_empty(self):
        self.hide()
        self.assertEqual(["", 0, False], self.tail(0, 100))

    def test_process_without_a_log(self):
        self.assertFault(20, "NO_FILE", self.read, 0, 0, "none")
        self.assertEqual(["", 0, False], self.tail(0, 100, "none"))

    def test_tail_gives_bytes_offset_and_overflow(self):
        self.assertEqual([TEXT, len(TEXT), False], self.tail(0, len(TEXT)))

    def test_tail_of_a_longer_log_overflows_to_its_end(self):
        self.assertEqual([TEXT[-4:], len(TEXT), True], self.tail(0, 4))

    def test_tail_of_less_than_length_gives_the_maximum_available(self):
        self.assertEqual([TEXT, len(TEXT), False], self.tail(0, 1000))

    def test_tail_always_returns_the_last_offset_plus_one(self):
        for offset, length in ((0, 0), (0, 4), (5, 1000), (1000, 3), (-5, 3), (0, -1)):
            self.assertEqual(len(TEXT), self.tail(offset, length)[1])


class ProcessErrorLog(ProcessLog):
    """Process Logging: the same for standard error."""

    read_method, tail_method, file = "readProcessStderrLog", "tailProcessStderrLog", "a.err"


class Clearing(Shared):
    """Process Logging: clearProcessLogs, clearAllProcessLogs."""

    programs = "".join(cat(n, stdout_logfile="{dir}/%s.log" % n,
                           stderr_logfile="{dir}/%s.err" % n) for n in "ab")
    files = [n + end for n in "ab" for end in (".log", ".err")]

    def setUp(self):
        super().setUp()
        for name in "ab":
            self.d.wait_state(name, "RUNNING")
        for name in self.files:
            with open(self.d.path(name), "w", encoding="ascii") as f:
                f.write(TEXT)

    def test_clearProcessLogs_clears_both_logs_of_the_process(self):
        self.assertIs(True, self.s.supervisor.clearProcessLogs("a"))
        self.assertEqual([b"", b"", TEXT.encode(), TEXT.encode()],
                         [self.d.file(name) for name in self.files])

    def test_clearProcessLogs_reopens_them(self):
        self.s.supervisor.clearProcessLogs("a")
        self.s.supervisor.sendProcessStdin("a", "more\n")
        until(lambda: self.d.file("a.log") == b"more\n")

    def test_clearProcessLogs_of_an_unknown_name_is_BAD_NAME(self):
        self.assertFault(10, "BAD_NAME: nope", self.s.supervisor.clearProcessLogs, "nope")

    def test_clearAllProcessLogs_clears_all_and_returns_their_statuses(self):
        answer = self.s.supervisor.clearAllProcessLogs()
        self.assertEqual([(n, n, 80, "OK") for n in "ab"], sorted(
            (r["group"], r["name"], r["status"], r["description"]) for r in answer))
        self.assertEqual([b""] * 4, [self.d.file(name) for name in self.files])


if __name__ == "__main__":
    unittest.main()
