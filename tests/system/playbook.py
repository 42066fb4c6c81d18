"""A playbook of Ansible's own module supervisorctl, which looks for texts and exit codes of
the program of that name. reevectl is in its place, over the control socket and over both
kinds of HTTP; each result is what the module is documented to say, and what it says beside
Debian's supervisorctl. Not part of the system suite: tests/run ansible runs it, as part of
check-long; it takes the packages of `make long-deps`."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from reeve import BUILD, ROOT, SUPERVISORCTL, SUPERVISORD, Case, program, reeve_only

MODULE = "community.general.supervisorctl"
CREDENTIALS = {"username": "user", "password": "pass: word"}
MINUTES = 60


def quiet(name, command="{child} sleep 1000", **options):
    return program(name, command, **{"startsecs": 0, "stdout_logfile": "NONE",
                                     "stderr_logfile": "NONE", **options})


PROGRAMS = (quiet("web", startsecs=1) + quiet("off", autostart="false") +
            quiet("x", autostart="false") + quiet("y", autostart="false") +
            "[group:g]\nprograms=x,y\n" +
            quiet("sig", "{child} exit-on USR1 0", autorestart="unexpected") +
            quiet("many", autostart="false", numprocs=2, process_name="many%(process_num)d") +
            "[include]\nfiles={dir}/conf.d/*.conf\n")
NEW = quiet("new", autostart="false")
BAD = (quiet("bad", "/nonexistent", autostart="false", startretries=0) +
       quiet("dies", "{child} exit 3", autostart="false", startretries=0, startsecs=1))

# The expected result of a step: one of these two, a pattern for the message of a failure, or
# None for the result with supervisord.
CHANGED, SAME = "changed", "same"
MISSING = r"ERROR \(no such process\)"


class Step:
    """A task of the module and its expected result."""

    def __init__(self, name, state, outcome, check=False, **options):
        self.name, self.state, self.outcome = name, state, outcome
        self.check, self.options = check, options

    def tasks(self, title):
        given = {k: "{{ %s | default(omit) }}" % k
                 for k in ("supervisorctl_path", "config", "server_url", "username", "password")}
        return [{"name": title, "check_mode": self.check, "ignore_errors": True,
                 MODULE: {**given, "name": self.name, "state": self.state, **self.options}}]

    def __str__(self):
        return "%s %s%s %s" % (self.state, self.name, ", checked" if self.check else "",
                               self.options or "")


class File:
    """Writes a file of conf.d, or removes it without a text."""

    outcome = None

    def __init__(self, name, text=None):
        self.name, self.text = name, text

    def tasks(self, title):
        path = "{{ dir }}/conf.d/%s.conf" % self.name
        if self.text is None:
            return [{"name": title, "ansible.builtin.file": {"path": path, "state": "absent"}}]
        text = self.text.replace("{child}", os.path.join(BUILD, "tests/bin/child"))
        return [{"name": title, "ansible.builtin.copy": {"content": text, "dest": path}}]

    def __str__(self):
        return "file " + self.name


def both(name, state, **options):
    """A step in check mode, the step, and the step again, which then changes nothing."""
    return [Step(name, state, CHANGED, check=True, **options),
            Step(name, state, CHANGED, **options), Step(name, state, SAME, **options)]


# The steps for every connection.
SHORT = [
    Step("web", "present", SAME), Step("web", "started", SAME), *both("off", "started"),
    Step("off", "restarted", CHANGED), Step("off", "stopped", CHANGED),
    Step("g:", "started", CHANGED), Step("g:", "signalled", CHANGED, signal="CONT"),
    Step("g:", "stopped", CHANGED), Step("nope", "started", MISSING),
    File("new", NEW), Step("new", "present", CHANGED), Step("new", "absent", CHANGED),
    File("new"),
]
LIFE = [
    *SHORT, Step("off", "stopped", SAME), Step("off", "signalled", SAME, signal="CONT"),
    Step("off", "restarted", CHANGED, check=True), Step("off", "restarted", CHANGED),
    *both("off", "stopped"), Step("sig", "signalled", CHANGED, signal="USR1"),
    Step("web", "signalled", r"bad signal name", signal="FOO"),
    # A group, and one process of a group.
    *both("g:", "started"), Step("g:", "restarted", CHANGED), Step("g:x", "started", SAME),
    Step("g:", "present", SAME), *both("g:", "stopped"), Step("many:", "started", CHANGED),
    # Unknown names.
    *[Step(name, state, MISSING) for name, state in (
        ("nope:", "started"), ("x", "stopped"), ("nope", "restarted"))],
    Step("nope", "signalled", MISSING, signal="CONT"), Step("nope", "absent", SAME),
    Step("nope", "present", r"ERROR: no such process/group: nope\n"),
    # A program is added, changed and removed.
    File("new", NEW), *both("new", "present"), Step("new", "started", CHANGED),
    File("new", NEW + "environment=A=b\nautostart=true\n"), Step("new", "restarted", CHANGED),
    Step("new", "absent", r"ERROR: process/group still running: new\n"),
    Step("new", "stopped", CHANGED), *both("new", "absent"), Step("new", "present", CHANGED),
    File("new"), Step("web", "restarted", CHANGED), Step("new", "started", MISSING),
    File("h", NEW.replace("new", "one") + "[group:h]\nprograms=one\n"),
    Step("h:", "present", CHANGED), Step("h:", "present", SAME), Step("h:", "absent", CHANGED),
    File("h"),
    # All programs at once.
    Step("all", "started", CHANGED), Step("all", "restarted", CHANGED),
    Step("all", "signalled", CHANGED, signal="CONT"), *both("all", "stopped"),
    # Programs that cannot be started, and a configuration that cannot be read.
    File("bad", BAD), Step("bad", "present", CHANGED), Step("dies", "present", CHANGED),
    Step("bad", "started", r"bad: ERROR \(no such file\)"),
    Step("dies", "started", r"dies: ERROR \(spawn error\)"), Step("dies", "absent", CHANGED),
    File("broken", "[program:broken]\n"), Step("broken", "present", r"CANT_REREAD"),
    Step("web", "restarted", r"CANT_REREAD"), Step("web", "started", CHANGED),
]


def refused(**options):
    """Without a server, and without the right to connect."""
    return [Step("web", "started", MISSING, **options), Step("web", "absent", SAME, **options),
            Step("web", "restarted", None, **options), Step("web", "present", None, **options)]


def outcome(result):
    if result.get("failed"):
        return " ".join(str(result.get(k, "")) for k in ("msg", "stdout", "stderr"))
    return CHANGED if result["changed"] else SAME


class Playbook:
    """Runs ansible-playbook with hosts that all stand for this machine, each with its
    variables."""

    def __init__(self, directory, hosts):
        self.dir = directory
        self.write("supervisord.conf", "[supervisorctl]\n")  # before those of the system
        shared = {"ansible_connection": "local", "ansible_python_interpreter": "/usr/bin/python3"}
        self.write("ansible.cfg", "[defaults]\n")
        self.write("hosts.json", {"all": {"hosts": {name: {**shared, **values}
                                                    for name, values in hosts.items()}}})

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, value):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(value if isinstance(value, str) else json.dumps(value))

    def run(self, hosts, steps):
        """The results of the module: for each step a dictionary by host."""
        tasks = [task for i, step in enumerate(steps)
                 for task in step.tasks("%d: %s" % (i, step))]
        self.write("play.json", [{"hosts": ",".join(hosts), "gather_facts": False, "tasks": tasks,
                                  "environment": {"PATH": "{{ path }}"}}])
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.dir, "LC_ALL": "C.UTF-8",
               "ANSIBLE_HOME": self.path("home"), "ANSIBLE_REMOTE_TEMP": self.path("remote"),
               "ANSIBLE_CONFIG": self.path("ansible.cfg"),
               "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
               "ANSIBLE_PIPELINING": "1", "ANSIBLE_FORKS": "8"}
        done = subprocess.run(["ansible-playbook", "-i", self.path("hosts.json"),
                               self.path("play.json")], cwd=self.dir, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=10 * MINUTES)
        if done.returncode != 0:
            raise AssertionError("ansible-playbook: %d\n%s%s" % (
                done.returncode, done.stdout[-4000:], done.stderr[-4000:]))
        tasks = json.loads(done.stdout)["plays"][0]["tasks"]
        return [task["hosts"] for task in tasks]


@reeve_only
@unittest.skipIf(shutil.which("ansible-playbook") is None, "no ansible: make long-deps")
@unittest.skipUnless(os.path.exists(SUPERVISORD), "no supervisord to compare with")
class Ansible(Case):
    def setUp(self):
        self.work = tempfile.mkdtemp(prefix="reeve-ansible-")
        self.addCleanup(shutil.rmtree, self.work)
        self.daemons = {}

    def compat(self):
        """The directory in which make install-compat has put the name supervisorctl."""
        done = subprocess.run(["make", "-C", ROOT, "BUILD=" + os.path.relpath(BUILD, ROOT),
                               "DESTDIR=" + self.work, "install", "install-compat"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return self.work + "/usr/local/bin"

    def started(self, subject, way):
        options = {} if way == "config" else CREDENTIALS
        made = self.make(PROGRAMS, subject=subject, unix=options, tcp=options)
        os.mkdir(made.path("conf.d"))
        with open(made.path("nobody"), "w", encoding="utf-8") as f:
            f.write("[supervisord]\npidfile={0}/n\n[supervisorctl]\nserverurl=unix://{0}/none\n"
                    .format(made.dir))
        made.start()
        self.addCleanup(self.finish, made)
        return made

    def hosts(self):
        """A daemon for each connection, and the module's arguments for it. The last one
        has no path: the module then searches for its default name."""
        ours = {"supervisorctl_path": os.path.join(BUILD, "reevectl")}
        theirs = {"supervisorctl_path": SUPERVISORCTL}
        rows = (("supervisord", "supervisord", "config", theirs),
                ("supervisord-http", "supervisord", "http", theirs),
                ("reeve", "reeve", "config", ours), ("reeve-http", "reeve", "http", ours),
                ("reeve-unix", "reeve", "unix", {}))
        path = self.compat() + ":/usr/bin:/bin"
        hosts = {}
        for name, subject, way, given in rows:
            made = self.daemons[name] = self.started(subject, way)
            where = {"config": {"config": made.conf},
                     "http": {"server_url": "http://127.0.0.1:%d" % made.port, **CREDENTIALS},
                     "unix": {"server_url": "unix://" + made.socket, **CREDENTIALS}}[way]
            hosts[name] = {"path": path, "dir": made.dir, **given, **where}
        return hosts

    def plain(self, host, result):
        """A result without the parts that differ by host. The text after "error:" is the
        client's own."""
        kept = {k: v for k, v in result.items()
                if k in ("changed", "failed", "msg", "name", "state", "affected", "rc",
                         "stdout", "stderr")}
        made = self.daemons[host]
        text = json.dumps(kept, sort_keys=True)
        text = text.replace(made.dir, "<dir>").replace(str(made.port), "<port>")
        return {k: re.sub(r"(?m)^error: (?:.*(CANT_REREAD))?.*$", r"error: \1", v)
                if isinstance(v, str) else v for k, v in json.loads(text).items()}

    def logged(self, host):
        """The log of the daemon about each process, without numbers."""
        lines = {}
        for line in self.daemons[host].messages():
            match = re.match(r"\w+ (?:spawned|success|exited|stopped): '?([a-z]+\d?)\b", line)
            if match:
                lines.setdefault(match[1], []).append(re.sub(r"\d{2,}", "<n>", line))
        return lines

    def beside(self, book, steps, *hosts):
        """Runs the steps on the first host, which is supervisord, and on the others."""
        results = book.run(hosts, steps)
        self.assertEqual(len(steps), len(results))
        for step, by_host in zip(steps, results):
            plain = {host: self.plain(host, by_host[host]) for host in hosts}
            for host in hosts[1:]:
                with self.subTest(step=str(step), host=host):
                    self.came_to(step.outcome, plain[host])
                    self.assertEqual(plain[hosts[0]], plain[host])

    def came_to(self, expected, result):
        if expected in (CHANGED, SAME):
            self.assertEqual(expected, outcome(result))
        elif expected is not None:
            self.assertTrue(result.get("failed"))
            self.assertRegex(outcome(result), expected)

    def test_a_life(self):
        book = Playbook(self.work, self.hosts())
        http = ("supervisord-http", "reeve-http", "reeve-unix")
        self.beside(book, LIFE, "supervisord", "reeve")
        self.beside(book, SHORT, *http)
        self.beside(book, refused(password="wrong"), *http)
        self.beside(book, refused(config="{{ dir }}/nobody"), "supervisord", "reeve")
        expected = self.logged("supervisord")
        self.assertIn("INFO exited: sig (exit status 0; expected)", expected["sig"])
        self.assertEqual(expected, self.logged("reeve"))


if __name__ == "__main__":
    unittest.main()
