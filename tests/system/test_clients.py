"""Clients that nobody here wrote: every method, its values and its faults, through the
XML-RPC libraries of other languages.

Each program of tests/clients reads calls as JSON, makes them and prints each outcome as a
line of JSON. What they are to be is in calls.json: <dir> stands for the daemon's directory,
<int>, <string> and <struct> for any value of that type, <number> within a text for its
digits. A client whose library is not installed is skipped and says what to install.
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys

from reeve import PATIENCE, ROOT, SUBJECT, Case, cat, program, until

CLIENTS = os.path.join(ROOT, "tests", "clients")
PASSWORD = {"username": "user", "password": "pass"}

with open(os.path.join(CLIENTS, "calls.json"), encoding="utf-8") as calls:
    PHASES = json.load(calls)

QUIET = ("first line\n  Grüße <&> \"quoted\" 'so' ]]> €\n", "errors\n")
COLOURS = b"\x1b[31mred\x1b[0m\r\n\x88 \xff\x00 end\n"
WILD = {"<int>": int, "<string>": str, "<struct>": dict}
NO_LOGS = {"stdout_logfile": "NONE", "stderr_logfile": "NONE"}


def logged(name, **options):
    return cat(name, **{"stderr_logfile": "NONE", "stdout_logfile": "{dir}/%s.log" % name,
                        **options})


KEPT = (logged("cat", stderr_logfile="{dir}/cat.err") +
        logged("quiet", autostart="false", stderr_logfile="{dir}/quiet.err") +
        logged("colours", autostart="false") +
        logged("silent", autostart="false", stdout_logfile="NONE") +
        logged("one", autostart="false") + logged("two", autostart="false") +
        "[group:pair]\nprograms=one,two\n" +
        program("missing", "{dir}/missing", autostart="false", **NO_LOGS) +
        program("dies", "{child} exit 3", autostart="false", startretries=0, **NO_LOGS))
BEFORE = KEPT + logged("old")
AFTER = KEPT + logged("new")


def put(value, directory):
    """The value with <dir> for the name of the directory."""
    return json.loads(json.dumps(value).replace("<dir>", directory))


def in_order(value):
    """Sorts the results of several processes, which are in the order of their end."""
    if all(isinstance(v, dict) and "status" in v for v in value):
        return sorted(value, key=lambda v: (v["group"], v["name"]))
    return value


def differences(expected, got, where):
    """The differences from the expected outcome; an empty list if there are none."""
    if isinstance(expected, str) and expected in WILD:
        fine = type(got) is WILD[expected]
    elif isinstance(expected, float):
        # Some clients print a double without a fraction as they print an int.
        fine = type(got) in (int, float) and expected == got
    elif type(expected) is not type(got):
        fine = False
    elif isinstance(expected, dict) and expected.keys() == got.keys():
        return [d for k in expected for d in differences(expected[k], got[k], where + "." + k)]
    elif isinstance(expected, list) and len(expected) == len(got):
        return [d for i, pair in enumerate(zip(in_order(expected), in_order(got)))
                for d in differences(*pair, "%s[%d]" % (where, i))]
    elif isinstance(expected, str):
        pattern = re.escape(expected).replace("<number>", "[0-9]+")
        fine = re.fullmatch(pattern, got) is not None
    else:
        fine = expected == got
    return [] if fine else ["%s: expected %r, got %r" % (where, expected, got)]


def tcl_word(text):
    return '"%s"' % re.sub(r'([\\"$\[\]{}])', r"\\\1", text).replace("\n", "\\n")


def tcl(value):
    """The value in Tcl's notation, with its type before it."""
    if isinstance(value, dict):
        return "{struct {%s}}" % " ".join(tcl_word(k) + " " + tcl(v) for k, v in value.items())
    if isinstance(value, list):
        return "{array {%s}}" % " ".join(map(tcl, value))
    if isinstance(value, str):
        return "{string %s}" % tcl_word(value)
    return "{boolean %d}" % value if isinstance(value, bool) else "{int %d}" % value


def tcl_calls(made):
    return "\n".join("{%s %s}" % (m, " ".join(map(tcl, args))) for m, *args in made)


