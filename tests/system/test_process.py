"""The state machine of a process, over XML-RPC."""

import os
import re
import signal
import time
import unittest

from reeve import CHILD, Case, alive, program, reeve_only, until


class Start(Case):
    def test_wait_is_running(self):
        d = self.daemon(program("a", "{child} sleep 1000", autostart="false"))
        s = self.rpc(d)
        info = s.supervisor.getProcessInfo("a")
        self.assertEqual(("STOPPED", 0, 0, "Not started", 0, 0),
                         tuple(info[k] for k in ("statename", "state", "pid", "description",
                                                 "start", "stop")))
        before = time.monotonic()
        self.assertIs(True, s.supervisor.startProcess("a"))
        self.assertGreater(time.monotonic() - before, 1)
        info = s.supervisor.getProcessInfo("a")
        self.assertEqual("RUNNING", info["statename"])
        self.assertRegex(info["description"], r"^pid %d, uptime 0:00:0\d$" % info["pid"])
        self.assertTrue(alive(info["pid"]))
        self.assertFault(60, "ALREADY_STARTED: a", s.supervisor.startProcess, "a")

    def test_no_wait_is_starting(self):
        d = self.daemon(program("a", "{child} sleep 1000", autostart="false", startsecs=2))
        s = self.rpc(d)
        self.assertIs(True, s.supervisor.startProcess("a", False))
        info = s.supervisor.getProcessInfo("a")
        self.assertEqual(("STARTING", ""), (info["statename"], info["description"]))
        self.assertFault(60, "ALREADY_STARTED: a", s.supervisor.startProcess, "a")
        d.wait_state("a", "RUNNING")

    def test_exit_within_startsecs(self):
        d = self.daemon(program("a", "{child} exit 3", autostart="false", startretries=2))
        s = self.rpc(d)
        self.assertFault(50, "SPAWN_ERROR: a", s.supervisor.startProcess, "a")
        info = d.wait_state("a", "FATAL")
        text = "Exited too quickly (process log may have details)"
        self.assertEqual((text, text, 0), (info["spawnerr"], info["description"],
                                           info["exitstatus"]))
        self.assertEqual(3, d.log().count("spawned: 'a'"))
        self.assertEqual(3, d.log().count("WARN exited: a (exit status 3; not expected)"))
        self.assertIn("INFO gave up: a entered FATAL state, too many start retries too "
                      "quickly", d.messages())

    def test_early_success_is_too_quick_as_well(self):
        d = self.daemon(program("a", "{child} exit 0", autostart="false", startretries=0))
        self.assertFault(50, "SPAWN_ERROR: a", self.rpc(d).supervisor.startProcess, "a")
        d.wait_state("a", "FATAL")

    def test_startsecs_zero(self):
        d = self.daemon(program("a", "{child} sleep 0.2", autostart="false", startsecs=0,
                                autorestart="false"))
        self.assertIs(True, self.rpc(d).supervisor.startProcess("a"))
        info = d.wait_state("a", "EXITED")
        self.assertEqual((0, "", 0), (info["exitstatus"], info["spawnerr"], info["pid"]))
        self.assertRegex(info["description"], r"^[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M$")
        self.assertIn("INFO exited: a (exit status 0; expected)", d.messages())

    def test_startsecs_zero_never_gives_up(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo x; exit 3'", startsecs=0,
                                startretries=1, stdout_logfile="{dir}/a.log"))
        until(lambda: d.file("a.log").count(b"x") > 4)
        self.assertNotIn("gave up", d.log())
        self.assertNotEqual("FATAL", d.state("a"))

    def test_backoff_then_running(self):
        d = self.daemon(program("a", "/bin/sh -c 'test -e {dir}/go && exec sleep 1000; "
                                "exit 1'"))
        info = d.wait_state("a", "BACKOFF")
        self.assertEqual(0, info["pid"])
        with open(d.path("go"), "w"):
            pass
        d.wait_state("a", "RUNNING")

    def test_start_from_fatal(self):
        d = self.daemon(program("a", "{dir}/later", startretries=0, startsecs=0))
        info = d.wait_state("a", "FATAL")
        self.assertEqual("can't find command '%s'" % d.path("later"), info["description"])
        os.symlink("/bin/cat", d.path("later"))
        self.assertIs(True, self.rpc(d).supervisor.startProcess("a"))
        self.assertEqual("RUNNING", d.state("a"))

    def test_faults_of_the_command(self):
        d = self.daemon(
            program("none", "/nonexistent/x", autostart="false") +
            program("path", "no-such-program-anywhere -x", autostart="false") +
            program("dir", "/tmp", autostart="false") +
            program("plain", "/etc/passwd", autostart="false") +
            program("quote", "sh -c 'open", autostart="false"))
        start = self.rpc(d).supervisor.startProcess
        self.assertFault(20, "NO_FILE: can't find command '/nonexistent/x'", start, "none")
        self.assertFault(20, "NO_FILE: can't find command 'no-such-program-anywhere'",
                         start, "path")
        self.assertFault(21, "NOT_EXECUTABLE: command at '/tmp' is a directory", start, "dir")
        self.assertFault(21, "NOT_EXECUTABLE: command at '/etc/passwd' is not executable",
                         start, "plain")
        self.assertFault(21, "NOT_EXECUTABLE: can't parse command \"sh -c 'open\": "
                         "No closing quotation", start, "quote")

    def test_missing_file_comes_before_already_started(self):
        d = self.make(program("a", "{dir}/copy", startsecs=0))
        os.symlink("/bin/cat", d.path("copy"))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_state("a", "RUNNING")
        os.unlink(d.path("copy"))
        self.assertFault(20, "NO_FILE: can't find command '%s'" % d.path("copy"),
                         self.rpc(d).supervisor.startProcess, "a")


