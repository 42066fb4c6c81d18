"""reloadConfig, addProcessGroup, removeProcessGroup, getAllConfigInfo, sendRemoteCommEvent."""

import http.client
import os
import unittest
import xmlrpc.client

from reeve import Case, program, reeve_only, until

MEMBERS = """autostart directory uid command exitcodes group group_prio inuse killasgroup name
    process_prio redirect_stderr startretries startsecs stdout_capture_maxbytes
    stdout_events_enabled stdout_logfile stdout_logfile_backups stdout_logfile_maxbytes
    stdout_syslog stopsignal stopwaitsecs stderr_capture_maxbytes stderr_events_enabled
    stderr_logfile stderr_logfile_backups stderr_logfile_maxbytes stderr_syslog
    serverurl""".split()


def sleeper(name, **options):
    return program(name, "/bin/sleep 1000", **{"startsecs": 0, "stdout_logfile": "NONE",
                                               "stderr_logfile": "NONE", **options})


class Live(Case):
    """Daemons whose configuration is changed while they run."""

    def begin(self, programs, **supervisord):
        self.d = self.daemon(programs, supervisord=supervisord)
        self.s = self.rpc(self.d).supervisor

    def rewrite(self, programs, **supervisord):
        self.d.configure(programs, supervisord=supervisord)

    def names(self):
        return ["%s:%s" % (i["group"], i["name"]) for i in self.s.getAllProcessInfo()]


