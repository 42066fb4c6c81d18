"""The page by which a test makes calls of reeved fail, and moves its clocks: tests/fault/fault.h
describes it."""

import errno
import mmap
import os
import struct
import subprocess

import reeve
from reeve import Daemon

OFF, PATHS, RANDOM = range(3)
HEAD = struct.Struct("<IIIIIIQqq")
WRITTEN = struct.Struct("<iIQQ")
RECORD = struct.Struct("<24siI12Q")
LOG = 64
SEEN = 8 << 16
SIZE = HEAD.size + WRITTEN.size + LOG * RECORD.size + SEEN
MEMBERS = ("mode", "in_children", "every", "round", "per_million", "pad", "random", "wall_ns",
           "mono_ns")
# A build with sanitizers has its own.
BUILD = os.path.join(reeve.BUILD, "fault")
if not os.path.exists(BUILD):
    BUILD = os.path.join(reeve.SEAM, "fault")


class Record:
    """A call that has failed."""

    def __init__(self, values):
        self.name = values[0].rstrip(b"\0").decode()
        self.error = errno.errorcode.get(values[1], values[1])
        self.in_child = bool(values[2])
        self.path = [address for address in values[3:] if address]

    def __str__(self):
        return "%s: %s" % (self.name, self.error)

    def trace(self):
        """The functions that led to the call, innermost first."""
        program = os.path.join(BUILD, "reeved")
        try:
            out = subprocess.run(["addr2line", "-fse", program, *("%#x" % (a - 1) for a in
                                 self.path)], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return " ".join("%#x" % a for a in self.path)
        lines = out.splitlines()
        return " < ".join("%s (%s)" % pair for pair in zip(lines[::2], lines[1::2]))


class Page:
    """One for each life of a daemon; paths that are known stay known in a copy."""

    def __init__(self, path):
        self.path = path
        with open(path, "w+b") as f:
            f.truncate(SIZE)
            self.map = mmap.mmap(f.fileno(), SIZE)
        self.set(random=1)

    def close(self):
        self.map.close()

    def get(self, name):
        return HEAD.unpack_from(self.map)[MEMBERS.index(name)]

    def set(self, **values):
        """Sets members. The mode comes last, because the daemon runs meanwhile."""
        names = [part for part in zip(MEMBERS, "IIIIIIQqq")]
        for wanted in sorted(values, key=lambda name: name == "mode"):
            at = 0
            for name, kind in names:
                if name == wanted:
                    struct.pack_into("<" + kind, self.map, at, values[wanted])
                at += struct.calcsize("<" + kind)

    def written(self, index):
        return WRITTEN.unpack_from(self.map, HEAD.size)[index]

    @property
    def fired(self):
        return self.written(1)

    @property
    def calls(self):
        return self.written(2)

    @property
    def paths(self):
        return self.written(3)

    def forget_pid(self):
        """The next reeved is the master."""
        struct.pack_into("<i", self.map, HEAD.size, 0)

    def records(self, since):
        """The calls that have failed after so many, at most the last 64."""
        last = self.fired
        return [Record(RECORD.unpack_from(self.map, HEAD.size + WRITTEN.size +
                                          i % LOG * RECORD.size))
                for i in range(max(since, last - LOG), last)]


class Faulty(Daemon):
    """A daemon whose calls fail as its page says."""

    def __init__(self, *arguments, page=None, **options):
        super().__init__(*arguments, build=BUILD, **options)
        self.page = page or Page(self.path("page"))

    def environment(self):
        return {**super().environment(), "REEVE_FAULT_PAGE": self.page.path}

    def spawn(self, *options, stdout=None):
        self.page.forget_pid()
        super().spawn(*options, stdout=stdout)
