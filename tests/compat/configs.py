"""The steps of a case that are about configurations alone: a start that is to fail, and
what reading a file again makes of it. Like those of steps.py."""

import os
import shutil
import subprocess

import steps
from reeve import ROOT, SUPERVISORD

# A start that has not failed by then has succeeded; both are asked for the same.
LIVES = 4
DATA = os.path.join("tests", "data", "config")
HEADS = {
    "raw": "",  # below the usual sections
    "program": "[program:a]\ncommand=/bin/cat\n",
    "eventlistener": "[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\n",
    "fcgi-program": "[fcgi-program:a]\ncommand=/bin/cat\nsocket=tcp://127.0.0.1:1\n",
    "group": "[program:a]\ncommand=/bin/cat\n[group:g]\nprograms=a\n",
}


def run(side, argv, cwd):
    """(exit status, stdout, stderr) of the daemon's program, which is killed when it does
    not end: then they are None, "", ""."""
    program = side.command()[0]
    try:
        if program == SUPERVISORD:
            return side.ctl.run(argv, cwd, program=program, env=side.environment(),
                                patience=LIVES)
        ended = subprocess.run([program, *argv], cwd=cwd, env=side.environment(),
                               stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=LIVES, check=False)
    except (subprocess.TimeoutExpired, TimeoutError):
        return None, "", ""
    return (ended.returncode, ended.stdout.decode(errors="replace"),
            ended.stderr.decode(errors="replace"))


def left(place):
    """What lies there."""
    names = [os.path.relpath(os.path.join(base, name), place)
             for base, directories, files in os.walk(place) for name in directories + files]
    return "".join("%s\n" % name for name in sorted(names))


def begin(side, step):
    """A start with a directory of tests/data/config/invalid, or with the file below."""
    place = side.path("begin")
    shutil.rmtree(place, ignore_errors=True)
    cases = os.path.join(place, DATA, "invalid")
    os.makedirs(cases)
    argv = ["-c", side.path("begin", "supervisord.conf")]
    if step.block:
        with open(argv[1], "w", encoding="utf-8") as f:
            f.write(side.fill(step.block))
        argv += side.fill(step.rest).split()
    else:
        shutil.copytree(os.path.join(ROOT, DATA, "invalid", step.rest),
                        os.path.join(cases, step.rest))
        argv = ["-c", os.path.join(DATA, "invalid", step.rest, "input.conf")]
        given = os.path.join(cases, step.rest, "args")
        if os.path.exists(given):
            with open(given, encoding="utf-8") as f:
                argv = f.read().splitlines()
    # One of them is about -n given twice.
    if not any(arg.startswith(("-n", "--no")) for arg in argv):
        argv.insert(0, "-n")
    status, out, err = run(side, argv, place)
    err = err.replace("use %s -h" % side.command()[0], "use {program} -h")
    if status is None:
        return "it lives\n"
    return "exit status %d\n%s%s--- left\n%s" % (
        status, steps.shown(side.normal.text(out)), steps.shown(side.normal.text(err)),
        left(place))


def reread(side, step):
    """What the daemon says to a directory of tests/data/config, or to the text below, as
    its new configuration, and then what it knows of it."""
    if step.block:
        side.configure(side.fill(step.block))
    else:
        source = os.path.join(ROOT, DATA, step.rest)
        for name in os.listdir(source):
            if os.path.isdir(os.path.join(source, name)):
                shutil.rmtree(side.path(name), ignore_errors=True)
                shutil.copytree(os.path.join(source, name), side.path(name))
        shutil.copy(os.path.join(source, "input.conf"), side.conf)
    return known(side)


def known(side):
    told = steps.called(side, "supervisor.reloadConfig", ())
    if told.startswith("fault"):
        return told
    return told + steps.called(side, "supervisor.getAllConfigInfo", ("autorestart",))


def option(side, step):
    """The same of one option: SECTION NAME=VALUE, in which \\n is a line end. With raw for
    the section the text is taken as it is, with file it is all that the file holds."""
    section, _, line = step.rest.partition(" ")
    line = side.fill(line).replace("\\n", "\n").replace("\\t", "\t")
    if section == "file":
        side.configure(raw=line)
    else:
        side.configure(HEADS.get(section, "[%s]\n" % section) + line + "\n")
    return known(side)


STEPS = {"begin": begin, "reread": reread, "option": option}