class Reread(Live):
    def test_nothing_differs(self):
        self.begin(sleeper("a") + sleeper("b"))
        self.assertEqual([[[], [], []]], self.s.reloadConfig())

    def test_added_changed_and_removed(self):
        self.begin(sleeper("same") + sleeper("gone") + sleeper("other") + sleeper("more"))
        pids = {i["name"]: i["pid"] for i in self.s.getAllProcessInfo()}
        self.rewrite(sleeper("zz", priority=1) + sleeper("aa") + sleeper("same") +
                     sleeper("other", stopwaitsecs=3) +
                     sleeper("more", numprocs=2, process_name="more%(process_num)d"))
        want = [[["zz", "aa"], ["more", "other"], ["gone"]]]
        self.assertEqual(want, self.s.reloadConfig())
        self.assertEqual(want, self.s.reloadConfig())
        self.assertEqual(pids, {i["name"]: i["pid"] for i in self.s.getAllProcessInfo()})

    def test_each_option_makes_a_difference(self):
        changes = [{"command": "/bin/sleep 1001"}, {"priority": 5}, {"autostart": "false"},
                   {"autorestart": "true"}, {"startsecs": 2}, {"startretries": 9},
                   {"exitcodes": "0,2"}, {"stopsignal": "INT"}, {"stopwaitsecs": 11},
                   {"stopasgroup": "true"}, {"killasgroup": "true"}, {"user": "nobody"},
                   {"redirect_stderr": "true"}, {"environment": 'A="1"'},
                   {"directory": "/tmp"}, {"umask": "077"}, {"serverurl": "http://x:1"},
                   {"stdout_logfile": "/dev/null"}, {"stdout_logfile_maxbytes": "1MB"},
                   {"stderr_logfile_backups": 3}, {"stdout_events_enabled": "true"},
                   {"stderr_capture_maxbytes": "1KB"}, {"numprocs": 0}]
        if os.geteuid() != 0:
            changes = [c for c in changes if "user" not in c]
        self.begin(sleeper("a"))
        for change in changes:
            options = {"startsecs": 0, "stdout_logfile": "NONE", "stderr_logfile": "NONE",
                       "command": "/bin/sleep 1000", **change}
            with self.subTest(change):
                self.rewrite(program("a", options.pop("command"), **options))
                self.assertEqual([[[], ["a"], []]], self.s.reloadConfig())

    def test_auto_in_the_file_is_equal_to_anything(self):
        self.begin(sleeper("a", stdout_logfile="{dir}/a.log"))
        self.rewrite(sleeper("a", stdout_logfile="AUTO"))
        self.assertEqual([[[], [], []]], self.s.reloadConfig())

    def test_auto_that_is_live_is_a_file_like_others(self):
        self.begin(sleeper("a", stdout_logfile="AUTO"))
        self.assertEqual([[[], [], []]], self.s.reloadConfig())
        self.rewrite(sleeper("a", stdout_logfile="{dir}/a.log"))
        self.assertEqual([[[], ["a"], []]], self.s.reloadConfig())

    def test_group_priority_and_members(self):
        programs = sleeper("a") + sleeper("b")
        self.begin(programs + "[group:g]\nprograms=a,b\npriority=3\n")
        self.rewrite(programs + "[group:g]\nprograms=a,b\npriority=4\n")
        self.assertEqual([[[], ["g"], []]], self.s.reloadConfig())
        self.rewrite(programs + "[group:g]\nprograms=a\npriority=3\n")
        self.assertEqual([[["b"], ["g"], []]], self.s.reloadConfig())

    def test_broken_configuration_leaves_everything(self):
        self.begin(sleeper("a"))
        before = self.s.getAllProcessInfo()[0]["pid"]
        self.rewrite(sleeper("a", startsecs="soon") + sleeper("b"))
        self.assertFault(92, "CANT_REREAD: invalid literal for int() with base 10: 'soon' in "
                         "section 'program:a' (file: '%s')" % self.d.conf,
                         self.s.reloadConfig)
        self.assertFault(10, "BAD_NAME: b", self.s.addProcessGroup, "b")
        self.assertEqual(before, self.s.getAllProcessInfo()[0]["pid"])
        os.unlink(self.d.conf)
        self.assertFault(92, "CANT_REREAD: could not find config file %s" % self.d.conf,
                         self.s.reloadConfig)

    def test_errors_name_the_file_as_the_command_line_did(self):
        d = self.make(sleeper("a"))
        self.name_relatively(d)
        d.start()
        self.addCleanup(self.finish, d)
        self.check_relative_name(d)

    @reeve_only
    def test_a_relative_name_is_found_by_a_daemon_elsewhere(self):
        """supervisord does not find it any more."""
        d = self.make(sleeper("a"), supervisord={"directory": "/"})
        self.name_relatively(d)
        d.start_daemon()
        self.addCleanup(self.finish, d)
        self.check_relative_name(d)

    @staticmethod
    def name_relatively(d):
        executable = d.command()[0]
        d.command = lambda *options: [executable, "-c", os.path.basename(d.conf), *options]

    def check_relative_name(self, d):
        s = self.rpc(d).supervisor
        self.assertEqual([[[], [], []]], s.reloadConfig())
        d.configure(program("a", "/bin/cat", startsecs="x"))
        self.assertFault(92, "CANT_REREAD: invalid literal for int() with base 10: 'x' in "
                         "section 'program:a' (file: 'supervisord.conf')", s.reloadConfig)
        d.configure(raw="junk\n")
        self.assertFault(92, "CANT_REREAD: File contains no section headers.\n"
                         "file: 'supervisord.conf', line: 1\n'junk\\n'", s.reloadConfig)
        os.unlink(d.conf)
        self.assertFault(92, "CANT_REREAD: could not find config file supervisord.conf",
                         s.reloadConfig)

    @reeve_only
    def test_what_a_start_would_refuse(self):
        """supervisord finds the error at the restart, and ends."""
        self.begin(sleeper("a"))
        self.rewrite(sleeper("a"), user="no-such-user")
        self.assertFault(92, "CANT_REREAD: Invalid user name no-such-user",
                         self.s.reloadConfig)
        self.rewrite(sleeper("a") + "[rpcinterface:supervisor]\nmore=1\n")
        self.assertFault(92, "CANT_REREAD: Could not make supervisor rpc interface",
                         self.s.reloadConfig)

    def test_identifier_is_replaced_at_once(self):
        self.begin(sleeper("a"), identifier="before")
        self.rewrite(sleeper("a"), identifier="after")
        self.s.reloadConfig()
        self.assertEqual("after", self.s.getIdentification())

    def test_loglevel_counts_for_what_starts_later(self):
        """Whether its output is copied to the main log, whose level does not change."""
        cat = program("a", "/bin/cat", startsecs=0, stdout_logfile="{dir}/a.log")
        self.begin(cat, loglevel="debug")
        self.rewrite(cat, loglevel="info")
        self.assertEqual([[[], [], []]], self.s.reloadConfig())
        self.d.wait_state("a", "RUNNING")
        self.s.sendProcessStdin("a", "before\n")
        self.d.wait_log("^before$")
        self.s.stopProcess("a")
        self.s.startProcess("a")
        self.s.sendProcessStdin("a", "after\n")
        until(lambda: self.d.file("a.log") == b"before\nafter\n", what="the log")
        self.s.stopProcess("a")
        self.assertNotIn("after\n", self.d.log())

    def test_auto_logs_of_later_groups_have_the_new_place(self):
        self.begin(sleeper("a"))
        os.mkdir(self.d.path("other"))
        self.rewrite(sleeper("a") + sleeper("b", stdout_logfile="AUTO"),
                     childlogdir=self.d.path("other"), identifier="later")
        self.s.reloadConfig()
        self.s.addProcessGroup("b")
        log = self.s.getProcessInfo("b")["stdout_logfile"]
        self.assertTrue(log.startswith(self.d.path("other", "b-stdout---later-")), log)

    @reeve_only
    def test_warnings_are_logged(self):
        self.begin(sleeper("a"))
        self.rewrite(sleeper("a") + "[include]\nfiles=none/*.conf\n")
        self.s.reloadConfig()
        self.assertIn("No file matches via include", self.d.log())


