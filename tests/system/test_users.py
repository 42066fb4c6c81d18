"""Users of the HTTP servers: who is let in, and what each may call and see."""

import base64
import hashlib
import json
import os
import pwd
import subprocess
import sys
import threading
import time
import unittest
import xmlrpc.client

from reeve import Case, Shared, cat, program, reeve_only, until
from test_http import STATE, Reply, request
from test_jsonrpc import JSON, Client, request as json_request

ROLES = ("states", "view", "operate", "admin")
LOGS = ("readLog readMainLog readProcessLog readProcessStderrLog readProcessStdoutLog "
        "tailProcessLog tailProcessStderrLog tailProcessStdoutLog getAllConfigInfo")
OPERATE = ("clearAllProcessLogs clearLog clearProcessLog clearProcessLogs sendProcessStdin "
           "sendRemoteCommEvent signalAllProcesses signalProcess signalProcessGroup "
           "startAllProcesses startProcess startProcessGroup stopAllProcesses stopProcess "
           "stopProcessGroup")
ADMIN = "addProcessGroup reloadConfig removeProcessGroup restart shutdown"
NEEDS = {"supervisor." + name: role
         for role, names in (("view", LOGS), ("operate", OPERATE), ("admin", ADMIN))
         for name in names.split()} | {"reeve.restartProcesses": "operate"}
NEED_ALL = {"supervisor." + name for name in
            ("readLog readMainLog getAllConfigInfo clearLog sendRemoteCommEvent reloadConfig "
             "shutdown restart").split()}
SLOW = ("$6$rounds=1000$saltsalt$1mMPmDKDKACGlAOhHi3R5kb0uw55YuxRfTtHqKZujqovqIyF7m51wD5USRgZP"
        "cks20cXXcJRdNgOdKrA.3aNh0")  # of "slow"
SLOWER = ("$6$rounds=500000$saltsalt$w70Tq2TbtJC/kbo8NprkjmWFr1iRiDVi8aZF.3CinyYOVZBkvwuA7J7Oz."
          "Xehk76hSWZg2w4x4tL0LJE.da8b.")  # takes some tenths of a second
SOME = [None] * 9  # no method takes so many: they are refused after the check of rights


def user(name, password="secret", **options):
    lines = "".join("%s=%s\n" % item for item in {"role": "admin", **options}.items())
    return "[user:%s]\npassword=%s\n%s" % (name, password, lines)


def basic(name, password):
    text = base64.b64encode(b"%s:%s" % (name.encode(), password.encode())).decode()
    return "Authorization: Basic " + text


class Users(Shared):
    def outcome(self, method, *args, via="tcp", name=None, password="secret"):
        """The code of the fault or the HTTP status, or None."""
        proxy = self.d.rpc(via, name, password)
        try:
            getattr(proxy, method)(*args)
        except xmlrpc.client.Fault as e:
            return e.faultCode
        except xmlrpc.client.ProtocolError as e:
            return e.errcode
        finally:
            proxy("close")
        return None

    def get(self, path, *headers, method="GET", body=None, via="tcp"):
        data = request(body or b"", method, path, length=body is not None, headers=headers)
        with self.d.connect(via) as s, s.makefile("rb") as stream:
            s.sendall(data)
            line = stream.readline()
        return int(line.split()[1])


