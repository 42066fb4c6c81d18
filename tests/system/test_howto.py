"""The examples of reeve-howto(7) are done as the manual shows them, and must end as it says.

A comment before each block of the manual's source says what the block is:

    .\\" file PATH [MODE]    the content of a file
    .\\" run                 what is typed after a prompt, and what is printed then
    .\\" prepare             the same, before the daemon is started
    .\\" not run: REASON     neither; the reason is for those who read the source
    .\\" needs WORD ...      before other blocks of a question: programs, "root", or "cgroup"

The files of a question are written to a directory of its own, and the paths that begin as PLACES
does and the ports of PORTS become the test's own. The daemon runs on the installed configuration
and is started before the first command, unless that command is reeved. The prompt # is the user
who runs the tests and $ an ordinary one. In what is printed, the word ... stands for any words,
pids and times stand for others, and lines may be folded. A command that only looks is repeated
until it prints what the manual says; ^C interrupts it."""

import os
import re
import select
import shutil
import signal
import subprocess
import time
import unittest

from reeve import BUILD, PATIENCE, ROOT, Case, Daemon, children_of, free_port, reeve_only
from test_cgroup import PLACE as CGROUP_PLACE

MANUAL = os.path.join(ROOT, "man/reeve-howto.7")
INSTALLED = os.path.join(ROOT, "master/dist/install/reeved.conf.in")
CONF = "/etc/reeve/reeved.conf"
PLACES = ("/etc/reeve", "/etc/supervisor", "/etc/app.conf", "/etc/logrotate.d", "/run/reeve",
          "/var/log", "/var/lib/reeve", "/srv", "/usr/local/bin", "/home/ann")
