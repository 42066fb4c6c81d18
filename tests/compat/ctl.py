"""Debian's supervisorctl, or a supervisord that is not to live: with these arguments and
this input, what does it say?"""

import json
import os
import socket
import subprocess
import tempfile

from reeve import PATIENCE, SUPERVISORCTL

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ctl_server.py")


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
            s.connect(self.path)
            request = json.dumps({"argv": [program, *argv], "cwd": cwd, "env": env}).encode()
            socket.send_fds(s, [request], [f.fileno() for f in (given, out, err)])
            status = int(s.recv(64))
            out.seek(0)
            err.seek(0)
            return (status, out.read().decode(errors="replace"),
                    err.read().decode(errors="replace"))