@reeve_only
class Roles(Users):
    programs = (cat("cat") + cat("web") +
                "".join(user("r-" + role, role=role) for role in ROLES) +
                "".join(user("p-" + role, role=role, programs="web") for role in ROLES) +
                user("more", role="states", methods="supervisor.stop*") +
                user("less", deny_methods="supervisor.s*,system.*") +
                user("-x<b>&amp;", role="none"))

    def test_every_method_and_role(self):
        methods = self.s.system.listMethods()
        for via in ("tcp", "unix"):
            for role in ROLES:
                for method in methods:
                    enough = ROLES.index(role) >= ROLES.index(NEEDS.get(method, "states"))
                    with self.subTest(role=role, method=method, via=via):
                        self.assertEqual(2 if enough else 8, self.outcome(
                            method, *SOME, via=via, name="r-" + role))
                        self.assertEqual(2 if enough and method not in NEED_ALL else 8,
                                         self.outcome(method, *SOME, via=via,
                                                      name="p-" + role))

    def test_every_method_in_a_multicall(self):
        methods = [m for m in self.s.system.listMethods() if m != "system.multicall"]
        calls = [{"methodName": m, "params": SOME} for m in methods]
        for role in ROLES:
            proxy = self.d.rpc("tcp", "r-" + role, "secret")
            codes = [r["faultCode"] for r in proxy.system.multicall(calls)]
            proxy("close")
            for method, code in zip(methods, codes):
                enough = ROLES.index(role) >= ROLES.index(NEEDS.get(method, "states"))
                self.assertEqual((method, 2 if enough else 8), (method, code))

    def test_every_method_in_json(self):
        """In batches, and for those that may not be in one, alone."""
        methods = self.s.system.listMethods()
        for name, role in [("%s-%s" % (kind, role), role) for kind in "rp" for role in ROLES]:
            client = Client(self.d)
            self.addCleanup(client.http.close)
            headers = {**JSON, **dict([basic(name, "secret").split(": ", 1)])}
            batch = [json_request(method, *SOME, ident=method) for method in methods
                     if method != "system.multicall"]
            replies = client.answer(batch, headers)
            replies.append(client.answer(
                json_request("system.multicall", *SOME, ident="system.multicall"), headers))
            self.assertEqual(sorted(methods), sorted(reply["id"] for reply in replies))
            for reply in replies:
                method = reply["id"]
                enough = (ROLES.index(role) >= ROLES.index(NEEDS.get(method, "states")) and
                          not (name.startswith("p-") and method in NEED_ALL))
                self.assertEqual((name, method, 2 if enough else 8),
                                 (name, method, reply["error"]["code"]))

    def test_more_and_less(self):
        for method, code in (("stopProcess", 2), ("startProcess", 8), ("getState", 2)):
            self.assertEqual(code, self.outcome("supervisor." + method, *SOME, name="more"))
        for method, code in (("supervisor.stopProcess", 8), ("supervisor.shutdown", 8),
                             ("system.listMethods", 8), ("supervisor.reloadConfig", 2)):
            self.assertEqual(code, self.outcome(method, *SOME, name="less"))

    def test_refusal_names_the_option(self):
        for name, method, text in (
                ("r-view", "shutdown", "needs role admin, and role= of [user:r-view] is view"),
                ("less", "stopProcess", "is denied by deny_methods= of [user:less]"),
                ("p-admin", "readLog", "needs programs=all in [user:p-admin]"),
                ("-x<b>&amp;", "getState",
                 "needs role states, and role= of [user:-x<b>&amp;] is none")):
            proxy = self.rpc(self.d, "tcp", user=name, password="secret")
            self.assertFault(8, "NOT_PERMITTED: supervisor.%s %s" % (method, text),
                             getattr(proxy.supervisor, method), *SOME)

    def test_logs(self):
        for via in ("tcp", "unix"):
            for name, path, status in (("r-states", "/logtail/cat", 403),
                                       ("r-states", "/logtail/nothing", 403),
                                       ("r-view", "/logtail/nothing", 404),
                                       ("r-view", "/logtail/web", 200),
                                       ("p-view", "/logtail/web", 200),
                                       ("r-view", "/mainlogtail", 200),
                                       ("p-admin", "/mainlogtail", 403)):
                with self.subTest(via=via, name=name, path=path):
                    self.assertEqual(status, self.get(path, basic(name, "secret"), via=via))

    def test_restricted_lists(self):
        for via in ("tcp", "unix"):
            proxy = self.rpc(self.d, via, user="p-view", password="secret")
            for info in (proxy.supervisor.getAllProcessInfo, proxy.reeve.getAllProcessInfo):
                self.assertEqual(["web"], [row["name"] for row in info()])
            self.assertEqual("web", proxy.supervisor.getProcessInfo("web")["name"])
            until(lambda: "web" in [row["name"] for row in proxy.reeve.getAllProcessStats()])
            self.assertEqual(["web"],
                             [row["name"] for row in proxy.reeve.getAllProcessStats()])
            for info in (proxy.supervisor.getProcessInfo, proxy.reeve.getProcessInfo,
                         proxy.reeve.getProcessStats):
                self.assertFault(10, "BAD_NAME: cat", info, "cat")
                self.assertFault(10, "BAD_NAME: cat:cat", info, "cat:cat")
            rows, row = proxy.system.multicall([
                {"methodName": "supervisor.getAllProcessInfo", "params": []},
                {"methodName": "supervisor.getProcessInfo", "params": ["cat"]}])
            self.assertEqual(["web"], [r["name"] for r in rows])
            self.assertEqual(10, row["faultCode"])


