"""FastCGI programs: the socket that a group shares, and nginx in front of it."""

import contextlib
import os
import pwd
import shutil
import socket
import stat
import threading
import unittest
import urllib.error
import urllib.request

from reeve import Case, free_port, program, read, reeve_only, until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
FCGIWRAP = shutil.which("fcgiwrap", path="/usr/sbin:/usr/bin:/sbin:/bin")
O_NONBLOCK = 0o4000

NGINX_CONF = """daemon off;
worker_processes 1;
error_log stderr info;
pid {dir}/nginx.pid;
{user}
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            fastcgi_pass {socket};
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param SCRIPT_FILENAME {dir}/hello.cgi;
        }}
    }}
}}
"""


def fcgi(where="unix://{dir}/f.sock", name="f", command="/bin/sleep 1000", **options):
    return program(name, command, section="fcgi-program", **{
        "socket": where, "startsecs": 0, "stdout_logfile": "NONE", "stderr_logfile": "NONE",
        **options})


def workers(count, **options):
    return fcgi(numprocs=count, process_name="f%(process_num)d", **options)


class Held:
    """A TCP port that is in use until it is released."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen()
        self.url = "tcp://127.0.0.1:%d" % self.socket.getsockname()[1]

    def let_go(self):
        self.socket.close()


class Fcgi(Case):
    def begin(self, text, **options):
        self.d = self.daemon(text, **options)
        self.s = self.rpc(self.d).supervisor

    def sockets(self):
        """The events of sockets in the log, one word each."""
        return [m.split()[1] for m in self.d.messages() if m.startswith("INFO ") and
                m.split()[2] == "socket"]

    def stdin_of(self, name):
        """The file of the child's descriptor 0; before the exec it is still the
        daemon's."""
        link = "/proc/%d/fd/0" % self.s.getProcessInfo(name)["pid"]
        return until(lambda: (lambda to: to if to != os.devnull else None)(os.readlink(link)),
                     what="a standard input for " + name)


