"""Errors in the configuration or on the command line: the message, and nothing is created."""

import os
import shutil
import subprocess
import unittest

from reeve import PATIENCE, ROOT, Case, program, read, reeve_only

DATA = os.path.join("tests", "data", "config", "invalid")
VALID = os.path.join("tests", "data", "config", "valid")

SUFFIX = " in section 'program:a' (file: 'CONF')"
CAT = program("a", "/bin/cat")


def option(**options):
    return program("a", "/bin/cat", **options)


# Lines added to a valid configuration, and the text after "Error: ".
PROGRAMS = [
    ("[program:a]\n", "program section program:a does not specify a command" + SUFFIX),
    (option(autostart="maybe"), "not a valid boolean value: 'maybe'" + SUFFIX),
    (option(startsecs="abc"), "invalid literal for int() with base 10: 'abc'" + SUFFIX),
    (option(stdout_logfile_maxbytes="1XB"),
     "invalid literal for int() with base 10: '1xb'" + SUFFIX),
    (option(autorestart="foo"), "invalid 'autorestart' value 'foo'" + SUFFIX),
    (option(stopsignal="FOO"), "value 'FOO' is not a valid signal name" + SUFFIX),
    (option(stopsignal="999"), "value '999' is not a valid signal number" + SUFFIX),
    (option(exitcodes="256"), "not a valid list of exit codes: '256'" + SUFFIX),
    (option(umask="9"), "9 can not be converted to an octal type" + SUFFIX),
    (option(numprocs="2"),
     "%(process_num) must be present within process_name when numprocs > 1" + SUFFIX),
    (option(stopasgroup="true", killasgroup="false"),
     "Cannot set stopasgroup=true and killasgroup=false" + SUFFIX),
    (option(user="no-such-user"), "Invalid user name no-such-user" + SUFFIX),
    (option(user="4294967"), "Invalid user id 4294967" + SUFFIX),
    (program("a b", "/bin/cat"), "Invalid name: 'a b' because of character: ' '"),
    (option(stdout_logfile="/nonexistent/a.log"),
     "The directory named as part of the path /nonexistent/a.log does not exist" + SUFFIX),
    (option(environment="A=1,B"), "Unexpected end of key/value pairs in value 'A=1,B'" +
     SUFFIX),
    (CAT + "[group:g]\nprograms=nope\n",
     "[group:g] names unknown program or fcgi-program nope"),
    ("[inet_http_server:two]\nport=x\n", "not a valid port number: 'x' "),
    ("[inet_http_server:two]\nport=99999\n", "not a valid port number: '99999' "),
    ("[inet_http_server:two]\n", "section [inet_http_server:two] has no port value"),
    ("[unix_http_server:two]\n", "section [unix_http_server:two] has no file value"),
    ("[unix_http_server:two]\nfile=/tmp/x.sock\nchmod=9\n", "Invalid chmod value 9"),
    ("[inet_http_server:two]\nport=1\nusername=u\n",
     "Section [inet_http_server:two] contains incomplete authentication: If a username or a "
     "password is specified, both the username and password must be specified"),
    ("[rpcinterface:x]\n", "section [rpcinterface:x] does not specify a "
     "supervisor.rpcinterface_factory"),
    ("junk line\n", None),
]

SUPERVISORD = [
    ({"loglevel": "foo"}, "bad logging level name 'foo'"),
    ({"nodaemon": "x"}, "not a valid boolean value: 'x'"),
    ({"childlogdir": "/nonexistent"}, "/nonexistent is not an existing directory"),
    ({"logfile": "/nonexistent/x.log"},
     "The directory named as part of the path /nonexistent/x.log does not exist"),
    ({"user": "no-such-user"}, "Invalid user name no-such-user"),
    ({"umask": "x"}, "x can not be converted to an octal type"),
    ({"minfds": "x"}, "invalid literal for int() with base 10: 'x'"),
]

COMMAND_LINES = [
    (["-Z"], "option -Z not recognized"),
    (["--nope"], "option --nope not recognized"),
    (["-e"], "option -e requires argument"),
    (["foo"], "positional arguments are not supported: ['foo']"),
    (["-l", "a.log", "-l", "b.log"], "conflicting command line option '-l'"),
]


