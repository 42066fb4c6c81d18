"""The supervisors that are measured: each starts on a directory of its own and ends. All, the
bare measures too, lead a session: the scheduler shares the machine out by sessions."""

import contextlib
import functools
import glob
import http.client
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import xmlrpc.client

from reeve import BUILD, LIBC, Daemon, children_of, read, until

LIMIT = os.path.join(BUILD, "tests/bench/limit")
STAMP = os.path.join(BUILD, "tests/bench/stamp")
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
    """Seconds of CPU that the process has had, finer than the ticks of its stat."""
    return sum(int(read(path).split()[0])
               for path in glob.glob("/proc/%d/task/*/schedstat" % pid)) / 1e9


def with_us(sig=signal.SIGKILL):
    """For a process to be: a bench that is killed ends it by this signal."""
    return functools.partial(LIBC.prctl, 1, sig)


class World:
    """One running supervisor."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.destroy()


class Supervised(World):
    """supervisord or reeved on one configuration."""

    def __init__(self, subject, programs, count, cpus=None, supervisord=None):
        self.daemon = Daemon(programs, subject=subject, tcp={}, supervisord=supervisord)
        if cpus:
            self.daemon.command = lambda *o, c=self.daemon.command: [
                "taskset", "-c", cpus, *c(*o)]
        self.subject, self.count = subject, count
        self.seconds = None

    def start(self, last=None):
        """Until every process is RUNNING. last: waits and says when the last one ran;
        seconds are until then, and nothing is asked meanwhile."""
        began = time.monotonic()
        self.daemon.spawn()
        if last is None:
            until(lambda: children(self.daemon.pid) >= self.count, 300, every=0.05)
        else:
            self.seconds = last() - began
        until(self.all_run, 300)
        return self

    def all_run(self):
        if not self.count:
            return self.daemon.serving()
        return len(ROW.findall(self.post("supervisor.getAllProcessInfo"))) == self.count

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
    """s6-svscan or runsvdir on a directory of services, one sleep each; end is the signal
    that makes it end them all."""

    def __init__(self, command, end, count):
        self.dir = tempfile.mkdtemp(prefix="reeve-bench-")
        self.command, self.end, self.count = command, end, count
        self.process = None
        self.seconds = None
        fifo = os.path.join(self.dir, ".ran")
        os.mkfifo(fifo)
        self.ran = os.open(fifo, os.O_RDWR)
        for i in range(count):
            path = os.path.join(self.dir, "p%05d" % i)
            os.mkdir(path)
            with open(os.path.join(path, "run"), "w", encoding="ascii") as f:
                f.write("#!/bin/sh\necho >%s\nexec %s\n" % (fifo, SLEEP))
            os.chmod(f.name, 0o755)

    def start(self):
        """Until every service's script has said that it becomes the sleep."""
        began = time.monotonic()
        self.process = subprocess.Popen([*self.command, self.dir], cwd=self.dir,
                                        stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL,
                                        start_new_session=True,
                                        preexec_fn=with_us(self.end))
        said = 0
        while said < self.count:
            if not select.select([self.ran], [], [], 60)[0]:
                raise AssertionError("%d of %d services ran" % (said, self.count))
            said += len(os.read(self.ran, 4096))
        self.seconds = time.monotonic() - began
        until(lambda: sum(map(self.runs, children_of(self.process.pid))) >= self.count)
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
        os.close(self.ran)
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
                          text=True, start_new_session=True, preexec_fn=with_us())
    return [float(word) for word in done.stdout.split()]


def post(port, bodies, cpus=None):
    """Seconds for all bodies over one connection, each after the answer before."""
    with tempfile.NamedTemporaryFile() as file:
        for body in bodies:
            file.write(b"%d\n%s" % (len(body), body))
        file.flush()
        return limit("post", port, file.name, cpus=cpus)[0]


class Bare(World):
    """A bare measure that goes on until it is destroyed."""

    def __init__(self, *words):
        self.process = subprocess.Popen([LIMIT, *map(str, words)], start_new_session=True,
                                        preexec_fn=with_us())

    def destroy(self):
        self.process.kill()
        self.process.wait()


class Responder(Bare):
    """A bare libmicrohttpd that answers so many bytes."""

    def __init__(self, port, size):
        super().__init__("http", port, size)
        self.port = port
