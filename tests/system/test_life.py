"""From start to end: foreground, daemon, pidfile, signals, shutdown and restart."""

import http.client
import os
import re
import signal
import socket
import threading
import unittest

from reeve import SUBJECT, Case, alive, program, read, reeve_only, until

TWO = program("cat", "/bin/cat", startsecs=0) + program("web", "{child} sleep 1000")


class Foreground(Case):
    def test_start_serve_shutdown(self):
        d = self.daemon(TWO)
        for name in ("cat", "web"):
            d.wait_state(name, "RUNNING")
        s = self.rpc(d, "tcp")
        self.assertEqual({"statecode": 1, "statename": "RUNNING"}, s.supervisor.getState())
        pids = [info["pid"] for info in s.supervisor.getAllProcessInfo()]
        self.assertTrue(all(map(alive, pids)))
        self.assertIs(True, s.supervisor.shutdown())
        self.assertEqual(0, d.wait_exit())
        self.assertFalse([pid for pid in pids if alive(pid)])
        self.assertEqual([], d.remaining())
        self.assertFalse(os.path.exists(d.pidfile))
        self.assertFalse(os.path.exists(d.socket))
        self.assertFalse(os.path.exists(d.control_path))

    def test_log_of_a_life(self):
        d = self.daemon(program("cat", "/bin/cat", startsecs=0))
        pid = d.wait_state("cat", "RUNNING")["pid"]
        d.stop()
        wanted = [
            "INFO supervisord started with pid %d" % d.pid,
            "INFO spawned: 'cat' with pid %d" % pid,
            "INFO success: cat entered RUNNING state, process has stayed up for "
            "> than 0 seconds (startsecs)",
            "WARN received SIGTERM indicating exit request",
            "INFO waiting for cat to die",
            "WARN stopped: cat (terminated by SIGTERM)",
        ]
        self.assertEqual(wanted, [m for m in d.messages() if m in wanted])
        for line in d.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]{4} ")
        self.assertIn(d.log().splitlines()[-1], d.output())

    def test_silent(self):
        d = self.daemon(args=["-s"])
        d.stop()
        self.assertNotIn("supervisord started", d.output())
        self.assertIn("supervisord started", d.log())

    def test_pidfile(self):
        d = self.daemon()
        self.assertEqual(b"%d\n" % d.pid, until(lambda: read(d.pidfile, b"")))

    def test_pidfile_that_cannot_be_written(self):
        d = self.daemon(supervisord={"pidfile": "%(here)s/child"})
        d.wait_log("CRIT could not write pidfile " + d.path("child"))
        self.assertNotIn("supervisord started", d.log())

    def test_ending_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number):
                d = self.daemon()
                os.kill(d.pid, number)
                self.assertEqual(0, d.wait_exit())
                d.wait_log("WARN received %s indicating exit request" %
                           signal.Signals(number).name)

    def test_critical_line_without_authentication(self):
        d = self.daemon(tcp={"username": "u", "password": "p"})
        self.assertIn("CRIT Server 'unix_http_server' running without any HTTP "
                      "authentication checking", d.messages())
        self.assertNotIn("'inet_http_server'", d.log())

    def test_root_without_user(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.daemon()
        self.assertIn("CRIT Supervisor is running as root.  Privileges were not dropped "
                      "because no user is specified in the config file.  If you intend to "
                      "run as root, you can set user=root in the config file to avoid this "
                      "message.", d.messages())

    def test_address_in_use(self):
        first = self.daemon(unix=False)
        second = self.make(unix=False)
        second.port = first.port
        second.configure()
        ended = second.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Error: Another program is already listening on a port that one of our "
                      "HTTP servers is configured to use.  Shut this program down first "
                      "before starting supervisord.\n", ended.stderr)
        if SUBJECT == "reeve":
            self.assertIn("[inet_http_server] cannot listen on 127.0.0.1:%d: Address already "
                          "in use\n" % first.port, ended.stderr)

    @reeve_only
    def test_ipv6(self):
        """::1 is this machine, so that a client there has all rights."""
        try:
            with socket.socket(socket.AF_INET6) as s:
                s.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        d = self.make()
        d.servers = (False, {"port": "[::1]:%d" % d.port})
        d.configure(program("env", "/usr/bin/env", startsecs=0, autorestart="false",
                            stdout_logfile="{dir}/env.log"))
        d.host = "::1"
        d.start()
        self.addCleanup(self.finish, d)
        self.assertNotIn("other machines", d.log())
        until(lambda: b"SUPERVISOR_SERVER_URL=http://[::1]:%d\n" % d.port in
              d.file("env.log"))
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", d.port), 1).close()
        self.assertIs(True, self.rpc(d, "tcp").supervisor.shutdown())
        self.assertEqual(0, d.wait_exit())

    def test_socket_in_use(self):
        first = self.daemon()
        second = self.make()
        second.socket = first.socket
        second.configure()
        ended = second.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Another program is already listening", ended.stderr)
        self.assertTrue(first.serving())

    def test_stale_socket(self):
        d = self.daemon()
        os.kill(d.pid, signal.SIGKILL)
        d.wait_exit()
        self.assertTrue(os.path.exists(d.socket))
        until(lambda: not d.remaining(), what="the orphaned front end to end")
        d.start()
        self.assertIn("Unlinking stale socket %s\n" % d.socket, d.output())
        self.assertEqual(0, d.stop())

    def test_stale_things(self):
        """A file at the path of the socket is replaced if no process listens there."""
        def other_socket(path):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.bind(path)

        def file(path):
            with open(path, "w", encoding="ascii"):
                pass

        for make in (file, other_socket, lambda path: os.symlink("nowhere", path),
                     lambda path: os.symlink(path, path)):
            with self.subTest(make):
                d = self.make()
                make(d.socket)
                d.start()
                self.assertIn("Unlinking stale socket %s\n" % d.socket, d.output())
                self.assertEqual(0, d.stop())
                self.assertFalse(os.path.lexists(d.socket))

    @reeve_only
    def test_directory_in_the_sockets_place(self):
        """supervisord tries to unlink it for ever."""
        d = self.make()
        os.mkdir(d.socket)
        ended = d.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Error: Cannot open an HTTP server: socket.error reported "
                      "errno.EISDIR (21)\n", ended.stderr)

    @reeve_only
    def test_two_servers_at_one_path(self):
        """supervisord connects to itself to see whether it runs, and waits for ever."""
        d = self.make()
        d.configure("[unix_http_server:again]\nfile=%s\n" % d.socket)
        ended = d.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Another program is already listening", ended.stderr)
        self.assertFalse(os.path.lexists(d.socket))

    @reeve_only
    def test_main_log_that_cannot_be_opened(self):
        """supervisord prints a traceback and exits with 1."""
        d = self.make()
        os.mkdir(d.path("main.log"))
        ended = d.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Error: cannot open the log %s: Is a directory\n" % d.path("main.log"),
                      ended.stderr)

    def test_without_http_section(self):
        d = self.make(program("cat", "/bin/cat", startsecs=0), unix=False, tcp=False)
        d.spawn()
        d.wait_log("success: cat entered RUNNING")
        if SUBJECT == "reeve":
            self.assertIsNone(d.front_end())
        self.assertEqual(0, d.stop())

    def test_version_and_help(self):
        d = self.make()
        self.assertEqual(0, d.run("-v").returncode)
        self.assertEqual(0, d.run("-h").returncode)
        self.assertIn("--configuration", d.run("--help").stdout)


