"""reevectl without a server or with a foreign one: what it prints on standard error, and which
servers get the password."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only, until

NOBODY = 65534
URL_OF_NOBODY = "http://127.0.0.1:1"


def run_as(uid, d, *words):
    """A copy of the program, because other users may not enter the build directory."""
    tool = os.path.join(d, "reevectl")
    if not os.path.exists(tool):
        shutil.copy(os.path.join(BUILD, "reevectl"), tool)
    who = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
    return subprocess.run([tool, *words], capture_output=True, text=True, cwd=d,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False, **who)


class WithDirectory(unittest.TestCase):
    MODE = 0o755

    def setUp(self):
        place = tempfile.TemporaryDirectory(prefix="reeve-reach-")
        self.addCleanup(place.cleanup)
        self.dir = place.name
        os.chmod(self.dir, self.MODE)


@reeve_only
class Unreached(WithDirectory):
    def setUp(self):
        super().setUp()
        self.conf = os.path.join(self.dir, "a.conf")

    def write(self, text):
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(text.replace("DIR", self.dir))

    def advice(self, *words, uid=None):
        ended = run_as(uid, self.dir, *words)
        lines = ended.stderr.replace(self.dir, "DIR").splitlines()
        self.assertNotEqual(0, ended.returncode)
        self.assertEqual(["The daemon was not reached."], lines[:1])
        return [line.strip() for line in lines[1:]]

    def test_every_address(self):
        """With every command; supervisorctl's line on standard output is unchanged."""
        self.write("[supervisord]\npidfile=DIR/p\n[supervisorctl]\nserverurl=unix://DIR/s\n")
        socket.socket(socket.AF_UNIX).bind(os.path.join(self.dir, "s"))
        for line in ("status", "pid", "start a", "reread", "update", "add a", "shutdown",
                     "tail a", "fg a", "version", "events"):
            with self.subTest(line):
                self.assertEqual(
                    ["configuration file: DIR/a.conf",
                     "control socket unix://DIR/p.ctl: No such file or directory",
                     "server unix://DIR/s: Connection refused"],
                    self.advice("-c", self.conf, *line.split()))
        ended = run_as(None, self.dir, "-c", self.conf, "pid")
        self.assertEqual((4, "unix://%s/s refused connection\n" % self.dir),
                         (ended.returncode, ended.stdout))

    def test_one_address(self):
        self.write("[supervisorctl]\nserverurl=%s\n" % URL_OF_NOBODY)
        self.assertEqual(["configuration file: DIR/a.conf",
                          "server %s: Connection refused" % URL_OF_NOBODY],
                         self.advice("-c", self.conf, "pid"))
        self.assertEqual(["configuration file: DIR/a.conf",
                          "control socket unix://DIR/x: No such file or directory"],
                         self.advice("-c", self.conf, "-s", self.dir + "/x", "pid"))
        self.assertEqual(["configuration file: none was found",
                          "server unix://DIR/x: No such file or directory"],
                         self.advice("-c", "", "-s", "unix://" + self.dir + "/x", "pid"))

    def test_not_a_server(self):
        """A listener that is not supervisord."""
        self.write("[supervisord]\npidfile=DIR/p\n")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(self.dir, "p.ctl"))
            listener.listen(1)
            with subprocess.Popen([os.path.join(BUILD, "reevectl"), "-c", self.conf, "pid"],
                                  stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  text=True) as tool:
                listener.accept()[0].close()
                self.assertIn("control socket unix://%s/p.ctl: " % self.dir,
                              tool.communicate(timeout=PATIENCE)[1])

    @unittest.skipUnless(os.geteuid() == 0, "not root")
    def test_of_another_user(self):
        self.write("[supervisord]\npidfile=DIR/p\n[supervisorctl]\nserverurl=unix://DIR/s\n")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(self.dir, "p.ctl"))
            os.chmod(os.path.join(self.dir, "p.ctl"), 0o700)
            self.assertEqual(
                "control socket unix://DIR/p.ctl: Permission denied; it belongs to user root",
                self.advice("-c", self.conf, "pid", uid=NOBODY)[1])
        os.unlink(os.path.join(self.dir, "p.ctl"))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(os.path.join(self.dir, "p.ctl"))
            os.chown(os.path.join(self.dir, "p.ctl"), NOBODY, NOBODY)
            self.assertRegex(self.advice("-c", self.conf, "pid")[1],
                             "^control socket unix://DIR/p.ctl: Connection refused; "
                             "it belongs to user ")


