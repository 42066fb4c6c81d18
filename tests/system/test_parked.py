"""Calls that wait: as many as a listener allows, and one more."""

import os
import signal
import unittest

from reeve import Case, program, reeve_only, until
from test_http import CALL, STATE, Reply, request

PARKED = 256
MORE = b"FAILED: too many calls are waiting"


def call(method, name, wait):
    params = (b"<param><value><string>%s</string></value></param>"
              b"<param><value><boolean>%d</boolean></value></param>" % (name, wait))
    body = (CALL % method).replace(b"<params>", b"<params>" + params)
    return request(body)


@reeve_only
class Parked(Case):
    def connect(self):
        s = self.d.connect()
        self.addCleanup(s.close)
        stream = s.makefile("rb")
        self.addCleanup(stream.close)
        return s, stream

    def ask(self, data):
        s, stream = self.connect()
        s.sendall(data)
        return Reply(stream).body

    def pids(self):
        """The processes that run, from a call over the other listener."""
        return {i["name"]: i["pid"] for i in self.other.supervisor.getAllProcessInfo()
                if i["statename"] == "STARTING"}

    def test_one_too_many(self):
        self.d = self.daemon(program(
            "w", "/bin/sleep 1000", numprocs=PARKED + 1, process_name="w%(process_num)d",
            autostart="false", startsecs=600, startretries=0, stdout_logfile="NONE",
            stderr_logfile="NONE"))
        self.other = self.rpc(self.d)
        waiting = [self.connect() for _ in range(PARKED)]
        for i, (s, _) in enumerate(waiting):
            s.sendall(call(b"supervisor.startProcess", b"w:w%d" % i, True))
        until(lambda: len(self.pids()) == PARKED, what="all calls to wait")

        # The next call is refused without effect, whether it would wait or not.
        for wait in (True, False):
            body = self.ask(call(b"supervisor.startProcess", b"w:w%d" % PARKED, wait))
            self.assertIn(b"<int>30</int>", body)
            self.assertIn(MORE, body)
        self.assertEqual("STOPPED", self.other.supervisor.getProcessInfo(
            "w:w%d" % PARKED)["statename"])
        # Calls that do not wait are answered, and the other listener has a limit of its
        # own.
        self.assertIn(b"<string>RUNNING</string>", self.ask(request(STATE)))
        self.assertTrue(self.other.supervisor.startProcess("w:w%d" % PARKED, False))

        # After one ends, another can wait.
        leaver, stream = waiting.pop()
        stream.close()
        leaver.close()
        again = call(b"supervisor.stopProcess", b"w:w%d" % PARKED, True)
        until(lambda: MORE not in self.ask(again), what="room for one more")
        self.assertEqual("STOPPED", self.other.supervisor.getProcessInfo(
            "w:w%d" % PARKED)["statename"])

        for pid in self.pids().values():
            os.kill(pid, signal.SIGKILL)
        for i, (_, stream) in enumerate(waiting):
            self.assertIn(b"<string>SPAWN_ERROR: w:w%d</string>" % i, Reply(stream).body)
        self.assertIn(b"<string>RUNNING</string>", self.ask(request(STATE)))


if __name__ == "__main__":
    unittest.main()