PROGRAMS = re.compile(r"/usr/s?bin/(reeved|reevectl|pidproxy)\b")
PLACE = re.compile(r"(?:(?<=unix://)|(?<![\w./-]))(?=(?:%s)(?![\w-]))" % "|".join(PLACES))
PORTS = (8000, 8001, 8080, 8443, 9001)
PORT = re.compile(r"\b(%s)\b" % "|".join(map(str, PORTS)))
ESCAPES = {"e": "\\", "&": "", "(aq": "'", "(ga": "`", "(ti": "~", "(ha": "^"}
LOOKS = re.compile(r"(?:reevectl (-\w \S+ )*(status|tail|maintail)|cat|curl|test|grep|ls|pgrep)\b")
DIFFERS = ((r"\bpid \d+", "pid N"), (r"uptime [\d:]+", "uptime T"),
           (r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M", "DATE"),
           (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME"))
NOBODY = 65534
# reevectl finds the test's configuration as it finds that of an installation.
WRAPPER = """#!/bin/sh
case $0/${{1-}} in */reevectl/[!-]*) set -- -c {conf} "$@" ;; esac
exec {program} "$@"
"""
MARK = "--- the end of a command:"


def plain(line):
    """A line of a block without mdoc's escapes."""
    return re.sub(r"\\(e|&|\(..)", lambda m: ESCAPES[m[1]], line)


class Block:
    def __init__(self, tag, lines, source):
        self.kind, _, self.argument = tag.partition(" ")
        self.lines, self.source = lines, source

    def commands(self):
        """(prompt, command, printed lines) of each command; > continues one."""
        found = []
        for line in self.lines:
            if line[:2] in ("# ", "$ "):
                found.append((line[0], line[2:], []))
            elif line[:2] == "> ":
                prompt, command, printed = found.pop()
                found.append((prompt, command + "\n" + line[2:], printed))
            else:
                found[-1][2].append(line)
        return found


class Question:
    """What follows a .Ss of the manual."""

    def __init__(self, section, title, text):
        self.section, self.title, self.text = section, title, text
        self.needs = " ".join(re.findall(r'^\.\\" needs (.*)$', text, re.M)).split()
        self.blocks = []
        for tag, body in re.findall(r'^(?:\.\\" (?!needs)(.*)\n)?\.Bd .*\n((?s:.*?))^\.Ed$', text,
                                    re.M):
            lines = body.splitlines()
            self.blocks.append(Block(tag, [plain(line) for line in lines], lines))

    def name(self):
        return "test_" + "_".join(re.findall(r"\w+", self.title.lower()))


def questions():
    with open(MANUAL, encoding="utf-8") as f:
        text = f.read()
    found = []
    for section in re.split(r"^\.Sh ", text, flags=re.M)[1:]:
        parts = re.split(r"^\.Ss ", section, flags=re.M)
        heading = parts[0].splitlines()[0]
        found += [Question(heading, *part.split("\n", 1)) for part in parts[1:]]
    return found


def words(lines):
    """The words that are printed; those that differ from run to run are made equal."""
    text = "\n".join(lines)
    for pattern, name in DIFFERS:
        text = re.sub(pattern, name, text)
    return text.split()


def same(expected, printed):
    """Whether the lines are those of the manual."""
    pattern = "".join("(\\S+ )*" if word == "..." else re.escape(word) + " "
                      for word in words(expected))
    return re.fullmatch(pattern, "".join(word + " " for word in words(printed))) is not None


class Shell:
    """A shell that stays, so that what a command changes holds for the next one."""

    def __init__(self, place, identity):
        self.place = place
        self.process = subprocess.Popen(["/bin/bash"], cwd=place.dir, env=place.environment(),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, **identity)

    def run(self, command, interrupted_after=None):
        """What it prints; it is interrupted once it has printed the given lines."""
        text = "%s\nstatus=$?; echo; echo '%s'; (exit $status)\n" % (command, MARK)
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
        printed, end = "", time.monotonic() + PATIENCE
        while not printed.endswith("\n%s\n" % MARK):
            if not select.select([self.process.stdout], [], [], end - time.monotonic())[0]:
                raise AssertionError("%s does not end; it printed:\n%s" % (command, printed))
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise AssertionError("%s ended the shell; it printed:\n%s" % (command, printed))
            printed += data.decode(errors="replace")
            if interrupted_after is not None and \
                    same(interrupted_after, self.place.shown(printed).splitlines()):
                for pid in children_of(self.process.pid):
                    os.kill(pid, signal.SIGINT)
                interrupted_after = None
        return self.place.shown(printed[:-len(MARK) - 2]).splitlines()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE)


class Place(Daemon):
    """The directory of a question: its files, its shells and its daemon."""

    def __init__(self):
        super().__init__(unix={}, tcp=False)
        self.ports = {str(port): str(free_port()) for port in PORTS}
        self.shells = {}
        self.begun = False
        self.socket = self.path("run/reeve/reeved.sock")
        self.pidfile = self.path("run/reeve/reeved.pid")
        self.control_path = self.pidfile + ".ctl"
        for name in ("run/reeve", "var/log/reeve", "var/lib/reeve", "etc/reeve/conf.d",
                     "home/ann"):
            os.makedirs(self.path(name))
        self.write("srv/app/run", "#!/bin/sh\necho started\nexec sleep 100000\n", 0o755)
        with open(INSTALLED, encoding="utf-8") as f:
            conf = f.read().replace("@sysconfdir@", "/etc")
        if os.geteuid() != 0:
            conf = conf.replace("user=root\n", "")
        else:
            os.chown(self.path("home/ann"), NOBODY, NOBODY)
        self.conf = self.here(CONF)
        self.write(CONF, self.here(conf))
        for name in ("reeved", "reevectl", "pidproxy"):
            self.write("bin/" + name, WRAPPER.format(
                conf=self.here(CONF), program=os.path.join(BUILD, name)), 0o755)

    def environment(self):
        name, _, value = self.token.partition("=")
        return {"PATH": "%s:%s:/usr/sbin:/usr/bin:/sbin:/bin" % (
            self.path("bin"), self.path("usr/local/bin")), "LANG": "C.UTF-8", "TZ": "UTC",
            "HOME": self.path("home/ann"), name: value}

    def here(self, text):
        """The manual's text with places and ports of this directory."""
        text = PORT.sub(lambda m: self.ports[m[1]], text)
        text = PROGRAMS.sub(lambda m: "%s/bin/%s" % (self.dir, m[1]), text)
        return PLACE.sub(self.dir, text)

    def shown(self, text):
        """What was printed, with those of the manual."""
        for port, own in self.ports.items():
            text = re.sub(r"\b%s\b" % own, port, text)
        return text.replace(self.dir, "")

    def write(self, path, text, mode=0o644):
        path = self.path(path.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def begin(self):
        """Starts the daemon, once."""
        if not self.begun:
            self.begun = True
            self.start()

    def shell(self, prompt):
        if prompt not in self.shells:
            ordinary = prompt == "$" and os.geteuid() == 0
            identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if ordinary else {}
            if subprocess.run(["test", "-x", os.path.join(BUILD, "reevectl")], check=False,
                              **identity).returncode != 0:
                raise unittest.SkipTest("an ordinary user does not reach " + BUILD)
            self.shells[prompt] = Shell(self, identity)
        return self.shells[prompt]

    def leave(self):
        """Ends the shells; what they have left running is found by the token."""
        for shell in self.shells.values():
            shell.close()
        self.shells = {}

    def destroy(self):
        for shell in self.shells.values():
            shell.process.kill()
        self.leave()
        super().destroy()


class Questions(Case):
    """A test for each question of the section."""

    section = None

    def __init_subclass__(cls):
        for question in questions():
            if question.section == cls.section:
                setattr(cls, question.name(), lambda self, q=question: self.do(q))

    def do(self, question):
        for need in question.needs:
            special = {"root": os.geteuid() == 0, "cgroup": CGROUP_PLACE is not None}
            if not special.get(need, shutil.which(need)):
                self.skipTest("no %s here" % need)
        place = Place()
        self.addCleanup(place.destroy)
        runs = [b for b in question.blocks if b.kind == "run"]
        place.begun = bool(runs) and runs[0].commands()[0][1].startswith("reeved ")
        for block in question.blocks:
            text = "\n".join(block.lines) + "\n"
            if block.kind == "file":
                path, _, mode = block.argument.partition(" ")
                place.write(path, place.here(text), int(mode or "644", 8))
            elif block.kind in ("prepare", "run"):
                if block.kind == "run":
                    place.begin()
                self.run_all(place, block)
        place.leave()
        self.finish(place)

    def run_all(self, place, block):
        for prompt, command, expected in block.commands():
            shell, own = place.shell(prompt), place.here(command)
            interrupted = expected[-1:] == ["^C"]
            if interrupted:
                expected = expected[:-1]
            end = time.monotonic() + PATIENCE
            while True:
                printed = shell.run(own, expected if interrupted else None)
                if printed[-1:] == [""]:
                    printed.pop()
                if same(expected, printed) or interrupted or \
                        not LOOKS.match(command) or time.monotonic() > end:
                    break
                time.sleep(0.05)
            if not same(expected, printed):
                self.assertEqual("\n".join(expected), "\n".join(printed),
                                 "%s; the daemon's log:\n%s" % (command, place.file(
                                     "var/log/reeve/reeved.log").decode()))


@reeve_only
class Daemons(Questions):
    section = "RUNNING THE DAEMON"


@reeve_only
class Programs(Questions):
    section = "PROGRAMS"


@reeve_only
class Limits(Questions):
    section = "ENVIRONMENT AND LIMITS"


@reeve_only
class Time(Questions):
    section = "ORDER AND TIME"


@reeve_only
class Seeing(Questions):
    section = "SEEING WHAT HAPPENS"


@reeve_only
class Logs(Questions):
    section = "LOGS"


@reeve_only
class Changes(Questions):
    section = "CHANGING THE CONFIGURATION"


@reeve_only
class Access(Questions):
    section = "ACCESS"


@reeve_only
class Form(unittest.TestCase):
    def test_every_block_says_what_it_is(self):
        kinds = {b.kind for q in questions() for b in q.blocks}
        self.assertEqual({"file", "prepare", "run", "not"}, kinds)
        for question in questions():
            with self.subTest(question.title):
                self.assertTrue(question.blocks)
                self.assertEqual(question.text.count("\n.Bd "), len(question.blocks))

    def test_paths_are_named(self):
        """A reader sees where each file belongs."""
        for question in questions():
            seen = re.sub(r'(?m)^\.\\".*\n', "", question.text)
            for block in question.blocks:
                if block.kind == "file":
                    self.assertIn(block.argument.split()[0], seen, question.title)

    def test_characters_are_those_of_a_keyboard(self):
        """roff prints other characters for these, which a shell does not understand."""
        for question in questions():
            for block in question.blocks:
                for line in block.source:
                    self.assertIsNone(re.search(r"['`~^]", line), line)
                    self.assertLessEqual(len(plain(line).expandtabs()), 73, line)

    def test_sections_are_run(self):
        run = {c.section for c in Questions.__subclasses__()}
        self.assertEqual({q.section for q in questions()}, run)


if __name__ == "__main__":
    unittest.main()
