"""The supervisors that are measured: each starts on a directory of its own and ends."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import xmlrpc.client

from reeve import BUILD, Daemon, children_of, read, until

LIMIT = os.path.join(BUILD, "tests/bench/limit")
LISTENER = os.path.join(BUILD, "tests/bin/listener")
SLEEP = "/bin/sleep 100000"
ROW = re.compile(rb"<string>RUNNING</string>")


def children(pid):
    """The number of direct children."""
    return len(read("/proc/%d/task/%d/children" % (pid, pid), b"").split())


def memory(pid):
    """PSS and USS in kB."""
    text = read("/proc/%d/smaps_rollup" % pid).decode()
    value = {name: int(kb) for name, kb in re.findall(r"(\w+): +(\d+) kB", text)}
    return value["Pss"], value["Private_Clean"] + value["Private_Dirty"]


def cpu(pid):
    """Seconds of CPU that the process has had."""
    fields = read("/proc/%d/stat" % pid).rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class World:
    """One running supervisor."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.destroy()


class Supervised(World):
    """supervisord or reeved on one configuration."""

    def __init__(self, subject, programs, count, cpus=None):
        self.daemon = Daemon(programs, subject=subject, tcp={})
        if cpus:
            self.daemon.command = lambda *o, c=self.daemon.command: [
                "taskset", "-c", cpus, *c(*o)]
        self.subject, self.count = subject, count
        self.seconds = None

    def start(self, wait=None):
        """Until every process is RUNNING. wait: returns when it is worth asking."""
        began = time.monotonic()
        self.daemon.spawn()
        if wait is None:
            until(lambda: children(self.daemon.pid) >= self.count, 300, every=0.05)
        else:
            wait()
        until(self.all_run, 300)
        self.seconds = time.monotonic() - began
        return self

    def all_run(self):
        return not self.count or len(ROW.findall(self.post(
            "supervisor.getAllProcessInfo"))) == self.count

    def post(self, method, *params):
        """The reply as it comes; nothing while it does not serve yet."""
        connection = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=60)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("POST", "/RPC2", call(method, *params),
                               {"Content-Type": "text/xml"})
            return connection.getresponse().read()
        return b""

    def pids(self):
        front_end = self.daemon.front_end() if self.subject == "reeve" else None
        return [self.daemon.pid] + ([front_end] if front_end else [])

    def child(self, name):
        return self.daemon.info(name)["pid"]

    def stop(self):
        """Seconds from TERM to the exit."""
        began = time.monotonic()
        os.kill(self.daemon.pid, signal.SIGTERM)
        self.daemon.process.wait()
        return time.monotonic() - began

    def destroy(self):
        self.daemon.destroy()


class Scanned(World):
    """s6-svscan or runsvdir on a directory of services, one sleep each."""

    def __init__(self, command, count):
        self.dir = tempfile.mkdtemp(prefix="reeve-bench-")
        self.command, self.count = command, count
        self.process = None
        self.seconds = None
        for i in range(count):
            path = os.path.join(self.dir, "p%05d" % i)
            os.mkdir(path)
            with open(os.path.join(path, "run"), "w", encoding="ascii") as f:
                f.write("#!/bin/sh\nexec %s\n" % SLEEP)
            os.chmod(f.name, 0o755)

    def start(self):
        """Until every service's process is the sleep."""
        began = time.monotonic()
        self.process = subprocess.Popen([*self.command, self.dir], cwd=self.dir,
                                        stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        until(lambda: children(self.process.pid) >= self.count, 600, every=0.02)
        until(lambda: sum(map(self.runs, children_of(self.process.pid))) >= self.count, 600,
              every=0.05)
        self.seconds = time.monotonic() - began
        return self

    @staticmethod
    def runs(pid):
        found = read("/proc/%d/task/%d/children" % (pid, pid), b"").split()
        return bool(found) and read("/proc/%s/comm" % found[0].decode(), b"") == b"sleep\n"

    def pids(self):
        return [self.process.pid] + children_of(self.process.pid)

    def stop(self):
        """Not compared: it is told in another way. Everything ends."""
        supervisors = children_of(self.process.pid)
        services = [c for pid in supervisors for c in children_of(pid)]
        for pid in [self.process.pid] + supervisors + services:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def destroy(self):
        if self.process is not None and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


def call(method, *params):
    """The body of a call."""
    return xmlrpc.client.dumps(params, method).encode()


def limit(*words, cpus=None):
    """Runs a bare measure; its figures."""
    pin = ["taskset", "-c", cpus] if cpus else []
    done = subprocess.run([*pin, LIMIT, *map(str, words)], check=True, capture_output=True,
                          text=True)
    return [float(word) for word in done.stdout.split()]


class Responder(World):
    """A bare libmicrohttpd that answers so many bytes."""

    def __init__(self, port, size):
        self.process = subprocess.Popen([LIMIT, "http", str(port), str(size)])
        self.port = port

    def destroy(self):
        self.process.kill()
        self.process.wait()
