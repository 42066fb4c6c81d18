"""What the system tests share: a daemon in a directory of its own, clients for it,
and waiting by asking until true. Standard library only.

The subject is reeve, out of the directory that REEVE_BUILD names (build), or, with
REEVE_SUBJECT=supervisord, Debian's supervisord: an expectation that is not marked
reeve_only holds for both, and that is how it was found to be right.
"""

import base64
import ctypes
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid
import xmlrpc.client

from transport import PATIENCE, Transport

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("REEVE_BUILD", "build"))
SEAM = os.path.join(ROOT, os.environ.get("REEVE_SEAM", "build/seam"))
SUBJECT = os.environ.get("REEVE_SUBJECT", "reeve")
CHILD = os.path.join(BUILD, "tests/bin/child")
SUPERVISORD = "/usr/bin/supervisord"
SUPERVISORCTL = "/usr/bin/supervisorctl"
SANITIZED = os.path.basename(BUILD) in ("asan", "valgrind")
# The beginning of any report of a sanitizer.
REPORT = re.compile(r"(Address|Leak|UndefinedBehavior)Sanitizer|runtime error:")

# Texts that reevectl prints on standard error in addition to supervisorctl's.
ADVICE = re.compile(r"^(The daemon was not reached\.\n(    .*\n)*|did you mean .*\n|"
                    r"help lists the commands\n)", re.M)

LIBC = ctypes.CDLL(None)

reeve_only = unittest.skipIf(SUBJECT != "reeve", "reeve differs here, or goes further")


def until(predicate, timeout=PATIENCE, every=0.01, what=None):
    """Calls the function until it returns something true, and returns that; fails after a
    timeout."""
    end = time.monotonic() + timeout
    while True:
        answer = predicate()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError("gave up waiting for %s" % (what or predicate))
        time.sleep(every)


def free_port():
    """A free port with five digits, below those that the kernel assigns to clients."""
    while True:
        port = random.randrange(10000, 32768)
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port


def read(path, default=None):
    """The contents of a file as bytes, or the default if it does not exist."""
    try:
        with open(path, "rb") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):
        if default is None:
            raise
        return default


def alive(pid):
    """Whether the process runs; a zombie does not."""
    stat = read("/proc/%d/stat" % pid, b"")
    return bool(stat) and stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")


def status_of(pid):
    """/proc/PID/status as a dictionary."""
    text = read("/proc/%d/status" % pid).decode()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def session_of(pid):
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def end_with_parent():
    """For a child: if the test is killed, the daemon gets SIGTERM."""
    LIBC.prctl(1, signal.SIGTERM)


def children_of(parent):
    """The pids of the direct children that run."""
    found = []
    for pid in processes():
        stat = read("/proc/%d/stat" % pid, b"").rpartition(b")")[2].split()
        if stat and int(stat[1]) == parent and stat[0] != b"Z":
            found.append(pid)
    return found


class WireFault(Exception):
    def __init__(self, code, message):
        super().__init__("%d %s" % (code, message))
        self.code, self.message = code, message


ROW = {"id": None, "group": None, "name": None, "state": None, "spawn": None, "pid": 0,
       "start": 0, "last_spawn": 0, "verdict": "none", "stop": 0, "exitstatus": 0,
       "stopped_at": "", "stdout_logfile": "", "stderr_logfile": "", "spawnerr": "",
       "fed_by_pipe": True, "last_status": 0, "last_signal": 0, "failure": ""}


STATES = {0: "STOPPED", 10: "STARTING", 20: "RUNNING", 30: "BACKOFF", 40: "STOPPING",
          100: "EXITED", 200: "FATAL", 1000: "UNKNOWN"}
VERDICTS = ("none", "running", "exited-early", "spawn-failed", "stopped")


def row_of(values):
    """A process of stream.rows with all members, as stream.process has it."""
    row = {**ROW, **dict(zip(ROW, values))}
    if len(values) > list(ROW).index("verdict"):
        row["verdict"] = VERDICTS[row["verdict"]]
    return {**row, "state": STATES[row["state"]]}


