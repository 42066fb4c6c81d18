"""Automatic starts: when they happen, and how they are cancelled."""

import json
import os
import re
import time
import unittest

from reeve import Case, WireFault, program, reeve_only, until
from test_ctl_follow import Follower
from test_ctl_shell import Terminal


def flapping(name="a", **options):
    """A program that records each start and exits at once."""
    return program(name, "/bin/sh -c 'cat /proc/uptime >>{dir}/%s.starts; exit 3'" % name,
                   **{"startsecs": 0, "autorestart": "true", **options})


class Flapping(Case):
    def starts(self, d, name="a"):
        """The times of its starts, in seconds."""
        return [float(line.split()[0]) for line in d.file("%s.starts" % name).splitlines()]

    def wait_pending(self, d, *names):
        for name in names:
            until(lambda n=name: self.starts(d, n) and d.state(n) == "EXITED")


@reeve_only
class Pause(Flapping):
    def check(self, text, name="a"):
        d = self.daemon(text)
        times = until(lambda: (lambda t: t if len(t) > 3 else None)(self.starts(d, name)))
        for before, after in zip(times, times[1:]):
            self.assertGreater(after - before, 0.9, times)
        return d

    def test_program(self):
        d = self.check(flapping())
        self.assertNotIn("gave up", d.log())

    def test_of_a_group(self):
        self.check(flapping(numprocs=2, process_name="%(process_num)d") +
                   "[group:g]\nprograms=b\n" + flapping("b"), "b")

    def test_listener(self):
        self.check(flapping().replace("[program:", "[eventlistener:") + "events=TICK_5\n")

    def test_fcgi(self):
        self.check(flapping().replace("[program:", "[fcgi-program:") +
                   "socket=unix://{dir}/fcgi.sock\n")

    def test_interface(self):
        self.check(flapping().replace("[program:", "[rpcinterface:"))

    def test_command_without_an_interpreter(self):
        d = self.make(program("a", "{dir}/bare", startsecs=0, autorestart="true"))
        with open(d.path("bare"), "w", encoding="ascii") as f:
            f.write("echo\n")
        os.chmod(d.path("bare"), 0o755)
        d.start()
        self.addCleanup(self.finish, d)
        begin = time.monotonic()
        until(lambda: d.log().count("spawned: 'a'") > 3)
        self.assertGreater(time.monotonic() - begin, 1.8)

    def test_longer_life(self):
        """It was started more than a second ago, so its restart does not wait."""
        d = self.daemon(program("a", "{child} sleep 1000", startsecs=0, autorestart="true"))
        pid = d.wait_state("a", "RUNNING")["pid"]
        time.sleep(1.1)
        begin = time.monotonic()
        os.kill(pid, 9)
        until(lambda: d.info("a")["pid"] not in (0, pid))
        self.assertLess(time.monotonic() - begin, 0.9)

    def test_command(self):
        d = self.daemon(flapping())
        s = self.rpc(d).supervisor
        begin = time.monotonic()
        for _ in range(5):
            self.wait_pending(d, "a")
            count = len(self.starts(d))
            self.assertIs(True, s.startProcess("a"))
            until(lambda n=count: len(self.starts(d)) > n)
        self.assertLess(time.monotonic() - begin, 3)


