"""A life of a daemon in which each call of its master fails once. What must hold after each
failure: the daemon serves, its children are supervised, their output is complete, no descriptor
is left open, and each request has been answered. Not part of the system suite: tests/run fault
runs a sample, and tests/run fault-all everything."""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import xmlrpc.client

import faults
from faults import Faulty, Page
from reeve import ROOT, SEAM, Case, WireFault, alive, program, read, until
from test_events import parse, pool

FILES = ("write", "writev", "open", "openat", "openat2", "__open_2", "ftruncate", "renameat",
         "renameat2", "unlinkat")

PROGRAMS = (
    program("keep", "/bin/cat", startsecs=0, stdout_logfile="{dir}/keep.log",
            stdout_logfile_maxbytes=0, stderr_logfile="NONE") +
    program("rotates", "/bin/cat", startsecs=0, stdout_logfile="{dir}/rotates.log",
            stdout_logfile_maxbytes=200, stdout_logfile_backups=2) +
    program("victim", "{child} sleep 100000", startsecs=0, autorestart="true") +
    pool("pool", "REMOTE_COMMUNICATION,PROCESS_STATE", buffer_size=100))
EXTRA = program("extra", "{child} sleep 100000", startsecs=0)
STAGES = ("stdin", "stop_and_start", "crash", "rotate", "event", "clients", "all", "update",
          "frontend", "upgrade", "restart", "life")
BAD_MAX = 10
RANDOM_TURNS = 300
# Stages in which a failure may end the daemon, because it has no state to return to.
ENDS = ("upgrade", "restart", "life")
NAMES = ("keep", "rotates", "victim", "pool")


class Closed(Exception):
    """The daemon has closed the connection instead of an answer."""


