"""Debian's supervisorctl, or a supervisord that is not to live: with these arguments and
this input, what does it say?"""

import fcntl
import json
import os
import re
import select
import socket
import struct
import subprocess
import tempfile
import termios

from reeve import PATIENCE, SUPERVISORCTL

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctl_server.py")

# After which a terminal's user types the next line.
PROMPT = re.compile(rb"(supervisor> |N\? |name:|word:)\Z")


class Ctl:
    """The server that keeps it loaded; used by several threads, closed once."""

    def __init__(self):
        with open(SUPERVISORCTL, encoding="utf-8") as f:
            interpreter = f.readline()[2:].split()
        self.dir = tempfile.TemporaryDirectory(prefix="reeve-ctl-")
        self.path = os.path.join(self.dir.name, "socket")
        self.server = subprocess.Popen([*interpreter, SERVER, self.path], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.server.stdout.readline() != "ready\n":
            raise OSError("supervisorctl cannot be loaded")

    def close(self):
        self.server.stdin.close()
        self.server.wait(PATIENCE)
        self.server.stdout.close()
        self.dir.cleanup()

    def run(self, argv, cwd, text="", program=SUPERVISORCTL, env=None,
            patience=PATIENCE):
        """(exit status, stdout, stderr); its stdin holds the text and ends. A program that
        does not end in time is killed, and TimeoutError raised."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, \
                tempfile.TemporaryFile() as err, socket.socket(socket.AF_UNIX) as s:
            given.write(text.encode())
            given.seek(0)
            s.settimeout(patience)
            self.request(s, [program, *argv], cwd, env, [f.fileno() for f in (given, out, err)])
            status = int(s.recv(64))
            out.seek(0)
            err.seek(0)
            return (status, out.read().decode(errors="replace"),
                    err.read().decode(errors="replace"))

    def request(self, s, argv, cwd, env, fds):
        s.connect(self.path)
        socket.send_fds(s, [json.dumps({"argv": argv, "cwd": cwd, "env": env}).encode()], fds)

    def converse(self, argv, cwd, lines, env):
        """(exit status, output) at a terminal: each line is typed at a prompt, and entered but
        for one with a tabulator; one that begins with "~ " waits for this text; ^D and ^M are
        keys."""
        master, slave = os.openpty()
        try:
            with socket.socket(socket.AF_UNIX) as s:
                fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
                self.request(s, [SUPERVISORCTL, *argv], cwd, env, [slave] * 3)
                return self.dialogue(s, master, list(lines))
        finally:
            os.close(master)
            os.close(slave)

    def dialogue(self, s, master, lines):
        said, seen = b"", 0
        while True:
            ready, _, _ = select.select([s, master], [], [], PATIENCE)
            if master in ready:
                said += os.read(master, 65536)
            elif s in ready:
                return int(s.recv(64)), said.decode(errors="replace")
            else:
                raise TimeoutError("nothing came after %r" % said[seen:])
            while lines and (taken := self.typed(lines[0], said[seen:])) is not None:
                lines.pop(0)
                seen = len(said)
                os.write(master, taken)

    @staticmethod
    def typed(line, new):
        """What is to be typed now that this is new on the screen; None: nothing yet."""
        if line.startswith("~ "):
            return b"" if line[2:].encode() in new.replace(b"\a", b"") else None
        if line in ("^D", "^M"):
            return bytes([ord(line[1]) & 31])
        return line.encode() + b"\r" * ("\t" not in line) if PROMPT.search(new) else None
