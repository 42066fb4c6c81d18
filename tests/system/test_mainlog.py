"""The main log at level trace during a fixed scenario, compared with supervisord's lines
(tests/data/mainlog). With REEVE_SUBJECT=supervisord the test runs supervisord again."""

import os
import re
import unittest
import xmlrpc.client

from reeve import ROOT, Case, program, reeve_only

DATA = os.path.join(ROOT, "tests/data/mainlog")

# A program that exits 0.1 s after SIGTERM, later than supervisord replies.
STOPS_SLOWLY = ('trap "/bin/sleep 0.1; exit 0" TERM; exec 2>/dev/null; echo ready; '
                'while :; do /bin/sleep 9; done')

PROGRAMS = "".join((
    program("cat", "/bin/cat", startsecs=0),
    program("err", "/bin/sh -c 'echo oops >&2; exec /bin/sleep 1000'", startsecs=0),
    program("raw", r"""/bin/sh -c 'printf "\377\n"; exec /bin/sleep 1000'""", startsecs=0),
    program("lost", "/no/such/program", startretries=0),
    program("group", "/bin/sh -c '%s'" % STOPS_SLOWLY, startsecs=0, stopasgroup="true"),
    program("hup", "{child} exit-on HUP 0", startsecs=0, autorestart="false"),
    program("rude", "{child} ignore-term", startsecs=0, stopwaitsecs=1),
    program("quick", "/bin/sh -c '/bin/sleep 0.1; exit 3'", autostart="false", startsecs=600,
            startretries=0),
    program("slow", "{child} exit 3", autostart="false", startsecs=600, startretries=30),
    program("missing", "nowhere", autostart="false"),
))

