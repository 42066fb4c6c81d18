"""make install: every file is installed and works, and make uninstall removes all. Completions
call the daemon."""

import glob
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from reeve import BUILD, CHILD, ROOT, SANITIZED, Case, program, read, reeve_only

PLACES = """bin/pidproxy bin/reevectl sbin/reeved libexec/reeve/reeve-rpcd
    libexec/reeve/reeve-verifier etc/reeve/reeved.conf
    lib/systemd/system/reeved.service lib/sysusers.d/reeve.conf lib/tmpfiles.d/reeve.conf
    share/reeve/reeved.conf.sample share/reeve/python/supervisor/childutils.py
    share/bash-completion/completions/reevectl
    share/zsh/site-functions/_reevectl share/fish/vendor_completions.d/reevectl.fish""".split()
COMPAT = """bin/supervisord bin/supervisorctl bin/echo_supervisord_conf
    share/man/man1/supervisord.1 share/man/man1/supervisorctl.1
    share/man/man1/echo_supervisord_conf.1""".split()

# Sample words for the placeholders of a command's help; other words stand for themselves.
OFFERED = {"<name>": ["cat"], "<name>...": ["cat", "web:w0"], "<group>:*": ["web:*"],
           "<group>...": ["web"], ("add", "<group>..."): ["late"], "<signal>": ["USR1"],
           "<command>": ["status", "help"], "<file>": ["d.pid.ctl"], "<url>": ["http://"],
           "<method>": ["yescrypt", "sha512crypt"], "<user>": ["bob"],
           "stdout|stderr": ["stdout", "stderr"], "-<bytes>": ["-100"], "<lines>": ["9"],
           "...": ["cat"]}
EXAMPLES = "share/doc/reeve/examples"
UNKNOWN = ("-<bytes>", "<lines>", "<user>", "...")


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
        # The directory of the logs of the installed configuration.
        logs = self.destination + "/var/log/reeve"
        self.assertEqual(0o40750, os.stat(logs).st_mode)
        for name in map(os.path.basename, glob.glob(os.path.join(ROOT, "man/*.[1-8]"))):
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
        self.examples()
        self.changed_configuration_stays()

    def examples(self):
        """Only the program can be executed."""
        found = {}
        for name in os.listdir(os.path.join(self.prefix, EXAMPLES)):
            found[name] = os.stat(os.path.join(self.prefix, EXAMPLES, name)).st_mode & 0o777
        self.assertEqual({"extras": 0o755, "adopt.conf": 0o644, "reeve-alerts.yml": 0o644,
                          "reeve-dashboard.json": 0o644}, found)

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
        self.assertFalse(os.path.exists(self.destination + "/var/log/reeve"))

    def test_search(self):
        """If no file exists, the error names the installed configuration last."""
        script = "mount -t tmpfs none /etc/supervisor 2>/dev/null; cd / && exec %s/reeved"
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script % BUILD], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if "unshare" in done.stderr or os.path.exists("/etc/supervisord.conf"):
            self.skipTest("other configurations cannot be hidden here")
        self.assertEqual(2, done.returncode)
        self.assertIn("/etc/supervisor/supervisord.conf, /usr/local/etc/reeve/reeved.conf); "
                      "use the -c option", done.stderr)

    def test_sample(self):
        """Every program prints the same sample, and it is a valid configuration."""
        text = subprocess.run([os.path.join(BUILD, "reeved"), "--sample"], text=True,
                              capture_output=True, check=True).stdout
        with open(os.path.join(ROOT, "master/config/reeved.conf.sample"), encoding="utf-8") as f:
            self.assertEqual(f.read(), text)
        self.assertNotIn("web page", text)

    def test_unit(self):
        """systemd-analyze accepts the unit."""
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
@unittest.skipIf(SANITIZED, "the build makes no difference")
class Demo(unittest.TestCase):
    """The commands that `make demo` prints work on the machine."""

    TOOLS = ("sh", "dirname", "mkdir", "cp", "id", "cat")
    OTHERS = ("supervisorctl", "curl", "python3")

    def hints(self, *others):
        directory = tempfile.mkdtemp(prefix="reeve-demo-")
        self.addCleanup(shutil.rmtree, directory)
        for name in self.TOOLS:
            os.symlink(shutil.which(name), os.path.join(directory, name))
        for name in ("reeved", *others):
            with open(os.path.join(directory, name), "w", encoding="ascii") as f:
                f.write("#!%s/sh\n" % directory)
            os.chmod(os.path.join(directory, name), 0o755)
        text = subprocess.run([os.path.join(ROOT, "master/dist/demo/run"), directory], text=True,
                              env={"PATH": directory}, stdin=subprocess.DEVNULL,
                              capture_output=True, check=True).stdout
        self.assertIn("reevectl -c %s/demo/reeved.conf status\n" % directory, text)
        return text

    def test_hints(self):
        for name in self.OTHERS:
            self.assertNotRegex(self.hints(), r"\b%s\b" % name)
            self.assertRegex(self.hints(name), r"(?m)^  %s " % name)


