"""The programs of tests/compat: they find a difference, their case files are sound, and
running supervisorctl through ctl_server.py is the same as running it directly."""

import os
import subprocess
import sys
import unittest

from reeve import ROOT, SUPERVISORCTL, SUPERVISORD, Case, program, reeve_only

sys.path.append(os.path.join(ROOT, "tests", "compat"))

import cases  # noqa: E402
import ctl  # noqa: E402
import report  # noqa: E402
import steps  # noqa: E402
from normal import Normal  # noqa: E402

TEXT = ("== configuration\n[program:a]\ncommand=/bin/cat\n"
        "== case one\nctl status\nwait a RUNNING\nrpc x.y [1]\n"
        "== case two\ndiffers: ROW\ntalk -i\n\tstatus\n\n\tquit\n")


@reeve_only
class Files(unittest.TestCase):
    def test_rows_that_explain_differences_exist(self):
        files = [cases.load(path) for path in cases.every()]
        self.assertTrue(any(case.row for file in files for case in file.cases))
        self.assertEqual([], cases.unexplained(files))

    def test_unknown_rows(self):
        head = "== configuration\n== case x\ndiffers: %s\nctl status\n"
        for row, errors in (("FATAL", []), ("nonsense", ["f: no such row: nonsense"]),
                            ("", ["f: no such row: (none is named)"])):
            self.assertEqual(errors, cases.unexplained([cases.parse("f", head % row)]))

    def test_rows_are_read_without_macros(self):
        rows = cases.manual_rows()
        self.assertLessEqual({"FATAL", "A Content-Length that is no number"}, rows)

    def test_all_commands_of_supervisorctl(self):
        words = {step.rest.split()[0] for path in cases.every()
                 for case in cases.load(path).cases for step in case.steps
                 if step.word == "ctl" and step.rest}
        self.assertLessEqual(set("add exit open reload restart start tail avail fg pid remove "
                                 "shutdown status update clear maintail quit reread signal "
                                 "stop version help".split()), words)

    def test_every_broken_file_is_begun(self):
        begun = {step.rest for path in cases.every() for case in cases.load(path).cases
                 for step in case.steps if step.word == "begin"}
        data = os.path.join(ROOT, "tests", "data", "config", "invalid")
        self.assertEqual(set(), set(os.listdir(data)) - begun)

    def test_every_good_file_is_read(self):
        read = {step.rest for path in cases.every() for case in cases.load(path).cases
                for step in case.steps if step.word == "reread"}
        data = os.path.join(ROOT, "tests", "data", "config", "valid")
        self.assertEqual(set(), {"valid/" + name for name in os.listdir(data) if not
                                 os.path.exists(os.path.join(data, name, "args"))} - read)

    def test_every_life_is_lived(self):
        lived = {os.path.basename(cases.load(path).life or "") for path in cases.every()}
        self.assertEqual(set(), {name for name in os.listdir(cases.LIFE)
                                 if name != "stand-in"} - lived)

    def test_headings(self):
        file = cases.parse("f", "== alone\n== environment A=b=c\n== programs a b\n"
                                "== case x\nbegin y\n")
        self.assertEqual((True, ["unix"], {"A": "b=c"}, ["a", "b"]),
                         (file.alone, file.vias, file.environment, file.programs))

    def test_parts(self):
        file = cases.parse("f", TEXT)
        self.assertEqual({"main": "[program:a]\ncommand=/bin/cat\n"}, file.configurations)
        one, two = file.cases
        self.assertEqual(["ctl", "wait", "rpc"], [s.word for s in one.steps])
        self.assertEqual([True, False, True], [s.compared for s in one.steps])
        self.assertEqual(("ROW", "-i", "status\nquit\n"),
                         (two.row, two.steps[0].rest, two.steps[0].block))

    def test_modifiers(self):
        step = cases.Step(1, "unordered without:a without:b rpc x.y []")
        self.assertEqual(("rpc", "x.y []", True, ["a", "b"]),
                         (step.word, step.rest, step.unordered, step.without))

    def test_grid(self):
        (case,) = cases.parse("f", "== configuration\n== case x\ngrid a.b c\n").cases
        self.assertEqual(len(cases.OFFSETS) * len(cases.LENGTHS), len(case.steps))
        self.assertEqual('a.b ["c", -1000000, -10]', case.steps[0].rest)

    def test_malformed(self):
        head = "== configuration\n== case x\n"
        for text in ("== case x\nctl status\n", head, head + "nonsense\n",
                     head + "\tblock\n", head + "ctl a\ndiffers: x\n",
                     head + "== configuration\nctl a\n", "== other\n", "== case\n",
                     "== via udp\n", "ctl a\n",
                     "== life none\n", "== environment A\n"):
            with self.subTest(text), self.assertRaises(cases.Malformed):
                cases.parse("f", text)


@reeve_only
class Reports(unittest.TestCase):
    def compare(self, left, right, complaints=("", "")):
        file = cases.parse("f", TEXT)
        return report.compare(file, "unix", (left, complaints[0]), (right, complaints[1]))

    def test_agreement(self):
        tally = self.compare(["a", "", "b", "c"], ["a", "", "b", "d"])
        self.assertEqual((2, 1, 0), (tally.agree, tally.explained, tally.failed))
        self.assertEqual("compat: 2 of 3 agree, 1 differ as reeve-differences(7) says",
                         tally.line())

    def test_difference(self):
        tally = self.compare(["a\n", "", "b", "c"], ["x\n", "", "b", "d"])
        self.assertEqual(1, tally.failed)
        self.assertIn("-a\n+x", tally.texts[0])
        self.assertIn("f.cases:5 (unix) one: ctl status", tally.texts[0])

    def test_explained_but_alike(self):
        tally = self.compare(["a", "", "b", "c"], ["a", "", "b", "c"])
        self.assertEqual((2, 0, 1), (tally.agree, tally.explained, tally.failed))
        self.assertIn("ROW", tally.texts[0])

    def test_not_reached(self):
        tally = self.compare(["a", "", "b", "c"], ["a"], ("", "it broke"))
        self.assertEqual((1, 3), (tally.agree, tally.failed))
        self.assertIn("it broke", tally.texts[0])


