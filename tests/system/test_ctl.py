"""The commands of reevectl compared with Debian's supervisorctl, over the control socket and
XML-RPC: texts and exit codes."""

import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

from reeve import (ADVICE, BUILD, PATIENCE, ROOT, SUPERVISORCTL, Case, Shared, program, reeve_only,
                   until)

sys.path.insert(0, os.path.join(ROOT, "tests", "compat"))
from ctl import Ctl  # noqa: E402  pylint: disable=wrong-import-position

PROGRAMS = (program("cat", "{child} cat", startsecs=0, stdout_logfile="{dir}/cat.log") +
            program("off", "/bin/cat", autostart="false", startsecs=0,
                    stdout_logfile="NONE", stderr_logfile="{dir}/off.log") +
            program("bad", "/nonexistent", autostart="false") +
            program("x", "/bin/cat", autostart="false", startsecs=0) +
            program("y", "/nonexistent", autostart="false") +
            "[group:g]\nprograms=x,y\n")

# Command lines that do not change the daemon, or change it in the same way for both.
LINES = (
    "status", "status nope g:*", "status  cat   off", "pid all", "pid g:*",
    "tail cat", "tail -f", "tail -x cat", "tail cat foo", "tail nope", "tail g:*",
    "tail off", "tail -5 cat stderr", "tail off stderr", "tail -- cat", "tail -0 cat",
    "tail -3 cat", "tail --3 cat", "tail CAT STDERR", "tail cat STDERR", "tail - cat",
    "maintail x", "maintail -x",
    "clear nope cat", "clear g:*",
    "reread", "update", "update nope all", "update nope cat", "avail", "add cat", "add nope",
    "add", "remove cat nope", "remove",
    "open foo", "open",
    "quit", "exit", "EOF", "quit now", "fg a b", "fg nope", "fg off", "fg g:*",
    "start*", "stop[a-z]*", "status*", "status[c]at off", "pid* off", "clear? nope", "start*x",
    "signal* CONT nope", "*", "status:", "frob*", "frob   x", "help nope",
    "help  nope x", "!ls", "signal CONT all nope", "signal all cat",
    "signal CONT nope g:*", "start g:y nope", "stop off g:x")
# Commands that print their help, which differs: the first line is compared.
MISUSES = ("tail", "tail a b c d", "maintail a b", "clear", "reread x", "avail x", "fg",
           "version x", "signal", "signal HUP", "start", "stop", "restart", "shutdown x",
           "reload x")