@reeve_only
class Restricted(Case):
    """Commands act on what their caller sees."""

    def test_commands(self):
        d = self.daemon(cat("cat") + cat("web", numprocs=2, process_name="%(process_num)d") +
                        user("one", role="operate", programs="web:0") +
                        user("all", role="admin", programs="web"))
        for via in ("tcp", "unix"):
            one = self.rpc(d, via, user="one", password="secret").supervisor
            for method, args in (("stopProcess", ("cat",)), ("stopProcess", ("web:1",)),
                                 ("startProcess", ("cat",)), ("signalProcess", ("cat", "HUP")),
                                 ("stopProcessGroup", ("cat",)), ("clearProcessLogs", ("cat",)),
                                 ("sendProcessStdin", ("web:1", "x")),
                                 ("signalProcessGroup", ("cat", "HUP"))):
                with self.subTest(via=via, method=method):
                    self.assertFault(10, "BAD_NAME: " + args[0], getattr(one, method), *args)
            for method, args in (("stopAllProcesses", ()), ("startAllProcesses", ()),
                                 ("stopProcessGroup", ("web",)),
                                 ("startProcessGroup", ("web",)),
                                 ("signalAllProcesses", ("CONT",)), ("clearAllProcessLogs", ()),
                                 ("stopProcess", ("web:*",)), ("startProcess", ("web:*",))):
                with self.subTest(via=via, method=method):
                    self.assertEqual(["0"], [r["name"] for r in getattr(one, method)(*args)])
            self.assertEqual("RUNNING", d.state("web:1"))
            self.assertEqual("RUNNING", d.state("cat"))
            self.assertFault(10, "BAD_NAME: cat", one.tailProcessStdoutLog, "cat", 0, 10)
            group = self.rpc(d, via, user="all", password="secret").supervisor
            self.assertFault(10, "BAD_NAME: cat", group.removeProcessGroup, "cat")
            self.assertFault(10, "BAD_NAME: cat", group.addProcessGroup, "cat")
            self.assertFault(91, "STILL_RUNNING: web", group.removeProcessGroup, "web")


@reeve_only
class Credentials(Users):
    programs = (cat("cat") + user("ann", "one", role="operate") +
                user("sha", "{SHA}" + hashlib.sha1(b"two").hexdigest(), role="view") +
                user("green", "pässwort%%", role="view") + user("long", "x" * 511, role="view"))
    options = {"unix": {"username": "boss", "password": "own"}}

    def test_who_is_let_in(self):
        for via, name, password, want in (
                ("tcp", None, None, 401), ("tcp", "ann", "one", None),
                ("tcp", "sha", "two", None), ("tcp", "green", "pässwort%", None),
                ("tcp", "long", "x" * 511, None), ("unix", "boss", "own", None),
                ("unix", "ann", "one", None), ("unix", None, None, 401)):
            with self.subTest(via=via, name=name):
                self.assertEqual(want, self.outcome("supervisor.getState", via=via, name=name,
                                                    password=password))
        self.assertEqual(8, self.outcome("supervisor.shutdown", *SOME, name="ann",
                                         password="one"))
        self.assertEqual(2, self.outcome("supervisor.shutdown", *SOME, name="boss",
                                         password="own", via="unix"))

    def test_wrong_ones_wait(self):
        began = time.monotonic()
        for name, password in (("ann", "two"), ("boss", "own"), ("nobody", "one"), ("ann", ""),
                               ("", ""), ("long", "x" * 512), ("ann", "one\0"),
                               ("ann\0", "one"), ("-ann", "one"), ("<b>", "x" * 4000)):
            with self.subTest(name=name, password=password[:20]):
                before = time.monotonic()
                self.assertEqual(401, self.outcome("supervisor.getState", name=name,
                                                   password=password))
                self.assertGreaterEqual(time.monotonic() - before, 0.9)
        self.d.wait_log("wrong credentials")
        lines = sum("wrong credentials" in line for line in self.d.messages())
        self.assertLessEqual(lines, time.monotonic() - began + 2)

    def test_unreadable(self):
        for header in ("Basic " + base64.b64encode(b"ann").decode(),
                       "Basic " + base64.b64encode(b"ann:\xff").decode(), "Basic %%%"):
            self.assertEqual(400, self.get("/RPC2", "Authorization: " + header, method="POST",
                                           body=STATE))
        self.assertEqual(401, self.get("/RPC2", "Authorization: Bearer x", method="POST",
                                       body=STATE))
        # A header of 1 MB is refused before it is complete.
        with self.d.connect() as s:
            try:
                s.sendall(b"POST /RPC2 HTTP/1.1\r\nAuthorization: Basic " + b"A" * (1 << 20))
                reply = s.recv(100)
            except ConnectionError:
                reply = b""
        self.assertNotIn(b" 200 ", reply)
        self.assertIsNone(self.outcome("supervisor.getState", name="ann", password="one"))


