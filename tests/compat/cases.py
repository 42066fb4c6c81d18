"""What a case file says: configurations, and cases made of steps. The format is told at
the top of the runner."""

import os
import re

from reeve import ROOT

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "cases")
# What a step does on both sides is in steps.py; these are compared, the others only done.
COMPARED = ("ctl", "talk", "supervisorctl", "rpc", "post", "http", "contents",
            "told", "logged", "ended")
DONE = ("wait", "configure", "write", "remove", "holds", "await-log", "again", "restarted",
        "kill")


class Malformed(Exception):
    """A case file breaks the format; the text says where."""


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
        self.row = None  # of "Differences from supervisord": every comparison differs
        self.steps = []


class File:
    """One case file: name, configurations by name, cases, and the sockets to use."""

    def __init__(self, name):
        self.name = name
        self.configurations = {}
        self.cases = []
        self.vias = ["unix", "tcp"]


def heading(file, where, text):
    """A line that begins with ==; returns the configuration that now grows, or None."""
    kind, _, rest = text.partition(" ")
    if kind == "configuration":
        name = rest.strip() or "main"
        if name in file.configurations:
            raise Malformed("%s: a second configuration %s" % (where, name))
        file.configurations[name] = ""
        return name
    if kind == "case" and rest.strip():
        file.cases.append(Case(rest.strip()))
    elif kind == "via" and set(rest.split()) <= {"unix", "tcp"} and rest.split():
        file.vias = rest.split()
    else:
        raise Malformed("%s: == configuration [NAME], == case TITLE or == via" % where)
    return None


def step_line(file, number, where, line):
    """A line of a case: its explanation, a step, or more of the last step's block."""
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
    """The titles of reeve.conf(5)'s "Differences from supervisord", without their macros."""
    with open(os.path.join(ROOT, "man", "reeve.conf.5"), encoding="utf-8") as f:
        text = f.read().partition(".Sh Differences from supervisord\n")[2]
    text = re.split(r"^\.Sh ", text, maxsplit=1, flags=re.M)[0]
    titles = re.findall(r"^\.It (.+)$", text, re.M)
    return {re.sub(r" ([,;:])", r"\1", re.sub(r"\b[A-Z][a-z] ", "", title))
            for title in titles}
