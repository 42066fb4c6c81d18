"""The clients of the soak test: each is a thread that knows which answers it must get."""

import http.client
import json
import os
import socket
import subprocess
import threading
import time
import traceback
import xmlrpc.client

from checks import Follower, Lines
from reeve import read, until
from transport import UnixConnection
from world import DEADLINE

ALREADY_STARTED, NOT_RUNNING = 60, 70


class Cut(Exception):
    """The connection was lost, so that the outcome is unknown, and this is allowed."""


class Caller:
    """XML-RPC over a connection that is kept. Unlike xmlrpc.client, it never sends a call a
    second time."""

    def __init__(self, world, tcp=False):
        self.world, self.tcp = world, tcp
        self.connection, self.since, self.upgrades = None, 0, 0

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def post(self, path, body, headers):
        if self.connection is None:
            self.since, self.upgrades = time.monotonic(), self.world.upgrades
            if self.tcp:
                self.connection = http.client.HTTPConnection(
                    self.world.d.host, self.world.d.port, timeout=DEADLINE)
            else:
                self.connection = UnixConnection(self.world.d.socket)
                self.connection.timeout = DEADLINE
        self.connection.request("POST" if body is not None else "GET", path, body, headers)
        reply = self.connection.getresponse()
        data = reply.read()
        if reply.will_close:
            self.close()
        return reply.status, data

    def call(self, method, *parameters):
        """The result; raises a Fault of the daemon, or Cut."""
        body = xmlrpc.client.dumps(parameters, method)
        begun = time.monotonic()
        try:
            status, data = self.post("/RPC2", body, {"Content-Type": "text/xml"})
        except (OSError, http.client.HTTPException) as e:
            self.close()
            self.lost("%s: %r" % (method, e))
            raise Cut from e
        took = time.monotonic() - begun
        self.world.count("calls")
        if not method.endswith(("Process", "ProcessGroup", "Processes")):
            self.world.slowest = max(self.world.slowest, took)
        if status != 200:
            self.world.violation("%s: status %d" % (method, status))
            raise Cut
        try:
            return xmlrpc.client.loads(data)[0][0]
        except xmlrpc.client.Fault as fault:
            if "reeve-rpcd is shutting down" not in fault.faultString:
                raise
            self.lost("%s: %s" % (method, fault))
            raise Cut from fault

    def lost(self, what):
        """The third upgrade ends the process to which it was connected, because only two that
        have retired remain. The first one may have been counted before the connection, and the
        last one not yet."""
        if self.world.disturbed_since(self.since) or self.world.upgrades > self.upgrades:
            self.world.count("lost connections")
        else:
            self.world.violation("lost a connection: " + what)


class Client(threading.Thread):
    """step() is called again and again until the end, with a pause of so many seconds."""

    pause = 0.05

    def __init__(self, world):
        super().__init__(daemon=True)
        self.world = world
        self.caller = Caller(world)

    def run(self):
        try:
            while not self.world.ending.is_set():
                try:
                    self.step()
                except Cut:
                    self.world.count("unknown outcomes")
                self.world.ending.wait(self.pause)
            self.finish()
        except Exception:
            self.world.violation("%s: %s" % (type(self).__name__, traceback.format_exc()))
        finally:
            self.caller.close()

    def step(self):
        raise NotImplementedError

    def finish(self):
        """After the last step."""

    def check(self, condition, text):
        if not condition:
            self.world.violation("%s: %s" % (type(self).__name__, text))


class Reader(Client):
    """Reads the state of everything over TCP, as fast as the pause lets it."""

    def __init__(self, world, pause):
        super().__init__(world)
        self.pause = pause
        self.caller = Caller(world, tcp=True)
        self.names = {p.name for p in world.programs}

    def step(self):
        infos = {i["name"]: i for i in self.caller.call("supervisor.getAllProcessInfo")}
        self.check(set(infos) - {"extra"} == self.names, "programs %s" % sorted(infos))
        for name, pid in self.world.stays.items():
            info = infos.get(name, {"statename": None, "pid": None})
            self.check((info["statename"], info["pid"]) == ("RUNNING", pid), "%s" % info)
        answer = self.caller.call("supervisor.getPID")
        self.check(answer == self.world.d.pid, "the pid is %s" % answer)