class Wire:
    """A client of the control socket that uses only what reeve-protocol(7) describes."""

    def __init__(self, path, hello=True):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(path)
        self.buffer = b""
        self.fds = []
        self.notifications = []
        self.last_id = 0
        self.hello = self.call("hello", protocol=1, program="test") if hello else None

    def close(self):
        self.sock.close()
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    def send_bytes(self, data):
        self.sock.sendall(data)

    def send(self, **message):
        self.send_bytes(json.dumps(dict(message, jsonrpc="2.0")).encode() + b"\n")

    def frame(self):
        """The next frame; None at the end of the connection."""
        while b"\n" not in self.buffer:
            try:
                data, fds, _, _ = socket.recv_fds(self.sock, 65536, 4)
            except ConnectionResetError:
                return None
            self.fds += fds
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def request(self, method, **params):
        self.last_id += 1
        self.send(id=self.last_id, method=method, params=params)
        return self.last_id

    def answer(self, ident):
        """The result of a request; what arrives before it is kept, also other answers."""
        def matches(frame):
            return frame.get("id") == ident and "method" not in frame
        frame = next(filter(matches, self.notifications), None)
        if frame is not None:
            self.notifications.remove(frame)
        while frame is None:
            frame = self.frame()
            if frame is None:
                raise EOFError("closed while waiting for an answer")
            if not matches(frame):
                self.notifications.append(frame)
                frame = None
        if "error" in frame:
            raise WireFault(frame["error"]["code"], frame["error"]["message"])
        return frame["result"]

    def call(self, method, **params):
        return self.answer(self.request(method, **params))

    def notification(self, method):
        """The next notification of this method; drops others."""
        while True:
            if self.notifications:
                frame = self.notifications.pop(0)
            else:
                frame = self.frame()
            if frame is None:
                raise EOFError("closed while waiting for %s" % method)
            if frame.get("method") == method:
                return frame["params"]

    def at_end(self):
        """True after the peer has closed the connection."""
        while True:
            if self.frame() is None:
                return True