class Sockets(Fcgi):
    def test_shared_and_closed_with_the_last(self):
        self.begin(workers(2))
        one, two = self.stdin_of("f:f0"), self.stdin_of("f:f1")
        self.assertRegex(one, r"^socket:")
        self.assertEqual(one, two)
        # Bound once for the check at the group's creation, once for use.
        self.assertEqual(["Creating", "Closing", "Creating"], self.sockets())
        self.s.stopProcess("f:f0")
        self.s.startProcess("f:f0")
        self.assertEqual(one, self.stdin_of("f:f0"))
        self.s.stopProcessGroup("f")
        self.assertEqual(["Creating", "Closing", "Creating", "Closing"], self.sockets())
        self.assertTrue(os.path.exists(self.d.path("f.sock")))
        with self.assertRaises(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as s:
            s.connect(self.d.path("f.sock"))
        self.s.startProcess("f:f1")
        self.assertEqual("Creating", self.sockets()[-1])
        self.assertNotEqual(one, self.stdin_of("f:f1"))
        self.assertIn("INFO Creating socket unix://" + self.d.path("f.sock"),
                      self.d.messages())

    def test_made_anew_for_a_group_that_is_added_again(self):
        self.begin(fcgi(autostart="false"))
        self.assertEqual(["Creating", "Closing"], self.sockets())
        self.s.removeProcessGroup("f")
        self.s.addProcessGroup("f")
        self.assertEqual(["Creating", "Closing"] * 2, self.sockets())

    def test_a_command_that_is_not_found(self):
        self.begin(fcgi(command="/nonexistent", startretries=0))
        self.d.wait_state("f", "FATAL")
        until(lambda: len(self.sockets()) >= 4, what="the socket to be closed")
        self.assertEqual(["Creating", "Closing"] * 2, self.sockets())

    def test_blocks_in_the_child(self):
        port = free_port()
        self.begin(fcgi() + fcgi("tcp://LOCALHOST:%d" % port, name="t"))
        for name in ("f", "t"):
            pid = self.s.getProcessInfo(name)["pid"]
            info = read("/proc/%d/fdinfo/0" % pid).decode()
            flags = int(info.partition("flags:")[2].split()[0], 8)
            self.assertFalse(flags & O_NONBLOCK, info)
        socket.create_connection(("127.0.0.1", port), 5).close()
        self.assertIn("INFO Creating socket tcp://localhost:%d" % port, self.d.messages())

    def test_mode(self):
        self.begin(fcgi() + fcgi("unix://{dir}/w.sock", name="w", socket_mode="0666"))
        for name, mode in (("f.sock", 0o700), ("w.sock", 0o666)):
            self.assertEqual(mode, stat.S_IMODE(os.stat(self.d.path(name)).st_mode))

    @unittest.skipUnless(os.geteuid() == 0, "only root gives sockets away")
    def test_owner(self):
        self.begin(fcgi(user="nobody") + fcgi("unix://{dir}/o.sock", name="o", user="nobody",
                                              socket_owner="1:2"))
        nobody = pwd.getpwnam("nobody")
        for name, owner in (("f.sock", (nobody.pw_uid, nobody.pw_gid)), ("o.sock", (1, 2))):
            found = os.stat(self.d.path(name))
            self.assertEqual(owner, (found.st_uid, found.st_gid), name)

    def test_takes_the_place_of_what_has_the_name(self):
        self.d = self.make(fcgi())
        with open(self.d.path("f.sock"), "w", encoding="ascii") as f:
            f.write("in the way")
        self.d.start()
        self.addCleanup(self.finish, self.d)
        self.d.wait_state("f", "RUNNING")
        self.assertTrue(stat.S_ISSOCK(os.stat(self.d.path("f.sock")).st_mode))

    def test_nothing_is_written_to_it(self):
        self.begin(fcgi())
        self.assertFault(20, "NO_FILE: f", self.s.sendProcessStdin, "f", "x")
        self.s.stopProcess("f")
        self.assertFault(70, "NOT_RUNNING: f", self.s.sendProcessStdin, "f", "x")

    def test_in_a_group_it_is_an_ordinary_program(self):
        self.begin(fcgi() + "[group:g]\nprograms=f\n")
        self.assertEqual([("g", "f")], [(i["group"], i["name"])
                                        for i in self.s.getAllProcessInfo()])
        self.assertRegex(self.stdin_of("g:f"), r"^pipe:")
        self.assertIs(True, self.s.sendProcessStdin("g:f", "x"))
        self.assertEqual([], self.sockets())


class Reread(Fcgi):
    def differs(self, text):
        self.d.configure(text)
        return self.s.reloadConfig()[0][1]

    def test_another_socket(self):
        self.begin(fcgi())
        self.assertEqual([], self.differs(fcgi()))
        self.assertEqual(["f"], self.differs(fcgi("unix://{dir}/g.sock")))

    def test_listed_with_its_configuration(self):
        self.begin(workers(2, priority=5))
        self.assertEqual([("f", "f0", 5, True), ("f", "f1", 5, True)], [
            (i["group"], i["name"], i["group_prio"], i["inuse"])
            for i in self.s.getAllConfigInfo()])

    @reeve_only
    def test_another_owner_mode_or_backlog(self):
        self.begin(fcgi())
        self.assertEqual(["f"], self.differs(fcgi(socket_mode="0770")))
        self.assertEqual(["f"], self.differs(fcgi(socket_backlog=7)))
        self.assertEqual(["f"], self.differs(fcgi(socket_owner="1")))


@reeve_only
class Failures(Fcgi):
    """A socket that cannot be created; supervisord exits, or answers with status 500."""

    def test_at_start(self):
        held = Held()
        why = "Could not create FastCGI socket %s: [Errno 98] Address already in use" % held.url
        self.begin(fcgi(held.url, startretries=0) + program("p", "/bin/sleep 1000",
                                                            startsecs=0))
        self.assertEqual(why, self.d.wait_state("f", "FATAL")["spawnerr"])
        self.assertEqual("RUNNING", self.d.state("p"))
        self.assertEqual(["ERRO " + why], [m for m in self.d.messages()
                                           if m.startswith("ERRO")])
        self.assertIn("INFO spawnerr: " + why, self.d.messages())
        self.assertFault(50, "SPAWN_ERROR: f", self.s.startProcess, "f")
        held.let_go()
        self.assertIs(True, self.s.startProcess("f"))

    def test_of_a_group_that_is_added(self):
        held = Held()
        self.addCleanup(held.let_go)
        self.begin("")
        self.d.configure(fcgi(held.url))
        self.s.reloadConfig()
        self.assertFault(30, "FAILED: Could not create FastCGI socket %s: [Errno 98] "
                         "Address already in use" % held.url, self.s.addProcessGroup, "f")
        self.assertEqual([], self.s.getAllProcessInfo())

    def test_when_it_is_made_again(self):
        self.d = d = self.make(fcgi("unix://{dir}/sub/f.sock", autorestart="true"))
        os.mkdir(d.path("sub"))
        d.start()
        self.addCleanup(self.finish, d)
        self.s = self.rpc(d).supervisor
        shutil.rmtree(d.path("sub"))
        self.s.signalProcess("f", "KILL")
        info = d.wait_state("f", "BACKOFF", "FATAL")
        self.assertEqual("Could not create FastCGI socket unix://%s: [Errno 2] No such file "
                         "or directory" % d.path("sub", "f.sock"), info["spawnerr"])
        os.mkdir(d.path("sub"))
        d.wait_state("f", "RUNNING")

    def test_a_host_that_is_unknown(self):
        self.begin(fcgi("tcp://*:%d" % free_port(), startretries=0))
        self.assertIn("[Errno -2] Name or service not known",
                      self.d.wait_state("f", "FATAL")["spawnerr"])


@unittest.skipUnless(NGINX and FCGIWRAP, "no nginx or no fcgiwrap")
class BehindNginx(Fcgi):
    def serve(self, where, nginx_socket):
        self.port = free_port()
        self.d = d = self.make(
            workers(2, command=FCGIWRAP, stopsignal="USR1", where=where) +
            program("nginx", NGINX + " -c {dir}/nginx.conf -e stderr", stopsignal="QUIT",
                    startsecs=0, stderr_logfile="{dir}/nginx.err"))
        with open(d.path("hello.cgi"), "w", encoding="ascii") as f:
            f.write("#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' $PPID\n")
        os.chmod(d.path("hello.cgi"), 0o755)
        with open(d.path("nginx.conf"), "w", encoding="ascii") as f:
            f.write(NGINX_CONF.format(
                dir=d.dir, port=self.port, socket=nginx_socket.replace("{dir}", d.dir),
                user="user root;" if os.geteuid() == 0 else ""))
        d.start()
        self.addCleanup(self.finish, d)
        self.s = self.rpc(d).supervisor
        until(lambda: self.ask()[0] == 200, what="nginx to serve; it says: " +
              d.file("nginx.err").decode())

    def ask(self):
        """The status, and the pid of the worker that answered."""
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/" % self.port, timeout=10) as r:
                return r.status, int(r.read())
        except urllib.error.HTTPError as e:
            e.close()
            return e.code, 0
        except urllib.error.URLError:
            return 0, 0

    def pids(self):
        return [self.s.getProcessInfo("f:f%d" % i)["pid"] for i in range(2)]

    def keep_asking(self, lock):
        while not self.done.is_set():
            self.gate.wait()
            with lock:
                self.answers.append(self.ask())

    def stop_one(self):
        """Stops the first worker while it has no request, because stopping during a
        request is its own affair; requests are answered while it ends."""
        self.gate.clear()
        with contextlib.ExitStack() as idle:
            for lock in self.locks:
                idle.enter_context(lock)
            self.s.stopProcess("f:f0", False)
        self.gate.set()
        self.d.wait_state("f:f0", "STOPPED")

    def more_answers(self):
        count = len(self.answers)
        until(lambda: len(self.answers) > count + 20, what="answers")

    def restart_one(self):
        self.more_answers()
        self.stop_one()
        self.more_answers()
        self.s.startProcess("f:f0")
        new = self.pids()[0]
        until(lambda: any(pid == new for _, pid in self.answers[:]), what="the new worker")

    def while_asking(self, work):
        self.done, self.gate, self.answers = threading.Event(), threading.Event(), []
        self.locks = [threading.Lock() for _ in range(2)]
        askers = [threading.Thread(target=self.keep_asking, args=[lock])
                  for lock in self.locks]
        self.gate.set()
        for asker in askers:
            asker.start()
        try:
            work()
        finally:
            self.done.set()
            self.gate.set()
            for asker in askers:
                asker.join()

    def check(self, where, nginx_socket):
        self.serve(where, nginx_socket)
        kept = self.pids()[1]
        self.while_asking(self.restart_one)
        self.assertEqual({200}, {status for status, _ in self.answers})
        self.assertIn(kept, {pid for _, pid in self.answers})
        self.assertEqual(kept, self.pids()[1])
        self.assertEqual(["Creating", "Closing", "Creating"], self.sockets())

    def test_unix(self):
        self.check("unix://{dir}/f.sock", "unix:{dir}/f.sock")

    def test_tcp(self):
        port = free_port()
        self.check("tcp://localhost:%d" % port, "127.0.0.1:%d" % port)


if __name__ == "__main__":
    unittest.main()