class Exit(Case):
    def test_autorestart_true(self):
        d = self.daemon(program("a", "{child} sleep 1000", startsecs=0, autorestart="true"))
        pid = d.wait_state("a", "RUNNING")["pid"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: d.info("a")["pid"] not in (0, pid))
        d.wait_log(r"WARN exited: a \(terminated by SIGKILL; not expected\)")

    def test_unexpected(self):
        d = self.daemon(program("good", "{child} exit-on USR1 7", startsecs=0,
                                exitcodes="0,7", stdout_logfile="{dir}/good.log") +
                        program("bad", "{child} exit-on USR1 8", startsecs=0,
                                exitcodes="0,7", stdout_logfile="{dir}/bad.log"))
        until(lambda: d.file("good.log") and d.file("bad.log"))
        bad = d.info("bad")["pid"]
        s = self.rpc(d)
        s.supervisor.signalProcess("good", "USR1")
        s.supervisor.signalProcess("bad", "USR1")
        self.assertEqual(7, d.wait_state("good", "EXITED")["exitstatus"])
        until(lambda: d.info("bad")["pid"] not in (0, bad))
        self.assertIn("INFO exited: good (exit status 7; expected)", d.messages())
        self.assertIn("WARN exited: bad (exit status 8; not expected)", d.messages())

    def test_autorestart_false(self):
        d = self.daemon(program("a", "/bin/sleep 1000", startsecs=0, autorestart="false"))
        os.kill(d.wait_state("a", "RUNNING")["pid"], signal.SIGSEGV)
        info = d.wait_state("a", "EXITED")
        self.assertEqual((-1, "Bad exit code -1"), (info["exitstatus"], info["spawnerr"]))
        d.wait_log(r"WARN exited: a \(terminated by SIGSEGV.*; not expected\)")

    def test_output_before_the_end_is_kept(self):
        d = self.daemon(program("a", "/bin/sh -c 'echo last words; exit 0'", startsecs=0,
                                stdout_logfile="{dir}/a.log"))
        d.wait_state("a", "EXITED")
        self.assertEqual(b"last words\n", d.file("a.log"))


