"""The path of an HTTP socket is restored after it was removed or replaced by another file."""

import contextlib
import os
import signal
import socket
import unittest

from reeve import Case, cat, reeve_only, until


@reeve_only
class RemovedSocket(Case):
    def begin(self):
        d = self.daemon(cat("cat"))
        d.wait_state("cat", "RUNNING")
        return d

    def comes_back(self, d, old):
        until(lambda: os.path.exists(d.socket), what="the socket's path")
        until(d.serving)
        self.assertNotEqual(old, os.stat(d.socket).st_ino)
        self.assertEqual(0o700, os.stat(d.socket).st_mode & 0o777)

    def test_hup(self):
        d = self.begin()
        old = os.stat(d.socket).st_ino
        os.rename(d.socket, d.socket + ".away")
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("supervisord started", count=2)
        self.comes_back(d, old)
        d.wait_log(r"WARN \[unix_http_server\] %s was removed or replaced; binding it again" %
                   d.socket)

    def test_reread(self):
        d = self.begin()
        old, pid = os.stat(d.socket).st_ino, d.info("cat")["pid"]
        for via in (["-s", "http://127.0.0.1:%d" % d.port], []):
            with self.subTest(via):
                os.rename(d.socket, d.socket + ".away%d" % len(via))
                done = d.reevectl(*via, "reread", options=["-c", d.conf])
                self.assertEqual((0, "No config updates to processes\n"),
                                 (done.returncode, done.stdout))
                self.comes_back(d, old)
                old = os.stat(d.socket).st_ino
        self.assertEqual(pid, d.info("cat")["pid"])
        self.assertNotIn("terminated", d.log())

    def control_back(self, d, old):
        until(lambda: os.path.exists(d.control_path), what="the control socket's path")
        self.assertNotEqual(old, os.stat(d.control_path).st_ino)
        self.assertEqual(0o700, os.stat(d.control_path).st_mode & 0o777)
        self.control(d)

    def test_control_socket(self):
        d = self.begin()
        wire, old = self.control(d), os.stat(d.control_path).st_ino
        os.rename(d.control_path, d.control_path + ".away1")
        self.assertEqual(0, d.reevectl("reread").returncode)
        self.control_back(d, old)
        old = os.stat(d.control_path).st_ino
        os.rename(d.control_path, d.control_path + ".away2")
        os.kill(d.front_end(), signal.SIGKILL)
        self.control_back(d, old)
        wire.call("config.reread")
        d.wait_log(r"WARN control socket %s was removed or replaced; bound it again" %
                   d.control_path)
        d.stop()
        self.assertFalse(os.path.exists(d.control_path))

    def test_control_socket_that_another_program_has(self):
        d = self.begin()
        os.unlink(d.control_path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(d.control_path)
            other.listen()
            old = os.stat(d.control_path).st_ino
            done = d.reevectl("-s", "unix://" + d.socket, "reread")
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            d.wait_log("ERRO control socket .* cannot be bound again: Address already in use")
            self.assertEqual(old, os.stat(d.control_path).st_ino)

    def test_update_replaces_what_lies_there(self):
        d = self.begin()
        # The old sockets are kept, so that no new one gets their inode number.
        for make in (lambda: open(d.socket, "w", encoding="ascii").close(),
                     lambda: os.symlink("/nonexistent", d.socket)):
            old = os.stat(d.socket).st_ino
            os.rename(d.socket, d.socket + ".%d" % old)
            make()
            self.assertEqual(0, d.reevectl("update").returncode)
            until(lambda old=old: not os.path.islink(d.socket) and
                  os.stat(d.socket).st_ino != old and d.serving())

    def test_a_replaced_front_end(self):
        d = self.begin()
        old = os.stat(d.socket).st_ino
        os.rename(d.socket, d.socket + ".away")
        os.kill(until(d.front_end), signal.SIGKILL)
        self.comes_back(d, old)

    def test_nothing_happens_while_it_is_there(self):
        d = self.begin()
        old, pid = os.stat(d.socket).st_ino, until(d.front_end)
        self.assertEqual(0, d.reevectl("reread").returncode)
        self.assertEqual((old, pid), (os.stat(d.socket).st_ino, d.front_end()))

    def test_another_program_keeps_what_it_has(self):
        d = self.begin()
        os.rename(d.socket, d.socket + ".away")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(d.socket)
            other.listen()
            self.assertEqual(0, d.reevectl("reread").returncode)
            d.wait_log(r"ERRO \[unix_http_server\] cannot bind %s again: Address already in "
                       "use" % d.socket)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(d.socket)
                other.accept()[0].close()
        # After the other process has ended, the path is ours again.
        self.assertEqual(0, d.reevectl("reread").returncode)
        until(d.serving)

    def test_its_end_removes_only_its_own(self):
        d = self.begin()
        os.rename(d.socket, d.socket + ".away")
        with open(d.socket, "w", encoding="ascii") as f:
            f.write("another's")
        d.stop()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(d.socket + ".away")
        self.assertTrue(os.path.exists(d.socket))


if __name__ == "__main__":
    unittest.main()
