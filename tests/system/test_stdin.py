"""sendProcessStdin."""

import os
import signal
import unittest
import xmlrpc.client

from reeve import Case, program, reeve_only, until


class Stdin(Case):
    def setUp(self):
        self.d = self.daemon(
            program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log") +
            program("deaf", "/bin/sh -c 'exec sleep 1000'", startsecs=0) +
            program("closed", "/bin/sh -c 'exec 0<&-; echo ok; exec sleep 1000'", startsecs=0,
                    stdout_logfile="{dir}/closed.log") +
            program("off", "/bin/cat", autostart="false"))
        self.send = self.rpc(self.d).supervisor.sendProcessStdin
        self.d.wait_state("cat", "RUNNING")

    def test_it_arrives(self):
        self.assertIs(True, self.send("cat", "one\n"))
        self.assertIs(True, self.send("cat:cat", "zwei €\n"))
        self.assertIs(True, self.send("cat", ""))
        until(lambda: self.d.file("cat.log") == "one\nzwei €\n".encode())

    def test_faults(self):
        self.assertFault(10, "BAD_NAME: nope", self.send, "nope", "x")
        self.assertFault(10, "BAD_NAME: cat:*", self.send, "cat:*", "x")
        self.assertFault(70, "NOT_RUNNING: off", self.send, "off", "x")
        until(lambda: self.d.file("closed.log"))
        self.assertFault(20, "NO_FILE: closed", self.send, "closed", "x" * 10)

    @reeve_only
    def test_more_than_a_pipe_holds(self):
        """supervisord answers with status 500 if the data does not fit into the pipe."""
        text = "".join("%07d\n" % i for i in range(100000))
        self.assertIs(True, self.send("cat", text))
        until(lambda: len(self.d.file("cat.log")) == len(text))
        self.assertEqual(text.encode(), self.d.file("cat.log"))

    @reeve_only
    def test_bound(self):
        """At most 1 MiB waits for a process; data that exceeds this is refused as a
        whole."""
        quarter = "x" * (256 * 1024)
        sent = 0
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            for _ in range(8):
                self.send("deaf", quarter)
                sent += 1
        self.assertEqual(30, caught.exception.faultCode)
        self.assertTrue(caught.exception.faultString.startswith("FAILED"))
        # The contents of the pipe do not count.
        self.assertIn(sent, (4, 5))
        self.assertIs(True, self.send("deaf", "small"))
        self.assertIs(True, self.send("cat", "others go on\n"))
        until(lambda: self.d.file("cat.log") == b"others go on\n")

    @reeve_only
    def test_queue_is_dropped_with_the_process(self):
        self.send("deaf", "x" * 500000)
        s = self.rpc(self.d).supervisor
        self.assertIs(True, s.stopProcess("deaf"))
        self.assertIs(True, s.startProcess("deaf"))
        self.assertIs(True, self.send("deaf", "x" * 500000))
        self.assertIs(True, self.send("deaf", "x" * 500000))

    @reeve_only
    def test_grandchild_holds_the_pipe(self):
        """supervisord itself exited in this case."""
        d = self.daemon(program("a", "/bin/sh -c 'sleep 1000 & echo ok; exec sleep 1000'",
                                startsecs=0, stdout_logfile="{dir}/a.log",
                                autorestart="false", stopasgroup="false"))
        until(lambda: d.file("a.log"))
        s = self.rpc(d).supervisor
        s.sendProcessStdin("a", "x" * 500000)
        s.signalProcess("a", "KILL")
        d.wait_state("a", "EXITED")
        self.assertEqual("RUNNING", s.getState()["statename"])
        for pid in d.remaining():
            if pid != d.front_end():
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    unittest.main()
