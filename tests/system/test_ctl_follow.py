"""reevectl and growing logs: tail, tail -f, maintail -f and fg, over the control socket and
HTTP."""

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
    """A running reevectl, and its output so far."""

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

    def test_reader_exits(self):
        """The end of the reader is noticed though the log does not grow."""
        self.append("word\n")
        for url in doors(self.d):
            options = [] if url is None else ["-s", url]
            with subprocess.Popen([os.path.join(BUILD, "reevectl"), "-c", self.d.conf,
                                   *options, "tail", "-f", "cat"],
                                  stdout=subprocess.PIPE) as tail:
                self.assertEqual(HEAD.encode(), tail.stdout.readline())
                tail.stdout.close()
                self.assertIsNotNone(tail.wait(PATIENCE))

    def test_daemon_exits(self):
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
class Lines(Case):
    """tail -n, and tail -f of a whole group."""

    def setUp(self):
        self.d = self.daemon(
            program("w", "{child} cat", numprocs=2, startsecs=0, process_name="w%(process_num)d",
                    stdout_logfile="{dir}/w%(process_num)d.log") +
            program("v", "/bin/cat", autostart="false", stdout_logfile="NONE") +
            "[group:g]\nprograms=w,v\n")

    def append(self, number, text):
        with open(self.d.path("w%d.log" % number), "a", encoding="utf-8") as f:
            f.write(text)

    def call(self, line, url=None):
        options = ["-c", self.d.conf] + ([] if url is None else ["-s", url])
        ended = self.d.reevectl(*line.split(" "), options=options)
        return ended.returncode, ended.stdout

    def test_last_lines(self):
        lines = ["line %d %s\n" % (n, "x" * (n % 97)) for n in range(3000)]
        self.append(0, "".join(lines))
        for url in doors(self.d):
            for n in (0, 1, 20, 2999, 3000, 4000):
                for form in ("-n %d", "-n%d"):
                    with self.subTest(url=url, n=n, form=form):
                        self.assertEqual((0, "".join(lines[-n:] if n else [])),
                                         self.call("tail %s g:w0" % form % n, url))
            self.assertEqual((0, lines[-1]), self.call("tail -n 1 g:w0 stdout", url))
            self.assertEqual((0, ""), self.call("tail -n 5 g:w1", url))
            self.assertEqual((1, "g:v: ERROR (no log file)\n"), self.call("tail -n 5 g:v", url))
            self.assertEqual((1, "nope: ERROR (no such process name)\n"),
                             self.call("tail -n 5 nope", url))
            status, out = self.call("maintail -n 2", url)
            self.assertEqual((0, 2), (status, out.count("\n")))
        self.append(0, "no newline")
        self.assertEqual((0, lines[-1] + "no newline\n"), self.call("tail -n 2 g:w0"))

    def test_misuse(self):
        for line, want in (("tail -n", "-n needs a number of lines"),
                           ("tail -n g:w0", "-n needs a number of lines"),
                           ("tail -n -5 g:w0", "-n needs a number of lines"),
                           ("tail -nx g:w0", "-n needs a number of lines"),
                           ("tail -n 5", "tail requires process name"),
                           ("tail -n 5 -20 g:w0", "bad argument -20"),
                           ("maintail -n", "-n needs a number of lines"),
                           ("maintail -n 5 x", "bad argument x")):
            with self.subTest(line):
                self.assertEqual((1, "Error: %s\n" % want), self.call(line))
        self.assertEqual((1, "Error: -n with -f needs the control socket\n"),
                         self.call("tail -f -n 5 g:w0", doors(self.d)[1]))

    def test_follows_from_a_line(self):
        self.append(0, "".join("%d\n" % n for n in range(5000)))
        for line in ("tail -n 2 -f g:w0", "tail -f -n2 g:w0"):
            f = Follower(self, self.d, *line.split())
            f.wait("4999\n")
            self.assertEqual(HEAD + "4998\n4999\n", f.text())
            f.end()

    def test_group(self):
        self.append(0, "zero\n")
        self.append(1, "one\n")
        for url in doors(self.d):
            for spec in ("g:*", "g:w*", "g:[wv]*"):
                with self.subTest(url=url, spec=spec):
                    f = Follower(self, self.d, "tail", "-f", spec, url=url)
                    f.wait("g:w0 | zero\n")
                    f.wait("g:w1 | one\n")
                    if spec != "g:w*":
                        self.assertRegex(f.text(), "g:v: ERROR .no log file.|404")
                    f.process.send_signal(signal.SIGINT)
                    self.assertEqual(0, f.status())
        f = Follower(self, self.d, "tail", "-n", "0", "-f", "g:*")
        f.wait("g:v")
        self.append(0, "begun ")
        f.wait("g:w0 | begun ")
        self.append(1, "of the other\n")
        f.wait("g:w1 | of the other\n")
        self.append(0, "and ended\n")
        f.wait("g:w0 | and ended\n")
        self.assertIn("g:w0 | begun \ng:w1 | of the other\ng:w0 | and ended\n", f.text())

    def test_group_of_nothing(self):
        for url in doors(self.d):
            ended = self.d.reevectl("tail", "-f", "g:v*",
                                    options=["-c", self.d.conf] + (["-s", url] if url else []))
            self.assertEqual((1, HEAD), (ended.returncode, ended.stdout))


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
        """The end is noticed when a line is typed, as by supervisorctl."""
        f = self.start("unix://" + self.d.socket)
        self.d.reevectl("stop", "cat")
        f.type("hello?\n")
        self.assertEqual(0, f.status())
        self.assertEqual(HEAD + "Process got killed\nExiting foreground\n", f.text())

    def test_daemon_exits(self):
        """The end is noticed without a typed line."""
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
        """Failures before a log can be followed."""
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