class Feeder(Client):
    """Sends numbered lines to the program "fed"; each that was acknowledged is in its log."""

    def __init__(self, world):
        super().__init__(world)
        self.number, self.unsure = 0, set()
        self.name = world.the("fed").full

    def step(self):
        self.number += 1
        self.unsure.add(self.number)
        text = "%d%s\n" % (self.number, "." * (self.number * 7919 % 500))
        self.caller.call("supervisor.sendProcessStdin", self.name, text)
        self.unsure.discard(self.number)
        self.world.count("lines on stdin")

    def verify(self):
        """The program has ended."""
        lines = read(self.world.the("fed").log).split(b"\n")
        self.check(lines.pop() == b"", "half a line")
        found = []
        for line in lines:
            number = int(line.rstrip(b"."))
            self.check(len(line) == len(str(number)) + number * 7919 % 500, "a cut line")
            found.append(number)
        self.check(found == sorted(set(found)), "lines are doubled or not in order")
        lost = set(range(1, self.number + 1)) - set(found) - self.unsure
        self.check(not lost, "lost %s" % sorted(lost)[:10])


class Sender(Client):
    """Sends numbered events."""

    def __init__(self, world):
        super().__init__(world)
        self.sent = {}

    def step(self):
        number = len(self.sent) + 1
        self.sent[number] = False
        self.caller.call("supervisor.sendRemoteCommEvent", "t", str(number))
        self.sent[number] = True
        self.world.count("events sent")

    def finish(self):
        """Waits until the listeners have an event that comes after everything else."""
        while True:
            try:
                self.step()
                break
            except Cut:
                pass
        text = b"type:t\n%d\n" % len(self.sent)
        for p in self.world.having("events") + self.world.having("doubled"):
            path = self.world.d.path(p.name + ".events")
            until(lambda path=path: read(path, b"").rfind(text) != -1, timeout=DEADLINE,
                  what="the last event in " + path)


class Starter(Client):
    """Starts and stops programs, and waits for the answers."""

    def step(self):
        for word in ("waited", "stopping"):
            name = self.world.the(word).full
            for method in ("start", "stop") if word == "waited" else ("stop", "start"):
                self.change(method, name)

    def change(self, method, name):
        """If the answer is lost, the daemon may have done it, or not."""
        wanted = "RUNNING" if method == "start" else "STOPPED"
        sure = True
        while True:
            try:
                answer = self.caller.call("supervisor.%sProcess" % method, name, True)
                self.check(answer is True, "%s %s: %r" % (method, name, answer))
                self.world.count("waiting calls")
                break
            except xmlrpc.client.Fault as fault:
                if sure or fault.faultCode not in (ALREADY_STARTED, NOT_RUNNING):
                    self.check(False, "%s %s: %s" % (method, name, fault))
                break
            except Cut:
                self.world.count("unknown outcomes")
                sure = False
        if sure:
            state = self.state(name)
            self.check(state in (wanted, None), "%s %s: then it is %s" % (method, name, state))
        else:
            until(lambda: self.state(name) == wanted, timeout=DEADLINE, every=0.05,
                  what="%s of %s" % (method, name))

    def state(self, name):
        """None if the answer is lost."""
        try:
            return self.caller.call("supervisor.getProcessInfo", name)["statename"]
        except Cut:
            return None


