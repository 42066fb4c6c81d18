"""The XML-RPC methods: results and their types, faults and their texts."""

import os
import signal
import subprocess
import sys
import threading
import unittest
import xmlrpc.client

from reeve import Case, program, reeve_only

SUPERVISOR = """addProcessGroup clearLog clearProcessLog clearProcessLogs getAPIVersion
    getAllConfigInfo getAllProcessInfo getIdentification getPID getProcessInfo getState
    getSupervisorVersion getVersion readLog readMainLog readProcessLog readProcessStderrLog
    readProcessStdoutLog reloadConfig removeProcessGroup restart sendProcessStdin
    sendRemoteCommEvent shutdown signalAllProcesses signalProcess signalProcessGroup
    startAllProcesses startProcess startProcessGroup stopAllProcesses stopProcess
    stopProcessGroup tailProcessLog tailProcessStderrLog tailProcessStdoutLog""".split()

SIGNATURES = {
    "supervisor.getAPIVersion": "string", "supervisor.getVersion": "string",
    "supervisor.getSupervisorVersion": "string", "supervisor.getIdentification": "string",
    "supervisor.getState": "struct", "supervisor.getPID": "int",
    "supervisor.readLog": "string int int", "supervisor.readMainLog": "string int int",
    "supervisor.clearLog": "boolean", "supervisor.shutdown": "boolean",
    "supervisor.restart": "boolean",
    "supervisor.startProcess": "boolean string boolean",
    "supervisor.stopProcess": "boolean string boolean",
    "supervisor.startProcessGroup": "array string boolean",
    "supervisor.stopProcessGroup": "array string boolean",
    "supervisor.startAllProcesses": "array boolean",
    "supervisor.stopAllProcesses": "array boolean",
    "supervisor.signalProcess": "boolean string string",
    "supervisor.signalProcessGroup": "array string string",
    "supervisor.signalAllProcesses": "array string",
    "supervisor.getAllProcessInfo": "array", "supervisor.getProcessInfo": "struct string",
    "supervisor.readProcessStdoutLog": "string string int int",
    "supervisor.readProcessLog": "string string int int",
    "supervisor.readProcessStderrLog": "string string int int",
    "supervisor.tailProcessStdoutLog": "array string int int",
    "supervisor.tailProcessLog": "array string int int",
    "supervisor.tailProcessStderrLog": "array string int int",
    "supervisor.clearProcessLogs": "boolean string",
    "supervisor.clearProcessLog": "boolean string",
    "supervisor.sendProcessStdin": "boolean string string",
    "supervisor.sendRemoteCommEvent": "boolean string string",
    "supervisor.reloadConfig": "array", "supervisor.getAllConfigInfo": "array",
    "supervisor.addProcessGroup": "boolean string",
    "supervisor.removeProcessGroup": "boolean string",
    "system.listMethods": "array", "system.methodHelp": "string string",
    "system.methodSignature": "array string", "system.multicall": "array array",
}


