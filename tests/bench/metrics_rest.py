"""What is measured of who does nothing (measure.py says how)."""

import contextlib
import os
import re
import sys
import time

from measure import Bench, sleeps, subjects, world
from metrics_life import SCANNERS, scanned
from reeve import processes, read
from worlds import memory


def warn_of_others(ours):
    """Other front ends: what they map, too, is counted in part."""
    others = [pid for pid in processes() if pid not in ours and
              read("/proc/%d/comm" % pid, b"") == b"reeve-rpcd\n"]
    if others:
        print("reeve's PSS and USS are too low, other reeve-rpcd run: %s" % others,
              file=sys.stderr)


def footprint(w):
    """PSS and USS of all its processes, in MB. The programs share libc with who supervises
    them, which lowers everybody's PSS; supervisord shares an interpreter with us."""
    figures = [memory(pid) for pid in w.pids()]
    return [sum(f[i] for f in figures) / 1024 for i in (0, 1)]


def resident(count):
    """Once, and one after another: side by side they would share what they map."""
    found = {}
    for who in subjects():
        with world(who, sleeps(count), count) as w:
            time.sleep(2)
            found[who] = footprint(w)
            if who == "reeve":
                warn_of_others(w.pids())
    for who in () if Bench.only_reeve else SCANNERS:
        with scanned(who, count) as w:
            found[who] = footprint(w.start())
    return {row: {who: [both[i]] for who, both in found.items()}
            for i, row in enumerate(("PSS", "USS"))}


def held(who, text, count):
    with world(who, text, count) as w:
        return sum(len(os.listdir("/proc/%d/fd" % pid)) for pid in w.pids())


def descriptors(count):
    """Of all its processes more than with one program, for each of the others. Once: it is
    the same each time."""
    found = {}
    for name, options in (("both logs", {"stdout_logfile": "AUTO", "stderr_logfile": "AUTO"}),
                          ("redirected", {"stdout_logfile": "AUTO",
                                          "redirect_stderr": "true"}),
                          ("no logs", {})):
        found["descriptors, " + name] = row = {}
        for who in subjects():
            more = held(who, sleeps(count, **options), count) - \
                held(who, sleeps(1, **options), 1)
            row[who] = [more / (count - 1)]
    return found


def switches(w):
    return sum(int(n) for pid in w.pids() for n in re.findall(
        r"ctxt_switches:\t(\d+)", read("/proc/%d/status" % pid).decode()))


def idle(count):
    """How often the kernel ran them, a minute; once, all in the same minute."""
    with contextlib.ExitStack() as stack:
        worlds = {who: stack.enter_context(world(who, sleeps(count), count))
                  for who in subjects()}
        time.sleep(2)
        before = {who: switches(w) for who, w in worlds.items()}
        time.sleep(Bench.idle)
        return {who: [(switches(w) - before[who]) * 60 / Bench.idle]
                for who, w in worlds.items()}
