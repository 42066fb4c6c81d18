"""Started by an ordinary user: what the user may not do is reported in supervisord's words. As
root, the tests start the daemon with uid 65534."""

import os
import pwd
import unittest

from reeve import BUILD, SUBJECT, Case, program

NOBODY = 65534
LIMIT = ("Error: The minimum number of %s required to run this %s is 999999999 as per the "
         "\"%s\" command-line argument or config file setting. The current environment will "
         "only allow you to open 999999999 %s.  Either raise the number of usable %s in your "
         "environment (see README.rst) or lower the %s setting in the config file to allow "
         "the %s to start.\n")
# Options of [supervisord] that need more than an ordinary user's rights, and the error.
REFUSED = (
    ({"minfds": 999999999}, LIMIT % (
        "file descriptors", "process", "minfds", "file descriptors", "file descriptors",
        "minfds", "process")),
    ({"minprocs": 999999999}, LIMIT % (
        "available processes", "program", "minprocs", "processes", "processes", "minprocs",
        "program")),
    ({"user": "root"}, "Error: Can't drop privilege as nonroot user\n"),
)
# Owners of a socket: the ids in the error, or None without an error.
OWNERS = (("root:root", "(0, 0)"), ("root", "(0, -1)"), ("UID", None))


class Ordinary(Case):
    def setUp(self):
        self.uid = NOBODY if os.geteuid() == 0 else os.geteuid()
        self.name = pwd.getpwuid(self.uid).pw_name
        home = os.path.dirname(BUILD)
        if os.geteuid() == 0 and SUBJECT == "reeve" and not self.reaches(home):
            self.skipTest("an ordinary user does not reach " + home)

    @staticmethod
    def reaches(path):
        while path != "/":
            if not os.stat(path).st_mode & 1:
                return False
            path = os.path.dirname(path)
        return True

    def make(self, programs="", **options):
        d = super().make(programs, **options)
        if os.geteuid() == 0:
            d.identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(d.dir, NOBODY, NOBODY)
            os.chown(d.path("child"), NOBODY, NOBODY)
        return d

    def refused(self, d, wanted):
        ended = d.run("-n")
        self.assertEqual((2, wanted + "For help, use %s -h\n" % d.command()[0]),
                         (ended.returncode, ended.stderr))

    def test_limits_and_user(self):
        for options, wanted in REFUSED:
            with self.subTest(options):
                self.refused(self.make(supervisord=options), wanted)

    def test_owner_of_the_socket(self):
        for owner, numbers in OWNERS:
            with self.subTest(owner):
                d = self.make(unix={"chown": owner.replace("UID", str(self.uid))})
                if numbers is None:
                    d.start()
                    self.assertEqual(0, d.stop())
                    continue
                self.refused(d, "Error: Not permitted to chown %s to uid/gid %s; adjust "
                             "\"sockchown\" value in config file or on command line to values "
                             "that the current user (%s) can successfully chown\n" %
                             (d.socket, numbers, self.name))

    def left(self, mode):
        """A daemon with an AUTO log of an earlier one, in a directory with this mode."""
        d = self.make(program("a", "/bin/cat", startsecs=0, stdout_logfile="NONE",
                              stderr_logfile="NONE"))
        log = d.path("child", "gone-stdout---supervisor-abcdefgh.log")
        with open(log, "w", encoding="ascii"):
            pass
        os.chmod(d.path("child"), mode)
        self.addCleanup(os.chmod, d.path("child"), 0o700)
        d.start()
        d.wait_state("a", "RUNNING")
        self.assertEqual(0, d.stop())
        return d, log

    def test_logs_that_stay(self):
        d, log = self.left(0o555)
        self.assertIn("WARN Failed to clean up '%s'" % log, d.messages())
        self.assertTrue(os.path.exists(log))

    def test_directory_that_cannot_be_read(self):
        d, _ = self.left(0o333)
        self.assertIn("WARN Could not clear childlog dir", d.messages())
        self.assertNotIn("Failed to clean up", d.log())


if __name__ == "__main__":
    unittest.main()
