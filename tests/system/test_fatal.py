"""The daemon's FATAL state. Only a test build has a command that enters it."""

import http.client
import os
import signal
import time
import unittest
import xmlrpc.client

from reeve import (PATIENCE, SEAM, Case, WireFault, alive, program, read, reeve_only,
                   until)

TWO = (program("cat", "/bin/cat", startsecs=0, stdout_logfile="{dir}/cat.log") +
       program("off", "/bin/cat", startsecs=0, autostart="false"))


@reeve_only
class Fatal(Case):
    def setUp(self):
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no build with the seam in " + SEAM)

    def broken(self):
        d = self.daemon(TWO, build=SEAM)
        d.wait_state("cat", "RUNNING")
        self.cat = d.info("cat")["pid"]
        wire = self.control(d)
        try:
            wire.call("daemon.break", reason="a test")
        except WireFault as e:
            self.fail("the seam does not answer: %s" % e)
        return d

    def test_what_still_answers(self):
        d = self.broken()
        s = self.rpc(d)
        for method, args in ((s.supervisor.getState, ()), (s.supervisor.getProcessInfo,
                             ("cat",)), (s.supervisor.startProcess, ("off",)),
                             (s.supervisor.stopProcess, ("cat",)),
                             (s.supervisor.getVersion, ())):
            self.assertFault(5, "FATAL_STATE", method, *args)
        self.assertIn("supervisor.getState", s.system.listMethods())
        ended = d.reevectl("status")
        self.assertEqual(4, ended.returncode)
        self.assertTrue(ended.stdout.startswith("daemon state: FATAL, "), ended.stdout)
        self.assertTrue(alive(self.cat))

    def test_children_are_left_alone_and_drained(self):
        d = self.broken()
        os.kill(self.cat, 9)
        until(lambda: not alive(self.cat))
        self.assertFault(5, "FATAL_STATE", self.rpc(d).supervisor.getState)
        self.assertEqual(1, d.log().count("spawned: 'cat'"))

    def test_shutdown(self):
        d = self.broken()
        self.assertIs(True, self.rpc(d).supervisor.shutdown())
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(alive(self.cat))

    def image(self, d):
        """Differs between two executions, also under the same pid."""
        return read("/proc/%d/auxv" % d.pid)

    def test_restart(self):
        d = self.broken()
        before = self.image(d)
        self.assertIs(True, self.rpc(d).supervisor.restart())
        d.wait_log("supervisord started", count=2)
        self.assertNotEqual(before, self.image(d), "the binary was not executed anew")
        until(d.serving)
        self.assertFalse(alive(self.cat))
        self.assertNotEqual(self.cat, d.wait_state("cat", "RUNNING")["pid"])
        self.assertEqual({"statecode": 1, "statename": "RUNNING"},
                         self.rpc(d).supervisor.getState())

    def test_restart_of_a_daemon_with_a_relative_path(self):
        """It keeps its pid, directory and configuration file; further requests to restart,
        at any moment, neither end nor stop it."""
        d = self.make(TWO, build=SEAM, supervisord={"directory": "/"})
        name = os.path.basename(d.conf)
        d.command = lambda *options: [os.path.join(SEAM, "reeved"), "-c", name, *options]
        d.start_daemon()
        self.addCleanup(self.finish, d)
        d.wait_state("cat", "RUNNING")
        before = self.image(d)
        self.control(d).call("daemon.break")
        end = time.monotonic() + PATIENCE
        while self.image(d) == before:
            self.assertLess(time.monotonic(), end, "the binary was not executed anew")
            os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        # A request that arrived just after the exec restarts the daemon once more.
        until(lambda: self.serves_cat(d))
        self.assertEqual(d.pid, int(d.file("d.pid")))
        self.assertEqual("/", os.readlink("/proc/%d/cwd" % d.pid))

    def serves_cat(self, d):
        """Whether the program runs; not while a restart is under way."""
        try:
            return d.state("cat") == "RUNNING"
        except xmlrpc.client.Fault as e:
            self.assertEqual(6, e.faultCode)
        except (OSError, http.client.HTTPException):
            self.assertTrue(d.running())
        return False

    def test_front_end_comes_back(self):
        d = self.broken()
        first = d.front_end()
        os.kill(first, 9)
        until(lambda: d.front_end() not in (None, first))
        until(d.serving)
        self.assertFault(5, "FATAL_STATE", self.rpc(d).supervisor.getState)

    def test_installed_build_lacks_the_seam(self):
        d = self.daemon(TWO)
        with self.assertRaises(WireFault) as caught:
            self.control(d).call("daemon.break", reason="a test")
        self.assertEqual((1, "UNKNOWN_METHOD"), (caught.exception.code,
                                                 caught.exception.message))


if __name__ == "__main__":
    unittest.main()
