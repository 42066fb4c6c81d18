"""A whole run under valgrind: start, every kind of call, restart, shutdown. Not part of the
system suite: tests/run valgrind runs it with a build without sanitizers."""

import glob
import os
import shutil
import signal
import unittest
import xmlrpc.client

from reeve import Case, Daemon, program, read, until

PROGRAMS = (program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log",
                    stdout_logfile_maxbytes=100, stdout_logfile_backups=2) +
            program("auto", "{child} sleep 1000", numprocs=3,
                    process_name="auto%(process_num)d") +
            program("bad", "/nonexistent", startretries=1) +
            program("quick", "{child} exit 1", startretries=1) +
            program("grim", "{child} ignore-term", stopwaitsecs=1,
                    stdout_logfile="{dir}/grim.log") +
            "[group:g]\nprograms=cat,grim\n")


class Checked(Daemon):
    """Runs reeved and reeve-rpcd, and no other program, under valgrind."""

    def command(self, *options):
        return ["valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite",
                "--errors-for-leak-kinds=definite", "--track-fds=no", "--error-exitcode=99",
                "--trace-children=yes", "--trace-children-skip=*/child,/nonexistent",
                "--log-file=" + self.path("valgrind.%p"), *super().command(*options)]


@unittest.skipUnless(shutil.which("valgrind"), "no valgrind")
class WholeLife(Case):
    def test_life(self):
        d = Checked(PROGRAMS)
        self.addCleanup(d.destroy)
        d.start()
        s = self.rpc(d).supervisor
        until(lambda: s.getProcessInfo("auto:auto2")["statename"] == "RUNNING")
        self.calls(d, s)
        d.wait_state("bad", "FATAL")
        self.malformed_requests(d)
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertEqual("%d\n" % d.pid, d.reevectl("pid").stdout)
        self.rpc(d).supervisor.shutdown()
        self.assertEqual(0, d.wait_exit(), d.output())
        until(lambda: not d.remaining())
        text = "".join(read(path).decode(errors="replace")
                       for path in sorted(glob.glob(d.path("valgrind.*"))))
        self.assertEqual("", text)

    def calls(self, d, s):
        until(lambda: d.file("grim.log"))
        for name in ("getState", "getPID", "getIdentification", "getAllProcessInfo"):
            getattr(s, name)()
        for _ in range(5):
            s.sendProcessStdin("g:cat", "x" * 60 + "\n")
        until(lambda: d.file("cat.log.2"))
        s.readProcessStdoutLog("g:cat", 0, 0)
        s.tailProcessStdoutLog("g:cat", 0, 10)
        s.clearProcessLogs("g:cat")
        s.readLog(0, 0)
        s.stopProcessGroup("g")
        s.startAllProcesses()
        s.signalProcess("g:cat", "CONT")
        for method, args in ((s.startProcess, ("nope",)), (s.stopProcess, ("bad",)),
                             (s.signalProcess, ("g:cat", "FOO")), (s.nope, ())):
            with self.assertRaises(xmlrpc.client.Fault):
                method(*args)
        d.reevectl("restart", "auto:*")
        d.reevectl("status")

    def malformed_requests(self, d):
        for data in (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
                     b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100):
            with d.connect() as s:
                s.settimeout(0.5)
                s.sendall(data)
                try:
                    s.recv(1000)
                except (TimeoutError, ConnectionResetError):
                    pass
        with d.control(hello=False).sock as s:
            s.sendall(b"junk\n")
            s.recv(100)


if __name__ == "__main__":
    unittest.main()
