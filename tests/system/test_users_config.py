"""Users of the configuration: what a reread and a restart do with them, and that no password
gets out of the file."""

import json
import os
import re
import signal
import subprocess
import unittest

from reeve import BUILD, PATIENCE, Case, program, reeve_only, until

SECRETS = ("swordfish-4711", "trout-1967", "eel-2112")


def user(name, password=None, **options):
    """A [user:NAME]; the role is view."""
    options = {"role": "view", **({"password": password} if password else {}), **options}
    return "[user:%s]\n%s" % (name, "".join("%s=%s\n" % i for i in options.items()))


@reeve_only
class Users(Case):
    programs = program("a", "/bin/cat", startsecs=0)

    def begin(self, users, **supervisord):
        self.d = self.daemon(self.programs + users, supervisord=supervisord)
        self.s = self.rpc(self.d).supervisor
        self.w = self.control(self.d)

    def rewrite(self, users, **supervisord):
        self.d.configure(self.programs + users, supervisord=supervisord)

    def test_a_change_of_users_changes_no_program(self):
        self.begin(user("bob", SECRETS[0]))
        pid = self.d.info("a")["pid"]
        for users, options, told in (
                (user("bob", SECRETS[1]) + user("ann", "x", role="admin"), {},
                 ["[user:bob] password", "[user:ann] is new"]),
                (user("bob", SECRETS[1], programs="a", role="admin"),
                 {"peer_users": "daemon=bob"},
                 ["[user:ann] is gone", "[user:bob] role: view -> admin",
                  "[user:bob] programs: nothing -> a",
                  "[supervisord] peer_users: nothing -> daemon=bob"]),
                ("", {}, ["[user:bob] is gone",
                          "[supervisord] peer_users: daemon=bob -> nothing"])):
            self.rewrite(users, **options)
            self.assertEqual({"added": [], "changed": [], "removed": [], "reload": [],
                              "start": [], "users": told}, self.w.call("config.preview"))
            shown = "".join(text + ": takes effect at once\n" for text in told)
            ended = self.d.reevectl("update", "--dry-run")
            nothing = "No config updates to processes\n"
            self.assertEqual((0, nothing + shown.replace("takes", "would take")),
                             (ended.returncode, ended.stdout))
            ended = self.d.reevectl("reread")
            self.assertEqual((0, nothing, shown),
                             (ended.returncode, ended.stdout, ended.stderr))
            self.assertEqual([[[], [], []]], self.s.reloadConfig())
            ended = self.d.reevectl("update")
            self.assertEqual((0, "", ""), (ended.returncode, ended.stdout, ended.stderr))
            # They have taken effect.
            ended = self.d.reevectl("update", "--dry-run")
            self.assertEqual((0, nothing), (ended.returncode, ended.stdout))
        self.assertEqual(pid, self.d.info("a")["pid"])

    def test_update_tells_of_users(self):
        self.begin(user("bob", SECRETS[0]))
        self.rewrite(user("bob", SECRETS[1]) + program("b", "/bin/cat", startsecs=0))
        ended = self.d.reevectl("update")
        self.assertEqual((0, "b: added process group\n",
                          "[user:bob] password: takes effect at once\n"),
                         (ended.returncode, ended.stdout, ended.stderr))

    def test_what_needs_a_restart_is_told(self):
        self.begin(user("bob", "x"))
        self.d.servers = ({"max_role": "view"}, self.d.servers[1])
        self.rewrite(user("bob", "x"), audit_log=self.d.path("audit.log"),
                     audit_log_backups=3)
        told = self.w.call("config.preview")
        self.assertEqual(["[supervisord] audit_log: nothing -> " + self.d.path("audit.log"),
                          "[supervisord] audit_log_backups: 10 -> 3",
                          "[unix_http_server] max_role: admin -> view"], told["reload"])
        self.assertEqual([], told["start"])

    def test_an_error_leaves_the_users(self):
        self.begin(user("bob", SECRETS[0]))
        for users, text in (
                (user("bob") + "password=\n", "[user:bob] the password is empty"),
                (user("bob", "$9$%s$x" % SECRETS[1]), "[user:bob] the password begins like a "
                 "hash, $...$, but of an unknown kind; make a hash with reevectl passwd"),
                (user("bob", "100%" + SECRETS[1]), "[user:bob] the password has a % that "
                 "expands to nothing; write %% for a percent sign, and set the variable that "
                 "a %(ENV_x)s names"),
                (user("bob", password_file="/nonexistent/x"), "[user:bob] cannot read the "
                 "password in /nonexistent/x: No such file or directory")):
            self.rewrite(users)
            with open(self.d.conf, encoding="utf-8") as f:
                lines = f.read().splitlines()
            line = 1 + max(lines.index("[user:bob]"), *(
                n for n, text in enumerate(lines) if text.startswith("password")), 0)
            self.assertFault(92, "CANT_REREAD: %s:%d: %s" % (self.d.conf, line, text),
                             self.s.reloadConfig)

    def test_new_warnings_are_logged_once(self):
        self.begin(user("bob", SECRETS[0]))
        self.rewrite(user("bob", SECRETS[0], programs="a,nowhere"))
        for _ in range(3):
            self.s.reloadConfig()
        self.assertEqual(1, self.d.log().count(
            "[user:bob] programs has nowhere, but there is no such program or group"))

    def test_which_servers_are_called_open(self):
        """Those that tell nobody apart."""
        for users, options, role, wanted in (
                ("", {}, None, ["inet", "unix"]),
                (user("bob", "x"), {}, None, ["unix"]),
                (user("bob", "x"), {"peer_users": "daemon=bob"}, None, []),
                (user("bob", "x"), {"peer_users": "daemon=bob"}, "view", ["inet"])):
            d = self.daemon(self.programs + users, supervisord=options,
                            tcp={"unauthenticated_role": role})
            self.assertEqual(wanted, re.findall(
                "CRIT Server '(.*)_http_server' running without any HTTP auth", d.log()))

    def test_no_password_gets_out(self):
        """Not in an answer, the log, the output or a file that the daemon writes."""
        with_file = user("ann", password_file="%(here)s/secret")
        self.begin(user("bob", SECRETS[0]))
        with open(self.d.path("secret"), "w", encoding="utf-8") as f:
            f.write(SECRETS[2] + "\n")
        self.rewrite(user("bob", SECRETS[1]) + with_file)
        seen = [json.dumps(self.w.call("config.preview")), str(self.s.reloadConfig()),
                str(self.s.getAllConfigInfo()), self.d.reevectl("check").stdout]
        self.s.restart()
        self.d.wait_log("supervisord started", count=2)
        until(self.d.serving)
        seen += [str(self.s.getAllConfigInfo()), self.s.readLog(0, 0)]
        for name in os.listdir(self.d.dir):
            path = self.d.path(name)
            if os.path.isfile(path) and name not in ("supervisord.conf", "secret"):
                with open(path, "rb") as f:
                    seen.append(f.read().decode("utf-8", "replace"))
        for secret in SECRETS:
            self.assertNotIn(secret, "".join(seen))

    @unittest.skipIf(os.getuid() != 0, "creates a link of another user")
    def test_a_link_that_another_user_made(self):
        """leads only to what that user could read."""
        d = self.make(self.programs + user("bob", password_file="{dir}/open/link"))
        os.mkdir(d.path("open"))
        os.chmod(d.path("open"), 0o1777)
        with open(d.path("secret"), "w", encoding="utf-8") as f:
            f.write(SECRETS[0])
        os.symlink(d.path("secret"), d.path("open/link"))
        os.chmod(d.path("secret"), 0o600)
        os.chown(d.path("open/link"), 1, 1, follow_symlinks=False)
        ended = d.reevectl("check")
        self.assertEqual(2, ended.returncode)
        self.assertRegex(ended.stdout, r"cannot read the password in .*/open/link: .*denied")
        os.chown(d.path("secret"), 1, 1)
        self.assertEqual(0, d.reevectl("check").returncode)


