"""killmode=: which processes of a program are killed when it ends."""

import os
import signal
import unittest

from reeve import Case, alive, cat, program, read, reeve_only, until

# Starts a process that has left the group, the session and the parent, and then waits. The file
# NAME.out has the pid of this process.
DAEMON = ("/bin/sh -c '%s setsid sh -c \"sleep 1000 & echo \\$! >{dir}/%s.tmp; "
          "mv {dir}/%s.tmp {dir}/%s.out\" & wait; %s'")


def daemon(name, then, first="", **options):
    return program(name, DAEMON % (first, name, name, name, then), startsecs=0, **options)


class Killmode(Case):
    def child(self, d, name):
        """The pid of the process that the program has started; it is ended with the test."""
        pid = int(until(lambda: read(d.path(name + ".out"), b"")))
        self.addCleanup(self.end, pid)
        return pid

    @staticmethod
    def end(pid):
        if alive(pid) and b"sleep\x001000" in read("/proc/%d/cmdline" % pid, b""):
            os.kill(pid, signal.SIGKILL)


@reeve_only
class Tree(Killmode):
    def test_a_stop(self):
        """A process that has left the tree ends with the program, others do not."""
        d = self.daemon(daemon("tree", "exec sleep 1000", killmode="tree") +
                        daemon("other", "exec sleep 1000"))
        tree, other = self.child(d, "tree"), self.child(d, "other")
        self.rpc(d).supervisor.stopProcess("tree")
        self.assertFalse(alive(tree))
        self.rpc(d).supervisor.stopProcess("other")
        self.assertTrue(alive(other))

    def test_an_exit(self):
        """What a program has left is killed before its exit is reported."""
        d = self.daemon(daemon("tree", "exit 3", killmode="tree", autorestart="false"))
        pid = self.child(d, "tree")
        info = d.wait_state("tree", "EXITED")
        self.assertEqual(3, info["exitstatus"])
        self.assertFalse(alive(pid))

    def test_a_program_that_ignores_the_signal(self):
        d = self.daemon(daemon("tree", "while :; do sleep 0.1; done", killmode="tree",
                               first="trap \"\" TERM;", stopwaitsecs=1))
        pid = self.child(d, "tree")
        self.rpc(d).supervisor.stopProcess("tree")
        self.assertFalse(alive(pid))
        d.wait_log("killing 'tree'")

    def test_a_process_without_the_variable(self):
        """A descendant that has another environment is found while its parents run."""
        command = ("/bin/sh -c 'trap \"\" TERM; env -i setsid sh -c \"echo \\$\\$ >{dir}/t.out; "
                   "exec sleep 1000\" & while :; do sleep 0.1; done'")
        d = self.daemon(program("tree", command, startsecs=0, killmode="tree", stopwaitsecs=1))
        pid = int(until(lambda: read(d.path("t.out"), b"").strip()))
        self.addCleanup(self.end, pid)
        self.rpc(d).supervisor.stopProcess("tree")
        self.assertFalse(alive(pid))

    def test_many_that_start_others(self):
        """A program whose processes start others while they are looked for."""
        command = ("/bin/sh -c 'i=0; while [ $i -lt 20 ]; do setsid sh -c \"while :; do sleep "
                   "0.05; done\" & i=$((i+1)); done; wait'")
        d = self.daemon(program("tree", command, startsecs=0, killmode="tree"))
        mark = b"REEVE_SPAWN="
        pid = d.info("tree")["pid"]
        variable = until(lambda: [v for v in read("/proc/%d/environ" % pid).split(b"\0")
                                  if v.startswith(mark)])[0]

        def marked():
            found = []
            for name in os.listdir("/proc"):
                try:
                    if name.isdigit() and alive(int(name)) and variable in read(
                            "/proc/%s/environ" % name, b"").split(b"\0"):
                        found.append(int(name))
                except OSError:
                    continue
            return found
        until(lambda: len(marked()) > 20)
        self.rpc(d).supervisor.stopProcess("tree")
        self.assertEqual([], marked())

    def test_an_exit_that_is_too_early(self):
        """The time that killing takes does not count as uptime."""
        d = self.daemon(program("tree", "/bin/false", killmode="tree", startretries=0))
        d.wait_state("tree", "FATAL")

    def test_a_restart(self):
        """Each start has a mark of its own, and only programs with killmode=tree have one."""
        d = self.daemon(cat("tree", killmode="tree") + cat("plain"))
        marks = []
        for _ in range(2):
            pid = d.wait_state("tree", "RUNNING")["pid"]
            marks += [v for v in read("/proc/%d/environ" % pid).split(b"\0")
                      if v.startswith(b"REEVE_SPAWN=")]
            self.rpc(d).supervisor.stopProcess("tree")
            self.rpc(d).supervisor.startProcess("tree")
        self.assertEqual(2, len(set(marks)), marks)
        pid = d.wait_state("plain", "RUNNING")["pid"]
        self.assertNotIn(b"REEVE_SPAWN=", read("/proc/%d/environ" % pid))

    def test_shutdown(self):
        d = self.daemon(daemon("tree", "exec sleep 1000", killmode="tree"))
        pid = self.child(d, "tree")
        d.process.terminate()
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(alive(pid))


if __name__ == "__main__":
    unittest.main()
