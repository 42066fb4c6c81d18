"""Failed starts: the main log has what failed, the system's reason and the remedy, and reevectl
shows it."""

import json
import os
import re
import shutil
import subprocess
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only, until

EARLY = "Exited too quickly (process log may have details)"


@reeve_only
class Programs(Case):
    def check(self, text, reason, prepare=None, identity=None, state="FATAL", **options):
        """A program without a log becomes FATAL: the reason is in the main log, in JSON
        and at a terminal; XML-RPC has supervisord's text."""
        d = self.make()
        for name, content in (prepare or {}).items():
            with open(d.path(name), "wb") as f:
                f.write(content)
            os.chmod(d.path(name), 0o755)
        d.configure(program("p", text.replace("{dir}", d.dir), startretries=0,
                            stdout_logfile="NONE", stderr_logfile="NONE", **options))
        if identity:
            d.identity = identity
            for path in (d.dir, d.path("child")):
                os.chown(path, 65534, 65534)
        d.start()
        self.addCleanup(self.finish, d)
        info = d.wait_state("p", state)
        reason = reason.replace("DIR", d.dir)
        self.assertEqual(1, d.messages().count("WARN p was not started: " + reason),
                         d.messages())
        if identity is None:  # else reevectl does not trust the control socket
            row, = json.loads(d.reevectl("status", "--json").stdout)
            self.assertEqual(reason, row["failure"])
        return d, info

    def early(self, *args, **options):
        d, info = self.check(*args, **options)
        self.assertEqual((EARLY, EARLY), (info["spawnerr"], info["description"]))
        return d

    def test_no_interpreter_line(self):
        self.early("{dir}/script", "cannot execute 'DIR/script': Exec format error; it does not "
                   "begin with #!: name the interpreter there or in command=, as in "
                   "command=/bin/sh FILE", {"script": b"echo hello\n"})

    def test_an_empty_file(self):
        self.early("{dir}/script", "cannot execute 'DIR/script': Exec format error; the file is "
                   "empty, or cannot be read", {"script": b""})

    def test_line_ends_of_dos(self):
        self.early("{dir}/script", r"cannot execute 'DIR/script': No such file or directory; "
                   r"its interpreter '/bin/sh\r' does not exist: the lines of the file end "
                   "with CR LF; convert it (dos2unix)",
                   {"script": b"#! /bin/sh\r\necho hello\r\n"})

    def test_a_missing_interpreter(self):
        self.early("{dir}/script -x", "cannot execute 'DIR/script': No such file or directory; "
                   "its interpreter '/no/such/python' does not exist",
                   {"script": b"#!/no/such/python -u\n"})

    def test_a_program_of_another_machine(self):
        self.early("{dir}/alien", "cannot execute 'DIR/alien': Exec format error; the program is "
                   "made for another machine", {"alien": b"\177ELF" + b"\xff" * 200})

    def test_too_long(self):
        d = self.early("/bin/true", "cannot execute '/bin/true': Argument list too long; its "
                       "command line and environment together are longer than the system "
                       "allows: shorten command= or environment=",
                       environment='A="%s"' % ("x" * 140000))
        self.assertIn("gave up: p entered FATAL", d.log())

    def test_a_missing_directory(self):
        self.early("/bin/true", "cannot change to the directory '/no/such/dir': No such file or "
                   "directory", directory="/no/such/dir")

    def test_a_directory_that_the_user_may_not_enter(self):
        self.early("/bin/true", "cannot change to the directory '/root': Permission denied",
                   directory="/root", user="nobody")

    def test_another_user_of_an_ordinary_one(self):
        self.early("/bin/true", "cannot become user 'root': Can't drop privilege as nonroot "
                   "user", user="root", identity={"user": "nobody", "group": "nogroup",
                                                  "extra_groups": []})

    def test_status_on_a_terminal(self):
        d = self.early("{dir}/script", "cannot execute 'DIR/script': Exec format error; it does "
                       "not begin with #!: name the interpreter there or in command=, as in "
                       "command=/bin/sh FILE", {"script": b"echo\n"})
        shown = subprocess.run(
            ["script", "-qec", "%s/reevectl -c %s status" % (BUILD, d.conf), "/dev/null"],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
            timeout=PATIENCE).stdout
        self.assertIn("%s, cannot execute '%s/script'" % (EARLY, d.dir), shown)
        self.assertNotIn("cannot execute", d.reevectl("status").stdout)

    def test_a_shell_that_does_not_find_it_is_none(self):
        """Exit status 127 of the program itself."""
        d = self.daemon(program("p", "/bin/sh -c 'exit 127'", startretries=0))
        d.wait_state("p", "FATAL")
        self.assertNotIn("was not started", d.log())
        row, = json.loads(d.reevectl("status", "--json").stdout)
        self.assertEqual(("", 127), (row["failure"], row["exitstatus"]))

    def test_it_is_forgotten_once_it_starts(self):
        d = self.early("{dir}/script", "cannot execute 'DIR/script': Exec format error; the "
                       "file is empty, or cannot be read", {"script": b""})
        shutil.copy("/bin/cat", d.path("script"))
        self.assertEqual(0, d.reevectl("start", "p").returncode)
        row, = json.loads(d.reevectl("status", "--json").stdout)
        self.assertEqual("", row["failure"])

    def test_the_same_reason_is_logged_once_a_minute(self):
        d = self.make()
        with open(d.path("script"), "w", encoding="ascii") as f:
            f.write("echo\n")
        os.chmod(d.path("script"), 0o755)
        d.configure(program("p", d.path("script"), startsecs=0, autorestart="true",
                            stdout_logfile="NONE", stderr_logfile="NONE"))
        d.start()
        self.addCleanup(self.finish, d)
        d.wait_log("spawned: 'p'", count=3)
        self.assertEqual(1, d.log().count("was not started"))

    def test_many_at_once(self):
        count = 400
        d = self.daemon("".join(program("p%d" % i, "/bin/true", startretries=0,
                                        directory="/no/%d" % i, stdout_logfile="NONE",
                                        stderr_logfile="NONE") for i in range(count)))
        until(lambda: d.log().count("was not started: cannot change") == count)
        for i in range(count):
            self.assertIn("WARN p%d was not started: cannot change to the directory '/no/%d': "
                          "No such file or directory" % (i, i), d.log())


