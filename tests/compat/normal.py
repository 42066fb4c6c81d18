"""Replaces in a text what may differ between two daemons that agree: process ids, times, and
the paths and ports of the daemon. A pid is replaced by the name of its process, so that the
pid of another process is a difference, and only where a text has a pid: a log may contain the
same number."""

import re

SPAWNED = re.compile(r"spawned: '(.+?)' with pid (\d+)")
PATTERNS = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"), "{time}"),
    (re.compile(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M"), "{time}"),
    (re.compile(r"when:\d+"), "when:{time}"),
    (re.compile(r"uptime \d+:\d\d:\d\d"), "uptime {time}"),
    (re.compile(r"---([^\n/]+?)-[a-z0-9_]{8}\.log"), r"---\1-{random}.log"),
)
# "pid 12", "sid 12", an event's "pid:12", the log's "killing 'x' (12)".
PID = re.compile(r"(\b[ps]id[ :]|' \()(\d+)(?=$|[,)\s\"\\])", re.M)
# A line of the command pid or of a pidfile, perhaps after the prompt.
PID_LINE = re.compile(r"^((?:supervisor> )?)(\d+)$", re.M)
TIMES = ("start", "stop", "now")


class Normal:
    """The replacements in the texts of one daemon."""

    def __init__(self, directory, port, token="REEVE_TEST="):
        self.fixed = ((directory, "{dir}"), (":%d" % port, ":{port}"), (token, "{token}"))
        self.pids = {}

    def learn(self, daemon_pid, log):
        """Adds the pids in a part of the daemon's log, and returns them."""
        new = {int(pid): "{%s}" % name for name, pid in SPAWNED.findall(log)}
        self.pids.update(new)
        self.pids[daemon_pid] = "{daemon}"
        return list(new)

    def pid(self, number):
        return self.pids.get(number, number)

    def text(self, text, pid_lines=False):
        """The text with its replacements; pid_lines: a line may be a pid alone."""
        for found, instead in self.fixed:
            text = text.replace(found, instead)
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        for pattern in (PID, PID_LINE) if pid_lines else (PID,):
            text = pattern.sub(lambda m: m[1] + str(self.pid(int(m[2]))), text)
        return text

    def value(self, value, without=(), key=None):
        """The same for an XML-RPC value; its members keep their order and types."""
        if isinstance(value, dict):
            return {k: self.value(v, without, k) for k, v in value.items()
                    if k not in without}
        if isinstance(value, list):
            return [self.value(v, without) for v in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool) and value:
            if key in TIMES:
                return "{time}"
            if key == "pid":
                return self.pid(value)
        return value