class Groups(Live):
    def test_update_as_supervisorctl_does_it(self):
        self.begin(sleeper("stays") + sleeper("goes") + sleeper("changes"))
        stays = self.s.getProcessInfo("stays")["pid"]
        self.rewrite(sleeper("stays") + sleeper("comes") + sleeper("changes", priority=7))
        (added, changed, removed), = self.s.reloadConfig()
        for name in removed + changed:
            self.s.stopProcessGroup(name)
            self.assertIs(True, self.s.removeProcessGroup(name))
        for name in changed + added:
            self.assertIs(True, self.s.addProcessGroup(name))
        self.d.wait_state("comes", "RUNNING")
        self.d.wait_state("changes", "RUNNING")
        self.assertEqual(["changes:changes", "comes:comes", "stays:stays"], self.names())
        self.assertEqual(stays, self.s.getProcessInfo("stays")["pid"])
        self.assertEqual([[[], [], []]], self.s.reloadConfig())

    def test_faults(self):
        self.begin(sleeper("a") + sleeper("b", autostart="false"))
        self.assertFault(90, "ALREADY_ADDED: a", self.s.addProcessGroup, "a")
        self.assertFault(10, "BAD_NAME: no", self.s.addProcessGroup, "no")
        self.assertFault(10, "BAD_NAME: a:a", self.s.addProcessGroup, "a:a")
        self.assertFault(10, "BAD_NAME: no", self.s.removeProcessGroup, "no")
        self.d.wait_state("a", "RUNNING")
        self.assertFault(91, "STILL_RUNNING: a", self.s.removeProcessGroup, "a")
        self.assertIs(True, self.s.removeProcessGroup("b"))
        self.assertFault(10, "BAD_NAME: b", self.s.removeProcessGroup, "b")
        self.assertFault(10, "BAD_NAME: b", self.s.startProcess, "b")

    def test_active_name_that_the_file_lost(self):
        """The configuration that was read last is searched first."""
        self.begin(sleeper("a") + sleeper("b"))
        self.rewrite(sleeper("a"))
        self.s.reloadConfig()
        self.assertFault(10, "BAD_NAME: b", self.s.addProcessGroup, "b")

    def test_numbers_are_names_too(self):
        self.begin(sleeper("a"))
        self.assertFault(10, "BAD_NAME: 5", self.s.addProcessGroup, 5)
        self.assertFault(10, "BAD_NAME: True", self.s.removeProcessGroup, True)

    @reeve_only
    def test_wrong_types(self):
        self.begin(sleeper("a"))
        for method, arguments in ((self.s.addProcessGroup, (["a"],)),
                                  (self.s.removeProcessGroup, ({"a": 1},)),
                                  (self.s.sendProcessStdin, ("a", ["b"]))):
            self.assertFault(2, "INCORRECT_PARAMETERS", method, *arguments)

    def test_removed_group_leaves_its_auto_logs(self):
        self.begin(sleeper("a", autostart="false", stdout_logfile="AUTO"))
        log = self.s.getProcessInfo("a")["stdout_logfile"]
        self.s.removeProcessGroup("a")
        self.assertTrue(os.path.exists(log))
        self.s.addProcessGroup("a")
        self.assertTrue(os.path.exists(self.s.getProcessInfo("a")["stdout_logfile"]))

    def test_backoff_counts_as_running(self):
        self.begin(program("a", "/bin/false", startsecs=1, startretries=99))
        self.d.wait_state("a", "BACKOFF")
        self.assertFault(91, "STILL_RUNNING: a", self.s.removeProcessGroup, "a")

    def test_empty_group_is_added_and_removed(self):
        self.begin("[group:empty]\nprograms=\n" + sleeper("a"))
        self.assertIs(True, self.s.removeProcessGroup("empty"))
        self.assertEqual([[["empty"], [], []]], self.s.reloadConfig())
        self.assertIs(True, self.s.addProcessGroup("empty"))

    @reeve_only
    def test_a_hundred_times(self):
        """No descriptors, rows or memory are left."""
        self.begin(sleeper("a", autostart="false", stdout_logfile="AUTO"))
        count = lambda: len(os.listdir("/proc/%d/fd" % self.d.pid))
        before = count()
        for _ in range(100):
            self.s.removeProcessGroup("a")
            self.s.addProcessGroup("a")
        self.assertEqual(before, count())
        self.assertEqual(["a:a"], self.names())

    def test_events_are_accepted(self):
        self.begin("")
        self.assertIs(True, self.s.sendRemoteCommEvent("type", "data"))
        self.assertIs(True, self.s.sendRemoteCommEvent(1, 2.5))


