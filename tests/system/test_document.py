"""The API document, walked statement by statement: each has a test named after it. The
classes follow its sections, and where it says one thing and supervisord does another, the
test says so and takes supervisord's side.

Here is what it says of the daemon: its versions and states, and the system methods. Processes
are in test_document_processes.py, logs in test_document_logs.py, and the configuration's
methods in test_document_config.py."""

import os
import re
import signal
import unittest
import xmlrpc.client

from reeve import SEAM, Case, Shared, alive, cat, reeve_only, until


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
        """Python code cannot be loaded: see reeve.conf(5). The daemon works without
        it."""
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
    """Status and Control: getState, shutdown, restart; the sequence of the states."""

    def life(self, patience):
        d, pid = self.stubborn(cat("off", autostart="false"), patience)
        return d, self.rpc(d).supervisor, pid

    def assertIgnores(self, d, s):
        """Calls are faults without effect. supervisord's document says "undefined"."""
        for method, args in ((s.getState, ()), (s.startProcess, ("off",)),
                             (s.getProcessInfo, ("stubborn",)), (s.readLog, (0, 0)),
                             (s.clearLog, ()), (s.shutdown, ()), (s.restart, ())):
            self.assertFault(6, "SHUTDOWN_STATE", method, *args)
        self.assertNotIn("spawned: 'off'", d.log())

    def test_getState_returns_statecode_and_statename(self):
        self.assertEqual({"statecode": 1, "statename": "RUNNING"},
                         self.rpc(self.daemon()).supervisor.getState())

    def test_shutdown_places_it_in_the_SHUTDOWN_state_where_calls_are_ignored(self):
        d, s, pid = self.life(20)
        self.assertIs(True, s.shutdown())
        self.assertIgnores(d, s)
        self.assertTrue(alive(pid))
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(0, d.wait_exit())

    def test_shutdown_kills_running_processes(self):
        d, s, pid = self.life(1)
        s.shutdown()
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(alive(pid))

    def test_restart_places_it_in_the_RESTARTING_state_where_calls_are_ignored(self):
        d, s, pid = self.life(20)
        self.assertIs(True, s.restart())
        self.assertIgnores(d, s)
        self.end_restart(d, pid)

    def test_restart_kills_processes_keeps_the_unix_process_and_resets_states(self):
        d, s, pid = self.life(1)
        s.startProcess("off")
        before = {i["name"]: i for i in s.getAllProcessInfo()}
        self.assertIs(True, s.restart())
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertFalse(alive(pid))
        self.assertFalse(alive(before["off"]["pid"]))
        self.assertEqual(d.pid, s.getPID())
        # It was neither started nor stopped by this loop.
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
            args = [{"string": "off", "int": 0, "boolean": True,
                     "array": ["off"]}[t] for t in types]
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
        """The document puts each result into an array of its own; supervisord does
        not."""
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