@reeve_only
class Attack(Users):
    programs = user("ann", "one")

    def test_many_wrong_ones(self):
        """Clients with wrong passwords at full speed do not stop others."""
        wrong = request(STATE, headers=[basic("ann", "wrong")])
        attackers = []
        for _ in range(6):
            code = ("import socket, sys, time\n"
                    "end = time.monotonic() + 60\n"
                    "while time.monotonic() < end:\n"
                    "    try:\n"
                    "        with socket.create_connection(('127.0.0.1', %d), 5) as s:\n"
                    "            s.sendall(%r)\n"
                    "    except OSError:\n"
                    "        pass\n" % (self.d.port, wrong))
            attackers.append(subprocess.Popen([sys.executable, "-c", code]))
        try:
            self.d.wait_log("wrong credentials")
            for _ in range(50):
                self.assertIsNone(self.outcome("supervisor.getState", name="ann",
                                               password="one"))
        finally:
            for attacker in attackers:
                attacker.kill()
                attacker.wait()


@reeve_only
class Changes(Case):
    """The table of users changes in a running daemon."""

    def configure(self, users):
        self.d.configure(cat("cat") + users)

    def reread(self):
        s = self.d.rpc("unix")
        s.supervisor.reloadConfig()
        s("close")

    def state(self, name, password):
        proxy = self.d.rpc("tcp", name, password)
        try:
            return proxy.supervisor.getState()["statename"]
        except xmlrpc.client.ProtocolError as e:
            return e.errcode
        finally:
            proxy("close")

    def test_reread(self):
        self.d = self.daemon(cat("cat"))
        self.assertEqual("RUNNING", self.state(None, None))
        self.configure(user("ann", "one") + user("bob", "two"))
        self.assertEqual("RUNNING", self.state(None, None))
        self.reread()
        self.assertEqual(401, self.state(None, None))
        self.assertEqual("RUNNING", self.state("ann", "one"))
        self.assertEqual("RUNNING", self.state("bob", "two"))
        self.configure(user("ann", "three", role="view"))
        self.reread()
        self.assertEqual(401, self.state("ann", "one"))
        self.assertEqual(401, self.state("bob", "two"))
        self.assertEqual("RUNNING", self.state("ann", "three"))
        proxy = self.rpc(self.d, "tcp", user="ann", password="three")
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            proxy.supervisor.shutdown()
        self.assertEqual(8, caught.exception.faultCode)
        # A broken file changes nothing.
        self.configure("[user:ann]\nrole=king\npassword=x\n")
        with self.assertRaises(xmlrpc.client.Fault):
            self.reread()
        self.assertEqual("RUNNING", self.state("ann", "three"))
        # A new front end receives the same table.
        os.kill(self.d.front_end(), 9)
        until(lambda: self.d.serving(), what="a new front end")
        self.assertEqual(401, self.state("ann", "one"))
        self.assertEqual("RUNNING", self.state("ann", "three"))
        self.configure("")
        self.reread()
        self.assertEqual("RUNNING", self.state(None, None))


    def test_those_who_wait(self):
        """Streams and calls end with the rights of their callers; others continue."""
        sleeper = program("sleeper", "/bin/sleep 1000", startsecs=1000, autostart="false")
        others = user("bob", "two")
        self.d = self.daemon(cat("cat") + sleeper + user("ann", "one") + others)
        streams = {}
        for name, password in (("ann", "one"), ("bob", "two")):
            s = self.d.connect()
            self.addCleanup(s.close)
            s.sendall(request(b"", "GET", "/logtail/cat", length=False,
                              headers=[basic(name, password)]))
            stream = s.makefile("rb")
            self.addCleanup(stream.close)
            self.assertIn(b" 200 ", stream.readline())
            streams[name] = stream
        faults = []

        def start():
            proxy = self.d.rpc("tcp", "ann", "one")
            try:
                proxy.supervisor.startProcess("sleeper")
            except xmlrpc.client.Fault as e:
                faults.append(e.faultString)
            proxy("close")

        waits = threading.Thread(target=start)
        waits.start()
        self.addCleanup(waits.join)
        self.d.wait_state("sleeper", "STARTING")
        self.d.configure(cat("cat") + sleeper + user("ann", "one", role="operate") + others)
        self.reread()
        for line in iter(streams["ann"].readline, b"0\r\n"):
            self.assertNotEqual(b"", line)
        waits.join()
        self.assertEqual(["NOT_PERMITTED: the rights of the caller have changed"], faults)
        proxy = self.rpc(self.d, "tcp", user="bob", password="two")
        proxy.supervisor.sendProcessStdin("cat", "still here\n")
        line = b""
        while b"still here" not in line:
            line = streams["bob"].readline()
            self.assertNotEqual(b"", line)

    def test_no_password(self):
        """A user who has none cannot log in, and takes the time of an unknown one."""
        peer = "[user:eve]\nrole=admin\n"
        self.d = self.daemon(cat("cat") + peer, supervisord={"peer_users": "daemon=eve"})
        for others in ("", user("ann", "one"), user("ann", "one") + user("cid", SLOW)):
            self.configure_peers(peer + others)
            self.assertEqual(401, self.state(None, None))
            times = {}
            for name in ("eve", "nobody"):
                began = time.monotonic()
                self.assertEqual(401, self.state(name, ""))
                self.assertEqual(401, self.state(name, "x"))
                times[name] = time.monotonic() - began
                self.assertGreater(times[name], 1.9)
            if others:
                self.assertEqual("RUNNING", self.state("ann", "one"))
        # Whoever gets a password can log in, until it is removed.
        for password, wanted in (("password=x\n", "RUNNING"), ("", 401)):
            self.configure_peers(peer + password)
            self.assertEqual(wanted, self.state("eve", "x"))

    def configure_peers(self, users):
        self.d.configure(cat("cat") + users, {"peer_users": "daemon=eve"})
        self.reread()

    def test_slow_hash(self):
        users = user("ann", "one") + user("cid", SLOW, role="view")
        self.d = self.daemon(cat("cat") + users)
        self.assertEqual(401, self.state("cid", "fast"))
        self.assertEqual(401, self.state("nobody", "slow"))
        self.assertEqual("RUNNING", self.state("ann", "one"))
        self.assertEqual("RUNNING", self.state("cid", "slow"))
        # An unchanged table is not forgotten, a changed one is.
        self.reread()
        self.assertEqual("RUNNING", self.state("cid", "slow"))
        self.configure(user("ann", "one") + user("cid", SLOW, role="operate"))
        self.reread()
        self.assertEqual("RUNNING", self.state("cid", "slow"))
        proxy = self.rpc(self.d, "tcp", user="cid", password="slow")
        self.assertTrue(proxy.supervisor.startProcess("cat") if self.d.state("cat") != "RUNNING"
                        else proxy.supervisor.stopProcess("cat"))
        # The body arrives while the credentials are verified.
        self.configure(user("cid", SLOW))
        self.reread()
        with self.d.connect() as s, s.makefile("rb") as stream:
            data = request(STATE + b" " * 20000, headers=[basic("cid", "slow"),
                                                          "Expect: 100-continue"])
            s.sendall(data)
            lines = [stream.readline() for _ in range(3)]
        self.assertTrue(any(b" 200 " in line for line in lines), lines)

    def test_too_many_logins(self):
        """Few logins wait for the verifier, the others may try again; known users are served
        meanwhile."""
        self.d = self.daemon(cat("cat") + user("ann", "one") + user("cid", SLOWER))
        self.assertEqual("RUNNING", self.state("cid", "slow"))
        waiting = []
        for n in range(12):
            s = self.d.connect()
            self.addCleanup(s.close)
            s.sendall(request(STATE, headers=[basic("cid" if n % 2 else "nobody", "x%d" % n)]))
            waiting.append(s)
        for name, password in (("ann", "one"), ("cid", "slow")):
            self.assertEqual("RUNNING", self.state(name, password))
        replies = []
        for s in waiting:
            with s.makefile("rb") as stream:
                replies.append(Reply(stream))
        self.assertEqual({401, 503}, {reply.status for reply in replies})
        self.assertEqual({"1"}, {r.headers["retry-after"] for r in replies if r.status == 503})
        self.assertEqual("RUNNING", self.state("cid", "slow"))

    def test_audit(self):
        self.d = self.daemon(cat("cat") + user("ann", "one", role="view"),
                             supervisord={"audit_log": "%(here)s/audit.log"})
        self.assertEqual(401, self.state("ann", "two"))

        def records():
            return [json.loads(line) for line in self.d.file("audit.log").splitlines()]

        until(lambda: ["login"] == [r["method"] for r in records()])
        proxy = self.rpc(self.d, "tcp", user="ann", password="one")
        for _ in range(100):
            with self.assertRaises(xmlrpc.client.Fault):
                proxy.supervisor.stopProcess("cat")
        until(lambda: sum(r.get("count", 1) for r in records()) == 101, what="101 refusals")
        self.assertLess(len(records()), 60)
        refused = records()[1]
        self.assertEqual(("ann", "supervisor.stopProcess", "cat", "inet_http_server"),
                         tuple(refused[key] for key in ("user", "method", "target",
                                                        "listener")))
        time.sleep(1.1)
        with self.assertRaises(xmlrpc.client.Fault):
            proxy.supervisor.sendProcessStdin("web:" + "x" * 5000, "swordfish")
        refused = until(lambda: [r for r in records() if "Stdin" in r.get("method", "")])[0]
        self.assertEqual("web:" + "x" * 1020 + "...", refused["target"])
        self.assertNotIn(b"swordfish", self.d.file("audit.log"))

    def test_audit_of_logs(self):
        """A log that may not be read is named."""
        self.d = self.daemon(cat("cat") + user("ann", "one", role="states"),
                             supervisord={"audit_log": "%(here)s/audit.log"})
        for path in ("/logtail/cat", "/logtail/g%3Aa/stderr", "/mainlogtail"):
            with self.d.connect() as s, s.makefile("rb") as stream:
                s.sendall(request(b"", "GET", path, length=False,
                                  headers=[basic("ann", "one")]))
                self.assertIn(b" 403 ", stream.readline())
        records = until(lambda: len(lines := self.d.file("audit.log").splitlines()) == 3 and
                        [json.loads(line) for line in lines])
        self.assertEqual([("logtail", "cat"), ("logtail", "g:a"), ("mainlogtail", None)],
                         [(r["method"], r.get("target")) for r in records])


