"""The world of the soak test: a daemon with the programs of programs.conf, what is known about
them, and what has happened."""

import collections
import contextlib
import os
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))

import faults  # noqa: E402
import reeve  # noqa: E402
from reeve import Daemon, alive, children_of, program, read, until  # noqa: E402

# The programs need no sanitizer; there are many of them.
PLAIN = os.path.join(os.path.dirname(reeve.SEAM), "tests", "bin")
if not os.path.exists(os.path.join(PLAIN, "worker")):
    PLAIN = os.path.join(reeve.BUILD, "tests", "bin")
RECORD = struct.Struct("<iiQQ")  # tests/bin/worker.c has the same layout
EXTRA = program("extra", "/bin/sleep 1000000", startsecs=0, stdout_logfile="NONE",
                stderr_logfile="NONE")
# A busy machine, sanitizers and a watchdog that has to find a stopped process.
DEADLINE = 120
SHOWN = 20  # violations that are printed


class Record:
    """What a process of a worker has written in its ledger."""

    def __init__(self, values):
        self.pid, self.status, self.tried, self.done = values


class Program:
    """A process of programs.conf."""

    def __init__(self, section, name, words, log):
        self.section, self.name, self.words, self.log = section, name, words, log
        # Sections other than these make one group, and one name is enough.
        group = section.partition(":")[2]
        if section.startswith("rpcinterface:"):
            group = "rpcinterface." + group
        self.full = name if name == group else "%s:%s" % (group, name)


def sections(text):
    """(name, {option: value}) of each section; ";test=" is an option, too."""
    found = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line[1:-1], {}))
        elif "=" in line and (not line.startswith(";") or line.startswith(";test=")):
            name, _, value = line.partition("=")
            found[-1][1][name] = value
    return found


def programs_of(text):
    """All processes of the configuration."""
    found = []
    for section, options in sections(text):
        for number in range(int(options.get("numprocs", 1))):
            values = {key: value.replace("%(process_num)02d", "%02d" % number)
                      for key, value in options.items()}
            found.append(Program(section, values.get("process_name", section.partition(":")[2]),
                                 values[";test"].split(), values.get("stdout_logfile")))
    return found


class Disturbance:
    """Something by which a connection may be lost: from its begin to its end."""

    def __init__(self):
        self.end = None


