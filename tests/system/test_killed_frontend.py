"""reeve-rpcd is expendable: killed at any moment it is replaced, and no call gets a wrong
answer. A program that is broken or missing costs little, and is used when it works again."""

import contextlib
import http.client
import os
import random
import signal
import statistics
import time
import unittest
import xmlrpc.client

from callers import Caller, copied_build, put, repair
from reeve import PATIENCE, Case, alive, program, read, reeve_only, until

CAT = program("cat", "/bin/cat", startsecs=0, stdout_logfile="NONE")
KILLS = 500 if os.environ.get("REEVE_LONG") else 25
IGNORED = (signal.SIGCHLD, signal.SIGCONT, signal.SIGHUP, signal.SIGINT, signal.SIGPIPE,
           signal.SIGPROF, signal.SIGQUIT, signal.SIGSTOP, signal.SIGTERM, signal.SIGTSTP,
           signal.SIGTTIN, signal.SIGTTOU, signal.SIGURG, signal.SIGWINCH, signal.SIGXFSZ)
SIGNALS = sorted(signal.valid_signals() - set(IGNORED))
CLOSED = (OSError, http.client.HTTPException)


class Interrupted(Caller):
    """A call that is interrupted finds its connection closed; all others are answered."""

    closed = 0

    def failed(self, error):
        if isinstance(error, ConnectionRefusedError) or not isinstance(error, CLOSED):
            self.failures.append(repr(error))
        self.closed += 1


@reeve_only
class Killed(Case):
    def replaced(self, old):
        """The time until this reeve-rpcd has gone and another one answers a call."""
        began = time.monotonic()
        while True:
            with contextlib.suppress(*CLOSED), self.rpc(self.d, "tcp") as s:
                s.supervisor.getState()
                if not alive(old):
                    return time.monotonic() - began
            if time.monotonic() - began > PATIENCE:
                self.fail("no reeve-rpcd has answered after a kill")

    def test_at_any_moment(self):
        d = self.d = self.daemon(CAT)
        until(d.serving)
        seed = int(os.environ.get("REEVE_SEED") or random.randrange(1 << 30))
        chance, times = random.Random(seed), []
        callers = [
            Interrupted(d, "supervisor.getState", kept=False,
                        check=lambda value: value["statename"] == "RUNNING"),
            Interrupted(d, "supervisor.sendProcessStdin", "cat", "x\n",
                        check=lambda value: value is True),
            Interrupted(d, "supervisor.getProcessInfo", "cat",
                        check=lambda value: value["statename"] == "RUNNING")]
        for i in range(KILLS):
            old = until(d.front_end)
            time.sleep(chance.random() * 0.05)
            os.kill(old, SIGNALS[i % len(SIGNALS)])
            times.append(self.replaced(old))
        for caller in callers:
            caller.stop()
        self.assertEqual([], [f for caller in callers for f in caller.failures],
                         "with REEVE_SEED=%d" % seed)
        self.assertTrue(all(caller.calls > caller.closed for caller in callers))
        if os.environ.get("REEVE_LONG"):
            print("replaced %d times, median %.1f ms, longest %.1f ms" % (
                len(times), statistics.median(times) * 1000, max(times) * 1000))


@reeve_only
class Broken(Case):
    def check(self, text, message):
        directory = copied_build(self)
        d = self.daemon(CAT, build=directory)
        until(d.serving)
        put(directory, text)
        os.kill(d.front_end(), signal.SIGKILL)
        d.wait_log(message)
        # Clients wait; they are not refused.
        sock = d.connect()
        self.addCleanup(sock.close)
        sock.sendall(b"GET /ok.html HTTP/1.1\r\nHost: localhost\r\n\r\n")
        repair(directory)
        self.assertTrue(sock.recv(1000).startswith(b"HTTP/1.1 200 OK"))
        return d

    def test_removed(self):
        self.check(None, r"reeve-rpcd \(\d+\) was not started: .*No such file")

    def test_no_program(self):
        self.check("garbage(", r"reeve-rpcd \(\d+\) exited with status \d+")

    def test_never_ready(self):
        """It is started less and less often."""
        directory = copied_build(self)
        d = self.daemon(CAT, build=directory)
        until(d.serving)
        began = time.monotonic()
        put(directory, "echo >> %s\n" % d.path("starts"))
        os.kill(d.front_end(), signal.SIGKILL)
        until(lambda: len(read(d.path("starts"), b"")) >= 5)
        # 100, 200, 400 and 800 ms are between the first five.
        self.assertGreater(time.monotonic() - began, 1.4)
        self.assertIn("reeved", d.control().hello["program"])


if __name__ == "__main__":
    unittest.main()
