"""reevectl's advice: what was probably meant, on standard error, where supervisorctl's texts
and exit codes stay."""

import unittest

from reeve import Shared, program, reeve_only


@reeve_only
class Names(Shared):
    programs = (program("worker", "/bin/cat", numprocs=4, startsecs=0, autostart="false",
                        process_name="%(program_name)s_%(process_num)02d") +
                program("cat", "/bin/cat", startsecs=0))

    def doors(self):
        return (), ("-s", "unix://" + self.d.socket)

    def told(self, line, *options):
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
                                     self.told(line, *options))
            # These take one process.
            for line in ("tail worker", "pid worker", "fg worker", "clear worker",
                         "clear worker:*"):
                with self.subTest(line=line, options=options):
                    status, _, err = self.told(line, *options)
                    self.assertEqual((1, "did you mean worker:worker_00?\n"), (status, err))
        self.assertEqual(["STOPPED"] * 4, [self.d.state("worker:worker_0%d" % n)
                                           for n in range(4)])

    def test_followed(self):
        for line, meant in (("tail -f worker", "worker:*"), ("tail -f workr:*", "worker:*"),
                            ("tail -f worker_01", "worker:worker_01"),
                            ("tail -n 5 worker", "worker:worker_00")):
            status, _, err = self.told(line)
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
                                     self.told(line, *options)[2])

    def test_several(self):
        """One line for each, however often it was met; nothing for what is like nothing."""
        for options in self.doors():
            self.assertEqual("did you mean worker:*?\ndid you mean cat?\n",
                             self.told("restart worker kat worker zzzzzz", *options)[2])
            self.assertEqual("", self.told("stop zzzzzz")[2])
            self.assertEqual("", self.told("status cat")[2])

    def test_commands(self):
        for line, meant in (("stauts", "status"), ("re-start", "restart"), ("rest all", "restart"),
                            ("help stats", "status"), ("STOP cat", "stop")):
            with self.subTest(line):
                self.assertEqual("did you mean %s?\n" % meant, self.told(line)[2])
        self.assertEqual((1, "*** Unknown syntax: frobnicate x\n", "help lists the commands\n"),
                         self.told("frobnicate x"))

    def test_lists(self):
        """--help has every command, and help one line for each."""
        for line in ("--help", "help"):
            out = self.d.reevectl(line, options=[]).stdout
            for name in ("add", "check", "maintail", "version"):
                self.assertRegex(out, r"(?m)^  %s +[A-Z].{10,}$" % name)
            self.assertLessEqual(max(len(row) for row in out.splitlines()), 80)


if __name__ == "__main__":
    unittest.main()