class ConfigInfo(Live):
    def test_members_and_their_order(self):
        self.begin(sleeper("a"))
        text = self.raw_call("supervisor.getAllConfigInfo")
        found = [part.split("</name>")[0] for part in text.split("<name>")[1:]]
        self.assertEqual(MEMBERS, [name for name in found if name != "autorestart"])

    def raw_call(self, method):
        connection = http.client.HTTPConnection("127.0.0.1", self.d.port, timeout=20)
        self.addCleanup(connection.close)
        connection.request("POST", "/RPC2", xmlrpc.client.dumps((), method),
                           {"Content-Type": "text/xml"})
        return connection.getresponse().read().decode()

    def test_values(self):
        self.begin(program("a", "/bin/sleep 1000", autostart="false", exitcodes="3,4",
                           stopsignal="HUP", directory="/tmp", serverurl="http://x:1",
                           stdout_logfile="{dir}/a.log", stderr_logfile="NONE",
                           stdout_logfile_maxbytes="2KB", stdout_logfile_backups=7) +
                   program("b", "/bin/sleep 1000", autostart="false", numprocs=2,
                           process_name="%(program_name)s_%(process_num)d") +
                   "[group:g]\nprograms=b\npriority=5\n")
        a, b0, b1 = self.s.getAllConfigInfo()
        self.assertEqual(("a", "a", 999, "/bin/sleep 1000", [3, 4], 1, "/tmp", "http://x:1",
                          self.d.path("a.log"), "none", 2048, 7, False, True, "none"),
                         tuple(a[k] for k in (
                             "name", "group", "group_prio", "command", "exitcodes",
                             "stopsignal", "directory", "serverurl", "stdout_logfile",
                             "stderr_logfile", "stdout_logfile_maxbytes",
                             "stdout_logfile_backups", "autostart", "inuse", "uid")))
        self.assertEqual(("b_0", "g", 5, [0], "none", "none"), tuple(b0[k] for k in (
            "name", "group", "group_prio", "exitcodes", "directory", "serverurl")))
        self.assertEqual("b_1", b1["name"])
        self.assertTrue(os.path.exists(b0["stdout_logfile"]))

    def test_after_reread_it_shows_the_file(self):
        self.begin(sleeper("a"))
        self.rewrite(sleeper("a", stopwaitsecs=77) + sleeper("b", stdout_logfile="AUTO"))
        self.s.reloadConfig()
        a, b = self.s.getAllConfigInfo()
        self.assertEqual((77, True), (a["stopwaitsecs"], a["inuse"]))
        self.assertEqual(("auto", False), (b["stdout_logfile"], b["inuse"]))

    def test_a_reread_forgets_the_names_of_logs(self):
        """Also for a group that has not changed, until it is added again."""
        self.begin(sleeper("a", stdout_logfile="AUTO"))
        self.assertIn("/a-stdout---", self.s.getAllConfigInfo()[0]["stdout_logfile"])
        self.assertEqual([[[], [], []]], self.s.reloadConfig())
        self.assertEqual("auto", self.s.getAllConfigInfo()[0]["stdout_logfile"])
        self.s.stopProcess("a")
        self.assertIs(True, self.s.removeProcessGroup("a"))
        self.assertIs(True, self.s.addProcessGroup("a"))
        self.assertIn("/a-stdout---", self.s.getAllConfigInfo()[0]["stdout_logfile"])

    @reeve_only
    def test_autorestart_and_large_sizes(self):
        self.begin(sleeper("a", autorestart="true", stdout_logfile_maxbytes="4GB"))
        row, = self.s.getAllConfigInfo()
        self.assertEqual(("true", 1 << 32),
                         (row["autorestart"], row["stdout_logfile_maxbytes"]))

    def test_many_in_pages(self):
        self.begin(program("p", "/bin/echo " + "x" * 3000, numprocs=300,
                           process_name="p%(process_num)03d", autostart="false",
                           stdout_logfile="NONE", stderr_logfile="NONE"))
        rows = self.s.getAllConfigInfo()
        self.assertEqual(["p%03d" % i for i in range(300)], [r["name"] for r in rows])
        self.assertTrue(all(r["command"].endswith("x" * 3000) for r in rows))


@reeve_only
class Thousand(Live):
    """supervisord needs a second to stop each group."""

    def test_unchanged_programs_stay(self):
        text = "".join(sleeper("p%03d" % i, autostart="false") for i in range(1000))
        self.begin(text)
        self.s.startProcess("p500")
        pid = self.s.getProcessInfo("p500")["pid"]
        self.assertEqual([[[], [], []]], self.s.reloadConfig())
        self.assertEqual(pid, self.s.getProcessInfo("p500")["pid"])
        self.assertEqual(1000, len(self.s.getAllProcessInfo()))


if __name__ == "__main__":
    unittest.main()
