"""The API document, walked statement by statement: each has a test named after it. The
classes follow its sections, and where it says one thing and supervisord does another, the
test says so and takes supervisord's side.

What it says of the configuration's methods is in test_document_config.py."""

import os
import re
import time
import unittest
import xmlrpc.client

from reeve import SEAM, Case, Shared, alive, program, reeve_only, until

TEXT = "first line\nsecond line\n"
INFO = {"name", "group", "description", "start", "stop", "now", "state", "statename",
        "spawnerr", "exitstatus", "logfile", "stdout_logfile", "stderr_logfile", "pid"}


def cat(name, **options):
    return program(name, "/bin/cat", **{"startsecs": 0, **options})


class Introduction(Shared):
    programs = cat("a", autostart="false")

    def test_any_client_library_connects_to_the_http_port(self):
        with xmlrpc.client.ServerProxy("http://127.0.0.1:%d/RPC2" % self.d.port) as server:
            self.assertEqual("RUNNING", server.supervisor.getState()["statename"])

    def test_methods_are_called_in_the_supervisor_namespace(self):
        self.assertEqual(1, self.s.supervisor.getState()["statecode"])
        self.assertFault(1, "UNKNOWN_METHOD", self.s.getState)

    def test_listMethods_gives_the_supported_methods(self):
        methods = self.s.system.listMethods()
        self.assertIn("supervisor.getState", methods)
        self.assertIn("system.listMethods", methods)

    def test_methodHelp_gives_help_on_a_method(self):
        self.assertIsInstance(self.s.system.methodHelp("supervisor.shutdown"), str)
        self.assertTrue(self.s.system.methodHelp("supervisor.shutdown").strip())

    def test_multicall_is_supported(self):
        self.assertEqual(["3.0", self.d.pid], self.s.system.multicall(
            [{"methodName": "supervisor.getAPIVersion", "params": []},
             {"methodName": "supervisor.getPID", "params": []}]))

    @reeve_only
    def test_new_top_level_interfaces_are_a_warning(self):
        """No Python can be loaded: reeve.conf(5) says so, and the daemon works on."""
        d = self.daemon("[rpcinterface:more]\n"
                        "supervisor.rpcinterface_factory=more.rpcinterface:make\n")
        self.assertIn("more", "".join(m for m in d.messages() if m.startswith("WARN")))
        self.assertFault(1, "UNKNOWN_METHOD", self.rpc(d).more.anything)

    def test_any_method_call_may_result_in_a_fault(self):
        for name in self.s.system.listMethods():
            with self.subTest(name), self.assertRaises(xmlrpc.client.Fault) as caught:
                getattr(self.s, name)(*["x"] * 9)
            self.assertEqual(2, caught.exception.faultCode)

    def test_errors_of_the_client_are_faults(self):
        self.assertFault(10, "BAD_NAME: nope", self.s.supervisor.startProcess, "nope")

    def test_requests_that_cannot_be_fulfilled_are_faults(self):
        self.assertFault(70, "NOT_RUNNING: a", self.s.supervisor.stopProcess, "a")


class Versions(Shared):
    """Status and Control: getAPIVersion, getSupervisorVersion, getIdentification, getPID."""

    options = {"supervisord": {"identifier": "the first"}}

    def test_getAPIVersion_returns_the_version_of_the_api(self):
        self.assertEqual("3.0", self.s.supervisor.getAPIVersion())

    def test_api_is_versioned_separately(self):
        self.assertNotEqual(self.s.supervisor.getSupervisorVersion(),
                            self.s.supervisor.getAPIVersion())

    def test_getVersion_is_an_alias_of_getAPIVersion(self):
        self.assertEqual(self.s.supervisor.getAPIVersion(), self.s.supervisor.getVersion())
        self.assertIn("supervisor.getVersion", self.s.system.listMethods())

    def test_getSupervisorVersion_returns_the_version_of_the_package(self):
        self.assertEqual("4.2.5", self.s.supervisor.getSupervisorVersion())

    def test_getIdentification_returns_the_configured_string(self):
        self.assertEqual("the first", self.s.supervisor.getIdentification())

    def test_getIdentification_tells_instances_apart(self):
        other = self.daemon(supervisord={"identifier": "the second"})
        self.assertEqual("the second", self.rpc(other).supervisor.getIdentification())

    def test_getIdentification_without_configuration_is_supervisor(self):
        self.assertEqual("supervisor",
                         self.rpc(self.daemon()).supervisor.getIdentification())

    def test_getPID_returns_the_process_id_of_the_daemon(self):
        self.assertEqual(self.d.pid, self.s.supervisor.getPID())