@reeve_only
@unittest.skipUnless(os.geteuid() == 0, "needs several users")
class Peers(Case):
    """Local users of the Unix socket stand for users of the configuration."""

    def outcome(self, method, uid, gid=65534, groups=()):
        """The code of the fault for a process of that user."""
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setgroups(groups)
                os.setgid(gid)
                os.setuid(uid)
                getattr(self.d.rpc("unix"), method)(*SOME)
            except xmlrpc.client.Fault as e:
                os.write(writing, b"%d" % e.faultCode)
            finally:
                os._exit(0)
        os.close(writing)
        with open(reading, "rb") as answer:
            code = answer.read()
        os.waitpid(pid, 0)
        return int(code)

    def test_peers(self):
        nobody = pwd.getpwnam("nobody").pw_uid
        daemon = pwd.getpwnam("daemon").pw_uid
        games = pwd.getpwnam("games")
        users = user("ann", role="operate") + user("bob", role="view")
        self.d = self.daemon(cat("cat") + users, unix={"chmod": "0777"}, supervisord={
            "peer_users": "nobody=ann, @%d=bob, daemon=ann" % games.pw_gid})
        for uid, groups, view, operate, admin in (
                (0, [], 2, 2, 2), (nobody, [], 2, 2, 8), (daemon, [], 2, 2, 8),
                (daemon, [games.pw_gid], 2, 8, 8), (games.pw_uid, [], 8, 8, 8),
                (12345, [games.pw_gid], 2, 8, 8)):
            for method, code in (("readLog", view), ("startProcess", operate),
                                 ("shutdown", admin)):
                with self.subTest(uid=uid, groups=groups, method=method):
                    self.assertEqual(code, self.outcome("supervisor." + method, uid,
                                                        groups=groups))
        self.assertEqual(2, self.outcome("supervisor.readLog", 12345, gid=games.pw_gid))
        # Without peer_users=, the mode of the socket decides, as before.
        self.d.configure(cat("cat") + users)
        self.d.rpc("unix").supervisor.reloadConfig()
        self.assertEqual(2, self.outcome("supervisor.shutdown", 12345))


if __name__ == "__main__":
    unittest.main()
