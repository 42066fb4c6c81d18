"""Sets the outcomes of the two sides against each other, and counts."""

import difflib


class Tally:
    def __init__(self):
        self.agree = self.explained = self.failed = 0
        self.texts = []  # about what failed

    @property
    def total(self):
        return self.agree + self.explained + self.failed

    def add(self, other):
        self.agree += other.agree
        self.explained += other.explained
        self.failed += other.failed
        self.texts += other.texts

    def fail(self, text):
        self.failed += 1
        self.texts.append(text)

    def line(self):
        told = ", %d differ as reeve-differences(7) says" % self.explained if self.explained else ""
        return "compat: %d of %d agree%s" % (self.agree, self.total, told)


def difference(left, right):
    """A unified diff of two texts that are not the same."""
    lines = difflib.unified_diff(left.splitlines(), right.splitlines(), "supervisord",
                                 "reeve", lineterm="")
    return "\n".join(lines)


def one(tally, where, row, left, right):
    """One comparison; row is the manual's that explains a difference, or None."""
    if row is None and left == right:
        tally.agree += 1
    elif row is None:
        tally.fail("%s\n%s" % (where, difference(left, right)))
    elif left == right:
        tally.fail("%s\nshould differ (%s), but both say\n%s" % (where, row, left))
    else:
        tally.explained += 1


def compare(file, via, left, right):
    """The tally of a file that was played over this socket; left and right are what
    play() returned. A step that one side did not reach has failed."""
    tally = Tally()
    (outcomes, complaint), (others, other_complaint) = left, right
    reached = min(len(outcomes), len(others))
    for number, (case, step) in enumerate((c, s) for c in file.cases for s in c.steps):
        where = "%s.cases:%d (%s) %s: %s" % (file.name, step.line, via, case.title, step)
        if step.compared and number < reached:
            one(tally, where, case.row, outcomes[number], others[number])
        elif step.compared:
            tally.failed += 1
    for text in (complaint, other_complaint):
        if text:
            tally.fail("%s.cases (%s) %s" % (file.name, via, text))
    return tally
