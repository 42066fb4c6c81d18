"""A shutdown and a restart over XML-RPC: the caller gets the answer before anything stops, and
calls that wait at that moment are answered."""

import concurrent.futures
import os
import unittest
import xmlrpc.client

from reeve import Case, program, reeve_only, until

# Makes the call at a given moment and writes the answer to a file, if it lives that long.
SUICIDAL = r"""import sys, time
sys.path.insert(0, %r)
import reeve
d = object.__new__(reeve.Daemon)
d.socket = sys.argv[1]
def ask():
    try:
        return repr(getattr(d.rpc().supervisor, sys.argv[2])())
    except OSError:
        return None
answer = reeve.until(ask)
with open(sys.argv[3], "w") as f:
    f.write(answer)
time.sleep(1000)
"""


class Asking(Case):
    def ask(self, method):
        """A daemon whose child makes the call."""
        d = self.make()
        with open(d.path("suicidal.py"), "w", encoding="utf-8") as f:
            f.write(SUICIDAL % os.path.dirname(os.path.abspath(__file__)))
        d.configure(program("child", "/usr/bin/python3 {dir}/suicidal.py %s %s {dir}/answer" %
                            (d.socket, method), startsecs=0, autorestart="false"))
        d.spawn()
        self.addCleanup(self.finish, d)
        return d

    def test_shutdown(self):
        d = self.ask("shutdown")
        self.assertEqual(0, d.wait_exit())
        self.assertEqual(b"True", d.file("answer"))

    def test_restart(self):
        d = self.ask("restart")
        until(lambda: d.file("answer"))
        d.wait_log("supervisord started", count=2)


PROGRAMS = "".join((
    program("slow", "/bin/sleep 1000", startsecs=600, autostart="false"),
    program("stubborn", "{child} ignore-term", stopwaitsecs=2, stdout_logfile="{dir}/s.log"),
    program("pair", "/bin/sleep 1000", startsecs=600, autostart="false", numprocs=2,
            process_name="%(process_num)d"),
    program("late", "/bin/sleep 1000", startsecs=600, autostart="false"),
))


@reeve_only
class Waiting(Case):
    """supervisord may have exited before it answers these."""

    # Calls that wait, and their answers.
    CALLS = (
        ("startProcess", ("slow",), "40 ABNORMAL_TERMINATION: slow"),
        ("stopProcess", ("stubborn",), True),
        ("startProcessGroup", ("pair",), [("0", 40), ("1", 40)]),
        ("multicall", ([{"methodName": "supervisor.startProcess", "params": ["late"]},
                        {"methodName": "supervisor.getPID"},
                        {"methodName": "system.listMethods"}],), [40, 6, "array"]),
    )

    def call(self, d, name, args):
        with d.rpc("tcp") as s:
            try:
                return getattr(s.system if name == "multicall" else s.supervisor, name)(*args)
            except xmlrpc.client.Fault as e:
                return "%d %s" % (e.faultCode, e.faultString)

    @staticmethod
    def short(answer):
        """The names and codes of a bulk answer."""
        if not isinstance(answer, list):
            return answer
        return sorted([(a["name"], a["status"]) if "name" in a else a.get("faultCode")
                       if isinstance(a, dict) else "array" for a in answer], key=str)

    def check(self, method):
        d = self.daemon(PROGRAMS)
        until(lambda: d.file("s.log"))
        with concurrent.futures.ThreadPoolExecutor(len(self.CALLS)) as pool:
            begun = [pool.submit(self.call, d, name, args) for name, args, _ in self.CALLS]
            for name in ("slow", "pair:0", "pair:1", "late"):
                d.wait_state(name, "STARTING")
            d.wait_state("stubborn", "STOPPING")
            self.assertIs(True, getattr(self.rpc(d).supervisor, method)())
            for (name, args, want), answer in zip(self.CALLS, begun):
                with self.subTest(name):
                    self.assertEqual(want, self.short(answer.result(30)))
        return d

    def test_shutdown(self):
        self.assertEqual(0, self.check("shutdown").wait_exit())

    def test_restart(self):
        self.check("restart").wait_log("supervisord started", count=2)


if __name__ == "__main__":
    unittest.main()