class Stop(Case):
    def test_stop_and_start_again(self):
        d = self.daemon(program("a", "{child} sleep 1000", startsecs=0))
        s = self.rpc(d)
        first = d.wait_state("a", "RUNNING")["pid"]
        self.assertIs(True, s.supervisor.stopProcess("a"))
        info = s.supervisor.getProcessInfo("a")
        self.assertEqual(("STOPPED", 0, -1), (info["statename"], info["pid"],
                                              info["exitstatus"]))
        self.assertRegex(info["description"], r"^[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M$")
        self.assertFalse(alive(first))
        self.assertIn("WARN stopped: a (terminated by SIGTERM)", d.messages())
        self.assertFault(70, "NOT_RUNNING: a", s.supervisor.stopProcess, "a")
        self.assertIs(True, s.supervisor.startProcess("a"))
        self.assertNotEqual(first, d.info("a")["pid"])

    def test_no_wait(self):
        d, pid = self.stubborn()
        s = self.rpc(d)
        self.assertIs(True, s.supervisor.stopProcess("stubborn", False))
        self.assertEqual("STOPPING", d.state("stubborn"))
        self.assertFault(70, "NOT_RUNNING: stubborn", s.supervisor.stopProcess, "stubborn")
        os.kill(pid, signal.SIGKILL)
        d.wait_state("stubborn", "STOPPED")

    def test_escalation(self):
        d = self.daemon(program("a", "{child} ignore-term", stopwaitsecs=1,
                                stdout_logfile="{dir}/a.log"))
        until(lambda: d.file("a.log"))
        pid = d.info("a")["pid"]
        self.assertIs(True, self.rpc(d).supervisor.stopProcess("a"))
        self.assertIn("WARN killing 'a' (%d) with SIGKILL" % pid, d.messages())
        self.assertIn("WARN stopped: a (terminated by SIGKILL)", d.messages())
        self.assertIn("INFO waiting for a to stop", d.messages())

    def test_stopsignal(self):
        d = self.daemon(program("a", "{child} exit-on INT 0", startsecs=0, stopsignal="INT",
                                stdout_logfile="{dir}/a.log"))
        until(lambda: d.file("a.log"))
        self.assertIs(True, self.rpc(d).supervisor.stopProcess("a"))
        self.assertIn("INFO stopped: a (exit status 0)", d.messages())
        self.assertEqual(0, d.info("a")["exitstatus"])

    def test_start_while_stopping(self):
        d = self.daemon(program("a", "{child} ignore-term", stopwaitsecs=2,
                                stdout_logfile="{dir}/a.log"))
        until(lambda: d.file("a.log"))
        s = self.rpc(d)
        s.supervisor.stopProcess("a", False)
        self.assertIs(True, s.supervisor.startProcess("a", False))
        self.assertFault(40, "ABNORMAL_TERMINATION: a", s.supervisor.startProcess, "a")
        d.wait_state("a", "STOPPED")
        self.assertIn("WARN process 'a' already running", d.messages())

    def test_stop_of_backoff_needs_no_signal(self):
        d = self.daemon(program("a", "{child} exit 1", startretries=100))
        d.wait_state("a", "BACKOFF")
        s = self.rpc(d)
        # It may be retrying; a stop is right in either case.
        self.assertIs(True, s.supervisor.stopProcess("a"))
        self.assertEqual("STOPPED", d.state("a"))
        spawned = d.log().count("spawned: 'a'")
        self.assertEqual("STOPPED", d.state("a"))
        self.assertEqual(spawned, d.log().count("spawned: 'a'"))

    def test_groups_of_processes(self):
        tree = program("a", "{child} fork-grandchild", startsecs=0, stopasgroup="true",
                       stdout_logfile="{dir}/a.log")
        d = self.daemon(tree)
        text = until(lambda: re.search(rb"\d+", d.file("a.log")))
        grandchild = int(text.group())
        self.assertTrue(alive(grandchild))
        self.rpc(d).supervisor.stopProcess("a")
        until(lambda: not alive(grandchild))

    def test_grandchild_is_left_without_stopasgroup(self):
        d = self.daemon(program("a", "{child} fork-grandchild", startsecs=0,
                                stdout_logfile="{dir}/a.log"))
        grandchild = int(until(lambda: re.search(rb"\d+", d.file("a.log"))).group())
        self.rpc(d).supervisor.stopProcess("a")
        self.assertTrue(alive(grandchild))
        os.kill(grandchild, signal.SIGKILL)


