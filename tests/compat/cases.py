"""Parses case files: configurations, and cases made of steps. The text at the top of
tests/compat/run describes the format."""

import json
import os
import re

from reeve import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")
LIFE = os.path.join(HERE, "life")
# The steps, which steps.py and configs.py execute. Only the results of the first are compared.
COMPARED = ("ctl", "talk", "terminal", "supervisorctl", "rpc", "post", "http", "contents",
            "events", "logged", "ended", "mainlog", "files", "begin", "reread", "option")
DONE = ("wait", "run", "configure", "write", "bytes", "mode", "fifo", "remove", "rename",
        "holds", "lines", "length", "await-log", "again", "restarted", "kill", "daemon")


class Malformed(Exception):
    """A case file has a format error; the text has its place."""


class Step:
    def __init__(self, line, text):
        self.line = line
        self.unordered, self.without = False, []
        self.word, _, self.rest = text.partition(" ")
        while self.word == "unordered" or self.word.startswith("without:"):
            if self.word == "unordered":
                self.unordered = True
            else:
                self.without.append(self.word.partition(":")[2])
            self.word, _, self.rest = self.rest.strip().partition(" ")
        self.rest = self.rest.strip()
        self.block = ""  # the indented lines below, without their indentation

    @property
    def compared(self):
        return self.word in COMPARED

    def __str__(self):
        return "%s %s" % (self.word, self.rest)


class Case:
    def __init__(self, title):
        self.title = title
        self.row = None  # if the comparisons differ: the row of reeve-differences(7) about it
        self.steps = []


class File:
    """One case file: its name, configurations by name, cases, and headings."""

    def __init__(self, name):
        self.name = name
        self.configurations = {}
        self.cases = []
        self.vias = ["unix", "tcp"]
        self.short_vias = ["unix"]  # with --short
        self.alone = False  # no daemon runs: only failing starts are compared
        self.life = None  # a directory of files that replaces a configuration
        self.programs = []  # names of the stand-in in the daemon's PATH
        self.environment = {}


def configuration(file, where, name):
    name = name or "main"
    if name in file.configurations:
        raise Malformed("%s: a second configuration %s" % (where, name))
    file.configurations[name] = ""
    return name


def life(file, where, name):
    file.life = os.path.join(LIFE, name)
    if not os.path.exists(os.path.join(file.life, "supervisord.conf")):
        raise Malformed("%s: no such life: %s" % (where, name))
    file.configurations.setdefault("main", "")


def via(file, where, words):
    file.vias = file.short_vias = words.split()
    if not words or not set(file.vias) <= {"unix", "tcp"}:
        raise Malformed("%s: == via unix tcp" % where)


def variable(file, where, text):
    name, equals, value = text.partition("=")
    if not equals:
        raise Malformed("%s: == environment NAME=VALUE" % where)
    file.environment[name] = value


def case(file, where, title):
    if not title:
        raise Malformed("%s: a case without a title" % where)
    file.cases.append(Case(title))


def programs(file, _, words):
    file.programs += words.split()


def alone(file, _, __):
    file.alone, file.vias = True, ["unix"]
    file.configurations.setdefault("main", "")


HEADINGS = {"configuration": configuration, "life": life, "via": via, "case": case,
            "environment": variable, "programs": programs, "alone": alone}


def heading(file, where, text):
    """A line that begins with ==; returns the configuration that the next lines belong to."""
    kind, _, rest = text.partition(" ")
    if kind not in HEADINGS:
        raise Malformed("%s: no such heading: %s" % (where, kind))
    return HEADINGS[kind](file, where, rest.strip())


# The arguments of `grid`: near both ends of ten bytes, and far away.
OFFSETS = (-1000000, -11, -10, -3, 0, 1, 9, 10, 11, 1000000)
LENGTHS = (-10, -1, 0, 1, 3, 9, 10, 11, 1000000)


def grid(number, rest):
    """The steps of `grid METHOD [NAME]`."""
    method, *names = rest.split()
    return [Step(number, "rpc %s %s" % (method, json.dumps([*names, offset, length])))
            for offset in OFFSETS for length in LENGTHS]


def step_line(file, number, where, line):
    """A line of a case: `differs:`, a step, or a line of the last step's block."""
    if not file.cases:
        raise Malformed("%s: a step before the first case" % where)
    case = file.cases[-1]
    if line[0] in " \t":
        if not case.steps:
            raise Malformed("%s: a block without a step" % where)
        case.steps[-1].block += re.sub(r"^(\t| {1,4})", "", line) + "\n"
        return
    step = Step(number, line.strip())
    if step.word == "differs:":
        if case.steps:
            raise Malformed("%s: differs: comes before the steps" % where)
        case.row = step.rest
    elif step.word == "grid":
        case.steps += grid(number, step.rest)
    elif step.word in COMPARED or step.word in DONE:
        case.steps.append(step)
    else:
        raise Malformed("%s: no such step: %s" % (where, step.word))


def parse(name, text):
    """The File of a text; raises Malformed."""
    file, growing = File(name), None
    for number, line in enumerate(text.splitlines(), 1):
        where = "%s:%d" % (name, number)
        if line.startswith("== "):
            growing = heading(file, where, line[3:].strip())
        elif growing is not None:
            file.configurations[growing] += line + "\n"
        elif line.strip() and not line.startswith("#"):
            step_line(file, number, where, line)
    if "main" not in file.configurations:
        raise Malformed("%s: no configuration" % name)
    if not any(step.compared for case in file.cases for step in case.steps):
        raise Malformed("%s: nothing is compared" % name)
    return file


def load(path):
    with open(path, encoding="utf-8") as f:
        return parse(os.path.basename(path).partition(".")[0], f.read())


def every():
    """The paths of all case files."""
    return sorted(os.path.join(CASES, name) for name in os.listdir(CASES)
                  if name.endswith(".cases"))


def manual_rows():
    """The titles of the rows of reeve-differences(7), without their macros."""
    with open(os.path.join(ROOT, "man", "reeve-differences.7"), encoding="utf-8") as f:
        titles = re.findall(r"^\.It (?:\\&)?(?!Sy )(.+)$", f.read(), re.M)
    return {re.sub(r" ([,;:])", r"\1", re.sub(r"\b[A-Z][a-z] ", "", title))
            for title in titles}


def unexplained(files):
    """An error for each case that is expected to differ by a row that the manual lacks."""
    rows = manual_rows()
    return ["%s: no such row: %s" % (file.name, case.row or "(none is named)")
            for file in files for case in file.cases
            if case.row is not None and case.row not in rows]