class Background(Case):
    def test_daemon(self):
        d = self.make(program("cat", "/bin/cat", startsecs=0))
        d.start_daemon()
        pid = d.wait_state("cat", "RUNNING")["pid"]
        self.assertIn("INFO daemonizing the supervisord process", d.messages())
        self.assertEqual(d.pid, os.getsid(d.pid))
        for fd in range(3):
            self.assertEqual("/dev/null", os.readlink("/proc/%d/fd/%d" % (d.pid, fd)))
        self.assertEqual(d.pid, os.getsid(pid))
        self.assertEqual(pid, os.getpgid(pid))
        d.stop()
        self.assertFalse(os.path.exists(d.pidfile))

    def test_directory_and_umask(self):
        d = self.make(program("pwd", "/bin/sh -c 'umask; pwd; exec cat'", startsecs=0,
                              stdout_logfile="{dir}/pwd.log"),
                      supervisord={"directory": "/usr", "umask": "027"})
        d.start_daemon()
        until(lambda: d.file("pwd.log").count(b"\n") == 2)
        self.assertEqual(b"0027\n/usr\n", d.file("pwd.log"))
        d.stop()

    def test_not_in_foreground(self):
        d = self.daemon(program("pwd", "/bin/sh -c 'pwd; exec cat'", startsecs=0,
                                stdout_logfile="{dir}/pwd.log"),
                        supervisord={"directory": "/usr"})
        until(lambda: d.file("pwd.log"))
        self.assertEqual(os.path.realpath(d.dir).encode() + b"\n", d.file("pwd.log"))


