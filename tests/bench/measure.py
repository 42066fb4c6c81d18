"""How it is measured. A metric is a function of the number of programs that gives
{who: [value]} or, of several rows, {row: {who: [value]}}; who is one of COLUMNS. Those who are
compared take turns, a value a round (interleaved); where that would cost more than it tells,
the metric says "once" and gives one value."""

import os
import random
import socket
import tempfile
import time

from reeve import program
from worlds import SLEEP, STAMP, Supervised

COLUMNS = ("supervisord", "reeve", "limit", "s6", "runit")
QUIET = {"stdout_logfile": "NONE", "stderr_logfile": "NONE"}


class Bench:
    """How thoroughly; set from the command line."""

    rounds = 3
    seconds = 3
    idle = 60
    quick = False
    only_reeve = False


def subjects():
    return ("reeve",) if Bench.only_reeve else ("supervisord", "reeve")


def sleeps(count, **options):
    """One section of so many processes; its group is p."""
    return program("p", SLEEP, numprocs=count, startsecs=0, autorestart="true",
                   process_name="p_%(process_num)05d", **{**QUIET, **options}) if count else ""


def sections(count, **options):
    """So many sections, each a group of its own."""
    return "".join(program("p%05d" % i, SLEEP, startsecs=0, **{**QUIET, **options})
                   for i in range(count))


def world(who, text, count, **options):
    return Supervised(who, text, count, **options).start()


def interleaved(measures):
    """{who: function} to {who: [value]}, a value a round."""
    taken = {who: [] for who in measures}
    for _ in range(Bench.rounds):
        for who, measure in measures.items():
            taken[who].append(measure())
    return taken


def rows(names, taken):
    """Of values that are tuples of a value a row: {row: {who: [value]}}. A tuple may end
    early."""
    return {name: {who: [value[i] for value in values] for who, values in taken.items()
                   if i < len(values[0])}
            for i, name in enumerate(names)}


class Stamps:
    """Where tests/bench/stamp.c says when it began."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="reeve-bench-")
        self.path = os.path.join(self.dir, "s")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(60)
        self.pid = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.unlink(self.path)
        os.rmdir(self.dir)

    def program(self, name):
        """A section of a program that says so."""
        return program(name, "%s %s" % (STAMP, self.path), startsecs=0,
                       autorestart="true", **QUIET)

    def next(self):
        """When the next one began; its pid is kept."""
        pid, when = self.socket.recv(100).split()
        self.pid = int(pid)
        return float(when)

    def revivals(self, kills):
        """Seconds from each kill to the next one's first line, in order of length. A little
        goes by before each, so that it finds who revives at rest."""
        taken = []
        for _ in range(kills):
            time.sleep(random.uniform(0, 0.01))
            began = time.clock_gettime(time.CLOCK_MONOTONIC)
            os.kill(self.pid, 9)
            taken.append(self.next() - began)
        return sorted(taken)
