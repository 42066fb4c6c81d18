"""Clients over live upgrades: each request gets its answer, no connection is refused, and what
follows a log or the states misses nothing."""

import os
import re
import signal
import threading
import unittest
import xmlrpc.client

from callers import Caller, copied_build, put, repair
from reeve import PATIENCE, SEAM, Case, alive, program, reeve_only, until
from test_ctl_follow import Follower as Reevectl
from test_event_stream import Page
from test_follow import Follower
from test_rpcinterface import Served, method
from test_upgrade import front_ends

UPGRADES = 20
COUNTER = program("counter", "/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i; "
                  "sleep 0.01; done'", startsecs=0, stdout_logfile="{dir}/counter.log",
                  stdout_logfile_maxbytes=0)
CAT = program("cat", "/bin/cat", startsecs=0, stdout_logfile="NONE")
# Is RUNNING after a time in which several upgrades happen.
SLOW = program("slow", "/bin/sleep 1000", startsecs=3, autostart="false", stdout_logfile="NONE")
MANY = program("many", "/bin/sleep 1000", numprocs=30, process_name="m%(process_num)d",
               startsecs=0, autostart="false", stdout_logfile="NONE")


class Seam(Case):
    programs = COUNTER + CAT + SLOW + MANY
    options = {}

    def setUp(self):
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no build with the seam in " + SEAM)
        self.d = self.daemon(self.programs, build=SEAM, **self.options)
        until(self.d.serving)
        self.upgrades = 0

    def upgrade(self):
        wire = self.control(self.d)
        wire.call("daemon.upgrade")
        self.upgrades += 1
        self.d.wait_log("upgrade: took over", count=self.upgrades)
        wire.close()

    def wait_one_front_end(self):
        until(lambda: len(front_ends(self.d)) == 1, what="the old reeve-rpcd to exit")


