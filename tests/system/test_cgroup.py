"""Control groups of programs: killmode=cgroup."""

import os
import signal
import subprocess
import unittest

from reeve import SEAM, alive, cat, program, read, reeve_only, until
from test_killmode import Killmode, daemon

# Doubles its processes, up to about a hundred, and starts new ones for those that are killed.
BOMB = ("/bin/sh -c 'bomb() { while :; do i=0; while [ $i -lt 10 ]; do (j=0; while [ $j -lt 10 ];"
        " do setsid sleep 1000 & j=$((j+1)); done; wait) & i=$((i+1)); done; wait; done; }; "
        "trap \"\" TERM; bomb & bomb & wait'")


def place():
    """The directory in which a daemon of this process makes its groups; None if it cannot."""
    with open("/proc/self/cgroup", encoding="ascii") as f:
        own = [line[3:-1] for line in f if line.startswith("0::/")]
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        mounts = [line.split() for line in f if " - cgroup2 " in line]
    if not own or not mounts or mounts[0][3] != "/":
        return None
    path = mounts[0][4] + own[0].rstrip("/")
    probe = os.path.join(path, "reeve-test-%d" % os.getpid())
    try:
        os.mkdir(probe)
    except OSError:
        return None
    os.rmdir(probe)
    return path


PLACE = place()


class Groups(Killmode):
    def group(self, d, name, *more):
        return os.path.join(PLACE, "reeve-%d" % d.pid, name, *more)

    def members(self, d, name):
        return [int(pid) for pid in read(self.group(d, name, "cgroup.procs")).split()]


