"""Pidfiles and sockets: the daemon removes or changes only what it has created, and links of a
user do not lead root elsewhere."""

import os
import pwd
import signal
import socket
import stat
import unittest

from reeve import Case, cat, program, read, until


class Pidfile(Case):
    def device(self, **options):
        """A daemon whose pidfile is a null device of its own, which an error cannot
        damage."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.make(cat("a"))
        os.mkdir(d.path("dev"))
        device = d.path("dev/null")
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        d.configure(cat("a"), {"pidfile": device, **options})
        return d, device

    def test_device(self):
        """The device is written and kept, and no socket is created beside it."""
        d, device = self.device()
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_log("WARN pidfile .*/dev/null is not a regular file, so there is no control "
                   "socket")
        d.wait_state("a", "RUNNING")
        self.assertEqual(["null"], os.listdir(d.path("dev")))
        self.rpc(d).supervisor.restart()
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertEqual(0, d.stop())
        self.assertEqual(["null"], os.listdir(d.path("dev")))
        self.assertTrue(stat.S_ISCHR(os.stat(device).st_mode))

    def test_control_socket_of_its_own(self):
        d, device = self.device(control_socket="%(here)s/ctl")
        d.control_path = d.path("ctl")
        d.start()
        self.addCleanup(self.finish, d)
        self.control(d)
        self.assertEqual(0, d.stop())
        self.assertTrue(stat.S_ISCHR(os.stat(device).st_mode))
        self.assertEqual(["null"], os.listdir(d.path("dev")))

    def test_replaced(self):
        """A file that has taken the name meanwhile is kept."""
        d = self.daemon(cat("a"))
        until(lambda: read(d.pidfile, b"") == b"%d\n" % d.pid)
        os.unlink(d.pidfile)
        with open(d.pidfile, "w", encoding="ascii") as f:
            f.write("1\n")
        self.assertEqual(0, d.stop())
        self.assertEqual(b"1\n", read(d.pidfile))

    def test_link(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        user = pwd.getpwnam("nobody")
        d = self.make(cat("a"))
        for name, uid in (("app", user.pw_uid), ("safe", 0)):
            os.mkdir(d.path(name), 0o755)
            os.chown(d.path(name), uid, uid)
        os.symlink(d.path("safe/made"), d.path("app/p.pid"))
        os.lchown(d.path("app/p.pid"), user.pw_uid, user.pw_gid)
        d.configure(cat("a"), {"pidfile": d.path("app/p.pid"),
                               "control_socket": d.path("ctl")})
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_log("CRIT could not write pidfile " + d.path("app/p.pid"))
        d.wait_log("ERRO pidfile .*: Permission denied: the symbolic link .*/app/p.pid is "
                   "followed with the rights of its owner, uid %d" % user.pw_uid)
        self.assertEqual([], os.listdir(d.path("safe")))
        self.assertEqual(0, d.stop())
        self.assertTrue(os.path.islink(d.path("app/p.pid")))


class Sockets(Case):
    def listen(self, path):
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(path)
        listener.listen(1)

    def test_replaced(self):
        """Sockets of others with the daemon's names are kept at its end."""
        d = self.daemon(cat("a"))
        until(lambda: os.path.exists(d.control_path))
        for path in (d.socket, d.control_path):
            os.unlink(path)
            self.listen(path)
        os.kill(d.pid, signal.SIGTERM)
        self.assertEqual(0, d.wait_exit())
        for path in (d.socket, d.control_path):
            self.assertTrue(stat.S_ISSOCK(os.stat(path).st_mode))

    def test_in_a_users_directory(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        user = pwd.getpwnam("nobody")
        d = self.make()
        os.mkdir(d.path("app"))
        os.chown(d.path("app"), user.pw_uid, user.pw_gid)
        d.socket = d.path("app/s.sock")
        d.servers = ({"chown": "nobody", "chmod": "0700"}, None)
        d.configure(program("a", "/bin/cat", user="nobody", startsecs=0))
        d.start()
        self.addCleanup(self.finish, d)
        st = os.stat(d.socket)
        self.assertEqual((user.pw_uid, 0o700), (st.st_uid, st.st_mode & 0o777))
        self.assertEqual(["s.sock"], os.listdir(d.path("app")))
        self.assertEqual(0, d.stop())
        self.assertEqual([], os.listdir(d.path("app")))

    def test_link_to_a_directory(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.make(cat("a"))
        os.mkdir(d.path("app"))
        os.mkdir(d.path("safe"), 0o755)
        os.chown(d.path("app"), 65534, 65534)
        os.symlink(d.path("safe"), d.path("app/run"))
        os.lchown(d.path("app/run"), 65534, 65534)
        d.configure(raw=d.file("supervisord.conf").decode().replace(
            "file=" + d.socket, "file=" + d.path("app/run/s.sock")))
        done = d.run("-n")
        self.assertIn("EACCES", done.stderr + done.stdout)
        self.assertEqual([], os.listdir(d.path("safe")))


if __name__ == "__main__":
    unittest.main()