class State(Case):
    """Status and Control: getState, shutdown, restart; the states are a life's stations."""

    def life(self):
        d = self.daemon(program("slow", "{child} ignore-term", stopwaitsecs=1,
                                stdout_logfile="{dir}/slow.log") +
                        cat("off", autostart="false"))
        until(lambda: d.file("slow.log"))
        return d, self.rpc(d).supervisor

    def assertIgnores(self, d, s):
        """Calls are faults and do nothing. supervisord leaves "undefined" at that."""
        for method, args in ((s.getState, ()), (s.startProcess, ("off",)),
                             (s.getProcessInfo, ("slow",)), (s.readLog, (0, 0)),
                             (s.clearLog, ()), (s.shutdown, ()), (s.restart, ())):
            self.assertFault(6, "SHUTDOWN_STATE", method, *args)
        self.assertNotIn("spawned: 'off'", d.log())

    def test_getState_returns_statecode_and_statename(self):
        self.assertEqual({"statecode": 1, "statename": "RUNNING"},
                         self.rpc(self.daemon()).supervisor.getState())

    def test_shutdown_places_it_in_the_SHUTDOWN_state_where_calls_are_ignored(self):
        d, s = self.life()
        pid = d.info("slow")["pid"]
        self.assertIs(True, s.shutdown())
        self.assertIgnores(d, s)
        self.assertTrue(alive(pid))
        self.assertEqual(0, d.wait_exit())

    def test_shutdown_kills_running_processes(self):
        d, s = self.life()
        pid = d.info("slow")["pid"]
        s.shutdown()
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(alive(pid))

    def test_restart_places_it_in_the_RESTARTING_state_where_calls_are_ignored(self):
        d, s = self.life()
        self.assertIs(True, s.restart())
        self.assertIgnores(d, s)
        d.wait_log("supervisord started", count=2)

    def test_restart_kills_processes_keeps_the_unix_process_and_resets_states(self):
        d, s = self.life()
        s.startProcess("off")
        before = {i["name"]: i for i in s.getAllProcessInfo()}
        self.assertIs(True, s.restart())
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertFalse(alive(before["slow"]["pid"]))
        self.assertFalse(alive(before["off"]["pid"]))
        self.assertEqual(d.pid, s.getPID())
        # It has never been started or stopped, as far as this loop knows.
        after = d.info("off")
        self.assertEqual(("STOPPED", 0, 0, "Not started"), tuple(after[k] for k in (
            "statename", "start", "stop", "description")))
        self.assertEqual("RUNNING", s.getState()["statename"])