@reeve_only
class Cancelled(Flapping):
    MANY = "".join(flapping("a%d" % i) for i in range(4))
    NAMES = ["a%d" % i for i in range(4)]

    def assertStays(self, d, names, state="EXITED"):
        """No process is started within the time of a restart."""
        counts = {n: self.starts(d, n) for n in names}
        time.sleep(1.3)
        self.assertEqual(counts, {n: self.starts(d, n) for n in names})
        self.assertEqual([state] * len(names), [d.state(n) for n in names])

    def test_stop_one(self):
        d = self.daemon(flapping())
        self.wait_pending(d, "a")
        self.assertFault(70, "NOT_RUNNING: a", self.rpc(d).supervisor.stopProcess, "a")
        d.wait_log("INFO a: pending start cancelled")
        self.assertStays(d, ["a"])
        self.assertFault(70, "NOT_RUNNING: a", self.rpc(d).supervisor.stopProcess, "a")
        self.assertEqual(1, d.log().count("cancelled"))

    def test_stop_all(self):
        d = self.daemon(self.MANY)
        self.wait_pending(d, *self.NAMES)
        self.assertEqual([], [r for r in self.rpc(d).supervisor.stopAllProcesses()
                              if r["status"] != 80])
        self.assertStays(d, self.NAMES)

    def test_stop_group(self):
        d = self.daemon(self.MANY + "[group:g]\nprograms=a1,a2\n")
        for name in ("a0", "g:a1", "g:a2", "a3"):
            d.wait_state(name, "EXITED")
        self.rpc(d).supervisor.stopProcessGroup("g")
        counts = {n: self.starts(d, n) for n in self.NAMES}
        until(lambda: len(self.starts(d, "a0")) > len(counts["a0"]) + 1)
        for name in ("a1", "a2"):
            self.assertEqual(counts[name], self.starts(d, name))

    def test_reevectl(self):
        d = self.daemon(self.MANY)
        for words in (["a0"], ["a1", "a2"], ["all"]):
            with self.subTest(words):
                self.wait_pending(d, *(self.NAMES if words == ["all"] else words))
                result = d.reevectl("stop", *words)
                lines = ["%s: ERROR (not running) (pending restart cancelled)" % n
                         for n in (["a3"] if words == ["all"] else words)]
                self.assertEqual((0, sorted(lines)),
                                 (result.returncode, sorted(result.stdout.splitlines())))
        self.assertStays(d, self.NAMES)
        self.assertEqual("a0: ERROR (not running)\n", d.reevectl("stop", "a0").stdout)

    def test_update(self):
        d = self.daemon(self.MANY)
        self.wait_pending(d, *self.NAMES)
        d.configure("".join(program(n, "/bin/sleep 1000", startsecs=0) for n in self.NAMES))
        result = d.reevectl("update")
        self.assertEqual((0, ""), (result.returncode, result.stderr))
        for name in self.NAMES:
            d.wait_state(name, "RUNNING")

    def test_remove(self):
        d = self.daemon(flapping() + "[group:g]\nprograms=b,c\n" + flapping("b") +
                        program("c", "/bin/sleep 1000", startsecs=0))
        s = self.rpc(d).supervisor
        self.assertFault(91, "STILL_RUNNING: g", s.removeProcessGroup, "g")
        count = len(self.starts(d, "b"))
        until(lambda: len(self.starts(d, "b")) > count + 1)
        self.wait_pending(d, "a")
        self.assertIs(True, s.removeProcessGroup("a"))
        d.wait_log("INFO a: pending start cancelled")
        self.assertNotIn("b: pending", d.log())

    def test_queued_start(self):
        """A stop right after a start of all: processes whose turn has not come are not started."""
        names = ["z%03d" % i for i in range(200)]
        d = self.daemon("".join(program(n, "/bin/sleep 1000", startsecs=0, autostart="false")
                                for n in names))
        wire = self.control(d)
        job = wire.request("all.start")
        last = wire.request("process.stop", name=names[-1])
        wire.answer(job)
        with self.assertRaisesRegex(WireFault, "70 NOT_RUNNING"):
            wire.answer(last)
        while (result := wire.notification("job.result"))["name"] != names[-1]:
            self.assertNotIn("fault", result)
        self.assertEqual(40, result["fault"]["code"])
        d.wait_log("INFO %s: pending start cancelled" % names[-1])
        d.wait_state(names[-2], "RUNNING")
        self.assertEqual("STOPPED", d.state(names[-1]))

    def test_autostart_wave(self):
        names = ["z%03d" % i for i in range(600)]
        d = self.daemon("".join(program(n, "/bin/sleep 1000", startsecs=0, stdout_logfile="NONE",
                                        stderr_logfile="NONE") for n in names))
        wire = self.control(d)
        try:
            wire.call("process.stop", name=names[-1])
        except WireFault as e:
            self.assertEqual(70, e.code)
        else:
            self.skipTest("all were started before the stop came")
        d.wait_log("INFO %s: pending start cancelled" % names[-1])
        d.wait_state(names[-2], "RUNNING")
        self.assertEqual("STOPPED", d.state(names[-1]))
        self.assertEqual(0, len(re.findall("spawned: '%s'" % names[-1], d.log())))


# Records the time of each event, and rejects events with "bad" in their payload.
LISTENER = r"""import sys
while True:
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    line = sys.stdin.readline()
    data = sys.stdin.read(int(line.split("len:")[1]))
    with open("/proc/uptime") as f, open(sys.argv[1], "a") as out:
        out.write("%s %s\n" % (f.read().split()[0], data.split("\n")[1]))
    sys.stdout.write("RESULT 4\nFAIL" if "bad" in data else "RESULT 2\nOK")
    sys.stdout.flush()
"""


