"""One of the two daemons that are compared, and how a script is played on it."""

import os
import traceback

import steps
from normal import Normal
from reeve import REPORT, Daemon

LISTENER = "/usr/bin/python3 " + os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                             "listener.py")
SUBJECTS = ("supervisord", "reeve")


class Side(Daemon):
    """A daemon in a directory of its own, asked over one kind of socket."""

    def __init__(self, subject, via, configurations, ctl):
        super().__init__(subject=subject)
        self.via, self.ctl, self.configurations = via, ctl, configurations
        self.normal = Normal(self.dir, self.port)
        self.starts = 1
        self.told, self.logged = {}, {}  # how far: steps.told, steps.logged
        self.url = "unix://" + self.socket if via == "unix" else \
            "http://127.0.0.1:%d" % self.port

    def fill(self, text):
        """Puts this side's own places into a text of a case file."""
        for name, value in (("dir", self.dir), ("url", self.url), ("conf", self.conf),
                            ("port", str(self.port)), ("pid", str(self.pid))):
            text = text.replace("{%s}" % name, value)
        return text

    def use(self, name):
        """Writes the configuration of that name, for a start or a reread."""
        self.configure(self.configurations[name].replace("{listener}", LISTENER))

    def learn(self):
        self.normal.learn(self.pid, self.log())

    def perform(self, step):
        """The outcome of a step as a text; "" for one that is not compared."""
        self.learn()
        outcome = steps.STEPS[step.word](self, step)
        return outcome if step.compared else ""

    def finish(self):
        """Ends the daemon; returns a complaint or "". supervisord is spared: it would
        take seconds, and its end is compared where a case asks for it."""
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
    side = Side(subject, via, file.configurations, ctl)
    try:
        side.use("main")
        side.start()
        for step in (step for case in file.cases for step in case.steps):
            outcomes.append(side.perform(step))
        return outcomes, side.finish()
    except Exception as e:
        where = "line %d: %s" % (step.line, step) if step else "the start"
        told = e if isinstance(e, AssertionError) else traceback.format_exc()
        return outcomes, "%s: %s: %s\n%s" % (subject, where, told, side.output())
    finally:
        side.destroy()
