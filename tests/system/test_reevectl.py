"""reevectl with a running daemon, compared with Debian's supervisorctl where both can run."""

import os
import shutil
import re
import signal
import subprocess
import unittest

from reeve import SUPERVISORCTL, Case, alive, program, reeve_only, until

PROGRAMS = (program("cat", "/bin/cat", startsecs=0) +
            program("off", "/bin/cat", autostart="false", startsecs=0) +
            program("slow", "{child} sleep 1000", autostart="false") +
            program("bad", "/nonexistent", autostart="false") +
            program("quick", "{child} exit 1", autostart="false", startretries=0) +
            program("x", "/bin/cat", autostart="false", startsecs=0) +
            program("y", "/nonexistent", autostart="false") +
            "[group:g]\nprograms=x,y\n")


@reeve_only
class Reevectl(Case):
    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def run_ctl(self, line, output, status=0):
        ended = self.d.reevectl(*line.split())
        self.assertEqual((output, status), (ended.stdout, ended.returncode), line)
        if status == 0:
            self.assertEqual("", ended.stderr, line)

    @unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
    def test_same_as_supervisorctl(self):
        """Equal output and exit codes; the state is the same for both."""
        for line in ("status", "status cat off", "status g:*", "status nope h:* cat",
                     "pid", "pid all", "pid cat off", "pid nope", "pid g:*",
                     "start cat", "start nope", "start bad", "start h:*", "start g:y nope",
                     "stop off", "stop nope", "stop h:*", "stop g:* off",
                     "signal CONT cat", "signal 18 cat off", "signal FOO cat",
                     "signal CONT all", "signal FOO all", "signal FOO g:*", "signal CONT h:*",
                     "signal CONT nope", "restart cat", "restart bad",
                     "version", "frobnicate", "start-x", "help nope", "?nope", "START cat",
                     "start quick"):
            ours, theirs = self.d.reevectl(line), self.d.supervisorctl(line)
            with self.subTest(line):
                # A second may pass between the two.
                texts = [re.sub(r"uptime [0-9:]+", "uptime", ended.stdout)
                         for ended in (theirs, ours)]
                self.assertEqual(texts[0], texts[1])
                self.assertEqual(theirs.returncode, ours.returncode)

    @unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
    def test_same_first_line_of_misuse(self):
        for line in ("start", "stop", "restart", "signal", "signal HUP", "shutdown now",
                     "reload now", "version now"):
            ours, theirs = self.d.reevectl(line), self.d.supervisorctl(line)
            with self.subTest(line):
                self.assertEqual((theirs.stdout.splitlines()[0], theirs.returncode),
                                 (ours.stdout.splitlines()[0], ours.returncode))

    def test_start_waits(self):
        self.run_ctl("start slow", "slow: started\n")
        self.assertEqual("RUNNING", self.d.state("slow"))
        self.run_ctl("stop slow off", "slow: stopped\noff: ERROR (not running)\n")

    def test_groups_and_all(self):
        self.run_ctl("start g:*", "g:x: started\ng:y: ERROR (no such file)\n", 1)
        self.run_ctl("stop g:*", "g:x: stopped\n")
        ended = self.d.reevectl("stop", "all")
        self.assertEqual((0, "cat: stopped\n"), (ended.returncode, ended.stdout))
        ended = self.d.reevectl("start", "all")
        self.assertEqual({"cat: started", "off: started", "slow: started", "g:x: started",
                          "bad: ERROR (no such file)", "g:y: ERROR (no such file)",
                          "quick: ERROR (spawn error)"}, set(ended.stdout.splitlines()))

    def test_works_without_the_front_end(self):
        os.kill(self.d.front_end(), signal.SIGSTOP)
        self.addCleanup(os.kill, self.d.front_end(), signal.SIGCONT)
        self.run_ctl("restart cat", "cat: stopped\ncat: started\n")
        self.assertIn("RUNNING", self.d.reevectl("status", "cat").stdout)

    def test_by_socket(self):
        for name in (self.d.control_path, "unix://" + self.d.socket,
                     "http://127.0.0.1:%d" % self.d.port):
            ended = self.d.reevectl("pid", options=["-s", name])
            self.assertEqual("%d\n" % self.d.pid, ended.stdout)
        ended = self.d.reevectl("pid", options=["-s", "foo"])
        self.assertEqual((2, "Error: invalid value for -s 'foo': value 'foo' is not a URL"),
                         (ended.returncode, ended.stderr.splitlines()[0]))

    def test_a_socket_that_is_no_control_socket(self):
        for name in (self.d.socket, "unix://" + self.d.control_path):
            ended = self.d.reevectl("pid", options=["-s", name])
            self.assertEqual(1, ended.returncode)
            self.assertTrue(ended.stdout.startswith("error: unix://"), ended.stdout)

    def test_shutdown(self):
        pid = self.d.info("cat")["pid"]
        self.run_ctl("shutdown", "Shut down\n")
        self.assertEqual(0, self.d.wait_exit())
        self.assertFalse(alive(pid))
        url = "unix://" + self.d.socket
        self.run_ctl("status", url + " no such file\n", 4)
        self.run_ctl("pid", url + " no such file\n", 7)
        self.run_ctl("shutdown", "ERROR: %s no such file (already shut down?)\n" % url, 1)
        ended = self.d.reevectl("pid", options=["-s", self.d.control_path])
        self.assertEqual((7, "unix://%s no such file\n" % self.d.control_path),
                         (ended.returncode, ended.stdout))

    def test_reload(self):
        self.run_ctl("reload", "Restarted supervisord\n")
        self.d.wait_log("supervisord started", count=2)
        until(self.d.serving)
        until(lambda: "RUNNING" in self.d.reevectl("status", "cat").stdout)

    def test_while_it_shuts_down(self):
        d, pid = self.stubborn()
        self.assertEqual("Shut down\n", d.reevectl("shutdown").stdout)
        ended = d.reevectl("status")
        self.assertEqual(4, ended.returncode)
        self.assertEqual("daemon state: SHUTDOWN", ended.stdout.splitlines()[0])
        self.assertIn("STOPPING", ended.stdout)
        ended = d.reevectl("start", "stubborn")
        self.assertEqual((1, "error: the daemon is shutting down\n"),
                         (ended.returncode, ended.stdout))
        ended = d.reevectl("shutdown")
        self.assertEqual((0, "ERROR: already shutting down\n"),
                         (ended.returncode, ended.stdout))
        ended = d.reevectl("reload")
        self.assertEqual((1, "ERROR: already shutting down\n"),
                         (ended.returncode, ended.stdout))
        os.kill(pid, signal.SIGKILL)

    def test_usage(self):
        self.assertEqual(2, self.d.reevectl("-Z", options=[]).returncode)
        self.assertEqual(0, self.d.reevectl("-h", options=[]).returncode)
        self.assertRegex(self.d.reevectl("-v", options=[]).stdout, r"^\d+\.\d+\.\d+\n$")
        ended = self.d.reevectl("status", options=["-c", "/nonexistent"])
        self.assertEqual((2, "Error: could not find config file /nonexistent"),
                         (ended.returncode, ended.stderr.splitlines()[0]))

    def test_other_user_is_kept_out(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        program = self.d.path("reevectl")  # other users may not enter the build directory
        shutil.copy(os.path.join(self.d.build, "reevectl"), program)
        ended = subprocess.run([program, "-s",
                                self.d.control_path, "pid"], capture_output=True, text=True,
                               user=65534, group=65534, extra_groups=[], check=False)
        self.assertEqual(1, ended.returncode)
        self.assertIn("Permission denied", ended.stdout)


if __name__ == "__main__":
    unittest.main()