class Signal(Case):
    def test_signals(self):
        d = self.daemon(program("a", "{child} exit-on USR2 0", startsecs=0,
                                autorestart="false", stdout_logfile="{dir}/a.log") +
                        program("b", "/bin/cat", autostart="false"))
        until(lambda: d.file("a.log"))
        s = self.rpc(d)
        signal_process = s.supervisor.signalProcess
        self.assertIs(True, signal_process("a", 0))
        self.assertIs(True, signal_process("a", "sigcont"))
        self.assertIs(True, signal_process("a", "18"))
        self.assertFault(11, "BAD_SIGNAL: FOO", signal_process, "a", "FOO")
        self.assertFault(11, "BAD_SIGNAL: 35", signal_process, "a", "35")
        self.assertFault(70, "NOT_RUNNING: b", signal_process, "b", "TERM")
        self.assertFault(11, "BAD_SIGNAL: FOO", signal_process, "b", "FOO")
        self.assertFault(10, "BAD_NAME: c", signal_process, "c", "TERM")
        self.assertIs(True, signal_process("a", "USR2"))
        d.wait_state("a", "EXITED")

    def test_group_and_all(self):
        d = self.daemon(program("x", "/bin/cat", startsecs=0) +
                        program("y", "/bin/cat", startsecs=0) +
                        program("z", "/bin/cat", startsecs=0, autostart="false") +
                        "[group:g]\nprograms=x,z\n")
        d.wait_state("g:x", "RUNNING")
        d.wait_state("y", "RUNNING")
        s = self.rpc(d)
        x = {"name": "x", "group": "g", "status": 80, "description": "OK"}
        y = {"name": "y", "group": "y", "status": 80, "description": "OK"}
        self.assertEqual([x], s.supervisor.signalProcessGroup("g", "CONT"))
        self.assertEqual([x], s.supervisor.signalProcess("g:*", "CONT"))
        answer = s.supervisor.signalAllProcesses("CONT")
        self.assertEqual([x, y], sorted(answer, key=lambda r: r["name"]))
        self.assertFault(10, "BAD_NAME: h", s.supervisor.signalProcessGroup, "h", "CONT")
        bad = result("g", "x", 11, "BAD_SIGNAL: FOO")
        self.assertEqual([bad], s.supervisor.signalProcessGroup("g", "FOO"))
        self.assertIn(bad, s.supervisor.signalAllProcesses("FOO"))


GROUP = (program("one", "/bin/cat", startsecs=0, autostart="false", priority=30) +
         program("two", "/bin/cat", startsecs=0, autostart="false", priority=10) +
         program("three", "/nonexistent", autostart="false", priority=20) +
         program("alone", "/bin/cat", startsecs=0, autostart="false", priority=1) +
         "[group:g]\nprograms=one,two,three\npriority=5\n")


def result(group, name, status=80, description="OK"):
    return {"group": group, "name": name, "status": status, "description": description}


