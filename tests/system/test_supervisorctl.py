"""Debian's own supervisorctl, over the Unix socket and over TCP."""

import os
import unittest

from reeve import SUPERVISORCTL, Case, alive, program, until

PROGRAMS = (program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log") +
            program("off", "/bin/cat", autostart="false", startsecs=0) +
            program("bad", "/nonexistent", autostart="false") +
            program("quick", "{child} exit 1", autostart="false", startretries=0) +
            program("x", "/bin/cat", autostart="false", startsecs=0) +
            program("y", "/bin/cat", autostart="false", startsecs=0) +
            "[group:g]\nprograms=x,y\n")


@unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
class OverUnix(Case):
    via = "unix"

    def setUp(self):
        self.d = self.daemon(PROGRAMS)
        self.d.wait_state("cat", "RUNNING")

    def run_ctl(self, line, output, status=0):
        ended = self.d.supervisorctl(*line.split(), via=self.via)
        self.assertEqual((output, status, ""), (ended.stdout, ended.returncode, ended.stderr),
                         line)

    def test_status(self):
        ended = self.d.supervisorctl("status", via=self.via)
        lines = ended.stdout.splitlines()
        self.assertEqual(3, ended.returncode)
        self.assertEqual("bad                              STOPPED   Not started", lines[0])
        self.assertRegex(lines[1], r"^cat {30}RUNNING   pid \d+, uptime 0:00:0\d$")
        self.assertEqual("g:x                              STOPPED   Not started", lines[2])
        self.assertEqual(6, len(lines))
        self.assertEqual(0, self.d.supervisorctl("status", "cat", via=self.via).returncode)
        self.run_ctl("status nope", "nope: ERROR (no such process)\n", 4)
        self.run_ctl("status h:*", "h: ERROR (no such group)\n", 4)

    def test_start_and_stop(self):
        self.run_ctl("start off", "off: started\n")
        self.run_ctl("start off", "off: ERROR (already started)\n")
        self.run_ctl("start bad", "bad: ERROR (no such file)\n", 1)
        self.run_ctl("start quick", "quick: ERROR (spawn error)\n", 7)
        self.run_ctl("start nope", "nope: ERROR (no such process)\n", 1)
        self.run_ctl("start h:*", "h: ERROR (no such group)\n", 2)
        self.run_ctl("stop off", "off: stopped\n")
        self.run_ctl("stop off", "off: ERROR (not running)\n")
        self.run_ctl("stop h:*", "h: ERROR (no such group)\n", 1)
        self.run_ctl("start g:*", "g:x: started\ng:y: started\n")
        # The order in which the two end is not defined.
        ended = self.d.supervisorctl("stop", "g:*", via=self.via)
        self.assertEqual(["g:x: stopped", "g:y: stopped"], sorted(ended.stdout.splitlines()))
        self.run_ctl("stop g:*", "")

    def test_restart(self):
        before = self.d.info("cat")["pid"]
        self.run_ctl("restart cat", "cat: stopped\ncat: started\n")
        self.assertNotEqual(before, self.d.info("cat")["pid"])
        self.run_ctl("restart off", "off: ERROR (not running)\noff: started\n")

    def test_stop_all(self):
        self.run_ctl("stop all", "cat: stopped\n")

    def test_signal(self):
        self.run_ctl("signal CONT cat", "cat: signalled\n")
        self.run_ctl("signal FOO cat", "cat: ERROR (bad signal name)\n", 1)
        self.run_ctl("signal CONT off", "off: ERROR (not running)\n", 7)
        self.run_ctl("signal CONT all", "cat: signalled\n")

    def test_pid(self):
        self.run_ctl("pid", "%d\n" % self.d.pid)
        self.run_ctl("pid cat", "%d\n" % self.d.info("cat")["pid"])
        self.run_ctl("pid off", "0\n", 7)
        self.run_ctl("pid nope", "No such process nope\n", 1)

    def test_tail_and_clear(self):
        self.rpc(self.d).supervisor.sendProcessStdin("cat", "hello\n")
        until(lambda: self.d.file("cat.log") == b"hello\n")
        self.run_ctl("tail cat", "hello\n\n")
        self.run_ctl("tail -3 cat", "lo\n\n")
        self.run_ctl("tail cat stderr", "\n")
        self.run_ctl("tail nope", "nope: ERROR (no such process name)\n", 1)
        self.run_ctl("clear cat", "cat: cleared\n")
        self.run_ctl("tail cat", "\n")
        self.run_ctl("clear nope", "nope: ERROR (no such process)\n", 1)

    def test_maintail(self):
        ended = self.d.supervisorctl("maintail", via=self.via)
        self.assertIn("INFO spawned: 'cat' with pid", ended.stdout)

    def test_version(self):
        self.run_ctl("version", "4.2.5\n")

    def test_shutdown(self):
        pid = self.d.info("cat")["pid"]
        self.run_ctl("shutdown", "Shut down\n")
        self.assertEqual(0, self.d.wait_exit())
        self.assertFalse(alive(pid))
        ended = self.d.supervisorctl("status", via=self.via)
        self.assertEqual(4, ended.returncode)

    def test_reload(self):
        pid = self.d.info("cat")["pid"]
        self.run_ctl("reload", "Restarted supervisord\n")
        self.d.wait_log("supervisord started", count=2)
        until(self.d.serving)
        self.assertNotEqual(pid, self.d.wait_state("cat", "RUNNING")["pid"])


class OverTcp(OverUnix):
    via = "tcp"


@unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
class Passwords(Case):
    def test_with_and_without(self):
        d = self.daemon(unix={"username": "u", "password": "p"},
                        tcp={"username": "v", "password": "q"})
        for via, user, password in (("unix", "u", "p"), ("tcp", "v", "q")):
            ended = d.supervisorctl("-u", user, "-p", password, "pid", via=via)
            self.assertEqual("%d\n" % d.pid, ended.stdout)
            ended = d.supervisorctl("-u", user, "-p", "wrong", "pid", via=via)
            self.assertTrue(ended.stdout.startswith("Server requires authentication\n"))
            self.assertEqual(1, ended.returncode)


if __name__ == "__main__":
    unittest.main()
