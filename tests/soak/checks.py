"""The oracle of the soak test: what the logs and the files of the listeners must have."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))

from reeve import read  # noqa: E402
from test_events import parse  # noqa: E402

LINE = re.compile(rb"(\d+)\.(\d+)")
MARK = re.compile(rb"\[reeve: \d+ bytes lost: .*\]|")
LIFE = re.compile(r"(?:(?P<spawned>spawned): '(?P<name1>[^']+)' with pid (?P<pid>\d+)|"
                  r"(?:exited|stopped): (?P<name2>\S+) \((?:exit status (?P<status>\d+)|"
                  r"terminated by (?P<signal>\w+)).*)$")


class Lines:
    """The numbered lines of a program, as they come: each once, in order, and after a process
    has ended those that its ledger has."""

    def __init__(self, world, name, loose=False):
        self.world, self.name, self.loose = world, name, loose
        self.process, self.last, self.rest = 0, 0, b""
        self.lines = self.bytes = self.missing = 0

    def bad(self, text):
        self.world.violation("%s: %s" % (self.name, text))

    def feed(self, data):
        self.bytes += len(data)
        whole, _, self.rest = (self.rest + data).rpartition(b"\n")
        for line in whole.split(b"\n") if whole or _ else ():
            self.line(line)

    def is_cut(self, line):
        """Whether the line is the beginning of the next one: the disk had no room for more."""
        following = (b"%d.%d" % (self.process, self.last + 1), b"%d.1" % (self.process + 1))
        return self.loose and line not in following and any(
            whole.startswith(line) for whole in following)

    def line(self, line):
        match = LINE.fullmatch(line)
        if self.is_cut(line):
            return
        if match is None:
            if not (self.loose and MARK.fullmatch(line)):
                self.bad("line %r after %d.%d" % (line[:80], self.process, self.last))
            return
        process, number = int(match[1]), int(match[2])
        self.lines += 1
        if process != self.process:
            self.ended(process)
        if number != self.last + 1 and not (self.loose and number > self.last):
            self.bad("line %d.%d after %d.%d" % (process, number, process, self.last))
        self.last = number

    def ended(self, following):
        """The processes before this one have written all their lines."""
        if following < self.process:
            self.bad("a line of process %d after those of process %d" % (
                following, self.process))
        records = self.world.ledger(self.name)[:following - 1]
        for index in range(max(self.process - 1, 0), len(records)):
            last = self.last if index == self.process - 1 else 0
            record = records[index]
            if not self.loose and not record.done <= last <= record.tried or \
                    last > record.tried:
                self.bad("process %d has written %d lines, or %d, and the log has %d" % (
                    index + 1, record.done, record.tried, last))
        self.process, self.last = following, 0

    def end(self):
        """All processes have ended, and everything was fed."""
        if self.rest and not self.loose:
            self.bad("%r at the end" % self.rest[:80])
        self.ended(len(self.world.ledger(self.name)) + 1)
        self.world.count("lines", self.lines)
        self.world.count("bytes of output", self.bytes)


class Follower:
    """Reads a log that is rotated meanwhile, each file once, in the order of their age."""

    def __init__(self, path, lines, backups):
        self.path, self.lines, self.backups = path, lines, backups
        self.file = None

    def names(self):
        return [self.path] + ["%s.%d" % (self.path, n) for n in range(1, self.backups + 1)]

    def newer(self):
        """The file that follows ours: ours has been rotated. None if ours is the log."""
        own = os.fstat(self.file.fileno())
        for index, name in enumerate(self.names()):
            try:
                if not os.path.samestat(os.stat(name), own):
                    continue
            except FileNotFoundError:
                continue
            if index == 0:
                return None
            try:
                found = open(self.names()[index - 1], "rb")
            except FileNotFoundError:
                return None
            if os.path.samestat(os.stat(name), own):
                return found
            found.close()
            return None
        # Without room, a log may be truncated or removed.
        if not self.lines.loose and not self.moving():
            self.lines.bad("the log was removed before it was read")
        return open(self.path, "rb") if self.lines.loose and os.path.exists(self.path) else None

    def moving(self):
        """Whether our file is being renamed right now: it is found at a second look."""
        own = os.fstat(self.file.fileno())
        return own.st_nlink > 0

    def take(self):
        """Reads what there is. A file that was rotated gets no more."""
        while True:
            if self.file is None:
                if not os.path.exists(self.path):
                    return
                self.file = open(self.path, "rb")
            self.drain()
            newer = self.newer()
            if newer is None:
                return
            self.drain()
            if self.lines.loose:
                self.lines.rest = b""
            self.file.close()
            self.file = newer

    def drain(self):
        while True:
            data = self.file.read(1 << 18)
            if not data:
                return
            self.lines.feed(data)


class Spawn:
    def __init__(self, pid):
        self.pid, self.status, self.signal, self.ended = pid, None, None, False


def check_lives(world):
    """In the main log, each process that was started has ended once, as its ledger says.
    Returns the spawns by name."""
    spawns = {}
    for line in world.d.log().splitlines():
        match = LIFE.search(line)
        if match is None:
            continue
        of = spawns.setdefault(match["name1"] or match["name2"], [])
        if match["spawned"]:
            if of and not of[-1].ended:
                world.violation("two processes: " + line)
            of.append(Spawn(int(match["pid"])))
        elif not of or of[-1].ended:
            world.violation("no process: " + line)
        else:
            of[-1].ended, of[-1].signal = True, match["signal"]
            of[-1].status = int(match["status"]) if match["status"] else None
    for name, of in spawns.items():
        world.count("starts", len(of))
        if not of[-1].ended:
            world.violation("%s (%d) has not ended" % (name, of[-1].pid))
    for p in world.programs:
        if os.path.exists(world.d.path("ledger", p.name)):
            check_ledger(world, p.name, spawns.get(p.name, []))
        if "stays" in p.words and len(spawns.get(p.name, ())) != 1:
            world.violation("%s was started %d times" % (p.name, len(spawns.get(p.name, ()))))
    return spawns


def check_ledger(world, name, spawns):
    """A process without a record was ended before it began."""
    records = world.ledger(name)
    at = 0
    for spawn in spawns:
        if at < len(records) and records[at].pid == spawn.pid:
            record = records[at]
            at += 1
            if record.status not in (-1, spawn.status) and spawn.signal is None:
                world.violation("%s (%d) exited with %d, and the log has %s" % (
                    name, spawn.pid, record.status, spawn.status))
            if record.status == -1 and spawn.status is not None:
                world.violation("%s (%d) was ended by a signal, and the log has status %d" % (
                    name, spawn.pid, spawn.status))
        elif spawn.signal is None:
            world.violation("%s (%d) has no record" % (name, spawn.pid))
    if at != len(records):
        world.violation("%s: %d processes that the log does not have" % (
            name, len(records) - at))


def fields(payload):
    return dict(pair.split(":", 1) for pair in payload.decode().split("\n")[0].split()
                if ":" in pair)


def check_events(world, spawns, sent):
    """The files of the listeners. sent: the numbers of REMOTE_COMMUNICATION events, True for
    those that were acknowledged."""
    files = {}
    for p in world.having("events") + world.having("doubled"):
        events = parse(read(world.d.path(p.name + ".events"), b""))
        world.count("events", len(events))
        if "doubled" in p.words:
            seen, once = set(), []
            for event in events:
                if event.serial not in seen:
                    once.append(event)
                seen.add(event.serial)
            check_remote(world, p.name, sorted(once, key=lambda e: e.serial), sent)
            continue
        files[p.name] = events
        serials = [e.serial for e in events]
        if [e.poolserial for e in events] != list(range(len(events))):
            world.violation("%s: the serials of the pool have a gap" % p.name)
        if sorted(set(serials)) != serials:
            world.violation("%s: the serials are not in order" % p.name)
        check_remote(world, p.name, events, sent)
        check_captures(world, p.name, events)
        check_states(world, p.name, events, spawns)
    check_same(world, files)


def check_same(world, files):
    """Pools with the same subscription have the same events."""
    begin = max(events[0].serial for events in files.values() if events)
    end = min(events[-1].serial for events in files.values() if events)
    series = {name: [(e.serial, e.name, e.payload) for e in events if begin <= e.serial <= end]
              for name, events in files.items()}
    first, *others = series
    for name in others:
        if series[first] != series[name]:
            world.violation("%s and %s have not the same events" % (first, name))


def check_remote(world, name, events, sent):
    numbers = [int(e.payload.split(b"\n", 1)[1]) for e in events
               if e.name == "REMOTE_COMMUNICATION"]
    if sorted(set(numbers)) != numbers:
        world.violation("%s: remote events are doubled, or not in order" % name)
    lost = {n for n, acknowledged in sent.items() if acknowledged} - set(numbers)
    if lost:
        world.violation("%s: remote events are lost: %s" % (name, sorted(lost)[:10]))
    if not set(numbers) <= set(sent):
        world.violation("%s: remote events that nobody sent" % name)


def check_captures(world, name, events):
    """Each capture once; the last may be incomplete."""
    texts = [e.payload.rpartition(b"\n")[2].decode() for e in events
             if e.name == "PROCESS_COMMUNICATION_STDOUT"]
    record = world.ledger("captured")[-1]
    if texts != ["1.%d" % n for n in range(1, len(texts) + 1)]:
        world.violation("%s: captures are lost or doubled" % name)
    if not record.done <= len(texts) <= record.tried:
        world.violation("%s: %d captures of %d" % (name, len(texts), record.done))
    world.count("captures", len(texts))


def check_states(world, name, events, spawns):
    """Each event continues the state of its process; the pids are those of the main log."""
    states, pids = {}, {}
    for event in events:
        if not event.name.startswith("PROCESS_STATE_"):
            continue
        values = fields(event.payload)
        key = values["groupname"] + ":" + values["processname"]
        before = states.get(key)
        state = event.name[len("PROCESS_STATE_"):]
        if before is not None and before != values["from_state"] and \
                key != "extra:extra":
            world.violation("%s: %s was %s, and %s says %s" % (
                name, key, before, event.name, values["from_state"]))
        states[key] = state
        if state == "RUNNING":
            pids.setdefault(values["processname"], []).append(int(values["pid"]))
    for process, found in pids.items():
        known = [spawn.pid for spawn in spawns.get(process, ())]
        at = 0
        for pid in found:
            if pid not in known[at:]:
                world.violation("%s: %s ran as %d, which was not started" % (name, process, pid))
            else:
                at = known.index(pid, at) + 1