@reeve_only
class Clients(Seam):
    def check_lines(self, lines):
        numbers = [int(line) for line in lines]
        self.assertEqual(list(range(numbers[0], numbers[0] + len(numbers))), numbers)

    def test_each_request_gets_its_answer(self):
        d = self.d
        callers = [Caller(d, "supervisor.getState", kept=kept,
                          check=lambda value: value["statename"] == "RUNNING")
                   for kept in (True, False)]
        callers += [Caller(d, "supervisor.sendProcessStdin", "cat", "x\n", kept=kept,
                           check=lambda value: value is True) for kept in (True, False)]
        callers += [Caller(d, "supervisor.getAllProcessInfo",
                           check=lambda value: len(value) == 33)]
        tail = Follower(d, "/logtail/counter")
        before = len(tail.body().split(b"\n")[-1])
        for _ in range(UPGRADES):
            calls = [caller.calls for caller in callers]
            self.upgrade()
            until(lambda: all(a.calls > n for a, n in zip(callers, calls)), what="answers")
            # One has the followed log; of three, the oldest would be ended.
            until(lambda: len(front_ends(d)) <= 2, what="old reeve-rpcd processes to exit")
        for caller in callers:
            caller.stop()
        self.assertEqual([], [f for caller in callers for f in caller.failures])
        size = len(tail.body())
        until(lambda: len(tail.body()) > size + 20, what="more lines over the old connection")
        self.check_lines(tail.body()[before:].split(b"\n")[1:-1])
        tail.sock.close()
        self.wait_one_front_end()
        self.assertNotIn("WARN reeve-rpcd", d.log())
        self.assertNotIn("ERRO", d.log())

    def test_calls_that_wait_are_answered(self):
        d, results = self.d, {}

        def call(name, method, *params):
            with self.rpc(d) as s:
                results[name] = getattr(s.supervisor, method)(*params)

        threads = [threading.Thread(target=call, args=("slow", "startProcess", "slow")),
                   threading.Thread(target=call, args=("many", "startProcessGroup", "many"))]
        for thread in threads:
            thread.start()
        until(lambda: d.state("slow") == "STARTING")
        shell = Reevectl(self, d, "restart", "slow")
        for _ in range(3):
            self.upgrade()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(30, len(results["many"]))
        self.assertEqual({80}, {row["status"] for row in results["many"]})
        self.assertEqual(0, shell.status(), shell.text())
        self.assertTrue(shell.text().endswith("slow: started\n"), shell.text())

    def test_a_browser_misses_no_change(self):
        """A stream of events ends when the next reeve-rpcd accepts clients. The next stream
        has the state of now, whatever happened in between."""
        d = self.d
        page = Page(d)
        page.rows()
        for _ in range(3):
            before = d.info("cat")["pid"]
            self.upgrade()
            until(lambda p=page: p.take() is not None and p.ended, what="the stream to end")
            last = [ident for _, _, ident in page.events() if ident][-1]
            os.kill(before, signal.SIGKILL)
            until(lambda b=before: d.info("cat")["pid"] not in (0, b))
            page.sock.close()
            page = Page(d, headers=["Last-Event-ID: " + last])
            pids = [row["pid"] for row in page.rows() if row["name"] == "cat"]
            self.assertEqual([d.info("cat")["pid"]], pids)
        page.sock.close()

    def test_reevectl_continues(self):
        d = self.d
        tail = Reevectl(self, d, "tail", "-f", "counter")
        start = Reevectl(self, d, "start", "slow")
        watch = Reevectl(self, d, "status", "--watch", stdin=None)
        until(lambda: d.state("slow") == "STARTING")
        until(lambda: "slow" in watch.text())
        for _ in range(5):
            self.upgrade()
        self.assertEqual(0, start.status(), start.text())
        self.assertEqual("slow: started\n", start.text())
        until(lambda: re.search(r"slow +RUNNING", watch.text()), what=watch.text)
        size = len(tail.text())
        until(lambda: len(tail.text()) > size + 20, what="more lines")
        self.check_lines(tail.text().split("\n")[2:-1])

    def test_connections_in_the_queue_are_accepted(self):
        """Clients that connect to the control socket during an upgrade wait for an answer."""
        wires = []
        wire = self.control(self.d)
        wire.request("daemon.upgrade")
        for _ in range(20):
            wires.append(self.control(self.d, hello=False))
        for one in wires:
            self.assertEqual("reeved", one.call("hello", protocol=1, program="x")["program"])
            one.close()
        wire.close()
        self.upgrades += 1
        self.d.wait_log("upgrade: took over")

    def test_requests_that_wait_are_answered(self):
        """They wait for a sample or for the configuration, and are carried out again."""
        for method in ("all.stats", "config.preview", "config.reread", "config.update"):
            wire = self.control(self.d)
            ident = wire.request(method)
            wire.call("daemon.upgrade")
            self.upgrades += 1
            self.d.wait_log("upgrade: took over", count=self.upgrades)
            answers = [f for f in wire.notifications if f.get("id") == ident]
            result = answers[0]["result"] if answers else wire.answer(ident)
            self.assertIsInstance(result, dict)
            wire.close()
        self.assertNotIn("reaped unknown pid", self.d.log())

    def test_parts_of_requests_are_kept(self):
        """A request of which a part was sent before the upgrade, whatever the part."""
        request = (b'{"jsonrpc":"2.0","id":7,"method":"process.stdin","params":'
                   b'{"name":"cat","data":"first ","total":12}}\n'
                   b'{"jsonrpc":"2.0","method":"part","params":{"id":7,"data":"second"}}\n')
        for at in (1, 60, request.index(b"\n") + 1, len(request) - 1):
            wire = self.control(self.d)
            wire.send_bytes(request[:at])
            self.control(self.d).call("subscribe")  # it was read
            self.upgrade()
            wire.send_bytes(request[at:])
            self.assertIsNone(wire.answer(7))
            wire.close()