@reeve_only
@unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
class BesideSupervisorctl(Shared):
    programs = PROGRAMS

    @classmethod
    def prepare(cls):
        cls.ctl = Ctl()
        cls.addClassCleanup(cls.ctl.close)

    def theirs(self, line, *options, text=""):
        status, out, err = self.ctl.run(["-c", self.d.conf, *options, *line.split(" ")],
                                        self.d.dir, text)
        return status, re.sub(r"uptime [0-9:]+", "uptime", out), err

    def ours(self, line, *options, text=""):
        ended = subprocess.run([os.path.join(BUILD, "reevectl"), "-c", self.d.conf, *options,
                                *line.split(" ")], capture_output=True, text=True,
                               timeout=PATIENCE, cwd=self.d.dir, input=text, check=False)
        return (ended.returncode, re.sub(r"uptime [0-9:]+", "uptime", ended.stdout),
                ADVICE.sub("", ended.stderr))

    def over_each(self, line, select=lambda text: text):
        line = line.format(socket=self.d.socket)
        want = select(self.theirs(line))
        for options in ((), ("-s", "unix://" + self.d.socket)):
            with self.subTest(line=line, options=options):
                self.assertEqual(want, select(self.ours(line, *options)))

    def test_lines(self):
        self.s.supervisor.sendProcessStdin("cat", "a line\nand another\n")
        until(lambda: b"another" in self.d.file("cat.log"))
        for line in LINES:
            self.over_each(line)

    def test_misuse(self):
        for line in MISUSES:
            self.over_each(line, lambda text: (text[0], text[1].splitlines()[0], text[2]))

    def test_help(self):
        """reevectl's own commands follow supervisorctl's list, which is unchanged."""
        want, got = self.theirs("help"), self.ours("help")
        self.assertEqual(want, (got[0], got[1][:len(want[1])], got[2]))
        self.assertIn("\nreeve commands (type help <topic>):\n", got[1][len(want[1]):])

    def test_maintail(self):
        """The log may grow between the two if reading it is logged; it is not."""
        for line in ("maintail", "maintail -20", "maintail -0"):
            self.over_each(line)

    def test_under_the_other_name(self):
        """A link named supervisorctl: found in PATH, with supervisorctl's options."""
        link = self.d.path("supervisorctl")
        os.symlink(os.path.join(BUILD, "reevectl"), link)
        url = "unix://" + self.d.socket
        ended = subprocess.run(["supervisorctl", "--serverurl", url, "-u", "me", "-p", "x",
                                "status", "off"], capture_output=True, text=True,
                               env={**os.environ, "PATH": self.d.dir}, check=False)
        self.assertEqual(self.theirs("status off"),
                         (ended.returncode, ended.stdout, ended.stderr))

    def test_errors_of_options(self):
        for options in (("-s", "foo"), ("-s", ""), ("-s", "a:"), ("-s", "http://"),
                        ("-s", "unix://"), ("-x",), ("-ix",), ("--frob=1",), ("--h",),
                        ("--inter=1",), ("--he=1",), ("-u", "a", "--user=b"), ("-i", "-i"),
                        ("-u", "a", "-u", "b"), ("-c", "a", "-x"), ("-i", "--inter", "-x")):
            want = self.theirs("pid", *options)
            got = self.ours("pid", *options)
            with self.subTest(options):
                self.assertEqual((want[0], want[1], want[2].splitlines()[0]),
                                 (got[0], got[1], got[2].splitlines()[0]))
        for option in ("--ser", "-s", "-ir"):
            with self.subTest(option):
                self.assertEqual(self.theirs(option)[2].splitlines()[0],
                                 self.ours(option)[2].splitlines()[0])

    def test_unanswered(self):
        """The end of input is not an answer."""
        for line in ("shutdown", "reload"):
            want, got = self.theirs(line, "-i"), self.ours(line, "-i")
            self.assertEqual((want[0], want[1].split("error: ")[0]),
                             (got[0], got[1].split("error: ")[0]))
            self.assertIn("error: ", got[1])

    def test_nobody_there(self):
        for url in ("http://127.0.0.1:1", "unix:///nonexistent/s.sock"):
            for line in ("status", "pid", "start x", "shutdown", "tail x", "fg x", "clear x",
                         "version"):
                with self.subTest(line=line, url=url):
                    self.assertEqual(self.theirs(line, "-s", url),
                                     self.ours(line, "-s", url))
            for line in ("reread", "update", "add x", "remove x", "avail", "reload"):
                status, out, _ = self.ours(line, "-s", url)
                self.assertEqual((1, "error: %s: " % url), (status, out[:len(url) + 9]))

    def test_urls(self):
        """An invalid port is rejected, and a user name in the URL is ignored."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen(1)
            port = s.getsockname()[1]
            for bad in ("%d" % (port + 65536), "x", "-1", "1x"):
                status, out, _ = self.ours("pid", "-s", "http://127.0.0.1:" + bad)
                self.assertEqual(1, status)
                self.assertEqual("error: http://127.0.0.1:%s: invalid port number\n"
                                 % bad, out)
        for url in ("http://u:p@127.0.0.1:%d" % port, "http://@127.0.0.1:%d/x" % port):
            self.assertEqual(self.theirs("pid", "-s", url), self.ours("pid", "-s", url))

    def test_open_without_a_terminal(self):
        """A script that opens another server continues to use the old one."""
        for url in ("unix://" + self.d.socket, "http://127.0.0.1:1"):
            self.assertEqual((1, "ERROR: open needs a terminal; without one, use the option "
                              "-s %s\n" % url, ""), self.ours("open " + url))

    def test_clear_of_what_is_down(self):
        """supervisorctl prints "cleared", with the same exit status."""
        log = self.d.path("off.log")
        with open(log, "w", encoding="utf-8") as f:
            f.write("kept\n")
        for options in ((), ("-s", "unix://" + self.d.socket)):
            self.assertEqual((0, "off: ERROR (not running)\n", ""),
                             self.ours("clear off", *options))
            self.assertEqual((1, "nope: ERROR (no such process)\ng:x: ERROR (not running)\n"
                                 "cat: cleared\n", ""),
                             self.ours("clear nope g:x cat", *options))
            status, out, _ = self.ours("clear all", *options)
            self.assertEqual((0, {"off: ERROR (not running)", "bad: ERROR (not running)",
                                  "g:x: ERROR (not running)", "g:y: ERROR (not running)",
                                  "cat: cleared"}), (status, set(out.splitlines())))
        with open(log, encoding="utf-8") as f:
            self.assertEqual("kept\n", f.read())
        self.assertEqual(0, self.theirs("clear off")[0])

    def test_tail_f_of_nothing(self):
        """An error; over HTTP with supervisorctl's text, which mentions HTTP."""
        for line, why in (("tail -f nope", "no such process name"), ("tail -f off", "no log file"),
                          ("tail -f h:*", "no such group")):
            url = ("-s", "unix://" + self.d.socket)
            if why != "no such group":
                self.assertEqual((1, *self.theirs(line, *url)[1:]), self.ours(line, *url))
            status, out, err = self.ours(line)
            self.assertEqual((1, "==> Press Ctrl-C to exit <==\n"), (status, out))
            self.assertEqual("%s: ERROR (%s)\n" % (line[8:], why), err)


