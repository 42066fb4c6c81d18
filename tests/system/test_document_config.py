"""The statements of the API document about the configuration: rereading, adding and removing
groups, showing it, and events from clients. One test a statement, as in test_document.py."""

import os
import signal
import sys
import unittest
import xmlrpc.client

from reeve import Case, Shared, alive, cat, program, reeve_only, until

GB = 1 << 30
LISTENER = r"""
import sys
while True:
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    head = sys.stdin.readline()
    size = int(dict(part.split(":", 1) for part in head.split())["len"])
    with open(sys.argv[1], "a") as out:
        out.write(head + sys.stdin.read(size) + "\n--\n")
    sys.stdout.write("RESULT 2\nOK")
    sys.stdout.flush()
"""


def off(name, **options):
    return cat(name, **{"autostart": "false", "stdout_logfile": "NONE",
                        "stderr_logfile": "NONE", **options})


class Reload(Case):
    def begin(self, programs):
        self.d = self.daemon(programs)
        self.s = self.rpc(self.d).supervisor

    def reload(self, programs):
        self.d.configure(programs)
        return self.s.reloadConfig()

    def check(self, before, after, wanted):
        self.begin(before)
        self.assertEqual([wanted], self.reload(after))

    def names(self):
        return sorted(i["name"] for i in self.s.getAllProcessInfo())

    def test_returns_added_changed_and_removed_in_an_array(self):
        self.check(off("a") + off("b") + off("c"),
                   off("b") + off("c", stopwaitsecs=5) + off("d"), [["d"], ["c"], ["a"]])

    def test_nothing_new_is_three_empty_arrays(self):
        self.check(off("a") + cat("auto"), off("a") + cat("auto"), [[], [], []])

    def test_added_are_in_order_of_priority_and_name(self):
        self.check(off("a"), off("z", priority=1) + off("d") + off("c") + off("a"),
                   [["z", "c", "d"], [], []])

    def test_removed_are_in_the_order_in_which_they_are_active(self):
        self.check(off("z", priority=1) + off("d") + off("c") + off("a"), off("a"),
                   [[], [], ["z", "c", "d"]])

    def test_any_attribute_of_a_process_is_a_change(self):
        self.begin(off("a"))
        for options in ({"priority": 1}, {"autostart": "true"}, {"stopsignal": "INT"},
                        {"startretries": 9}, {"directory": "/"}, {"umask": "022"},
                        {"environment": "X=1"}, {"exitcodes": "3"}, {"startsecs": 5},
                        {"stdout_logfile": "{dir}/a.log"}, {"redirect_stderr": "true"},
                        {"stopasgroup": "true", "killasgroup": "true"},
                        {"stdout_logfile_backups": 3}, {"autorestart": "true"}):
            with self.subTest(**options):
                self.assertEqual([[[], ["a"], []]], self.reload(off("a", **options)))
        self.assertEqual([[[], ["a"], []]], self.reload(program(
            "a", "/bin/cat -", startsecs=0, autostart="false", stdout_logfile="NONE",
            stderr_logfile="NONE")))
        self.assertEqual([[[], [], []]], self.reload(off("a")))

    def test_number_of_processes_is_a_change(self):
        two = {"process_name": "p%(process_num)d", "numprocs": 2}
        self.check(off("a", **two), off("a", **{**two, "numprocs": 3}), [[], ["a"], []])

    def test_priority_of_a_group_is_a_change(self):
        group = "[group:g]\nprograms=a\npriority=%d\n"
        self.check(group % 5 + off("a"), group % 6 + off("a"), [[], ["g"], []])

    def test_logs_that_become_automatic_are_no_change(self):
        self.check(off("a", stdout_logfile="{dir}/a.log"), off("a", stdout_logfile="AUTO"),
                   [[], [], []])

    def test_included_files_are_read_too(self):
        self.begin("[include]\nfiles={dir}/more.conf\n" + off("a"))
        with open(self.d.path("more.conf"), "w", encoding="ascii") as f:
            f.write(off("b"))
        self.assertEqual([[["b"], [], []]], self.s.reloadConfig())

    def test_nothing_is_started_or_stopped(self):
        self.begin(cat("a") + cat("b"))
        pids = [self.d.wait_state(n, "RUNNING")["pid"] for n in "ab"]
        self.assertEqual([[["c"], ["b"], ["a"]]], self.reload(
            cat("b", stopwaitsecs=5) + cat("c")))
        self.assertEqual(["a", "b"], self.names())
        self.assertEqual(pids, [self.d.info(n)["pid"] for n in "ab"])
        self.assertTrue(all(map(alive, pids)))

    def test_error_is_CANT_REREAD_with_its_text_and_changes_nothing(self):
        self.begin(off("a"))
        before = self.s.getAllConfigInfo()
        self.d.configure("[program:b]\nnothing=here\n")
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.s.reloadConfig()
        self.assertEqual(92, caught.exception.faultCode)
        self.assertTrue(caught.exception.faultString.startswith("CANT_REREAD: "))
        self.assertIn("program:b", caught.exception.faultString)
        self.assertEqual(before, self.s.getAllConfigInfo())
        self.assertEqual(["a"], self.names())
        self.assertEqual([[[], [], []]], self.reload(off("a")))

    def test_missing_file_is_CANT_REREAD(self):
        self.begin(off("a"))
        os.rename(self.d.conf, self.d.conf + ".away")
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            self.s.reloadConfig()
        self.assertEqual(92, caught.exception.faultCode)
        self.assertEqual(["a"], self.names())

    # --- addProcessGroup ---

    def test_addProcessGroup_adds_what_was_read_and_returns_true(self):
        self.begin(off("a"))
        self.reload(off("a") + off("b"))
        self.assertIs(True, self.s.addProcessGroup("b"))
        self.assertEqual(["a", "b"], self.names())
        self.assertEqual("STOPPED", self.d.state("b"))

    def test_addProcessGroup_of_what_was_not_read_is_BAD_NAME(self):
        self.begin(off("a"))
        self.d.configure(off("a") + off("b"))
        self.assertFault(10, "BAD_NAME: b", self.s.addProcessGroup, "b")
        self.assertEqual([[["b"], [], []]], self.s.reloadConfig())
        self.assertFault(10, "BAD_NAME: nope", self.s.addProcessGroup, "nope")

    def test_addProcessGroup_of_an_active_group_is_ALREADY_ADDED(self):
        self.begin(off("a"))
        self.assertFault(90, "ALREADY_ADDED: a", self.s.addProcessGroup, "a")
        self.reload(off("a", priority=1))
        self.assertFault(90, "ALREADY_ADDED: a", self.s.addProcessGroup, "a")

    def test_addProcessGroup_starts_what_starts_by_itself(self):
        self.begin(off("a"))
        self.reload(off("a") + "[group:g]\nprograms=x,y\n" + cat("x") + off("y"))
        self.assertIs(True, self.s.addProcessGroup("g"))
        self.d.wait_state("g:x", "RUNNING")
        self.assertEqual("STOPPED", self.d.state("g:y"))

    def test_addProcessGroup_makes_automatic_logs(self):
        self.begin(off("a"))
        self.reload(off("a") + cat("b"))
        self.s.addProcessGroup("b")
        info = self.d.wait_state("b", "RUNNING")
        for key in ("stdout_logfile", "stderr_logfile"):
            self.assertTrue(os.path.exists(info[key]), info[key])

    # --- removeProcessGroup ---

    def test_removeProcessGroup_removes_a_stopped_group_and_returns_true(self):
        self.begin(off("a") + "[group:g]\nprograms=x,y\n" + off("x") + off("y"))
        self.assertIs(True, self.s.removeProcessGroup("g"))
        self.assertEqual(["a"], self.names())
        self.assertFault(10, "BAD_NAME: g:x", self.s.getProcessInfo, "g:x")
        self.assertFault(10, "BAD_NAME: g:x", self.s.startProcess, "g:x")

    def test_removeProcessGroup_of_an_unknown_name_is_BAD_NAME(self):
        self.begin(off("a"))
        self.assertFault(10, "BAD_NAME: nope", self.s.removeProcessGroup, "nope")

    def test_removeProcessGroup_of_a_running_one_is_STILL_RUNNING(self):
        self.begin("[group:g]\nprograms=x,y\n" + cat("x") + off("y"))
        pid = self.d.wait_state("g:x", "RUNNING")["pid"]
        self.assertFault(91, "STILL_RUNNING: g", self.s.removeProcessGroup, "g")
        self.assertEqual(["x", "y"], self.names())
        self.assertTrue(alive(pid))

    def test_removeProcessGroup_counts_BACKOFF_as_running(self):
        self.begin(program("a", "{dir}/nothing", startretries=100))
        self.d.wait_state("a", "BACKOFF")
        self.assertFault(91, "STILL_RUNNING: a", self.s.removeProcessGroup, "a")
        self.s.stopProcess("a")
        self.assertIs(True, self.s.removeProcessGroup("a"))

    def test_removeProcessGroup_takes_EXITED_and_FATAL_for_stopped(self):
        self.begin(program("gone", "/bin/true", startsecs=0, autorestart="false") +
                   program("broken", "{dir}/nothing", startretries=0))
        for name, state in (("gone", "EXITED"), ("broken", "FATAL")):
            self.d.wait_state(name, state)
            self.assertIs(True, self.s.removeProcessGroup(name))
        self.assertEqual([], self.s.getAllProcessInfo())

    def test_removeProcessGroup_leaves_logs_on_disk(self):
        self.begin(cat("a", autostart="false"))
        log = self.d.info("a")["stdout_logfile"]
        self.s.removeProcessGroup("a")
        self.assertTrue(os.path.exists(log))

    def test_removed_and_added_group_has_the_new_definition(self):
        self.begin(off("a"))
        self.reload(off("a", stdout_logfile="{dir}/new.log"))
        self.s.removeProcessGroup("a")
        self.assertIs(True, self.s.addProcessGroup("a"))
        self.assertEqual(self.d.path("new.log"), self.d.info("a")["stdout_logfile"])
        self.assertEqual([[[], [], []]], self.s.reloadConfig())