@reeve_only
@unittest.skipUnless(os.geteuid() == 0, "not root")
class Fallback(Case):
    def test_is_said(self):
        """Printed once on standard error; not if there is only no control socket."""
        d = self.daemon(program("a", "/bin/cat"), tcp={"username": "u", "password": "p"})
        url, conf = "http://127.0.0.1:%d" % d.port, d.path("client.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[supervisord]\npidfile=%s\n[supervisorctl]\nserverurl=%s\nusername=u\n"
                    "password=p\n" % (d.pidfile, url))
        ended = run_as(NOBODY, d.dir, "-c", conf, "pid")
        self.assertEqual((0, "%d\n" % d.pid), (ended.returncode, ended.stdout))
        self.assertEqual("control socket unix://%s: Permission denied; it belongs to user "
                         "root; using %s instead\n" % (d.control_path, url), ended.stderr)
        tool = d.path("reevectl")
        ended = subprocess.run([tool, "-c", conf], input="pid\npid\n", user=NOBODY,
                               group=NOBODY, extra_groups=[], capture_output=True, text=True,
                               timeout=PATIENCE, cwd=d.dir, check=False)
        self.assertEqual(1, ended.stderr.count("instead"), ended.stderr)
        ended = run_as(NOBODY, d.dir, "-c", conf, "-s", url, "pid")
        self.assertEqual((0, ""), (ended.returncode, ended.stderr))
        self.assertEqual("", run_as(None, d.dir, "-c", conf, "pid").stderr)


@reeve_only
@unittest.skipUnless(os.geteuid() == 0, "not root")
class Password(WithDirectory):
    """On a Unix socket only root, our user and the daemon's user get it."""

    MODE = 0o777

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.dir, "s")
        self.url = "unix://" + self.path

    def ask(self, *words, uid=NOBODY, text="", owner=0):
        """What root's reevectl sends to a server of this user, and how it ends."""
        conf = os.path.join(self.dir, "a.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write("[supervisorctl]\nserverurl=%s\n%s" % (self.url, text))
        os.chown(conf, owner, owner)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(self.path)
                listener.listen(1)
                s = listener.accept()[0]
                s.settimeout(PATIENCE)
                os.write(writer, s.recv(65536))
                os._exit(0)
        os.close(writer)
        until(lambda: os.path.exists(self.path))
        ended = until(lambda: self.connected("-c", conf, *words))
        os.waitpid(pid, 0)
        with os.fdopen(reader, "rb") as f:
            return f.read(), ended

    def connected(self, *words):
        """None while the path exists and no process listens."""
        ended = run_as(None, self.dir, *words)
        return None if "refused" in ended.stdout else ended

    def test_server_of_another_user(self):
        for words, text in ((("-u", "a", "-p", "b"), ""), (("-p", "b"), ""),
                            ((), "username=a\npassword=b\n")):
            for line in (["pid"], ["tail", "-f", "x"], ["update"]):
                with self.subTest(words=words, line=line):
                    sent, ended = self.ask(*words, *line, text=text)
                    self.assertEqual((b"", 1), (sent, ended.returncode))
                    self.assertEqual("error: %s: not trusted: the server runs as uid 65534, "
                                     "neither root nor this user; the password is not sent\n"
                                     % self.url, ended.stdout)

    def test_those_who_may(self):
        secret = b"Authorization: Basic YTpi\r\n"
        text = "username=a\npassword=b\n"
        self.assertIn(secret, self.ask("pid", text=text, uid=0)[0])
        for user in ("nobody", "65534"):
            with_user = text + "[supervisord]\npidfile=%s/p\nuser=%s\n" % (self.dir, user)
            self.assertIn(secret, self.ask("pid", text=with_user)[0])
        # The owner of the file knows its password, but not that of the command line.
        self.assertIn(secret, self.ask("pid", text=text, owner=NOBODY)[0])
        self.assertEqual(b"", self.ask("-p", "b", "pid", text=text, owner=NOBODY)[0])
        self.assertEqual(b"", self.ask("-p", "b", "pid", text=with_user, owner=NOBODY)[0])
        self.assertEqual(b"", self.ask("pid", text=text, owner=NOBODY, uid=NOBODY - 1)[0])

    def test_nothing_to_keep(self):
        sent, _ = self.ask("pid")
        self.assertTrue(sent.startswith(b"POST /RPC2 "))
        self.assertNotIn(b"Authorization", sent)


if __name__ == "__main__":
    unittest.main()