@reeve_only
class FatalState(Case):
    """Only a test build has the seam that breaks the daemon."""

    def setUp(self):
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no build with the seam in " + SEAM)
        self.d = self.daemon(cat("a") + cat("off", autostart="false"), build=SEAM)
        self.pid = self.d.wait_state("a", "RUNNING")["pid"]
        self.control(self.d).call("daemon.break", reason="a test")
        self.s = self.rpc(self.d)

    def test_fatal_state_fails_all_but_shutdown_and_restart(self):
        s = self.s
        for name in s.system.listMethods():
            if name.startswith("system.") or name.endswith((".shutdown", ".restart")):
                continue
            types = s.system.methodSignature(name)[1:]
            args = [{"string": "off", "int": 0, "boolean": True}[t] for t in types]
            with self.subTest(name):
                self.assertFault(5, "FATAL_STATE", getattr(s, name), *args)

    def test_methods_fail_without_being_called(self):
        self.assertFault(5, "FATAL_STATE", self.s.supervisor.startProcess, "off")
        self.assertFault(5, "FATAL_STATE", self.s.supervisor.stopProcess, "a")
        self.assertNotIn("spawned: 'off'", self.d.log())
        self.assertTrue(alive(self.pid))

    def test_FATAL_is_state_2_and_stays(self):
        for _ in range(2):
            self.assertTrue(self.d.reevectl("status").stdout.startswith("daemon state: FATAL"))
            self.assertFault(5, "FATAL_STATE", self.s.supervisor.getState)

    def test_shutdown_still_functions(self):
        self.assertIs(True, self.s.supervisor.shutdown())
        self.assertEqual(0, self.d.wait_exit())
        self.assertFalse(alive(self.pid))

    def test_restart_still_functions_and_leads_out_of_FATAL(self):
        self.assertIs(True, self.s.supervisor.restart())
        self.d.wait_log("supervisord started", count=2)
        until(self.d.serving)
        self.assertEqual({"statecode": 1, "statename": "RUNNING"},
                         self.s.supervisor.getState())


class Slices:
    """The table of offset and length, which holds of every log; read(offset, length)
    reads one that holds TEXT."""

    def test_negative_offset_and_nonzero_length_is_bad_arguments(self):
        for length in (1, 4, -1):
            self.assertFault(3, "BAD_ARGUMENTS", self.read, -4, length)

    def test_negative_offset_and_zero_length_is_the_tail(self):
        self.assertEqual(TEXT[-4:], self.read(-4, 0))

    def test_nonnegative_offset_and_negative_length_is_bad_arguments(self):
        for offset in (0, 4):
            self.assertFault(3, "BAD_ARGUMENTS", self.read, offset, -1)

    def test_nonnegative_offset_and_zero_length_is_all_from_the_offset(self):
        self.assertEqual(TEXT, self.read(0, 0))
        self.assertEqual(TEXT[6:], self.read(6, 0))

    def test_nonnegative_offset_and_positive_length_is_a_slice(self):
        self.assertEqual(TEXT[:5], self.read(0, 5))
        self.assertEqual(TEXT[6:10], self.read(6, 4))

    def test_entire_log_can_be_read(self):
        self.assertEqual(TEXT, self.read(0, 0))

    def test_more_than_there_is_gives_what_there_is(self):
        self.assertEqual(TEXT[6:], self.read(6, 1000))
        self.assertEqual(TEXT, self.read(-1000, 0))

    def test_offset_past_the_end_is_empty(self):
        """The document says BAD_ARGUMENTS; supervisord gives nothing."""
        self.assertEqual("", self.read(len(TEXT), 0))
        self.assertEqual("", self.read(len(TEXT) + 9, 4))