class Life(Case):
    every, round = 0, 0

    @classmethod
    def setUpClass(cls):
        if not os.path.exists(os.path.join(faults.BUILD, "reeved")):
            raise unittest.SkipTest("no build with faults in " + faults.BUILD)

    # --- the daemon and its clients ---

    def setUp(self):
        directory = tempfile.mkdtemp(prefix="reeve-")
        self.addCleanup(shutil.rmtree, directory)
        self.page = Page(os.path.join(directory, "page"))
        self.addCleanup(self.page.close)
        self.page.set(every=self.every, round=self.round)
        self.bad = []
        self.ends = 0
        self.d = None
        self.begin()

    def begin(self):
        """Begins a life; the calls that have failed in the lives before do not fail again."""
        if self.d is not None:
            self.disconnect()
            self.d.destroy()
        self.d = d = Faulty(PROGRAMS, page=self.page)
        self.addCleanup(d.destroy)
        d.start()
        self.pids = {name: d.wait_state(name, "RUNNING")["pid"] for name in NAMES}
        self.sent, self.unsure = [], set()
        self.wire = None
        self.numbers = 0
        self.extra = self.restarted = False
        self.fds = None
        self.known = self.page.fired
        self.settle()

    def ended(self):
        """The daemon has ended, because it cannot go on, and has said why."""
        self.assertGreater(self.d.wait_exit(), 0, "it has crashed: " + self.d.output()[-2000:])
        if not any(record.name in ("write", "writev") for record in self.failed()):
            self.assertRegex("\n".join(self.d.output().splitlines()[-2:]),
                             "CRIT cannot|Error: |CRIT out of memory")
        self.ends += 1
        self.begin()

    def connect(self):
        if self.wire is None:
            try:
                self.wire = self.d.control(hello=False)
                self.wire.call("hello", protocol=1, program="test")
            except socket.timeout:
                self.fail("no answer to hello")
            except (EOFError, OSError) as e:
                self.disconnect()
                raise Closed from e
        return self.wire

    def disconnect(self):
        if self.wire is not None:
            self.wire.close()
        self.wire = None

    def ask(self, method, **params):
        """The result, or the fault; Closed if the daemon has closed the connection."""
        try:
            return self.connect().call(method, **params)
        except WireFault as fault:
            return fault
        except socket.timeout:
            self.fail("no answer to %s %s" % (method, params))
        except (EOFError, OSError) as e:
            self.disconnect()
            raise Closed from e

    # --- stages: each ends with the daemon as it found it, if nothing fails ---

    def stage_stdin(self):
        self.send()

    def send(self):
        """Sends a line to keep, which writes it to its log."""
        self.numbers += 1
        line = b"%d\n" % self.numbers
        try:
            answer = self.ask("process.stdin", name="keep", data=line.decode())
        except Closed:
            self.unsure.add(line)
            self.sent.append(line)
            raise
        if not isinstance(answer, WireFault):
            self.sent.append(line)

    def stage_stop_and_start(self):
        answer = self.ask("process.stop", name="victim")
        if not isinstance(answer, WireFault):
            until(lambda: not alive(self.pids["victim"]), what="the end of victim")
        self.ask("process.start", name="victim")

    def stage_crash(self):
        os.kill(self.pids["victim"], signal.SIGKILL)
        until(lambda: not alive(self.pids["victim"]))
        self.page.set(mono_ns=self.page.get("mono_ns") + 2 * 10 ** 9)
        self.ask("process.stats", name="victim")

    def stage_update(self):
        self.extra = not self.extra
        self.d.configure(PROGRAMS + (EXTRA if self.extra else ""))
        self.ask("config.reread")
        self.ask("config.rows", **{"from": 0})
        self.ask("config.update")

    def end_update(self):
        """Without failures, the update succeeds."""
        self.ask("config.update")
        until(lambda: ("extra" in self.info()) == self.extra, what="the update")

    def stage_rotate(self):
        for _ in range(2):
            self.ask("process.stdin", name="rotates", data="%s\n" % ("x" * 199))
        size = os.path.getsize
        with contextlib.suppress(OSError):
            end = time.monotonic() + 0.2
            while size(self.d.path("rotates.log")) == 0 and time.monotonic() < end:
                time.sleep(0.005)
        self.ask("log.clear", name="rotates")
        os.kill(self.d.pid, signal.SIGUSR2)
        self.ask("process.stats", name="rotates")

    def stage_event(self):
        self.ask("event.send", type="t", data="d", more=["u", "e"])
        self.ask("process.stats", name="pool")

    def stage_clients(self):
        self.disconnect()
        self.ask("log.open", name="keep", stream="stdout")
        self.ask("mainlog.open")
        self.ask("all.stats")
        self.ask("subscribe")
        self.ask("process.signal", name="victim", signal="CONT")
        self.disconnect()

    def stage_frontend(self):
        pid = self.d.front_end()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            until(lambda: not alive(pid))
        self.ask("all.stats")

    def stage_all(self):
        self.ask("all.signal", signal="CONT")
        self.ask("all.clear")
        self.ask("process.restart", names=["victim"])
        self.ask("all.stats")

    def count(self, *texts):
        """How many lines with these the main log has, and its copy on standard output."""
        return [sum(log.count(text) for text in texts)
                for log in (self.d.log(), self.d.output())]

    def wait_count(self, before, *texts):
        """Waits for one more. If several calls fail, both copies may lack the line."""
        def happened():
            return any(now > old for now, old in zip(self.count(*texts), before)) or \
                not self.d.running()
        try:
            until(happened, 5)
        except AssertionError:
            if self.page.fired <= self.known + 1:
                until(happened, what="%s or %s" % texts)

    def stage_upgrade(self):
        before = self.count("upgrade: took over", "this one continues")
        with contextlib.suppress(Closed):  # the new process has ended, or was not told of us
            if isinstance(self.ask("daemon.upgrade"), WireFault):
                return
        self.wait_count(before, "upgrade: took over", "this one continues")
        self.disconnect()

    def stage_restart(self):
        before = self.count("spawned: 'victim'", "nothing was stopped")
        os.kill(self.d.pid, signal.SIGHUP)
        self.wait_count(before, "spawned: 'victim'", "nothing was stopped")
        self.disconnect()
        self.restarted = True

    def stage_life(self):
        """An end, and another start."""
        self.disconnect()
        os.kill(self.d.pid, signal.SIGTERM)
        self.d.wait_exit()
        until(lambda: not self.d.remaining(), what="the last process to go")
        self.d.spawn()
        until(lambda: not self.d.running() or self.serves(), what="the start")
        self.restarted = True

    def serves(self):
        try:
            return self.d.serving()
        except AssertionError:
            return False

    # --- after a stage ---

    def settle(self, stage=None):
        """Nothing fails any more: checks that all is well, or becomes so by requests."""
        d = self.d
        self.page.set(mode=faults.OFF)
        self.assertTrue(d.running(), "it has ended")
        self.disconnect()
        until(d.serving, what="the daemon to serve")
        if stage == "update":
            self.end_update()
        self.check_processes()
        self.check_log()
        self.check_events()
        self.disconnect()
        self.check_descriptors()

    def info(self):
        with self.d.rpc() as s:
            return {i["name"]: i for i in s.supervisor.getAllProcessInfo()}

    def check_processes(self):
        def settled():
            found = self.info()
            return None if any(i["statename"] in ("STARTING", "STOPPING", "BACKOFF")
                               for i in found.values()) else found
        self.page.set(mono_ns=self.page.get("mono_ns") + 5 * 10 ** 9)
        with self.d.rpc() as s:
            until(lambda: s.supervisor.getState()["statename"] == "RUNNING")
            for name, info in until(settled, what="all states to settle").items():
                if info["statename"] != "RUNNING":
                    if not self.restarted:
                        self.assertNotIn(name, ("keep", "rotates", "pool"), info)
                    with contextlib.suppress(xmlrpc.client.Fault):  # it has been started
                        s.supervisor.startProcess(name)
        for name, info in until(settled, what="all states to settle").items():
            self.assertEqual("RUNNING", info["statename"], info)
            self.assertTrue(alive(info["pid"]), info)
            if name in ("keep", "rotates", "pool") and not self.restarted:
                self.assertEqual(self.pids[name], info["pid"], "another process of " + name)
            self.pids[name] = info["pid"]

    def check_log(self):
        self.send()
        path = self.d.path("keep.log")
        until(lambda: read(path, b"").endswith(self.sent[-1]), what="the last line of the log")
        lines = read(path).splitlines(True)
        lost = any(line.startswith(b"[reeve: ") for line in lines)
        if lost:
            self.assertTrue(any(r.name in FILES for r in self.failed()), lines[-5:])
        elif lines != self.sent:
            missing = [line for line in self.sent if line not in lines]
            self.assertTrue(set(missing) <= self.unsure, (missing, lines[-3:], self.sent[-3:]))
            self.assertEqual([line for line in self.sent if line in lines], lines)
        os.truncate(path, 0)
        self.sent, self.unsure = [], set()

    def check_events(self):
        self.numbers += 1
        text = b"n%d" % self.numbers
        self.ask("event.send", type="t", data=text.decode())
        path = self.d.path("pool.events")
        until(lambda: any(e.payload.endswith(text) for e in parse(read(path, b""))),
              what="the event")
        serials = [e.poolserial for e in parse(read(path))]
        if not self.restarted:
            self.assertEqual(sorted(set(serials)), serials)
        self.restarted = False
        os.truncate(path, 0)

    def descriptors(self):
        found = {}
        directory = "/proc/%d/fd" % self.d.pid
        for fd in os.listdir(directory):
            with contextlib.suppress(FileNotFoundError):
                found[fd] = re.sub(r"\d{4,}", "N", os.readlink("%s/%s" % (directory, fd)))
        return sorted(name for name in found.values() if "extra" not in name)

    def check_descriptors(self):
        if self.extra:
            return
        if self.fds is None:
            self.fds = self.descriptors()
        end = time.monotonic() + 10
        while len(self.descriptors()) > len(self.fds):
            if time.monotonic() > end:
                left = self.descriptors()
                for name in self.fds:
                    if name in left:
                        left.remove(name)
                self.fail("descriptors are left open: %s" % left)
            time.sleep(0.01)

    def failed(self):
        return self.page.records(self.known)

    # --- the enumeration ---

    def run_stage(self, name, **mode):
        """One turn; whether a call has failed."""
        self.known = before = self.page.fired
        self.page.set(**{"mode": faults.PATHS, **mode})
        try:
            with contextlib.suppress(Closed):
                getattr(self, "stage_" + name)()
            self.page.set(mode=faults.OFF)
            if name in ENDS and not self.d.running():
                self.ended()
            elif "running without one" in self.d.output():
                self.begin()  # a start without a control socket
            else:
                self.settle(name)
        except Exception as e:  # pylint: disable=broad-except
            self.page.set(mode=faults.OFF)
            self.bad.append("%s: %r after\n%s\n%s\n" % (
                name, e, "\n".join("    %s in %s" % (r, r.trace()) for r in self.failed()),
                self.d.output()[-1500:]))
            self.begin()
        return self.page.fired > before

    def enumerate(self, name, **mode):
        """Until no call fails that has not failed before."""
        quiet = 0
        while quiet < 2 and len(self.bad) < BAD_MAX:
            quiet = 0 if self.run_stage(name, **mode) else quiet + 1
        self.finish_stage()

    def finish_stage(self):
        self.assertEqual([], self.bad, "\n".join(self.bad))


