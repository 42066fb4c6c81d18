"""reeved --check and reevectl check: every problem of a configuration, with its line."""

import os
import re
import subprocess
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only

HEAD = "[supervisord]\n"


@reeve_only
class Check(Case):
    def setUp(self):
        self.d = self.make(program("a", "/bin/cat"))

    def check(self, text, tool=None):
        with open(self.d.conf, "w", encoding="utf-8") as f:
            f.write(text)
        command = tool or [os.path.join(BUILD, "reeved"), "--check", self.d.conf]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE,
                               cwd=self.d.dir, check=False)
        self.assertEqual("", ended.stderr)
        return ended.returncode, ended.stdout.replace(self.d.conf, "F")

    def test_nothing(self):
        self.assertEqual((0, "F: no problem found\n"),
                         self.check(HEAD + program("a", "/bin/cat")))

    def test_every_problem(self):
        status, told = self.check(HEAD + """loglevel=foo
nodaemon=maybe
umsk=022
[program:a]
autostart=perhaps
autorestart=priority
[program:d]
command=/bin/cat
priority=x
comand=y
[program:e]
command=/bin/cat
numprocs=3
stopsignal=FOO
[group:g]
programs=a,zz
[eventlistener:l]
command=/bin/cat
buffer_size=0
[eventlistener:m]
command=/bin/cat
events=FOO
stopasgroup=true
killasgroup=false
[fcgi-program:f]
command=/bin/cat
[inet_http_server]
port=abc
username=u
[weird]
x=1
""")
        self.assertEqual(2, status)
        lines = [re.match(r"F:(\d+): (warning: )?(.{14})", t) for t in told.splitlines()]
        self.assertEqual([
            (2, None, "bad logging le"), (3, None, "not a valid bo"),
            (6, None, "not a valid bo"), (7, None, "invalid 'autor"),
            (5, None, "program sectio"), (17, None, "[program:a] na"),
            (10, None, "invalid litera"), (15, None, "value 'FOO' is"),
            (14, None, "%(process_num)"), (20, None, "[eventlistener"),
            (18, None, "[eventlistener"), (23, None, "Unknown event "),
            (24, None, "Cannot set sto"), (26, None, "[fcgi-program:"),
            (28, None, "Section [inet_"), (29, None, "not a valid po"),
            (4, "warning: ", "[supervisord] "), (11, "warning: ", "[program:d] ha"),
            (31, "warning: ", "[weird] is no ")],
            [(int(m[1]), m[2], m[3]) for m in lines])

    def test_first_is_what_a_start_says(self):
        text = HEAD + "[program:a]\ncommand=/bin/cat\nstartsecs=x\nexitcodes=999\n"
        _, told = self.check(text)
        ended = self.d.run("-n")
        self.assertEqual("Error: " + told.splitlines()[0].partition("F:4: ")[2],
                         ended.stderr.splitlines()[0].replace(self.d.conf, "F"))
        self.assertEqual(2, len(told.splitlines()))

    def test_included_file(self):
        other = self.d.path("other.ini")
        with open(other, "w", encoding="utf-8") as f:
            f.write("\n[program:b]\ncommand=/bin/cat\n\numask=9\n")
        status, told = self.check(HEAD + "[include]\nfiles=other.ini\n")
        self.assertEqual(2, status)
        self.assertTrue(told.startswith("%s:5: 9 can not be converted" % other), told)

    def test_warnings_alone(self):
        status, told = self.check(HEAD + "[program:a]\ncommand=/bin/cat\n"
                                  "stdout_logfile_maxbytes=0\n")
        self.assertEqual(0, status)
        self.assertRegex(told, r"^F: warning: For \[program:a\], AUTO logging used")

    def test_hopeless(self):
        for text, want in (
                ("", "F: .ini file does not include supervisord section\n"),
                ("x\n", "F: File contains no section headers.\n"),
                (HEAD + "word\n", "F: Source contains parsing err"),
                (HEAD + "[program:a b]\ncommand=/bin/cat\n", "F:2: Invalid name: 'a b'"),
                ("\udcff", "F: line 1 is not valid UTF-8\n")):
            with open(self.d.conf, "wb") as f:
                f.write(text.encode(errors="surrogateescape"))
            ended = subprocess.run([os.path.join(BUILD, "reeved"), "--check", self.d.conf],
                                   capture_output=True, text=True, timeout=PATIENCE,
                                   check=False)
            told = ended.stdout.replace(self.d.conf, "F")
            self.assertEqual((2, want), (ended.returncode, told[:len(want)]))

    def test_no_file(self):
        """The error names it, and no place comes before."""
        for file, want in ((self.d.path("nope"), "could not find config file F\n"),
                           (self.d.dir, "could not read config file F\n")):
            for program in (["reeved", "--check"], ["reevectl", "check"]):
                ended = subprocess.run([os.path.join(BUILD, program[0]), program[1], file],
                                       capture_output=True, text=True, timeout=PATIENCE,
                                       check=False)
                self.assertEqual((2, want, ""), (ended.returncode, ended.stdout.replace(
                    file, "F"), ended.stderr))

    def test_many_problems(self):
        """No more than a hundred are told, and it ends."""
        status, told = self.check(HEAD + "".join(
            "[program:p%d]\ncommand=/bin/cat\nstartsecs=x\n" % i for i in range(150)))
        self.assertEqual((2, 101), (status, len(told.splitlines())))

    def test_by_the_tool(self):
        tool = os.path.join(BUILD, "reevectl")
        text = HEAD + "[program:a]\ncommand=/bin/cat\nstartsecs=x\n"
        for command in ([tool, "-c", self.d.conf, "check"], [tool, "check", self.d.conf],
                        [tool, "check", "supervisord.conf"], [tool, "check"]):
            status, told = self.check(text, command)
            self.assertEqual((2, 1), (status, told.count("\n")), command)
            self.assertRegex(told, r":4: invalid literal")
        self.assertEqual((0, "F: no problem found\n"),
                         self.check(HEAD, [tool, "-c", self.d.conf, "check"]))
        status, told = self.check("[program:a]\n", [tool, "-c", self.d.conf, "check"])
        self.assertEqual(2, status)
        self.assertIn("does not include supervisord section", told)


if __name__ == "__main__":
    unittest.main()
