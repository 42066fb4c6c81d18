"""Namespaces served by programs: [rpcinterface:NAME] with command= (reeve-rpcinterface(7))."""

import json
import os
import re
import signal
import unittest
import xmlrpc.client

from reeve import Case, program, read, reeve_only, until

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PYTHON = "/usr/bin/python3"

# A program with the description and the answers of its test.
SERVER = '''
import json, os, socket, sys, time
front_end = socket.socket(fileno=3).makefile("rw", encoding="utf-8", newline="\\n")
plan = json.load(open(sys.argv[1]))
for line in front_end:
    request = json.loads(line)
    if request["method"] == "describe":
        with open(sys.argv[1] + ".options", "w") as f:
            json.dump(request["params"], f)
        answer = {"result": {"methods": plan["methods"]}}
    else:
        answer = plan["answers"][request["params"]["method"]]
        if answer == "echo":
            answer = {"result": request["params"]["params"][0]}
        if answer == "die":
            os._exit(1)
        if answer == "nothing":
            continue
    if isinstance(answer, dict):
        answer = json.dumps(dict(answer, jsonrpc="2.0", id=request["id"]))
    front_end.write(answer + "\\n")
    front_end.flush()
'''


def method(name, *signature, **more):
    return {"name": name, "signature": list(signature), **more}


class Served(Case):
    def begin(self, methods, answers=None, unix=None, supervisord=None, **options):
        self.d = self.make(unix=unix)
        with open(self.d.path("server.py"), "w", encoding="utf-8") as f:
            f.write(SERVER)
        self.plan(methods, answers or {})
        self.d.configure(program("x", "%s {dir}/server.py {dir}/plan" % PYTHON,
                                 section="rpcinterface", startsecs=0,
                                 stderr_logfile="{dir}/x.err", **options),
                         supervisord=supervisord)
        self.d.start()
        self.addCleanup(self.finish, self.d)
        self.s = self.rpc(self.d)

    def plan(self, methods, answers):
        with open(self.d.path("plan"), "w", encoding="utf-8") as f:
            json.dump({"methods": methods, "answers": answers}, f)

    def await_log(self, text):
        until(lambda: text in self.d.log(), what="%r in %s" % (text, self.d.log()))

    def await_service(self, count):
        self.await_log("rpcinterface x serves %d methods" % count)


