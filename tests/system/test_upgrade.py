"""Live upgrade: the daemon writes its state, executes its binary, reads the state and continues
with the same children and pipes."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import tempfile
import time
import unittest

from reeve import (BUILD, PATIENCE, Case, WireFault, alive, children_of, program, read,
                   reeve_only, until)
from test_events import LISTENER, parse, pool
from test_metrics import scrape
from test_verifier import PASSWORD, SHA512, SLOW as SLOW_HASH, Verifier, user

COUNTER = program("counter", "/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; done'",
                  startsecs=0, stdout_logfile="{dir}/counter.log", stdout_logfile_maxbytes=0)
# Reads its standard input only after a signal.
READER = program("reader", "/bin/sh -c 'trap : USR1; sleep 1000 & wait; exec cat'", startsecs=0,
                 stdout_logfile="{dir}/reader.log", killasgroup="true", stopasgroup="true")
STUBBORN = program("stubborn", "/bin/sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'",
                   startsecs=0, stopwaitsecs=600, stdout_logfile="NONE", killasgroup="true",
                   autorestart="false")
CAPTURED = program(
    "captured", "/bin/sh -c 'trap : USR1; printf \"%%s\" \"<!--XSUPERVISOR:BEGIN-->first \"; "
    "sleep 1000 & wait; printf \"%%s\" \"second<!--XSUPERVISOR:END-->\"; exec sleep 1000'",
    startsecs=0, stdout_capture_maxbytes=1000, stdout_logfile="{dir}/captured.log",
    stdout_logfile_maxbytes=0, killasgroup="true", stopasgroup="true")
CRASHER = program("crasher", "/bin/sleep 1000", startsecs=0, autorestart="true",
                  stdout_logfile="NONE")
ONCE = program("once", "/bin/sh -c 'trap \"exit 7\" USR1; while :; do sleep 0.05; done'",
               startsecs=0, autorestart="false", stdout_logfile="NONE")
AUTO = program("auto", "/bin/sh -c 'echo begun; exec cat'", startsecs=0)
# Does not answer before the file exists; events wait until then.
SLOW = pool("slow", "PROCESS_STATE,PROCESS_COMMUNICATION", command="/bin/sh -c 'while ! test "
            "-e {dir}/go; do sleep 0.05; done; exec %s {dir}/slow.events'" % LISTENER,
            buffer_size=1000)
QUICK = pool("quick", "PROCESS_STATE,PROCESS_COMMUNICATION", buffer_size=1000)
ALL = COUNTER + READER + STUBBORN + CAPTURED + CRASHER + ONCE + AUTO + SLOW + QUICK
NAMES = ("counter", "reader", "stubborn", "captured", "crasher", "once", "auto", "slow",
         "quick")


def front_ends(daemon):
    """The pids of all reeve-rpcd processes of the daemon."""
    return [pid for pid in children_of(daemon.pid)
            if read("/proc/%d/comm" % pid, b"") == b"reeve-rpcd\n"]


@reeve_only
class Upgrade(Case):
    def begin(self, programs=ALL):
        self.d = d = self.daemon(programs)
        self.pids = {name: d.wait_state(name, "RUNNING")["pid"] for name in NAMES}
        self.addCleanup(self.end_stubborn)
        return d

    def end_stubborn(self):
        pid = self.d.running() and self.d.info("stubborn")["pid"]
        if pid:
            os.killpg(pid, signal.SIGKILL)
            self.d.wait_state("stubborn", "EXITED")

    def upgrade(self, expected=NAMES):
        d, image = self.d, read("/proc/%d/auxv" % self.d.pid)
        wire, rows = self.control(d), self.control(d)
        rows.call("subscribe")
        while rows.frame()["method"] != "stream.end":
            pass
        d.upgrade()
        self.assertNotEqual(image, read("/proc/%d/auxv" % d.pid), "no other image")
        # Its connection continues, and a subscriber gets all rows again.
        self.assertIn("path", wire.call("log.open", name="counter", stream="stdout"))
        names = set()
        while rows.frame()["method"] != "resumed":
            pass
        while True:
            frame = rows.frame()
            names |= {row[2] for row in frame["params"].get("rows", ())}
            if frame["method"] == "stream.end":
                break
        self.assertEqual(set(expected), names)

    def descriptors(self):
        """The number of the daemon's descriptors, without connections of clients, and without
        the log lines of the reeve-rpcd processes, whose number depends on the clients."""
        names = [os.readlink("/proc/%d/fd/%s" % (self.d.pid, fd))
                 for fd in os.listdir("/proc/%d/fd" % self.d.pid)]
        return len([name for name in names if not name.startswith("socket:")]) - len(
            front_ends(self.d))

    def upgrades_many(self, count):
        for _ in range(count):
            self.upgrade()

    def check_pids(self, *but):
        for name, pid in self.pids.items():
            if name not in but:
                self.assertEqual(("RUNNING", pid), (self.d.state(name),
                                                    self.d.info(name)["pid"]), name)
                self.assertTrue(alive(pid), name)

    def check_counter(self):
        """No line of its output is lost or doubled, and its output continues."""
        path = self.d.path("counter.log")
        size = os.path.getsize(path)
        until(lambda: os.path.getsize(path) > size + 100000, what="no more lines")
        lines = read(path, b"").split(b"\n")[:-1]
        for i, line in enumerate(lines, 1):
            if line != b"%d" % i:
                self.fail("line %d is %r" % (i, line))

    def test_children_pipes_and_logs_stay(self):
        d = self.begin()
        logs = {d.info("auto")["stdout_logfile"]}
        self.upgrade()
        until(lambda: len(front_ends(d)) == 1)
        descriptors = self.descriptors()
        self.upgrades_many(2)
        until(lambda: self.descriptors() == descriptors, what="descriptors are left open")
        self.check_pids()
        self.check_counter()
        self.rpc(d).supervisor.sendProcessStdin("auto", "more\n")
        logs.add(d.info("auto")["stdout_logfile"])
        self.assertEqual(1, len(logs), "another AUTO log")
        log = logs.pop()
        until(lambda: read(log) == b"begun\nmore\n", what=lambda: read(log))
        self.assertEqual({"stdout": 11, "stderr": 0},
                         self.rpc(d).reeve.getProcessStats("auto")["log_bytes"])
        autologs = [f for f in os.listdir(os.path.dirname(log))
                    if re.match(r"auto-stdout---.*\.log$", f)]
        self.assertEqual([os.path.basename(log)], autologs)
        self.end_stubborn()
        self.assertEqual(0, d.stop())

    def test_queued_stdin_is_delivered(self):
        """The daemon keeps what the pipe cannot hold."""
        d = self.begin()
        sent = "".join("%d\n" % i for i in range(60000))
        for at in range(0, len(sent), 50000):
            self.rpc(d).supervisor.sendProcessStdin("reader", sent[at:at + 50000])
        self.upgrade()
        os.kill(self.pids["reader"], signal.SIGUSR1)
        until(lambda: len(read(d.path("reader.log"), b"")) >= len(sent))
        self.assertEqual(sent.encode(), read(d.path("reader.log")))

    def test_ends_are_reaped(self):
        d = self.begin()
        wire = self.control(d)
        wire.send(id=9, method="daemon.upgrade", params={})
        os.kill(self.pids["once"], signal.SIGUSR1)
        os.kill(self.pids["crasher"], signal.SIGKILL)
        d.wait_log("upgrade: took over")
        self.assertEqual(7, d.wait_state("once", "EXITED")["exitstatus"])
        until(lambda: d.info("crasher")["pid"] not in (0, self.pids["crasher"]))
        self.check_pids("once", "crasher")
        self.assertEqual(1, d.log().count("exited: once (exit status 7; not expected)"))
        self.assertEqual(1, d.log().count("WARN exited: crasher (terminated by SIGKILL"))

    def test_events_continue(self):
        """Serials continue; events in a pool and a half capture are sent afterwards."""
        d = self.begin()
        path = d.path("quick.events")
        self.rpc(d).supervisor.stopProcess("auto")
        until(lambda: any(e.name == "PROCESS_STATE_STOPPED" for e in parse(read(path, b""))))
        self.upgrade()
        self.rpc(d).supervisor.startProcess("auto")
        os.kill(self.pids["captured"], signal.SIGUSR1)
        until(lambda: any(e.name.startswith("PROCESS_COMMUNICATION")
                          for e in parse(read(path, b""))))
        with open(d.path("go"), "wb"):
            pass
        slow = d.path("slow.events")
        until(lambda: any(e.name.startswith("PROCESS_COMMUNICATION")
                          for e in parse(read(slow, b""))))
        quick, late = parse(read(path)), parse(read(slow))
        text = [e for e in late if e.name.startswith("PROCESS_COMMUNICATION")]
        self.assertTrue(text[0].payload.endswith(b"\nfirst second"), text[0].payload)
        for events in (quick, late):
            self.assertEqual(list(range(len(events))), [e.poolserial for e in events])
            serials = [e.serial for e in events]
            self.assertEqual(sorted(set(serials)), serials)
        # Both pools have the same events: none is lost, and none is sent twice.
        last = min(quick[-1].serial, late[-1].serial)
        begin = late[0].serial
        self.assertEqual([e.serial for e in late if e.serial <= last],
                         [e.serial for e in quick if begin <= e.serial <= last])
        self.check_pids("auto")

    def test_restart_under_way_continues(self):
        d = self.begin()
        self.control(d).call("process.restart", names=["stubborn"])
        d.wait_state("stubborn", "STOPPING")
        self.upgrade()
        self.assertEqual("STOPPING", d.state("stubborn"))
        os.killpg(self.pids["stubborn"], signal.SIGKILL)
        until(lambda: d.info("stubborn")["pid"] not in (0, self.pids["stubborn"]))
        d.wait_state("stubborn", "RUNNING")
        self.check_pids("stubborn")

    def test_definitions_in_force_stay(self):
        """A group keeps the definition with which it was added, whatever the file has now. A
        removed group stays removed. An addition uses the definition of the last reread."""
        d = self.begin()
        s = self.rpc(d).supervisor
        s.stopProcess("once")
        s.removeProcessGroup("once")
        d.configure(ALL.replace(CRASHER, CRASHER.replace("1000", "2000")).replace(
            "stopwaitsecs=600", "stopwaitsecs=500") + program("late", "/bin/sleep 1000",
                                                             startsecs=0))
        s.reloadConfig()
        d.configure("")
        names = NAMES[:5] + NAMES[6:]
        self.upgrade(names)
        self.check_pids("once")
        self.assertFault(10, "BAD_NAME: once", s.getProcessInfo, "once")
        wait = {c["name"]: c["stopwaitsecs"] for c in s.getAllConfigInfo()}
        self.assertEqual(500, wait["stubborn"])
        s.addProcessGroup("late")
        d.wait_state("late", "RUNNING")
        os.kill(self.pids["crasher"], signal.SIGKILL)
        until(lambda: d.info("crasher")["pid"] not in (0, self.pids["crasher"]))
        command = read("/proc/%d/cmdline" % d.info("crasher")["pid"])
        self.assertEqual(b"/bin/sleep\x001000\x00", command)

    def started(self):
        wire = self.control(self.d)
        wire.call("subscribe")
        while True:
            frame = wire.frame()
            if frame["method"] == "stream.daemon":
                return frame["params"]["daemon"]["start"]

    def test_the_start_stays(self):
        self.begin()
        before = self.started()
        until(lambda: time.time() > before + 1)
        self.upgrade()
        self.assertEqual(before, self.started())

    def counters(self):
        """By metric; absent while the daemon does not serve."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            m = scrape(self.d)
            return {"dropped": m.get("reeve_events_dropped_total", pool="slow"),
                    "waiting": m.get("reeve_event_queue_length", pool="slow"),
                    "front ends": m.get("reeve_frontend_restarts_total"),
                    "restarts": m.get("reeve_process_restarts_total", name="crasher",
                                      group="crasher"),
                    "signal": m.get("reeve_process_last_exit_signal", name="crasher",
                                    group="crasher"),
                    "status": m.get("reeve_process_last_exit_status", name="once",
                                    group="once")}
        return None

    def test_counters_of_the_metrics_go_on(self):
        d = self.begin(ALL.replace("buffer_size=1000", "buffer_size=10", 1))
        os.kill(self.pids["once"], signal.SIGUSR1)
        os.kill(self.pids["crasher"], signal.SIGKILL)
        os.kill(d.front_end(), signal.SIGKILL)
        s = self.rpc(d)
        while until(self.counters)["dropped"] < 20:
            s.supervisor.stopProcess("auto")
            s.supervisor.startProcess("auto")
        until(lambda: until(self.counters)["restarts"] == 1)
        before = until(self.counters)
        self.assertGreaterEqual(before["front ends"], 1)
        self.assertEqual((1, 9, 7), tuple(before[n] for n in ("restarts", "signal", "status")))
        self.upgrade()
        after = until(self.counters)
        for name in ("waiting", "restarts", "signal", "status"):
            self.assertEqual(before[name], after[name], name)
        for name in ("dropped", "front ends"):
            self.assertLessEqual(before[name], after[name], name)
        os.kill(d.info("crasher")["pid"], signal.SIGKILL)
        until(lambda: until(self.counters)["restarts"] == 2)

    def test_ids_and_numbers_go_on(self):
        d = self.begin()
        before = self.control(d).call("all.clear")["job"]
        self.upgrade()
        self.assertEqual(before + 1, self.control(d).call("all.clear")["job"])


