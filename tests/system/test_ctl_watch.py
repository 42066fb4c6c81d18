"""Commands that supervisorctl does not have: status --json, status --watch, events."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
import time
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only, status_of, until
from test_ctl_follow import Follower
from test_ctl_shell import Terminal

PROGRAMS = (program("cat", "/bin/cat", startsecs=0) +
            program("off", "/bin/cat", autostart="false", startsecs=0) +
            program("x", "/bin/cat", autostart="false", startsecs=0) + "[group:g]\nprograms=x\n")


@reeve_only
class Status(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def test_json(self):
        for url in ([], ["-s", "unix://" + self.d.socket]):
            ended = self.d.reevectl("status", "--json", options=["-c", self.d.conf, *url])
            rows = json.loads(ended.stdout)
            self.assertEqual(3, ended.returncode)
            self.assertEqual(["cat", "g:x", "off"], [r["name"] for r in rows])
            info = self.d.info("cat")
            for key in ("pid", "start", "stop", "exitstatus", "spawnerr", "group",
                        "stdout_logfile", "stderr_logfile"):
                self.assertEqual(info[key], rows[0][key], key)
            self.assertRegex(rows[0]["description"], r"^pid \d+, uptime ")
            self.assertEqual("STOPPED", rows[1]["state"])

    def test_json_of_names(self):
        ended = self.d.reevectl("status", "cat", "--json", "nope")
        self.assertEqual((4, "nope: ERROR (no such process)\n"),
                         (ended.returncode, ended.stderr))
        self.assertEqual(1, len(json.loads(ended.stdout)))
        self.assertEqual("[]\n", self.d.reevectl("status", "--json", "nope").stdout)

    def test_watch(self):
        for url in (None, "unix://" + self.d.socket):
            f = Follower(self, self.d, "status", "--watch", "o?f", url=url)
            f.wait("STOPPED")
            self.d.reevectl("start", "off")
            f.wait("RUNNING")
            f.process.send_signal(signal.SIGINT)
            self.assertEqual(0, f.status())
            self.assertNotIn("cat", f.text())
            self.d.reevectl("stop", "off")

    def test_watch_without_escape_sequences(self):
        """A terminal that has none gets the lines that a file gets."""
        t = Terminal(self, self.d, "status", "--watch", TERM="dumb")
        t.expect("off +STOPPED")
        self.d.reevectl("start", "off")
        t.expect("off +RUNNING")
        t.type("\x03")
        self.assertEqual(3, t.status())
        self.assertNotIn("\x1b", t.seen)

    def test_reader_exits(self):
        """No line after the first is lost."""
        with subprocess.Popen([os.path.join(BUILD, "reevectl"), "-c", self.d.conf, "status",
                               "--watch"], stdout=subprocess.PIPE) as watch:
            watch.stdout.readline()
            watch.stdout.close()
            watch.wait(PATIENCE)
        ended = subprocess.run("%s -c %s restart cat g:x | head -n 1; test -n done" % (
            os.path.join(BUILD, "reevectl"), self.d.conf), shell=True, check=True,
            capture_output=True, text=True)
        self.assertEqual(("cat: stopped\n", ""), (ended.stdout, ended.stderr))
        self.d.wait_state("g:x", "RUNNING")

    def test_stop_waits(self):
        """At a terminal a stop shows what it waits for, and when that is killed."""
        line = r"waiting for stubborn, SIGKILL %s \d+ s"
        d, pid = self.stubborn(program("cat", "/bin/cat", startsecs=0))
        t = Terminal(self, d, "stop", "stubborn", "cat")
        t.expect("0 of 2\r\x1b\\[K0 of 2, " + line % "in")
        t.expect("\r\x1b\\[K0 of 2, " + line % "in")
        os.kill(pid, signal.SIGKILL)
        t.expect("\r\x1b\\[Kstubborn: stopped\r\n1 of 2\r\x1b\\[Kcat: stopped\r\n")
        self.assertEqual(0, t.status())
        self.assertNotIn("waiting", t.seen)
        for url in ("unix://" + d.socket, None):
            self.assertEqual(0, d.reevectl("start", "stubborn").returncode)
            until(lambda: d.file("stubborn.log").count(b"\n") > 1)
            with self.subTest(url):
                options = () if url is None else ("-s", url)
                t = Terminal(self, d, *options, "stop", "stubborn")
                t.expect(line % ("in" if url is None else "after"))
                os.kill(d.wait_state("stubborn", "STOPPING")["pid"], signal.SIGKILL)
                t.expect("\r\x1b\\[Kstubborn: stopped\r\n")
                self.assertEqual(0, t.status())

    def test_progress(self):
        """At a terminal only; each result appears before the last one is known."""
        d = self.daemon(program("quick", "/bin/cat", startsecs=0, autostart="false") +
                        program("slow", "/bin/cat", startsecs=2, autostart="false"))
        t = Terminal(self, d, "start", "all")
        t.expect("0 of 2\r\x1b\\[Kquick: started\r\n1 of 2")
        self.assertNotEqual("RUNNING", d.state("slow"))
        t.expect("\r\x1b\\[Kslow: started\r\n")
        self.assertEqual(0, t.status())
        ended = d.reevectl("stop", "all")
        self.assertEqual({"quick: stopped", "slow: stopped"}, set(ended.stdout.splitlines()))
        self.assertNotIn("\x1b", ended.stdout)


ENTER, LEAVE = "\x1b\\[\\?1049h", "\x1b\\[\\?1049l"
CLEAR = "\x1b\\[H\x1b\\[2J"


def line(number, pattern):
    """A pattern for the text of a line that is drawn."""
    return "\x1b\\[%d;1H\x1b\\[2K%s" % (number, pattern)


@reeve_only
class View(Case):
    """status --watch on a terminal."""

    def setUp(self):
        self.d = self.daemon(PROGRAMS, supervisord={"identifier": "demo"})
        self.d.wait_state("cat", "RUNNING")

    def view(self, *options, size=(24, 80), **env):
        t = Terminal(self, self.d, *options, "status", "--watch", **env)
        t.expect(ENTER)
        self.resize(t, *size)
        return t

    @staticmethod
    def resize(t, lines, columns):
        fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        t.expect(CLEAR + line(1, "[^\x1b]{%d}(?=\x1b)" % columns))

    def test_draws_only_changes(self):
        for options in ((), ("-s", "unix://" + self.d.socket)):
            with self.subTest(options):
                t = self.view(*options)
                t.expect(line(2, "STATE +NAME +PID +UPTIME +CPU% +MEMORY +RESTARTS"))
                t.expect(line(5, "STOPPED +off +- "))
                self.assertEqual(0, self.d.reevectl("start", "off").returncode)
                t.expect(line(1, "[^\x1b]*2 RUNNING, 1 STOPPED"))
                t.expect(line(5, "RUNNING +off +\\d+ +0:00:0"))
                t.expect(line(5, "[^\x1b]*0:00:0[^\x1b]*\\d[KM]"))
                self.assertNotRegex(t.seen, line(2, "") + "|" + line(4, "") + "|" + CLEAR)
                t.type("q")
                t.expect(LEAVE)
                self.assertEqual(3, t.status())
                self.d.reevectl("stop", "off")

    def test_first_line(self):
        t = self.view()
        now = time.strftime("%H:%M")
        t.expect("demo RUNNING  1 RUNNING, 2 STOPPED +%s:\\d\\d" % now)
        t.type("q")
        t.status()

    def test_sizes(self):
        t = self.view(size=(5, 20))
        t.expect(line(3, "RUNNING  cat +"))
        t.expect(line(5, r"q quit  / filter  c~"))
        self.resize(t, 6, 300)
        t.expect(line(2, "STATE[^\x1b]*RESTARTS"))
        t.expect(line(4, "STOPPED  g:x[^\x1b]*Not started"))
        self.resize(t, 2, 30)
        t.expect(line(2, "q quit"))
        t.type("q")
        self.assertEqual(3, t.status())

    def test_keys(self):
        t = self.view()
        t.expect(line(3, "RUNNING  cat"))
        t.type("t")
        t.expect(line(2, "STATE[*]"))
        t.expect(line(3, "STOPPED  g:x"))
        t.type("/OF")
        t.expect(line(3, "STOPPED  off"))
        t.expect(line(24, "/OF_"))
        t.type("F\r")
        t.expect(line(24, "/OFF  1 of 3"))
        t.type("\x1b")
        t.expect(line(5, "RUNNING  cat"))
        t.type("?")
        t.expect(line(24, "sort: t state"))
        t.type("\x03")
        t.expect(LEAVE)
        self.assertEqual(3, t.status())

    def test_names(self):
        t = Terminal(self, self.d, "status", "--watch", "o?f", "nope")
        t.expect(line(3, "STOPPED  off"))
        t.expect(r"nope: ERROR \(no such process\)")
        self.assertNotIn("  cat", t.seen)
        t.type("q")
        self.assertEqual(3, t.status())

    def test_restores_the_terminal(self):
        for end in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT, None):
            with self.subTest(end):
                t = Terminal(self, self.d, "status", "--watch")
                before = termios.tcgetattr(t.fd)
                t.expect(line(3, "RUNNING  cat"))
                raw = termios.tcgetattr(t.fd)
                self.assertEqual(0, raw[3] & (termios.ICANON | termios.ECHO))
                if end is None:
                    self.d.stop()
                else:
                    os.kill(t.pid, end)
                t.expect(LEAVE)
                if end is None:
                    t.expect("error: ")
                self.assertEqual({None: 1, signal.SIGINT: 3}.get(end, -(end or 0)), t.status())
                self.assertEqual(before[3] | termios.ICANON | termios.ECHO,
                                 termios.tcgetattr(t.fd)[3])

    def test_suspend(self):
        t = self.view()
        t.expect(line(3, "RUNNING  cat"))
        os.kill(t.pid, signal.SIGTSTP)
        t.expect(LEAVE)
        self.assertTrue(termios.tcgetattr(t.fd)[3] & termios.ICANON)
        until(lambda: status_of(t.pid)["State"].startswith("T"))
        os.kill(t.pid, signal.SIGCONT)
        t.expect(ENTER)
        t.expect(CLEAR + line(1, "demo"))
        t.type("q")
        self.assertEqual(3, t.status())

    def test_in_the_shell(self):
        """q and Ctrl-C lead back to the prompt."""
        t = Terminal(self, self.d)
        for key in ("q", "\x03"):
            t.expect("demo> ")
            t.type("status --watch\r")
            t.expect(ENTER)
            t.expect(line(3, "RUNNING  cat"))
            t.type(key)
            t.expect(LEAVE)
        t.expect("demo> ")
        t.type("status cat\r")
        t.expect("cat +RUNNING")
        t.type("quit\r")
        t.status()

    def test_hang_up(self):
        t = self.view()
        t.expect(line(3, "RUNNING  cat"))
        t.hang_up()
        self.assertIn(t.status(), (-signal.SIGHUP, 1, 3))


@reeve_only
class Events(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def test_tells(self):
        f = Follower(self, self.d, "events", "off", "g:*")
        plain = Follower(self, self.d, "events", "--json")
        self.until_it_listens(f, "off")
        self.until_it_listens(plain, '"name":"off"')
        self.d.reevectl("restart", "cat", "g:x")
        pid = self.d.info("g:x")["pid"]
        until(lambda: re.search(r" g:x RUNNING pid %d, uptime 0:00:0\d\n" % pid, f.text()))
        self.d.reevectl("stop", "g:*")
        self.d.reevectl("remove", "g")
        f.wait(" g:x REMOVED\n")
        self.assertRegex(f.text(), r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d g:x STOPPING$")
        self.assertNotIn("cat", f.text())
        plain.wait('"removed":"g:x"')
        rows = [json.loads(line) for line in plain.text().splitlines()]
        self.assertEqual(["STOPPING", "STOPPED", "RUNNING"],
                         [r["state"] for r in rows if r.get("name") == "cat"][:3])
        f.process.send_signal(signal.SIGINT)
        self.assertEqual(0, f.status())

    def until_it_listens(self, follower, text):
        until(lambda: self.d.reevectl("restart", "off") and text in follower.text())

    def test_names_that_are_not_there(self):
        """An unknown name is reported, and followed if it appears later."""
        f = Follower(self, self.d, "events", "late", "nope:*", "cat", "--jsn")
        f.wait("--jsn: ERROR (no such process)\n")
        self.assertEqual("late: ERROR (no such process)\nnope: ERROR (no such group)\n",
                         f.text().split("--jsn")[0])
        self.d.configure(PROGRAMS + program("late", "/bin/cat", startsecs=0))
        self.d.reevectl("update", "late")
        f.wait(" late RUNNING ")

    def test_needs_the_control_socket(self):
        ended = self.d.reevectl("events", options=["-s", "unix://" + self.d.socket])
        self.assertEqual(1, ended.returncode)
        self.assertEqual("error: unix://%s: events needs the control socket\n" %
                         self.d.socket, ended.stdout)

    def test_daemon_exits(self):
        f = Follower(self, self.d, "events")
        self.until_it_listens(f, "off")
        self.d.stop()
        self.assertEqual(1, f.status())
        self.assertIn("error: unix://", f.text())


if __name__ == "__main__":
    unittest.main()
