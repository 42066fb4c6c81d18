"""A restart: errors in the new configuration are found before anything stops."""

import os
import re
import signal
import socket
import unittest
import xmlrpc.client

from reeve import Case, alive, cat, free_port, program, reeve_only, until

RUNS_ON = "; not restarting, nothing was stopped"


@reeve_only
class Reload(Case):
    def begin(self, **options):
        d = self.daemon(cat("cat"), **options)
        return d, d.wait_state("cat", "RUNNING")["pid"]

    def refused(self, d, pid, text, line):
        """Over HTTP, over the control socket and by signal. line: of the error; "" = none."""
        place = d.conf + (":%d" % line if line else "")
        self.assertFault(92, "CANT_REREAD: %s: %s" % (place, text),
                         self.rpc(d).supervisor.restart)
        seen = d.reevectl("reload")
        self.assertEqual((1, "ERROR: CANT_REREAD: %s: %s\n" % (place, text)),
                         (seen.returncode, seen.stdout))
        over_http = d.reevectl("-s", "unix://" + d.socket, "reload")
        self.assertEqual((1, seen.stdout), (over_http.returncode, over_http.stdout))
        os.kill(d.pid, signal.SIGHUP)
        logged = "ERRO %s: %s%s" % (place, text.rstrip("."), RUNS_ON)
        until(lambda: d.messages().count(logged) == 4,
              what="%r in %s" % (logged, d.messages()))
        self.assertEqual(1, d.log().count("supervisord started"))
        self.assertEqual((pid, "RUNNING"), (d.info("cat")["pid"], d.state("cat")))
        self.assertTrue(os.path.exists(d.pidfile))

    def line_of(self, d, text):
        with open(d.conf, encoding="utf-8") as f:
            return f.read().splitlines().index(text) + 1

    def test_mistakes_in_the_file(self):
        d, pid = self.begin()
        for options, line, text in (
                ({"nodaemon": "maybe"}, "nodaemon=maybe",
                 "not a valid boolean value: 'maybe'"),
                ({"user": "no-such-user"}, "user=no-such-user",
                 "Invalid user name no-such-user"),
                ({"logfile": "/nonexistent/main.log"}, "logfile=/nonexistent/main.log",
                 "The directory named as part of the path /nonexistent/main.log does not "
                 "exist"),
                ({"childlogdir": "/nonexistent"}, "childlogdir=/nonexistent",
                 "/nonexistent is not an existing directory")):
            with self.subTest(line):
                os.truncate(d.path("main.log"), 0)
                d.configure(cat("cat"), supervisord=options)
                where = self.line_of(d, line)
                with open(d.path("main.log"), "a", encoding="ascii") as f:
                    f.write("%s INFO supervisord started\n" % ("x" * 23))
                self.refused(d, pid, text, where)
        d.configure(cat("cat") + program("bad", "/bin/cat", startsecs="x"))
        os.truncate(d.path("main.log"), 0)
        with open(d.path("main.log"), "a", encoding="ascii") as f:
            f.write("%s INFO supervisord started\n" % ("x" * 23))
        self.refused(d, pid, "invalid literal for int() with base 10: 'x' in section "
                     "'program:bad' (file: '%s')" % d.conf, self.line_of(d, "startsecs=x"))

    def test_no_configuration_any_more(self):
        d, pid = self.begin()
        os.rename(d.conf, d.conf + ".away")
        self.assertFault(92, "CANT_REREAD: could not find config file " + d.conf,
                         self.rpc(d).supervisor.restart)
        self.assertEqual(pid, d.info("cat")["pid"])

    def test_a_file_that_cannot_be_parsed_is_one_line(self):
        d, _ = self.begin()
        with open(d.conf, "a", encoding="ascii") as f:
            f.write("junk\n")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("ERRO .*Source contains parsing errors: .*'junk.*" + RUNS_ON + "$")

    def test_a_port_in_use(self):
        d, pid = self.begin()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            d.configure(cat("cat") + "[inet_http_server:two]\nport=127.0.0.1:%d\n" % port)
            self.refused(d, pid, "Another program is already listening on a port that one of "
                         "our HTTP servers is configured to use.  Shut this program down "
                         "first before starting supervisord.",
                         self.line_of(d, "port=127.0.0.1:%d" % port))

    def test_a_path_in_use_and_one_without_directory(self):
        d, pid = self.begin()
        with socket.socket(socket.AF_UNIX) as taken:
            taken.bind(d.path("taken.sock"))
            taken.listen()
            d.configure(cat("cat") + "[unix_http_server:two]\nfile={dir}/taken.sock\n")
            self.assertIn("already listening", d.reevectl("reload").stdout)
        d.configure(cat("cat") + "[unix_http_server:two]\nfile={dir}/no/s.sock\n")
        text = d.reevectl("reload").stdout
        self.assertIn("errno.ENOENT (2)", text)
        self.assertIn(":%d: " % self.line_of(d, "file=%s/no/s.sock" % d.dir), text)
        self.assertEqual(pid, d.info("cat")["pid"])
        self.assertEqual([], [n for n in os.listdir(d.dir) if n.startswith(".reeve")])

    def refused_over_http(self, d, pid, text, line):
        place = "%s:%d: " % (d.conf, self.line_of(d, line))
        self.assertFault(92, "CANT_REREAD: " + place + text, self.rpc(d).supervisor.restart)
        d.wait_log(re.escape("ERRO " + place + text + RUNS_ON))
        self.assertEqual((pid, "RUNNING"), (d.info("cat")["pid"], d.state("cat")))

    def test_the_same_address_twice(self):
        d, pid = self.begin()
        port = free_port()
        for first, later in (
                ("", "[inet_http_server:b]\nport=localhost:%d" % d.port),
                ("", "[unix_http_server:b]\nfile=" + d.socket),
                ("[inet_http_server:a]\nport=*:%d\n" % port,
                 "[inet_http_server:b]\nport=127.0.0.1:%d" % port),
                ("[unix_http_server:a]\nfile={dir}/t.sock\n",
                 "[unix_http_server:b]\nfile=%s/t.sock" % d.dir)):
            with self.subTest(later):
                d.configure(cat("cat") + first + later + "\n")
                section = later[1:].partition("]")[0]
                other = section[:-1] + "a" if first else section.partition(":")[0]
                lines = d.file("supervisord.conf").decode().splitlines()
                self.assertFault(
                    92, "CANT_REREAD: %s:%d: [%s] and [%s] cannot both listen at this "
                    "address" % (d.conf, len(lines), other, section),
                    self.rpc(d).supervisor.restart)
                self.assertEqual(pid, d.info("cat")["pid"])

    def test_our_own_port_elsewhere(self):
        d, pid = self.begin()
        d.servers = (None, {"port": "192.0.2.1:%d" % d.port})
        d.configure(cat("cat"))
        self.refused_over_http(d, pid, "Cannot open an HTTP server: socket.error reported "
                               "errno.EADDRNOTAVAIL (99)", "port=192.0.2.1:%d" % d.port)

    def test_directories_in_place_of_files(self):
        d, pid = self.begin()
        d.configure(cat("cat") + "[unix_http_server:b]\nfile={dir}/child\n")
        self.refused_over_http(d, pid, "Cannot open an HTTP server: socket.error reported "
                               "errno.EISDIR (21)", "file=" + d.path("child"))
        d.configure(cat("cat"), supervisord={"logfile": d.path("child")})
        self.refused_over_http(d, pid, "cannot open the log %s: Is a directory" %
                               d.path("child"), "logfile=" + d.path("child"))

    def test_no_room_for_auto_logs(self):
        d = self.make(cat("cat"))
        d.identity = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        for path in (d.dir, d.path("child")):
            os.chown(path, 65534, 65534)
        d.start()
        self.addCleanup(self.finish, d)
        pid = d.wait_state("cat", "RUNNING")["pid"]
        d.configure(cat("cat"), supervisord={"childlogdir": "/usr"})
        self.refused_over_http(d, pid, "cannot create AUTO logs in /usr: Permission denied",
                               "childlogdir=/usr")

    def test_an_included_file_that_cannot_be_read(self):
        """Otherwise the restart would lose its programs."""
        d = self.make()
        d.identity = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        for path in (d.dir, d.path("child")):
            os.chown(path, 65534, 65534)
        with open(d.path("cat.conf"), "w", encoding="ascii") as f:
            f.write(cat("cat"))
        include = "[include]\nfiles=cat.conf\n"
        d.configure(include)
        d.start()
        self.addCleanup(self.finish, d)
        pid = d.wait_state("cat", "RUNNING")["pid"]
        os.chmod(d.path("cat.conf"), 0)
        self.refused_over_http(d, pid, "could not include %s: Permission denied" %
                               d.path("cat.conf"), "files=cat.conf")
        with self.assertRaisesRegex(xmlrpc.client.Fault, "CANT_REREAD: could not include"):
            self.rpc(d).supervisor.reloadConfig()

    def test_a_fifo_holds_nothing_up(self):
        d, pid = self.begin()
        os.mkfifo(d.path("fifo.conf"))
        d.configure(cat("cat") + "[include]\nfiles=fifo.conf\n")
        self.refused_over_http(d, pid, "could not include %s: it is a FIFO" %
                               d.path("fifo.conf"), "files=fifo.conf")
        os.unlink(d.conf)
        os.mkfifo(d.conf)
        self.assertFault(92, "CANT_REREAD: %s: could not read config file %s: it is a FIFO" %
                         (d.conf, d.conf), self.rpc(d).supervisor.restart)
        self.assertEqual(pid, d.info("cat")["pid"])

    def test_another_user_of_an_ordinary_one(self):
        d = self.make(cat("cat"))
        d.identity = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        os.chown(d.dir, 65534, 65534)
        os.chown(d.path("child"), 65534, 65534)
        d.start()
        self.addCleanup(self.finish, d)
        pid = d.wait_state("cat", "RUNNING")["pid"]
        d.configure(cat("cat"), supervisord={"user": "root"})
        self.refused(d, pid, "Can't drop privilege as nonroot user",
                     self.line_of(d, "user=root"))

    def test_our_own_addresses_are_not_in_the_way(self):
        """With another mode, and with all interfaces instead of one."""
        d, _ = self.begin()
        d.servers = ({"chmod": "0777"}, {"port": "*:%d" % d.port})
        d.configure(cat("cat"))
        self.assertEqual((0, "Restarted supervisord\n"),
                         (lambda r: (r.returncode, r.stdout))(d.reevectl("reload")))
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertEqual(0o777, os.stat(d.socket).st_mode & 0o777)

    def test_what_was_checked_is_what_starts(self):
        """Also when the file becomes invalid while the programs stop."""
        d, pid = self.stubborn()
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("waiting for stubborn to die")
        with open(d.conf, "r+", encoding="ascii") as f:
            good = f.read()
            f.write("junk\n")
        os.kill(pid, signal.SIGKILL)
        d.wait_log("supervisord started", count=2)
        with open(d.conf, "w", encoding="ascii") as f:
            f.write(good)
        until(d.serving)
        os.kill(d.wait_state("stubborn", "RUNNING")["pid"], signal.SIGKILL)
        d.wait_state("stubborn", "EXITED")

    def test_a_failure_that_shows_late_is_logged(self):
        """A port that is taken while programs stop is logged in the old log and in syslog."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog, \
                socket.socket() as taken:
            d = self.make()
            syslog.bind(d.path("log.sock"))
            syslog.settimeout(20)
            port = free_port()
            stubborn = program("stubborn", "{child} ignore-term", startsecs=0,
                               autorestart="false", stopwaitsecs=20,
                               stdout_logfile="{dir}/stubborn.log")
            options = {"syslog_socket": d.path("log.sock")}
            d.configure(stubborn, supervisord=options)
            d.start()
            until(lambda: d.file("stubborn.log"))
            pid = d.info("stubborn")["pid"]
            d.configure(stubborn + "[inet_http_server:two]\nport=127.0.0.1:%d\n" % port,
                        supervisord={**options, "logfile": d.path("other.log")})
            os.kill(d.pid, signal.SIGHUP)
            d.wait_log("waiting for stubborn to die")
            taken.bind(("127.0.0.1", port))
            taken.listen()
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(2, d.wait_exit())
            self.assertIn("CRIT cannot continue, exiting: Another program is already listening",
                          "\n".join(d.messages()))
            self.assertIn(b"CRIT cannot continue, exiting: Another program", syslog.recv(4096))
        for path in (d.pidfile, d.socket, d.control_path):
            self.assertFalse(os.path.exists(path), path)
        self.assertFalse(alive(pid))


if __name__ == "__main__":
    unittest.main()