class Groups(Case):
    def spawned(self, d):
        return re.findall(r"spawned: '(\w+)'", d.log())

    def test_group(self):
        d = self.daemon(GROUP)
        s = self.rpc(d)
        answer = s.supervisor.startProcessGroup("g")
        self.assertEqual({"two": 80, "one": 80, "three": 20},
                         {r["name"]: r["status"] for r in answer})
        self.assertIn(result("g", "three", 20, "NO_FILE: can't find command '/nonexistent'"),
                      answer)
        self.assertEqual(["two", "one"], self.spawned(d))
        self.assertEqual([20], [r["status"] for r in s.supervisor.startProcess("g:*")])
        self.assertFault(10, "BAD_NAME: h", s.supervisor.startProcessGroup, "h")
        self.assertFault(10, "BAD_NAME: h:*", s.supervisor.startProcess, "h:*")
        stopped = s.supervisor.stopProcessGroup("g")
        self.assertEqual({"one", "two"}, {r["name"] for r in stopped})
        self.assertEqual({80}, {r["status"] for r in stopped})
        self.assertEqual([], s.supervisor.stopProcess("g:"))

    def test_all(self):
        d = self.daemon(GROUP)
        s = self.rpc(d)
        answer = s.supervisor.startAllProcesses()
        self.assertEqual({"alone": 80, "two": 80, "one": 80, "three": 20},
                         {r["name"]: r["status"] for r in answer})
        self.assertEqual(["alone", "two", "one"], self.spawned(d))
        rows = s.supervisor.getAllProcessInfo()
        self.assertEqual(["alone:alone", "g:one", "g:three", "g:two"],
                         ["%(group)s:%(name)s" % r for r in rows])
        stopped = s.supervisor.stopAllProcesses()
        self.assertEqual({"alone", "one", "two"}, {r["name"] for r in stopped})

    def test_order_of_the_automatic_start(self):
        d = self.daemon(program("late", "/bin/cat", startsecs=0, priority=900) +
                        program("early", "/bin/cat", startsecs=0, priority=1) +
                        program("first", "/bin/cat", startsecs=0, priority=2) +
                        "[group:g]\nprograms=late,early\npriority=3\n")
        d.wait_state("g:early", "RUNNING")
        self.assertEqual(["first", "late", "early"], self.spawned(d))

    def test_order_of_shutdown(self):
        d = self.daemon(program("a", "/bin/cat", startsecs=0, priority=1) +
                        program("b", "/bin/cat", startsecs=0, priority=2) +
                        program("c", "/bin/cat", startsecs=0, priority=3))
        d.wait_state("c", "RUNNING")
        d.stop()
        self.assertEqual(["c", "b", "a"], re.findall(r"stopped: (\w)", d.log()))

    def test_numprocs(self):
        d = self.daemon(program("w", "/bin/cat", startsecs=0, numprocs=11,
                                process_name="%(program_name)s_%(process_num)d"))
        d.wait_state("w:w_10", "RUNNING")
        s = self.rpc(d)
        names = [r["name"] for r in s.supervisor.getAllProcessInfo()]
        self.assertEqual(["w_0", "w_1", "w_10", "w_2"], names[:4])
        self.assertFault(10, "BAD_NAME: w", s.supervisor.getProcessInfo, "w")
        self.assertFault(10, "BAD_NAME: w:w_1:x", s.supervisor.getProcessInfo, "w:w_1:x")

    def test_failed_first_then_by_completion(self):
        d = self.daemon(program("a", "{child} sleep 1000", startsecs=2, autostart="false",
                                priority=1) +
                        program("b", "{child} sleep 1000", startsecs=1, autostart="false",
                                priority=2) +
                        program("c", "/nonexistent", autostart="false", priority=3))
        answer = self.rpc(d).supervisor.startAllProcesses()
        self.assertEqual(["c", "b", "a"], [r["name"] for r in answer])

    def test_no_wait(self):
        d = self.daemon(program("a", "{child} sleep 1000", startsecs=3, autostart="false"))
        s = self.rpc(d)
        self.assertEqual([result("a", "a")], s.supervisor.startAllProcesses(False))
        self.assertEqual("STARTING", d.state("a"))


