"""Programs of [rpcinterface:NAME] that violate the protocol: each affects only its own
namespace."""

import json
import os
import shutil
import signal
import tempfile
import unittest

from reeve import SEAM, Case, alive, program, read, reeve_only, until

PYTHON = "/usr/bin/python3"

# The common beginning of the programs.
BASE = '''
import json, os, signal, socket, sys, time
s3, s4 = socket.socket(fileno=3), socket.socket(fileno=4)
f3, f4 = (s.makefile("rw", encoding="utf-8", newline="\\n") for s in (s3, s4))
def send(f, **message):
    print(json.dumps(dict(message, jsonrpc="2.0")), file=f, flush=True)
def take(f):
    line = f.readline()
    return json.loads(line) if line else sys.exit(0)
def describe(*methods):
    send(f3, id=take(f3)["id"], result={"methods": methods})
def method(name, *signature, **more):
    return dict(more, name=name, signature=signature)
def serve(result):
    while True:
        send(f3, id=take(f3)["id"], result=result)
def first():
    path = sys.argv[0] + ".first"
    return not os.path.exists(path) and not open(path, "w").close()
'''
NAME = "rpcinterface.x:x"


class Rude(Case):
    def begin(self, text, build=None, wrapper=(), script="{dir}/x.py", **options):
        self.d = self.make(build=build)
        command = self.d.command
        self.d.command = lambda *options: [*wrapper, *command(*options)]
        with open(self.d.path("x.py"), "w", encoding="utf-8") as f:
            f.write(BASE + text)
        self.section = program("x", "%s %s" % (PYTHON, script), section="rpcinterface",
                               **{"startsecs": 0, "stderr_logfile": "{dir}/x.err", **options})
        self.d.configure(self.section)
        self.d.start()
        self.addCleanup(self.finish, self.d)
        self.s = self.rpc(self.d)

    def await_service(self, count=1):
        self.d.wait_log("rpcinterface x serves", count=count)

    def listed(self):
        return [name for name in self.s.system.listMethods() if name.startswith("x.")]


@reeve_only
class Conversation(Rude):
    """The descriptor is 3."""

    def test_a_call_before_the_description(self):
        # The second program gets the call of a client that knows the methods of the
        # first.
        self.begin("""
if first():
    describe(method("f", "int"))
    serve(1)
asked = take(f3)
while not os.path.exists(sys.argv[0] + ".asked"):
    time.sleep(0.01)
send(f3, id=asked["id"], result={"methods": [method("f", "int")]})
serve(2)
""")
        self.await_service()
        self.assertEqual(1, self.s.x.f())
        self.s.supervisor.stopProcess(NAME)
        self.s.supervisor.startProcess(NAME)
        self.assertFault(30, "FAILED: rpcinterface x has not described its methods yet",
                         self.s.x.f)
        os.mkdir(self.d.path("x.py.asked"))
        self.await_service(2)
        front_end = self.d.front_end()
        self.assertEqual([2, 2, 2], [self.s.x.f() for _ in range(3)])
        self.assertEqual(front_end, self.d.front_end())



