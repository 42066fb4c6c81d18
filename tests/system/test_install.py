"""make install: every file in its place, what is installed works there, and all of it goes
again. Completions ask the daemon."""

import os
import shutil
import subprocess
import tempfile
import unittest

from reeve import BUILD, CHILD, ROOT, SANITIZED, Case, program, read, reeve_only

PLACES = """bin/pidproxy bin/reevectl sbin/reeved libexec/reeve/reeve-rpcd etc/reeve/reeved.conf
    lib/systemd/system/reeved.service lib/sysusers.d/reeve.conf lib/tmpfiles.d/reeve.conf
    share/reeve/reeved.conf.sample share/reeve/python/supervisor/childutils.py
    share/bash-completion/completions/reevectl
    share/zsh/site-functions/_reevectl share/fish/vendor_completions.d/reevectl.fish""".split()
COMPAT = """bin/supervisord bin/supervisorctl bin/echo_supervisord_conf
    share/man/man1/supervisord.1 share/man/man1/supervisorctl.1
    share/man/man1/echo_supervisord_conf.1""".split()


@reeve_only
@unittest.skipIf(SANITIZED, "the build that is installed is another")
class Install(unittest.TestCase):
    def setUp(self):
        self.destination = tempfile.mkdtemp(prefix="reeve-install-")
        self.addCleanup(shutil.rmtree, self.destination)
        self.prefix = self.destination + "/usr/local"

    def make(self, *targets):
        done = subprocess.run(["make", "-C", ROOT, "BUILD=" + BUILD, *targets,
                               "DESTDIR=" + self.destination], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout

    def installed(self):
        return {os.path.relpath(os.path.join(top, name), self.prefix)
                for top, _, names in os.walk(self.destination) for name in names}

    def text(self, name):
        return read(os.path.join(self.prefix, name)).decode()

    def test_a_life(self):
        self.make("install", "install-compat")
        found = self.installed()
        self.assertEqual(set(), {*PLACES, *COMPAT} - found)
        for name in os.listdir(os.path.join(ROOT, "man")):
            self.assertIn("share/man/man%s/%s" % (name[-1], name), found)
        for name in found:
            if not os.path.islink(os.path.join(self.prefix, name)) and "bin/" not in name:
                self.assertNotRegex(read(os.path.join(self.prefix, name)), b"@[a-z]+@", name)
        self.assertIn("\nExecStart=/usr/local/sbin/reeved -n -s -c "
                      "/usr/local/etc/reeve/reeved.conf\n",
                      self.text("lib/systemd/system/reeved.service"))
        self.assertIn("\nExecReload=/usr/local/bin/reevectl -c "
                      "/usr/local/etc/reeve/reeved.conf update\n",
                      self.text("lib/systemd/system/reeved.service"))
        self.assertIn("exec /usr/local/sbin/reeved --sample",
                      self.text("bin/echo_supervisord_conf"))
        self.changed_configuration_stays()

    def changed_configuration_stays(self):
        name = os.path.join(self.prefix, "etc/reeve/reeved.conf")
        with open(name, "a", encoding="ascii") as f:
            f.write("; mine\n")
        self.assertIn("KEEP %s\n" % name, self.make("install"))
        self.make("uninstall")
        self.assertEqual({"etc/reeve/reeved.conf"}, self.installed())
        os.unlink(name)
        self.make("install", "install-compat")
        self.make("uninstall")
        self.assertEqual(set(), self.installed())

    def test_search(self):
        """Where nothing else is, the error names the installed configuration last."""
        script = "mount -t tmpfs none /etc/supervisor 2>/dev/null; cd / && exec %s/reeved"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script % BUILD], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if "unshare" in done.stderr or os.path.exists("/etc/supervisord.conf"):
            self.skipTest("other configurations cannot be hidden here")
        self.assertEqual(2, done.returncode)
        self.assertIn("/etc/supervisor/supervisord.conf, /usr/local/etc/reeve/reeved.conf); "
                      "use the -c option", done.stderr)

    def test_sample(self):
        """The sample is one file, whoever prints it; and it is a configuration."""
        told = subprocess.run([os.path.join(BUILD, "reeved"), "--sample"], text=True,
                              capture_output=True, check=True).stdout
        with open(os.path.join(ROOT, "master/reeved.conf.sample"), encoding="utf-8") as f:
            self.assertEqual(f.read(), told)

    def test_unit(self):
        """systemd itself finds nothing to say about the unit."""
        if shutil.which("systemd-analyze") is None:
            self.skipTest("no systemd-analyze")
        self.make("install")
        unit = os.path.join(self.prefix, "lib/systemd/system/reeved.service")
        with open(unit, encoding="utf-8") as f:
            text = f.read().replace("/usr/local/", self.prefix + "/")
        with open(unit, "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], text=True,
                              capture_output=True, check=False)
        self.assertNotIn("reeved.service", done.stdout + done.stderr)