class World:
    """burst: the lines that the program "fast" prints 100 times a second. clocks: whether the
    build has clocks that can be moved."""

    def __init__(self, burst=20):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.violations = []
        self.disturbances = []
        self.upgrades, self.upgraded = 0, 0  # how many, and when the latest was
        self.slowest = 0
        self.ending = threading.Event()  # the load ends
        self.page = None
        self.extra = False
        self.mounted = False
        self.begun = time.monotonic()
        self.journal = None
        if os.path.exists(os.path.join(reeve.BUILD, "fault", "reeved")):
            self.d = faults.Faulty("")
            self.page = self.d.page
        else:
            self.d = Daemon("")
        self.configure(burst)

    def configure(self, burst):
        d = self.d
        for name in ("logs", "ledger", "disk"):
            os.mkdir(d.path(name))
        if os.geteuid() == 0:
            self.mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=128k", "none", d.path("disk")],
                stderr=subprocess.DEVNULL, check=False).returncode == 0
        with open(os.path.join(HERE, "programs.conf"), encoding="utf-8") as f:
            text = f.read()
        for name, value in (("worker", os.path.join(PLAIN, "worker")), ("here", HERE),
                            ("listener", os.path.join(PLAIN, "listener")),
                            ("disk", d.path("disk")), ("python", "/usr/bin/python3"),
                            ("burst", str(burst)), ("dir", d.dir)):
            text = text.replace("{%s}" % name, value)
        self.text = text
        self.programs = programs_of(text)
        self.journal = open(d.path("operations"), "w", encoding="utf-8")
        self.write_configuration()

    def write_configuration(self):
        self.d.configure(self.text + (EXTRA if self.extra else ""), supervisord={
            "logfile_maxbytes": 0, "loglevel": "info", "minfds": 1024})

    def start(self):
        self.d.start()
        self.stays = until(self.all_that_stay, timeout=120, every=0.2, what="the programs")

    def close(self):
        """Removes everything, whatever has happened."""
        self.ending.set()
        self.d.destroy()
        if self.mounted:
            subprocess.run(["umount", "-l", self.d.path("disk")], check=False)
            with contextlib.suppress(OSError):
                os.rmdir(self.d.path("disk"))
                os.rmdir(self.d.dir)
        if self.page is not None:
            self.page.close()
        self.journal.close()

    # --- what is known ---

    def having(self, *words):
        return [p for p in self.programs if set(words) <= set(p.words)]

    def the(self, word):
        return self.having(word)[0]

    def ledger(self, name):
        """The records of a worker, one for each of its processes."""
        data = read(self.d.path("ledger", name), b"")
        whole = len(data) - len(data) % RECORD.size
        return [Record(values) for values in RECORD.iter_unpack(data[:whole])]

    def pids(self, word=None):
        """The pids of the programs that run and have this word, by name."""
        with self.d.rpc() as s:
            infos = {i["name"]: i for i in s.supervisor.getAllProcessInfo()}
        return {p.name: infos[p.name]["pid"] for p in self.programs
                if infos[p.name]["pid"] and (word is None or word in p.words)}

    def all_that_stay(self):
        """The pids of these programs; None before all of them run."""
        pids = self.pids("stays")
        return pids if len(pids) == len(self.having("stays")) else None

    def front_ends(self):
        """The pids of all reeve-rpcd processes, also of those that retire."""
        return [pid for pid in children_of(self.d.pid)
                if read("/proc/%d/comm" % pid, b"") == b"reeve-rpcd\n"]

    # --- what happens ---

    def count(self, kind, number=1):
        with self.lock:
            self.counts[kind] += number

    def note(self, text):
        with self.lock:
            if not self.journal.closed:
                self.journal.write("%9.3f %s\n" % (time.monotonic() - self.begun, text))
                self.journal.flush()

    def violation(self, text):
        self.note("VIOLATION " + text)
        with self.lock:
            self.violations.append(text)

    @contextlib.contextmanager
    def disturbance(self):
        """While it lasts, connections that exist may be lost."""
        disturbance = Disturbance()
        with self.lock:
            self.disturbances.append(disturbance)
        try:
            yield
        finally:
            disturbance.end = time.monotonic()

    def disturbed_since(self, when):
        with self.lock:
            return any(d.end is None or d.end >= when for d in self.disturbances)

    def can_upgrade(self):
        """Whether the build has the request."""
        return b"daemon.upgrade" in read(os.path.join(self.d.build, "reeved"))

    def upgrade(self):
        """Executes the daemon's binary again."""
        begun = time.monotonic()
        before = read("/proc/%d/auxv" % self.d.pid)
        count = self.d.log().count("upgrade: took over")
        wire = self.d.control()
        wire.sock.settimeout(DEADLINE)
        try:
            wire.call("daemon.upgrade")
        finally:
            wire.close()
        self.d.wait_log("upgrade: took over", timeout=DEADLINE, count=count + 1)
        until(lambda: before != read("/proc/%d/auxv" % self.d.pid), what="another image")
        self.upgrades, self.upgraded = self.upgrades + 1, time.monotonic()
        self.note("upgrade %d took %.3f s" % (self.upgrades, time.monotonic() - begun))

    def check_alive(self):
        """The programs that must not end run with the same pids."""
        for name, pid in self.stays.items():
            if not alive(pid):
                self.violation("%s (%d) has ended" % (name, pid))

    def report(self):
        """The counts, one a line, and the violations."""
        lines = ["%10d %s" % (number, kind) for kind, number in sorted(self.counts.items())]
        lines.append("%10d upgrades" % self.upgrades)
        lines.append("%10.0f ms: slowest answer" % (self.slowest * 1000))
        lines += ["violation: " + text for text in self.violations[:SHOWN]]
        lines.append("%d violations" % len(self.violations))
        return "\n".join(lines)