class Echo(Client):
    """Connects to the FastCGI socket, and calls the method of an rpcinterface program, which
    is restarted for each new front end."""

    number, answered = 0, 0

    def step(self):
        self.number += 1
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(DEADLINE)
            s.connect(self.world.d.path("fcgi.sock"))
            s.sendall(b"%d\n" % self.number)
            self.check(s.recv(100) == b"%d\n" % self.number, "another answer of fcgi")
        self.world.count("FastCGI connections")
        upgrades, begun = self.world.upgrades, time.monotonic()
        try:
            answer = self.caller.call("x.echo", self.number)
            self.check(answer == self.number, "x.echo(%d) is %r" % (self.number, answer))
            self.answered += 1
            self.world.count("calls of an rpcinterface program")
        except xmlrpc.client.Fault as fault:
            self.fault(fault, upgrades, begun)

    def fault(self, fault, upgrades, begun):
        """Allowed while the program is restarted; it serves again soon."""
        self.world.count("faults of the rpcinterface program")
        self.world.note("fault of x.echo: %s" % fault)

        def answers():
            try:
                return self.caller.call("x.echo", 0) == 0
            except (xmlrpc.client.Fault, Cut):
                return False
        until(answers, timeout=DEADLINE, every=0.1, what="x.echo after %s" % fault)
        since = begun - DEADLINE
        self.check(self.world.upgrades > upgrades or self.world.upgraded > since or
                   self.world.disturbed_since(since), "x.echo: %s" % fault)


class Page(Client):
    """A web page with the log of a program. It returns with its last id when the stream ends;
    texts of the log follow one another, and are those of the file."""

    pause = 0

    def __init__(self, world):
        super().__init__(world)
        self.program = world.having("lines", "stays")[-1]
        self.sock, self.last, self.texts = None, None, []
        self.states = {}

    def connect(self):
        self.since = time.monotonic()
        self.sock = socket.create_connection((self.world.d.host, self.world.d.port), DEADLINE)
        lines = ["GET /events?log=%s:stdout HTTP/1.1" % self.program.full, "Host: localhost"]
        if self.last is not None:
            lines.append("Last-Event-ID: " + self.last)
        self.sock.sendall("".join(line + "\r\n" for line in lines + [""]).encode())
        self.file = self.sock.makefile("rb")
        status = self.file.readline()
        if not status:
            raise ConnectionResetError("no head")
        self.check(b" 200 " in status, "%r" % status)
        while self.file.readline() not in (b"\r\n", b""):
            pass
        self.event, self.rest, self.end = {}, b"", None
        self.world.count("pages opened")

    def step(self):
        if self.sock is None:
            self.upgrades = self.world.upgrades
            try:
                self.connect()
            except OSError as e:
                self.lost(e)
                return
        try:
            size = self.file.readline()
            data = self.file.read(int(size, 16)) if size.strip() else b""
            self.file.readline()
        except (OSError, ValueError) as e:
            self.lost(e)
            return
        if not data:
            self.lost(None)
            return
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.line(line.decode())

    def lost(self, error):
        """An upgrade ends the stream, and a disturbance may break the connection."""
        if self.sock is not None:
            self.sock.close()
        self.sock = None
        if error is not None and not self.world.disturbed_since(self.since):
            self.check(False, "lost the stream: %r" % error)
        elif error is None and not self.world.disturbed_since(self.since):
            # The upgrade may not have been counted yet, or was before this began, and the
            # process that was to retire took the connection.
            until(lambda: self.world.upgrades > self.upgrades or
                  self.since - self.world.upgraded < DEADLINE, timeout=DEADLINE,
                  what="a reason for the end of the stream")

    def line(self, line):
        name, _, value = line.partition(": ")
        if line:
            self.event[name] = value
            return
        if "id" in self.event:
            self.last = self.event["id"]
        if "event" in self.event:
            self.world.count("events of pages")
            self.take(self.event["event"], json.loads(self.event["data"]))
        self.event = {}

    def take(self, kind, data):
        if kind == "rows":
            self.states.update((row["id"], row) for row in data)
        elif kind == "snapshot-begin":
            self.states = {}
        elif kind == "process":
            self.states[data["id"]] = data
        elif kind == "removed":
            self.states.pop(data["id"] if isinstance(data, dict) else data, None)
        elif kind == "log":
            if "error" in data:
                self.check(False, "log: " + data["error"])
                return
            offset, text = data["offset"], data["text"].encode()
            self.check(self.end in (None, offset), "offset %d after %s" % (offset, self.end))
            self.end = offset + len(text)
            self.texts.append((offset, text))

    def fits(self):
        known = {row["name"]: row["pid"] for row in self.states.values()}
        return all(known.get(name) == pid for name, pid in self.world.stays.items())

    def finish(self):
        """The end may come within a snapshot."""
        end = time.monotonic() + DEADLINE
        while not self.fits() and time.monotonic() < end:
            self.step()
        self.check(self.fits(), "not the state of the daemon: %s" % self.states)
        if self.sock is not None:
            self.sock.close()

    def verify(self):
        whole, end = read(self.program.log), None
        for offset, text in self.texts:
            self.check(whole[offset:offset + len(text)] == text, "another text at %d" % offset)
            self.check(end is None or offset <= end, "nothing from %s to %d" % (end, offset))
            end = offset + len(text)
        self.world.count("bytes of log in pages", sum(len(text) for _, text in self.texts))


