"""reevectl while logs grow: tail, tail -f, maintail -f and fg, over both doors."""

import contextlib
import os
import re
import signal
import subprocess
import time
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only, until

PROGRAMS = (program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log") +
            program("off", "{child} cat", autostart="false"))


class Follower:
    """A reevectl that runs on, with what it has printed so far."""

    def __init__(self, case, d, *words, url=None, stdin=subprocess.DEVNULL):
        self.path = d.path("followed-%d.txt" % time.monotonic_ns())
        options = [] if url is None else ["-s", url]
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [os.path.join(BUILD, "reevectl"), "-c", d.conf, *options, *words],
                stdin=stdin, stdout=out, stderr=subprocess.STDOUT, cwd=d.dir)
        case.addCleanup(self.end)

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait(PATIENCE)
        if self.process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()

    def text(self):
        with open(self.path, encoding="utf-8") as f:
            return f.read()

    def wait(self, text):
        until(lambda: text in self.text(), what="%r in %r" % (text, self.text()))

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def status(self):
        return self.process.wait(PATIENCE)


def doors(d):
    return (None, "unix://" + d.socket, "http://127.0.0.1:%d" % d.port)


HEAD = "==> Press Ctrl-C to exit <==\n"


@reeve_only
class Tail(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)

    def append(self, text):
        with open(self.d.path("cat.log"), "a", encoding="utf-8") as f:
            f.write(text)

    def test_grows_until_interrupted(self):
        self.append("before\n")
        followers = [Follower(self, self.d, "tail", "-f", "cat", url=u) for u in
                     doors(self.d)]
        for f in followers:
            f.wait("before\n")
        self.append("grüße\n")
        for f in followers:
            f.wait("grüße\n")
            f.process.send_signal(signal.SIGINT)
            self.assertEqual(0, f.status())
            self.assertEqual(HEAD + "before\ngrüße\n\n", f.text())

    def test_begins_with_the_last_kilobyte(self):
        self.append("x" * 3000 + "\n" + "y" * 1023)
        f = Follower(self, self.d, "tail", "-f", "cat")
        f.wait("y" * 1023)
        self.assertEqual(HEAD + "\n" + "y" * 1023, f.text())

    def test_truncated_and_replaced(self):
        self.append("one\n")
        f = Follower(self, self.d, "tail", "-f", "cat")
        f.wait("one\n")
        self.assertEqual("cat: cleared\n", self.d.reevectl("clear", "cat").stdout)
        self.append("2\n")
        f.wait("2\n")
        os.truncate(self.d.path("cat.log"), 0)
        f.wait("==> File truncated <==\n")
        self.append("three\n")
        f.wait("three\n")

    def test_main_log(self):
        for url in doors(self.d):
            f = Follower(self, self.d, "maintail", "-f", url=url)
            f.wait("supervisord started")
            f.process.send_signal(signal.SIGINT)
            self.assertEqual(0, f.status())

    def test_reader_goes(self):
        """Nothing more comes, and yet the end of the pipe is noticed."""
        self.append("word\n")
        for url in doors(self.d):
            options = [] if url is None else ["-s", url]
            with subprocess.Popen([os.path.join(BUILD, "reevectl"), "-c", self.d.conf,
                                   *options, "tail", "-f", "cat"],
                                  stdout=subprocess.PIPE) as tail:
                self.assertEqual(HEAD.encode(), tail.stdout.readline())
                tail.stdout.close()
                self.assertIsNotNone(tail.wait(PATIENCE))

    def test_daemon_goes(self):
        followers = [Follower(self, self.d, "tail", "-f", "cat", url=u) for u in
                     doors(self.d)]
        for f in followers:
            f.wait(HEAD)
        self.d.stop()
        for f in followers:
            self.assertEqual(0, f.status())

    def test_huge_sparse_log(self):
        with open(self.d.path("cat.log"), "r+b") as log:
            log.truncate(10 << 30)
        self.append("the end")
        began = time.monotonic()
        for options in ([], ["-s", "unix://" + self.d.socket]):
            ended = self.d.reevectl("tail", "-7", "cat",
                                    options=["-c", self.d.conf, *options])
            self.assertEqual("the end\n", ended.stdout)
        f = Follower(self, self.d, "tail", "-f", "cat")
        f.wait("the end")
        self.assertLess(time.monotonic() - began, 5)
        os.truncate(self.d.path("cat.log"), 0)

    def test_binary_comes_as_it_is(self):
        with open(self.d.path("cat.log"), "ab") as log:
            log.write(b"\xff\x00\xfe")
        ended = subprocess.run([os.path.join(BUILD, "reevectl"), "-c", self.d.conf, "tail",
                                "-3", "cat"], capture_output=True, check=True,
                               timeout=PATIENCE)
        self.assertEqual(b"\xff\x00\xfe\n", ended.stdout)


@reeve_only
class Foreground(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def start(self, url=None):
        f = Follower(self, self.d, "fg", "cat", url=url, stdin=subprocess.PIPE)
        f.wait(HEAD)
        return f

    def test_talks(self):
        for n, url in enumerate(doors(self.d)):
            f = self.start(url)
            f.type("hällo %d\nand " % n)
            f.wait("hällo %d\n" % n)
            f.type("more %d\n" % n)
            f.wait("and more %d\n" % n)
            f.process.stdin.close()
            self.assertEqual(0, f.status())
            self.assertTrue(f.text().endswith("and more %d\nExiting foreground\n" % n))

    def test_interrupted(self):
        f = self.start()
        f.process.send_signal(signal.SIGINT)
        self.assertEqual(0, f.status())
        self.assertEqual(HEAD + "Exiting foreground\n", f.text())
        self.assertEqual("RUNNING", self.d.state("cat"))

    def test_process_ends(self):
        f = self.start()
        self.d.reevectl("stop", "cat")
        self.assertEqual(0, f.status())
        self.assertEqual(HEAD + "Process got killed\nExiting foreground\n", f.text())

    def test_process_ends_over_http(self):
        """There it is noticed when something is typed, as supervisorctl notices it."""
        f = self.start("unix://" + self.d.socket)
        self.d.reevectl("stop", "cat")
        f.type("hello?\n")
        self.assertEqual(0, f.status())
        self.assertEqual(HEAD + "Process got killed\nExiting foreground\n", f.text())

    def test_daemon_goes(self):
        """That is noticed although nothing is typed."""
        followers = [(self.start(url), url) for url in doors(self.d)[1:]]
        self.rpc(self.d).supervisor.sendProcessStdin("cat", "all can be read\n")
        for f, _ in followers:
            f.wait("all can be read\n")
        self.d.stop()
        for f, url in followers:
            f.status()
            self.assertRegex(f.text(), r"\A%sall can be read\nerror: %s: [A-Z][a-z ]+\n"
                             r"Exiting foreground\n\Z" % (re.escape(HEAD), re.escape(url)))

    def test_daemon_is_gone(self):
        """Before a log could be followed."""
        os.kill(self.d.pid, signal.SIGSTOP)
        f = self.start("unix://" + self.d.socket)
        os.kill(self.d.pid, signal.SIGCONT)
        os.kill(self.d.pid, signal.SIGKILL)
        f.status()
        self.assertTrue(f.text().endswith("Exiting foreground\n"), f.text())

    def test_not_text(self):
        f = self.start()
        f.process.stdin.write(b"\xff\n")
        f.type("fine\n")
        f.wait("fine\n")
        self.assertIn("ERROR: this line is not UTF-8\n", f.text())


if __name__ == "__main__":
    unittest.main()
