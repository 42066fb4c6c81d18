"""Commands that supervisorctl does not have: status --json, status --watch, events."""

import json
import os
import re
import signal
import subprocess
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only, until
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

    def test_watch_on_a_terminal(self):
        t = Terminal(self, self.d, "status", "--watch")
        t.expect("\x1b\\[H.*off +STOPPED")
        self.d.reevectl("start", "off")
        t.expect("\x1b\\[H.*off +RUNNING")
        t.type("\x03")
        self.assertEqual(3, t.status())

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
