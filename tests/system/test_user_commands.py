"""Commands of users of the HTTP servers, which the master carries out only for what the user
sees, with every listener and in multicalls."""

import unittest

from reeve import Shared, cat, reeve_only, until

USERS = """
[user:alice]
password=x
role=operate
programs=web, db:one
deny_methods=supervisor.readProcessStderrLog
[user:carol]
password=x
role=admin
programs=web,mail
"""

HIDDEN = [
    ("startProcess", []), ("stopProcess", []), ("signalProcess", ["HUP"]),
    ("sendProcessStdin", ["x"]), ("clearProcessLog", []), ("clearProcessLogs", []),
    ("readProcessLog", [0, 0]), ("readProcessStdoutLog", [0, 0]),
    ("tailProcessLog", [0, 9]), ("tailProcessStdoutLog", [0, 9]),
    ("tailProcessStderrLog", [0, 9]), ("startProcessGroup", []), ("stopProcessGroup", []),
    ("signalProcessGroup", ["HUP"]), ("addProcessGroup", []), ("removeProcessGroup", []),
]


@reeve_only
class Commands(Shared):
    programs = (cat("web", numprocs="2", process_name="w%(process_num)d", startsecs="0",
                    stdout_logfile="{dir}/%(process_num)d.log") +
                "[group:db]\nprograms=one,two\n" +
                cat("one", startsecs="0", stdout_logfile="{dir}/one.log") +
                cat("two", startsecs="0", stdout_logfile="{dir}/two.log") +
                cat("mail", startsecs="0", autostart="false") + USERS)

    def proxies(self, name):
        for via in ("tcp", "unix"):
            with self.subTest(via=via):
                yield self.rpc(self.d, via, user=name, password="x").supervisor

    def names(self, results):
        for result in results:
            self.assertEqual(80, result["status"], result)
        return {"%(group)s:%(name)s" % result for result in results}

    def test_hidden_names_do_not_exist(self):
        for name, hidden in (("alice", "mail"), ("carol", "db")):
            for s in self.proxies(name):
                for method, args in HIDDEN:
                    if name == "alice" and method in ("addProcessGroup",
                                                      "removeProcessGroup"):
                        continue
                    for spec in (hidden, "none"):
                        self.assertFault(10, "BAD_NAME: " + spec, getattr(s, method), spec,
                                         *args)
                    if method.endswith("Process"):
                        self.assertFault(10, "BAD_NAME: %s:*" % hidden,
                                         getattr(s, method), hidden + ":*", *args)
        s = self.rpc(self.d, "tcp", user="alice", password="x")
        calls = [{"methodName": "supervisor." + method, "params": ["db:two", *args]}
                 for method, args in HIDDEN if "ProcessGroup" not in method]
        for got in s.system.multicall(calls):
            self.assertEqual((10, "BAD_NAME: db:two"), (got["faultCode"], got["faultString"]))
        self.assertEqual("RUNNING", self.d.info("db:two")["statename"])

    def test_all_and_groups_are_what_they_see(self):
        mine = {"web:w0", "web:w1", "db:one"}
        two = self.d.info("db:two")["pid"]
        for s in self.proxies("alice"):
            self.assertEqual(mine, self.names(s.signalAllProcesses("CONT")))
            self.assertEqual({"db:one"}, self.names(s.signalProcessGroup("db", "CONT")))
            self.assertEqual({"db:one"}, self.names(s.signalProcess("db:*", "CONT")))
            self.assertEqual(mine, self.names(s.clearAllProcessLogs()))
            self.assertEqual({"db:one"}, self.names(s.stopProcess("db:*")))
            self.assertEqual({"db:one"}, self.names(s.startProcessGroup("db")))
            self.assertEqual(mine, self.names(s.stopAllProcesses()))
            self.assertEqual(mine, self.names(s.startAllProcesses()))
            self.assertEqual(two, self.d.info("db:two")["pid"])
            self.assertEqual("STOPPED", self.d.info("mail")["statename"])

    def test_one_of_two_methods_of_a_command(self):
        """The methods of both logs are sent as the same command."""
        for s in self.proxies("alice"):
            self.assertEqual("", s.readProcessStdoutLog("db:one", 0, 0))
            self.assertFault(8, "NOT_PERMITTED: supervisor.readProcessStderrLog is denied by "
                             "deny_methods= of [user:alice]", s.readProcessStderrLog,
                             "db:one", 0, 0)

    def test_groups_are_added_and_removed_as_a_whole(self):
        for s in self.proxies("carol"):
            self.assertTrue(s.removeProcessGroup("mail"))
            self.assertFault(10, "BAD_NAME: mail", self.d.info, "mail")
            self.assertTrue(s.addProcessGroup("mail"))
            until(lambda: self.d.info("mail"))


if __name__ == "__main__":
    unittest.main()
