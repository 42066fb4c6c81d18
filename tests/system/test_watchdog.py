"""A reeve-rpcd that hangs is detected and replaced; one that is idle is not."""

import contextlib
import ctypes
import os
import platform
import signal
import threading
import time
import unittest

from reeve import Case, alive, program, read, reeve_only, until
from test_hostile_frontend import Impostor
from test_http import Reply, request

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
# The watchdog's limit, and time for a busy machine.
LONG = 60


class Hold:
    """Stops a process as a debugger does: it does not run, and its parent gets no signal."""

    def __init__(self, pid):
        self.pid = pid
        self.held = threading.Event()
        self.end = threading.Event()
        self.error = None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        libc = ctypes.CDLL(None, use_errno=True)
        libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        for what in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if libc.ptrace(what, self.pid, None, None) == -1:
                self.error = os.strerror(ctypes.get_errno())
        if self.error is None:
            os.waitpid(self.pid, 0x40000000)    # __WALL: waits until it has stopped
        self.held.set()
        self.end.wait()
        if libc.ptrace(PTRACE_DETACH, self.pid, None, None) == -1 and self.error is None:
            os.waitpid(self.pid, 0x40000000)    # it was killed: the parent gets the exit now

    def __enter__(self):
        self.thread.start()
        self.held.wait()
        if self.error is not None:
            self.__exit__()
            raise unittest.SkipTest("ptrace: " + self.error)
        return self

    def __exit__(self, *exc):
        self.end.set()
        self.thread.join()


def loop_for_ever(pid):
    """The process jumps to the same instruction for ever after epoll_wait returns."""
    jump = {"x86_64": b"\xeb\xfe", "aarch64": b"\x00\x00\x00\x14"}.get(platform.machine())
    if jump is None:
        raise unittest.SkipTest("no machine code for this machine")
    try:
        words = until(lambda: read("/proc/%d/syscall" % pid).split()[2:])
        with open("/proc/%d/mem" % pid, "r+b", 0) as mem:
            mem.seek(int(words[-1], 16))
            mem.write(jump)
    except PermissionError as e:
        raise unittest.SkipTest(str(e)) from e


@reeve_only
class Hangs(Case):
    def setUp(self):
        self.d = self.daemon(program("cat", "/bin/cat", startsecs=0, autorestart="true"))
        self.first = self.d.front_end()

    def killed(self, why):
        self.d.wait_log(r"reeve-rpcd \(%d\) %s; killing it" % (self.first, why), timeout=LONG)

    def replaced(self):
        until(self.d.serving, LONG)
        self.assertNotEqual(self.first, self.d.front_end())

    def test_stopped_one_is_continued(self):
        os.kill(self.first, signal.SIGSTOP)
        self.d.wait_log(r"reeve-rpcd \(%d\) was stopped by SIGSTOP; continuing it" % self.first)
        until(self.d.serving)
        self.assertEqual(self.first, self.d.front_end())

    def test_one_that_cannot_be_continued_is_replaced(self):
        with Hold(self.first):
            os.kill(self.first, signal.SIGSTOP)
            # It gets the signal when it is released, and is stopped again.
            self.assertTrue(alive(self.first))
        self.d.wait_log("was stopped by SIGSTOP; continuing it")
        until(self.d.serving)

    def test_client_that_waits_to_be_accepted(self):
        self.assertEqual(1, self.rpc(self.d, "tcp").supervisor.getState()["statecode"])
        with Hold(self.first):
            s = self.d.connect("tcp")
            self.addCleanup(s.close)
            self.d.wait_log(r"reeve-rpcd \(%d\) has not answered for 2 seconds" % self.first,
                            timeout=LONG)
            self.killed("does not answer")
        self.replaced()

    def test_request_under_way(self):
        """The client was accepted, and its call waits: nothing else is pending."""
        d = self.daemon(program("slow", "/bin/cat", startsecs=1000, autostart="false"))
        self.d, self.first = d, d.front_end()
        s = d.connect("unix")
        self.addCleanup(s.close)
        body = (b"<methodCall><methodName>supervisor.startProcess</methodName><params><param>"
                b"<value>slow</value></param></params></methodCall>")
        s.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) +
                  body)
        d.wait_state("slow", "STARTING")
        with Hold(self.first):
            self.killed("does not answer")
        self.replaced()

    def test_loop_while_connections_are_idle(self):
        """The master knows no request: the connection was accepted long before."""
        s = self.d.connect("tcp")
        self.addCleanup(s.close)
        with s.makefile("rb") as stream:
            s.sendall(request())
            self.assertEqual(200, Reply(stream).status)
            # The pings after the request have ended.
            end = time.monotonic() + 3
            until(lambda: time.monotonic() > end)
            loop_for_ever(self.first)
            s.sendall(request())
            self.d.wait_log("WARN reeve-rpcd: a turn of the event loop has used 2 s", timeout=LONG)
            self.d.wait_log("reeve-rpcd: a turn of the event loop has used 10 s of processor "
                            "time; exiting", timeout=LONG)
        self.replaced()

    def test_signal_of_the_timer_is_ignored(self):
        for _ in range(30):
            os.kill(self.first, signal.SIGPROF)
            self.assertTrue(self.d.serving())
            self.assertEqual(self.first, self.d.front_end())

    def test_unread_stream(self):
        """It is replaced sooner if its socket is full."""
        w = self.control(self.d)
        with Hold(self.first):
            def dead():
                for _ in range(20):
                    with contextlib.suppress(Exception):
                        w.call("process.stop", name="cat")
                    with contextlib.suppress(Exception):
                        w.call("process.start", name="cat")
                return not alive(self.first)
            until(dead, LONG, what="the end of reeve-rpcd")
        self.assertEqual(1, self.d.log().count("has not read its socket for 2 s; killing it"))
        until(self.d.serving, LONG)


@reeve_only
class Mute(Impostor):
    def test_unacknowledged_stream(self):
        d = self.impostor("hello()\ncall(2, 'ready')\ntime.sleep(1000)")
        d.wait_log("has not answered for 2 seconds", timeout=LONG)
        d.wait_log(r"reeve-rpcd \(\d+\) does not answer; killing it", timeout=LONG)
        self.assertServesLocally(d)

    def test_one_that_knows_no_pings_is_kept(self):
        d = self.impostor("hello()\ncall(2, 'ready')\n"
                          "for line in f:\n"
                          "    m = json.loads(line)\n"
                          "    if 'id' in m:\n"
                          "        log('INFO asked: ' + m['method'])\n"
                          "        s.sendall(json.dumps({'jsonrpc': '2.0', 'id': m['id'],\n"
                          "            'error': {'code': 1, 'message': 'UNKNOWN_METHOD'}}\n"
                          "            ).encode() + b'\\n')\n")
        d.wait_log("asked: ping")
        self.assertServesLocally(d)
        self.assertNotIn("killed", d.log())


if __name__ == "__main__":
    unittest.main()
