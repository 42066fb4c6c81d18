"""The statements of the API document about processes: information, starting, stopping, standard
input. One test a statement, as in test_document.py."""

import os
import time
import unittest
import xmlrpc.client

from reeve import Shared, alive, cat, program, until

INFO = {"name", "group", "description", "start", "stop", "now", "state", "statename",
        "spawnerr", "exitstatus", "logfile", "stdout_logfile", "stderr_logfile", "pid"}


class ProcessInfo(Shared):
    """Process Control: getProcessInfo, getAllProcessInfo."""

    programs = (
        cat("up", stdout_logfile="{dir}/up.log", stderr_logfile="{dir}/up.err") +
        cat("never", autostart="false") + cat("stopped") +
        program("code", "/bin/sh -c 'exit 7'", startsecs=0, autorestart="false") +
        program("broken", "{dir}/nothing", startretries=0) +
        "[group:g]\nprograms=member\n" + cat("member"))

    def setUp(self):
        super().setUp()
        self.d.wait_state("up", "RUNNING")

    def stopped(self):
        if self.d.state("stopped") == "RUNNING":
            self.s.supervisor.stopProcess("stopped")
        return self.d.wait_state("stopped", "STOPPED")

    def test_value_is_a_struct_of_these_members(self):
        self.assertEqual(INFO, set(self.d.info("up")))

    def test_unknown_name_is_BAD_NAME(self):
        self.assertFault(10, "BAD_NAME: nope", self.s.supervisor.getProcessInfo, "nope")

    def test_name_and_group(self):
        for name, wanted in (("up", ("up", "up")), ("g:member", ("member", "g"))):
            info = self.d.info(name)
            self.assertEqual(wanted, (info["name"], info["group"]))

    def test_description_of_a_running_process_is_pid_and_uptime(self):
        info = self.d.info("up")
        self.assertRegex(info["description"], r"^pid %d, uptime 0:00:\d\d$" % info["pid"])

    def test_description_of_a_stopped_process_is_its_stop_time(self):
        info = self.stopped()
        self.assertEqual(time.strftime("%b %d %I:%M %p", time.localtime(info["stop"])),
                         info["description"])

    def test_start_is_the_time_of_the_start(self):
        info = self.d.info("up")
        self.assertLessEqual(abs(time.time() - info["start"]), 60)
        self.assertEqual(0, self.d.info("never")["start"])

    def test_stop_is_the_time_of_the_end_or_0(self):
        self.assertEqual(0, self.d.info("up")["stop"])
        info = self.stopped()
        self.assertLessEqual(info["start"], info["stop"])
        self.assertLessEqual(abs(time.time() - info["stop"]), 60)

    def test_now_is_the_current_time_and_gives_the_uptime(self):
        before = int(time.time())
        info = self.d.info("up")
        self.assertTrue(before <= info["now"] <= time.time())
        seconds = int(info["description"].rpartition(":")[2])
        self.assertLessEqual(abs(info["now"] - info["start"] - seconds), 1)

    def test_state_and_statename_belong_together(self):
        self.stopped()
        for name, wanted in (("up", (20, "RUNNING")), ("stopped", (0, "STOPPED")),
                             ("never", (0, "STOPPED")), ("code", (100, "EXITED")),
                             ("broken", (200, "FATAL"))):
            info = self.d.wait_state(name, wanted[1])
            self.assertEqual(wanted, (info["state"], info["statename"]))

    def test_logfiles_are_absolute_paths(self):
        info = self.d.info("up")
        self.assertEqual((self.d.path("up.log"), self.d.path("up.err")),
                         (info["stdout_logfile"], info["stderr_logfile"]))
        info = self.d.info("never")
        for key in ("stdout_logfile", "stderr_logfile"):
            self.assertTrue(os.path.isabs(info[key]))

    def test_spawnerr_describes_the_error_or_is_empty(self):
        self.assertEqual("", self.d.info("up")["spawnerr"])
        info = self.d.wait_state("broken", "FATAL")
        self.assertEqual("can't find command '%s'" % self.d.path("nothing"),
                         info["spawnerr"])

    def test_exitstatus_is_the_exit_status_or_0_while_it_runs(self):
        self.assertEqual(0, self.d.info("up")["exitstatus"])
        self.assertEqual(7, self.d.wait_state("code", "EXITED")["exitstatus"])

    def test_pid_is_that_of_the_process_or_0(self):
        self.assertTrue(alive(self.d.info("up")["pid"]))
        self.assertEqual(0, self.d.info("never")["pid"])

    def test_getAllProcessInfo_elements_are_those_structs(self):
        every = self.s.supervisor.getAllProcessInfo()
        self.assertEqual(6, len(every))
        for info in every:
            self.assertEqual(INFO, set(info))

    def test_getAllProcessInfo_of_an_empty_table_is_an_empty_array(self):
        self.assertEqual([], self.rpc(self.daemon()).supervisor.getAllProcessInfo())