class Facts(Case):
    def setUp(self):
        self.d = self.daemon(program("cat", "/bin/cat", startsecs=0,
                                     stdout_logfile="{dir}/cat.log", stderr_logfile="NONE"),
                             supervisord={"identifier": "my name"})
        self.s = self.rpc(self.d)

    def test_getters(self):
        s = self.s.supervisor
        self.assertEqual("3.0", s.getAPIVersion())
        self.assertEqual("3.0", s.getVersion())
        self.assertEqual("4.2.5", s.getSupervisorVersion())
        self.assertEqual("my name", s.getIdentification())
        self.assertEqual({"statecode": 1, "statename": "RUNNING"}, s.getState())
        self.assertEqual(self.d.pid, s.getPID())

    def test_process_info(self):
        info = self.d.wait_state("cat", "RUNNING")
        self.assertEqual(["name", "group", "start", "stop", "now", "state", "statename",
                          "spawnerr", "exitstatus", "logfile", "stdout_logfile",
                          "stderr_logfile", "pid", "description"],
                         sorted(info, key=["name", "group", "start", "stop", "now", "state",
                                           "statename", "spawnerr", "exitstatus", "logfile",
                                           "stdout_logfile", "stderr_logfile", "pid",
                                           "description"].index))
        log = self.d.path("cat.log")
        self.assertEqual(("cat", "cat", 20, "", 0, log, log, "", 0), tuple(info[k] for k in (
            "name", "group", "state", "spawnerr", "exitstatus", "logfile", "stdout_logfile",
            "stderr_logfile", "stop")))
        self.assertLessEqual(info["start"], info["now"])
        self.assertEqual([info["pid"]],
                         [i["pid"] for i in self.s.supervisor.getAllProcessInfo()])

    def test_names(self):
        method = self.s.supervisor.getProcessInfo
        self.assertEqual("cat", method("cat:cat")["name"])
        for name in ("nope", "cat:*", "cat:", "cat:nope", "", ":", "cat:cat:cat"):
            with self.subTest(name):
                self.assertFault(10, "BAD_NAME: " + name, method, name)

    def test_unknown_methods(self):
        for name in ("nope", "supervisor.nope", "nope.getState", "supervisor.getState.x",
                     "supervisor._update", "supervisor.__init__", "supervisor.supervisord",
                     "system.nope", "supervisor", "", "."):
            with self.subTest(name):
                with self.assertRaises((xmlrpc.client.Fault, xmlrpc.client.ProtocolError)) \
                        as caught:
                    getattr(self.s, name)()
                if isinstance(caught.exception, xmlrpc.client.Fault):
                    self.assertEqual((1, "UNKNOWN_METHOD"), (caught.exception.faultCode,
                                                             caught.exception.faultString))
                else:
                    self.assertEqual("", name)

    def test_wrong_number_of_parameters(self):
        s = self.s
        for method, args in ((s.supervisor.getState, (1,)), (s.supervisor.getProcessInfo, ()),
                             (s.supervisor.startProcess, ()),
                             (s.supervisor.startProcess, ("cat", True, 1)),
                             (s.supervisor.readLog, (0,)), (s.system.listMethods, (1,)),
                             (s.supervisor.sendProcessStdin, ("cat",))):
            with self.subTest(method):
                self.assertFault(2, "INCORRECT_PARAMETERS", method, *args)

    @reeve_only
    def test_wrong_types(self):
        """supervisord answers with status 500."""
        s = self.s.supervisor
        for method, args in ((s.getProcessInfo, (1,)), (s.startProcess, (["cat"],)),
                             (s.stopProcess, ({"name": "cat"},)),
                             (s.readProcessStdoutLog, ("cat", "x", 0)),
                             (s.sendProcessStdin, ("cat", 5))):
            with self.subTest(args):
                with self.assertRaises(xmlrpc.client.Fault) as caught:
                    method(*args)
                self.assertEqual(2, caught.exception.faultCode)

    @reeve_only
    def test_gone_at_once(self):
        """With startsecs=0 the process is RUNNING first; supervisord's answer depends on
        timing."""
        d = self.daemon(program("z", "{child} exit 0", startsecs=0, autostart="false",
                                autorestart="false"))
        for _ in range(10):
            self.assertIs(True, self.rpc(d).supervisor.startProcess("z"))
            d.wait_state("z", "EXITED")

    @reeve_only
    def test_log_that_is_a_directory(self):
        """NO_FILE, as for everything that is not a regular file; supervisord has
        FAILED."""
        d = self.daemon(program("dir", "/bin/cat", autostart="false",
                                stdout_logfile="{dir}/child"))
        s = self.rpc(d).supervisor
        self.assertFault(20, "NO_FILE: " + d.path("child"),
                         s.readProcessStdoutLog, "dir", 0, 0)

    @reeve_only
    def test_name_outside_ascii(self):
        """supervisord announces the length in characters instead of bytes."""
        d = self.daemon(program("\u00fc", "/bin/cat", startsecs=0))
        d.wait_state("\u00fc", "RUNNING")
        [result] = self.rpc(d).supervisor.stopProcessGroup("\u00fc")
        self.assertEqual(("\u00fc", 80), (result["name"], result["status"]))

    def test_list_methods(self):
        offered = self.s.system.listMethods()
        self.assertEqual(sorted(offered), offered)
        wanted = {"supervisor." + name for name in SUPERVISOR}
        wanted |= {"system." + name for name in (
            "listMethods", "methodHelp", "methodSignature", "multicall")}
        self.assertEqual(set(), wanted - set(offered))

    def test_signatures(self):
        for name, wanted in SIGNATURES.items():
            with self.subTest(name):
                self.assertEqual(wanted.split(), self.s.system.methodSignature(name))
        self.assertFault(4, "SIGNATURE_UNSUPPORTED", self.s.system.methodSignature, "nope")

    def test_help(self):
        for name in self.s.system.listMethods():
            self.assertTrue(self.s.system.methodHelp(name).strip(), name)
        self.assertFault(4, "SIGNATURE_UNSUPPORTED", self.s.system.methodHelp, "nope")

    def test_over_tcp(self):
        s = self.rpc(self.d, "tcp")
        self.assertEqual(self.d.pid, s.supervisor.getPID())

    def test_truth_of_wait(self):
        """wait may be any value and is tested for truth; the text "false" is true."""
        s = self.s.supervisor
        self.d.wait_state("cat", "RUNNING")
        for value in (0, "", []):
            self.assertIs(True, s.stopProcess("cat", value))
            self.d.wait_state("cat", "STOPPED")
            self.assertIs(True, s.startProcess("cat", value))
        self.assertIs(True, s.stopProcess("cat", "false"))
        self.assertEqual("STOPPED", self.d.state("cat"))

    def test_raw_reply(self):
        self.s.supervisor.getState()
        self.assertEqual(
            b"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"
            b"<value><struct>\n<member>\n<name>statecode</name>\n<value><int>1</int></value>\n"
            b"</member>\n<member>\n<name>statename</name>\n"
            b"<value><string>RUNNING</string></value>\n</member>\n</struct></value>\n"
            b"</param>\n</params>\n</methodResponse>\n", self.s("transport").raw)
        with self.assertRaises(xmlrpc.client.Fault):
            self.s.supervisor.getProcessInfo("a<b>&")
        self.assertEqual(
            b"<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n"
            b"<name>faultCode</name>\n<value><int>10</int></value>\n</member>\n<member>\n"
            b"<name>faultString</name>\n<value><string>BAD_NAME: a&lt;b&gt;&amp;</string>"
            b"</value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n",
            self.s("transport").raw)


