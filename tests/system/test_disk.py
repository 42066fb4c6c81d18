"""Full disks, without inodes, or failing renames: older data is kept, and lost data is
reported."""

import os
import re
import subprocess
import unittest

from reeve import Case, program, until


def attribute(change, path):
    """Whether the file system accepts the attribute."""
    try:
        return subprocess.run(["chattr", change, path], stderr=subprocess.DEVNULL,
                              check=False).returncode == 0
    except FileNotFoundError:
        return False


class Disk(Case):
    def small(self, d, options):
        """A separate file system at DIR/disk."""
        os.mkdir(d.path("disk"))
        if os.geteuid() != 0 or subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "none", d.path("disk")],
                stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("no file system of its own can be mounted")
        self.addCleanup(subprocess.run, ["umount", "-l", d.path("disk")], check=True)

    def begin(self, options, **log):
        d = self.make(program("a", "/bin/cat", startsecs=0, stdout_logfile="{dir}/disk/log",
                              **log))
        self.small(d, options)
        return d

    def start(self, d):
        d.start()
        self.addCleanup(self.finish, d)
        return self.rpc(d).supervisor

    def backups(self, d, count=9):
        for n in range(1, count + 1):
            with open(d.path("disk/log.%d" % n), "w", encoding="ascii") as f:
                f.write("backup %d\n" % n)

    def kept(self, d, count=9):
        for n in range(1, count + 1):
            self.assertEqual(b"backup %d\n" % n, d.file("disk/log.%d" % n))

    def flood(self, s, lines=200):
        for n in range(lines):
            s.sendProcessStdin("a", "line %d%s\n" % (n, "." * 90))

    def test_full(self):
        d = self.begin("size=64k", stdout_logfile_maxbytes=0)
        with open(d.path("disk/filler"), "wb") as f:
            f.write(b"x" * 57344)
        s = self.start(d)
        self.flood(s)
        d.wait_log("ERRO could not write log file .*/disk/log: ENOSPC")
        os.unlink(d.path("disk/filler"))
        s.sendProcessStdin("a", "after\n")
        until(lambda: d.file("disk/log").endswith(b"after\n"))
        text = d.file("disk/log").decode()
        lost = re.search(r"\n\[reeve: (\d+) bytes lost: No space left on device\]\n", text)
        self.assertTrue(lost, text[-300:])
        whole = sum(len("line %d%s\n" % (n, "." * 90)) for n in range(200))
        head = text[:lost.start()]
        self.assertIn(int(lost[1]), (whole - len(head), whole - len(head) - 1))
        self.assertLess(len(re.findall("could not write log file", d.log())), 3)

    def test_no_inode(self):
        d = self.begin("nr_inodes=20", stdout_logfile_maxbytes=200, stdout_logfile_backups=9)
        self.backups(d)
        s = self.start(d)
        try:
            for n in range(30):
                with open(d.path("disk/filler%d" % n), "wb"):
                    pass
        except OSError:
            pass
        self.flood(s)
        d.wait_log("ERRO could not rotate log file .*/disk/log: ENOSPC")
        until(lambda: d.file("disk/log").count(b"\n") == 200)
        self.kept(d)
        self.assertEqual(1, d.log().count("could not rotate"))

    def test_cleared_without_an_inode(self):
        d = self.begin("nr_inodes=4")
        s = self.start(d)
        self.flood(s)
        until(lambda: d.file("disk/log").count(b"\n") == 200)
        for n in range(2):
            with open(d.path("disk/filler%d" % n), "wb"):
                pass
        self.assertRaises(OSError, open, d.path("disk/one more"), "wb")
        self.assertTrue(s.clearProcessLogs("a"))
        s.sendProcessStdin("a", "after\n")
        until(lambda: d.file("disk/log") == b"after\n")

    def test_rename_refused(self):
        """Because of the log, its directory, or a backup."""
        for path in ("disk/log", "disk", "disk/log.3"):
            with self.subTest(path=path):
                d = self.make(program("a", "/bin/cat", startsecs=0,
                                      stdout_logfile="{dir}/disk/log",
                                      stdout_logfile_maxbytes=200, stdout_logfile_backups=9))
                os.mkdir(d.path("disk"))
                self.backups(d)
                s = self.start(d)
                if not attribute("+a", d.path(path)):
                    self.skipTest("no append-only files here")
                self.addCleanup(attribute, "-a", d.path(path))
                self.flood(s)
                d.wait_log("ERRO could not rotate log file .*/disk/log: EPERM")
                until(lambda d=d: d.file("disk/log").count(b"\n") == 200)
                self.kept(d)
                attribute("-a", d.path(path))

    def test_main_log(self):
        """Its own failure is reported on standard error."""
        d = self.make(program("a", "/bin/cat", startsecs=0))
        self.small(d, "size=8k")
        with open(d.path("disk/filler"), "wb") as f:
            f.write(b"x" * 8192)
        d.configure(program("a", "/bin/cat", startsecs=0), {"logfile": d.path("disk/main.log")})
        self.start(d)
        until(lambda: "could not write log file %s: No space left on device" %
              d.path("disk/main.log") in d.output())
        os.unlink(d.path("disk/filler"))
        self.rpc(d).supervisor.stopProcess("a")
        until(lambda: b"stopped: a" in d.file("disk/main.log"))
        self.assertRegex(d.file("disk/main.log").decode(),
                         r"(?m)^\[reeve: \d+ bytes lost: No space left on device\]$")


if __name__ == "__main__":
    unittest.main()