class Errors(Case):
    def check(self, d, wanted, *options):
        before = sorted(os.listdir(d.dir))
        ended = d.run("-n", *options)
        self.assertEqual(2, ended.returncode, ended.stderr)
        if wanted is None:
            self.assertTrue(ended.stderr.startswith("Error: "), ended.stderr)
        else:
            self.assertEqual("Error: %s\nFor help, use %s -h\n" %
                             (wanted.replace("CONF", d.conf), d.command()[0]), ended.stderr)
        self.assertEqual("", ended.stdout)
        self.assertEqual(before, sorted(os.listdir(d.dir)))
        self.assertEqual([], os.listdir(d.path("child")))
        self.assertEqual([], d.remaining())

    def test_sections(self):
        for text, wanted in PROGRAMS:
            with self.subTest(wanted):
                d = self.make(text)
                self.check(d, wanted)
                d.destroy()

    def test_supervisord(self):
        for options, wanted in SUPERVISORD:
            with self.subTest(wanted):
                d = self.make(supervisord=options)
                self.check(d, wanted)
                d.destroy()

    def test_command_line(self):
        for options, wanted in COMMAND_LINES:
            with self.subTest(wanted):
                self.check(self.make(), wanted, *options)

    def test_parse_error(self):
        d = self.make(raw="[supervisord]\nlogfile=x\njunkline\n")
        self.check(d, "Source contains parsing errors: 'CONF'\n\t[line  3]: 'junkline\\n'")

    def test_no_header(self):
        d = self.make(raw="foo=bar\n")
        self.check(d, "File contains no section headers.\nfile: 'CONF', line: 1\n'foo=bar\\n'")

    def test_no_section(self):
        d = self.make(raw="[program:a]\ncommand=/bin/cat\n")
        self.check(d, ".ini file does not include supervisord section")

    def test_no_file(self):
        d = self.make()
        os.unlink(d.conf)
        self.check(d, "could not find config file CONF")

    def test_expansion(self):
        d = self.make(option(directory="%(nope)s"))
        ended = d.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Error: Format string '%(nope)s' for 'program:a.directory' contains names "
                      "('nope') which cannot be expanded. Available names: ENV_", ended.stderr)
        d = self.make(option(directory="%"))
        self.assertIn("Error: Format string '%' for 'program:a.directory' is badly formatted: ",
                      d.run("-n").stderr)

    def test_without_nodaemon_it_is_told_in_the_foreground(self):
        d = self.make(option(startsecs="abc"))
        ended = d.run()
        self.assertEqual(2, ended.returncode)
        self.assertIn("Error: invalid literal", ended.stderr)

    @reeve_only
    def test_host_without_address(self):
        """supervisord prints the number of the resolver."""
        d = self.make(tcp={"port": "no.such.host.invalid:9001"})
        ended = d.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertIn("Error: Cannot open an HTTP server: socket.error reported "
                      "errno.EADDRNOTAVAIL (99)\n", ended.stderr)

    @reeve_only
    def test_front_end_is_missing(self):
        """The error is found before anything is created or started."""
        d = self.make(CAT)
        program_alone = d.path("reeved")
        shutil.copy(d.command()[0], program_alone)
        d.command = lambda *options: [program_alone, "-c", d.conf, *options]
        if os.path.exists("/usr/local/libexec/reeve/reeve-rpcd"):
            self.skipTest("an installed reeve-rpcd would be found")
        ended = d.run("-n")
        self.assertEqual(2, ended.returncode)
        self.assertTrue(ended.stderr.startswith("Error: "), ended.stderr)
        self.assertIn("reeve-rpcd", ended.stderr)
        self.assertFalse(os.path.exists(d.pidfile))