@reeve_only
@unittest.skipIf(PLACE is None, "no control group of version 2 can be made here")
class Cgroup(Groups):
    def test_a_stop(self):
        d = self.daemon(daemon("web", "exec sleep 1000", killmode="cgroup") + cat("other"))
        pid = self.child(d, "web")
        main = d.info("web")["pid"]
        self.assertIn(main, self.members(d, "web"))
        self.assertIn(pid, self.members(d, "web"))
        self.assertNotIn(d.info("other")["pid"], self.members(d, "web"))
        self.rpc(d).supervisor.stopProcess("web")
        self.assertFalse(alive(pid))
        self.assertEqual([], self.members(d, "web"))

    def test_an_exit(self):
        d = self.daemon(daemon("web", "exit 3", killmode="cgroup", autorestart="false"))
        pid = self.child(d, "web")
        self.assertEqual(3, d.wait_state("web", "EXITED")["exitstatus"])
        self.assertFalse(alive(pid))

    def test_a_start_after_processes_were_killed(self):
        """After an exit, after a stop that had to kill, and after an upgrade."""
        d = self.daemon(daemon("web", "exit 3", killmode="cgroup", autorestart="false") +
                        daemon("deaf", "exec sleep 1000", first="trap \"\" TERM;",
                               killmode="cgroup", stopwaitsecs=1))
        s = self.rpc(d).supervisor
        for i in range(3):
            pids = [self.child(d, name) for name in ("web", "deaf")]
            self.assertEqual(3, d.wait_state("web", "EXITED")["exitstatus"])
            s.stopProcess("deaf")
            self.assertEqual([False, False], [alive(pid) for pid in pids])
            for name in ("web", "deaf"):
                os.unlink(d.path(name + ".out"))
            if i == 1:
                self.control(d).call("daemon.upgrade")
                d.wait_log("upgrade: took over")
                until(d.serving)
                s = self.rpc(d).supervisor
            for name in ("web", "deaf"):
                s.startProcess(name)

    def test_a_program_that_forks_without_end(self):
        """It ends when stopwaitsecs is over."""
        d = self.daemon(program("web", BOMB, startsecs=0, killmode="cgroup", stopwaitsecs=1))
        until(lambda: len(self.members(d, "web")) > 100)
        members = self.members(d, "web")
        self.rpc(d).supervisor.stopProcess("web")
        self.assertEqual([], self.members(d, "web"))
        self.assertEqual([], [pid for pid in members if alive(pid)])

    def test_its_life(self):
        """A group lives as long as its program is configured, and is used again."""
        names = {"g:a.b": "g:a%2Eb", "g:cgroup.procs": "g:cgroup%2Eprocs", "web": "web"}
        conf = ("[group:g]\nprograms=a.b,cgroup.procs\n" + cat("a.b", killmode="cgroup") +
                cat("cgroup.procs", killmode="cgroup"))
        d = self.daemon(conf + cat("web", killmode="cgroup"))
        for name, group in names.items():
            pid = d.wait_state(name, "RUNNING")["pid"]
            self.assertEqual([pid], self.members(d, group))
        inode = os.stat(self.group(d, "web")).st_ino
        s = self.rpc(d).supervisor
        s.stopProcess("web")
        s.startProcess("web")
        self.assertEqual(inode, os.stat(self.group(d, "web")).st_ino)
        s.stopProcess("web")
        os.rmdir(self.group(d, "web"))
        s.startProcess("web")
        self.assertEqual([d.info("web")["pid"]], self.members(d, "web"))
        s.stopProcess("web")
        s.removeProcessGroup("web")
        self.assertFalse(os.path.exists(self.group(d, "web")))
        self.assertTrue(os.path.exists(self.group(d, names["g:a.b"])))
        above = os.path.dirname(self.group(d, "web"))
        d.process.terminate()
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(os.path.exists(above))

    def test_a_long_name(self):
        name = "n" * 200 + "!"
        d = self.daemon(cat(name, killmode="cgroup"))
        d.wait_state(name, "RUNNING")
        made = [n for n in os.listdir(self.group(d, "")) if n.startswith("nnn")]
        self.assertEqual([200], [len(n) for n in made])

    def test_strangers_and_groups_inside(self):
        """A process that was moved there ends with it; so do groups that the program has made."""
        d = self.daemon(cat("web", killmode="cgroup"))
        d.wait_state("web", "RUNNING")
        inner = self.group(d, "web", "inner")
        os.mkdir(inner)
        stranger = subprocess.Popen(["sleep", "1000"])
        self.addCleanup(stranger.wait)
        self.addCleanup(stranger.kill)
        with open(os.path.join(inner, "cgroup.procs"), "w", encoding="ascii") as f:
            f.write(str(stranger.pid))
        self.rpc(d).supervisor.stopProcess("web")
        self.assertEqual(-signal.SIGKILL, stranger.wait())
        self.rpc(d).supervisor.removeProcessGroup("web")
        self.assertFalse(os.path.exists(self.group(d, "web")))

    def test_a_group_that_cannot_be_made(self):
        """The start fails, with a reason that names the group."""
        d = self.daemon(cat("web", killmode="cgroup", autostart="false", startretries=0) +
                        cat("first", killmode="cgroup"))
        d.wait_state("first", "RUNNING")
        with open(os.path.join(self.group(d, ""), "cgroup.max.descendants"), "w",
                  encoding="ascii") as f:
            f.write("1")
        self.assertFault(50, "SPAWN_ERROR: web", self.rpc(d).supervisor.startProcess, "web")
        d.wait_log("web was not started: cannot create the control group %s: " %
                   self.group(d, "web"))
        d.wait_state("web", "FATAL")

    def test_another_user(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        d = self.daemon(cat("web", killmode="cgroup", user="nobody"))
        pid = d.wait_state("web", "RUNNING")["pid"]
        self.assertEqual([pid], self.members(d, "web"))

    def test_cpu_time(self):
        """That of the group is counted from each start, and that of all its processes."""
        burn = ("/bin/sh -c 'setsid sh -c \"i=0; while [ \\$i -lt 300000 ]; do i=\\$((i+1)); "
                "done\" & wait; exec cat'")
        d = self.daemon(program("web", burn, startsecs=0, killmode="cgroup"))
        s = self.rpc(d)
        until(lambda: s.reeve.getProcessStats("web").get("cpu_seconds", 0) > 0.05, every=0.3)
        s.supervisor.stopProcess("web")
        total = int(read(self.group(d, "web", "cpu.stat")).split()[1]) / 1e6
        s.supervisor.startProcess("web")
        until(lambda: s.reeve.getProcessStats("web").get("processes"), every=0.3)
        self.assertLess(0.05, total)
        with open(self.group(d, "web", "cpu.stat"), encoding="ascii") as f:
            later = int(f.read().split()[1]) / 1e6
        self.assertLessEqual(s.reeve.getProcessStats("web")["cpu_seconds"], later - total + 0.01)

    def test_upgrade(self):
        """The daemon knows the groups of its programs afterwards."""
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no build with the seam in " + SEAM)
        d = self.daemon(daemon("web", "exec sleep 1000", killmode="cgroup") +
                        daemon("tree", "exec sleep 1000", killmode="tree") +
                        cat("late", killmode="cgroup", autostart="false"), build=SEAM)
        pids = [self.child(d, name) for name in ("web", "tree")]
        self.control(d).call("daemon.upgrade")
        d.wait_log("upgrade: took over")
        until(d.serving)
        s = self.rpc(d).supervisor
        s.startProcess("late")
        self.assertEqual([d.info("late")["pid"]], self.members(d, "late"))
        s.stopAllProcesses()
        self.assertEqual([False, False], [alive(pid) for pid in pids])
        above = self.group(d, "")
        d.process.terminate()
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(os.path.exists(above))


OPTIONS = {"memory_max": "memory", "cpu_max": "cpu", "io_weight": "io", "pids_max": "pids"}
VALUES = {"memory_max": "100MB", "cpu_max": "50%%", "io_weight": "50", "pids_max": "20"}
FILES = {"memory_max": b"104857600", "cpu_max": b"50000 100000", "io_weight": b"default 50",
         "pids_max": b"20"}
AVAILABLE = read(os.path.join(PLACE, "cgroup.controllers"), b"").decode().split() if PLACE else []


@reeve_only
@unittest.skipIf(PLACE is None, "no control group of version 2 can be made here")
class Limits(Groups):
    def enabled(self, d, option):
        """Whether the start of a program with the option could enable the controller."""
        name = option.replace("_", "-")
        if d.state(name) == "RUNNING":
            return True
        d.wait_log(r"%s was not started: (the control group .* does not have|cannot enable) the "
                   r"controller %s" % (name, OPTIONS[option]))
        return False

    def test_each(self):
        """A limit is set, or the start fails and names the controller that is missing."""
        d = self.daemon("".join(cat(o.replace("_", "-"), **{o: VALUES[o], "startretries": 0,
                                                            "startsecs": 0}) for o in OPTIONS))
        for option in OPTIONS:
            name = option.replace("_", "-")
            d.wait_state(name, "RUNNING", "FATAL")
            if not self.enabled(d, option):
                self.assertNotIn(OPTIONS[option], AVAILABLE if os.path.ismount(PLACE) else [])
                continue
            file = option.replace("_", ".", 1)
            self.assertEqual(FILES[option], read(self.group(d, name, file)).strip())

    def test_out_of_memory(self):
        """The reason of the exit is in the row, the log and the description."""
        eat = "/usr/bin/python3 -S -c 'x = b\"a\" * 500000000; input()'"
        d = self.daemon(program("web", eat, memory_max="50MB", startretries=0))
        info = d.wait_state("web", "FATAL")
        if not info["stop"]:
            self.skipTest("no controller memory here")
        d.wait_log("exited: web .terminated by SIGKILL, out of memory; not expected")
        row = self.rpc(d).reeve.getProcess("web")
        self.assertEqual("killed by SIGKILL (out of memory)", row["last_exit"]["reason"])


if __name__ == "__main__":
    unittest.main()