class Control(Shared):
    """Process Control: starting and stopping, and standard input."""

    programs = (
        cat("a", autostart="false", stdout_logfile="{dir}/a.log") +
        "[group:g]\nprograms=x,y\n" + cat("x", autostart="false") +
        cat("y", autostart="false") +
        program("slow", "{child} sleep 1000", startsecs=1, autostart="false") +
        program("dull", "{child} close-pipes", startsecs=0, autostart="false"))

    def setUp(self):
        super().setUp()
        self.s.supervisor.stopAllProcesses()
        self.all = {("a", "a"), ("g", "x"), ("g", "y"), ("slow", "slow"), ("dull", "dull")}

    def start(self, name):
        self.s.supervisor.startProcess(name)
        return self.d.wait_state(name, "RUNNING")

    def assertStatuses(self, wanted, answer):
        for status in answer:
            self.assertEqual((80, "OK"), (status["status"], status["description"]))
            self.assertEqual({"name", "group", "status", "description"}, set(status))
        self.assertEqual(wanted, {(r["group"], r["name"]) for r in answer})

    def states(self):
        return {i["statename"] for i in self.s.supervisor.getAllProcessInfo()}

    def test_startProcess_starts_a_process_and_returns_true(self):
        self.assertIs(True, self.s.supervisor.startProcess("a"))
        self.assertEqual("RUNNING", self.d.state("a"))

    def test_startProcess_takes_group_and_name(self):
        self.assertIs(True, self.s.supervisor.startProcess("g:x"))
        self.assertEqual(("RUNNING", "STOPPED"), (self.d.state("g:x"), self.d.state("g:y")))

    def test_startProcess_takes_a_whole_group(self):
        self.assertStatuses({("g", "x"), ("g", "y")}, self.s.supervisor.startProcess("g:*"))

    def test_startProcess_waits_until_it_is_fully_started(self):
        self.assertIs(True, self.s.supervisor.startProcess("slow"))
        self.assertEqual("RUNNING", self.d.state("slow"))

    def test_startProcess_without_wait_does_not(self):
        self.assertIs(True, self.s.supervisor.startProcess("slow", False))
        self.assertEqual("STARTING", self.d.state("slow"))

    def test_startAllProcesses_starts_all_and_returns_their_statuses(self):
        self.assertStatuses(self.all, self.s.supervisor.startAllProcesses())
        self.assertEqual({"RUNNING"}, self.states())

    def test_startProcessGroup_starts_the_group_and_returns_its_statuses(self):
        self.assertStatuses({("g", "x"), ("g", "y")},
                            self.s.supervisor.startProcessGroup("g"))
        self.assertEqual("STOPPED", self.d.state("a"))

    def test_startProcessGroup_of_an_unknown_group_is_BAD_NAME(self):
        self.assertFault(10, "BAD_NAME: nope", self.s.supervisor.startProcessGroup, "nope")

    def test_stopProcess_stops_it_and_returns_true(self):
        pid = self.start("a")["pid"]
        self.assertIs(True, self.s.supervisor.stopProcess("a"))
        self.assertFalse(alive(pid))
        self.assertEqual("STOPPED", self.d.state("a"))

    def test_stopProcess_takes_a_whole_group(self):
        self.start("g:x")
        self.start("g:y")
        self.assertStatuses({("g", "x"), ("g", "y")}, self.s.supervisor.stopProcess("g:*"))

    def test_stopProcessGroup_stops_the_group_and_returns_its_statuses(self):
        for name in ("a", "g:x", "g:y"):
            self.start(name)
        self.assertStatuses({("g", "x"), ("g", "y")},
                            self.s.supervisor.stopProcessGroup("g"))
        self.assertEqual(("RUNNING", "STOPPED"), (self.d.state("a"), self.d.state("g:x")))

    def test_stopProcessGroup_of_an_unknown_group_is_BAD_NAME(self):
        self.assertFault(10, "BAD_NAME: nope", self.s.supervisor.stopProcessGroup, "nope")

    def test_stopAllProcesses_stops_all_and_returns_their_statuses(self):
        for name in ("a", "g:x"):
            self.start(name)
        self.assertStatuses({("a", "a"), ("g", "x")}, self.s.supervisor.stopAllProcesses())
        self.assertEqual({"STOPPED"}, self.states())

    def test_sendProcessStdin_sends_characters_as_utf8(self):
        self.start("a")
        self.assertIs(True, self.s.supervisor.sendProcessStdin("a", "Gr\u00fc\u00dfe \u20ac\n"))
        until(lambda: "Gr\u00fc\u00dfe \u20ac\n".encode() in self.d.file("a.log"))

    def test_sendProcessStdin_of_what_is_no_string_is_INCORRECT_PARAMETERS(self):
        self.start("a")
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.s.supervisor.sendProcessStdin("a", 5)
        self.assertEqual(2, caught.exception.faultCode)

    def test_sendProcessStdin_to_a_process_that_is_not_running_is_NOT_RUNNING(self):
        self.assertFault(70, "NOT_RUNNING: a", self.s.supervisor.sendProcessStdin, "a", "x")

    def test_sendProcessStdin_to_a_closed_stdin_is_NO_FILE(self):
        pid = self.start("dull")["pid"]
        until(lambda: not os.path.exists("/proc/%d/fd/0" % pid))
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            until(lambda: not self.s.supervisor.sendProcessStdin("dull", "x"))
        self.assertEqual((20, "NO_FILE: dull"), (caught.exception.faultCode,
                                                 caught.exception.faultString))


if __name__ == "__main__":
    unittest.main()