class ConfigInfo(Shared):
    """getAllConfigInfo."""

    programs = (
        off("plain") + cat("auto", autostart="false") + "[group:g]\npriority=7\nprograms=b\n" +
        off("b", priority=3, startsecs=4, startretries=5, stopsignal="USR1", stopwaitsecs=6,
            exitcodes="0,2,77", directory="/", redirect_stderr="true", stopasgroup="true",
            killasgroup="true", stdout_logfile="{dir}/b.log", stdout_logfile_maxbytes="2MB",
            stdout_logfile_backups=8))
    NUMBERS = """group_prio process_prio startretries startsecs stopsignal stopwaitsecs
        stdout_capture_maxbytes stderr_capture_maxbytes stdout_logfile_backups
        stdout_logfile_maxbytes stderr_logfile_backups stderr_logfile_maxbytes""".split()
    FLAGS = """autostart inuse killasgroup redirect_stderr stdout_events_enabled
        stderr_events_enabled stdout_syslog stderr_syslog""".split()
    TEXTS = """command group name stdout_logfile stderr_logfile directory serverurl
        uid""".split()

    def setUp(self):
        super().setUp()
        self.every = self.s.supervisor.getAllConfigInfo()
        self.by_name = {c["name"]: c for c in self.every}
        # In later versions of supervisord; see test_reread.py.
        for config in self.every:
            config.pop("autorestart", None)

    def test_is_a_struct_of_these_members_for_every_process(self):
        wanted = {*self.NUMBERS, *self.FLAGS, *self.TEXTS, "exitcodes"}
        for config in self.every:
            self.assertEqual(wanted, set(config))

    def test_types(self):
        for config in self.every:
            for names, kind in ((self.NUMBERS, int), (self.FLAGS, bool), (self.TEXTS, str)):
                for name in names:
                    self.assertIs(kind, type(config[name]), name)
            self.assertTrue(all(type(code) is int for code in config["exitcodes"]))

    def test_sorted_by_name_of_process(self):
        self.assertEqual(["auto", "b", "plain"], [c["name"] for c in self.every])

    def test_defaults(self):
        self.assertEqual({
            "name": "plain", "group": "plain", "command": "/bin/cat", "autostart": False,
            "inuse": True, "group_prio": 999, "process_prio": 999, "startretries": 3,
            "startsecs": 0, "stopsignal": 15, "stopwaitsecs": 10, "exitcodes": [0],
            "killasgroup": False, "redirect_stderr": False, "directory": "none",
            "uid": "none", "serverurl": "none", "stdout_logfile": "none",
            "stderr_logfile": "none", "stdout_logfile_maxbytes": 50 << 20,
            "stderr_logfile_maxbytes": 50 << 20, "stdout_logfile_backups": 10,
            "stderr_logfile_backups": 10, "stdout_capture_maxbytes": 0,
            "stderr_capture_maxbytes": 0, "stdout_events_enabled": False,
            "stderr_events_enabled": False, "stdout_syslog": False, "stderr_syslog": False,
        }, self.by_name["plain"])

    def test_values_are_those_of_the_file(self):
        config = self.by_name["b"]
        for name, wanted in (("group", "g"), ("group_prio", 7), ("process_prio", 3),
                             ("startsecs", 4), ("startretries", 5), ("stopsignal", 10),
                             ("stopwaitsecs", 6), ("exitcodes", [0, 2, 77]),
                             ("directory", "/"), ("redirect_stderr", True),
                             ("killasgroup", True), ("stderr_logfile", "none"),
                             ("stdout_logfile", self.d.path("b.log")),
                             ("stdout_logfile_maxbytes", 2 << 20),
                             ("stdout_logfile_backups", 8)):
            self.assertEqual(wanted, config[name], name)

    def test_automatic_log_that_was_made_is_its_path(self):
        self.assertEqual(self.s.supervisor.getProcessInfo("auto")["stdout_logfile"],
                         self.by_name["auto"]["stdout_logfile"])

    def test_is_of_the_file_last_read_and_says_what_is_in_use(self):
        d = self.daemon(off("a") + off("gone"))
        s = self.rpc(d).supervisor
        d.configure(off("a", priority=5) + cat("new", autostart="false"))
        s.reloadConfig()
        self.assertEqual([("a", 5, True, "none"), ("new", 999, False, "auto")], [
            (c["name"], c["process_prio"], c["inuse"], c["stdout_logfile"])
            for c in s.getAllConfigInfo()])
        s.addProcessGroup("new")
        self.assertIs(True, s.getAllConfigInfo()[1]["inuse"])

    def test_uid_is_a_number(self):
        if os.geteuid() != 0:
            self.skipTest("not root")
        d = self.daemon(off("a", user="nobody"))
        self.assertIs(int, type(self.rpc(d).supervisor.getAllConfigInfo()[0]["uid"]))

    @reeve_only
    def test_sizes_past_2_gigabytes_are_written_in_full(self):
        """supervisord answers with status 500."""
        d = self.daemon(off("a", stdout_logfile_maxbytes="4GB"))
        [config] = self.rpc(d).supervisor.getAllConfigInfo()
        self.assertEqual(4 * GB, config["stdout_logfile_maxbytes"])


