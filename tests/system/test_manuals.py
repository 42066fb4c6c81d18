"""Compares the manuals with what they describe: the code's tables, programs' options and
commands, and the tests that comments of the manuals name."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from reeve import BUILD, ROOT, reeve_only


def manual(name):
    with open(os.path.join(ROOT, "man", name), encoding="utf-8") as f:
        return f.read()


def output(program, *args):
    return subprocess.run([os.path.join(BUILD, program), *args], capture_output=True,
                          text=True, timeout=60, check=True).stdout


def put_tables(*args):
    """Puts the code's tables into the manuals: the output and the exit status."""
    ended = subprocess.run([os.path.join(ROOT, "man/tables/put"), *args], text=True,
                           capture_output=True, timeout=60, check=False)
    return ended.stdout + ended.stderr, ended.returncode


def tests():
    """Every test that a comment of a manual may name: directory/test_file[.test] in C,
    test_file[.Class[.test]] in Python."""
    found = set()
    unit = os.path.join(ROOT, "tests/unit")
    for path in glob.glob(unit + "/**/test_*.c", recursive=True):
        parts = os.path.relpath(path, unit)[:-2].split("/")
        directory, file = parts[0], parts[-1]
        with open(path, encoding="utf-8") as f:
            names = re.findall(r"^(test_\w+)\(", f.read(), re.M)
        found |= {"%s/%s%s" % (directory, file, n) for n in [""] + ["." + n for n in names]}
    for path in glob.glob(os.path.join(ROOT, "tests/system/test_*.py")):
        module = os.path.basename(path)[:-3]
        found.add(module)
        with open(path, encoding="utf-8") as f:
            for kind, name in re.findall(r"^(?:    )?(class|def) (\w+)\(", f.read(), re.M):
                if kind == "class":
                    suite = module + "." + name
                    found.add(suite)
                elif name.startswith("test_"):
                    found.add(suite + "." + name)
    return found


def words_of_the_sources():
    with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
        found = set(re.findall(r"\w+", f.read()))
    for top in ("common", "proto", "master", "rpcd", "ctl"):
        for path in glob.glob(os.path.join(ROOT, top, "**/*.[ch]"), recursive=True):
            with open(path, encoding="utf-8") as f:
                found |= set(re.findall(r"\w+", f.read()))
    return found


