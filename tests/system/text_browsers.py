"""The pages in browsers for terminals, which have neither scripts nor styles. Part of `tests/run
browser`; a browser that is not installed is skipped."""

import contextlib
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import unittest

from reeve import Case, cat, program, until

SIZE = (40, 120)  # lines, columns
ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78MDE]|\x1b\][^\x07]*\x07")


class Screen:
    """A program in a terminal: what it shows, and keys for it."""

    def __init__(self, *command):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, {**os.environ, "TERM": "vt100"})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))

    def drawn(self):
        """What it draws anew, without what is between the words."""
        self.press("\x0c")
        raw = b""
        with contextlib.suppress(OSError):
            while select.select([self.fd], [], [], 0.2)[0]:
                raw += os.read(self.fd, 65536)
        return re.sub(r"[\0\s]+", "", ESCAPES.sub("", raw.decode("utf-8", "replace")))

    def wait(self, text):
        until(lambda: text.replace(" ", "") in self.drawn(), what="the text " + text)

    def press(self, keys):
        os.write(self.fd, keys.encode())

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


class Text:
    """What each of them can do."""

    browser, dump, finds_values = None, (), False

    def setUp(self):
        self.path = shutil.which(self.browser)
        if self.path is None:
            self.skipTest("no " + self.browser)
        self.d = self.daemon(cat("cat") + cat("idle", autostart="false") +
                             cat("web", process_name="web_%(process_num)d", numprocs=2) +
                             program("broken", "/nonexistent/x", startretries=0))
        self.url = "http://127.0.0.1:%d/" % self.d.port
        self.d.wait_state("broken", "FATAL")

    def read(self, path=""):
        """A page as plain text."""
        return subprocess.run([self.path, *self.dump, self.url + path], check=True, timeout=30,
                              stdout=subprocess.PIPE).stdout.decode("utf-8", "replace")

    def screen(self, path=""):
        screen = Screen(self.path, self.url + path)
        self.addCleanup(screen.close)
        return screen

    def push(self, screen, text, value):
        """Presses the button with this text and value."""
        screen.wait(text)
        screen.press("/" + (value if self.finds_values else text) + "\r")
        screen.drawn()
        screen.press("\r")

    def test_list(self):
        text = self.read()
        self.assertIn("One program is in trouble", text)
        self.assertIn("can't find command '/nonexistent/x'", text)
        line = next(line for line in text.split("\n") if "idle" in line)
        self.assertRegex(line, r"STOPPED\s+idle\s+Not started")
        for word in ("RUNNING", "web_1", "Start all", "Filter"):
            self.assertIn(word, text)
        self.assertNotIn("web_1", self.read("?q=idle"))

    def test_log(self):
        with open(self.d.info("cat")["stdout_logfile"], "w", encoding="utf-8") as f:
            f.write("\x1b[31mfirst\x1b[0m <b>line</b>\n\u20ac\n")
        text = self.read("tail.html?processname=cat")
        self.assertIn("first <b>line</b>", text)
        self.assertIn("stderr", text)

    def test_start_and_stop(self):
        for verb, state in (("Stop", "STOPPED"), ("Start", "RUNNING")):
            screen = self.screen("tail.html?processname=cat")
            self.push(screen, verb, verb + " cat")
            until(lambda w=state: self.d.state("cat") == w, what=verb)

    def test_many(self):
        """A second page asks."""
        screen = self.screen("?q=web")
        self.push(screen, "Stop these", "stop *")
        screen.wait("Stop 2 programs?")
        self.assertEqual("RUNNING", self.d.state("web:web_0"))
        screen.press("/Back\r")
        screen.drawn()
        screen.press("\t\r")
        for name in ("web:web_0", "web:web_1"):
            until(lambda n=name: self.d.state(n) == "STOPPED", what=name)


class W3m(Text, Case):
    browser = "w3m"
    dump = ("-dump", "-cols", "120")
    finds_values = False


class Lynx(Text, Case):
    browser = "lynx"
    dump = ("-dump", "-width=120", "-nolist")
    finds_values = True  # and shows them, before the text


if __name__ == "__main__":
    unittest.main()
