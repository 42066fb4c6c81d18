"""Takes out of an answer what may differ between two daemons that agree: process ids,
times, and where the daemon's files and ports are. A pid becomes the name of its process,
so that a pid of another process is a difference; an unknown number stays as it is."""

import re

SPAWNED = re.compile(r"spawned: '(.+?)' with pid (\d+)")
PATTERNS = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}"), "{time}"),
    (re.compile(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M"), "{time}"),
    (re.compile(r"when:\d+"), "when:{time}"),
    (re.compile(r"uptime \d+:\d\d:\d\d"), "uptime {time}"),
    (re.compile(r"---([^\n/]+?)-[a-z0-9_]{8}\.log"), r"---\1-{random}.log"),
)
# "pid 12", an event's "pid:12", "sid 12", a line that is a pid alone or after the prompt, the
# log's "killing 'x' (12)".
PID = re.compile(r"(\b[ps]id[ :]|^|^supervisor> |' \()(\d+)(?=$|[,:)\s\"\\])", re.M)
TIMES = ("start", "stop", "now")


class Normal:
    """What one daemon's answers are freed of."""

    def __init__(self, directory, port, token="REEVE_TEST="):
        self.fixed = ((directory, "{dir}"), (":%d" % port, ":{port}"), (token, "{token}"))
        self.pids = {}

    def learn(self, daemon_pid, log):
        """The pids that the daemon's log tells; they stay known when the log is cleared.
        Returns those of this log."""
        told = {int(pid): "{%s}" % name for name, pid in SPAWNED.findall(log)}
        self.pids.update(told)
        self.pids[daemon_pid] = "{daemon}"
        return list(told)

    def pid(self, number):
        return self.pids.get(number, number)

    def text(self, text):
        for found, instead in self.fixed:
            text = text.replace(found, instead)
        for pattern, instead in PATTERNS:
            text = pattern.sub(instead, text)
        return PID.sub(lambda m: m[1] + str(self.pid(int(m[2]))), text)

    def value(self, value, without=(), key=None):
        """The same of an XML-RPC value, whose members keep their order and types."""
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