@reeve_only
@unittest.skipIf(os.getuid() != 0, "connects as another user")
class Peers(Case):
    """What a local user may do follows from the configuration last read."""

    DAEMON = {"user": 1, "group": 1, "extra_groups": []}
    programs = program("a", "/bin/cat", startsecs=0) + program("b", "/bin/cat", startsecs=0)

    def begin(self, users, build=BUILD, **options):
        self.d = self.daemon(self.programs + users, build=build, unix={"chmod": "0777"},
                             supervisord=options)
        for name in "ab":
            self.d.wait_state(name, "RUNNING")

    def reread(self, users, **options):
        self.d.configure(self.programs + users, supervisord=options)
        self.assertEqual(0, self.d.reevectl("reread").returncode)

    def ask(self, *words):
        """The status and the output of reevectl, run by the local user."""
        ended = subprocess.run(
            [os.path.join(BUILD, "reevectl"), "-s", self.d.control_path, *words],
            capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL,
            check=False, **self.DAEMON)
        return ended.returncode, ended.stdout + ended.stderr

    def names(self):
        status, text = self.ask("status")
        return [line.split()[0] for line in text.splitlines()] if status == 0 else text

    def test_rereads(self):
        self.begin("")
        self.assertEqual(["a", "b"], self.names())
        peers = {"peer_users": "@daemon=bob"}
        self.reread(user("bob", "x", programs="a"), **peers)
        self.assertEqual(["a"], self.names())
        self.assertNotEqual(0, self.ask("stop", "a")[0])
        self.assertEqual("RUNNING", self.d.state("a"))
        self.reread(user("bob", "x", programs="a", role="operate"), **peers)
        self.assertEqual(0, self.ask("stop", "a")[0])
        self.assertNotEqual(0, self.ask("stop", "b")[0])
        self.assertEqual(("STOPPED", "RUNNING"), (self.d.state("a"), self.d.state("b")))
        self.reread(user("bob", "x"), peer_users="root=bob")
        status, text = self.ask("status")
        self.assertNotEqual(0, status, text)
        self.assertNotIn("RUNNING", text)
        # An error changes nothing.
        self.d.configure(self.programs + user("bob", "x", role="chief"))
        self.assertNotEqual(0, self.d.reevectl("reread").returncode)
        self.assertNotEqual(0, self.ask("status")[0])
        self.d.reevectl("start", "a")
        self.reread("")
        self.assertEqual(["a", "b"], self.names())

    def test_signal(self):
        """SIGHUP restarts the daemon with the new users."""
        self.begin(user("bob", "x", programs="a"), peer_users="daemon=bob")
        self.assertEqual(["a"], self.names())
        self.d.configure(self.programs + user("bob", "x", programs="b"),
                         supervisord={"peer_users": "daemon=bob"})
        os.kill(self.d.pid, signal.SIGHUP)
        self.d.wait_log("supervisord started", count=2)
        until(lambda: self.names() == ["b"])

    def test_upgrade(self):
        self.begin("")
        self.reread(user("bob", "x", programs="a"), peer_users="daemon=bob")
        self.d.upgrade()
        self.assertEqual(["a"], self.names())


if __name__ == "__main__":
    unittest.main()
