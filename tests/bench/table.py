"""What the figures are worth: the goals, and the table that shows them."""

import os
import statistics
import time

from measure import COLUMNS, Bench
from reeve import read

LEAST, MOST = "at most", "at least"


class Row:
    """What a figure is, and what it should be with so many programs: goals, {count: goal}
    or one for 1000. It is of the ratio to the limit or, with against, to that column, or
    (None) of the figure itself. drift, {count: (goal, other)}, is of the ratio beside that
    with other programs. grows: the whole does, what matters is the cost of one program."""

    def __init__(self, title, unit, goals=None, sense=LEAST, against="limit", grows=False,
                 drift=None):
        self.title, self.unit, self.sense = title, unit, sense
        self.goals = goals if isinstance(goals, dict) else {1000: goals}
        self.against, self.grows, self.drift = against, grows, drift or {}


ALL = (1, 10, 100, 1000, 10000)
SAME = 1.1  # "the same", as far as it can be told
ROWS = {
    "start": Row("start all programs, no logs", "s", 1.2, grows=True,
                 drift={10000: (1.3, 1000)}),
    "stop": Row("stop one group, no logs", "s", 2, grows=True,
                drift={10000: (1.3, 1000)}),
    "stop groups": Row("stop all, a group each, both NONE", "s", 2, grows=True),
    "getState": Row("getState, 16 connections", "/s", 0.75, MOST, drift={10000: (1, 10)}),
    "getProcessInfo": Row("getProcessInfo, 16 connections", "/s", 0.65, MOST),
    "getAllProcessInfo": Row("getAllProcessInfo, 16 connections", "/s", 0.5, MOST),
    "revive": Row("kill -9 to the next exec, at rest", "ms", 2),
    "revive p99": Row("  99th percentile of 300", "ms", 5),
    "revive asked": Row("  while asked every 5 ms", "ms", 2),
    "revive asked p99": Row("  and the 99th percentile of 300", "ms", 5),
    "PSS": Row("memory (PSS), all processes", "MB", {10: 4.5, 1000: 7}, against=None),
    "USS": Row("USS, all processes", "MB", against=None),
    "descriptors, both logs": Row("descriptors of all a program, two logs", "", 5,
                                  against=None),
    "descriptors, redirected": Row("  redirect_stderr", "", 3, against=None),
    "descriptors, no logs": Row("  both NONE", "", 1, against=None),
    "idle": Row("wake-ups a minute at rest", "", dict.fromkeys(ALL, 0), against=None),
    "gigabyte": Row("CPU of 1 GB of output, 64 KiB writes", "s", dict.fromkeys(ALL, 1.2),
                    drift={1000: (SAME, 1)}),
    "lines": Row("CPU of 300,000 lines", "s", 0.25, against="supervisord"),
    "status": Row("reevectl/supervisorctl status", "ms", 5, against=None),
    "start rate": Row("startProcess, wait=false", "/s", 0.8, MOST),
    "start rate, recorded": Row("  with audit_log", "/s", 0.75, MOST),
    "page": Row("list of all programs, usable in a browser", "ms", 300, against=None),
    "pages": Row("one change to 50 open pages, the last of them", "ms", 100, against=None),
    "pages, CPU": Row("  CPU of reeve-rpcd", "ms", 1.5, against=None),
    "metrics": Row("/metrics, CPU of reeve-rpcd", "ms", 5, against=None),
    "metrics, master": Row("  CPU of reeved", "ms", against=None),
    "events": Row("events through one listener, one CPU", "/s", {10: 0.6}, MOST),
}


class Found:
    """What was measured of a row with so many programs: taken, {who: [value a round]}."""

    def __init__(self, name, count, taken):
        self.name, self.row, self.count = name, ROWS[name], count
        self.taken = taken
        self.figures = {who: statistics.median(values) for who, values in taken.items()}

    def ratios(self):
        """reeve's to the base's: of each round, where they took turns."""
        mine, base = self.taken["reeve"], self.taken.get(self.row.against or "limit", [])
        if len(mine) != len(base):
            return []
        return [m / b for m, b in zip(mine, base) if b]

    def ratio(self):
        ratios = self.ratios()
        return statistics.median(ratios) if ratios else None

    def spread(self):
        """How far apart the rounds are, in %: of what the goal is of."""
        values = self.ratios() or self.taken["reeve"]
        middle = statistics.median(values)
        return (max(values) - min(values)) * 100 / middle if middle and values[1:] else None

    def cost(self):
        """Of one program, one request or all; the more, the worse."""
        value = self.figures["reeve"]
        if self.row.sense == MOST:
            return 1 / value if value else None
        return value / self.count if self.row.grows else value