class EveryMethod:
    """The test; a class of it names its client.

    command     what runs it; {name} is the path of a file in tests/clients
    build       what makes it, if need be, in the directory where the command runs
    probe       a command that fails where the client's library is not installed
    package     what Debian calls that
    url         where it connects to
    encode      how it reads its calls
    """

    build = None
    probe = None
    url = "http://user:pass@127.0.0.1:%d/RPC2"
    tcp = PASSWORD
    encode = staticmethod(functools.partial(json.dumps, ensure_ascii=False))

    def test_every_method(self):
        self.need()
        d = self.make(BEFORE, tcp=self.tcp)
        for name, text in (("quiet.log", QUIET[0].encode()), ("quiet.err", QUIET[1].encode()),
                           ("colours.log", COLOURS)):
            with open(d.path(name), "wb") as f:
                f.write(text)
        if self.build:
            subprocess.run(self.paths(self.build), cwd=d.dir, timeout=PATIENCE, check=True)
        d.start()
        self.addCleanup(self.finish, d)
        d.configure(AFTER)
        self.phase(d, "work")
        until(lambda: d.file("cat.log") == "héllo <&>\n".encode(), what="what was sent")
        self.phase(d, "restart")
        d.wait_log("supervisord started")  # again: the log was emptied
        until(d.serving)
        self.phase(d, "shutdown")
        self.assertEqual(0, d.wait_exit())

    def need(self):
        found = shutil.which((self.build or self.command)[0]) is not None
        if found and self.probe:
            found = subprocess.run(self.probe, stdin=subprocess.DEVNULL, check=False,
                                   capture_output=True, timeout=PATIENCE).returncode == 0
        if not found:
            self.skipTest("%s is not installed" % self.package)

    def phase(self, d, name):
        """Makes the calls of that part of the table and compares the outcomes."""
        table = [put(c, d.dir) for c in PHASES[name]
                 if SUBJECT == "reeve" or not c.get("reeve_only")]
        outcomes = self.outcomes(d, [c["call"] for c in table])
        wrong = [w for c, outcome in zip(table, outcomes)
                 for w in differences({k: c[k] for k in ("value", "fault") if k in c}, outcome,
                                      "%s%s" % (c["call"][0], tuple(c["call"][1:])))]
        if wrong:
            self.fail("\n".join(wrong[:20]))

    def outcomes(self, d, made):
        url = self.url % (d.port if self.url.startswith("http") else d.socket)
        done = subprocess.run([*self.paths(self.command), url], input=self.encode(made),
                              cwd=d.dir, capture_output=True, encoding="utf-8",
                              timeout=4 * PATIENCE, check=False)
        text = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((0, "", len(made)), (done.returncode, done.stderr, len(text)),
                         "after " + str(made[:len(text) + 1][-1:]))
        return text

    @staticmethod
    def paths(command):
        return [os.path.join(CLIENTS, c[1:-1]) if c.startswith("{") else c for c in command]

class Python(EveryMethod, Case):
    command = [sys.executable, "{python_xmlrpc.py}"]

    def test_the_table_has_every_method(self):
        named = {c["call"][0] for phase in PHASES.values() for c in phase}
        d = self.daemon()
        self.assertEqual(set(), set(self.rpc(d).system.listMethods()) - named)


class PythonSupervisor(EveryMethod, Case):
    """The transport of supervisor over its Unix socket."""

    command = ["/usr/bin/python3", "{python_supervisor.py}"]
    probe = ["/usr/bin/python3", "-c", "import supervisor.xmlrpc"]
    package = "supervisor"
    url = "unix://%s"


class Http10(EveryMethod, Case):
    command = [sys.executable, "{http10.py}"]
    url = "unix://%s"


class Curl(EveryMethod, Case):
    command = [sys.executable, "{curl.py}"]
    probe = ["curl", "--version"]
    package = "curl"
    url = "unix://%s"


class Ruby(EveryMethod, Case):
    command = ["ruby", "{ruby.rb}"]
    probe = ["ruby", "-rxmlrpc/client", "-e", ""]
    package = "ruby-xmlrpc"


class Perl(EveryMethod, Case):
    command = ["perl", "{perl.pl}"]
    probe = ["perl", "-MRPC::XML::Client", "-MJSON::PP", "-e", "1"]
    package = "librpc-xml-perl"


class Php(EveryMethod, Case):
    command = ["php", "{php.php}"]
    probe = ["php", "-r", "exit(function_exists('xmlrpc_encode_request') ? 0 : 1);"]
    package = "php-xmlrpc"


class XmlrpcC(EveryMethod, Case):
    command = ["./client"]
    build = ["cc", "-Wall", "-Wextra", "-Werror", "-o", "client", "{xmlrpc_c.c}",
             "-lxmlrpc_client", "-lxmlrpc", "-lxmlrpc_util"]
    probe = ["cc", "-E", "-include", "xmlrpc-c/client.h", "-x", "c", "/dev/null"]
    package = "libxmlrpc-core-c3-dev"


class Tcl(EveryMethod, Case):
    """Its library does not support passwords."""

    command = ["tclsh", "{tcl.tcl}"]
    probe = ["sh", "-c", "echo 'exit [catch {package require xmlrpc}]' | tclsh"]
    package = "tcl-xmlrpc"
    url = "http://127.0.0.1:%d/RPC2"
    tcp = {}
    encode = staticmethod(tcl_calls)