class Daemon:
    """One supervisor in a temporary directory.

    programs    configuration text after the usual sections; {dir} and {child} are put in
    unix, tcp   which HTTP servers to configure, as a dictionary of their options
    supervisord further options of that section
    """

    def __init__(self, programs="", supervisord=None, unix=None, tcp=None, subject=None,
                 build=None, config=None, interface=True, raw=None):
        self.subject = subject or SUBJECT
        self.build = build or BUILD
        self.dir = tempfile.mkdtemp(prefix="reeve-")
        os.chmod(self.dir, 0o755)
        self.token = "REEVE_TEST=" + uuid.uuid4().hex
        self.conf = self.path("supervisord.conf")
        self.socket = self.path("s.sock")
        self.pidfile = self.path("d.pid")
        self.control_path = self.pidfile + ".ctl"
        self.host, self.port = "127.0.0.1", free_port()
        self.process = None
        self.pid = None
        self.identity = {}  # user, group and extra_groups to start as, for subprocess
        self.servers = (unix, tcp)
        os.mkdir(self.path("child"))
        self.configure(programs, supervisord, interface, config, raw)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def configure(self, programs="", supervisord=None, interface=True, config=None, raw=None):
        """Writes the configuration; can be called again before a restart."""
        unix, tcp = self.servers
        options = {"logfile": self.path("main.log"), "pidfile": self.pidfile,
                   "childlogdir": self.path("child"), **(supervisord or {})}
        sections = [("supervisord", options)]
        if unix is not False:
            sections.append(("unix_http_server", {"file": self.socket, **(unix or {})}))
        if tcp is not False:
            sections.append(("inet_http_server",
                             {"port": "127.0.0.1:%d" % self.port, **(tcp or {})}))
        if interface:
            sections.append(("rpcinterface:supervisor", {"supervisor.rpcinterface_factory":
                             "supervisor.rpcinterface:make_main_rpcinterface"}))
        sections.append(("supervisorctl", {"serverurl": "unix://" + self.socket}))
        text = ""
        for name, values in sections:
            lines = ["%s=%s" % item for item in values.items() if item[1] is not None]
            text += "[%s]\n%s\n" % (name, "\n".join(lines))
        text += programs.replace("{dir}", self.dir).replace("{child}", CHILD)
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(raw if raw is not None else config or text)
        os.chmod(self.conf, 0o644)

    # --- life ---

    def command(self, *options):
        program = SUPERVISORD if self.subject == "supervisord" else \
            os.path.join(self.build, "reeved")
        return [program, "-c", self.conf, *options]

    def environment(self):
        name, _, value = self.token.partition("=")
        return {**os.environ, name: value}

    def spawn(self, *options, stdout=None):
        """Starts the program in the foreground and returns at once."""
        with open(self.path("out.txt"), "ab") as out:
            self.process = subprocess.Popen(self.command("-n", *options),
                                            stdout=stdout or out, stderr=out,
                                            stdin=subprocess.DEVNULL,
                                            env=self.environment(), cwd=self.dir,
                                            start_new_session=True, **self.identity,
                                            preexec_fn=end_with_parent)
        self.pid = self.process.pid

    def start(self, *options, stdout=None):
        """Starts in the foreground and waits until the daemon answers."""
        self.spawn(*options, stdout=stdout)
        until(self.serving, what="the daemon to serve; it printed: " + self.output())
        return self

    def run(self, *options, timeout=PATIENCE):
        """Runs a command line that ends by itself."""
        return subprocess.run(self.command(*options), env=self.environment(), cwd=self.dir,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, **self.identity)

    def start_daemon(self, *options):
        """Starts without -n: the launching process exits, the daemon remains."""
        launched = self.run(*options)
        if launched.returncode != 0:
            raise AssertionError(launched.stderr)
        self.pid = int(until(lambda: read(self.pidfile, b"").strip(), what="the pidfile"))
        until(self.serving, what="the daemon to serve; its log: " + self.log())
        return self

    def serving(self):
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError("exited with %s: %s" % (self.process.returncode,
                                                         self.output()))
        try:
            if self.servers[0] is not False:
                with self.rpc() as s:
                    return bool(s.system.listMethods())
            if self.servers[1] is not False:
                with self.rpc("tcp") as s:
                    return bool(s.system.listMethods())
            Wire(self.control_path).close()
            return True
        except xmlrpc.client.ProtocolError as e:
            return e.errcode == 401
        except (OSError, http.client.HTTPException):
            return False

    def running(self):
        if self.process is not None:
            return self.process.poll() is None
        return self.pid is not None and alive(self.pid)

    def wait_exit(self, timeout=PATIENCE):
        """The exit status after the end of the daemon (None if it is not our child)."""
        if self.process is not None:
            return self.process.wait(timeout)
        until(lambda: not alive(self.pid), timeout, what="the daemon to end")
        return None

    def stop(self, timeout=PATIENCE):
        """Sends TERM, and checks that no process remains that the daemon started."""
        status = None
        if self.running():
            os.kill(self.pid, signal.SIGTERM)
            status = self.wait_exit(timeout)
        until(lambda: not self.remaining(), 5, what="the last process to go")
        return status

    def remaining(self):
        """The running processes that the daemon started, without itself: those in its
        session, which no supervisor changes, or with our token in the environment."""
        token = self.token.encode()
        return [pid for pid in processes() if pid != self.pid and alive(pid) and
                (self.pid is not None and session_of(pid) == self.pid or
                 token in self._environ(pid).split(b"\0"))]

    @staticmethod
    def _environ(pid):
        try:
            return read("/proc/%d/environ" % pid, b"")
        except PermissionError:
            return b""

    def destroy(self):
        """Removes all processes and files, whatever happened in the test."""
        for pid in self.remaining() + ([self.pid] if self.running() else []):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(PATIENCE)
        for pid in self.remaining():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- what it says ---

    def output(self):
        return read(self.path("out.txt"), b"").decode(errors="replace")

    def log(self):
        return read(self.path("main.log"), b"").decode(errors="replace")

    def messages(self):
        """The lines of the main log without their times: "INFO supervisord started…"."""
        return [line[24:] for line in self.log().splitlines()]

    def wait_log(self, pattern, timeout=PATIENCE, count=1):
        """Waits until the log has so many matches of the pattern; returns the last
        one."""
        def found():
            matches = list(re.finditer(pattern, self.log(), re.M))
            return matches[-1] if len(matches) >= count else None
        return until(found, timeout, what="%r in the log" % pattern)

    def file(self, *names, default=b""):
        return read(self.path(*names), default)

    # --- clients ---

    def rpc(self, via="unix", user=None, password=None):
        headers = []
        if user is not None:
            text = base64.b64encode(("%s:%s" % (user, password)).encode()).decode()
            headers = [("Authorization", "Basic " + text)]
        target = self.socket if via == "unix" else (self.host, self.port)
        transport = Transport(target, headers)
        proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=transport,
                                          allow_none=True)
        return proxy

    def connect(self, via="tcp"):
        """A raw HTTP connection."""
        if via == "tcp":
            return socket.create_connection((self.host, self.port), PATIENCE)
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.socket)  # blocking: waits while the backlog is full
        s.settimeout(PATIENCE)
        return s

    def control(self, hello=True):
        return Wire(self.control_path, hello)

    def upgrade(self):
        """Executes the binary again. The new process answers the request."""
        count = self.log().count("upgrade: took over")
        wire = self.control()
        try:
            self.last_upgrade = wire.call("daemon.upgrade")
        finally:
            wire.close()
        self.wait_log("upgrade: took over", count=count + 1)
        until(self.serving)

    def supervisorctl(self, *words, via="unix", timeout=PATIENCE):
        url = "unix://" + self.socket if via == "unix" else \
            "http://127.0.0.1:%d" % self.port
        return subprocess.run([SUPERVISORCTL, "-c", self.conf, "-s", url, *words],
                              capture_output=True, text=True, timeout=timeout, cwd=self.dir,
                              stdin=subprocess.DEVNULL)

    def reevectl(self, *words, options=None, timeout=PATIENCE):
        options = ["-c", self.conf] if options is None else options
        return subprocess.run([os.path.join(self.build, "reevectl"), *options, *words],
                              capture_output=True, text=True, timeout=timeout, cwd=self.dir,
                              stdin=subprocess.DEVNULL)

    # --- processes ---

    def info(self, name):
        with self.rpc() as s:
            return s.supervisor.getProcessInfo(name)

    def state(self, name):
        return self.info(name)["statename"]

    def wait_state(self, name, *states, timeout=PATIENCE):
        """Waits until the process is in one of the states; returns its information."""
        def there():
            info = self.info(name)
            return info if info["statename"] in states else None
        return until(there, timeout, what="%s to be %s" % (name, " or ".join(states)))

    def front_end(self, argument=None):
        """The pid of a reeve-rpcd, of the one with this argument if one is given, or None."""
        for pid in children_of(self.pid):
            words = read("/proc/%d/cmdline" % pid, b"").decode().split("\0")
            if read("/proc/%d/comm" % pid, b"") == b"reeve-rpcd\n" and argument in (None, *words):
                return pid
        return None