@reeve_only
class Completion(Case):
    def setUp(self):
        self.d = self.daemon(program("web", CHILD + " cat", startsecs=0, numprocs=2,
                                     process_name="w%(process_num)d") +
                             program("cat", CHILD + " cat", startsecs=0) +
                             program("$(>pwned)", CHILD + " cat", startsecs=0))
        self.env = {**os.environ, "PATH": BUILD + ":" + os.environ["PATH"],
                    "LC_ALL": "C.UTF-8", "HOME": self.d.dir}

    def shell(self, words, script):
        if shutil.which(words[0]) is None:
            self.skipTest("no " + words[0])
        done = subprocess.run([*words, "-c", script], text=True, cwd=self.d.dir, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self.assertEqual("", done.stderr)
        return done.stdout.split("\n")[:-1]

    def bash(self, line):
        return self.shell(["bash", "--norc"], """
            . %s/ctl/completion/reevectl.bash
            COMP_LINE='%s' COMP_POINT=${#COMP_LINE}
            _reevectl
            printf '%%s\\n' "${COMPREPLY[@]}" """ % (ROOT, line))

    def fish(self, line):
        return [word.partition("\t")[0] for word in self.shell(
            ["fish", "--no-config"], "source %s/ctl/completion/reevectl.fish\n"
            "complete -C '%s'" % (ROOT, line))]

    def test_bash(self):
        start = "reevectl -c %s " % self.d.conf
        commands = [word for line in self.d.reevectl("help").stdout.splitlines()
                    if line[:1].isalpha() and "(type help" not in line
                    for word in line.split()]
        self.assertLess(8, len(commands))
        self.assertEqual(sorted(commands), sorted(self.bash(start)))
        self.assertEqual(["status"], self.bash(start + "stat"))
        self.assertEqual(["cat"], self.bash(start + "stop c"))
        self.assertEqual(["w0", "w1", "\\*"], self.bash(start + "stop web:"))
        self.assertEqual(["KILL"], self.bash(start + "signal KIL"))
        self.assertEqual(["cat"], self.bash(start + "signal KILL ca"))
        self.assertEqual(["web"], self.bash(start + "update w"))
        self.assertEqual(["d.pid.ctl"], self.bash("reevectl -c d.pid."))
        self.assertEqual(["--serverurl"], self.bash("reevectl --s"))
        self.bash(start + "stop $")
        self.assertFalse(os.path.exists(self.d.path("pwned")))

    def test_fish(self):
        start = "reevectl -c %s " % self.d.conf
        self.assertIn("restart", self.fish(start + "re"))
        self.assertEqual(["web:*", "web:w0", "web:w1"], self.fish(start + "stop web:"))
        self.assertEqual(["web"], self.fish(start + "update w"))
        self.assertEqual(["cat"], self.fish(start + "stop ca"))
        self.fish(start + "stop \\$")
        self.assertFalse(os.path.exists(self.d.path("pwned")))

    def test_zsh(self):
        """Loaded, it parses; driving it would take a terminal."""
        self.assertEqual(["function"], self.shell(["zsh", "-f"], """
            fpath=(%s/ctl/completion $fpath)
            autoload -U compinit && compinit -D -d none -u
            autoload +X _reevectl && whence -w _reevectl | sed 's/.*: //'""" % ROOT))


if __name__ == "__main__":
    unittest.main()
