"""The steps about configurations: a start that must fail, and rereading a file. The functions
are like those of steps.py."""

import os
import shutil
import subprocess

import steps
from reeve import ROOT, SUPERVISORD

# Seconds until a start that has not failed counts as successful, for both daemons.
STARTED = 4
DATA = os.path.join("tests", "data", "config")
HEADS = {
    "raw": "",  # below the usual sections
    "program": "[program:a]\ncommand=/bin/cat\n",
    "eventlistener": "[eventlistener:a]\ncommand=/bin/cat\nevents=TICK_5\n",
    "fcgi-program": "[fcgi-program:a]\ncommand=/bin/cat\nsocket=tcp://127.0.0.1:1\n",
    "group": "[program:a]\ncommand=/bin/cat\n[group:g]\nprograms=a\n",
}


def run(side, argv, cwd):
    """(exit status, stdout, stderr) of the daemon's program. If it does not end, kills it and
    returns None, "", ""."""
    program = side.command()[0]
    try:
        if program == SUPERVISORD:
            return side.ctl.run(argv, cwd, program=program, env=side.environment(),
                                patience=STARTED)
        ended = subprocess.run([program, *argv], cwd=cwd, env=side.environment(),
                               stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=STARTED, check=False)
    except (subprocess.TimeoutExpired, TimeoutError):
        return None, "", ""
    return (ended.returncode, ended.stdout.decode(errors="replace"),
            ended.stderr.decode(errors="replace"))


def files_below(directory):
    """The names of all files below the directory, a line each."""
    names = [os.path.relpath(os.path.join(base, name), directory)
             for base, directories, files in os.walk(directory) for name in directories + files]
    return "".join("%s\n" % name for name in sorted(names))


def begin(side, step):
    """A start with a directory of tests/data/config/invalid, or with the step's lines."""
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
    # One of the directories is about -n given twice.
    if not any(arg.startswith(("-n", "--no")) for arg in argv):
        argv.insert(0, "-n")
    status, out, err = run(side, argv, place)
    err = err.replace("use %s -h" % side.command()[0], "use {program} -h")
    if status is None:
        return "it runs\n"
    return "exit status %d\n%s%s--- files\n%s" % (
        status, steps.shown(side.normal.text(out)), steps.shown(side.normal.text(err)),
        files_below(place))


def reread(side, step):
    """Makes a directory of tests/data/config, or the step's lines, the new configuration;
    returns the results of reloadConfig and getAllConfigInfo."""
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
    changes = steps.called(side, "supervisor.reloadConfig", ())
    if changes.startswith("fault"):
        return changes
    return changes + steps.called(side, "supervisor.getAllConfigInfo", ("autorestart",))


def option(side, step):
    """The same with one option: SECTION NAME=VALUE, in which \\n is a newline. Section raw:
    with this text in the file; section file: with this text as the whole file."""
    section, _, line = step.rest.partition(" ")
    line = side.fill(line).replace("\\n", "\n").replace("\\t", "\t")
    if section == "file":
        side.configure(raw=line)
    else:
        side.configure(HEADS.get(section, "[%s]\n" % section) + line + "\n")
    return known(side)


STEPS = {"begin": begin, "reread": reread, "option": option}
