"""Compares the results of the two sides and counts them."""

import difflib


class Tally:
    def __init__(self):
        self.agree = self.explained = self.failed = 0
        self.texts = []  # about failures

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
        rest = ""
        if self.explained:
            rest = ", %d differ as reeve-differences(7) says" % self.explained
        return "compat: %d of %d agree%s" % (self.agree, self.total, rest)


def difference(left, right):
    """A unified diff of two texts."""
    lines = difflib.unified_diff(left.splitlines(), right.splitlines(), "supervisord",
                                 "reeve", lineterm="")
    return "\n".join(lines)


def one(tally, where, row, left, right):
    """Counts one comparison; row: the row of the manual that explains a difference, or None."""
    if row is None and left == right:
        tally.agree += 1
    elif row is None:
        tally.fail("%s\n%s" % (where, difference(left, right)))
    elif left == right:
        tally.fail("%s\nis expected to differ (%s), but both have\n%s" % (where, row, left))
    else:
        tally.explained += 1


def compare(file, via, left, right):
    """The tally of a file over this socket; left and right are the results of play(). A step
    that one side did not reach has failed."""
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
