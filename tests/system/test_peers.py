"""Local users on the control socket, whom peer_users= gives the rights of users of the
configuration: what each may call, and that what they do not see does not exist for them."""

import base64
import contextlib
import grp
import os
import pwd
import select
import subprocess
import unittest

from reeve import BUILD, PATIENCE, Case, WireFault, cat, reeve_only, row_of, until

# Local users and groups that every system has.
ALICE, BOB, CAROL, DAVE, EVE = [pwd.getpwnam(name)
                                for name in ("daemon", "bin", "sys", "sync", "games")]
OPERATORS = grp.getgrnam("adm")

USERS = """
[user:alice]
password=x
role=operate
programs=web, db:one
[user:bob]
role=view
[user:carol]
password=x
role=admin
programs=web,mail
[user:dave]
password=x
role=states
methods=supervisor.startProcess,supervisor.*stopProcess
deny_methods=supervisor.startProcessGroup,supervisor.signal*
"""

PROGRAMS = (cat("web", numprocs="2", process_name="w%(process_num)d", startsecs="0",
                stdout_logfile="{dir}/%(process_num)d.log") +
            "[group:db]\nprograms=one,two\n" +
            cat("one", startsecs="0", stdout_logfile="{dir}/one.log") +
            cat("two", startsecs="0", stdout_logfile="{dir}/two.log") +
            cat("mail", startsecs="0", autostart="false"))

PEERS = "daemon=alice, @adm=bob, sys=carol, sync=dave"
ALL = {"web:w0", "web:w1", "db:one", "db:two", "mail:mail"}

# The parameters of each command that has a name.
NAMED = [
    ("process.start", {}), ("process.stop", {}), ("process.signal", {"signal": "HUP"}),
    ("process.stdin", {"data": "x"}), ("log.open", {"stream": "stdout"}),
    ("log.clear", {}), ("process.stats", {}),
    ("group.start", {}), ("group.stop", {}), ("group.signal", {"signal": "HUP"}),
    ("group.restart", {}), ("group.add", {}), ("group.remove", {}),
]


@contextlib.contextmanager
def acting_as(user, groups=(), group=None):
    """The effective ids of this process are those of the user."""
    mine = os.getgroups()
    os.setgroups(list(groups))
    os.setegid(user.pw_gid if group is None else group)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(mine)


