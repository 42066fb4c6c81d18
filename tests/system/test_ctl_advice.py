"""reevectl's advice on standard error about the probable meaning; supervisorctl's texts and exit
codes are unchanged."""

import unittest

from reeve import Shared, program, reeve_only


@reeve_only
class Names(Shared):
    programs = (program("worker", "/bin/cat", numprocs=4, startsecs=0, autostart="false",
                        process_name="%(program_name)s_%(process_num)02d") +
                program("cat", "/bin/cat", startsecs=0))

    def doors(self):
        return (), ("-s", "unix://" + self.d.socket)

    def call(self, line, *options):
        ended = self.d.reevectl(*line.split(), options=["-c", self.d.conf, *options])
        return ended.returncode, ended.stdout, ended.stderr

    def test_group_without_its_star(self):
        no_process = "worker: ERROR (no such process)\n"
        for options in self.doors():
            for line, want in (
                    ("restart worker", (1, 2 * no_process)), ("start worker", (1, no_process)),
                    ("stop worker", (1, no_process)), ("status worker", (4, no_process)),
                    ("signal HUP worker", (1, no_process))):
                with self.subTest(line=line, options=options):
                    self.assertEqual((*want, "did you mean worker:*?\n"),
                                     self.call(line, *options))
            # These accept one process.
            for line in ("tail worker", "pid worker", "fg worker", "clear worker",
                         "clear worker:*"):
                with self.subTest(line=line, options=options):
                    status, _, err = self.call(line, *options)
                    self.assertEqual((1, "did you mean worker:worker_00?\n"), (status, err))
        self.assertEqual(["STOPPED"] * 4, [self.d.state("worker:worker_0%d" % n)
                                           for n in range(4)])

    def test_followed(self):
        for line, meant in (("tail -f worker", "worker:*"), ("tail -f workr:*", "worker:*"),
                            ("tail -f worker_01", "worker:worker_01"),
                            ("tail -n 5 worker", "worker:worker_00")):
            status, _, err = self.call(line)
            self.assertEqual((1, "did you mean %s?" % meant), (status, err.splitlines()[-1]))

    def test_other_forms(self):
        for options in self.doors():
            for line, meant in (
                    ("start worker_03", "worker:worker_03"), ("stop cta", "cat"),
                    ("status workr:*", "worker:*"), ("remove worker:*", "worker"),
                    ("add ca", "cat"), ("update wroker", "worker"), ("pid Cat", "cat"),
                    ("remove worker_00", "worker"), ("start cat:worker_00",
                                                     "worker:worker_00")):
                with self.subTest(line=line, options=options):
                    self.assertEqual("did you mean %s?\n" % meant,
                                     self.call(line, *options)[2])

    def test_several(self):
        """One line for each name, however often it occurs; none for a name that is like
        no other."""
        for options in self.doors():
            self.assertEqual("did you mean worker:*?\ndid you mean cat?\n",
                             self.call("restart worker kat worker zzzzzz", *options)[2])
            self.assertEqual("", self.call("stop zzzzzz")[2])
            self.assertEqual("", self.call("status cat")[2])

    def test_commands(self):
        for line, meant in (("stauts", "status"), ("re-start", "restart"), ("rest all", "restart"),
                            ("help stats", "status"), ("STOP cat", "stop")):
            with self.subTest(line):
                self.assertEqual("did you mean %s?\n" % meant, self.call(line)[2])
        self.assertEqual((1, "*** Unknown syntax: frobnicate x\n", "help lists the commands\n"),
                         self.call("frobnicate x"))

    def test_lists(self):
        """--help lists every command, and help has one line for each."""
        for line in ("--help", "help"):
            out = self.d.reevectl(line, options=[]).stdout
            for name in ("add", "check", "maintail", "version"):
                self.assertRegex(out, r"(?m)^  %s +[A-Z].{10,}$" % name)
            self.assertLessEqual(max(len(row) for row in out.splitlines()), 80)


@reeve_only
class Reasons(Shared):
    """Facts that supervisorctl's texts lack."""
    programs = (program("bad", "/bin/sh -c 'exit 3'", autostart="false", startretries=0) +
                program("cat", "/bin/cat", startsecs=0))

    def test_a_start_that_fails(self):
        for verb in ("start", "restart"):
            done = self.d.reevectl(verb, "bad")
            self.assertEqual(7, done.returncode)
            self.assertIn("bad: ERROR (spawn error)\n", done.stdout)
            self.assertEqual("bad: exit status 3; its output: tail bad [stderr]\n",
                             done.stderr)

    def test_two_logs(self):
        done = self.d.reevectl("tail", "-f", "bad", "cat")
        self.assertEqual((1, "Error: bad channel 'cat'\n"), (done.returncode, done.stdout))
        self.assertIn("tail -f 'web*'", done.stderr)

    def test_a_file_with_a_mistake(self):
        with open(self.d.conf, encoding="utf-8") as f:
            before = f.read()
        self.addCleanup(self.write, before)
        self.write(before + "[program:x]\ncommand=/bin/cat\nstartsecs=x\n")
        for line in (["reread"], ["update"], ["update", "--dry-run"]):
            done = self.d.reevectl(*line)
            self.assertEqual((1, "reevectl check %s prints the line of each error\n" %
                              self.d.conf), (done.returncode, done.stderr), line)

    def write(self, text):
        with open(self.d.conf, "w", encoding="utf-8") as f:
            f.write(text)


if __name__ == "__main__":
    unittest.main()