class Results:
    """All that was found: {(row, count): Found}."""

    def __init__(self):
        self.found = {}

    def add(self, name, count, taken):
        self.found[name, count] = Found(name, count, taken)

    def __iter__(self):
        """In the order of the rows, then of the counts."""
        order = list(ROWS)
        return iter(sorted(self.found.values(), key=lambda f: (order.index(f.name), f.count)))

    def growth(self, found):
        """The cost beside that of the next smaller count."""
        fewer = [n for name, n in self.found if name == found.name and n < found.count]
        if not fewer:
            return None
        here, before = found.cost(), self.found[found.name, max(fewer)].cost()
        return here / before if here and before else None

    def goals(self, found):
        """Each as (what is wanted, what is, whether it is met)."""
        row, value = found.row, found.ratio()
        other = row.drift.get(found.count, (None, None))[1]
        base = self.found.get((found.name, other))
        wanted = [(row.goals.get(found.count), "",
                   found.figures["reeve"] if row.against is None else value)]
        if base and value and base.ratio():
            wanted.append((row.drift[found.count][0], " x the ratio at %d" % other,
                           value / base.ratio()))
        return [{"goal": "%s %g%s" % (row.sense, goal, of), "value": is_,
                 "met": is_ <= goal if row.sense == LEAST else is_ >= goal}
                for goal, of, is_ in wanted if goal is not None and is_ is not None]


def machine():
    """What the run was made on, and how."""
    return {"date": time.strftime("%Y-%m-%d %H:%M"), "kernel": os.uname().release,
            "processors": len(os.sched_getaffinity(0)),
            "processor": next((line.partition(b": ")[2].decode() for line in read(
                "/proc/cpuinfo").splitlines() if line.startswith(b"model name")), "unknown"),
            "load": [os.getloadavg()[0]], "rounds": Bench.rounds, "seconds": Bench.seconds,
            "idle": Bench.idle, "mode": "quick" if Bench.quick else "whole"}


HEAD = """%(date)s, Linux %(kernel)s, %(processors)d x %(processor)s, load average \
%(begin).1f, then %(end).1f
%(mode)s run, rounds: %(rounds)d, of requests %(seconds)d s each; %(idle)d s at rest
Figures are the medians of the rounds. ratio: reeve's to the limit's, the median of the rounds'
ratios ("lines": to supervisord's). spread, in %%: how far the rounds' ratios are apart or,
where the goal is of the figure, the figures. growth: what it costs reeve beside the row before,
for a program where the row grows with them (start, stop), else a request, or in all.
"""


def cell(value, width):
    if value is None:
        return " " * (width - 1) + "-"
    digits = 0 if value >= 1000 else 1 if value >= 100 else 2 if value >= 1 else 3
    return "%*.*f" % (width, digits, value)


def verdict(goals):
    return "; ".join("%s%s: %s" % (g["goal"], " (%.2f)" % g["value"] if " x " in g["goal"]
                                   else "", "met" if g["met"] else "MISSED") for g in goals)


def table(head, results):
    lines = [HEAD % {**head, "begin": head["load"][0], "end": head["load"][-1]},
             "%-42s %6s" % ("metric", "count") + "".join("%12s" % who for who in COLUMNS) +
             "%8s %7s %7s  %s" % ("ratio", "spread", "growth", "goal (ratio or figure)")]
    for f in results:
        title = f.row.title + (", " + f.row.unit if f.row.unit else "")
        lines.append("%-42s %6d" % (title, f.count) +
                     "".join(cell(f.figures.get(who), 12) for who in COLUMNS) +
                     cell(f.ratio(), 8) + " " + cell(f.spread(), 7) + " " +
                     cell(results.growth(f), 7) + "  " + verdict(results.goals(f)))
    return "\n".join(lines)


def as_json(head, results):
    return {**head, "rows": [
        {"metric": f.name, "count": f.count, **f.figures, "rounds": f.taken,
         "ratio": f.ratio(), "spread": f.spread(), "growth": results.growth(f),
         "goals": results.goals(f)} for f in results]}
