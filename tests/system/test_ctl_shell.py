"""The shell of reevectl: compared with supervisorctl's for piped input, and at a terminal."""

import contextlib
import ctypes.util
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
import unittest

from reeve import (ADVICE, BUILD, PATIENCE, SUPERVISORCTL, Case, free_port, program, reeve_only,
                   until)

PROGRAMS = (program("cat", "/bin/cat", startsecs=0) +
            program("off", "/bin/cat", autostart="false", startsecs=0) +
            program("x", "/bin/cat", startsecs=0) + program("y", "/bin/cat", startsecs=0) +
            "[group:grp]\nprograms=x,y\n")


class Terminal:
    """A reevectl on a terminal of its own."""

    def __init__(self, case, d, *options, **env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(d.dir)
            # libedit itself does not free the names of added functions.
            os.environ.update({"TERM": "xterm", "HOME": d.dir, "NO_COLOR": "1",
                               "ASAN_OPTIONS": "detect_leaks=0", **env})
            conf = [] if "-c" in options else ["-c", d.conf]
            os.execv(os.path.join(BUILD, "reevectl"), ["reevectl", *conf, *options])
        self.seen = ""
        self.waited = None
        case.addCleanup(self.end)

    def end(self):
        if self.waited is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd is not None:
            os.close(self.fd)

    def hang_up(self):
        os.close(self.fd)
        self.fd = None

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern):
        """Reads until the pattern matches and returns the match; drops everything up to
        its end."""
        end = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found:
                self.seen = self.seen[found.end():]
                return found
            if time.monotonic() > end:
                raise AssertionError("no %r in %r" % (pattern, self.seen))
            if select.select([self.fd], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")

    def status(self, again=""):
        """The exit status; types the given text until the program ends."""
        def ended():
            if again:
                with contextlib.suppress(OSError):
                    self.type(again)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if self.fd is not None and select.select([self.fd], [], [], 0)[0]:
                with contextlib.suppress(OSError):
                    self.seen += os.read(self.fd, 65536).decode(errors="replace")
            return (status,) if pid else None
        self.waited = until(ended, what="the end; it printed %r" % self.seen)[0]
        return os.waitstatus_to_exitcode(self.waited)


@reeve_only
class Piped(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def run_shell(self, tool, text, *options):
        ended = subprocess.run([tool, "-c", self.d.conf, *options], input=text, check=False,
                               capture_output=True, text=True, timeout=PATIENCE,
                               cwd=self.d.dir)
        return (ended.returncode, re.sub(r"uptime [0-9:]+", "uptime", ended.stdout),
                ADVICE.sub("", ended.stderr))

    @unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
    def test_same_as_supervisorctl(self):
        for text in ("", "status off\nnope\n\n  \n? nope\nquit\nstatus\n", "exit now",
                     "start*\nstatus* off", "stop off\nstatus off nope\n",
                     "shutdown\nn\nreload\nno\nshutdown\nN\n",
                     "open foo\npid off"):
            want = self.run_shell(SUPERVISORCTL, text)
            for options in ((), ("-s", "unix://" + self.d.socket)):
                with self.subTest(text=text, options=options):
                    self.assertEqual(want, self.run_shell(os.path.join(BUILD, "reevectl"),
                                                          text, *options))

    def test_prompt(self):
        """With piped input the prompt is supervisorctl's, whatever the daemon's
        identifier."""
        d = self.daemon(supervisord={"identifier": "web7"})
        ended = subprocess.run([os.path.join(BUILD, "reevectl"), "-c", d.conf], input="quit\n",
                               capture_output=True, text=True, check=True, timeout=PATIENCE)
        self.assertEqual("supervisor> \n", ended.stdout)

    def test_daemon_is_killed_and_restarted(self):
        with subprocess.Popen([os.path.join(BUILD, "reevectl"), "-c", self.d.conf],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              cwd=self.d.dir) as shell:
            def type_line(line, until_text):
                shell.stdin.write(line + "\n")
                shell.stdin.flush()
                text = ""
                while until_text not in text:
                    piece = shell.stdout.readline()
                    self.assertNotEqual("", piece)
                    text += piece
                return text

            type_line("pid", "> %d\n" % self.d.pid)
            os.kill(self.d.pid, signal.SIGKILL)
            self.d.process.wait(PATIENCE)
            # Its reeve-rpcd still answers for a moment, one way or the other.
            for pid in self.d.remaining():
                os.kill(pid, signal.SIGKILL)
            until(lambda: not self.d.remaining())
            type_line("pid", "refused connection\n")
            self.d.start()
            type_line("pid", "> %d\n" % self.d.pid)
            shell.stdin.close()
            self.assertEqual(0, shell.wait(PATIENCE))


@reeve_only
class OnTerminal(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def shell(self, *options, **env):
        t = Terminal(self, self.d, *options, **env)
        t.expect("grp:y.*supervisor> ")
        return t

    def test_leaves(self):
        for key in ("quit\r", "exit\r", "\x04", "\x03"):
            with self.subTest(repr(key)):
                t = self.shell()
                t.type(key)
                # The prompt appears shortly before the editor sets the
                # terminal; what was typed before may be in its line, where
                # Ctrl-D only rings the bell.
                self.assertEqual(0, t.status(again="\x15\x04" if key == "\x04" else ""))

    def test_confirmation(self):
        t = self.shell()
        t.type("shutdown\r")
        t.expect(r"Really shut the remote supervisord process down y/N\? ")
        t.type("n\r")
        t.expect("supervisor> ")
        t.type("reload\r")
        t.expect(r"Really restart the remote supervisord process y/N\? ")
        t.type("\r")
        t.expect("supervisor> ")
        self.assertTrue(self.d.running())
        t.type("shutdown\r")
        t.expect(r"y/N\? ")
        t.type("Yes\r")
        t.expect("Shut down\r\n")
        self.d.wait_exit()
        t.type("status\r")
        t.expect("no such file")

    def test_prompt_names_the_server(self):
        d = self.daemon(supervisord={"identifier": "web7"})
        other = self.daemon(supervisord={"identifier": "db\x1b[2J"},
                            tcp={"port": "127.0.0.2:%d" % free_port()})
        with open(other.conf, encoding="utf-8") as f:
            port = re.search(r"127\.0\.0\.2:(\d+)", f.read())[1]
        t = Terminal(self, d)
        t.expect("web7> ")
        t.type("open unix://%s\r" % other.socket)
        t.expect(r"db.\[2J> ")
        Terminal(self, other).expect(r"db\?\[2J> ")
        t.type("open http://127.0.0.2:%s\r" % port)
        t.expect(r"127\.0\.0\.2> ")
        t.type("open unix:///nonexistent\r")
        t.expect("no such file.*supervisor> ")
        Terminal(self, d, "-s", "unix://" + d.socket).expect("web7> ")
        conf = d.path("prompt.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[supervisorctl]\nserverurl=unix://%s\nprompt=mine\n" % d.socket)
        Terminal(self, d, "-c", conf).expect("mine> ")

    def test_terminal_is_closed(self):
        t = self.shell()
        t.hang_up()
        self.assertIn(t.status(), (0, -signal.SIGHUP))

    def test_follow_and_back(self):
        t = self.shell()
        t.type("maintail -f\r")
        t.expect("Press Ctrl-C to exit.*supervisord started")
        t.type("\x03")
        t.expect("supervisor> ")
        t.type("fg cat\r")
        t.expect("Press Ctrl-C to exit")
        t.type("\x03")
        t.expect("Exiting foreground\r\n")
        t.type("pid\r")
        t.expect("%d\r\n" % self.d.pid)

    def test_colours(self):
        for env, colour in (({"NO_COLOR": ""}, True), ({}, False),
                            ({"NO_COLOR": "", "TERM": "dumb"}, False)):
            t = Terminal(self, self.d, "status", "cat", **env)
            self.assertEqual(0, t.status())
            self.assertEqual(colour, "\x1b[32mRUNNING" in t.seen, t.seen)
        self.assertNotIn("\x1b", self.d.reevectl("status").stdout)

    def test_password_is_asked_for(self):
        d = self.daemon(program("a", "/bin/cat"), tcp={"username": "me", "password": "se cret"})
        t = Terminal(self, d, "-s", "http://127.0.0.1:%d" % d.port)
        t.expect("Server requires authentication\r\nUsername:")
        t.type("me\n")
        t.expect("Password:")
        t.type("wrong\n")
        t.expect("Server requires authentication\r\nUsername:")
        t.type("me\n")
        t.expect("Password:")
        t.type("se cret\n")
        shown = t.expect(r"(.*)a +(RUNNING|STARTING).*supervisor> ")
        self.assertNotIn("cret", shown[1])
        t.type("pid\n")
        t.expect("%d\r\n" % d.pid)

    def test_interrupted_password(self):
        """The terminal echoes again, however the question ends."""
        d = self.daemon(tcp={"username": "me", "password": "secret"})
        server = ("-s", "http://127.0.0.1:%d" % d.port)
        for options, end, status in (((), "\x03", 0), (("-i", "pid"), "\x03", -signal.SIGINT),
                                     (("-i", "pid"), "\x04", 1)):
            with self.subTest(options=options, end=end):
                t = Terminal(self, d, *server, *options)
                t.expect("Username:")
                t.type("me\n")
                t.expect("Password:")
                until(lambda: not termios.tcgetattr(t.fd)[3] & termios.ECHO)  # noqa: B023
                t.type(end)
                self.assertEqual(status, t.status())
                self.assertTrue(termios.tcgetattr(t.fd)[3] & termios.ECHO)


def has_libedit():
    return ctypes.util.find_library("edit") is not None


@reeve_only
@unittest.skipUnless(has_libedit(), "no libedit")
class Editing(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")
        self.history = self.d.path("history")

    def shell(self, *options):
        t = Terminal(self, self.d, *(options or ("-r", self.history)))
        t.expect("grp:y.*supervisor> ")
        return t

    def test_history_by_default(self):
        """In the home directory, if it is ours and others cannot write it."""
        home = self.d.path("home")
        os.mkdir(home, 0o700)

        def quit_shell(**env):
            t = Terminal(self, self.d, **env)
            t.expect("grp:y.*supervisor> ")
            t.type("quit\r")
            self.assertEqual(0, t.status())

        quit_shell(HOME=home)
        path = os.path.join(home, ".reevectl_history")
        self.assertEqual(b"quit\n", self.d.file("home/.reevectl_history"))
        self.assertEqual(0o600, os.stat(path).st_mode & 0o777)
        os.unlink(path)
        os.chmod(home, 0o777)
        quit_shell(HOME=home)
        if os.geteuid() == 0:
            os.chmod(home, 0o700)
            os.chown(home, 65534, 65534)
            quit_shell(HOME=home)
        quit_shell(HOME="home")
        self.assertEqual([], os.listdir(home))

    def test_history(self):
        t = self.shell()
        t.type("pid cat\r")
        t.expect(r"\d\r\n")
        t.type("quit\r")
        t.status()
        self.assertEqual(b"pid cat\nquit\n", self.d.file("history"))
        t = self.shell()
        t.type("\x10\x10\r")  # up twice
        t.expect("%d\r\n" % self.d.info("cat")["pid"])
        self.assertEqual(0, t.status(again="\x04"))
        self.assertEqual(b"pid cat\nquit\npid cat\n", self.d.file("history"))

    def test_completion(self):
        t = self.shell()
        t.type("sto\tof\t\r")
        t.expect(r"off: ERROR \(not running\)")
        t.type("pid g\t\t")
        t.expect(r"grp:x  grp:\*  grp:y")
        t.type("x\t\r")
        t.expect("%d\r\n" % self.d.info("grp:x")["pid"])
        t.type("nonsense\t\x15remove gr\t\r")
        t.expect("still running: grp\r\n")
        t.type("help mai\t\r")
        t.expect("maintail -f")

    def test_killed_in_mid_line(self):
        """The history already has the lines that were typed."""
        t = self.shell()
        t.type("pid cat\r")
        t.expect(r"\d\r\n.*supervisor> ")
        t.type("half a li")
        t.expect("half a li")
        os.kill(t.pid, signal.SIGKILL)
        t.status()
        self.assertEqual(b"pid cat\n", self.d.file("history"))


if __name__ == "__main__":
    unittest.main()