@reeve_only
class Calls(Served):
    TYPES = {"aString": ("string", "t\u00e9xt"), "anInt": ("int", 5), "aBoolean":
             ("boolean", True), "aDouble": ("double", 1.5), "anArray": ("array", [1, "b", []]),
             "aStruct": ("struct", {"k": [1, {"n": "v"}]})}

    def test_types_go_there_and_back(self):
        self.begin([method(name, kind, kind) for name, (kind, _) in self.TYPES.items()],
                   dict.fromkeys(self.TYPES, "echo"))
        self.await_service(6)
        for name, (_, value) in self.TYPES.items():
            self.assertEqual(value, getattr(self.s.x, name)(value))

    def test_faults_are_the_program_s(self):
        self.begin([method("f", "int")], {"f": {"error": {"code": 1234, "message": "MINE: a"}}})
        self.await_service(1)
        self.assertFault(1234, "MINE: a", self.s.x.f)

    def test_introspection_and_multicall(self):
        self.begin([method("get", "string", "string", "int", optional=1, help="Fetch it.")],
                   {"get": "echo"})
        self.await_service(1)
        names = self.s.system.listMethods()
        self.assertIn("x.get", names)
        self.assertEqual(sorted(names), names)
        self.assertEqual(["string", "string", "int"], self.s.system.methodSignature("x.get"))
        self.assertTrue(self.s.system.methodHelp("x.get").startswith("Fetch it.\n"))
        self.assertFault(4, "SIGNATURE_UNSUPPORTED", self.s.system.methodHelp, "x.set")
        self.assertEqual(["a", self.d.pid, "b"], self.s.system.multicall([
            {"methodName": "x.get", "params": ["a"]}, {"methodName": "supervisor.getPID"},
            {"methodName": "x.get", "params": ["b", 7]}]))

    def test_number_of_parameters(self):
        self.begin([method("get", "string", "string", "int", optional=1)], {"get": "echo"})
        self.await_service(1)
        for arguments in ((), ("a", 1, 2)):
            self.assertFault(2, "INCORRECT_PARAMETERS", self.s.x.get, *arguments)
        self.assertFault(1, "UNKNOWN_METHOD", self.s.x.nope)

    def test_options_are_handed_over(self):
        self.begin([], color="blue", where="%(here)s")
        self.await_service(0)
        self.assertEqual({"namespace": "x", "options": {"color": "blue", "where": self.d.dir}},
                         json.loads(read(self.d.path("plan.options"))))

    def test_it_is_a_process_like_others(self):
        self.begin([method("f", "string", "string")], {"f": "echo"})
        self.await_service(1)
        name = "rpcinterface.x:x"
        self.assertEqual("RUNNING", self.d.state(name))
        self.s.supervisor.stopProcess(name)
        self.assertFault(30, "FAILED: rpcinterface x is not running", self.s.x.f, "a")
        self.assertIn("x.f", self.s.system.listMethods())
        self.s.supervisor.startProcess(name)
        until(lambda: self.answers("a"), what="an answer")

    def answers(self, text):
        try:
            return self.s.x.f(text) == text
        except xmlrpc.client.Fault:
            return False

    def test_a_new_front_end_gets_a_new_program(self):
        self.begin([method("f", "string", "string")], {"f": "echo"})
        self.await_service(1)
        before = self.d.info("rpcinterface.x:x")["pid"]
        os.kill(self.d.front_end(), signal.SIGKILL)
        self.s = self.rpc(self.d)
        until(lambda: self.connects() and self.answers("a"), what="an answer")
        self.assertNotEqual(before, self.d.info("rpcinterface.x:x")["pid"])

    def connects(self):
        try:
            return self.s.supervisor.getState()
        except OSError:
            return False

    def test_a_new_program_describes_itself_anew(self):
        self.begin([method("f", "string", "string")], {"f": "echo"})
        self.await_service(1)
        self.plan([method("g", "string", "string"), method("h", "int")], {"g": "echo"})
        self.s.supervisor.stopProcess("rpcinterface.x:x")
        self.s.supervisor.startProcess("rpcinterface.x:x")
        self.await_service(2)
        self.assertEqual("a", self.s.x.g("a"))
        self.assertFault(1, "UNKNOWN_METHOD", self.s.x.f, "a")


@reeve_only
class Rude(Served):
    """A failure affects its own namespace only."""

    def refused(self, methods, why):
        self.begin(methods)
        self.await_log("rpcinterface x is not served: " + why)
        self.assertEqual([], [m for m in self.s.system.listMethods() if m.startswith("x.")])

    def test_a_name_in_another_namespace(self):
        self.refused([method("supervisor.stop", "int")],
                     "the name of a method is not made of letters, digits and _: 'supervisor.stop'")

    def test_a_name_twice(self):
        self.refused([method("f", "int"), method("f", "int")], "x.f is described twice")

    def test_an_unknown_type(self):
        self.refused([method("f", "integer")],
                     "the signature of a method is not a list of types: 'f'")

    def test_a_role_that_is_none(self):
        self.refused([method("f", "int", role="root")],
                     "the role of a method is not states, view, operate or admin: 'f'")

    def test_too_many_methods(self):
        self.refused([method("f%d" % i, "int") for i in range(300)],
                     "its methods are not an array of at most 256")

    def test_wrong_types_and_nonsense(self):
        self.begin([method(n, "int") for n in "abcde"], {
            "a": {"result": "text"}, "b": {"result": None}, "c": "this is no JSON"})
        self.await_service(5)
        for name in "ab":
            text = "x.%s returned a value of another type than its signature" % name
            self.assertFault(30, "FAILED: " + text, getattr(self.s.x, name))
            self.await_log("WARN reeve-rpcd: " + text)
        self.assertFault(30, "FAILED: rpcinterface x is not running", self.s.x.c)
        self.await_log("rpcinterface x broke the protocol")
        self.assertEqual("RUNNING", self.s.supervisor.getState()["statename"])

    def test_exit_during_a_call(self):
        self.begin([method("f", "int")], {"f": "die"})
        self.await_service(1)
        self.assertFault(30, "FAILED: rpcinterface x is not running", self.s.x.f)

    def test_it_never_answers(self):
        self.begin([method("f", "int"), method("g", "string", "string")],
                   {"f": "nothing", "g": "echo"})
        self.await_service(2)
        self.assertFault(30, "FAILED: rpcinterface x did not answer in time", self.s.x.f)
        self.assertEqual("a", self.s.x.g("a"))

    def test_a_caller_that_has_left(self):
        self.begin([method("f", "int"), method("g", "string", "string")],
                   {"f": "nothing", "g": "echo"})
        self.await_service(2)
        body = xmlrpc.client.dumps((), "x.f")
        for _ in range(5):
            with self.d.connect() as s:
                s.sendall(("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
                    len(body), body)).encode())
        self.assertEqual("a", self.s.x.g("a"))