SLEEPER = program("sleeper", "/bin/sleep 1000", startsecs=0, stdout_logfile="NONE")
IMPOSTOR = os.path.join(BUILD, "tests/bin/impostor")


@reeve_only
class Requests(Case):
    """How an upgrade is requested, and what prevents one: then the daemon continues."""

    def begin(self, programs=SLEEPER, env=None, **options):
        self.build = tempfile.mkdtemp(prefix="reeve-")
        self.addCleanup(shutil.rmtree, self.build)
        os.chmod(self.build, 0o755)
        for name in ("reeved", "reeve-rpcd", "reevectl"):
            shutil.copy(os.path.join(BUILD, name), self.build)
        self.d = d = self.make(programs, build=self.build, **options)
        d.environment = lambda: {**os.environ, **(env or {})}
        d.start()
        self.addCleanup(self.finish, d)
        self.pid = d.wait_state("sleeper", "RUNNING")["pid"]
        return d

    def replace(self, source=None, text=None, mode=0o755):
        """Puts another file in the place of reeved, as a package manager does."""
        path = os.path.join(self.build, "new")
        if source is not None:
            shutil.copy(source, path)
        else:
            with open(path, "wb") as f:
                f.write(text)
        os.chmod(path, mode)
        os.rename(path, os.path.join(self.build, "reeved"))

    def restore(self):
        self.replace(os.path.join(BUILD, "reeved"))

    def expect_failure(self, text):
        """reevectl prints why the upgrade fails, the log has it, and the daemon goes on."""
        d = self.d
        image = read("/proc/%d/auxv" % d.pid)
        r = d.reevectl("upgrade")
        self.assertEqual((1, ""), (r.returncode, r.stderr), r.stdout)
        self.assertRegex(r.stdout, "^error: the server failed to do this: .*" + text)
        d.wait_log("ERRO upgrade: .*%s; version .* continues" % text)
        self.assertEqual(image, read("/proc/%d/auxv" % d.pid))
        self.assertEqual(("RUNNING", self.pid),
                         (d.state("sleeper"), d.info("sleeper")["pid"]))

    def expect_success(self):
        d = self.d
        image = read("/proc/%d/auxv" % d.pid)
        r = d.reevectl("upgrade")
        self.assertEqual((0, ""), (r.returncode, r.stderr), r.stdout)
        self.assertRegex(r.stdout, r"^Upgraded from version \S+ to version \S+ in \d+\.\d\d s$")
        self.assertNotEqual(image, read("/proc/%d/auxv" % d.pid))
        until(d.serving)
        self.assertEqual(("RUNNING", self.pid),
                         (d.state("sleeper"), d.info("sleeper")["pid"]))

    def test_the_installed_file_is_executed(self):
        d = self.begin()
        for name in ("upgrade", "version"):
            self.assertIn(name, d.reevectl("help", name).stdout)
        self.restore()
        path = os.path.join(self.build, "reeved")
        self.assertFalse(os.path.samefile("/proc/%d/exe" % d.pid, path))
        self.expect_success()
        self.assertTrue(os.path.samefile("/proc/%d/exe" % d.pid, path))
        self.assertEqual(path, os.readlink("/proc/%d/exe" % d.pid))
        self.assertEqual("reeved\n", read("/proc/%d/comm" % d.pid).decode())
        self.assertIn(path.encode(), read("/proc/%d/cmdline" % d.pid))
        self.assertNotIn(b"REEVE_STATE", read("/proc/%d/environ" % self.pid))
        self.expect_success()
        lines = d.reevectl("version", "all").stdout.splitlines()
        self.assertEqual(["supervisord", "running", "installed"],
                         [line.partition(":")[0] for line in lines])
        self.assertEqual(lines[1].split()[1:], lines[2].split()[1:])
        self.assertEqual("4.2.5\n", d.reevectl("version").stdout)

    def test_signal(self):
        d = self.begin()
        os.kill(d.pid, signal.SIGUSR1)
        d.wait_log("upgrade: took over")
        until(d.serving)
        self.assertEqual(self.pid, d.info("sleeper")["pid"])

    def test_only_on_the_control_socket(self):
        d = self.begin()
        r = d.reevectl("upgrade", options=["-s", "unix://" + d.socket])
        self.assertEqual(1, r.returncode)
        self.assertIn("upgrade needs the control socket", r.stdout)

    def test_files_that_cannot_be_executed(self):
        self.begin()
        self.replace(text=b"#!/bin/sh\nexit 0\n")
        self.expect_failure("it is a script, or its loader does not exist")
        self.replace(text=b"text")
        self.expect_failure("it is no program for this machine")
        with open(os.path.join(BUILD, "reeved"), "rb") as f:
            other = bytearray(f.read())
        other[18:20] = (0xf3).to_bytes(2, "little")  # another architecture
        self.replace(text=bytes(other))
        self.expect_failure("it is no program for this machine")
        self.replace(os.path.join(BUILD, "reeved"), mode=0o644)
        self.expect_failure("it cannot be executed: Permission denied")
        os.unlink(os.path.join(self.build, "reeved"))
        self.expect_failure("cannot open .*/reeved: No such file or directory")
        os.mkdir(os.path.join(self.build, "reeved"))
        self.expect_failure("is no regular file")
        os.rmdir(os.path.join(self.build, "reeved"))
        self.restore()
        self.expect_success()

    def test_programs_that_fail(self):
        for mode, text in (("exit 3", "exited with status 3 in the trial run"),
                           ("exit 0", "exited with status 0 in the trial run"),
                           ("crash", "was terminated by SIGABRT in the trial run"),
                           ("say no way", "reeved: no way"),
                           ("hang", r"did not finish in time \(10 s\)")):
            with self.subTest(mode):
                self.begin(env={"REEVE_IMPOSTOR": mode})
                self.replace(IMPOSTOR)
                self.expect_failure(text)
                self.restore()
                self.expect_success()

    @unittest.skipIf(os.geteuid() != 0, "only root is refused")
    def test_root_executes_no_file_of_others(self):
        self.begin()
        path = os.path.join(self.build, "reeved")
        os.chmod(path, 0o777)
        self.expect_failure("can be changed by others than root")
        os.chmod(path, 0o755)
        os.chown(path, 1234, -1)
        self.expect_failure("can be changed by others than root")
        os.chown(path, 0, -1)
        os.chown(self.build, 1234, -1)
        self.expect_failure("can be replaced by others than root")
        os.chown(self.build, 0, -1)
        self.expect_success()

    def test_one_after_another(self):
        d = self.begin(env={"REEVE_IMPOSTOR": "hang"})
        self.replace(IMPOSTOR)
        first, second = self.control(d), self.control(d)
        ident = first.request("daemon.upgrade")
        d.wait_log("upgrade: trying")
        with self.assertRaisesRegex(WireFault, "FAILED: an upgrade is under way"):
            second.call("daemon.upgrade")
        self.assertEqual(self.pid, d.info("sleeper")["pid"])
        # The client may go: the upgrade goes on.
        first.close()
        self.assertGreater(ident, 0)
        path = os.path.join(self.build, "reeved")
        trial = until(lambda: next((pid for pid in children_of(d.pid) if
                                    os.path.exists("/proc/%d/exe" % pid) and
                                    os.path.samefile("/proc/%d/exe" % pid, path)), None))
        self.restore()
        os.kill(trial, signal.SIGKILL)
        d.wait_log("was terminated by SIGKILL in the trial run; version .* continues")
        self.expect_success()

    def test_during_a_shutdown(self):
        d, pid = self.stubborn(SLEEPER)
        os.kill(d.pid, signal.SIGTERM)
        d.wait_log("received SIGTERM")
        with self.assertRaisesRegex(WireFault, "SHUTDOWN_STATE"):
            self.control(d).call("daemon.upgrade")
        os.kill(d.pid, signal.SIGUSR1)
        d.wait_log("upgrade: refused: the daemon is not in the state RUNNING")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(0, d.process.wait(PATIENCE))

    def test_a_term_at_any_moment(self):
        """A signal that arrives during an upgrade is neither lost nor kills the daemon."""
        for after in (0, 0.005, 0.01, 0.02, 0.03, 0.05):
            with self.subTest(after):
                d = self.begin()
                self.control(d).request("daemon.upgrade")
                time.sleep(after)
                os.kill(d.pid, signal.SIGTERM)
                self.assertEqual(0, d.process.wait(PATIENCE))
                self.assertIn("received SIGTERM indicating exit request", d.log())
                self.assertFalse(alive(self.pid))

    def test_state_directory(self):
        """The trial run leaves the record of the running daemon alone."""
        d = self.make()
        os.mkdir(d.path("state"))
        self.begin(supervisord={"state_directory": d.path("state")})
        self.expect_success()
        self.expect_success()

    def test_a_log_without_space(self):
        d = self.begin(supervisord={"logfile": "/dev/full"})
        image = read("/proc/%d/auxv" % d.pid)
        self.assertEqual(0, d.reevectl("upgrade").returncode)
        self.assertNotEqual(image, read("/proc/%d/auxv" % d.pid))
        until(d.serving)
        self.assertEqual(self.pid, d.info("sleeper")["pid"])

    def test_logs_continue_after_a_rename(self):
        """Logs are not opened by their names: a renamed file is continued until USR2."""
        d = self.begin(SLEEPER + program("cat", "/bin/cat", startsecs=0,
                                         stdout_logfile="{dir}/cat.log"))
        d.wait_state("cat", "RUNNING")
        for name in ("main.log", "cat.log"):
            os.rename(d.path(name), d.path(name + ".1"))
        self.control(d).request("daemon.upgrade")
        until(lambda: b"upgrade: took over" in read(d.path("main.log.1")))
        until(d.serving)
        self.rpc(d).supervisor.sendProcessStdin("cat", "text\n")
        until(lambda: read(d.path("cat.log.1")) == b"text\n")
        for name in ("main.log", "cat.log"):
            self.assertFalse(os.path.exists(d.path(name)))
            os.rename(d.path(name + ".1"), d.path(name))


@reeve_only
class Passwords(Verifier):
    """reeve-verifier is replaced: the new one has the users of the last reread."""

    def test_verifier(self):
        d = self.begin(user("bob", SHA512))
        self.assertIs(True, self.verify_again("bob", PASSWORD))
        d.configure(user("bob", SHA512) + user("slow", SLOW_HASH))
        self.control(d).call("config.reread")
        d.configure("")
        for count in (1, 2):
            first = self.pid()
            self.ask("slow", PASSWORD)
            self.control(d).call("daemon.upgrade")
            d.wait_log("upgrade: took over", count=count)
            self.accept()
            self.assertFalse(alive(first))
            self.assertIs(True, self.verify_again("slow", PASSWORD))
            self.assertIs(False, self.verify("bob", "wrong"))
        self.assertNotIn("reaped unknown pid", d.log())


if __name__ == "__main__":
    unittest.main()