@reeve_only
@unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
class Changes(Case):
    """update and similar commands: both make the same changes, one after the other."""

    def lines(self, run):
        d = self.daemon(program("a", "/bin/cat", startsecs=0) +
                        program("b", "/bin/cat", startsecs=0) +
                        program("c", "/bin/cat", startsecs=0))
        text = [run(d, "update"), run(d, "remove a")]
        d.configure(program("b", "/bin/cat", startsecs=0, priority=5) +
                    program("d", "/bin/cat", startsecs=0))
        for line in ("reread", "avail", "update c", "update nope b", "update d x",
                     "update", "reread", "add a", "remove b", "stop b", "remove b nope",
                     "add b", "add b", "status nope"):
            text.append(run(d, line))
        d.configure("[program:broken]\n")
        text += [run(d, "reread"), run(d, "update")[:2]]
        return [(t[0], re.sub(r"error: .*", "error: ",
                              t[1].replace(d.dir, "DIR"))) for t in text]

    def test_same(self):
        ctl = Ctl()
        self.addCleanup(ctl.close)

        def theirs(d, line):
            return ctl.run(["-c", d.conf, *line.split()], d.dir)[:2]

        def ours(options):
            def run(d, line):
                url = [o.format(socket=d.socket) for o in options]
                ended = d.reevectl(*line.split(), options=["-c", d.conf, *url])
                return ended.returncode, ended.stdout
            return run

        want = self.lines(theirs)
        self.assertEqual(want, self.lines(ours(())))
        self.assertEqual(want, self.lines(ours(("-s", "unix://{socket}"))))

    def test_dry_run(self):
        d = self.daemon(program("a", "/bin/cat", startsecs=0) +
                        program("b", "/bin/cat", startsecs=0, environment="A=1") +
                        program("c", "/bin/cat", startsecs=0) +
                        program("n", "/bin/cat", numprocs=2,
                                process_name="n%(process_num)d"))
        pid = d.info("b")["pid"]
        nothing = (0, "No config updates to processes\n")

        def run(*words):
            ended = d.reevectl("update", *words)
            return ended.returncode, ended.stdout

        self.assertEqual(nothing, run("--dry-run"))
        d.configure(program("b", "/bin/echo x", startsecs=0, priority=5, environment="A=2") +
                    program("c", "/bin/cat", startsecs=0) + program("d", "/bin/cat") +
                    program("n", "/bin/cat", numprocs=3, process_name="n%(process_num)d"))
        text = ("a: would be removed\n"
                "b: would be restarted\n"
                "    priority: 999 -> 5\n"
                "    b: priority: 999 -> 5\n"
                "    b: environment\n"
                "    b: command: /bin/cat -> /bin/echo x\n"
                "n: would be restarted\n"
                "    processes: 2 -> 3\n"
                "d: would be added\n")
        for _ in range(2):
            status, out = run("--dry-run")
            self.assertEqual((0, sorted(text.splitlines())), (status, sorted(out.splitlines())))
            self.assertEqual((0, "a: would be removed\n"), run("a", "--dry-run"))
        self.assertEqual((1, "ERROR: no such group: zz\nd: would be added\n"),
                         run("--dry-run", "zz", "d"))
        self.assertEqual(nothing, run("--dry-run", "c"))
        status, out = run("all", "--dryrun")
        self.assertEqual((1, "Error: bad argument --dryrun"), (status, out.splitlines()[0]))
        # Nothing has been applied: the groups are unchanged, and d is unknown.
        self.assertEqual(pid, d.info("b")["pid"])
        self.assertEqual("ERROR: no such process/group: d\n", d.reevectl("add", "d").stdout)
        ended = d.reevectl("update", "--dry-run", options=["-s", "unix://" + d.socket])
        self.assertEqual((1, "error: unix://%s: this needs the control socket\n" % d.socket),
                         (ended.returncode, ended.stdout))
        self.assertEqual(0, d.reevectl("update").returncode)
        self.assertEqual(nothing, run("--dry-run"))
        d.configure("[program:x]\n")
        status, out = run("--dry-run")
        self.assertEqual((1, "error: the configuration cannot be read: "),
                         (status, out[:41]))