@reeve_only
@unittest.skipUnless(os.geteuid() == 0, "only root can be other users")
class Peers(Case):
    unix = {"chmod": "0777"}

    def setUp(self):
        self.d = self.daemon(PROGRAMS + USERS, supervisord={"peer_users": PEERS},
                             unix=self.unix)

    def wire(self, user, groups=()):
        with acting_as(user, groups):
            return self.control(self.d)

    def refused(self, wire, method, **params):
        """The text of the fault."""
        with self.assertRaises(WireFault) as caught:
            wire.call(method, **params)
        return caught.exception.message

    def job(self, wire, method, **params):
        """The namespecs that a job has results for, and their faults."""
        number = wire.call(method, **params)["job"]
        results = {}
        while True:
            frame = wire.notifications.pop(0) if wire.notifications else wire.frame()
            got = frame["params"]
            if frame["method"] == "job.result" and got["job"] == number:
                results["%s:%s" % (got["group"], got["name"])] = got.get("fault")
            if frame["method"] == "job.step" and got["job"] == number and "fault" in got:
                results[got["target"]] = got["fault"]
            if frame["method"] == "job.end" and got["job"] == number:
                return results

    def rows(self, wire):
        """The namespecs of the snapshot, whose number is kept."""
        wire.call("subscribe")
        found = set()
        while True:
            frame = wire.notifications.pop(0) if wire.notifications else wire.frame()
            if frame["method"] == "stream.rows":
                found |= {"%(group)s:%(name)s" % row_of(row)
                          for row in frame["params"]["rows"]}
            if frame["method"] == "stream.end":
                self.reached = frame["params"]["seq"]
                return found

    def states(self):
        with self.d.rpc() as s:
            return {"%(group)s:%(name)s" % info: info["statename"]
                    for info in s.supervisor.getAllProcessInfo()}

    # --- who is who ---

    def test_roles(self):
        root = self.control(self.d)
        self.assertEqual("admin", root.hello["role"])
        for user, groups, role in ((ALICE, (), "operate"), (BOB, (), "none"),
                                   (BOB, (OPERATORS.gr_gid,), "view"),
                                   (ALICE, (OPERATORS.gr_gid,), "operate"),
                                   (CAROL, (), "admin"), (DAVE, (), "states"),
                                   (EVE, (), "none"), (EVE, (OPERATORS.gr_gid,), "view")):
            self.assertEqual(role, self.wire(user, groups).hello["role"])
        with acting_as(EVE, group=OPERATORS.gr_gid):
            self.assertEqual("view", self.control(self.d).hello["role"])

    def test_a_user_without_an_entry_has_no_rights(self):
        eve = self.wire(EVE)
        why = "peer_users= has no entry for uid %d" % EVE.pw_uid
        self.assertEqual("NOT_PERMITTED: subscribe needs role states, and " + why,
                         self.refused(eve, "subscribe"))
        self.assertEqual("NOT_PERMITTED: daemon.shutdown needs role admin, and " + why,
                         self.refused(eve, "daemon.shutdown"))

    def test_only_root_is_not_bound_by_the_entries(self):
        self.assertEqual(ALL, self.rows(self.control(self.d)))

    def test_others_leave_room_for_root(self):
        unknown = [self.wire(EVE) for _ in range(8)]
        self.assertIsNone(self.one_more(EVE))
        limited = [self.wire(ALICE) for _ in range(40)]
        self.assertIsNone(self.one_more(BOB))
        self.assertIsNone(self.one_more(ALICE))
        mine = [self.control(self.d) for _ in range(16)]
        with self.assertRaises((EOFError, OSError)):
            self.control(self.d)
        self.d.wait_log("control socket: refused a client, 8 are connected already")
        for wire in unknown + limited + mine:
            self.assertEqual("UNKNOWN_METHOD", self.refused(wire, "no.such"))
        unknown.pop().close()
        until(lambda: self.one_more(EVE), what="a place for another one")

    def one_more(self, user):
        """Another client of this user; None when it is refused."""
        try:
            return self.wire(user)
        except (EOFError, OSError):
            return None

    # --- what they may call ---

    def test_roles_and_methods(self):
        bob = self.wire(EVE, (OPERATORS.gr_gid,))
        self.assertIn("path", bob.call("mainlog.open"))
        self.assertIn("path", bob.call("log.open", name="db:two", stream="stdout"))
        self.assertEqual("NOT_PERMITTED: process.stop needs role operate, and role= of "
                         "[user:bob] is view", self.refused(bob, "process.stop", name="mail"))
        dave = self.wire(DAVE)
        self.assertEqual(ALL, self.rows(dave))
        dave.call("process.start", name="mail")
        self.assertEqual({"mail:mail": None},
                         self.job(dave, "process.restart", names=["mail"]))
        self.assertIn("[user:dave] is states",
                      self.refused(dave, "log.open", name="mail", stream="stdout"))
        for method, params in (("group.start", {"name": "db"}),
                               ("process.signal", {"name": "mail", "signal": "HUP"}),
                               ("group.restart", {"name": "db"}),
                               ("all.signal", {"signal": "HUP"})):
            self.assertRegex(self.refused(dave, method, **params),
                             r"denied by deny_methods= of \[user:dave\]|\[user:dave\] is ")

    def test_what_needs_all_programs(self):
        carol = self.wire(CAROL)
        for method, params in (("mainlog.open", {}), ("mainlog.clear", {}),
                               ("config.reread", {}), ("config.rows", {"from": 0}),
                               ("config.preview", {}), ("config.update", {}),
                               ("event.send", {"type": "x", "data": "y"}),
                               ("daemon.shutdown", {}), ("daemon.restart", {})):
            self.assertEqual("NOT_PERMITTED: %s needs programs=all in [user:carol]" % method,
                             self.refused(carol, method, **params))

    # --- what they see ---

    def test_hidden_names_do_not_exist(self):
        """Each command answers as it does for a name that is not in the configuration."""
        alice, carol = self.wire(ALICE), self.wire(CAROL)
        for method, params in NAMED:
            for wire, hidden in ((alice, "mail"), (carol, "db")):
                if wire is alice and method in ("group.add", "group.remove"):
                    continue
                names = [(hidden, "none")]
                if method.startswith(("process", "log")):
                    names += [(hidden + ":*", "none:*"), (hidden + ":one", "none:one")]
                for name, unknown in names:
                    with self.subTest(method=method, name=name):
                        want = self.refused(wire, method, name=unknown, **params)
                        self.assertEqual("BAD_NAME: " + unknown, want)
                        self.assertEqual("BAD_NAME: " + name,
                                         self.refused(wire, method, name=name, **params))
        self.assertEqual("BAD_NAME: db:two",
                         self.refused(alice, "process.stop", name="db:two"))
        for name in ("db:two", "mail", "db:none", "none"):
            self.assertEqual({name: {"code": 10, "text": "BAD_NAME: " + name}},
                             self.job(alice, "process.restart", names=[name]))
        self.assertEqual("RUNNING", self.states()["db:two"])
        self.assertEqual("STOPPED", self.states()["mail:mail"])

    def test_groups_and_all_are_what_they_see(self):
        alice = self.wire(ALICE)
        mine = {"web:w0", "web:w1", "db:one"}
        signal = {"signal": "CONT"}
        self.assertEqual({"db:one": None}, self.job(alice, "group.signal", name="db", **signal))
        self.assertEqual({"db:one": None},
                         self.job(alice, "process.signal", name="db:*", **signal))
        self.assertEqual(dict.fromkeys(mine), self.job(alice, "all.signal", **signal))
        self.assertEqual(mine, set(self.job(alice, "all.clear")))
        two = self.d.info("db:two")["pid"]
        self.assertEqual(dict.fromkeys(mine), self.job(alice, "all.restart"))
        self.assertEqual({"db:one": None}, self.job(alice, "group.restart", name="db"))
        self.assertEqual({"db:one": None}, self.job(alice, "process.restart", names=["db:*"]))
        self.assertEqual({"web:w0": None, "web:w1": None},
                         self.job(alice, "group.restart", name="web"))
        self.assertEqual(two, self.d.info("db:two")["pid"])
        self.assertEqual({"db:one": None}, self.job(alice, "group.stop", name="db"))
        self.assertEqual({"web:w0": None, "web:w1": None}, self.job(alice, "all.stop"))
        until(lambda: self.states() == {
            "web:w0": "STOPPED", "web:w1": "STOPPED", "db:one": "STOPPED",
            "db:two": "RUNNING", "mail:mail": "STOPPED"})
        self.assertEqual(mine, set(self.job(alice, "all.start")))
        until(lambda: self.states() == {
            **dict.fromkeys(mine | {"db:two"}, "RUNNING"), "mail:mail": "STOPPED"})

    def test_samples_are_of_what_they_see(self):
        for wire, count in ((self.wire(ALICE), 3), (self.control(self.d), len(ALL))):
            got = wire.call("all.stats")
            self.assertEqual((count, False), (len(got["rows"]), got["more"]))
            self.assertTrue(wire.call("process.stats", name="db:one"))

    def test_pending_starts_of_others_are_not_cancelled(self):
        """all.stop cancels the starts that it stops, and no others."""
        root, alice = self.control(self.d), self.wire(ALICE)
        root.call("all.start")
        self.job(alice, "all.stop")
        self.d.wait_state("mail", "RUNNING")
        self.assertEqual("RUNNING", self.states()["db:two"])

    def test_groups_are_added_and_removed_as_a_whole(self):
        carol = self.wire(CAROL)
        self.assertEqual("ALREADY_ADDED: mail", self.refused(carol, "group.add", name="mail"))
        carol.call("group.remove", name="mail")
        self.assertNotIn("mail:mail", self.states())
        carol.call("group.add", name="mail")
        self.assertIn("mail:mail", self.states())

    # --- the state stream ---

    def test_the_stream_has_what_they_see(self):
        alice, root = self.wire(ALICE), self.control(self.d)
        self.assertEqual({"web:w0", "web:w1", "db:one"}, self.rows(alice))
        self.assertEqual(ALL, self.rows(root))
        root.call("process.start", name="mail")
        reached = alice.notification("stream.reached")["seq"]
        self.assertGreater(reached, self.reached)
        root.call("process.stop", name="db:one")
        while True:
            frame = alice.frame()
            self.assertIn(frame["method"], ("stream.reached", "stream.process"))
            self.assertGreater(frame["params"]["seq"], reached)
            reached = frame["params"]["seq"]
            if frame["method"] == "stream.process":
                self.assertEqual("one", frame["params"]["process"]["name"])
                break

    def test_removals_of_others_are_not_in_the_stream(self):
        alice, root = self.wire(ALICE), self.control(self.d)
        self.rows(alice)
        root.call("group.remove", name="mail")
        for name in ("w0", "w1"):
            root.call("process.stop", name="web:" + name)
        until(lambda: {self.states()["web:w0"], self.states()["web:w1"]} == {"STOPPED"})
        root.call("group.remove", name="web")
        removed = []
        while len(removed) < 2:
            frame = alice.frame()
            if frame["method"] == "stream.removed":
                removed.append(frame["params"]["id"])
        alice.call("process.stop", name="db:one")
        self.assertNotIn("stream.removed", [f["method"] for f in alice.notifications])

    # --- reevectl ---

    def reevectl(self, user, *words, groups=()):
        return subprocess.run([os.path.join(BUILD, "reevectl"), "-c", self.d.conf, *words],
                              capture_output=True, text=True, timeout=PATIENCE, cwd="/",
                              stdin=subprocess.DEVNULL, user=user.pw_uid, group=user.pw_gid,
                              extra_groups=list(groups))

    def test_reevectl(self):
        got = self.reevectl(ALICE, "status")
        self.assertEqual(["db:one", "web:w0", "web:w1"],
                         [line.split()[0] for line in got.stdout.splitlines()])
        self.assertEqual((0, ""), (got.returncode, got.stderr))
        for words in (["stop", "mail"], ["restart", "mail"], ["status", "mail"],
                      ["signal", "HUP", "mail"], ["clear", "mail"], ["tail", "mail"],
                      ["stop", "mail:*"], ["pid", "mail"]):
            hidden = self.reevectl(ALICE, *words)
            none = self.reevectl(ALICE, *[w.replace("mail", "none") for w in words])
            self.assertIn("no such", (none.stdout + none.stderr).lower())
            self.assertEqual(
                (none.returncode, none.stdout, none.stderr),
                (hidden.returncode, hidden.stdout.replace("mail", "none"),
                 hidden.stderr.replace("mail", "none")))
        got = self.reevectl(ALICE, "restart", "all")
        self.assertEqual(0, got.returncode, got.stdout + got.stderr)
        self.assertNotIn("two", got.stdout)

    def test_reevectl_says_what_is_missing(self):
        got = self.reevectl(CAROL, "reread")
        self.assertNotEqual(0, got.returncode)
        self.assertIn("needs programs=all in [user:carol]", got.stdout + got.stderr)
        got = self.reevectl(EVE, "stop", "mail", groups=[OPERATORS.gr_gid])
        self.assertNotEqual(0, got.returncode)
        self.assertIn("process.stop needs role operate, and role= of [user:bob] is view",
                      got.stdout + got.stderr)
        for words in (["status"], ["stop", "mail"], ["pid"], ["shutdown"]):
            got = self.reevectl(EVE, "-s", self.d.control_path, *words)
            self.assertEqual(
                (1, "error: the server does not permit this: subscribe needs role states, "
                 "and peer_users= has no entry for uid %d\n" % EVE.pw_uid, ""),
                (got.returncode, got.stdout, got.stderr), words)

    def test_denied_states_are_denied_as_a_stream(self):
        """Also over HTTP: the page, its events and the metrics."""
        why = "is denied by deny_methods= of [user:dave]"
        for method in ("supervisor.getAllProcessInfo", "reeve.getAll*Info"):
            self.reread(USERS.replace("deny_methods=", "deny_methods=%s," % method))
            dave = self.wire(DAVE)
            self.assertEqual("NOT_PERMITTED: subscribe " + why,
                             self.refused(dave, "subscribe"))
            dave.call("process.start", name="mail")
            dave.call("process.stop", name="mail")
            self.d.wait_state("mail", "STOPPED")
            got = self.reevectl(DAVE, "-s", self.d.control_path, "status")
            self.assertEqual((1, "error: the server does not permit this: subscribe %s\n" % why,
                              ""), (got.returncode, got.stdout, got.stderr))
            for path, status in (("/", 403), ("/index.html", 403), ("/events", 403),
                                 ("/metrics", 403), ("/ok.html", 200), ("/list.js", 200)):
                got, text = self.fetch(path)
                self.assertEqual((path, status), (path, got))
                if status == 403 and path == "/":
                    self.assertIn("the page " + why, text)
        self.reread()
        self.assertEqual(200, self.fetch("/")[0])

    def fetch(self, path):
        """The status and the body of a page for dave."""
        with self.d.connect("unix") as s, s.makefile("rb") as f:
            s.sendall(("GET %s HTTP/1.0\r\nAuthorization: Basic %s\r\n\r\n" % (
                path, base64.b64encode(b"dave:x").decode())).encode())
            head, _, body = f.read().partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode()

    # --- changes ---

    def reread(self, users=USERS, peers=PEERS):
        self.d.configure(PROGRAMS + users, {"peer_users": peers})
        with self.d.rpc() as s:
            s.supervisor.reloadConfig()

    def test_a_reread_changes_rights_at_once(self):
        alice, carol, root = self.wire(ALICE), self.wire(CAROL), self.control(self.d)
        self.rows(alice)
        self.reread(USERS.replace("programs=web, db:one", "programs=mail"))
        self.assertTrue(alice.at_end())
        alice = self.wire(ALICE)
        self.assertEqual({"mail:mail"}, self.rows(alice))
        self.assertEqual("admin", carol.hello["role"])
        self.assertEqual("BAD_NAME: db", self.refused(carol, "group.stop", name="db"))
        self.reread(peers=PEERS.replace("daemon=alice, ", ""))
        self.assertTrue(alice.at_end())
        self.assertEqual("none", self.wire(ALICE).hello["role"])
        self.assertEqual(ALL, self.rows(root))
        self.assertIn("whose rights have changed", self.d.log())

    def test_whoever_is_disconnected_learns_why(self):
        alice, carol = self.wire(ALICE), self.wire(CAROL)
        self.rows(alice)
        events = subprocess.Popen(
            [os.path.join(BUILD, "reevectl"), "-c", self.d.conf, "events"], cwd="/",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, user=ALICE.pw_uid, group=ALICE.pw_gid, extra_groups=[])
        self.addCleanup(events.communicate)
        self.addCleanup(events.kill)
        root = self.control(self.d)
        until(lambda: self.job(root, "process.restart", names=["db:one"]) and
              select.select([events.stdout], [], [], 0.1)[0])
        self.reread(USERS.replace("[user:alice]", "[user:alina]"),
                    PEERS.replace("daemon=alice, ", ""))
        alice.notification("rights.changed")
        self.assertTrue(alice.at_end())
        self.assertEqual("UNKNOWN_METHOD", self.refused(carol, "no.such"))
        rest = events.communicate(timeout=PATIENCE)[0].splitlines()
        self.assertRegex(rest[-1], "^error: .*: the rights of this user have changed$")
        self.assertEqual(1, events.returncode)

    def test_without_entries_the_password_closes_the_socket(self):
        """Others can use the socket only while their rights are limited."""
        d = self.daemon(PROGRAMS + USERS, supervisord={"peer_users": PEERS},
                        unix={"chmod": "0777", "username": "u", "password": "p"}, tcp={})
        root = self.control(d)
        with acting_as(EVE):
            none = self.control(d)
        self.assertEqual("none", none.hello["role"])
        d.configure(PROGRAMS + USERS)
        root.call("config.reread")
        self.assertTrue(none.at_end())
        with acting_as(EVE), self.assertRaises(PermissionError):
            self.control(d)
        self.assertEqual(ALL, self.rows(root))
        self.assertEqual(ALL, self.rows(self.control(d)))
        d.configure(PROGRAMS + USERS, {"peer_users": PEERS})
        root.call("config.reread")
        with acting_as(ALICE):
            self.assertEqual("operate", self.control(d).hello["role"])
        with acting_as(EVE):
            self.assertEqual("none", self.control(d).hello["role"])

    def test_an_administrator_who_changes_the_own_rights_gets_the_answer(self):
        self.reread(USERS.replace("programs=web,mail", ""))
        carol = self.wire(CAROL)
        self.d.configure(PROGRAMS + USERS, {"peer_users": PEERS})
        self.assertEqual([], carol.call("config.reread")["added"])
        self.assertTrue(carol.at_end())


if __name__ == "__main__":
    unittest.main()