@reeve_only
class Normals(unittest.TestCase):
    def test_length_with_a_pid(self):
        for line, expected in (
                ('["a len:20\\n", "b:c pid:1234 d:e"]', '["a len:21\\n", "b:c pid:1234 d:e"]'),
                ('["a len:20\\n", "b:c pid:123456"]', '["a len:19\\n", "b:c pid:123456"]'),
                ('["a len:20\\n", "b:c"]', '["a len:20\\n", "b:c"]'),
                ('["a len:20\\n", "type:x\\npid:7"]', '["a len:20\\n", "type:x\\npid:7"]')):
            self.assertEqual(expected, steps.five_digits(line))

    def test_only_what_differs_by_nature(self):
        normal = Normal("/tmp/x", 20001)
        normal.learn(77, "INFO spawned: 'a' with pid 123\n")
        for text, expected in (
                ("a  RUNNING  pid 123, uptime 0:01:02", "a  RUNNING  pid {a}, uptime {time}"),
                ("a  RUNNING  pid 124, uptime 0:01:02", "a  RUNNING  pid 124, uptime {time}"),
                ("size 77", "size 77"), ("sid 123\n", "sid {a}\n"), ("pid 1234\n", "pid 1234\n"),
                ("INFO killing 'a' (123) with SIGKILL", "INFO killing 'a' ({a}) with SIGKILL"),
                ('"processname:a pid:123"', '"processname:a pid:{a}"'),
                ("Jan 02 03:04 PM", "{time}"), ("unix:///tmp/x/s", "unix://{dir}/s"),
                ("/tmp/x/a-stdout---my id-0a_b1c2d.log",
                 "{dir}/a-stdout---my id-{random}.log"),
                ("http://127.0.0.1:20001", "http://127.0.0.1:{port}")):
            self.assertEqual(expected, normal.text(text))

    def test_a_number_that_equals_a_pid(self):
        normal = Normal("/tmp/x", 20001)
        normal.learn(77, "INFO spawned: 'a' with pid 789\n")
        for text in ("789", "789\n", "a log\n789, 789: 789\n", "supervisor> 789\n"):
            self.assertEqual(text, normal.text(text))
        self.assertEqual("supervisor> {a}\n{daemon}\n0\n7890\nsize 77\n77 x\n",
                         normal.text("supervisor> 789\n77\n0\n7890\nsize 77\n77 x\n", True))
        self.assertEqual({"pid": "{a}", "exitstatus": 789},
                         normal.value({"pid": 789, "exitstatus": 789}))

    def test_where_a_line_is_a_pid(self):
        for words, lines, expected in (
                (["pid"], "", True), (["-i"], " pid cat\nquit\n", True), (["tail", "a"], "", False),
                (["-i"], "tail a\nrapid\n", False)):
            self.assertEqual(expected, steps.has_pid_command(words, lines))

    def test_values(self):
        normal = Normal("/tmp/x", 20001)
        normal.learn(77, "")
        self.assertEqual(
            [{"start": 0, "now": "{time}", "pid": 5, "state": 77}, True, "/tmp/y"],
            normal.value([{"start": 0, "now": 1700000000, "pid": 5, "out": 1, "state": 77},
                          True, "/tmp/y"], ["out"]))


@reeve_only
@unittest.skipUnless(os.path.exists(SUPERVISORCTL), "no supervisorctl")
class Supervisorctl(Case):
    def test_is_the_installed_one(self):
        d = self.daemon(program("off", "/bin/cat", autostart="false"))
        client = ctl.Ctl()
        self.addCleanup(client.close)
        for words, text in ((["status"], ""), (["status", "nope"], ""), (["start"], ""),
                            (["-x"], ""), (["-s", "foo", "pid"], ""), (["-h"], ""),
                            (["tail", "-f", "nope"], ""), ([], "status\nnonsense\n"),
                            (["-s", "unix:///none", "version"], "")):
            argv = ["-c", d.conf, *words]
            with self.subTest(argv):
                ended = subprocess.run([SUPERVISORCTL, *argv], input=text, cwd=d.dir,
                                       capture_output=True, text=True, timeout=60)
                self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                                 client.run(argv, d.dir, text))

    def test_at_a_terminal(self):
        d = self.daemon(program("off", "/bin/cat", autostart="false"))
        client = ctl.Ctl()
        self.addCleanup(client.close)
        status, text = client.converse(["-c", d.conf], d.dir, ["avai\t", "~ avail", "^M", "exit"],
                                       {**os.environ, "TERM": "dumb"})
        self.assertEqual(0, status)
        self.assertIn("supervisor> avail", text.replace("\a", ""))
        self.assertIn("off   ", text)
        self.assertTrue(text.endswith("supervisor> exit\r\n\r\n"), text)

    def test_supervisord_too(self):
        client = ctl.Ctl()
        self.addCleanup(client.close)
        for argv in (["-n", "-c", "/nonexistent"], ["-Z"], ["-v"]):
            with self.subTest(argv):
                ended = subprocess.run([SUPERVISORD, *argv], cwd="/", capture_output=True,
                                       text=True, timeout=60, check=False)
                self.assertEqual((ended.returncode, ended.stdout, ended.stderr),
                                 client.run(argv, "/", program=SUPERVISORD, env={}))


if __name__ == "__main__":
    unittest.main()