@reeve_only
class Patterns(Case):
    def test_names(self):
        d = self.daemon("".join(program(n, "/bin/cat", startsecs=0) for n in
                                ("web1", "web2", "wob", "d\u00e9mon", "it's")) +
                        program("p", "/bin/cat", numprocs=3, startsecs=0,
                                process_name="n%(process_num)d"))
        d.wait_state("p:n2", "RUNNING")
        for options in ((), ("-s", "unix://" + d.socket)):
            def run(*words):
                ended = d.reevectl(*words, options=["-c", d.conf, *options])  # noqa: B023
                return ended.returncode, ended.stdout
            with self.subTest(options):
                status, out = run("stop", "web*")
                self.assertEqual((0, ["web1: stopped", "web2: stopped"]),
                                 (status, sorted(out.splitlines())))
                self.assertEqual((0, "web1: started\nweb2: started\n"), run("start", "web?"))
                self.assertEqual((0, "wob: signalled\nweb1: signalled\n"),
                                 run("signal CONT", "w[o]b", "web1"))
                status, out = run("stop", "p:n[12]")
                self.assertEqual((0, ["p:n1: stopped", "p:n2: stopped"]),
                                 (status, sorted(out.splitlines())))
                self.assertEqual((0, "p:n1: started\np:n2: started\n"),
                                 run("start", "p:*[!0]"))
                self.assertEqual((0, "it's: cleared\n"), run("clear", "it?s"))
                self.assertEqual((0, "it's: stopped\n"), run("stop", "it's"))
                self.assertEqual((0, "it's: started\n"), run("start", "it's"))
                self.assertEqual((0, "d\u00e9mon: signalled\n"), run("signal CONT", "d?mon"))
                self.assertEqual((1, "x*: ERROR (no such process)\n"), run("stop", "x*"))
                self.assertEqual((4, "[: ERROR (no such process)\n"), run("status", "["))
                self.assertEqual(3, run("pid", "web*", "wob")[1].count("\n"))
                self.assertEqual((1, "w: ERROR (no such process)\n"
                                     "a: ERROR (no such process)\n"), run("stop", "w", "a"))

    def test_together(self):
        """The processes of a pattern are started together and printed as they end; names
        one by one."""
        d = self.daemon(program("p1", "/bin/cat", startsecs=1, autostart="false") +
                        program("p2", "/nonexistent", autostart="false") +
                        program("p3", "/bin/cat", startsecs=0, autostart="false"))
        self.assertEqual("p2: ERROR (no such file)\np3: started\np1: started\n",
                         d.reevectl("start", "p*").stdout)
        self.assertEqual(0, d.reevectl("stop", "p[13]").returncode)
        self.assertEqual("p1: started\np3: started\n",
                         d.reevectl("start", "p1", "p3").stdout)

    def test_no_text(self):
        """Arguments that are not UTF-8 match nothing and are not fatal."""
        d = self.daemon(program("a", "/bin/cat"))
        for options in ((), ("-s", "unix://" + d.socket)):
            ended = subprocess.run(
                [os.path.join(BUILD, "reevectl"), "-c", d.conf, *options, "stop",
                 b"\xff\xfe", "a"], capture_output=True, timeout=PATIENCE, check=False)
            self.assertEqual((1, b""), (ended.returncode, ended.stderr))
            self.assertEqual(b"error: ", ended.stdout[:7])


