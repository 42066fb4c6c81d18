"""Unclean starts: the daemon is killed with SIGKILL, and the next one finds the processes that it
has left: on_unclean_start=ignore, stop and adopt, and the record in state_directory."""

import json
import os
import signal
import socket
import subprocess
import time
import unittest

from reeve import Case, alive, cat, program, read, reeve_only, until
from test_cgroup import PLACE
from test_events import pool

RECORD = "processes.json"
SLEEPER = program("sleeper", "/bin/sleep 1000", startsecs=0)
COUNTER = program("counter", "/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done'",
                  startsecs=0, stdout_logfile="{dir}/counter.log", stopasgroup="true")
STUBBORN = program("stubborn", "{child} ignore-term", startsecs=0, stopwaitsecs=1, priority=1,
                   stdout_logfile="{dir}/stubborn.log")


def group_of(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


class Unclean(Case):
    def prepare(self, programs, policy="stop", **options):
        """A daemon that records its processes. Programs can be marked with {dir}."""
        d = self.make(programs, supervisord={"on_unclean_start": policy,
                                             "state_directory": None}, **options)
        d.state_directory = d.path("state")
        os.mkdir(d.state_directory, 0o700)
        self.policy(d, policy, programs)
        return d

    @staticmethod
    def policy(d, policy, programs):
        d.configure(programs, {"state_directory": d.state_directory,
                               "on_unclean_start": policy})

    def begin(self, programs, policy="stop", names=("sleeper",), **options):
        """Starts it, and waits until the programs run and are recorded. Their pids."""
        self.d = d = self.prepare(programs, policy, **options)
        d.start()
        self.addCleanup(self.finish, d)
        pids = {name: d.wait_state(name, "RUNNING")["pid"] for name in names}
        until(lambda: set(pids.values()) <= set(self.recorded(d)), what="the record")
        return pids

    @staticmethod
    def lines(d):
        return [json.loads(line) for line in d.file("state", RECORD).splitlines()]

    def recorded(self, d):
        """The recorded processes: pid and record."""
        found = {}
        for line in self.lines(d):
            if "ended" in line:
                found.pop(line["ended"])
            elif "pid" in line:
                found[line["pid"]] = line
        return found

    def rewrite(self, d, change):
        """Changes the records of a daemon that was killed."""
        lines = self.lines(d)
        for line in lines:
            change(line)
        with open(d.path("state", RECORD), "w", encoding="ascii") as f:
            f.writelines(json.dumps(line) + "\n" for line in lines)

    @staticmethod
    def kill(d, stop_first=False):
        """Kills the daemon and waits until its helpers have ended."""
        helpers = [pid for pid in d.remaining()
                   if read("/proc/%d/comm" % pid, b"").startswith(b"reeve-")]
        if stop_first:
            os.kill(d.pid, signal.SIGSTOP)
        d.killed = d.pid
        os.kill(d.pid, signal.SIGKILL)
        d.process.wait()
        until(lambda: not any(map(alive, helpers)), what="the helpers to end")

    def restart(self, d):
        d.start()
        return d

    def end(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(alive, pids)))