class Tail(Client):
    """reevectl tail -f: its output is a part of the log, and it ends only when a connection
    may be lost."""

    pause = 0.2

    def __init__(self, world):
        super().__init__(world)
        self.program = world.having("lines", "stays")[-2]
        self.process, self.outputs = None, []

    def begin(self):
        d = self.world.d
        self.since = time.monotonic()
        self.outputs.append(d.path("tail.%d" % len(self.outputs)))
        with open(self.outputs[-1], "wb") as out, open(d.path("tail.err"), "ab") as errors:
            self.process = subprocess.Popen(
                [os.path.join(d.build, "reevectl"), "-c", d.conf, "tail", "-f",
                 self.program.full], stdout=out, stderr=errors, stdin=subprocess.DEVNULL,
                cwd=d.dir, start_new_session=True)
        self.world.count("reevectl tail -f")

    def step(self):
        if self.process is None:
            self.begin()
        elif self.process.poll() is not None:
            if not self.world.disturbed_since(self.since):
                self.check(False, "it has ended with %d: %s" % (
                    self.process.returncode, read(self.world.d.path("tail.err"), b"")[-500:]))
            self.process = None

    def finish(self):
        if self.process is not None:
            self.check(self.process.poll() is None or self.world.disturbed_since(self.since),
                       "it has ended")
            # It shows what the log has before it is ended.
            size = os.path.getsize(self.program.log)
            last = read(self.program.log)[:size].splitlines()[-1]
            if self.process.poll() is None:
                until(lambda: last in read(self.outputs[-1]).splitlines(), timeout=DEADLINE,
                      what="%r in the output of reevectl tail -f" % last)
            self.process.terminate()
            self.process.wait(DEADLINE)

    def verify(self):
        whole = read(self.program.log)
        for path in self.outputs:
            text = read(path, b"")
            begin = text.find(b"\n1.") + 1  # supervisorctl's advice comes first
            lines = text[begin:].rpartition(b"\n")[0]
            if lines:
                self.check(lines in whole, "%s: not a part of the log: %r" % (
                    os.path.basename(path), lines[-200:]))
                self.world.count("bytes of tail -f", len(lines))


class Logs(Client):
    """Follows the logs that are rotated."""

    pause = 0.05

    def __init__(self, world):
        super().__init__(world)
        self.followers = [
            Follower(p.log, Lines(world, p.name, "loose" in p.words),
                     100 if "loose" not in p.words else 1)
            for p in world.having("rotates")]

    def step(self):
        for follower in self.followers:
            follower.take()

    def verify(self):
        for follower in self.followers:
            follower.take()
            follower.lines.end()


def load(world, pause):
    """The clients that run in both tests. The pause is that of the fast ones."""
    return [Reader(world, pause), Feeder(world), Sender(world), Starter(world), Echo(world),
            Page(world), Tail(world), Logs(world)]