class Events(Case):
    """sendRemoteCommEvent."""

    def test_returns_true(self):
        s = self.rpc(self.daemon()).supervisor
        self.assertIs(True, s.sendRemoteCommEvent("type", "data"))
        self.assertIs(True, s.sendRemoteCommEvent("", ""))

    def test_works_during_a_shutdown(self):
        d, pid = self.stubborn()
        s = self.rpc(d).supervisor
        s.shutdown()
        for method, args in ((s.reloadConfig, ()), (s.addProcessGroup, ("stubborn",)),
                             (s.removeProcessGroup, ("stubborn",)), (s.getAllConfigInfo, ())):
            self.assertFault(6, "SHUTDOWN_STATE", method, *args)
        self.assertIs(True, s.sendRemoteCommEvent("type", "data"))
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(0, d.wait_exit())

    def test_is_received_by_listeners_of_REMOTE_COMMUNICATION(self):
        d = self.make("[eventlistener:l]\ncommand=%s {dir}/listen.py {dir}/events\n"
                      "events=REMOTE_COMMUNICATION\nstartsecs=0\n" % sys.executable)
        with open(d.path("listen.py"), "w", encoding="ascii") as f:
            f.write(LISTENER)
        d.start()
        self.addCleanup(self.finish, d)
        if any(m.startswith("WARN") and "eventlistener:l" in m for m in d.messages()):
            self.skipTest("no event listeners yet")
        d.wait_state("l", "RUNNING")
        self.rpc(d).supervisor.sendRemoteCommEvent("a type", "and data")
        until(lambda: d.file("events"))
        self.assertIn("eventname:REMOTE_COMMUNICATION ", d.file("events").decode())
        self.assertIn("\ntype:a type\nand data\n--\n", "\n" + d.file(
            "events").decode().partition("\n")[2])


if __name__ == "__main__":
    unittest.main()
