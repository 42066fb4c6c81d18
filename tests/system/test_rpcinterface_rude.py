"""Programs of [rpcinterface:NAME] that break every rule: each harms itself alone."""

import unittest

from reeve import Case, program, reeve_only

PYTHON = "/usr/bin/python3"

# What the programs of the tests begin with.
BASE = '''
import json, os, signal, socket, sys, time
s3, s4 = socket.socket(fileno=3), socket.socket(fileno=4)
f3, f4 = (s.makefile("rw", encoding="utf-8", newline="\\n") for s in (s3, s4))
def say(f, **message):
    print(json.dumps(dict(message, jsonrpc="2.0")), file=f, flush=True)
def take(f):
    line = f.readline()
    return json.loads(line) if line else sys.exit(0)
def describe(*methods):
    say(f3, id=take(f3)["id"], result={"methods": methods})
def method(name, *signature, **more):
    return dict(more, name=name, signature=signature)
def serve(result):
    while True:
        say(f3, id=take(f3)["id"], result=result)
def first():
    path = sys.argv[0] + ".first"
    return not os.path.exists(path) and not open(path, "w").close()
'''
NAME = "rpcinterface.x:x"


class Rude(Case):
    def begin(self, text, more="", **options):
        self.d = self.make()
        with open(self.d.path("x.py"), "w", encoding="utf-8") as f:
            f.write(BASE + text)
        self.section = program("x", PYTHON + " {dir}/x.py", section="rpcinterface",
                               **{"startsecs": 0, "stderr_logfile": "{dir}/x.err", **options})
        self.d.configure(self.section + more)
        self.d.start()
        self.addCleanup(self.finish, self.d)
        self.s = self.rpc(self.d)

    def await_service(self, count=1):
        self.d.wait_log("rpcinterface x serves", count=count)

    def listed(self):
        return [name for name in self.s.system.listMethods() if name.startswith("x.")]


@reeve_only
class Conversation(Rude):
    """On descriptor 3."""

    def test_a_call_before_the_description(self):
        # The second one finds the call of a client who knows the methods of the first.
        self.begin("""
if first():
    describe(method("f", "int"))
    serve(1)
asked = take(f3)
time.sleep(0.3)
say(f3, id=asked["id"], result={"methods": [method("f", "int")]})
serve(2)
""")
        self.await_service()
        self.assertEqual(1, self.s.x.f())
        self.s.supervisor.stopProcess(NAME)
        self.s.supervisor.startProcess(NAME)
        self.assertFault(30, "FAILED: rpcinterface x has not described its methods yet",
                         self.s.x.f)
        self.await_service(2)
        front_end = self.d.front_end()
        self.assertEqual([2, 2, 2], [self.s.x.f() for _ in range(3)])
        self.assertEqual(front_end, self.d.front_end())



if __name__ == "__main__":
    unittest.main()