class Case(unittest.TestCase):
    """A test case that stops its daemons at the end, and checks that each exits when asked
    and leaves no processes."""

    maxDiff = None

    def make(self, programs="", **options):
        daemon = Daemon(programs, **options)
        self.addCleanup(daemon.destroy)
        return daemon

    def daemon(self, programs="", args=(), **options):
        daemon = self.make(programs, **options).start(*args)
        self.addCleanup(self.finish, daemon)
        return daemon

    def stubborn(self, programs="", patience=20):
        """A daemon with the process "stubborn", which only SIGKILL ends, and the pid of
        that process. A test that does not wait for the daemon's own SIGKILL kills it."""
        daemon = self.daemon(programs + program(
            "stubborn", "{child} ignore-term", startsecs=0, autorestart="false",
            stopwaitsecs=patience, stdout_logfile="{dir}/stubborn.log"))
        until(lambda: daemon.file("stubborn.log"))
        return daemon, daemon.info("stubborn")["pid"]

    @staticmethod
    def end_restart(daemon, pid):
        """For a daemon that waits for the stubborn pid: ends it, and also its next
        process."""
        os.kill(pid, signal.SIGKILL)
        daemon.wait_log("supervisord started", count=2)
        until(daemon.serving)
        os.kill(daemon.wait_state("stubborn", "RUNNING")["pid"], signal.SIGKILL)
        daemon.wait_state("stubborn", "EXITED")

    def finish(self, daemon):
        if daemon.running():
            self.assertIn(daemon.stop(), (0, None), daemon.output())
        for text in (daemon.output(), daemon.log()):
            self.assertIsNone(REPORT.search(text), text)

    def rpc(self, daemon, via="unix", **credentials):
        proxy = daemon.rpc(via, **credentials)
        self.addCleanup(proxy("close"))
        return proxy

    def control(self, daemon, hello=True):
        wire = daemon.control(hello)
        self.addCleanup(wire.close)
        return wire

    def assertFault(self, code, text, method, *args):
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            method(*args)
        self.assertEqual((code, text), (caught.exception.faultCode,
                                        caught.exception.faultString))


class Shared(Case):
    """A test case whose tests share one daemon, self.d, with the programs and options of the
    class; self.s is its client."""

    programs = ""
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.d = Daemon(cls.programs, **cls.options)
        cls.addClassCleanup(cls.d.destroy)
        cls.prepare()
        cls.d.start()
        cls.addClassCleanup(cls().finish, cls.d)

    @classmethod
    def prepare(cls):
        """Creates what the daemon needs before it starts."""

    def setUp(self):
        self.s = self.rpc(self.d)


def program(name, command, section="program", **options):
    """A [program] section."""
    options = {"command": command, **options}
    return "[%s:%s]\n%s\n" % (section, name, "".join("%s=%s\n" % i for i in options.items()))


def cat(name, **options):
    """A program that is RUNNING at once and prints its input."""
    return program(name, "/bin/cat", **{"startsecs": 0, **options})