@reeve_only
class Life(Rude):
    """The start and end of the program, whatever processes have its sockets."""

    # A child that has inherited both sockets reports their state.
    HOLDER = """
describe(method("f", "int"))
send(f4, id=1, method="hello", params={"protocol": 1, "program": "reeve-rpcd"})
take(f4)
if os.fork() == 0:
    os.setsid()
    signal.alarm(60)
    with open(sys.argv[0] + ".held", "w", buffering=1) as f:
        print("held", file=f)
        print("closed", s3.recv(1), s4.recv(1), file=f)
    os._exit(0)
signal.pause()
"""

    def test_sockets_that_a_grandchild_holds_are_closed(self):
        self.begin(self.HOLDER, role="admin")
        self.await_service()
        held = lambda: read(self.d.path("x.py.held"), b"")
        until(lambda: b"held" in held(), what="the grandchild")
        self.s.supervisor.stopProcess(NAME)
        until(lambda: b"closed b'' b''" in held(), what="the end of the sockets")
        self.assertFault(30, "FAILED: rpcinterface x is not running", self.s.x.f)

    def test_many_programs_leave_nothing_behind(self):
        self.begin(self.HOLDER)
        self.await_service()
        open_files = lambda: len(os.listdir("/proc/%d/fd" % self.d.pid))
        before = open_files()
        for _ in range(5):
            self.s.supervisor.stopProcess(NAME)
            self.s.supervisor.startProcess(NAME)
        until(lambda: open_files() <= before, what="as many open files as before")

    def test_a_section_that_is_removed_takes_its_methods_along(self):
        self.begin("describe(method('f', 'int'))\nserve(1)\n")
        self.await_service()
        self.assertEqual(["x.f"], self.listed())
        self.d.configure()
        self.assertIn("rpcinterface.x: removed process group",
                      self.d.supervisorctl("update").stdout)
        self.assertEqual([], self.listed())
        self.assertFault(1, "UNKNOWN_METHOD", self.s.x.f)
        self.d.configure(self.section)
        self.d.supervisorctl("update")
        self.await_service(2)
        self.assertEqual(1, self.s.x.f())

    def test_it_removes_its_own_group_when_it_cannot_be_killed(self):
        # Root without CAP_KILL cannot signal another user's process: its state is
        # UNKNOWN, and its group can be removed while it runs and makes calls.
        if os.geteuid() != 0 or shutil.which("setpriv") is None:
            self.skipTest("needs root and setpriv")
        where = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, where)
        script, answers = where + "/x.py", where + "/x.py.answers"
        text = (BASE + """
describe(method("f", "int"))
send(f4, id=1, method="hello", params={"protocol": 1, "program": "x"})
send(f4, id=2, method="process.stop", params={"name": "rpcinterface.x:x"})
# In one write: the first line makes the master close the socket.
f4.write("".join(json.dumps({"jsonrpc": "2.0", "id": number, "method": "group.remove",
                             "params": {"name": "rpcinterface.x"}}) + "\\n"
                 for number in range(3, 9)))
f4.flush()
with open(sys.argv[0] + ".answers", "w", buffering=1) as f:
    for number in range(1, 9):
        print(json.dumps(take(f4)), file=f)
""")
        with open(script, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(where, 0o777)
        os.chmod(script, 0o644)
        self.begin("", wrapper=["setpriv", "--bounding-set=-kill"], user="nobody",
                   role="admin", autorestart="false", script=script)
        seen = lambda: read(answers, b"").decode()
        until(lambda: '"id": 3' in seen(), what="the answer to group.remove; " + seen())
        removed = json.loads(seen().splitlines()[2])
        self.assertEqual((3, None), (removed["id"], removed.get("result", "none")))
        self.assertEqual([], [one["name"] for one in self.s.supervisor.getAllProcessInfo()])
        self.assertEqual([], self.listed())

    def test_the_daemon_s_log_names_it(self):
        self.begin("describe(method('f', 'int'))\n"
                   "send(f4, id=1, method='hello', params={'protocol': 1, 'program': 'root'})\n"
                   "take(f4)\ns4.sendall(b'nonsense\\n')\nserve(1)\n")
        self.d.wait_log("WARN rpcinterface x broke the protocol and was disconnected")
        self.assertEqual(1, self.s.x.f())

    def test_what_is_the_front_end_s_is_not_its(self):
        self.begin("""
describe(method("f", "array"))
texts = []
for i, asked in enumerate(("hello", "ready", "daemon.answered", "interface.open"), 1):
    send(f4, id=i, method=asked, params={"protocol": 1, "program": "reeve-rpcd"})
    texts.append(take(f4).get("error", {}).get("message", ""))
serve(texts)
""", role="admin")
        self.await_service()
        self.assertEqual(["", "NOT_PERMITTED: only reeve-rpcd may call ready",
                          "NOT_PERMITTED: only reeve-rpcd may call daemon.answered",
                          "UNKNOWN_METHOD"], self.s.x.f())

    def kill_front_end(self):
        self.await_service()
        before = self.d.info(NAME)["pid"]
        os.kill(self.d.front_end(), signal.SIGKILL)
        self.await_service(2)
        self.s = self.rpc(self.d)
        self.assertNotEqual(before, self.d.info(NAME)["pid"])
        self.assertEqual(1, self.s.x.f())

    def stays_stopped(self, stop, *arguments):
        self.begin("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                   "describe(method('f', 'int'))\nwhile True: time.sleep(1000)\n",
                   stopwaitsecs=1000)
        self.await_service()
        pid = self.d.info(NAME)["pid"]
        os.kill(self.d.front_end(), signal.SIGKILL)
        self.d.wait_log("is restarted for a new")
        until(self.d.serving, what="the new front end")
        with self.d.rpc() as s:
            self.assertIn(getattr(s.supervisor, stop)(*arguments, False), (True, []))
        os.kill(pid, signal.SIGKILL)
        self.d.wait_state(NAME, "STOPPED")
        self.assertEqual(1, self.d.log().count("spawned: 'x'"))

    def test_it_is_stopped_while_it_is_renewed(self):
        self.stays_stopped("stopProcess", NAME)

    def test_its_group_is_stopped_while_it_is_renewed(self):
        self.stays_stopped("stopProcessGroup", "rpcinterface.x")

    def test_in_fatal_it_is_left_alone(self):
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no build with the seam in " + SEAM)
        self.begin("describe(method('f', 'int'))\nsignal.pause()\n", build=SEAM)
        self.await_service()
        before, front_end = self.d.info(NAME)["pid"], self.d.front_end()
        self.control(self.d).call("daemon.break")
        os.kill(front_end, signal.SIGKILL)
        until(lambda: self.d.front_end() not in (None, front_end), what="a new front end")
        until(self.d.serving, what="the new front end to serve")
        self.assertTrue(alive(before))
        self.assertNotIn("is restarted for a new", self.d.log())

    def test_a_new_front_end_when_it_is_not_restarted(self):
        self.begin("describe(method('f', 'int'))\nserve(1)\n", autorestart="false")
        self.kill_front_end()

    def test_it_may_be_reaped_before_the_front_end(self):
        """Both ends are processed when they are found at the same time."""
        self.begin("describe(method('f', 'int'))\nserve(1)\n", autorestart="false")
        self.await_service()
        before = self.d.info(NAME)["pid"]
        front_end = self.d.front_end()
        os.kill(self.d.pid, signal.SIGSTOP)
        try:
            os.kill(front_end, signal.SIGKILL)
            until(lambda: not alive(before), what="the end of the program")
        finally:
            os.kill(self.d.pid, signal.SIGCONT)
        self.await_service(2)

    def test_its_own_end_is_no_renewal(self):
        self.begin("describe(method('f', 'int'))\nsend(f3, id=take(f3)['id'], result=1)\n",
                   autorestart="false")
        self.await_service()
        self.assertEqual(1, self.s.x.f())
        self.d.wait_state(NAME, "EXITED")
        front_end = self.d.front_end()
        os.kill(front_end, signal.SIGKILL)
        until(lambda: self.d.front_end() not in (None, front_end), what="a new front end")
        until(self.d.serving, what="the new front end to serve")
        self.assertEqual("EXITED", self.d.info(NAME)["statename"])
        self.assertNotIn("is restarted for a new", self.d.log())

    def test_a_new_front_end_while_it_is_starting(self):
        self.begin("describe(method('f', 'int'))\nserve(1)\n", startsecs=60, startretries=0)
        self.kill_front_end()

    def test_a_new_front_end_when_it_will_not_go(self):
        self.begin("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                   "describe(method('f', 'int'))\nserve(1)\ntime.sleep(1000)\n",
                   stopwaitsecs=1)
        self.kill_front_end()


@reeve_only
class Options(Case):
    """A text for a program must fit into one message."""

    def test_too_long(self):
        d = self.make(program("x", "/bin/cat", section="rpcinterface", color="x" * 70000))
        done = d.run("-n")
        self.assertEqual(2, done.returncode)
        self.assertRegex(done.stderr, r"^Error: %s:\d+: \[rpcinterface:x\] has more than 65536 "
                         "bytes of options for its program\n" % d.conf)

    def test_the_longest(self):
        text = "x" * (65536 - len("color"))
        d = self.make()
        with open(d.path("x.py"), "w", encoding="utf-8") as f:
            f.write(BASE + "asked = take(f3)\n"
                    "size = len(asked['params']['options']['color'])\n"
                    "send(f3, id=asked['id'], result={'methods': [method('f', 'int')]})\n"
                    "serve(size)\n")
        d.configure(program("x", PYTHON + " {dir}/x.py", section="rpcinterface", color=text))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_log("rpcinterface x serves")
        self.assertEqual(len(text), self.rpc(d).x.f())


if __name__ == "__main__":
    unittest.main()