class Multicall(Case):
    def setUp(self):
        self.d = self.daemon(program("a", "{child} sleep 1000", autostart="false") +
                             program("b", "/bin/cat", startsecs=0, autostart="false"))
        self.multicall = self.rpc(self.d).system.multicall

    def call(self, *calls):
        return self.multicall([{"methodName": name, "params": list(args)}
                               for name, *args in calls])

    def test_bare_values(self):
        self.assertEqual(["3.0", {"statecode": 1, "statename": "RUNNING"}, self.d.pid],
                         self.call(["supervisor.getVersion"], ["supervisor.getState"],
                                   ["supervisor.getPID"]))
        self.assertEqual([], self.multicall([]))
        self.assertEqual(["3.0"], self.multicall([{"methodName": "supervisor.getVersion"}]))

    def test_faults_inside(self):
        self.assertEqual([
            {"faultCode": 10, "faultString": "BAD_NAME: nope"},
            "3.0",
            {"faultCode": 1, "faultString": "UNKNOWN_METHOD"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS: No methodName"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS: Recursive "
             "system.multicall forbidden"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
        ], self.multicall([
            {"methodName": "supervisor.getProcessInfo", "params": ["nope"]},
            {"methodName": "supervisor.getVersion", "params": []},
            {"methodName": "supervisor.nope", "params": []},
            {"params": []},
            {"methodName": "system.multicall", "params": [[]]},
            {"methodName": "supervisor.getVersion", "params": [1]},
        ]))

    def test_one_after_another(self):
        """A call that waits ends before the next one begins."""
        answer = self.call(["supervisor.startProcess", "a"],
                           ["supervisor.getProcessInfo", "a"],
                           ["supervisor.startProcess", "b"],
                           ["supervisor.stopProcess", "a"],
                           ["supervisor.getProcessInfo", "a"],
                           ["supervisor.startProcess", "nope"])
        self.assertEqual([True, "RUNNING", True, True, "STOPPED", 10],
                         [r if r is True else r.get("statename", r.get("faultCode"))
                          for r in answer])

    def test_not_a_list(self):
        for value in (1, {"methodName": "supervisor.getVersion"}):
            self.assertFault(2, "INCORRECT_PARAMETERS", self.multicall, value)

    @reeve_only
    def test_elements_that_are_no_structs(self):
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            answer = self.multicall([1, "x"])
            raise xmlrpc.client.Fault(answer[0]["faultCode"], answer[0]["faultString"])
        self.assertEqual(2, caught.exception.faultCode)


class Ending(Case):
    """During a shutdown or restart only system.* works."""

    def check(self, d, s):
        for method, args in ((s.supervisor.getState, ()), (s.supervisor.getVersion, ()),
                             (s.supervisor.getProcessInfo, ("stubborn",)),
                             (s.supervisor.getProcessInfo, ("nope",)),
                             (s.supervisor.startProcess, ("stubborn",)),
                             (s.supervisor.stopAllProcesses, ()),
                             (s.supervisor.readLog, (0, 0)),
                             (s.supervisor.shutdown, ()), (s.supervisor.restart, ())):
            with self.subTest(method):
                self.assertFault(6, "SHUTDOWN_STATE", method, *args)
        self.assertIn("supervisor.getState", s.system.listMethods())
        self.assertEqual(["string"], s.system.methodSignature("supervisor.getVersion"))

    def test_shutdown(self):
        d, pid = self.stubborn()
        s = self.rpc(d)
        self.assertIs(True, s.supervisor.shutdown())
        self.check(d, s)
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(0, d.wait_exit())

    def test_restart(self):
        d, pid = self.stubborn()
        s = self.rpc(d)
        self.assertIs(True, s.supervisor.restart())
        self.check(d, s)
        self.end_restart(d, pid)

    @reeve_only
    def test_parked_call_is_answered(self):
        """A stop that waits does not fail because of a shutdown; supervisord may exit
        first."""
        d, pid = self.stubborn()
        answers = []
        parked = self.rpc(d)
        thread = threading.Thread(target=lambda: answers.append(
            parked.supervisor.stopProcess("stubborn")))
        thread.start()
        d.wait_state("stubborn", "STOPPING")
        self.rpc(d).supervisor.shutdown()
        os.kill(pid, signal.SIGKILL)
        thread.join()
        self.assertEqual([True], answers)
        self.assertEqual(0, d.wait_exit())


class Interface(Case):
    def test_without_the_supervisor_interface(self):
        d = self.daemon(interface=False)
        s = self.rpc(d)
        self.assertFault(1, "UNKNOWN_METHOD", s.supervisor.getState)
        self.assertEqual(["system.listMethods", "system.methodHelp", "system.methodSignature",
                          "system.multicall"], s.system.listMethods())


@reeve_only
class Roles(Case):
    def test_this_machine_may_do_everything(self):
        d = self.daemon(program("a", "/bin/cat", startsecs=0))
        d.wait_state("a", "RUNNING")
        self.assertIs(True, self.rpc(d, "tcp").supervisor.stopProcess("a"))

    def test_unauthenticated_role(self):
        d = self.daemon(program("a", "/bin/cat", startsecs=0, stdout_logfile="{dir}/a.log"),
                        tcp={"unauthenticated_role": "states"},
                        unix={"unauthenticated_role": "operate"})
        d.wait_state("a", "RUNNING")
        tcp, local = self.rpc(d, "tcp"), self.rpc(d)
        self.assertEqual("RUNNING", tcp.supervisor.getProcessInfo("a")["statename"])
        for method, args in ((tcp.supervisor.stopProcess, ("a",)),
                             (tcp.supervisor.readProcessStdoutLog, ("a", 0, 0)),
                             (tcp.supervisor.readLog, (0, 0)),
                             (tcp.supervisor.shutdown, ()),
                             (local.supervisor.shutdown, ()),
                             (local.supervisor.restart, ())):
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                method(*args)
            self.assertEqual(8, caught.exception.faultCode)
            self.assertTrue(caught.exception.faultString.startswith("NOT_PERMITTED: "))
        self.assertEqual("", local.supervisor.readProcessStdoutLog("a", 0, 0))
        self.assertIs(True, local.supervisor.stopProcess("a"))
        [answer] = tcp.system.multicall([{"methodName": "supervisor.shutdown"}])
        self.assertEqual(8, answer["faultCode"])

    def test_client_on_another_machine(self):
        """A client on another machine may only read, unless the listener allows more. A
        network namespace with an address of its own replaces the other machine."""
        try:
            ended = subprocess.run(["unshare", "-n", sys.executable, "-c", OTHER_MACHINE],
                                   capture_output=True, text=True, timeout=60,
                                   cwd=os.path.dirname(os.path.abspath(__file__)))
        except FileNotFoundError:
            self.skipTest("no unshare")
        if ended.returncode == 77 or "unshare" in ended.stderr.partition(":")[0]:
            self.skipTest("no network namespace: " + ended.stderr.strip()[-200:])
        self.assertEqual((0, ""), (ended.returncode, ended.stderr))


OTHER_MACHINE = r"""
import subprocess, sys, xmlrpc.client
import reeve
for words in (["link", "set", "lo", "up"], ["addr", "add", "192.0.2.1/32", "dev", "lo"]):
    try:
        if subprocess.run(["ip", *words]).returncode != 0:
            sys.exit(77)
    except FileNotFoundError:
        sys.exit(77)

def check(options, allowed):
    d = reeve.Daemon(reeve.program("a", "/bin/cat", startsecs=0),
                     tcp={"port": "192.0.2.1:9001", **options})
    try:
        d.start()
        d.wait_state("a", "RUNNING")
        s = xmlrpc.client.ServerProxy("http://192.0.2.1:9001/RPC2")
        assert s.supervisor.getProcessInfo("a")["statename"] == "RUNNING"
        codes = []
        for method, args in ((s.supervisor.readLog, (0, 1)), (s.supervisor.stopProcess, ("a",)),
                             (s.supervisor.shutdown, ())):
            try:
                method(*args)
                codes.append(0)
            except xmlrpc.client.Fault as f:
                codes.append(f.faultCode)
        assert codes == allowed, codes
        if "unauthenticated_role" not in options:
            lines = [m for m in d.messages() if "unauthenticated_role" in m]
            assert len(lines) == 1 and lines[0].startswith("WARN "), lines
        s("close")()
    finally:
        d.destroy()

for options, allowed in (({}, [8, 8, 8]), ({"unauthenticated_role": "view"}, [0, 8, 8]),
                         ({"unauthenticated_role": "operate"}, [0, 0, 8])):
    check(options, allowed)
"""


if __name__ == "__main__":
    unittest.main()