# Parts of a line that differ in each run.
VARIABLE = (
    (r"\(pid \d+\)", "(pid PID)"), (r"with pid \d+", "with pid PID"),
    (r"(?<=killing '\w{4}' )\(\d+\)", "(PID)"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"), (r"\[\d+/\w+/\d+:[\d:]+ [+-]\d+\]", "[DATE]"),
    (r'(" \d+) \d+$', r"\1 BYTES"), (r"^(.{5})fd \d+ closed", r"\1fd FD closed"),
    (r"stopped monitoring <.*>$", "stopped monitoring <…>"),
)
# Lines that only reeve or only supervisord logs (reeve.conf(5)): banners of servers, lines of
# reeve-rpcd, warnings about options that cannot work.
OURS_OR_THEIRS = re.compile(r"TRAC .*Medusa|\w+ reeve-rpcd|CRIT Supervisor is running as root|"
                            r"WARN DIR/supervisord.conf:\d+: ")


def messages(text):
    """The messages of the log without their times; a message may have several lines."""
    return re.split(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} ", text, flags=re.M)[1:]


def normalised(daemon):
    """The messages, sorted, each once. Only the first "waiting for … to die" counts, because
    their number depends on timing."""
    lines, dying = set(), 0
    for message in messages(daemon.log()):
        message = message[:-1].replace(daemon.dir, "DIR")
        dying += bool(re.match(r"INFO waiting for .* to die$", message))
        if OURS_OR_THEIRS.match(message) or dying > 1 and message.endswith(" to die"):
            continue
        for pattern, word in VARIABLE:
            message = re.sub(pattern, word, message)
        lines.add(message.replace("\n", "\\n"))
    return sorted(lines)


class Scenario(Case):
    def faulty(self, method, *args):
        with self.assertRaises((xmlrpc.client.Fault, xmlrpc.client.ProtocolError)):
            method(*args)

    def send(self, data):
        with self.d.connect() as s:
            s.sendall(data)
            self.assertTrue(s.recv(100))

    def post(self, body):
        self.send(b"POST /RPC2 HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def processes(self, v):
        self.d.wait_log("'(rude|hup|group)' stdout output:\nready", count=3)
        self.d.wait_log("'(err|raw)' std... output:", count=2)
        self.d.wait_log("gave up: lost")
        v.sendProcessStdin("cat", "fed\n")
        self.d.wait_log("'cat' stdout output:")
        v.signalProcess("hup", "HUP")
        self.d.wait_log("exited: hup")
        v.stopProcess("group")
        v.stopProcess("rude")
        self.faulty(v.startProcess, "quick")
        v.startProcess("slow", False)
        self.d.wait_log("exited: slow")
        v.stopProcess("slow")
        v.startProcessGroup("group")
        self.d.wait_log("'group' stdout output:\nready", count=2)

    def test_trace(self):
        self.d = d = self.daemon(PROGRAMS, supervisord={"loglevel": "trace"})
        s = self.rpc(d, "tcp")
        v = s.supervisor
        self.processes(v)
        self.faulty(v.startProcess, "missing")
        self.faulty(v.nothing)
        self.faulty(s.no.such)
        self.faulty(v.getState, 1)
        self.faulty(v.removeProcessGroup, "cat")
        self.faulty(v.readProcessStdoutLog, "nope", -1, -1)
        s.system.multicall([{"methodName": "supervisor.getPID"}, {"methodName": "none"}])
        v.reloadConfig()
        self.post(b"<methodCall")
        self.post("it's no 'c\u00e4ll'\n".encode())
        self.post(b"<?xml version='1.0'?><methodCall></methodCall>")
        self.send(b"GET /nowhere?x=%41\" HTTP/1.1\r\n\r\n")
        self.send(b"POST /RPC2 HTTP/1.1\r\n\r\n")
        self.rpc(d).supervisor.shutdown()
        self.assertEqual(0, d.wait_exit())
        with open(os.path.join(DATA, "trace"), encoding="utf-8") as f:
            want = f.read().splitlines()
        self.assertEqual(want, normalised(d))


# The messages of a short run at each level.
LEVELS = (("critical", "CRIT"), ("error", "CRIT ERRO"), ("warn", "CRIT ERRO WARN"),
          ("info", "CRIT ERRO INFO WARN"), ("debug", "CRIT DEBG ERRO INFO WARN"),
          ("trace", "CRIT DEBG ERRO INFO TRAC WARN"),
          ("blather", "BLAT CRIT DEBG ERRO INFO TRAC WARN"), ("WARN", "CRIT ERRO WARN"))


@reeve_only
class StandardOutput(Case):
    """As in a container: the log file is the standard output."""

    def test_each_line_is_there_once(self):
        d = self.daemon("", args=("-l", "/dev/stdout", "-y", "0"))
        d.stop()
        self.assertEqual(1, d.output().count("INFO supervisord started"), d.output())


class Settings(Case):
    def run_once(self, args=(), **options):
        """A daemon that has exited; its log has a line of each level except BLAT."""
        d = self.daemon(program("a", "{child} exit 3", startsecs=0, autorestart="false",
                                stdout_logfile="NONE", stderr_logfile="NONE"),
                        args=args, supervisord=options)
        d.wait_state("a", "EXITED")
        with d.connect() as s:
            s.sendall(b"POST /RPC2 HTTP/1.1\r\nContent-Length: 1\r\n\r\n<")
            self.assertIn(b"400", s.recv(100))
        self.assertEqual(0, d.stop())
        return d

    def test_levels(self):
        for level, want in LEVELS:
            with self.subTest(level):
                text = self.run_once(loglevel=level).log()
                tags = {m[:4] for m in messages(text)}
                # BLAT: supervisord logs every descriptor, reeve logs nothing.
                self.assertEqual(set(want.split()) - {"BLAT"}, tags - {"BLAT"})

    def test_level_on_the_command_line(self):
        self.assertEqual({"CRIT", "ERRO"}, {
            m[:4] for m in messages(self.run_once(("-e", "error"), loglevel="debug").log())})

    def test_echo(self):
        """In the foreground stdout has the same lines as the file."""
        d = self.run_once(loglevel="debug")
        self.assertEqual(d.log(), d.output())
        self.assertIn("DEBG", d.output())

    def test_echo_of_rotated_logs(self):
        d = self.run_once(logfile_maxbytes=150, logfile_backups=0)
        self.assertIn("supervisord started", d.output())
        self.assertNotIn("supervisord started", d.log())

    def test_silent(self):
        for options in ({"silent": "true"}, {"silent": "true", "nodaemon": "false"}):
            with self.subTest(options):
                d = self.run_once(**options)
                self.assertEqual("", d.output())
                self.assertIn("supervisord started", d.log())

    def rotated(self, **options):
        """The texts of the files, newest first, and all lines."""
        d = self.run_once(loglevel="debug", **options)
        files = [d.log()]
        while os.path.exists(d.path("main.log.%d" % len(files))):
            files.append(d.file("main.log.%d" % len(files)).decode())
        self.assertEqual(len(files), len([f for f in os.listdir(d.dir) if "main.log" in f]))
        return files, d.output()

    def test_rotation(self):
        """A file is full when it reaches the limit; a line is never split."""
        for most, backups, count in ((1, 0, 1), (1, 3, 4), (150, 0, 1), (150, 1, 2),
                                     (151, 3, 4), (1000, 0, 1), (1000, 1, 2), (1000, 9, 2)):
            with self.subTest(maxbytes=most, backups=backups):
                files, text = self.rotated(logfile_maxbytes=most, logfile_backups=backups)
                self.assertEqual(count, len(files))
                self.assertTrue(text.endswith("".join(reversed(files))))
                self.assertLess(len(files[0]), most)
                for full in files[1:]:
                    self.assertGreaterEqual(len(full), most)
                    self.assertLess(len("".join(full.splitlines(True)[:-1])), most)

    def test_no_rotation(self):
        files, text = self.rotated(logfile_maxbytes=0, logfile_backups=3)
        self.assertEqual([text], files)


if __name__ == "__main__":
    unittest.main()