class MainLog(Slices, Shared):
    """Status and Control: readLog, clearLog."""

    def setUp(self):
        super().setUp()
        self.read = self.s.supervisor.readLog
        self.path = self.d.path("main.log")
        self.write(TEXT)

    def write(self, text):
        with open(self.path, "w", encoding="ascii") as f:
            f.write(text)

    def hide(self):
        """The log is not where it was until the test has ended."""
        os.rename(self.path, self.path + ".hidden")
        self.addCleanup(os.rename, self.path + ".hidden", self.path)

    def test_empty_log_is_an_empty_string(self):
        self.write("")
        self.assertEqual("", self.read(0, 0))

    def test_readLog_of_a_missing_file_is_NO_FILE(self):
        self.hide()
        self.assertFault(20, "NO_FILE: " + self.path, self.read, 0, 0)

    @reeve_only
    def test_readLog_of_a_file_that_cannot_be_read_is_FAILED(self):
        """A stranger's link; supervisord follows it, and has FAILED for a directory."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        self.hide()
        os.symlink("/etc/hostname", self.path)
        self.addCleanup(os.unlink, self.path)
        os.lchown(self.path, 65534, 65534)
        self.assertFault(30, "FAILED", self.read, 0, 0)

    def test_readMainLog_is_an_alias_of_readLog(self):
        self.assertEqual(TEXT[6:10], self.s.supervisor.readMainLog(6, 4))

    def test_clearLog_returns_true_and_empties_the_log(self):
        self.assertIs(True, self.s.supervisor.clearLog())
        self.assertNotIn("first line", self.read(0, 0))

    def test_clearLog_of_a_missing_file_is_NO_FILE(self):
        self.hide()
        self.assertFault(20, "NO_FILE", self.s.supervisor.clearLog)

    def test_clearLog_that_cannot_remove_the_file_is_FAILED(self):
        self.hide()
        os.mkdir(self.path)
        self.addCleanup(os.rmdir, self.path)
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.s.supervisor.clearLog()
        self.assertEqual(30, caught.exception.faultCode)


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
        info = self.d.info("up")
        self.assertLessEqual(abs(time.time() - info["now"]), 2)
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


class ProcessLog(Slices, Shared):
    """Process Logging: reading and tailing standard output."""

    read_method, tail_method, file = "readProcessStdoutLog", "tailProcessStdoutLog", "a.log"
    programs = (cat("a", stdout_logfile="{dir}/a.log", stderr_logfile="{dir}/a.err") +
                cat("none", stdout_logfile="NONE", stderr_logfile="NONE"))

    @classmethod
    def prepare(cls):
        for name in ("a.log", "a.err"):
            with open(cls.d.path(name), "w", encoding="ascii") as f:
                f.write(TEXT if name == cls.file else "the other one\n")

    def setUp(self):
        super().setUp()
        self.d.wait_state("a", "RUNNING")

    def read(self, offset, length, name="a"):
        return getattr(self.s.supervisor, self.read_method)(name, offset, length)

    def tail(self, offset, length, name="a"):
        return getattr(self.s.supervisor, self.tail_method)(name, offset, length)

    def hide(self):
        path = self.d.path(self.file)
        os.rename(path, path + ".hidden")
        self.addCleanup(os.rename, path + ".hidden", path)
        return path

    def test_unknown_name_is_BAD_NAME(self):
        for method in (self.read, self.tail):
            self.assertFault(10, "BAD_NAME: nope", method, 0, 0, "nope")

    def test_read_of_a_missing_file_is_NO_FILE(self):
        self.assertFault(20, "NO_FILE: " + self.hide(), self.read, 0, 0)

    def test_tail_of_a_missing_file_is_empty(self):
        self.hide()
        self.assertEqual(["", 0, False], self.tail(0, 100))

    def test_process_without_a_log(self):
        self.assertFault(20, "NO_FILE", self.read, 0, 0, "none")
        self.assertEqual(["", 0, False], self.tail(0, 100, "none"))

    def test_tail_gives_bytes_offset_and_overflow(self):
        self.assertEqual([TEXT, len(TEXT), False], self.tail(0, len(TEXT)))

    def test_tail_of_a_longer_log_overflows_to_its_end(self):
        self.assertEqual([TEXT[-4:], len(TEXT), True], self.tail(0, 4))

    def test_tail_of_less_than_length_gives_the_maximum_available(self):
        self.assertEqual([TEXT, len(TEXT), False], self.tail(0, 1000))

    def test_tail_always_returns_the_last_offset_plus_one(self):
        for offset, length in ((0, 0), (0, 4), (5, 1000), (1000, 3), (-5, 3), (0, -1)):
            self.assertEqual(len(TEXT), self.tail(offset, length)[1])


class ProcessErrorLog(ProcessLog):
    """Process Logging: the same of standard error."""

    read_method, tail_method, file = "readProcessStderrLog", "tailProcessStderrLog", "a.err"


class Clearing(Shared):
    """Process Logging: clearProcessLogs, clearAllProcessLogs."""

    programs = "".join(cat(n, stdout_logfile="{dir}/%s.log" % n,
                           stderr_logfile="{dir}/%s.err" % n) for n in "ab")
    files = [n + end for n in "ab" for end in (".log", ".err")]

    def setUp(self):
        super().setUp()
        for name in "ab":
            self.d.wait_state(name, "RUNNING")
        for name in self.files:
            with open(self.d.path(name), "w", encoding="ascii") as f:
                f.write(TEXT)

    def test_clearProcessLogs_clears_both_logs_of_the_process(self):
        self.assertIs(True, self.s.supervisor.clearProcessLogs("a"))
        self.assertEqual([b"", b"", TEXT.encode(), TEXT.encode()],
                         [self.d.file(name) for name in self.files])

    def test_clearProcessLogs_reopens_them(self):
        self.s.supervisor.clearProcessLogs("a")
        self.s.supervisor.sendProcessStdin("a", "more\n")
        until(lambda: self.d.file("a.log") == b"more\n")

    def test_clearProcessLogs_of_an_unknown_name_is_BAD_NAME(self):
        self.assertFault(10, "BAD_NAME: nope", self.s.supervisor.clearProcessLogs, "nope")

    def test_clearAllProcessLogs_clears_all_and_returns_their_statuses(self):
        answer = self.s.supervisor.clearAllProcessLogs()
        self.assertEqual([(n, n, 80, "OK") for n in "ab"], sorted(
            (r["group"], r["name"], r["status"], r["description"]) for r in answer))
        self.assertEqual([b""] * 4, [self.d.file(name) for name in self.files])


class System(Shared):
    """System Methods."""

    programs = cat("a")

    def call(self, *names):
        return self.s.system.multicall([{"methodName": n, "params": []} for n in names])

    def test_listMethods_is_an_array_of_the_available_names(self):
        names = self.s.system.listMethods()
        for method in re.findall(r"\w+", """getAPIVersion getVersion getSupervisorVersion
                getIdentification getState getPID readLog readMainLog clearLog shutdown
                restart getProcessInfo getAllProcessInfo startProcess startAllProcesses
                startProcessGroup stopProcess stopProcessGroup stopAllProcesses
                sendProcessStdin readProcessStdoutLog readProcessStderrLog
                tailProcessStdoutLog tailProcessStderrLog clearProcessLogs
                clearAllProcessLogs"""):
            self.assertIn("supervisor." + method, names)
        for method in ("listMethods", "methodHelp", "methodSignature", "multicall"):
            self.assertIn("system." + method, names)

    def test_methodHelp_is_a_string_of_documentation_for_every_method(self):
        for name in self.s.system.listMethods():
            self.assertTrue(self.s.system.methodHelp(name).strip(), name)

    def test_methodHelp_of_an_unknown_method_is_SIGNATURE_UNSUPPORTED(self):
        self.assertFault(4, "SIGNATURE_UNSUPPORTED", self.s.system.methodHelp, "a.b")

    def test_methodSignature_is_result_type_then_parameter_types(self):
        self.assertEqual(["string", "string", "int", "int"],
                         self.s.system.methodSignature("supervisor.readProcessStdoutLog"))
        self.assertEqual(["array"], self.s.system.methodSignature("system.listMethods"))

    def test_methodSignature_of_an_unknown_method_is_SIGNATURE_UNSUPPORTED(self):
        self.assertFault(4, "SIGNATURE_UNSUPPORTED", self.s.system.methodSignature, "a.b")

    def test_multicall_returns_an_array_of_results_in_order(self):
        """The document has each result in an array of its own; supervisord does not."""
        self.assertEqual(["3.0", self.d.pid, "3.0"], self.call(
            "supervisor.getVersion", "supervisor.getPID", "supervisor.getAPIVersion"))

    def test_multicall_gives_a_struct_for_a_fault(self):
        self.assertEqual([{"faultCode": 1, "faultString": "UNKNOWN_METHOD"}, "3.0"],
                         self.call("supervisor.nope", "supervisor.getVersion"))

    def test_multicall_params_may_be_left_out(self):
        self.assertEqual(["3.0"],
                         self.s.system.multicall([{"methodName": "supervisor.getVersion"}]))


if __name__ == "__main__":
    unittest.main()