def stages(*names, **mode):
    """A test for each of the stages."""
    def make(name):
        return lambda self: self.enumerate(name, **mode)
    return {"test_%s%s" % (name, "_of_children" if mode else ""): make(name)
            for name in names}


STARTS = stages("restart", "life")
REST = {**stages(*STAGES[:-2]), **stages("stop_and_start", "update", "frontend", in_children=1)}


@unittest.skipUnless(os.path.exists(os.path.join(faults.BUILD, "reeved")), "no build with faults")
class Calls(unittest.TestCase):
    def names(self, program, *options):
        out = subprocess.run(["nm", *options, program], capture_output=True, text=True,
                             check=True).stdout
        return {line.split()[-1].partition("@")[0] for line in out.splitlines()}

    def test_each_call_has_a_wrapper_or_a_reason(self):
        called = self.names(os.path.join(SEAM, "reeved"), "-u")
        with open(os.path.join(ROOT, "tests/fault/unwrapped"), encoding="ascii") as f:
            reasons = {word for line in f if not line.startswith("#") for word in line.split()}
        wrapped = {name[len("__wrap_"):] for name in self.names(
            os.path.join(faults.BUILD, "reeved")) if name.startswith("__wrap_")}
        self.assertEqual(set(), called - wrapped - reasons,
                         "write a wrapper in tests/fault/wraps.c, or name the reason in "
                         "tests/fault/unwrapped")
        self.assertEqual(set(), wrapped & reasons)


class Sample(Life):
    """For make check."""

    every = 24

    def test_life(self):
        for name in STAGES:
            self.enumerate(name)
        self.enumerate("update", in_children=1)


Whole = type("Whole", (Life,), REST)
Starts = type("Starts", (Life,), STARTS)
OtherErrors = type("OtherErrors", (Life,), {**REST, **STARTS, "every": 3, "round": 1})


class Random(Life):
    """Several failures in a turn. REEVE_FAULT_SEED repeats a run."""

    def test_random(self):
        seed = int(os.environ.get("REEVE_FAULT_SEED", "0")) or random.randrange(1, 1 << 30)
        choice = random.Random(seed)
        for turn in range(RANDOM_TURNS):
            name = choice.choice(STAGES)
            self.run_stage(name, mode=faults.RANDOM, random=choice.randrange(1, 1 << 62),
                           per_million=choice.choice((1000, 5000, 30000)),
                           in_children=choice.choice((0, 0, 0, 1)))
            self.assertEqual([], self.bad, "seed %d, turn %d\n%s" % (
                seed, turn, "\n".join(self.bad)))


if __name__ == "__main__":
    unittest.main()