def signals():
    """The options of the manual's table, which is printed by the code."""
    with open(os.path.join(ROOT, "man/reevectl.1"), encoding="utf-8") as f:
        table = f.read().partition("table: signals by name")[2].partition("end of the table")[0]
    return sorted(re.findall(r"^\.Li (\w+)", table, re.M))


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

    def lists(self, words, script):
        """The output of the script, with a line of dashes between lists."""
        return [part.split("\n")[:-1] for part in
                "\n".join([*self.shell(words, script), ""]).split("---\n")[:-1]]

    def bash_all(self, lines):
        return self.lists(["bash", "--norc"], ". %s/ctl/completion/reevectl.bash\n" % ROOT +
                          "".join("""
            COMP_LINE=%s COMP_POINT=${#COMP_LINE}
            _reevectl
            printf '%%s\\n' "${COMPREPLY[@]}" ---""" % shlex.quote(line) for line in lines))

    def bash(self, line):
        return self.bash_all([line])[0]

    def fish_all(self, lines):
        return [[word.partition("\t")[0] for word in words] for words in self.lists(
            ["fish", "--no-config"], "source %s/ctl/completion/reevectl.fish\n" % ROOT +
            "".join("complete -C %s\necho ---\n" % shlex.quote(line) for line in lines))]

    def fish(self, line):
        return self.fish_all([line])[0]

    def zsh_all(self, lines):
        """The script splits the words, and prints the candidates that zsh gets."""
        script = """
            compadd() { while [[ $1 != -- ]]; do shift; done; shift; print -rl -- "$@" }
            _files() { print -rl -- * }
            _arguments() { print -rl -- "$@" }
            . %s/ctl/completion/_reevectl
            echo ---
            """ % ROOT
        for line in lines:
            words = line.split(" ")
            script += """
            _reevectl_line=(%s) words=(%s) CURRENT=%d
            _reevectl_arguments
            echo ---""" % (" ".join(map(shlex.quote, words)),
                           " ".join(map(shlex.quote, words[3:])), len(words) - 3)
        return self.lists(["zsh", "-f"], script)

    def test_bash(self):
        start = "reevectl -c %s " % self.d.conf
        commands = [word for line in self.d.reevectl("help").stdout.splitlines()
                    if line[:1].isalpha() and "(type help" not in line
                    and not line.startswith("What each")
                    for word in line.split()]
        self.assertLess(8, len(commands))
        self.assertEqual(sorted(["help", *commands]), sorted(self.bash(start)))
        self.assertEqual(["status"], self.bash(start + "stat"))
        self.assertEqual(["cat"], self.bash(start + "stop c"))
        self.assertEqual(["w0", "w1", "\\*"], self.bash(start + "stop web:"))
        self.assertEqual(["KILL"], self.bash(start + "signal KIL"))
        self.assertEqual(["cat"], self.bash(start + "signal KILL ca"))
        self.assertEqual(["web"], self.bash(start + "update w"))
        self.assertEqual(["d.pid.ctl"], self.bash("reevectl -c d.pid."))
        self.assertEqual(["--serverurl"], self.bash("reevectl --s"))
        self.assertEqual(["http://", "unix://"], self.bash("reevectl -s "))
        self.assertEqual(["//"], self.bash("reevectl -s http:"))
        self.assertEqual([], self.bash("reevectl -u c"))
        self.assertEqual(["cat"], self.bash("reevectl -u x -i -r h -c %s stop c" %
                                            self.d.conf))
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

    def usages(self):
        """The words of each command by its help: ["tail", "-f", "<name>", …]."""
        commands = self.bash("reevectl -c %s " % self.d.conf)
        self.assertLess(20, len(commands))
        for command in commands:
            for line in self.d.reevectl("help", command).stdout.split("\n"):
                if "\t" in line:
                    yield line.partition("\t")[0].split(" ")

    def expected(self):
        """Lines to complete, and the words of the help that must be offered for each."""
        lines = {}
        for words in self.usages():
            line = "reevectl -c %s %s " % (self.d.conf, words[0])
            for word in words[1:]:
                word = word.strip("[]")
                wanted = OFFERED.get((words[0], word)) or OFFERED.get(word) or [word]
                lines.setdefault(line + ("-" if word[0] == "-" else ""),
                                 set()).update(wanted if word not in UNKNOWN else [])
                line += wanted[0] + " "
        return lines

    def check_all(self, complete):
        """All arguments in the code's table are offered."""
        with open(self.d.conf, "a", encoding="utf-8") as f:
            f.write(program("late", CHILD + " cat"))
        self.assertEqual(0, self.d.reevectl("reread").returncode)
        lines = self.expected()
        self.assertLess(25, len(lines))
        for (line, wanted), offered in zip(lines.items(), complete(list(lines)), strict=True):
            self.assertEqual(set(), wanted - set(offered), line)
            if line.endswith("signal "):
                self.assertEqual(signals(), sorted(offered))

    def options(self):
        text = self.d.reevectl("-h").stdout
        options = set(re.findall(r"^(-\w)/--", text, re.M))
        options |= set(re.findall(r"^-\w/(--\w+)", text, re.M))
        self.assertLess(14, len(options))
        return options

    def test_everything_in_bash(self):
        self.check_all(lambda lines: [shlex.split(" ".join(words)) for words in
                                      self.bash_all(lines)])
        self.assertEqual(self.options(), set(self.bash("reevectl -")))

    def test_everything_in_fish(self):
        self.check_all(self.fish_all)
        self.assertEqual(self.options(), set(self.fish("reevectl -")))

    def test_everything_in_zsh(self):
        def complete(lines):
            specs, *offered = self.zsh_all(lines)
            self.assertEqual(self.options(), {option for spec in specs for option in
                                              re.findall(r"^(?:\(.*\))?(--?\w+)\[", spec)})
            return offered

        self.check_all(complete)

    def test_zsh(self):
        """It can be parsed and loaded; testing it further would need a terminal."""
        self.assertEqual(["function"], self.shell(["zsh", "-f"], """
            fpath=(%s/ctl/completion $fpath)
            autoload -U compinit && compinit -D -d none -u
            autoload +X _reevectl && whence -w _reevectl | sed 's/.*: //'""" % ROOT))


if __name__ == "__main__":
    unittest.main()
