"""Passwords that are left in the memory of both processes."""

import base64
import os
import re
import socket
import unittest

from reeve import SANITIZED, Case, Shared, read, program, reeve_only, until
from test_http import STATE, Reply, request

USER, PASSWORD = "user", "swordfish-4711"
BASIC = base64.b64encode((USER + ":" + PASSWORD).encode())
HEADER = "Authorization: Basic " + BASIC.decode()
HASH = ("$6$abcdefgh$D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/EQcuNjhFbzo9Yg5"
        "ir1KIEqFY/yJpgFph0")
SLOW = (b"<methodCall><methodName>supervisor.startProcess</methodName><params><param>"
        b"<value>slow</value></param></params></methodCall>")


def memory(pid):
    """All writable memory of the process."""
    found = []
    with open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in read("/proc/%d/maps" % pid).decode().splitlines():
            begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if "w" not in rights:
                continue
            try:
                mem.seek(int(begin, 16))
                found.append(mem.read(int(end, 16) - int(begin, 16)))
            except (OSError, ValueError, OverflowError):
                pass
    return b"\n".join(found)


@reeve_only
@unittest.skipIf(os.getuid() != 0, "reads memory that is not ours")
@unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
class Memory(Case):
    def assertForgotten(self, secret, pid):
        until(lambda: secret not in memory(pid), 5, what="the end of a secret")


class Secrets(Memory, Shared):
    programs = program("slow", "/bin/cat", startsecs=1000, autostart="false")
    options = {"tcp": {"username": USER, "password": PASSWORD}}

    def connect(self):
        s = self.d.connect("tcp")
        self.addCleanup(s.close)
        stream = s.makefile("rb")
        self.addCleanup(stream.close)
        return s, stream

    def test_credentials_of_clients(self):
        kept, stream = self.connect()
        kept.sendall(request(STATE, headers=[HEADER]))
        self.assertEqual(200, Reply(stream).status)
        closed, stream = self.connect()
        closed.sendall(request(STATE, headers=[HEADER, "Connection: close"]))
        self.assertEqual(200, Reply(stream).status)
        closed.close()
        waits, _ = self.connect()
        waits.sendall(request(SLOW, headers=[HEADER]))
        self.d.wait_state("slow", "STARTING")
        # Clients that disconnect within the body or the head.
        for data in (request(STATE, headers=[HEADER])[:-10],
                     request(STATE, headers=[HEADER]).partition(b"\r\n\r\n")[0]):
            s, _ = self.connect()
            s.sendall(data)
            s.shutdown(socket.SHUT_RDWR)
            s.close()
        self.assertForgotten(BASIC, self.d.front_end())
        self.assertForgotten(PASSWORD.encode(), self.d.front_end())

    def test_configuration(self):
        """The text of a file with a password that the server does not use any more, or
        not yet."""
        w = self.control(self.d)
        with open(self.d.conf, encoding="utf-8") as f:
            text = f.read()
        other = "trout-fishing-1967"
        for password in (PASSWORD, other, PASSWORD):
            with open(self.d.conf, "w", encoding="utf-8") as f:
                f.write(text.replace(PASSWORD, password))
            for method in ("config.preview", "config.reread"):
                w.call(method)
        for name in (PASSWORD, other):
            self.assertForgotten(b"password=" + name.encode(), self.d.pid)
        self.assertForgotten(other.encode(), self.d.pid)

    def test_setup_frame(self):
        self.assertForgotten(b'"password":"' + PASSWORD.encode(), self.d.pid)
        self.assertForgotten(PASSWORD.encode(), self.d.front_end())


class Users(Memory):
    """The passwords of users: the daemon has those in force, and nobody the old ones."""

    def write(self, text, in_file):
        users = "[user:ann]\nrole=view\npassword_file=%(here)s/secret\n"
        users += "[user:bob]\nrole=view\npassword=" + text + "\n"
        users += "[user:carl]\nrole=view\npassword=" + HASH + "\n"
        with open(self.d.path("secret"), "w", encoding="utf-8") as f:
            f.write(in_file + "\n")
        self.d.configure(users)

    def test_reread(self):
        names = ["%s-4711-%d" % (fish, n) for fish in ("trout", "halibut") for n in range(4)]
        self.d = self.make()
        self.write(names[0], names[4])
        self.d.start()
        self.addCleanup(self.finish, self.d)
        w = self.control(self.d)
        for n in (1, 2, 3):
            self.write(names[n], names[4 + n])
            for method in ("config.preview", "config.reread"):
                w.call(method)
        for name in names:
            self.assertForgotten(b"password=" + name.encode(), self.d.pid)
            self.assertForgotten(name.encode(), self.d.front_end())
            if name not in (names[3], names[7]):
                self.assertForgotten(name.encode(), self.d.pid)
        self.assertForgotten(HASH.rpartition("$")[2].encode(), self.d.front_end())
        for name in (names[3], names[7]):
            self.assertEqual(1, memory(self.d.pid).count(name.encode()))


if __name__ == "__main__":
    unittest.main()