@reeve_only
class Record(Unclean):
    def test_clean_life(self):
        """The record follows the processes, and a daemon that ends normally removes it."""
        pids = self.begin(SLEEPER + cat("other"), names=("sleeper", "other"))
        d, s = self.d, self.rpc(self.d)
        one = self.recorded(d)[pids["sleeper"]]
        self.assertEqual("sleeper", bytes.fromhex(one["name"]).decode())
        started = int(read("/proc/%d/stat" % one["pid"]).rpartition(b")")[2].split()[19])
        self.assertTrue(one["born_first"] <= started <= one["born_last"], (one, started))
        self.assertEqual(0o100600, os.stat(d.path("state", RECORD)).st_mode)
        s.supervisor.stopProcess("sleeper")
        until(lambda: list(self.recorded(d)) == [pids["other"]])
        s.supervisor.startProcess("sleeper")
        until(lambda: len(self.recorded(d)) == 2)
        s.supervisor.restart()
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        fresh = d.wait_state("sleeper", "RUNNING")["pid"]
        until(lambda: fresh in self.recorded(d) and len(self.recorded(d)) == 2)
        self.assertEqual(0, d.stop())
        self.assertEqual([], os.listdir(d.path("state")))

    def test_none_without_directory(self):
        d = self.daemon(SLEEPER)
        d.wait_state("sleeper", "RUNNING")
        self.assertFalse([name for name in os.listdir(d.dir) if "json" in name])

    def test_check(self):
        d = self.make("")
        for options, want in (
                ({"on_unclean_start": "adopt"}, "on_unclean_start=adopt needs state_directory"),
                ({"state_directory": d.path("none")}, "state_directory %s does not exist; create "
                 "it: install -d -m 0700 -o USER %s" % (d.path("none"), d.path("none"))),
                ({"state_directory": d.conf}, "does not exist; create it")):
            d.configure("", options)
            done = d.run("--check", d.conf)
            self.assertEqual(2, done.returncode)
            self.assertIn(want, done.stdout)
            started = d.run("-n")
            self.assertEqual(2, started.returncode)
            self.assertIn(want, started.stderr)

    def test_second_daemon(self):
        self.begin(SLEEPER)
        other = self.make("", supervisord={"state_directory": self.d.state_directory})
        done = other.run("-n")
        self.assertEqual(2, done.returncode)
        self.assertIn("another daemon uses %s" % self.d.state_directory, done.stderr)
        self.assertEqual(1, len(self.recorded(self.d)))

    def test_failed_start_keeps_the_record(self):
        """A start that fails does not lose what is known."""
        pids = self.begin(SLEEPER)
        d = self.d
        self.kill(d)
        with socket.socket() as s:
            s.bind(("127.0.0.1", d.port))
            s.listen()
            self.assertEqual(2, d.run("-n").returncode)
        self.assertEqual(list(pids.values()), list(self.recorded(d)))
        self.restart(d)
        until(lambda: not alive(pids["sleeper"]))

    @unittest.skipUnless(os.geteuid() == 0, "only root can mount")
    def test_full_and_read_only(self):
        """A record that cannot be written is an error in the log, and programs run on."""
        d = self.prepare(SLEEPER + cat("other", autostart="false"))
        script = ("mount -t tmpfs -o size=%s,mode=0700 none %s && %s exec \"$@\"")
        for size, more, want in (
                ("4k", "dd if=/dev/zero of=%s/x bs=4096 count=1 2>/dev/null;"
                 % d.state_directory, "No space left"),
                ("1m", "mount -o remount,ro %s;" % d.state_directory, "Read-only file system")):
            command = script % (size, d.state_directory, more)
            process = subprocess.Popen(["unshare", "--mount", "sh", "-c", command, "sh",
                                        *d.command("-n")], cwd=d.dir, env=d.environment(),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            d.process, d.pid = process, process.pid
            until(d.serving)
            d.wait_log("cannot write .*%s" % want)
            self.rpc(d).supervisor.startProcess("other")
            d.wait_state("sleeper", "RUNNING")
            self.assertEqual(0, d.stop())
            d.process = None


@reeve_only
class Ignore(Unclean):
    def test_named(self):
        pids = self.begin(SLEEPER + cat("gone"), "ignore", ("sleeper", "gone"))
        d = self.d
        self.kill(d)
        self.end(pids["gone"])
        self.restart(d)
        d.wait_log("WARN process %d, which an earlier daemon started as sleeper, still runs; "
                   "it is left alone" % pids["sleeper"])
        self.assertNotIn("process %d," % pids["gone"], d.log())
        fresh = d.wait_state("sleeper", "RUNNING")["pid"]
        self.assertNotEqual(fresh, pids["sleeper"])
        self.assertTrue(alive(pids["sleeper"]))
        # What was left alone is forgotten.
        until(lambda: fresh in self.recorded(d))
        self.assertNotIn(pids["sleeper"], self.recorded(d))
        self.end(pids["sleeper"])

    def test_port(self):
        """A start that fails while a survivor of the program runs is explained."""
        holder = ("import socket, time; s = socket.socket(); s.bind(('127.0.0.1', %d)); "
                  "s.listen(); time.sleep(1000)")
        d = self.prepare("", "ignore")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.policy(d, "ignore", program("web", "/usr/bin/python3 -c \"%s\"" % (holder % port),
                                         startsecs=1, startretries=0))
        d.start()
        self.addCleanup(self.finish, d)
        pid = d.wait_state("web", "RUNNING")["pid"]
        self.kill(d)
        self.restart(d)
        d.wait_state("web", "FATAL")
        d.wait_log("WARN web: process %d, which an earlier daemon started as this program, still "
                   "runs; it may have the port or the files that web needs" % pid)
        self.end(pid)


@reeve_only
class Stop(Unclean):
    def test_order(self):
        """Groups one after another; SIGKILL for one that ignores its stopsignal; nothing starts
        before, and the daemon answers meanwhile."""
        pids = self.begin(SLEEPER + STUBBORN + COUNTER, names=("sleeper", "stubborn", "counter"))
        d = self.d
        until(lambda: d.file("stubborn.log"))
        self.policy(d, "stop", SLEEPER + STUBBORN.replace("stopwaitsecs=1\n", "stopwaitsecs=60\n") +
                    COUNTER)
        self.rewrite_wait(d, pids["stubborn"])
        self.restart(d)
        s = self.rpc(d)
        until(lambda: not alive(pids["sleeper"]) and not alive(pids["counter"]))
        self.assertTrue(alive(pids["stubborn"]))
        self.assertEqual("STOPPED", d.state("sleeper"))
        self.assertFault(30, "FAILED: processes of an earlier daemon are being ended; nothing "
                         "starts before that", s.supervisor.startProcess, "sleeper")
        # A start of several waits; so does what starts automatically.
        self.assertEqual("STOPPED", d.state("counter"))
        self.assertIn(pids["stubborn"], self.recorded(d))
        os.kill(pids["stubborn"], signal.SIGKILL)
        for name in pids:
            fresh = d.wait_state(name, "RUNNING")["pid"]
            self.assertNotEqual(fresh, pids[name])
        log = d.log()
        self.assertLess(log.rindex("process %d, which" % pids["sleeper"]),
                        log.rindex("process %d, which" % pids["stubborn"]))
        self.assertLess(log.rindex(" has ended"), log.rindex("spawned: 'sleeper'"))
        until(lambda: len(self.recorded(d)) == 3)
        os.kill(d.wait_state("stubborn", "RUNNING")["pid"], signal.SIGKILL)

    def rewrite_wait(self, d, pid):
        """Kills the daemon; the process with the pid is to be waited for a minute."""
        self.kill(d)

        def change(line):
            if line.get("pid") == pid:
                line["stopwaitsecs"] = 60
        self.rewrite(d, change)

    def test_killed_with_sigkill(self):
        pids = self.begin(STUBBORN, names=("stubborn",))
        d = self.d
        until(lambda: d.file("stubborn.log"))
        self.kill(d, stop_first=True)
        self.restart(d)
        d.wait_log("process %d, .* is killed with SIGKILL" % pids["stubborn"])
        until(lambda: not alive(pids["stubborn"]))
        fresh = d.wait_state("stubborn", "RUNNING")["pid"]
        os.kill(fresh, signal.SIGKILL)

    def test_not_configured_any_more(self):
        pids = self.begin(SLEEPER)
        d = self.d
        self.kill(d)
        self.policy(d, "stop", cat("other"))
        self.restart(d)
        d.wait_state("other", "RUNNING")
        self.assertFalse(alive(pids["sleeper"]))

    def test_killed_again(self):
        """The daemon is killed while it ends survivors: the next one continues."""
        pids = self.begin(STUBBORN + SLEEPER, names=("stubborn", "sleeper"))
        d = self.d
        until(lambda: d.file("stubborn.log"))
        self.rewrite_wait(d, pids["stubborn"])
        for _ in range(2):
            self.restart(d)
            until(lambda: not alive(pids["sleeper"]))
            until(lambda: list(self.recorded(d)) == [pids["stubborn"]])
            self.kill(d)
        self.restart(d)
        os.kill(pids["stubborn"], signal.SIGKILL)
        self.assertNotEqual(d.wait_state("stubborn", "RUNNING")["pid"], pids["stubborn"])
        os.kill(d.info("stubborn")["pid"], signal.SIGKILL)

    def test_shutdown_meanwhile(self):
        """A shutdown waits for the survivors."""
        pids = self.begin(STUBBORN, names=("stubborn",))
        d = self.d
        until(lambda: d.file("stubborn.log"))
        self.kill(d)
        self.restart(d)
        self.assertEqual(0, d.stop())
        self.assertFalse(alive(pids["stubborn"]))
        self.assertNotIn("spawned: 'stubborn'", d.log().rpartition("supervisord started")[2])
        self.assertEqual([], os.listdir(d.path("state")))

    def ends_the_rest(self, killmode):
        pids = self.begin(program(
            "tree", "/bin/sh -c 'setsid sleep 1000 & echo $! >{dir}/grandchild; wait'",
            startsecs=0, killmode=killmode), names=("tree",))
        d = self.d
        grandchild = int(until(lambda: d.file("grandchild").strip()))
        self.kill(d)
        self.policy(d, "stop", SLEEPER)
        self.restart(d)
        d.wait_state("sleeper", "RUNNING")
        self.assertFalse(alive(pids["tree"]) or alive(grandchild))

    def test_tree(self):
        """With killmode=tree, what a survivor has started ends with it."""
        self.ends_the_rest("tree")

    @unittest.skipIf(PLACE is None, "no control group of version 2 can be made here")
    def test_cgroup(self):
        self.ends_the_rest("cgroup")
        self.assertFalse(os.path.exists(os.path.join(PLACE, "reeve-%d" % self.d.killed)))

    def test_group(self):
        """stopasgroup reaches the children of a survivor."""
        pids = self.begin(COUNTER, names=("counter",))
        d = self.d
        self.kill(d)
        self.restart(d)
        self.assertNotEqual(d.wait_state("counter", "RUNNING")["pid"], pids["counter"])
        until(lambda: pids["counter"] not in map(group_of, d.remaining()))


@reeve_only
class BadRecords(Unclean):
    def other_process(self):
        process = subprocess.Popen(["/bin/sleep", "1000"])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_pid_of_another(self):
        """The pid belongs to a process with another start time: it is left alone."""
        pids = self.begin(SLEEPER)
        d = self.d
        latest = self.recorded(d)[pids["sleeper"]]["born_last"]
        ticks = os.sysconf("SC_CLK_TCK")
        until(lambda: time.clock_gettime(time.CLOCK_BOOTTIME) * ticks > latest + 2)
        other = self.other_process()
        self.kill(d)
        self.end(*pids.values())

        def change(line):
            if "pid" in line:
                line["pid"] = other.pid
        self.rewrite(d, change)
        for policy in ("adopt", "stop"):
            self.policy(d, policy, SLEEPER)
            self.restart(d)
            self.assertNotEqual(d.wait_state("sleeper", "RUNNING")["pid"], other.pid)
            self.assertIsNone(other.poll())
            self.assertNotIn("process %d," % other.pid, d.log())
            self.assertEqual(0, d.stop())
            self.rewrite_file(d, other.pid)

    def rewrite_file(self, d, pid):
        with open(d.path("state", RECORD), "w", encoding="ascii") as f:
            boot = read("/proc/sys/kernel/random/boot_id").decode().strip()
            f.write(json.dumps({"format": 1, "boot": boot}) + "\n")
            f.write('{"pid":%d}\n' % pid)
        os.chmod(d.path("state", RECORD), 0o600)

    def test_other_boot(self):
        pids = self.begin(SLEEPER)
        d = self.d
        self.kill(d)

        def change(line):
            if "boot" in line:
                line["boot"] = "0" * 36
        self.rewrite(d, change)
        self.restart(d)
        d.wait_log("is of an earlier boot of the machine")
        d.wait_state("sleeper", "RUNNING")
        self.assertTrue(alive(pids["sleeper"]))
        self.end(*pids.values())

    def test_cut_off(self):
        """The lines before the damage are used."""
        pids = self.begin(SLEEPER + cat("other"), names=("sleeper", "other"))
        d = self.d
        self.kill(d)
        text = read(d.path("state", RECORD))
        last = json.loads(text.splitlines()[-1])["pid"]
        with open(d.path("state", RECORD), "wb") as f:
            f.write(text[:-20])
        self.restart(d)
        d.wait_log("is damaged: 1 line of it")
        for name, pid in pids.items():
            self.assertNotEqual(d.wait_state(name, "RUNNING")["pid"], pid)
            self.assertEqual(pid == last, alive(pid))
        self.end(last)

    def test_of_another_user(self):
        """A file that others can write names no process to end."""
        pids = self.begin(SLEEPER)
        d = self.d
        self.kill(d)
        os.chmod(d.path("state", RECORD), 0o666)
        self.restart(d)
        d.wait_log("is not used: other users can write it")
        d.wait_state("sleeper", "RUNNING")
        self.assertTrue(alive(pids["sleeper"]))
        until(lambda: os.stat(d.path("state", RECORD)).st_mode == 0o100600)
        self.end(*pids.values())

    def test_link_and_directory(self):
        d = self.prepare(SLEEPER)
        victim = d.path("victim")
        with open(victim, "w", encoding="ascii") as f:
            f.write("mine\n")
        os.symlink(victim, d.path("state", RECORD))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_log("is not used: Too many levels of symbolic links")
        d.wait_state("sleeper", "RUNNING")
        until(lambda: self.recorded(d))
        self.assertFalse(os.path.islink(d.path("state", RECORD)))
        self.assertEqual(b"mine\n", read(victim))
        self.assertEqual(0, d.stop())
        os.mkdir(d.path("state", RECORD))
        d.start()
        d.wait_log("is not used: it is not a regular file")
        d.wait_log("cannot write .*Is a directory")
        d.wait_state("sleeper", "RUNNING")


@reeve_only
class Adopt(Unclean):
    def test_taken_over(self):
        """Same pids; the row is that of a process that runs; output continues, and nothing of
        what was written after the daemon has started is lost."""
        names = ("sleeper", "counter")
        pids = self.begin(SLEEPER + COUNTER + cat("fresh", autostart="false"), "adopt", names)
        d, s = self.d, self.rpc(self.d)
        self.assertTrue(s.supervisor.stopProcess("sleeper"))
        self.assertTrue(s.supervisor.startProcess("sleeper"))
        pids["sleeper"] = d.info("sleeper")["pid"]
        before = {name: d.info(name) for name in names}
        until(lambda: pids["sleeper"] in self.recorded(d))
        self.kill(d)
        self.restart(d)
        for name in names:
            d.wait_log("taken over: '%s' with pid %d" % (name, pids[name]))
            info = d.info(name)
            self.assertEqual("RUNNING", info["statename"])
            self.assertEqual([before[name][k] for k in ("pid", "start")],
                             [info[k] for k in ("pid", "start")])
        self.assertEqual("STOPPED", d.state("fresh"))
        size = len(d.file("counter.log"))
        until(lambda: len(d.file("counter.log")) > size + 1000)
        counts = [int(line) for line in d.file("counter.log")[size:].splitlines()[1:-1]]
        self.assertEqual(list(range(counts[0], counts[0] + len(counts))), counts)
        until(lambda: set(pids.values()) == set(self.recorded(d)))
        # A signal, a stop and a start.
        s = self.rpc(d)
        s.supervisor.stopProcess("counter")
        until(lambda: not alive(pids["counter"]))
        s.supervisor.startProcess("counter")
        self.assertNotEqual(pids["counter"], d.info("counter")["pid"])

    @unittest.skipIf(PLACE is None, "no control group of version 2 can be made here")
    def test_cgroup(self):
        """A control group stays that of the program until it is started again."""
        pids = self.begin(program(
            "group", "/bin/sh -c 'setsid sleep 1000 & echo $! >{dir}/grandchild; wait'",
            startsecs=0, killmode="cgroup"), "adopt", ("group",))
        d = self.d
        grandchild = int(until(lambda: d.file("grandchild").strip()))
        self.kill(d)
        self.restart(d)
        self.assertEqual(pids["group"], d.info("group")["pid"])
        s = self.rpc(d)
        s.supervisor.stopProcess("group")
        self.assertFalse(alive(grandchild))
        s.supervisor.startProcess("group")
        self.assertEqual(0, d.stop())
        os.rmdir(os.path.join(PLACE, "reeve-%d" % d.killed))

    def test_end(self):
        """The end of a process that was taken over is noticed, and it is started again."""
        pids = self.begin(SLEEPER, "adopt")
        d = self.d
        self.kill(d)
        self.restart(d)
        d.wait_log("taken over: 'sleeper'")
        os.kill(pids["sleeper"], signal.SIGKILL)
        d.wait_log(r"exited: sleeper \((terminated by SIGKILL|exit status unknown); "
                   "not expected")
        until(lambda: d.state("sleeper") == "RUNNING" and
              d.info("sleeper")["pid"] != pids["sleeper"])

    def test_again(self):
        """Killed several times in a row, also at once after the start."""
        pids = self.begin(SLEEPER + COUNTER, "adopt", ("sleeper", "counter"))
        d = self.d
        for _ in range(5):
            self.kill(d)
            self.restart(d)
            self.assertEqual(pids, {name: d.info(name)["pid"] for name in pids})

    def test_ended_instead(self):
        """What is not configured any more, or cannot go on with another daemon."""
        pids = self.begin(SLEEPER + cat("other") + pool("listener", "TICK_5"), "adopt",
                          ("sleeper", "other", "listener"))
        d = self.d
        self.kill(d)
        self.policy(d, "adopt", cat("other") + pool("listener", "TICK_5"))
        self.restart(d)
        self.assertNotEqual(d.wait_state("listener", "RUNNING")["pid"], pids["listener"])
        until(lambda: not alive(pids["sleeper"]) and not alive(pids["listener"]))

    def test_being_stopped(self):
        """A process that was being stopped is stopped."""
        pids = self.begin(STUBBORN, "adopt", ("stubborn",))
        d = self.d
        until(lambda: d.file("stubborn.log"))
        self.rpc(d).supervisor.stopProcess("stubborn", False)
        until(lambda: self.recorded(d)[pids["stubborn"]]["stopping"])
        self.kill(d)
        self.restart(d)
        d.wait_state("stubborn", "STOPPED")
        until(lambda: not alive(pids["stubborn"]))

    def test_foreign_descriptor(self):
        """A program that has put something else in the place of its pipe runs without it."""
        pids = self.begin(program("odd", "/bin/sh -c 'mkfifo {dir}/fifo; exec 3<>{dir}/fifo "
                                  ">{dir}/fifo; echo ready >{dir}/ready; exec sleep 1000'",
                                  startsecs=0), "adopt", ("odd",))
        d = self.d
        until(lambda: d.file("ready"))
        self.kill(d)
        self.restart(d)
        d.wait_log("odd: the pipe of its stdout cannot be opened again")
        self.assertEqual(pids["odd"], d.info("odd")["pid"])


if __name__ == "__main__":
    unittest.main()
