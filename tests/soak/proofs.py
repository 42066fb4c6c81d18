"""The soak test and the proof of upgrades as tests of tests/run."""

import contextlib
import os
import shutil
import tempfile
import unittest

from checks import Follower, Lines, Spawn, check_ledger, check_remote, check_same, check_states
from soak import soak, upgrades
from test_events import HEADER, Event
from world import Record, World

import reeve

KEPT = os.path.join(reeve.ROOT, "build", "soak")  # what is kept of a run with violations


def perform(world, function, *arguments):
    """Runs one of the two. Keeps the journal and the main log if something is wrong."""
    try:
        try:
            function(world, *arguments)
        except Exception as e:
            world.violation("gave up: %r" % e)
        if world.violations:
            with contextlib.suppress(OSError):
                os.makedirs(KEPT, exist_ok=True)
                for name in ("operations", "main.log", "out.txt"):
                    shutil.copy(world.d.path(name), os.path.join(KEPT, name))
    finally:
        world.close()
    return world


class Known:
    """A world with known ledgers."""

    def __init__(self, *records):
        self.records, self.violations = [Record(r) for r in records], []

    def ledger(self, _name):
        return self.records

    def violation(self, text):
        self.violations.append(text)

    def count(self, *_):
        pass


def event(serial, name="REMOTE_COMMUNICATION", payload=b"type:t\n1"):
    head = b"ver:3.0 server:s serial:%d pool:p poolserial:0 eventname:%s len:1\n" % (
        serial, name.encode())
    return Event(HEADER.match(head), payload)


class Oracle(unittest.TestCase):
    """The checks find what is wrong."""

    def lines(self, *pieces, records=((7, -1, 4, 2), (8, -1, 1, 1)), loose=False):
        world = Known(*records)
        lines = Lines(world, "p", loose)
        for piece in pieces:
            lines.feed(piece)
        lines.end()
        return len(world.violations)

    def test_lines(self):
        for good in ((b"1.1\n1.2\n2.1\n",), (b"1.1\n1.2\n1.3\n1.", b"4\n2.1\n")):
            self.assertEqual(0, self.lines(*good), good)
        for bad in ((), (b"1.1\n1.2\n",), (b"1.1\n2.1\n",), (b"1.1\n1.2\n1.2\n2.1\n",),
                    (b"1.2\n2.1\n",), (b"1.1\n1.2\n1.3\n1.4\n1.5\n2.1\n",),
                    (b"1.1\n1.2\n2.1\n1.3\n",), (b"1.1\n1.2\n2.1\n2",),
                    (b"1.1\n1.2\n", b"\n2.1\n"), (b"1.1\nx\n1.2\n2.1\n",)):
            self.assertLess(0, self.lines(*bad), bad)

    def test_lines_on_a_full_disk(self):
        mark = b"[reeve: 4 bytes lost: No space left on device]\n"
        self.assertEqual(0, self.lines(b"1.1\n" + mark + b"2.1\n", loose=True))
        cut = b"".join(b"1.%d\n" % n for n in range(1, 13)) + b"1.1\n" + mark + b"2.1\n"
        self.assertEqual(0, self.lines(cut, records=((7, -1, 14, 14), (8, -1, 1, 1)), loose=True))
        self.assertLess(0, self.lines(b"1.1\n1.1\n2.1\n", loose=True))

    def test_rotation(self):
        """Each file is read to its end, however many there are since the last look."""
        with tempfile.TemporaryDirectory(prefix="reeve-") as directory:
            world = Known((7, -1, 9, 9))
            follower = Follower(os.path.join(directory, "log"), Lines(world, "p"), 9)
            for number in range(1, 10):
                if number in (3, 4, 6, 7, 9):
                    for n in range(9, -1, -1):
                        name = follower.names()[n]
                        if os.path.exists(name):
                            os.rename(name, follower.names()[n + 1])
                with open(follower.path, "ab") as f:
                    f.write(b"1.%d\n" % number)
                if number in (2, 5, 9):
                    follower.take()
            follower.file.close()
            follower.lines.end()
            self.assertEqual((9, []), (follower.lines.lines, world.violations))

    def ledger(self, *spawns):
        world, made = Known((7, 3, 1, 1), (8, -1, 1, 1)), []
        for pid, status, signal in spawns:
            made.append(Spawn(pid))
            made[-1].status, made[-1].signal, made[-1].ended = status, signal, True
        check_ledger(world, "p", made)
        return len(world.violations)

    def test_ledger(self):
        killed = (8, None, "SIGKILL")
        self.assertEqual(0, self.ledger((7, 3, None), (6, None, "SIGKILL"), killed))
        for bad in (((7, 3, None),), ((7, 4, None), killed), (killed,),
                    ((7, 3, None), (6, 0, None), killed), ((7, 3, None), (8, 0, None))):
            self.assertLess(0, self.ledger(*bad), bad)

    def found(self, check, *arguments):
        world = Known()
        check(world, *arguments)
        return len(world.violations)

    def test_events(self):
        one, two = event(1), event(2, payload=b"type:t\n2")
        sent = {1: True, 2: False, 3: False}
        for count, events in ((0, [one, two]), (0, [one]), (1, [two]), (1, [one, one]),
                              (1, [two, one]), (1, [one, event(3, payload=b"type:t\n9")])):
            self.assertEqual(count, self.found(check_remote, "l", events, sent), events)
        self.assertEqual(0, self.found(check_same, {"a": [one, two], "b": [two]}))
        self.assertEqual(1, self.found(check_same, {"a": [one, two, event(3)],
                                                    "b": [one, event(3)]}))

    def test_states(self):
        def change(serial, state, before, pid):
            return event(serial, "PROCESS_STATE_" + state, b"processname:p groupname:p "
                         b"from_state:%s pid:%d" % (before.encode(), pid))
        running = change(1, "RUNNING", "STARTING", 7)
        exited = change(2, "EXITED", "RUNNING", 7)
        spawns = {"p": [Spawn(7)]}
        self.assertEqual(0, self.found(check_states, "l", [running, exited], spawns))
        self.assertEqual(1, self.found(check_states, "l", [running, change(
            3, "STARTING", "EXITED", 0)], spawns))
        self.assertEqual(1, self.found(check_states, "l", [running], {"p": [Spawn(8)]}))


class Proof(unittest.TestCase):
    def check(self, function, *arguments, burst):
        world = perform(World(burst), function, *arguments)
        self.assertEqual([], world.violations, "%s\nsee %s" % (world.report(), KEPT))


class Upgrades(Proof):
    def test_upgrades_in_a_row(self):
        self.check(upgrades, 4, burst=20)


class ManyUpgrades(Proof):
    def test_upgrades_in_a_row(self):
        self.check(upgrades, 200, burst=100)


class Minute(Proof):
    def test_a_minute(self):
        self.check(soak, 60, 18, burst=5)
