"""tests/run: a job does not depend on how tests/run was started; no merge markers are in the
tree."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from reeve import PATIENCE, ROOT, SANITIZED, reeve_only

# The markers that an unfinished merge leaves in a text.
MARKERS = re.compile(rb"^(<{7}|={7}|>{7}|\|{7})( .*)?$", re.M)
OURS = {"PATH", "HOME", "LANG", "TZ", "PYTHONDONTWRITEBYTECODE"}
ODD = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "TMPDIR": "/nonexistent", "PYTHONUNBUFFERED": "1",
       "MAKEFLAGS": "-n", "CC": "/bin/false", "PYTHONPATH": "/nonexistent", "ASAN_OPTIONS": "x=y",
       "COLUMNS": "7", "NO_COLOR": "1", "TERM": "vt52", "PATH": "/usr/bin:/bin"}
IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGCHLD, signal.SIGUSR1)


@reeve_only
class Inherited(unittest.TestCase):
    """Executed by tests/run in several environments."""

    def test_environment(self):
        more = {name for name in os.environ if not name.startswith("REEVE_")} - OURS
        self.assertLessEqual(more, {"UBSAN_OPTIONS"} if SANITIZED else set())
        self.assertEqual(set(), OURS - set(os.environ))
        self.assertEqual([], os.listdir(os.environ["HOME"]))

    def test_signals_and_more(self):
        text = subprocess.run(["cat", "/proc/self/status"], capture_output=True, text=True,
                              check=True).stdout
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        # The C library reserves signals 32 and 33; GNU make ignores one.
        for name in ("SigIgn", "SigBlk", "SigPnd", "ShdPnd"):
            self.assertEqual(0, int(status[name], 16) & ~(3 << 31), name)
        self.assertEqual("0022", status["Umask"].strip())
        self.assertEqual(os.getpid(), os.getsid(0))
        self.assertEqual("/dev/null", os.readlink("/proc/self/fd/0"))
        self.assertLessEqual(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1024)


@reeve_only
class Odd(unittest.TestCase):
    def start(self, *words):
        def make_odd():
            for signo in IGNORED:
                signal.signal(signo, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGCHLD))
            os.umask(0o077)

        own = {name: text for name, text in os.environ.items() if name.startswith("REEVE_")}
        process = subprocess.Popen([sys.executable, os.path.join(ROOT, "tests/run"), *words],
                                   env={**ODD, **own}, stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/",
                                   preexec_fn=make_odd)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_of_another_machine(self):
        text = self.start("-k", "test_harness.Inherited", "system").communicate(
            timeout=PATIENCE)[0]
        self.assertRegex(text, r"(^|\n)2 passed, 0 failed\n$")


@reeve_only
class Lint(unittest.TestCase):
    TOOLS = "sh awk sed grep wc expand dirname xargs printf tr env cat".split()

    def test_names_what_is_missing(self):
        """The last line names all missing tools and how to install them."""
        with tempfile.TemporaryDirectory(prefix="reeve-") as tools:
            for name in self.TOOLS:
                os.symlink(shutil.which(name), os.path.join(tools, name))
            text = subprocess.run([shutil.which("sh"), "tests/lint/run"], cwd=ROOT, text=True,
                                  env={"PATH": tools}, stdin=subprocess.DEVNULL, check=False,
                                  capture_output=True)
        self.assertEqual(1, text.returncode)
        last = text.stdout.splitlines()[-1]
        self.assertRegex(last, r"^missing: [a-z -]+ \(make lint-deps installs them\)$")
        for tool in ("git mandoc man groff codespell shellcheck zsh fish clang cppcheck "
                     "clang-tidy").split():
            self.assertIn(" %s " % tool, last)


@reeve_only
class Tree(unittest.TestCase):
    def files(self):
        """The files that git tracks; without git, or outside a clone, all files."""
        git = shutil.which("git") and subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=False,
            capture_output=True, text=True)
        if git and git.returncode == 0:
            return [os.path.join(ROOT, name) for name in git.stdout.split("\0")[:-1]]
        found = []
        for top, directories, names in os.walk(ROOT):
            directories[:] = [d for d in directories if d not in (".git", "build")]
            found += [os.path.join(top, name) for name in names]
        return found

    def test_no_conflict_is_left(self):
        found = []
        for path in self.files():
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as f:
                    text = f.read()
                found += ["%s: %s" % (path, m[0].decode()) for m in MARKERS.finditer(text)]
        self.assertEqual([], found)


if __name__ == "__main__":
    unittest.main()
