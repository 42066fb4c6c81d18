"""Runs Debian's supervisorctl, or a supervisord that ends at once, with arguments and input."""

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

# Prompts at which the next line is typed at a terminal.
PROMPT = re.compile(rb"(supervisor> |N\? |name:|word:)\Z")


class Ctl:
    """A client of ctl_server.py; several threads may use it."""

    def __init__(self):
        with open(SUPERVISORCTL, encoding="utf-8") as f:
            interpreter = f.readline()[2:].split()
        self.dir = tempfile.TemporaryDirectory(prefix="reeve-ctl-")
        self.path = os.path.join(self.dir.name, "socket")
        self.server = subprocess.Popen([*interpreter, SERVER, self.path], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.server.stdout.readline() != "ready\n":
            raise OSError("cannot load supervisorctl")

    def close(self):
        self.server.stdin.close()
        self.server.wait(PATIENCE)
        self.server.stdout.close()
        self.dir.cleanup()

    def run(self, argv, cwd, text="", program=SUPERVISORCTL, env=None,
            patience=PATIENCE):
        """(exit status, stdout, stderr) with this text as stdin. A program that does not end
        in time is killed; raises TimeoutError."""
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
        """(exit status, output) at a terminal. Each line is typed at a prompt, with Enter unless
        it has a tab; "~ TEXT" waits for the text; ^D and ^M are keys."""
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
        output, seen = b"", 0
        while True:
            ready, _, _ = select.select([s, master], [], [], PATIENCE)
            if master in ready:
                output += os.read(master, 65536)
            elif s in ready:
                return int(s.recv(64)), output.decode(errors="replace")
            else:
                raise TimeoutError("no output after %r" % output[seen:])
            while lines and (keys := self.typed(lines[0], output[seen:])) is not None:
                lines.pop(0)
                seen = len(output)
                os.write(master, keys)

    @staticmethod
    def typed(line, new):
        """The keys for a line after this new output; None: wait for more output."""
        if line.startswith("~ "):
            return b"" if line[2:].encode() in new.replace(b"\a", b"") else None
        if line in ("^D", "^M"):
            return bytes([ord(line[1]) & 31])
        return line.encode() + b"\r" * ("\t" not in line) if PROMPT.search(new) else None