@reeve_only
class Pipes(Case):
    def test_a_log_that_is_a_directory(self):
        d = self.make()
        os.mkdir(d.path("p.log"))
        d.configure(program("p", "/bin/cat", startretries=0, stdout_logfile=d.path("p.log")))
        d.start()
        self.addCleanup(self.finish, d)
        info = d.wait_state("p", "FATAL")
        self.assertEqual("unknown error making dispatchers for 'p': EISDIR", info["spawnerr"])
        self.assertIn("WARN p was not started: cannot open its log %s: Is a directory" %
                      d.path("p.log"), d.messages())


@reeve_only
class Daemon(Case):
    def failed(self, *command, status=1):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        if "unshare" in done.stderr or "setpriv" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(status, done.returncode, done.stderr)
        return done.stderr

    def test_few_descriptors(self):
        """A limit that only root can raise."""
        d = self.make()
        text = self.failed("prlimit", "--nofile=60", "setpriv", "--reuid=65534",
                           "--regid=65534", "--clear-groups", *d.command("-n"))
        self.assertIn("CRIT cannot start: dup3: Too many open files: the limit on open files is "
                      "60, and at least 62 are needed; raise it (ulimit -n, LimitNOFILE=)",
                      text)

    def test_no_dev_null(self):
        d = self.make()
        text = self.failed("unshare", "--mount", "sh", "-c",
                           "mount -t tmpfs none /dev && exec " + " ".join(d.command("-n")))
        self.assertIn('CRIT cannot start: open("/dev/null"): No such file or directory: /dev '
                      "must have the device null", text)

    def test_without_proc(self):
        """reeve-rpcd is found beside the binary."""
        d = self.make()
        plain = d.command
        d.command = lambda *options: ["unshare", "--mount", "sh", "-c",
                                      "mount -t tmpfs none /proc && exec " +
                                      " ".join(plain(*options))]
        d.spawn()
        try:
            until(d.serving, what="the daemon to serve; it printed: " + d.output())
        except AssertionError as e:
            if "unshare" in str(e):
                self.skipTest(str(e))
            raise
        self.addCleanup(self.finish, d)

    def test_reeve_rpcd_is_nowhere(self):
        d = self.make()
        alone = d.path("reeved")
        shutil.copy(d.command()[0], alone)
        if os.path.exists("/usr/local/libexec/reeve/reeve-rpcd"):
            self.skipTest("an installed reeve-rpcd would be found")
        text = self.failed(alone, "-n", "-c", d.conf, status=2)
        self.assertIn("Error: could not find reeve-rpcd: %s/reeve-rpcd: No such file or "
                      "directory; /usr/local/libexec/reeve/reeve-rpcd: No such file or "
                      "directory\n" % d.dir, text)

    def test_auto_logs_that_cannot_be_made(self):
        d = self.make(program("flap", "/bin/cat"), supervisord={"identifier": "a/b"})
        text = self.failed(*d.command("-n"), status=2)
        self.assertIn("Error: cannot create the group flap: No such file or directory (its AUTO "
                      "logs are created in %s and named after identifier=a/b)" % d.path("child"),
                      text)

    def test_a_reeve_rpcd_that_cannot_be_executed(self):
        d = self.make(program("p", "/bin/cat"))
        for name in ("reeved", "reeve-rpcd"):
            shutil.copy(os.path.join(BUILD, name), d.path(name))
        with open(d.path("reeve-rpcd"), "w", encoding="ascii") as f:
            f.write("nothing\n")
        d.command = lambda *options: [d.path("reeved"), "-c", d.conf, *options]
        d.spawn()
        d.wait_log(r"ERRO reeve-rpcd \(\d+\) was not started: cannot execute '%s': Exec format "
                   "error" % re.escape(d.path("reeve-rpcd")))
        self.assertEqual(0, d.stop())


if __name__ == "__main__":
    unittest.main()