class Cases(Case):
    """Every case of tests/data/config/invalid on the binary: `args` or -c input.conf, and
    in `want` what standard error begins with. Those texts are supervisord's, but for what
    reeve-differences(7) lists."""

    @reeve_only
    def test_all(self):
        d = self.make()
        cases = d.path(DATA)
        shutil.copytree(os.path.join(ROOT, DATA), cases)
        count = 0
        for name in sorted(os.listdir(cases)):
            wanted = read(os.path.join(cases, name, "want")).decode()
            count += 1
            with self.subTest(name):
                self.assertTrue(wanted.startswith("Error: "))
                self.check(d, name, wanted.replace("@CWD@", os.path.realpath(d.dir)))
        self.assertGreater(count, 150)

    def check(self, d, name, wanted):
        program_name = d.command()[0]
        args = read(os.path.join(d.dir, DATA, name, "args"), b"").decode().splitlines()
        args = args or ["-c", os.path.join(DATA, name, "input.conf")]
        # One of the cases is about -n given twice.
        if not any(arg.startswith(("-n", "--no")) for arg in args):
            args.insert(0, "-n")
        ended = subprocess.run([program_name, *args], cwd=d.dir, stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=PATIENCE, check=False,
                               env={"FOO": "bar", "HOME": "/nonexistent/home",
                                    "TMPDIR": "/tmp"})
        self.assertEqual((2, b"", wanted + "For help, use %s -h\n" % program_name),
                         (ended.returncode, ended.stdout,
                          ended.stderr.decode(errors="backslashreplace")))

    def test_headers_that_are_none(self):
        """A header without "]" is not a section, and not an error."""
        for name in ("header-cut-by-comment", "header-unclosed"):
            with self.subTest(name):
                path = os.path.join(ROOT, VALID, name, "input.conf")
                d = self.make(raw=read(path).decode(), unix=False, tcp=False)
                d.spawn("-l", d.path("main.log"), "-j", d.pidfile)
                d.wait_log("supervisord started with pid %d" % d.pid)
                self.assertNotIn("spawn", d.log())
                self.assertEqual(0, d.stop())


class Warnings(Case):
    def test_they_do_not_stop_it(self):
        d = self.daemon("[include]\nfiles=/nonexistent/*.conf\n" +
                        program("a", "/bin/cat", startsecs=0, redirect_stderr="true",
                                stderr_logfile="{dir}/a.err", unknown_option="x") +
                        "[unknown]\nx=y\n")
        messages = d.messages()
        self.assertIn('WARN No file matches via include "/nonexistent/*.conf"', messages)
        self.assertIn("WARN For [program:a], redirect_stderr=true but stderr_logfile has also "
                      "been set to a filename, the filename has been ignored", messages)

    @reeve_only
    def test_plugins(self):
        """One warning for each, which names the alternative; everything else works."""
        d = self.daemon(CAT + "[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory="
                        "supervisor_twiddler.rpcinterface:make_twiddler_rpcinterface\n"
                        "[ctlplugin:x]\nsupervisor.ctl_factory=a:b\n"
                        "[ctlplugin:y]\nsupervisor.ctl_factory=c:d\n")
        d.wait_state("a", "RUNNING")
        for section, way in (("rpcinterface:twiddler", "reeve-rpcinterface(7)"),
                             ("ctlplugin:x", "supervisorctl"),
                             ("ctlplugin:y", "supervisorctl")):
            warned = [m for m in d.messages() if m.startswith("WARN [%s] " % section)]
            self.assertEqual(1, len(warned), d.messages())
            self.assertIn(way, warned[0])

    def test_include(self):
        d = self.make("[include]\nfiles=conf.d/*.conf\n")
        os.mkdir(d.path("conf.d"))
        with open(d.path("conf.d", "a.conf"), "w", encoding="ascii") as f:
            f.write(program("here", "/bin/cat", startsecs=0,
                            stdout_logfile="%(here)s/here.log"))
        d.start()
        self.addCleanup(self.finish, d)
        self.assertEqual(d.path("conf.d", "here.log"),
                         d.wait_state("here", "RUNNING")["logfile"])
        self.assertIn('INFO Included extra file "%s" during parsing' %
                      d.path("conf.d", "a.conf"), d.messages())


if __name__ == "__main__":
    unittest.main()