@reeve_only
class Audit(Served):
    """The master does not carry out these calls: reeve-rpcd reports them."""

    def records(self, count):
        until(lambda: read(self.d.path("audit.log"), b"").count(b"\n") >= count)
        return [json.loads(line) for line in read(self.d.path("audit.log")).splitlines()]

    def test_changes_are_recorded(self):
        self.begin([method("put", "string", "name:string", "string"),
                    method("get", "string", "name:string", role="view"),
                    method("fail", "int", "string")],
                   {"put": "echo", "get": "echo", "fail": {"error": {"code": 10,
                                                                     "message": "BAD_NAME"}}},
                   supervisord={"audit_log": "audit.log"})
        self.await_service(3)
        self.s.x.put("k\u00e9y", "swordfish")
        self.s.x.get("key")
        self.assertFault(10, "BAD_NAME", self.s.x.fail, "swordfish")
        self.s.system.multicall([{"methodName": "x.put", "params": ["a", "b"]}] * 200)
        records = self.records(202)
        self.assertEqual(202, len(records))
        self.assertRegex(records[0].pop("from"), r"uid %d pid \d+" % os.geteuid())
        del records[0]["time"]
        self.assertEqual({"listener": "unix_http_server", "max_role": "admin", "claimed": True,
                          "method": "x.put", "target": "k\u00e9y", "result": "ok"}, records[0])
        self.assertEqual(("x.fail", "BAD_NAME"),
                         (records[1]["method"], records[1]["result"]))
        self.assertNotIn("target", records[1])
        self.assertEqual({("x.put", "a", "ok")}, {(r["method"], r["target"], r["result"])
                                                  for r in records[2:]})
        self.assertNotIn(b"swordfish", read(self.d.path("audit.log")))
        self.assertNotIn("refused", self.d.log())

    def test_exit_during_a_call(self):
        self.begin([method("f", "int")], {"f": "die"}, supervisord={"audit_log": "audit.log"})
        self.await_service(1)
        self.assertFault(30, "FAILED: rpcinterface x is not running", self.s.x.f)
        self.assertEqual(["unknown"], [r["result"] for r in self.records(1)])

    def test_names_of_parameters(self):
        self.begin([method("f", "string", "name:string")], {"f": "echo"})
        self.await_service(1)
        self.assertEqual(["string", "string"], self.s.system.methodSignature("x.f"))
        self.assertIn("name", self.s.system.methodHelp("x.f"))


@reeve_only
class Roles(Served):
    def test_client_without_the_role(self):
        self.begin([method("f", "string", "string"), method("g", "string", "string",
                                                            role="states")],
                   {"f": "echo", "g": "echo"}, unix={"unauthenticated_role": "states"})
        self.await_service(2)
        s = self.s
        self.assertFault(8, "NOT_PERMITTED: x.f needs role operate", s.x.f, "a")
        self.assertEqual("a", s.x.g("a"))

    ASKS = ("import json, socket, sys\n"
            "master = socket.socket(fileno=4).makefile('rw', newline='\\n')\n"
            "for i, m in enumerate(('hello', 'process.stop'), 1):\n"
            "    params = {'protocol': 1, 'program': 'x', 'name': 'p'}\n"
            "    print(json.dumps({'jsonrpc': '2.0', 'id': i, 'method': m, 'params': params}),\n"
            "          file=master, flush=True)\n"
            "    print(master.readline(), file=sys.stderr, flush=True)\n"
            "sys.stdin.read()\n")

    def asks(self, **options):
        self.d = self.make()
        with open(self.d.path("asks.py"), "w", encoding="utf-8") as f:
            f.write(self.ASKS)
        self.d.configure(program("x", PYTHON + " {dir}/asks.py", section="rpcinterface",
                                 startsecs=0, stderr_logfile="{dir}/x.err", **options) +
                         program("p", "/bin/sleep 1000", startsecs=0))
        self.d.start()
        self.addCleanup(self.finish, self.d)
        return until(lambda: (lambda t: t if t.count(b"\n\n") >= 2 else None)(
            read(self.d.path("x.err"), b"")), what="two answers").decode()

    def test_of_the_program_are_states_unless_given(self):
        self.assertIn("NOT_PERMITTED: process.stop needs role operate", self.asks())

    def test_of_the_program_are_checked_by_the_master(self):
        answer = self.asks(role="operate")
        self.assertNotIn("NOT_PERMITTED", answer)
        self.d.wait_state("p", "STOPPED")