@reeve_only
class Streams(Case):
    def test_closed(self):
        """Without a standard output the text goes nowhere else."""
        d = self.daemon(program("a", "/bin/cat", startsecs=0))
        for closed, status in (("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- >&- 2>&-", 1)):
            with self.subTest(closed):
                ended = subprocess.run(
                    ["/bin/sh", "-c", 'exec "$@" ' + closed, "-",
                     os.path.join(BUILD, "reevectl"), "-c", d.conf, "status", "a"],
                    capture_output=True, timeout=PATIENCE, check=False)
                self.assertEqual((status, b""), (ended.returncode, ended.stderr))
                self.assertEqual(status == 0, ended.stdout.startswith(b"a  "))


@reeve_only
class Configuration(Case):
    def test_unreadable(self):
        """As a user who cannot read the files; with -s no file is needed."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.daemon(program("a", "/bin/cat"), unix={"chmod": "0777"})
        tool = d.path("reevectl")
        shutil.copy(os.path.join(BUILD, "reevectl"), tool)
        os.chmod(d.conf, 0o600)
        self.addCleanup(os.chmod, d.conf, 0o644)

        def run(*words):
            return subprocess.run([tool, *words], capture_output=True, text=True, user=65534,
                                  group=65534, extra_groups=[], cwd=d.dir, check=False)

        for options in ((), ("-c", "supervisord.conf")):
            ended = run(*options, "pid")
            self.assertEqual(2, ended.returncode)
            self.assertEqual("Error: could not read config file supervisord.conf",
                             ended.stderr.splitlines()[0])
        ended = run("-s", "unix://" + d.socket, "pid")
        self.assertEqual((0, "%d\n" % d.pid), (ended.returncode, ended.stdout))

    @unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
    def test_malformed(self):
        """supervisorctl's last words are the same, and so is its exit status."""
        d = self.daemon()
        client = b"[supervisorctl]\nserverurl=unix://" + d.socket.encode()

        def run(tool, *words):
            ended = subprocess.run([tool, *words], capture_output=True, text=True, cwd=d.dir,
                                   timeout=PATIENCE, check=False)
            return ended.returncode, ended.stdout, ended.stderr

        ours = os.path.join(BUILD, "reevectl")
        os.mkdir(d.path("etc"))
        for text in (b"a=1\n" + client, b"  [x\n" + client, client + b"\nfoo",
                     client + b"\n=1\nbar # z\n"):
            with self.subTest(text):
                with open(d.path("etc/bad.conf"), "wb") as f:
                    f.write(text)
                status, out, err = run(ours, "-c", "etc/bad.conf", "pid")
                want = run(SUPERVISORCTL, "-c", "etc/bad.conf", "pid")
                self.assertEqual((want[0], want[1]), (status, out))
                self.assertEqual("Error: ", err[:7])
                self.assertTrue(want[2].endswith("Error: " + err[7:]), (want, err))
        os.rename(d.conf, d.path("etc/good.conf"))
        os.rename(d.path("etc/bad.conf"), d.conf)
        self.assertEqual((0, "%d\n" % d.pid, ""), run(ours, "-s", "unix://" + d.socket, "pid"))
        with open(d.conf, "wb") as f:
            f.write(client + b"\nprompt=\xff\n")
        status, _, err = run(ours, "pid")
        self.assertEqual(run(SUPERVISORCTL, "-c", d.conf, "pid")[0], status)
        self.assertEqual("Error: supervisord.conf: line 3 is not valid UTF-8",
                         err.splitlines()[0])

    @unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
    def test_empty_name(self):
        """An empty name means no file; none is searched, though one exists."""
        d = self.daemon()

        def run(tool, *words):
            ended = subprocess.run([tool, "-c", "", *words], capture_output=True, text=True,
                                   cwd=d.dir, timeout=PATIENCE, check=False)
            return (ended.returncode, ended.stdout,
                    ADVICE.sub("", ended.stderr).splitlines()[:1])

        ours = os.path.join(BUILD, "reevectl")
        for words in (("pid",), ("-s", "unix://" + d.socket, "pid"), ("-c", "x", "pid")):
            with self.subTest(words):
                self.assertEqual(run(SUPERVISORCTL, *words), run(ours, *words))
        self.assertEqual(2, run(ours, "check")[0])

    def test_value_of_several_lines(self):
        d = self.daemon(tcp={"username": "u", "password": "p\n q"})
        with open(d.path("client.conf"), "w", encoding="utf-8") as f:
            f.write("[supervisorctl]\nserverurl=http://127.0.0.1:%d\n ; x\n /x\n"
                    "username=u\npassword=p\n q\n" % d.port)
        for tool in (os.path.join(BUILD, "reevectl"), SUPERVISORCTL):
            if os.path.exists(tool):
                text = subprocess.run([tool, "-c", "client.conf", "pid"], timeout=PATIENCE,
                                      capture_output=True, text=True, cwd=d.dir, check=False)
                self.assertEqual("%d\n" % d.pid, text.stdout, text)

    def test_socket_that_may_not_be_used(self):
        """The serverurl of the file is tried second, with its user name and password."""
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.daemon(program("a", "/bin/cat"), tcp={"username": "u", "password": "p%%w"})
        tool = d.path("reevectl")
        shutil.copy(os.path.join(BUILD, "reevectl"), tool)
        conf = d.path("client.conf")

        def run(text, *words):
            with open(conf, "w", encoding="utf-8") as f:
                f.write("[supervisord]\npidfile=%s\n[supervisorctl]\n%s" % (d.pidfile, text))
            return subprocess.run([tool, "-c", conf, *words], capture_output=True, text=True,
                                  user=65534, group=65534, extra_groups=[], cwd=d.dir,
                                  check=False)

        url = "serverurl=http://127.0.0.1:%d\n" % d.port
        ended = run(url + "username=u\npassword=p%%w\n", "status", "nope")
        self.assertEqual((4, "nope: ERROR (no such process)\n"),
                         (ended.returncode, ended.stdout))
        ended = run(url, "-u", "u", "-p", "p%w", "pid")
        self.assertEqual("%d\n" % d.pid, ended.stdout)
        ended = run(url, "pid")
        self.assertEqual((1, "Server requires authentication"),
                         (ended.returncode, ended.stdout.splitlines()[0]))
        self.assertIn("401", ended.stdout.splitlines()[1])


if __name__ == "__main__":
    unittest.main()