class Restart(Case):
    def restarted(self, d, count=2):
        d.wait_log("supervisord started with pid %d" % d.pid, count=count)
        until(d.serving)

    def test_hup(self):
        d = self.daemon(TWO)
        before = d.wait_state("web", "RUNNING")["pid"]
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("WARN received SIGHUP indicating restart request")
        self.restarted(d)
        after = d.wait_state("web", "RUNNING")["pid"]
        self.assertNotEqual(before, after)
        self.assertFalse(alive(before))
        self.assertEqual(b"%d\n" % d.pid, read(d.pidfile))

    def test_call_reads_the_configuration_again(self):
        d = self.daemon(TWO)
        d.wait_state("web", "RUNNING")
        d.configure(program("other", "/bin/cat", startsecs=0))
        self.assertIs(True, self.rpc(d).supervisor.restart())
        self.restarted(d)
        d.wait_state("other", "RUNNING")
        names = [i["name"] for i in self.rpc(d).supervisor.getAllProcessInfo()]
        self.assertEqual(["other"], names)

    def test_command_line_wins_again(self):
        """Also with a changed file; AUTO logs are removed for its identifier."""
        d = self.daemon(args=["-i", "ident"])
        for name in ("x---ident-a.log", "x---ident-a.log.1", "x---ident-a.logfoo",
                     "---ident-a.log", "x---ident-.log", "x---idenT-a.log",
                     "x---ident-a b.log", "x---other-a.log"):
            open(d.path("child", name), "w", encoding="ascii").close()
        d.configure(supervisord={"identifier": "other"})
        self.assertIs(True, self.rpc(d).supervisor.restart())
        self.restarted(d)
        self.assertEqual("ident", self.rpc(d).supervisor.getIdentification())
        self.assertEqual(["---ident-a.log", "x---idenT-a.log", "x---ident-.log",
                          "x---ident-a b.log", "x---other-a.log"],
                         sorted(os.listdir(d.path("child"))))

    def test_term_turns_restart_into_shutdown(self):
        d, pid = self.stubborn()
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("received SIGHUP")
        os.kill(d.pid, signal.SIGTERM)
        d.wait_log("received SIGTERM")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(0, d.wait_exit())
        self.assertEqual(1, d.log().count("supervisord started"))

    def test_hup_is_ignored_in_shutdown(self):
        d, pid = self.stubborn()
        os.kill(d.pid, signal.SIGTERM)
        d.wait_log("received SIGTERM")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log(r"WARN ignored SIGHUP indicating restart request \(shutdown in progress\)")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(0, d.wait_exit())

    @reeve_only
    def test_nobody_is_refused(self):
        """The sockets stay bound: a client that connects continuously never finds them
        closed, and every request is answered."""
        d = self.daemon(program("cat", "/bin/cat", startsecs=0))
        ended = threading.Event()
        refused, answers = [], {"unix": 0, "tcp": 0}

        def ask(via):
            while not ended.is_set():
                try:
                    with d.rpc(via) as s:
                        s.system.listMethods()
                    answers[via] += 1
                except (OSError, http.client.HTTPException) as e:
                    refused.append((via, e))

        askers = [threading.Thread(target=ask, args=(via,)) for via in answers]
        for asker in askers:
            asker.start()
        try:
            with d.rpc() as s:
                self.assertIs(True, s.supervisor.restart())
            self.restarted(d)
        finally:
            ended.set()
            for asker in askers:
                asker.join()
        self.assertEqual([], refused)
        self.assertGreater(min(answers.values()), 0)

    @reeve_only
    def test_daemon_restarts_in_place(self):
        d = self.make(TWO)
        d.start_daemon()
        os.kill(d.pid, signal.SIGHUP)
        self.restarted(d)
        self.assertEqual(1, d.log().count("daemonizing"))
        self.assertTrue(re.search("web +RUNNING|web +STARTING", d.reevectl("status").stdout))
        d.stop()


if __name__ == "__main__":
    unittest.main()