class Environment(Case):
    def environment(self, d, name):
        text = until(lambda: d.file(name + ".log"))
        d.wait_state(name, "EXITED")
        return dict(line.split("=", 1) for line in
                    d.file(name + ".log").decode().splitlines() if "=" in line)

    def test_environment(self):
        d = self.daemon(program("env", "/usr/bin/env", startsecs=0, autorestart="false",
                                stdout_logfile="{dir}/env.log",
                                environment='A="own",B="%(program_name)s %(ENV_C)s"'),
                        supervisord={"environment": 'A="all",C="common"'})
        env = self.environment(d, "env")
        self.assertEqual(("own", "env common", "common"), (env["A"], env["B"], env["C"]))
        self.assertEqual(("1", "env", "env", "unix://" + d.socket),
                         tuple(env["SUPERVISOR_" + k] for k in (
                             "ENABLED", "PROCESS_NAME", "GROUP_NAME", "SERVER_URL")))

    def test_nothing_leaks(self):
        """A child has descriptors 0 to 2, no blocked signal, and no socket of ours."""
        d = self.daemon(program("fds", "/bin/sh -c 'ls /proc/self/fd; grep SigBlk "
                                "/proc/self/status'", startsecs=0, autorestart="false",
                                stdout_logfile="{dir}/fds.log"))
        d.wait_state("fds", "EXITED")
        lines = d.file("fds.log").decode().split()
        # The fourth is the directory that ls reads.
        self.assertEqual(["0", "1", "2", "3"], lines[:4])
        self.assertEqual(["SigBlk:", "0000000000000000"], lines[4:])

    def test_directory_and_umask(self):
        d = self.daemon(program("a", "/bin/sh -c 'pwd; umask'", startsecs=0, umask="027",
                                directory="/usr", autorestart="false",
                                stdout_logfile="{dir}/a.log"))
        d.wait_state("a", "EXITED")
        self.assertEqual(b"/usr\n0027\n", d.file("a.log"))

    def test_missing_directory(self):
        d = self.daemon(program("a", CHILD + " exit 0", startsecs=0, autorestart="false",
                                directory="/nonexistent", stderr_logfile="{dir}/a.err"))
        self.assertEqual(127, d.wait_state("a", "EXITED")["exitstatus"])
        self.assertEqual(b"supervisor: couldn't chdir to /nonexistent: ENOENT\n"
                         b"supervisor: child process was not spawned\n", d.file("a.err"))

    def test_user(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.daemon(program("id", "/usr/bin/id -un", startsecs=0, user="nobody",
                                autorestart="false", stdout_logfile="{dir}/id.log"))
        d.wait_state("id", "EXITED")
        self.assertEqual(b"nobody\n", d.file("id.log"))

    def test_exec_format(self):
        d = self.make(program("a", "{dir}/script", startsecs=0, autorestart="false",
                              stderr_logfile="{dir}/a.err"))
        with open(d.path("script"), "w", encoding="ascii") as f:
            f.write("no interpreter\n")
        os.chmod(d.path("script"), 0o755)
        d.start()
        self.addCleanup(self.finish, d)
        self.assertEqual(127, d.wait_state("a", "EXITED")["exitstatus"])
        self.assertEqual(b"supervisor: couldn't exec %s: ENOEXEC\n"
                         b"supervisor: child process was not spawned\n" %
                         d.path("script").encode(), d.file("a.err"))


class Reads(Case):
    @reeve_only
    def test_an_answer_is_seen_by_the_next_read_elsewhere(self):
        """The result of a call is visible to a read on another connection and another
        socket."""
        d = self.daemon(program("a", "/bin/cat", startsecs=0))
        d.wait_state("a", "RUNNING")
        one, two, ctl = self.rpc(d), self.rpc(d, "tcp"), self.control(d)
        for _ in range(20):
            one.supervisor.stopProcess("a")
            self.assertEqual("STOPPED", two.supervisor.getProcessInfo("a")["statename"])
            ctl.call("process.start", name="a")
            self.assertEqual("RUNNING", two.supervisor.getProcessInfo("a")["statename"])


if __name__ == "__main__":
    unittest.main()