@reeve_only
class Odd(Seam):
    """reeve-rpcd processes in odd states during an upgrade."""

    programs = CAT + COUNTER
    options = {"supervisord": {"loglevel": "debug"}}

    def test_stopped(self):
        d = self.d
        for _ in range(3):
            old = d.front_end()
            os.kill(old, signal.SIGSTOP)
            self.upgrade()
            self.assertEqual("RUNNING", d.state("cat"))
            self.wait_one_front_end()
            self.assertNotEqual(old, d.front_end())

    def test_killed(self):
        d = self.d
        for _ in range(5):
            wire = self.control(d)
            wire.request("daemon.upgrade")
            os.kill(d.front_end(), signal.SIGKILL)
            self.upgrades += 1
            d.wait_log("upgrade: took over", count=self.upgrades)
            wire.close()
            self.assertEqual("RUNNING", d.state("cat"))
            self.wait_one_front_end()
        self.assertNotIn("reaped unknown pid", d.log())

    def test_several_in_a_row(self):
        """Also before a reeve-rpcd is ready. Of three that have clients, the oldest is ended."""
        d = self.d
        kept = []
        for _ in range(3):
            sock = d.connect()
            self.addCleanup(sock.close)
            kept.append(sock)
            sock.sendall(b"GET /logtail/counter HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(sock.recv(1000).startswith(b"HTTP/1.1 200 OK"))
            self.upgrade()
            d.wait_log("reeve-rpcd: accepts no more clients", count=self.upgrades)
        until(lambda: len(front_ends(d)) == 3, what="the oldest to end")
        until(lambda: not self.rest(kept[0]), what="its client to lose the connection")
        for sock in kept[1:]:
            self.assertTrue(sock.recv(1000))
        for _ in range(5):
            wire = self.control(d)
            wire.call("daemon.upgrade")
            self.upgrades += 1
            d.wait_log("upgrade: took over", count=self.upgrades)
        self.assertEqual("RUNNING", d.state("cat"))
        for sock in kept:
            sock.close()
        self.wait_one_front_end()
        self.assertNotIn("reaped unknown pid", d.log())

    def rest(self, sock):
        """What the client can still read; b"" at the end."""
        try:
            return sock.recv(65536)
        except ConnectionResetError:
            return b""

    def test_broken_program(self):
        """The old reeve-rpcd goes on while the new one does not become ready."""
        directory = copied_build(self, SEAM)
        d = self.d = self.daemon(CAT, build=directory)
        until(d.serving)
        for i, text in enumerate(("exit 1\n", None)):
            old = d.front_end()
            put(directory, text)
            caller = Caller(d, "supervisor.getState")
            wire = self.control(d)
            wire.call("daemon.upgrade")
            d.wait_log("upgrade: took over", count=i + 1)
            d.wait_log(r"reeve-rpcd \(\d+\) (exited with status 1|was not started)",
                       count=i + 1)
            self.assertTrue(alive(old))
            self.assertEqual("RUNNING", d.state("cat"))
            repair(directory, SEAM)
            until(lambda pid=old: not alive(pid), what="the old reeve-rpcd to retire")
            caller.stop()
            self.assertEqual([], caller.failures)
            wire.close()


@reeve_only
class Roles(Seam):
    """A limited reeve-rpcd beside an unlimited one: both continue, with their roles."""

    programs = CAT
    options = {"tcp": {"max_role": "view", "unauthenticated_role": "admin"}}

    def test_roles_stay(self):
        d = self.d
        limited = Caller(d, "supervisor.getState")
        for _ in range(3):
            self.upgrade()
            with self.rpc(d) as local, self.rpc(d, "tcp") as remote:
                with self.assertRaises(xmlrpc.client.Fault) as caught:
                    remote.supervisor.stopProcess("cat")
                self.assertEqual(8, caught.exception.faultCode)
                self.assertTrue(local.supervisor.stopProcess("cat"))
                # Read your writes, across the processes.
                self.assertEqual(
                    "STOPPED", remote.supervisor.getProcessInfo("cat")["statename"])
                self.assertTrue(local.supervisor.startProcess("cat"))
        limited.stop()
        self.assertEqual([], limited.failures)
        until(lambda: len(front_ends(d)) == 2, what="the old reeve-rpcd processes to exit")


@reeve_only
class Interface(Served):
    """A program that serves a namespace is restarted for the reeve-rpcd of the new version;
    until then the old one calls it."""

    def make(self, *arguments, **options):
        return super().make(*arguments, build=SEAM, **options)

    def test_namespace_is_served_again(self):
        if not os.path.exists(os.path.join(SEAM, "reeved")):
            self.skipTest("no build with the seam in " + SEAM)
        self.begin([method("echo", "string", "string")], {"echo": "echo"})
        self.await_service(1)
        for count in range(1, 4):
            pid = self.d.info("rpcinterface.x:x")["pid"]
            self.control(self.d).call("daemon.upgrade")
            self.d.wait_log("upgrade: took over", count=count)
            self.d.wait_log("rpcinterface x serves 1 methods", count=count + 1)
            with self.rpc(self.d) as s:
                self.assertEqual("a", s.x.echo("a"))
            self.assertNotEqual(pid, self.d.info("rpcinterface.x:x")["pid"])
        self.assertEqual(3, self.d.log().count("x is restarted for a new reeve-rpcd"))
        self.assertNotIn("reaped unknown pid", self.d.log())


if __name__ == "__main__":
    unittest.main()