@reeve_only
class Rejected(Case):
    def begin(self, count):
        d = self.make("".join(program(
            name, "/usr/bin/python3 {dir}/listener.py {dir}/%s.events" % name,
            section="eventlistener", startsecs=0, events="REMOTE_COMMUNICATION")
            for name in "lm"[:count]))
        with open(d.path("listener.py"), "w", encoding="ascii") as f:
            f.write(LISTENER)
        d.start()
        self.addCleanup(self.finish, d)
        return d

    @staticmethod
    def events(d, name, text):
        """The time of the event."""
        return [float(line.split()[0]) for line in d.file(name + ".events").splitlines()
                if line.endswith(text)]

    def test_pause(self):
        d = self.begin(1)
        self.rpc(d).supervisor.sendRemoteCommEvent("t", "bad")
        times = until(lambda: (lambda t: t if len(t) > 3 else None)(
            self.events(d, "l", b"bad")))
        for before, after in zip(times, times[1:]):
            self.assertGreater(after - before, 0.9, times)

    def test_others_do_not_wait(self):
        d = self.begin(2)
        s = self.rpc(d).supervisor
        s.sendRemoteCommEvent("t", "bad")
        until(lambda: self.events(d, "l", b"bad") and self.events(d, "m", b"bad"))
        begin = time.monotonic()
        s.sendRemoteCommEvent("t", "good")
        until(lambda: self.events(d, "l", b"good") or self.events(d, "m", b"good"))
        self.assertLess(time.monotonic() - begin, 0.9)


@reeve_only
class Exits(Case):
    """The last exit of a process, where supervisord's answers do not have it."""

    PROGRAMS = (program("early", "/bin/sh -c 'exit 3'", startretries=0) +
                program("killed", "/bin/sh -c 'kill -USR1 $$'", startretries=0) +
                program("done", "/bin/sh -c 'exit 7'", startsecs=0, autorestart="false") +
                program("again", "/bin/sh -c 'mkdir {dir}/first && exit 5; exec sleep 1000'",
                        startsecs=0) +
                program("never", "{dir}/nothing", startretries=0))
    WANT = {"early": (3, "exit status 3"), "killed": (-1, "killed by SIGUSR1"),
            "done": (7, "exit status 7"), "again": (0, "exit status 5"), "never": (None, "")}

    def begin(self):
        d = self.daemon(self.PROGRAMS)
        for name, state in (("early", "FATAL"), ("killed", "FATAL"), ("never", "FATAL"),
                            ("done", "EXITED")):
            d.wait_state(name, state)
        until(lambda: d.log().count("spawned: 'again'") > 1)
        d.wait_state("again", "RUNNING")
        return d

    def test_json(self):
        d = self.begin()
        for options in ([], ["-s", "unix://" + d.socket]):
            rows = json.loads(d.reevectl("status", "--json",
                                         options=["-c", d.conf, *options]).stdout)
            self.assertEqual(self.WANT, {r["name"]: (r["exitstatus"], r["last_exit"])
                                         for r in rows}, options)
        # supervisord's methods have only its texts.
        self.assertEqual((0, "Exited too quickly (process log may have details)"),
                         (d.info("early")["exitstatus"], d.info("early")["description"]))

    def test_terminal(self):
        d = self.begin()
        t = Terminal(self, d, "status")
        t.expect(r"done +(\x1b\[\d+m)?EXITED.*M, exit status 7")
        t.expect(r"early +.*FATAL.*Exited too quickly \(process log may have details\), "
                 "exit status 3")
        t.expect("killed +.*, killed by SIGUSR1")
        self.assertEqual(3, t.status())
        self.assertNotIn("exit status", d.reevectl("status").stdout)

    def test_events(self):
        d = self.daemon(program("a", "/bin/sh -c 'exit 3'", startretries=0, autostart="false"))
        plain, rows = (Follower(self, d, "events", *words) for words in ([], ["--json"]))

        def seen():
            d.reevectl("start", "a")
            return " a FATAL " in plain.text() and '"FATAL"' in rows.text()
        until(seen)
        self.assertRegex(plain.text(), r" a FATAL Exited too quickly .*, exit status 3\n")
        row = [json.loads(line) for line in rows.text().splitlines()
               if '"FATAL"' in line][-1]
        self.assertEqual((3, 0, "exit status 3"),
                         (row["last_status"], row["last_signal"], row["last_exit"]))


if __name__ == "__main__":
    unittest.main()
