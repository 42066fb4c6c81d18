"""One of the two daemons that are compared, and the execution of a case file on it."""

import os
import shutil
import traceback

import cases
import configs
import steps
from normal import Normal
from reeve import CHILD, REPORT, Daemon, read, until

LISTENER = "/usr/bin/python3 " + os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                             "listener.py")
SUBJECTS = ("supervisord", "reeve")
STEPS = {**steps.STEPS, **configs.STEPS}


class Side(Daemon):
    """A daemon in a directory of its own, used over one kind of socket."""

    def __init__(self, subject, via, file, ctl):
        super().__init__(subject=subject)
        self.via, self.ctl, self.case_file = via, ctl, file
        self.normal = Normal(self.dir, self.port, self.token)
        self.starts = 1
        self.seen = {}  # by file: its inode and the offset up to which `fresh` has read
        self.compared = 0  # lines of the main log that steps.mainlog has compared
        self.events, self.logged = {}, {}  # up to where steps.events and steps.logged have read
        self.url = "unix://" + self.socket if via == "unix" else \
            "http://127.0.0.1:%d" % self.port
        if file.life is not None and via == "tcp":
            self.servers = (False, {})

    def fill(self, text):
        """Replaces {dir} and other names in a text of a case file."""
        for name, value in (("dir", self.dir), ("url", self.url), ("conf", self.conf),
                            ("port", str(self.port)), ("pid", str(self.pid)),
                            ("child", CHILD)):
            text = text.replace("{%s}" % name, value)
        return text

    def environment(self):
        """The environment of the case file, with its programs first in PATH."""
        path = "%s:%s" % (self.path("bin"), os.environ["PATH"])
        own = {name: self.fill(value) for name, value in self.case_file.environment.items()}
        return {**super().environment(), "PATH": path, **own}

    def rpc(self, via=None, **credentials):
        return super().rpc(via or self.via, **credentials)

    def settle(self):
        """Creates the files that a start needs."""
        os.mkdir(self.path("bin"))
        for name in self.case_file.programs:
            self.copy(os.path.join(cases.LIFE, "stand-in"), self.path("bin", name))
        if self.case_file.life is None:
            self.use("main")
            return
        for base, _, names in os.walk(self.case_file.life):
            to = self.path(os.path.relpath(base, self.case_file.life))
            os.makedirs(to, exist_ok=True)
            for name in names:
                self.copy(os.path.join(base, name), os.path.join(to, name))

    def copy(self, source, to):
        """Copies a file and fills in the names; keeps its line ends and mode."""
        with open(source, encoding="utf-8", newline="") as f:
            text = f.read()
        with open(to, "w", encoding="utf-8", newline="") as f:
            f.write(self.fill(text))
        shutil.copymode(source, to)

    def use(self, name):
        """Writes the configuration of that name, for a start or a reread."""
        text = self.case_file.configurations[name]
        self.configure(text.replace("{listener}", LISTENER))

    def learn(self):
        """Reads new pids from the main log, which may be the standard output. Waits until each
        new process has executed its program: before that, a signal is lost in supervisord's
        fork."""
        new = self.normal.learn(self.pid, self.fresh("main.log") + self.fresh("out.txt"))
        daemon = read("/proc/%s/cmdline" % self.pid, b"")
        for pid in new if daemon else ():
            until(lambda: read("/proc/%d/cmdline" % pid, b"") != daemon,
                  what="%s to execute its program" % self.normal.pid(pid))

    def fresh(self, name):
        """The complete lines of a file since the last call; all if it is a new file."""
        try:
            with open(self.path(name), "rb") as f:
                identity, size = os.fstat(f.fileno()).st_ino, os.fstat(f.fileno()).st_size
                known, offset = self.seen.get(name, (identity, 0))
                f.seek(offset if known == identity and offset <= size else 0)
                start = f.tell()
                lines = f.read().rpartition(b"\n")
        except FileNotFoundError:
            return ""
        self.seen[name] = identity, start + len(lines[0]) + len(lines[1])
        return lines[0].decode(errors="replace") + "\n"

    def perform(self, step):
        """Executes a step; its result as a text, "" if it is not compared."""
        self.learn()
        outcome = STEPS[step.word](self, step)
        return outcome if step.compared else ""

    def finish(self):
        """Ends the daemon; returns an error text or "". supervisord is killed later: its end
        would take seconds."""
        if self.case_file.alone and self.remaining():
            return "%s left processes behind" % self.subject
        if self.subject == "supervisord" or not self.running():
            return ""
        status = self.stop()
        output = self.output() + self.log()
        if status != 0 or REPORT.search(output):
            return "reeved ended with %s and this output:\n%s" % (status, output)
        return ""


def play(subject, via, file, ctl):
    """Executes the steps of a file. Returns their results and an error text or ""; the results
    end at a step that fails."""
    outcomes, step = [], None
    side = Side(subject, via, file, ctl)
    try:
        side.settle()
        if not file.alone:
            side.start()
        for step in (step for case in file.cases for step in case.steps):
            outcomes.append(side.perform(step))
        return outcomes, side.finish()
    except Exception as e:
        where = "line %d: %s" % (step.line, step) if step else "the start"
        why = e if isinstance(e, AssertionError) else traceback.format_exc()
        return outcomes, "%s: %s: %s\n%s" % (subject, where, why, side.output()[-2000:])
    finally:
        side.destroy()