@reeve_only
class Manuals(unittest.TestCase):
    def test_named_tests_exist(self):
        pages = "".join(map(manual, glob.glob(os.path.join(ROOT, "man/*.[1-8]"))))
        named = [name for line in re.findall(r'^\.\\" test: (.+)$', pages, re.M)
                 for name in line.split(", ")]
        self.assertGreater(len(named), 50)
        self.assertEqual([], sorted(set(named) - tests()))

    def test_tables_are_those_of_the_code(self):
        self.assertEqual(("", 0), put_tables("--check"))

    def test_stale_tables_are_found(self):
        changes = [("reeve.conf.5", "default 1024", "default 1025"),
                   ("reeve-rpcd.8", ".It Ic supervisor.clearLog\n", ""),
                   ("reeve-protocol.7", "from:i", "from:s"),
                   ("reeve-events.7", "    TICK_60\n", ""),
                   ("reeve-api.7", ".It Va paused\n", ".It Va held\n"),
                   ("reevectl.1", ".Li USR1 ,\n", "")]
        with tempfile.TemporaryDirectory() as scratch:
            for page in glob.glob(os.path.join(ROOT, "man/*.[1-8]")):
                shutil.copy(page, scratch)
            self.assertEqual(("", 0), put_tables("--check", scratch))
            for name, old, new in changes:
                path = os.path.join(scratch, name)
                with open(path, "w", encoding="utf-8") as f:
                    self.assertIn(old, manual(name))
                    f.write(manual(name).replace(old, new, 1))
                printed, status = put_tables("--check", scratch)
                self.assertEqual((name + " is stale: make man-tables\n", 1), (printed, status))
                self.assertEqual(("", 0), put_tables(scratch))
                with open(path, encoding="utf-8") as f:
                    self.assertEqual(manual(name), f.read())

    def test_additions_to_no_row_are_found(self):
        with tempfile.TemporaryDirectory() as scratch:
            for page in glob.glob(os.path.join(ROOT, "man/*.[1-8]")):
                shutil.copy(page, scratch)
            path = os.path.join(scratch, "reeve.conf.5")
            with open(path, "w", encoding="utf-8") as f:
                f.write(manual("reeve.conf.5").replace(".It Cm minfds", ".It Cm maxfds"))
            printed, status = put_tables("--check", scratch)
        self.assertEqual(1, status)
        self.assertIn("the manual adds text to maxfds, which is not a row of", printed)

    def test_missing_tables_are_found(self):
        with tempfile.TemporaryDirectory() as scratch:
            printed, status = put_tables("--check", scratch)
        self.assertEqual(1, status)
        self.assertIn('not exactly once in the manuals: .\\" begin of the table: faults',
                      printed)

    def test_internals_name_what_exists(self):
        text = manual("reeve-internals.7")
        paths = {p for p in re.findall(r"(?:^\.|\s)Pa (\S+)", text, re.M)
                 if not p.startswith(("/", "build/"))}
        tops = [os.path.join(ROOT, top) for top in ("common", "proto", "master", "rpcd", "ctl")]
        folders = {os.path.relpath(path, ROOT) + "/" for top in tops
                   for path in glob.glob(top + "/") + glob.glob(top + "/*/") +
                   [os.path.dirname(p) for p in glob.glob(top + "/*/*/*.c")]
                   if os.listdir(path)}
        self.assertIn("master/main.c", paths)
        self.assertEqual([], sorted(p for p in paths if not os.path.exists(
            os.path.join(ROOT, p)) or p.endswith("/") != os.path.isdir(os.path.join(ROOT, p))))
        self.assertEqual(set(), folders - paths)
        named = set(re.findall(r"(?:^\.|\s)(?:Fn|Fa|Dv|Vt struct|Vt enum) (\w+)", text, re.M))
        self.assertIn("child_reaped", named)
        self.assertEqual(set(), named - words_of_the_sources())

    def test_readme(self):
        """It lists every manual, and has the command of continuous integration."""
        with open(os.path.join(ROOT, "README"), encoding="utf-8") as f:
            text = f.read()
        listed = {"%s.%s" % page for page in
                  re.findall(r"^    ([\w.-]+)\((\d)\)  ", text, re.M)}
        pages = map(os.path.basename, glob.glob(os.path.join(ROOT, "man/*.[1-8]")))
        self.assertEqual(set(), set(pages) - listed)
        with open(os.path.join(ROOT, ".ci/run"), encoding="utf-8") as f:
            self.assertIn(re.search(r"^exec (.+)$", f.read(), re.M)[1], text)

    def test_options_of_the_daemon(self):
        offered = set(re.findall(r"--([\w-]+)", output("reeved", "-h")))
        described = manual("reeved.8") + manual("reeve.conf.5")
        described = {name.replace("\\&", "") for name in
                     re.findall(r"(?:Fl |, )-([\w-]+)", described)}
        self.assertGreater(len(offered), 15)
        self.assertEqual(set(), offered - described)

    def test_options_of_the_tool(self):
        offered = re.findall(r"^-(\w)/--(\w+)( [A-Z]+)?", output("reevectl", "-h"), re.M)
        described = re.findall(r"^\.It Fl (\w)( Ar \w+)? , Fl Fl (\w+)( Ar \w+)?$",
                               manual("reevectl.1"), re.M)
        self.assertIn(("c", "configuration", " FILE"), offered)
        self.assertEqual([(letter, bool(value), name, bool(value))
                          for letter, name, value in offered],
                         [(letter, bool(short), name, bool(value))
                          for letter, short, name, value in described])

    def test_commands_of_the_tool(self):
        lists = output("reevectl", "help").split("commands (type help <topic>):\n")
        offered = {w for text in lists[1:] for w in re.findall(r"^[a-z].*", text, re.M)
                   for w in w.split()} - {"reeve"}
        described = set(re.findall(r"^\.It Cm (\w+)", manual("reevectl.1"), re.M))
        self.assertIn("status", offered)
        self.assertEqual(set(), offered - described)
        self.assertEqual({"help"}, described - offered)

    def test_options_of_commands(self):
        """The help and the manual have the same options and fixed words of each command."""
        def words(text):
            return set(re.findall(r"(?<![\w-])-{0,2}[a-z][\w-]*", text))

        synopses = re.findall(r"^\.It Cm (\w+)(.*)$", manual("reevectl.1"), re.M)
        self.assertIn("status", dict(synopses))
        for name, text in synopses:
            usage = re.findall(r"^%s(.*?)\t" % name, output("reevectl", "help", name), re.M)
            described = re.sub(r"Fl ", "-", re.sub(r"(Fl )?Ar \w+", "", text))
            self.assertEqual((name, words(re.sub(r"<\w+>", "", " ".join(usage)))),
                             (name, words(described)))


if __name__ == "__main__":
    unittest.main()
