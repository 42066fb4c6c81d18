"""One of the two daemons that are compared, and how a script is played on it."""

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
    """A daemon in a directory of its own, asked over one kind of socket."""

    def __init__(self, subject, via, file, ctl):
        super().__init__(subject=subject)
        self.via, self.ctl, self.case_file = via, ctl, file
        self.normal = Normal(self.dir, self.port, self.token)
        self.starts = 1
        self.seen = {}  # inodes and offsets up to which logs have been learnt from
        self.compared = 0  # how much of the main log was: steps.mainlog
        self.told, self.logged = {}, {}  # how far: steps.told, steps.logged
        self.url = "unix://" + self.socket if via == "unix" else \
            "http://127.0.0.1:%d" % self.port
        if file.life is not None and via == "tcp":
            self.servers = (False, {})

    def fill(self, text):
        """Puts this side's own places into a text of a case file."""
        for name, value in (("dir", self.dir), ("url", self.url), ("conf", self.conf),
                            ("port", str(self.port)), ("pid", str(self.pid)),
                            ("child", CHILD)):
            text = text.replace("{%s}" % name, value)
        return text

    def environment(self):
        """The variables of the case file, and its programs first in PATH."""
        path = "%s:%s" % (self.path("bin"), os.environ["PATH"])
        own = {name: self.fill(value) for name, value in self.case_file.environment.items()}
        return {**super().environment(), "PATH": path, **own}

    def rpc(self, via=None, **credentials):
        return super().rpc(via or self.via, **credentials)

    def settle(self):
        """Lays out everything that a start needs."""
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
        """A file with this side's own places put in, its line ends and mode kept."""
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
        """The pids; a main log that is the standard output counts as well. Each new process
        has executed its program by the return: what supervisord's copy of itself gets as a
        signal before is lost."""
        new = self.normal.learn(self.pid, self.fresh("main.log") + self.fresh("out.txt"))
        daemon = read("/proc/%s/cmdline" % self.pid, b"")
        for pid in new if daemon else ():
            until(lambda: read("/proc/%d/cmdline" % pid, b"") != daemon,
                  what="%s to execute its program" % self.normal.pid(pid))

    def fresh(self, name):
        """The whole lines of a file that were not seen yet; all when it is another file."""
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
        """The outcome of a step as a text; "" for one that is not compared."""
        self.learn()
        outcome = STEPS[step.word](self, step)
        return outcome if step.compared else ""

    def finish(self):
        """Ends the daemon; returns a complaint or "". supervisord is spared: it would
        take seconds, and its end is compared where a case asks for it."""
        if self.case_file.alone and self.remaining():
            return "%s left processes behind" % self.subject
        if self.subject == "supervisord" or not self.running():
            return ""
        status = self.stop()
        said = self.output() + self.log()
        if status != 0 or REPORT.search(said):
            return "reeved ended with %s and said:\n%s" % (status, said)
        return ""


def play(subject, via, file, ctl):
    """The outcomes of the file's steps in order, and a complaint or "". After a step that
    fails the outcomes end early, and the complaint says why."""
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
        told = e if isinstance(e, AssertionError) else traceback.format_exc()
        return outcomes, "%s: %s: %s\n%s" % (subject, where, told, side.output()[-2000:])
    finally:
        side.destroy()
