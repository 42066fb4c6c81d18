"""reevectl passwd: hashes of passwords, from the terminal and from a pipe."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import unittest

from reeve import BUILD, PATIENCE, Case, reeve_only, until
from test_verifier import Verifier, user

REEVECTL = os.path.join(BUILD, "reevectl")
YESCRYPT = re.compile(r"password=(\$y\$j9T\$[./0-9A-Za-z]{24}\$[./0-9A-Za-z]{43})\n")
SHA512 = re.compile(r"password=(\$6\$rounds=50000\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86})\n")


def passwd(data, *arguments):
    return subprocess.run([REEVECTL, "-c", "/nonexistent", "passwd", *arguments], input=data,
                          capture_output=True, timeout=PATIENCE, check=False)


@reeve_only
class Pipe(Case):
    def test_hashes(self):
        """Each has its own salt."""
        for arguments, pattern in (((), YESCRYPT), (("bob",), YESCRYPT),
                                   (("--", "-x"), YESCRYPT),
                                   (("--method", "yescrypt", "bob"), YESCRYPT),
                                   (("bob", "--method", "sha512crypt"), SHA512)):
            lines = set()
            for _ in range(2):
                ended = passwd(b"correct horse\nmore\n", *arguments)
                self.assertEqual((0, b""), (ended.returncode, ended.stderr))
                self.assertRegex(ended.stdout.decode(), pattern)
                lines.add(ended.stdout)
            self.assertEqual(2, len(lines))

    def test_refused(self):
        for data, why in ((b"", "the input ended without a password"),
                          (b"\n", "the password is empty"),
                          (b"x" * 512, "the password has more than 511 bytes"),
                          (b"x" * 1000000, "the password has more than 511 bytes"),
                          (b"x" * 3000000, "the password has more than 511 bytes"),
                          (b"a\0b\n", "the password has a control character"),
                          (b"\0\n", "the password has a control character"),
                          (b"a\tb\n", "the password has a control character"),
                          (b"ab\r\n", "the password has a control character"),
                          (b"a\xc2\x85b\n", "the password has a control character"),
                          (b"a\xffb\n", "the password is not UTF-8"),
                          (b"a\xed\xa0\x80\n", "the password is not UTF-8")):
            ended = passwd(data)
            self.assertEqual((1, b"", ("Error: %s\n" % why).encode()),
                             (ended.returncode, ended.stderr, ended.stdout), data[:20])

    def test_arguments(self):
        for arguments, why in ((("a", "b"), "passwd takes only one user"),
                               (("--", "-a", "-b"), "passwd takes only one user"),
                               (("--", "--method", "b"), "passwd takes only one user"),
                               (("--method",), "the option of passwd is --method METHOD"),
                               (("-x",), "the option of passwd is --method METHOD"),
                               (("--method", "md5"), "there is no method md5"),
                               (("a:b",), "a:b cannot name a user"),
                               (("x" * 65,), "cannot name a user"),
                               (("\u00fc",), "cannot name a user")):
            ended = passwd(b"x\n", *arguments)
            self.assertEqual(2, ended.returncode, arguments)
            self.assertIn(why, ended.stdout.decode())
            self.assertNotIn("password=", ended.stdout.decode())


@reeve_only
class Terminal(Case):
    def begin(self, *arguments):
        self.fd, tty = pty.openpty()
        self.addCleanup(os.close, self.fd)
        self.tty = tty
        self.addCleanup(os.close, tty)
        self.before = termios.tcgetattr(tty)
        self.seen = b""

        def control_it():
            os.setsid()
            os.close(os.open(os.ttyname(0), os.O_RDWR))
        self.process = subprocess.Popen([REEVECTL, "passwd", *arguments], stdin=tty,
                                        stdout=tty, stderr=tty, preexec_fn=control_it)
        self.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()

    def read(self):
        if select.select([self.fd], [], [], 0.05)[0]:
            self.seen += os.read(self.fd, 4096)
        return self.seen

    def silent(self):
        return not termios.tcgetattr(self.tty)[3] & termios.ECHO

    def answer(self, question, text):
        until(lambda: self.read().endswith(question) and self.silent(), what=question)
        os.write(self.fd, text)

    def wait(self):
        status = self.process.wait(PATIENCE)
        until(lambda: self.seen == self.read())
        self.assertEqual(self.before, termios.tcgetattr(self.tty))
        return status, self.seen.decode().replace("\r\n", "\n")

    def test_asks_twice(self):
        self.begin("bob")
        self.answer(b"Password of bob:", b"correct horse\n")
        self.answer(b"The same again:", b"correct horse\n")
        status, text = self.wait()
        self.assertEqual(0, status)
        self.assertRegex(text, YESCRYPT)
        self.assertNotIn("correct", text)

    def test_different(self):
        self.begin()
        self.answer(b"Password:", b"correct horse\n")
        self.answer(b"The same again:", b"correct hors\n")
        status, text = self.wait()
        self.assertEqual(1, status)
        self.assertIn("Error: the two passwords differ\n", text)
        self.assertNotIn("password=", text)

    def test_interrupted(self):
        """Ctrl-C ends it at either question, and the terminal has its echo again."""
        for questions in ((b"Password:",), (b"Password:", b"The same again:")):
            self.begin()
            for question in questions[:-1]:
                self.answer(question, b"x\n")
            self.answer(questions[-1], b"secret\x03")
            status, text = self.wait()
            self.assertEqual(-signal.SIGINT, status)
            self.assertNotIn("secret", text)
            self.assertNotIn("password=", text)

    def test_end_of_input(self):
        self.begin()
        self.answer(b"Password:", b"\x04")
        self.assertEqual(1, self.wait()[0])


@reeve_only
class Login(Verifier):
    """What it prints is accepted by the configuration and verified."""

    def test_login(self):
        text = ""
        for method in ("yescrypt", "sha512crypt"):
            line = passwd("p\u00e4ssw\u00f6rd 1".encode(), "--method", method).stdout.decode()
            text += user(method, line.partition("=")[2].strip())
        self.begin(text)
        for name in ("yescrypt", "sha512crypt"):
            self.assertIs(True, self.verify(name, "p\u00e4ssw\u00f6rd 1"), name)
            self.assertIs(False, self.verify(name, "p\u00e4ssw\u00f6rd 2"), name)


if __name__ == "__main__":
    unittest.main()
