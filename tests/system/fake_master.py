#!/usr/bin/env python3
"""A master without children, for tests of reeve-rpcd alone.

It performs the setup of reeve-protocol(7), "The front end", with one TCP and one Unix
listener, streams a snapshot of two processes, and answers process.start and process.stop
by changing a row. Run by hand it prints the address and serves until it is interrupted:

    tests/system/fake_master.py build/reeve-rpcd [USERNAME PASSWORD]
"""
import fcntl
import json
import mmap
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

F_ADD_SEALS, SEALS = 1033, 0x1 | 0x2 | 0x4  # SEAL, SHRINK, GROW


def row(number, name, **changes):
    base = {
        "id": number, "group": name, "name": name, "state": "STOPPED", "spawn": 0,
        "last_spawn": 0, "verdict": "none", "pid": 0, "start": 0, "stop": 0,
        "exitstatus": 0, "spawnerr": "", "stopped_at": "Not started",
        "stdout_logfile": "", "stderr_logfile": "", "fed_by_pipe": True,
    }
    base.update(changes)
    return base


class FakeMaster:
    """Use as a context manager; `url` and `path` are the two listeners."""

    def __init__(self, program, username=None, password=None, uid=65534, gid=65534,
                 confinement="best", role=None, slow=False, hold=False,
                 answer_hello=True, argv0=()):
        self.program, self.role = program, role
        self.slow = slow                    # a start never completes by itself
        self.hold = hold                    # the snapshot is sent by snapshot() only
        self.answer_hello = answer_hello
        self.username, self.password = username, password
        self.setup = {"uid": uid, "gid": gid, "user": "nobody", "confinement": confinement,
                      "loglevel": "debug", "listeners": 2}
        self.argv0 = list(argv0)
        self.rows = {1: row(1, "one"),
                     2: row(2, "two", state="RUNNING", pid=os.getpid(), spawn=1,
                            start=int(time.time()), stopped_at="",
                            last_spawn=1, verdict="running")}
        self.seq = 0
        self.calls = []          # methods called by reeve-rpcd
        self.ready = threading.Event()
        self.log = b""
        self.lock = threading.RLock()

    def __enter__(self):
        self.dir = tempfile.mkdtemp()
        self.path = os.path.join(self.dir, "sock")
        self.tcp = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(self.path)
        self.unix.listen(128)
        self.url = "http://127.0.0.1:%d/RPC2" % self.tcp.getsockname()[1]
        self.page = os.memfd_create("page", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(self.page, 4096)
        self.numbers = mmap.mmap(self.page, 4096)
        fcntl.fcntl(self.page, F_ADD_SEALS, SEALS)
        self.start()
        return self

    def start(self):
        """Starts reeve-rpcd, also again after its end."""
        self.ready.clear()
        self.sock, theirs = socket.socketpair()
        read_end, write_end = os.pipe()

        def place():
            os.dup2(theirs.fileno(), 3)

        self.child = subprocess.Popen(
            self.argv0 + [self.program], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=write_end, preexec_fn=place,
            pass_fds=(3,), env=self.environment(), close_fds=True)
        theirs.close()
        os.close(write_end)
        self.log_fd = read_end
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        self.log_thread = threading.Thread(target=self.gather, daemon=True)
        self.log_thread.start()

    @staticmethod
    def environment():
        keep = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
        return {name: os.environ[name] for name in keep if name in os.environ}

    def __exit__(self, *exc):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.close()
        self.tcp.close()
        self.unix.close()
        self.numbers.close()
        os.close(self.page)
        shutil.rmtree(self.dir)

    def close(self):
        """Closes the connection, as a dead master would."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(10)
        self.log_thread.join(10)
        self.sock.close()

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def gather(self):
        while True:
            data = os.read(self.log_fd, 65536)
            if not data:
                break
            self.log += data
        os.close(self.log_fd)

    # -- the wire

    def send(self, message, fd=None):
        message["jsonrpc"] = "2.0"
        if fd is not None:
            message["fd"] = True
        data = json.dumps(message).encode() + b"\n"
        with self.lock:
            if fd is None:
                self.sock.sendall(data)
            else:
                sent = socket.send_fds(self.sock, [data], [fd])
                self.sock.sendall(data[sent:])

    def notify(self, method, params, fd=None):
        self.send({"method": method, "params": params}, fd)

    def raise_number(self):
        self.seq += 1
        self.numbers[:8] = struct.pack("=Q", self.seq)
        return self.seq

    def change(self, number, **changes):
        """Changes a row: first the page, then the state stream."""
        with self.lock:
            self.rows[number].update(changes)
            seq = self.raise_number()
            self.notify("stream.process", {"seq": seq, "process": self.rows[number]})

    def snapshot(self):
        with self.lock:
            seq = self.raise_number()
            self.notify("stream.begin", {"seq": seq})
            self.notify("stream.daemon", {"seq": seq, "daemon": {
                "state": 1, "fatal_reason": "", "pid": os.getpid(),
                "identifier": "supervisor", "logfile": "", "has_main_interface": True}})
            for one in self.rows.values():
                self.notify("stream.process", {"seq": seq, "process": one})
            self.notify("stream.end", {"seq": seq})

    def serve(self):
        pending = b""
        while True:
            try:
                data = self.sock.recv(65536)
            except OSError:
                return
            if not data:
                return
            pending += data
            *lines, pending = pending.split(b"\n")
            for line in lines:
                self.dispatch(json.loads(line))

    def dispatch(self, message):
        method = message["method"]
        self.calls.append(method)
        handler = getattr(self, "do_" + method.replace(".", "_"), None)
        try:
            if handler is not None:
                handler(message["id"], message.get("params", {}))
            elif "id" in message:
                self.send({"id": message["id"],
                           "error": {"code": 30, "message": "FAILED: fake master"}})
        except OSError:
            pass

    def do_hello(self, number, params):
        assert params["protocol"] == 1, params
        if not self.answer_hello:
            return
        self.send({"id": number, "result": {
            "protocol": 1, "version": "0", "role": "admin", "pid": os.getpid(),
            "setup": self.setup}})
        common = {"section": "s", "username": self.username, "password": self.password,
                  "unauthenticated_role": self.role}
        self.notify("setup.listener", dict(common, kind="tcp", address="tcp"),
                    self.tcp.fileno())
        self.notify("setup.listener", dict(common, kind="unix", address=self.path),
                    self.unix.fileno())
        self.notify("setup.page", {}, self.page)
        self.notify("setup.end", {})

    def do_ready(self, number, params):
        self.send({"id": number, "result": None})
        if not self.hold:
            self.snapshot()
        self.ready.set()

    def find(self, params):
        name = params["name"].split(":")[-1]
        for one in self.rows.values():
            if one["name"] == name:
                return one
        return None

    def do_process_start(self, number, params):
        one = self.find(params)
        if one is None:
            self.send({"id": number, "error": {
                "code": 10, "message": "BAD_NAME: " + params["name"]}})
            return
        spawn = one["spawn"] + 1
        self.change(one["id"], state="STARTING", spawn=spawn, pid=os.getpid(),
                    start=int(time.time()), stopped_at="")
        self.send({"id": number, "result": {"id": one["id"], "spawn": spawn}})
        if not self.slow:
            self.change(one["id"], state="RUNNING",
                        last_spawn=spawn, verdict="running")

    def do_process_stop(self, number, params):
        one = self.find(params)
        self.change(one["id"], state="STOPPED", pid=0, stop=int(time.time()),
                    stopped_at="Nov 22 04:12 PM")
        self.send({"id": number, "result": {"id": one["id"], "spawn": one["spawn"]}})


def main():
    program, *credentials = sys.argv[1:]
    with FakeMaster(program, *credentials) as master:
        print(master.url, master.path, "pid", master.child.pid, flush=True)
        try:
            master.child.wait()
        except KeyboardInterrupt:
            pass
    sys.stdout.write(master.log.decode(errors="replace"))


if __name__ == "__main__":
    main()
