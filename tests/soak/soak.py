"""The soak test, and the proof of upgrades in a row."""

import random
import time

import clients
from checks import Lines, check_events, check_lives
from operations import Operations
from reeve import REPORT, read, until
from world import DEADLINE


def finish(world, load):
    """Ends the load and the daemon, and checks everything that was written."""
    world.check_alive()
    with world.d.rpc() as s:
        s.supervisor.stopProcess(world.the("captured").full)
    world.ending.set()
    for client in load:
        client.join(2 * DEADLINE)
        if client.is_alive():
            world.violation("%s does not end" % type(client).__name__)
    world.note("the load has ended")
    status = world.d.stop(timeout=DEADLINE)
    if status != 0:
        world.violation("the daemon ended with %s" % status)
    spawns = check_lives(world)
    sent = next(c for c in load if isinstance(c, clients.Sender)).sent
    check_events(world, spawns, sent)
    for p in world.having("lines"):
        if "rotates" not in p.words:
            lines = Lines(world, p.name)
            lines.feed(read(p.log, b""))
            lines.end()
    for client in load:
        getattr(client, "verify", lambda: None)()
    check_daemon(world)


def check_daemon(world):
    """What the daemon has printed."""
    log = world.d.log()
    for text in (world.d.output(), log):
        report = REPORT.search(text)
        if report is not None:
            world.violation("a report: " + text[report.start() - 200:report.start() + 3000])
    for line in log.partition("supervisord started")[2].splitlines():
        if " CRIT " in line:
            world.violation("the log has: " + line)
        if "overflow" in line and "event" in line:
            world.violation("the log has: " + line)
    world.count("bytes of the main log", len(log))


def begin(world, pause):
    world.start()
    load = clients.load(world, pause)
    for client in load:
        client.start()
    return load


def upgrades(world, count, pause=0.02):
    """So many upgrades in a row, while the clients of the load work: between two, each of the
    fast ones gets an answer."""
    load = begin(world, pause)
    fast = ("calls", "lines on stdin", "events sent", "FastCGI connections", "events of pages")
    for _ in range(count):
        before = {kind: world.counts[kind] for kind in fast}
        world.upgrade()
        until(lambda before=before: all(world.counts[k] > n for k, n in before.items()),
              timeout=DEADLINE, what="answers after an upgrade")
        world.check_alive()
    finish(world, load)


def soak(world, seconds, seed, pace=0.25):
    """Random operations for so long. Without a failure, the same seed begins the same
    operations in the same order."""
    chance = random.Random(seed)
    load = begin(world, 0.1)
    operations = Operations(world, chance)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        operations.one()
        time.sleep(pace)
    operations.settle()
    finish(world, load)
