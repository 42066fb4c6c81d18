"""reeved --check and reevectl check: every problem of a configuration, with its line."""

import os
import re
import subprocess
import unittest

from reeve import BUILD, PATIENCE, Case, program, read, reeve_only

HEAD = "[supervisord]\n"
SHA512 = ("$6$abcdefgh$D7W7qyozKBT.t6FD3DVYHvADbIO0eSyI4.p20LaEUjro8PqTGYYo/EQcuNjhFb"
          "zo9Yg5ir1KIEqFY/yJpgFph0")
YESCRYPT = "$y$j9T$abcdefgh$9WNEpu8Mx2S4KNGvbVWKM6clOSoY6.YEl7AYF4DGV04"
RPC = ("[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory="
       "supervisor.rpcinterface:make_main_rpcinterface\n")


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

    def test_warnings_alone(self):
        status, text = self.check(HEAD + program("a", "/no/such/file") +
                                  program("b", "/bin/cat", numprocs=0))
        self.assertEqual((0, "F: no error found, 2 warnings"),
                         (status, text.splitlines()[-1]))

    def test_control_groups(self):
        """An option that needs what the machine lacks is an error, and only for --check."""
        mounts = [line.split()[4] for line in read("/proc/self/mountinfo").decode().splitlines()
                  if " - cgroup2 " in line]
        has = read(os.path.join(mounts[0], "cgroup.controllers")).split() if mounts else []
        text = HEAD + program("a", "/bin/cat", killmode="cgroup", numprocs=2, memory_max="1GB",
                              process_name="a%(process_num)d", cpu_weight=1)
        status, found = self.check(text)
        wanted = []
        if not mounts:
            wanted = ["no control groups of version 2 .* killmode=cgroup"]
        wanted += [".* for %s " % option for option, controller in (
            ("memory_max", b"memory"), ("cpu_weight", b"cpu")) if controller not in has]
        self.assertEqual(2 if wanted else 0, status, found)
        for one, line in zip(wanted, found.splitlines()):
            self.assertRegex(line, r"^(F:\d+: )?%s" % one)
        self.assertEqual(len(wanted) or 1, len(found.splitlines()), found)

    def test_the_group_of_a_missing_member(self):
        """A start names the member before it, as supervisord does."""
        self.assertEqual((2, "F:5: [group:g] names unknown program or fcgi-program b\n"),
                         self.check(HEAD + "[program:a]\ncommand=/bin/cat\n[group:g]\n"
                                    "programs=a,b\n"))

    def test_every_problem(self):
        status, text = self.check(HEAD + """loglevel=foo
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
        lines = [re.match(r"F:(\d+): (warning: )?(.{14})", t) for t in text.splitlines()]
        self.assertEqual([
            (2, None, "bad logging le"), (3, None, "not a valid bo"),
            (6, None, "not a valid bo"), (7, None, "invalid 'autor"),
            (5, None, "program sectio"), (17, None, "[group:g] name"),
            (10, None, "invalid litera"), (15, None, "value 'FOO' is"),
            (14, None, "%(process_num)"), (20, None, "[eventlistener"),
            (18, None, "[eventlistener"), (23, None, "Unknown event "),
            (24, None, "Cannot set sto"), (26, None, "[fcgi-program:"),
            (28, None, "Section [inet_"), (29, None, "not a valid po"),
            (4, "warning: ", "[supervisord] "), (11, "warning: ", "[program:d] ha"),
            (31, "warning: ", "[weird] is not"), (28, "warning: ", "[inet_http_ser")],
            [(int(m[1]), m[2], m[3]) for m in lines])

    def test_first_is_what_a_start_says(self):
        text = HEAD + "[program:a]\ncommand=/bin/cat\nstartsecs=x\nexitcodes=999\n"
        _, seen = self.check(text)
        ended = self.d.run("-n")
        self.assertEqual("Error: " + seen.splitlines()[0].partition("F:4: ")[2],
                         ended.stderr.splitlines()[0].replace(self.d.conf, "F"))
        self.assertEqual(2, len(seen.splitlines()))

    def test_included_file_not_utf8(self):
        """The check and a start name the file and the option."""
        with open(os.path.join(os.fsencode(self.d.dir), b"x\xff.ini"), "wb") as f:
            f.write(b"[program:b]\n")
        why = r"F:3: the name of the included file .*/x\\xff.ini. is not valid UTF-8"
        status, text = self.check(HEAD + "[include]\nfiles=*.ini\n")
        self.assertEqual(2, status)
        self.assertRegex(text, "^" + why)
        ended = self.d.run("-n").stderr.replace(self.d.conf, "F")
        self.assertEqual("Error: " + text.splitlines()[0], ended.splitlines()[0])

    def test_included_file(self):
        other = self.d.path("other.ini")
        with open(other, "w", encoding="utf-8") as f:
            f.write("\n[program:b]\ncommand=/bin/cat\n\numask=9\n")
        status, text = self.check(HEAD + "[include]\nfiles=other.ini\n")
        self.assertEqual(2, status)
        self.assertTrue(text.startswith("%s:5: 9 can not be converted" % other), text)

    def test_warnings_alone(self):
        status, text = self.check(HEAD + "[program:a]\ncommand=/bin/cat\n"
                                  "stdout_logfile_maxbytes=0\n")
        self.assertEqual(0, status)
        self.assertRegex(text, r"^F:4: warning: For \[program:a\], AUTO logging used")

    def line(self, number):
        with open(self.d.conf, encoding="utf-8") as f:
            return f.read().splitlines()[number - 1]

    def findings(self, text):
        """(line, text) of each warning; there must be no error."""
        status, seen = self.check(text)
        self.assertEqual(0, status, seen)
        return [(int(m[1]), m[2]) for m in re.findall(
            r"^(F:(\d+): warning: (.*))$", seen, re.M)]

    def scripts(self):
        """Programs in sub/, and one outside."""
        os.mkdir(self.d.path("sub"))
        for name, text in (("sub/run", "#!/bin/sh\n"), ("here", "#!/bin/sh\n"),
                           ("sub/crlf", "#!/bin/sh\r\n"), ("sub/text", "echo x\n"),
                           ("sub/interpreter", "#!/nonexistent/sh\n")):
            with open(self.d.path(name), "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(self.d.path(name), 0o755)

    def test_settings_that_cannot_work(self):
        """Each warning, once for all processes of a section."""
        directory = self.d.dir
        self.scripts()
        for text, wanted in (
                ("[program:a]\ncommand=/bin/cat\nnumprocs=0\n",
                 [(4, r"\[program:a\] numprocs=0 makes no process")]),
                ("[program:a]\ncommand=/bin/cat\n[program:b]\ncommand=/bin/cat\n"
                 "[program:a]\ncommand=/bin/true\n",
                 [(6, r"\[program:a\] is defined twice, first at F:2; the options"),
                  (7, r"\[program:a\] sets command twice, first at F:3; that value is")]),
                ("[program:a]\ncommand=cd /srv && x\nnumprocs=3\n"
                 "process_name=%(process_num)d\n",
                 [(3, r"\[program:a\] command begins with cd,")]),
                ("[program:a]\ncommand=/bin/cat $HOME\n",
                 [(3, r"\[program:a\] command has \$HOME, which is not expanded")]),
                ("[program:b]\ncommand=/bin/cat\n[program:a]\ncommand=/bin/cat 'x\n",
                 [(5, r"\[program:a\] can't parse command: No closing quotation")]),
                ("[program:a]\ncommand=/nonexistent/x %(process_num)d\nnumprocs=3\n"
                 "process_name=%(process_num)d\n",
                 [(3, r"\[program:a\] can't find command '/nonexistent/x'")]),
                ("[program:a]\ncommand=nosuch-program\n",
                 [(3, r"\[program:a\] can't find command 'nosuch-program'")]),
                ("[program:a]\ncommand=x\nenvironment=PATH=%s\n" % directory,
                 [(3, r"\[program:a\] can't find command 'x'")]),
                ("[program:a]\ncommand=%s\n" % directory,
                 [(3, r"\[program:a\] command at '.*' is a directory")]),
                ("[program:a]\ncommand=%s\n" % self.d.conf,
                 [(3, r"\[program:a\] command at '.*' is not executable")]),
                ("[program:a]\ncommand=/bin/cat\ndirectory=/nonexistent\n",
                 [(4, r"\[program:a\] directory /nonexistent: No such file")]),
                ("[program:a]\ncommand=/bin/cat\ndirectory=/bin/cat\n",
                 [(4, r"\[program:a\] directory /bin/cat: Not a directory")]),
                ("[program:a]\ncommand=/bin/cat\nstdout_logfile=%(here)s/x\n"
                 "stderr_logfile=%(here)s/x\n",
                 [(5, r"\[program:a\] stderr_logfile is also the stdout_logfile of "
                   r"\[program:a\]")]),
                ("[program:a]\ncommand=/bin/cat\nstdout_logfile=%(here)s/x\n"
                 "redirect_stderr=true\n[program:b]\ncommand=/bin/cat\n"
                 "stdout_logfile=%(here)s/x\n",
                 [(8, r"\[program:b\] stdout_logfile is also the stdout_logfile of "
                   r"\[program:a\]")]),
                ("[program:a]\ncommand=/bin/cat\nstdout_logfile=%(here)s/x\nnumprocs=3\n"
                 "process_name=%(process_num)d\n",
                 [(4, r"\[program:a\] stdout_logfile is one file for several processes")]),
                ("[program:a]\ncommand=/bin/cat\nstdout_logfile=/dev/stdout\nnumprocs=3\n"
                 "process_name=%(process_num)d\n",
                 [(4, r"\[program:a\] log file /dev/stdout cannot be rotated")]),
                ("[program:a]\ncommand=/bin/cat\nenvironment=A=1,\\\n B=2\n",
                 [(4, r"\[program:a\] environment sets a variable called '\\nB'")]),
                ("[program:a]\ncommand=/bin/cat\nenvironment=A=1,PW=$hidden\n",
                 [(4, r"\[program:a\] environment sets PW to a part of its value.*"
                   r"use PW=\"\.\.\.\"$")]),
                ("[program:a]\ncommand=/bin/cat\nenvironment=DIR=\"/x:${DIR}\"\n",
                 [(4, r"\[program:a\] environment has \$DIR, .*use %\(ENV_DIR\)s$")]),
                ("identifier=a/b\n",
                 [(2, r"\[supervisord\] identifier=a/b has a slash")]),
                ("[eventlistener:a]\ncommand=/bin/cat\nevents=EVENT\n"
                 "stdout_events_enabled=true\nstdout_capture_maxbytes=1\n",
                 [(5, r"\[eventlistener:a\] stdout_events_enabled has no effect"),
                  (6, r"\[eventlistener:a\] stdout_capture_maxbytes has no effect")]),
                ("[unix_http_server]\nfile=%(here)s/x\n".replace("%(here)s", directory),
                 [(2, r"\[unix_http_server\] answers no call without a section "
                   r"\[rpcinterface:supervisor\]")]),
                (RPC + "[unix_http_server]\nfile=/nonexistent/x\n",
                 [(5, r"\[unix_http_server\] directory /nonexistent of the socket: No such")]),
                ("[fcgi-program:f]\ncommand=/bin/cat\nsocket=unix:///nonexistent/x\n",
                 [(4, r"\[fcgi-program:f\] directory /nonexistent of the socket: No such")]),
                (RPC + "[inet_http_server]\nport=127.0.0.1:1\n",
                 [(5, r"\[inet_http_server\] has no password: every user of this")]),
                (RPC + "[inet_http_server]\nport=:1\n",
                 [(5, r"\[inet_http_server\] has no password: other machines can read")]),
                (RPC + "[inet_http_server]\nport=1\nunauthenticated_role=admin\n",
                 [(5, r"\[inet_http_server\] has no password: every client has the role "
                   "admin")]),
                ("[program:a]\ncommand=/bin/cat\nauto_start=1\n[DEFAULT]\nx=1\n",
                 [(4, r"\[program:a\] has no option auto_start")]),
                ("[program:a]\ncommand='/bin/cat' x\n[program:b]\n"
                 "command='/nonexistent/a b'\n[program:c]\ncommand='/nonexistent/c d'\n",
                 [(5, r"\[program:b\] can't find command '/nonexistent/a b'"),
                  (7, r"\[program:c\] can't find command '/nonexistent/c d'")]),
                ("[program:a]\ncommand=/nonexistent/%(process_num)d\nnumprocs=3\n"
                 "directory=/nonexistent/%(process_num)d\nprocess_name=%(process_num)d\n",
                 [(3, r"\[program:a\] can't find command '/nonexistent/0'"),
                  (5, r"\[program:a\] directory /nonexistent/0: No such file")]),
                ("[program:a]\ncommand=./run\ndirectory=sub\n",
                 [(3, r"\[program:a\] command ./run is relative: .* only the latter")]),
                ("[program:a]\ncommand=./here\ndirectory=sub\n",
                 [(3, r"\[program:a\] command ./here is relative: .* only the former")]),
                ("[program:a]\ncommand=sub/crlf\n",
                 [(3, r"\[program:a\] cannot execute 'sub/crlf': .*dos2unix")]),
                ("[program:a]\ncommand=sub/interpreter\n",
                 [(3, r"\[program:a\] cannot execute .*'/nonexistent/sh' does not exist")]),
                ("[program:a]\ncommand=sub/text\n",
                 [(3, r"\[program:a\] cannot execute 'sub/text': Exec format error")]),
                ("[program:a]\ncommand=/bin/cat\nstdout_logfile=%(here)s/x\n"
                 "stderr_logfile=%(here)s/sub/../x\n",
                 [(5, r"\[program:a\] stderr_logfile is also the stdout_logfile of")]),
                ("logfile=%(here)s/l\nlogfile_maxbytes=0\naudit_log=%(here)s/l\n"
                 "audit_log_maxbytes=0\n",
                 [(4, r"\[supervisord\] audit_log is also the logfile of \[supervisord\], "
                      "so that not every line of it is a record")]),
                ("audit_log=%(here)s/x\n[program:a]\ncommand=/bin/cat\n"
                 "stdout_logfile=%(here)s/sub/../x\n",
                 [(2, r"\[supervisord\] audit_log is also the stdout_logfile of "
                      r"\[program:a\]")]),
                ("[program:a]\ncommand=/bin/cat\nstdout_logfile=%(here)s/sub\n",
                 [(4, r"\[program:a\] stdout_logfile .*/sub is a directory")]),
                (RPC + "[inet_http_server]\nport=1\nusername=\npassword=\n",
                 [(5, r"\[inet_http_server\] has no password: other machines can read")]),
                ("[group:g]\nprograms=a,b\n[program:a]\ncommand=/bin/cat\n"
                 "process_name=x\n[program:b]\ncommand=/bin/cat\nprocess_name=x\n",
                 [(2, r"group g has more than one process named x")]),
        ):
            found = self.findings(HEAD + text)
            self.assertEqual([line for line, _ in wanted], [line for line, _ in found],
                             (text, found))
            for (_, pattern), (_, seen) in zip(wanted, found):
                self.assertRegex(seen, "^" + pattern)

    def test_users(self):
        """What users and peer_users= can have that is valid and does not work."""
        peer = "[user:u]\nrole=view\n"
        user = peer + "password=" + SHA512 + "\n"
        server = RPC + "[unix_http_server]\nfile=%s/s\n" % self.d.dir
        for text, wanted in (
                (server + user, []),
                (user, [(2, r"\[user:u\] can log in nowhere: there is no HTTP server, ")]),
                ("peer_users=daemon=u\n" + user, []),
                ("peer_users=daemon=u\n" + server + peer, []),
                (server + peer, [(6, r"\[user:u\] can log in nowhere: it has no password, "
                                  "and peer_users does not name it; set password to ")]),
                ("peer_users=daemon=u\n" + RPC + "[inet_http_server]\nport=1\n" + peer,
                 [(6, r"\[inet_http_server\] accepts nobody: it has no password, and no ")]),
                ("peer_users=daemon=u\n" + RPC + "[inet_http_server]\nport=1\n"
                 "unauthenticated_role=none\n" + peer, []),
                ("peer_users=daemon=u, @daemon=u, 1=u\n" + user,
                 [(2, "peer_users names 1 twice; the first entry counts")]),
                ("peer_users=root=u,daemon=u\n" + user,
                 [(2, "peer_users names root, who has all rights anyway")]),
                (server + "username=u\npassword=x\n" + user,
                 [(8, r"\[user:u\] is also the username of \[unix_http_server\], ")]),
                (server + user + "programs=a, b:*, all, *\n[program:a]\ncommand=/bin/cat\n",
                 [(9, r"\[user:u\] programs has b:\*, but there is no such program")]),
                (server + user + "programs=a b\n",
                 [(9, r"\[user:u\] programs has a b, but there is no such program or "
                      "group; separate names by commas")]),
                (RPC + "[inet_http_server]\nport=127.0.0.1:1\nmax_role=view\n"
                 "unauthenticated_role=admin\n",
                 [(5, r"\[inet_http_server\] has no password: every client has the role view")]),
                (RPC + "[inet_http_server]\nport=127.0.0.1:1\nmax_role=view\n",
                 [(5, r"\[inet_http_server\] has no password: every user of this machine "
                      "has the role view")]),
                (RPC + "[inet_http_server]\nport=127.0.0.1:1\nmax_role=states\n", []),
                (server + user + "programs=\n",
                 [(9, r"\[user:u\] programs is empty: the user sees no program")]),
                (server + user + "methods=supervisor.start*, supervisor.foo, trac.*\n"
                 "deny_methods=system.multicall, x\n[rpcinterface:trac]\n"
                 "command=/bin/cat\n",
                 [(9, r"\[user:u\] methods has supervisor\.foo, but there is no such"),
                  (10, r"\[user:u\] deny_methods has x, but there is no such method")]),
                (server + user + "programs=a\nmethods=supervisor.readLog, supervisor.read*, "
                 "supervisor.startProcess\n[program:a]\ncommand=/bin/cat\n",
                 [(10, r"\[user:u\] methods has supervisor\.readLog, which has no effect: "
                       "it needs programs=all")]),
                (server + user + "programs=all\nmethods=supervisor.readLog\n", []),
                (server + user + "program=a\n",
                 [(9, r"\[user:u\] has no option program")]),
                (RPC + "[inet_http_server]\nport=1\n" + user, []),
        ):
            found = self.findings(HEAD + text)
            self.assertEqual([line for line, _ in wanted], [line for line, _ in found],
                             (text, found))
            for (_, pattern), (_, seen) in zip(wanted, found):
                self.assertRegex(seen, "^" + pattern)

    def test_too_many_users(self):
        text = HEAD + "".join("[user:u%d]\nrole=view\npassword=x\n" % n for n in range(1001))
        status, seen = self.check(text)
        self.assertEqual(2, status)
        self.assertEqual("F:3002: there are more than 1000 users; [user:u1000] is one more",
                         seen.splitlines()[0])

    def test_password_that_others_can_read(self):
        head = (HEAD + RPC + "[unix_http_server]\nfile=%s/s\n[user:u]\nrole=view\n"
                % self.d.dir)
        secret = self.d.path("secret")
        with open(secret, "w", encoding="utf-8") as f:
            f.write("swordfish\n")
        with_file = head + "password_file=%(here)s/secret\n"
        for text, mode, secret_mode, wanted in (
                (head + "password=swordfish\n", 0o644, 0, "everybody on this machine can "
                 "read the password; replace it by the hash that reevectl passwd prints"),
                (head + "password=swordfish\n", 0o640, 0, None),
                (head + "password=%(ENV_PATH)s\n", 0o644, 0, None),
                (head + "password=%s\n" % SHA512, 0o644, 0, None),
                (with_file, 0o644, 0o600, None),
                (with_file, 0o644, 0o640, "its group can read %s; run chmod 600" % secret),
                (with_file, 0o644, 0o644, "everybody can read %s; run chmod 600" % secret),
        ):
            os.chmod(self.d.conf, mode)
            os.chmod(secret, secret_mode or 0o600)
            found = self.findings(text)
            self.assertEqual([(8, "[user:u] " + wanted)] if wanted else [], found)
            self.assertNotIn("swordfish", str(found))

    def test_cost_of_a_hash(self):
        """A hash that takes long, one that takes too long, and one of another machine."""
        digest = SHA512.rpartition("$")[2]
        text = HEAD + RPC + "[unix_http_server]\nfile=%s/s\n" % self.d.dir
        for name, password in (
                ("fast", SHA512), ("slow", "$6$rounds=1000000$abcdefgh$" + digest),
                ("never", "$6$rounds=999999999$abcdefgh$" + digest),
                ("unknown", "$2b$99$abcdefghijklmnopqrstuuPp7HPfoAs8I2dCQCQ/fW7zEJv8I8C8e"),
                ("empty", "$y$$$" + YESCRYPT.rpartition("$")[2])):
            text += "[user:%s]\nrole=view\npassword=%s\n" % (name, password)
        found = self.findings(text)
        self.assertEqual(["empty", "never", "slow", "unknown"],
                         [re.match(r"\[user:(\w+)\]", t)[1] for _, t in found], found)
        self.assertEqual([20, 14, 11, 17], [line for line, _ in found])
        self.assertRegex(found[2][1], r"takes \d+ ms, and others wait for it; reevectl "
                         "passwd makes hashes that take less than 100 ms$")
        for index in (0, 1, 3):
            self.assertIn("cannot be verified on this machine", found[index][1])

    def test_every_problem_of_users(self):
        """They are found in one check, and no text has a part of a password."""
        status, text = self.check(HEAD + """peer_users=daemon=nobody-here
[user:a]
password=swordfish
[user:b]
password=
role=view
[user:c]
password=$9$swordfish$
role=chief
[user:d]
role=view
password_file=%(here)s/no-such-file
[user:e]
password=sword%fish
role=view
[user:f]
password=swordfish
password_file=/nonexistent/swordfish
role=view
[user:g,h]
password=swordfish
role=view
[inet_http_server]
port=1
max_role=boss
""")
        self.assertEqual(2, status)
        problems = [re.match(r"F:(\d+): (?!warning)(.*)", t) for t in text.splitlines()]
        self.assertEqual([2, 3, 6, 9, 10, 13, 15, 19, 21, 26],
                         sorted(int(m[1]) for m in problems if m), text)
        self.assertNotIn("swordfish", text)
        self.assertNotIn("sword%fish", text)
        self.assertNotIn("has no password", text)

    def test_nothing_to_warn_of(self):
        self.scripts()
        for text in (
                "[program:a]\ncommand=%(here)s/sub/run\ndirectory=/tmp\n",
                "[program:a]\ncommand=sub/run\ndirectory=%(here)s\n",
                "[program:a]\ncommand=/bin/sh -c \"cd /tmp && exec $SHELL > x\"\n",
                "[program:a]\ncommand=/bin/cat\nstdout_logfile=/dev/stdout\n"
                "stdout_logfile_maxbytes=0\nstderr_logfile=/dev/stderr\n"
                "stderr_logfile_maxbytes=0\nenvironment=a.b=1,C_2=\"x\",D=1;E=\"$C_2$E2\"\n",
                "[program:a]\ncommand=/bin/cat\nstdout_logfile=%(here)s/x\n"
                "stderr_logfile=%(here)s/x\nstdout_logfile_maxbytes=0\n"
                "stderr_logfile_maxbytes=0\n",
                "[program:a]\ncommand=/bin/cat\nstdout_logfile=/dev/null\n"
                "stderr_logfile=/dev/null\n",
                RPC + "[inet_http_server]\nport=1\nusername=u\npassword=p\n",
                RPC + "[unix_http_server]\nfile=/x.sock\n",
                RPC + "[inet_http_server]\nport=1\nunauthenticated_role=none\n",
        ):
            self.assertEqual([], self.findings(HEAD + text), text)

    def test_a_variable_that_is_not_set(self):
        """The error has the line of the option, and no list of the variables that are
        set."""
        for option in "command", "environment", "stdout_logfile", "process_name", "user":
            status, text = self.check(HEAD + "[program:a]\nstartsecs=1\n%s\n"
                                      "%s=A=%%(ENV_NOSUCH)s\n" % (
                                          "priority=1" if option == "command" else
                                          "command=/bin/cat", option))
            self.assertEqual(2, status)
            self.assertRegex(text, r"^F:5: Format string .*\('ENV_NOSUCH'\) which cannot be "
                             "expanded: the environment has no such variable in section")
            self.assertNotIn("Available", text)
            self.assertEqual(1, text.count("\n"))

    def test_the_line_of_the_option_alone(self):
        """The line of the option, even if the value, or the list of names that can be
        expanded, contains the name of another option."""
        for option in ("environment=A=%(ENV_NOSUCH)s", "environment=A=1 startsecs=2",
                       "stdout_logfile=/tmp/ priority %(ENV_NOSUCH)s"):
            status, text = self.check(HEAD + program(
                "a", "/bin/cat", numprocs=2, priority=1, startsecs=1,
                process_name="%(process_num)d") + option + "\n")
            self.assertEqual(2, status)
            self.assertEqual(1, text.count("\n"), text)
            line = text.partition(":")[2].partition(":")[0]
            self.assertEqual(option, self.line(int(line)), text)

    def test_the_log_has_them(self):
        """A start warns about everything, a reread only about what is new."""
        programs = program("a", "/bin/cat", umsk="022")
        d = self.daemon(programs)
        pattern = r"WARN %s:\d+: \[program:%%s\] has no option umsk" % re.escape(d.conf)
        d.wait_log(pattern % "a")
        d.configure(programs + program("b", "/bin/cat", umsk="022"))
        self.rpc(d).supervisor.reloadConfig()
        d.wait_log(pattern % "b")
        self.rpc(d).supervisor.reloadConfig()
        self.assertEqual(2, len(re.findall("has no option umsk", d.log())))

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
            seen = ended.stdout.replace(self.d.conf, "F")
            self.assertEqual((2, want), (ended.returncode, seen[:len(want)]))

    def test_no_file(self):
        """The error names the file, without a line."""
        for file, want in ((self.d.path("nope"), "could not find config file F\n"),
                           (self.d.dir, "could not read config file F\n")):
            for program in (["reeved", "--check"], ["reevectl", "check"]):
                ended = subprocess.run([os.path.join(BUILD, program[0]), program[1], file],
                                       capture_output=True, text=True, timeout=PATIENCE,
                                       check=False)
                self.assertEqual((2, want, ""), (ended.returncode, ended.stdout.replace(
                    file, "F"), ended.stderr))

    def test_many_problems(self):
        """At most a hundred are printed, and the check ends."""
        status, text = self.check(HEAD + "".join(
            "[program:p%d]\ncommand=/bin/cat\nstartsecs=x\n" % i for i in range(150)))
        self.assertEqual((2, 101), (status, len(text.splitlines())))

    def test_by_the_tool(self):
        tool = os.path.join(BUILD, "reevectl")
        text = HEAD + "[program:a]\ncommand=/bin/cat\nstartsecs=x\n"
        for command in ([tool, "-c", self.d.conf, "check"], [tool, "check", self.d.conf],
                        [tool, "check", "supervisord.conf"], [tool, "check"]):
            status, seen = self.check(text, command)
            self.assertEqual((2, 1), (status, seen.count("\n")), command)
            self.assertRegex(seen, r":4: invalid literal")
        self.assertEqual((0, "F: no problem found\n"),
                         self.check(HEAD, [tool, "-c", self.d.conf, "check"]))
        status, seen = self.check("[program:a]\n", [tool, "-c", self.d.conf, "check"])
        self.assertEqual(2, status)
        self.assertIn("does not include supervisord section", seen)


if __name__ == "__main__":
    unittest.main()
