"""The privileges of reeve-rpcd, as /proc shows them; and killing it loses nothing."""

import os
import pwd
import signal
import threading
import time
import unittest
import xmlrpc.client

from reeve import SANITIZED, Case, alive, program, read, reeve_only, status_of, until

# The documented time is 200 ms; a sanitizer makes the start of a process five times slower.
BACK_WITHIN = 1.0 if SANITIZED else 0.2


def namespace_of(pid, path):
    return os.readlink("/proc/%d/%s" % (pid, path))


@reeve_only
class Confinement(Case):
    def setUp(self):
        self.d = self.daemon(program("cat", "/bin/cat", startsecs=0))
        self.d.wait_state("cat", "RUNNING")
        self.pid = self.d.front_end()
        self.status = status_of(self.pid)

    def test_user_and_groups(self):
        if os.geteuid() != 0:
            self.assertEqual({str(os.getuid())}, set(self.status["Uid"].split()))
            return
        try:
            wanted = pwd.getpwnam("reeve")
        except KeyError:
            wanted = pwd.getpwnam("nobody")
        self.assertEqual([str(wanted.pw_uid)] * 4, self.status["Uid"].split())
        self.assertEqual([str(wanted.pw_gid)] * 4, self.status["Gid"].split())
        self.assertIn(self.status["Groups"].split(), ([], [str(wanted.pw_gid)]))

    def test_capabilities(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(0, int(self.status[name], 16), name)

    def test_no_new_privileges_and_filter(self):
        self.assertEqual("1", self.status["NoNewPrivs"].strip())
        if not SANITIZED:
            self.assertEqual("2", self.status["Seccomp"].strip())

    def test_root(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        root = namespace_of(self.pid, "root")
        self.assertNotEqual("/", root)
        self.assertEqual([], os.listdir("/proc/%d/root/" % self.pid))
        self.assertEqual(root, namespace_of(self.pid, "cwd"))

    def test_own_process_group_and_session(self):
        self.assertNotEqual(os.getpgid(self.d.pid), os.getpgid(self.pid))

    def need_proc(self):
        """Skips the test unless it can read /proc/PID of a process that is not dumpable."""
        if not os.access("/proc/%d/fd" % self.pid, os.R_OK):
            self.skipTest("only root can read /proc/PID of reeve-rpcd")

    def test_environment_is_empty(self):
        if SANITIZED:
            self.skipTest("a sanitizer reads its environment")
        self.need_proc()
        self.assertEqual(b"", read("/proc/%d/environ" % self.pid))

    def test_descriptors(self):
        """Sockets, epoll and timer descriptors, the shared page and the log pipe, but no
        file."""
        self.need_proc()
        for name in os.listdir("/proc/%d/fd" % self.pid):
            target = namespace_of(self.pid, "fd/" + name)
            self.assertTrue(target.startswith(("socket:", "pipe:", "anon_inode:", "/memfd:",
                                               "/dev/null")), target)

    def test_limits(self):
        if SANITIZED:
            self.skipTest("a sanitizer needs more")
        limits = read("/proc/%d/limits" % self.pid).decode()
        rows = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
        self.assertEqual("0", rows["Max processes"][0])
        self.assertEqual("0", rows["Max core file size"][0])

    def test_signals_that_terminate_are_ignored(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            os.kill(self.pid, number)
        self.assertEqual("3.0", self.rpc(self.d).supervisor.getVersion())
        self.assertEqual(self.pid, self.d.front_end())

    def test_ends_with_the_master(self):
        cat = self.d.info("cat")["pid"]
        os.kill(self.d.pid, signal.SIGKILL)
        self.d.wait_exit()
        until(lambda: not alive(self.pid))
        try:
            os.kill(cat, signal.SIGKILL)
        except ProcessLookupError:
            pass  # stdin of cat ended with the master, and so did cat

    def test_libraries(self):
        text = os.popen("ldd %s" % os.path.join(self.d.build, "reeved")).read()
        self.assertIn("libjansson", text)
        for name in ("microhttpd", "expat", "gnutls"):
            self.assertNotIn(name, text)

    def test_strict(self):
        d = self.make(supervisord={"rpcd_confinement": "strict"})
        d.spawn()
        until(lambda: d.process.poll() is not None or d.serving())
        if d.process.poll() is None:
            self.assertNotIn("WARN", [m[:4] for m in d.messages() if "rpcd" in m])
            self.finish(d)
        else:
            self.skipTest("this kernel lacks a part of the confinement: " + d.output()[-300:])


@reeve_only
class Replacement(Case):
    def test_killed_fifty_times_under_calls(self):
        d = self.daemon("".join(program("p%d" % i, "/bin/cat", startsecs=0)
                                for i in range(5)))
        for i in range(5):
            d.wait_state("p%d" % i, "RUNNING")
        pids = {i["name"]: i["pid"] for i in self.rpc(d).supervisor.getAllProcessInfo()}
        over = threading.Event()
        answered = []
        caller = threading.Thread(target=self.call_until, args=(d, over, answered))
        caller.start()
        slowest = 0
        try:
            for _ in range(50):
                before = len(answered)
                slowest = max(slowest, self.kill_and_time(d))
                until(lambda: len(answered) > before)
        finally:
            over.set()
            caller.join()
        self.assertLess(slowest, BACK_WITHIN)
        self.assertGreaterEqual(len(answered), 50)
        self.assertEqual(pids, {i["name"]: i["pid"] for i in
                                self.rpc(d).supervisor.getAllProcessInfo()})
        self.assertEqual(5, d.log().count("spawned:"))

    @staticmethod
    def call_until(d, over, answered):
        while not over.is_set():
            try:
                with d.rpc("tcp") as s:
                    answered.append(s.supervisor.getAllProcessInfo())
                    s.supervisor.signalProcess("p0", "CONT")
            except (OSError, xmlrpc.client.Error):
                pass
            except Exception as e:  # http.client reports a broken reply in several ways
                if type(e).__module__ != "http.client":
                    raise

    def kill_and_time(self, d):
        """Seconds from the kill until the next reeve-rpcd answers a call."""
        first = until(d.front_end)
        os.kill(first, signal.SIGKILL)
        begun = time.monotonic()
        while True:
            try:
                with d.rpc() as s:
                    s.supervisor.getState()
                until(lambda: not alive(first))
                return time.monotonic() - begun
            except xmlrpc.client.Fault:
                raise
            except Exception:
                if time.monotonic() - begun > 10:
                    raise

    def test_killed_while_a_call_is_parked(self):
        d = self.daemon(program("slow", "{child} sleep 1000", startsecs=2,
                                autostart="false"))
        failed = []

        def call():
            try:
                with d.rpc() as s:
                    s.supervisor.startProcess("slow")
            except Exception as e:
                failed.append(e)
        thread = threading.Thread(target=call)
        thread.start()
        d.wait_state("slow", "STARTING")
        os.kill(d.front_end(), signal.SIGKILL)
        thread.join()
        # The operation continues; the client's library may have repeated the request.
        d.wait_state("slow", "RUNNING")
        self.assertEqual(1, d.log().count("spawned: 'slow'"))

    def test_killed_during_shutdown(self):
        d = self.daemon(program("a", "{child} ignore-term", stopwaitsecs=2,
                                stdout_logfile="{dir}/a.log"))
        until(lambda: d.file("a.log"))
        first = d.front_end()
        self.rpc(d).supervisor.shutdown()
        os.kill(first, signal.SIGKILL)
        until(lambda: d.front_end() not in (None, first), what="a new reeve-rpcd")
        self.assertEqual(0, d.wait_exit())
        self.assertEqual([], d.remaining())


if __name__ == "__main__":
    unittest.main()
