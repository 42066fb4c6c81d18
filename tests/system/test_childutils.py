"""Our supervisor.childutils and Debian's: the same names and results; and a listener that imports
ours."""

import importlib
import inspect
import io
import os
import sys
import unittest

from reeve import ROOT, Case, program, reeve_only, until

OURS = os.path.join(ROOT, "master/dist/python")
THEIRS = "/usr/lib/python3/dist-packages"
NAMES = {
    "childutils": ("getRPCTransport", "getRPCInterface", "get_headers", "eventdata",
                   "get_asctime", "listener", "pcomm", "EventListenerProtocol",
                   "ProcessCommunicationsProtocol"),
    "options": ("make_namespec", "split_namespec"),
    "states": ("ProcessStates", "SupervisorStates", "RUNNING_STATES", "STOPPED_STATES",
               "getProcessStateDescription", "getSupervisorStateDescription"),
    "datatypes": ("byte_size", "SuffixMultiplier"),
    "xmlrpc": ("SupervisorTransport",),
}

LISTENER = '''
import os, sys
from supervisor import childutils
assert childutils.__file__.startswith(%r), childutils.__file__
while True:
    headers, payload = childutils.listener.wait()
    pairs, data = childutils.eventdata(payload)
    state = childutils.getRPCInterface(os.environ).supervisor.getProcessInfo("said")
    print(headers["eventname"], pairs["processname"], data, state["name"], file=sys.stderr,
          flush=True)
    childutils.listener.ok()
'''

SAID = '''
import time
from supervisor import childutils
childutils.pcomm.stdout("h\\u00e9")
time.sleep(1000)
'''


def load(where):
    """The modules of one package by name; none of them stays loaded."""
    def forget():
        for name in [n for n in sys.modules if n.partition(".")[0] == "supervisor"]:
            del sys.modules[name]
    forget()
    sys.path.insert(0, where)
    try:
        return {name: importlib.import_module("supervisor." + name) for name in NAMES}
    finally:
        sys.path.remove(where)
        forget()


@reeve_only
class Beside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ours = load(OURS)
        if not os.path.exists(os.path.join(THEIRS, "supervisor")):
            raise unittest.SkipTest("no supervisor to compare with")
        cls.theirs = load(THEIRS)

    def same(self, function):
        """Both packages have the same result, which may be an exception."""
        def outcome(modules):
            try:
                return function(modules)
            except Exception as e:  # pylint: disable=broad-except
                return type(e)
        self.assertEqual(outcome(self.theirs), outcome(self.ours))

    @staticmethod
    def shape(value):
        if inspect.isclass(value):
            return sorted((n, Beside.shape(v)) for n, v in vars(value).items()
                          if not n.startswith("_"))
        if inspect.isfunction(value):
            return [p.name for p in inspect.signature(value).parameters.values()]
        return value if isinstance(value, (int, str, tuple)) else type(value).__name__

    def test_names(self):
        for module, names in NAMES.items():
            for name in names:
                with self.subTest(module=module, name=name):
                    ours = getattr(self.ours[module], name)
                    if name in ("SupervisorTransport", "SuffixMultiplier"):
                        continue  # internal attributes differ
                    theirs = getattr(self.theirs[module], name)
                    if isinstance(theirs, tuple):
                        theirs, ours = sorted(theirs), sorted(ours)
                    self.assertEqual(self.shape(theirs), self.shape(ours))

    def test_functions(self):
        for text in ("a:1 b:2", "", "a", "a:1\n", "processname:x groupname:y\ndata\n"):
            self.same(lambda m, t=text: m["childutils"].get_headers(t))
            self.same(lambda m, t=text: m["childutils"].eventdata(t + "\n"))
        for when in (0, 1700000000.25, 1e9):
            self.same(lambda m, w=when: m["childutils"].get_asctime(w))
        for name in ("a", "a:b", "a:*", "a:", ":b", "a:b:c", ""):
            self.same(lambda m, n=name: m["options"].split_namespec(n))
        for pair in (("a", "a"), ("a", "b")):
            self.same(lambda m, p=pair: m["options"].make_namespec(*p))
        for size in ("1", "2KB", "3mb", "4GB", "x", ""):
            self.same(lambda m, s=size: m["datatypes"].byte_size(s))
        for code in (0, 1, -1, 100, 1000, 7):
            self.same(lambda m, c=code: m["states"].getProcessStateDescription(c))
            self.same(lambda m, c=code: m["states"].getSupervisorStateDescription(c))
        for env in ({}, {"SUPERVISOR_SERVER_URL": "ftp://x"}):
            self.same(lambda m, e=env: m["childutils"].getRPCTransport(e))

    def test_conversation(self):
        def talk(modules):
            out, line = io.StringIO(), "ver:3.0 len:5 eventname:TICK_5\nwhen:rest"
            listener = modules["childutils"].listener
            event = listener.wait(io.StringIO(line), out)
            listener.ok(out)
            listener.fail(out)
            listener.send("other", out)
            return event, out.getvalue()
        self.same(talk)


@reeve_only
class Listener(Case):
    def start(self, **server):
        d = self.make("", unix={} if server.pop("unix", False) else False, tcp=server)
        for name, text in (("l.py", LISTENER % OURS), ("said.py", SAID)):
            with open(d.path(name), "w", encoding="utf-8") as f:
                f.write(text)
        # A variable that a program does not get by default can be set in its section.
        path = 'PYTHONPATH="%s",SUPERVISOR_USERNAME="u",SUPERVISOR_PASSWORD="p:w"' % OURS
        d.configure(program("l", "/usr/bin/python3 " + d.path("l.py"), "eventlistener",
                            events="PROCESS_COMMUNICATION", environment=path, startsecs=0,
                            stderr_logfile=d.path("l.err"), priority=1) +
                    program("said", "/usr/bin/python3 " + d.path("said.py"),
                            stdout_capture_maxbytes="1KB", environment=path, startsecs=0))
        self.addCleanup(self.finish, d)
        return d

    def hears(self, d):
        text = "PROCESS_COMMUNICATION_STDOUT said h\u00e9 said\n"
        until(lambda: d.file("l.err").endswith(b"\n"), what="the listener to hear")
        self.assertEqual(text, d.file("l.err").decode())

    def test_unix(self):
        d = self.start(unix=True)
        d.start()
        self.hears(d)

    def test_tcp_with_a_password(self):
        d = self.start(username="u", password="p:w")
        d.spawn()
        self.hears(d)


if __name__ == "__main__":
    unittest.main()