@reeve_only
class Examples(Case):
    """The program in the manual, and the larger one in the sources."""

    def served(self, command, programs="", **options):
        self.d = self.make()
        self.d.configure(program("x", command(self.d), section="rpcinterface", startsecs=0,
                                 stderr_logfile="{dir}/x.err", **options) + programs)
        self.d.start()
        self.addCleanup(self.finish, self.d)
        until(lambda: "rpcinterface x serves" in self.d.log(), what="the methods; %s" %
              read(self.d.path("x.err"), b""))
        return self.rpc(self.d)

    def manual(self, d):
        with open(os.path.join(ROOT, "man", "reeve-rpcinterface.7"), encoding="utf-8") as f:
            text = re.search(r"\.Bd -literal\n(#!.*?)\n\.Ed", f.read(), re.S)[1]
        with open(d.path("manual.py"), "w", encoding="utf-8") as f:
            f.write(text)
        return PYTHON + " {dir}/manual.py"

    def test_manual(self):
        s = self.served(self.manual)
        self.assertIs(True, s.x.put("k", "v\u00e9"))
        self.assertEqual("v\u00e9", s.x.get("k"))
        self.assertFault(10, "BAD_NAME: n", s.x.get, "n")

    def extras(self, d):
        os.mkdir(d.path("programs"))
        return "%s %s" % (PYTHON, os.path.join(ROOT, "rpcd", "example", "extras"))

    def test_store(self):
        s = self.served(self.extras)
        self.assertEqual([True, True], [s.x.put("b", "1"), s.x.put("a", "2")])
        self.assertEqual(["a", "b"], s.x.keys())
        self.assertEqual("2", s.x.get("a"))
        self.assertIs(True, s.x.delete("a"))
        self.assertFault(10, "BAD_NAME: a", s.x.get, "a")
        self.assertIs(True, s.x.put("c", "x" * 600000))
        self.assertFault(30, "FAILED: the store is full", s.x.put, "d", "x" * 600000)
        self.assertIs(True, s.x.clear())
        self.assertEqual([], s.x.keys())
        self.assertFault(30, "FAILED: directory_of_programs is not set", s.x.removeProgram, "p")

    def test_programs_come_and_go(self):
        s = self.served(self.extras, "[include]\nfiles=programs/*.conf\n", role="admin",
                        directory_of_programs="%(here)s/programs")
        self.assertIs(True, s.x.addProgram("p", {"command": "/bin/sleep 1000", "startsecs": 0}))
        self.d.wait_state("p", "RUNNING")
        self.assertFault(90, "ALREADY_ADDED: p", s.x.addProgram, "p", {})
        self.assertFault(3, "BAD_ARGUMENTS: command", s.x.addProgram, "q",
                         {"command": "a\n[program:evil]"})
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            s.x.addProgram("q", {"startsecs": "soon"})
        self.assertEqual(92, caught.exception.faultCode)
        self.assertFault(91, "STILL_RUNNING: p", s.x.removeProgram, "p")
        s.supervisor.stopProcess("p")
        self.assertIs(True, s.x.removeProgram("p"))
        self.assertEqual(["x"], [i["name"] for i in s.supervisor.getAllProcessInfo()])
        self.assertEqual([], os.listdir(self.d.path("programs")))


if __name__ == "__main__":
    unittest.main()
