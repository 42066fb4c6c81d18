"""Restarts and updates whose reevectl ends before they are complete."""

import os
import pty
import signal
import subprocess
import unittest

from reeve import PATIENCE, Case, WireFault, cat, program, reeve_only, until

# A stop takes a second.
SLOW = "/bin/sh -c 'trap \"sleep 1; exit 0\" TERM; while :; do sleep 0.05; done'"


def slow(name, **options):
    return program(name, SLOW, **{"startsecs": 0, "stopasgroup": "false", **options})


class Interrupted(Case):
    programs = slow("slow") + slow("other") + cat("cat")

    def begin(self, *words, url=None):
        self.d = self.daemon(self.programs)
        for name in self.names():
            self.d.wait_state(name, "RUNNING")
        self.before = self.pids()
        return self.spawn(*words, url=url)

    def names(self):
        with self.d.rpc() as s:
            return ["%(group)s:%(name)s" % p for p in s.supervisor.getAllProcessInfo()]

    def pids(self):
        with self.d.rpc() as s:
            return {p["name"]: p["pid"] for p in s.supervisor.getAllProcessInfo()}

    def command(self, *words, url=None):
        return [os.path.join(self.d.build, "reevectl"), "-c", self.d.conf,
                *(["-s", url] if url else []), *words]

    def spawn(self, *words, url=None):
        ctl = subprocess.Popen(self.command(*words, url=url), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, cwd=self.d.dir,
                               start_new_session=True)
        self.addCleanup(ctl.communicate)
        self.addCleanup(ctl.kill)
        return ctl

    def http(self):
        return "http://127.0.0.1:%d" % self.d.port

    def signal_at_stop(self, ctl, signo, name="slow"):
        self.d.wait_state(name, "STOPPING")
        ctl.send_signal(signo)
        out, err = ctl.communicate(timeout=PATIENCE)
        return ctl.returncode, out, err

    def await_renewed(self, *names):
        renewed = lambda pids: all(pids.get(n, 0) not in (0, self.before.get(n)) for n in names)
        until(lambda: renewed(self.pids()), what="new processes of %s" % (names,))


@reeve_only
class OverTheControlSocket(Interrupted):
    def ended_by(self, signo):
        ctl = self.begin("restart", "slow")
        status, _, err = self.signal_at_stop(ctl, signo)
        self.assertEqual(-signo, status)
        self.await_renewed("slow")
        return err

    def test_interrupt(self):
        self.assertIn("the daemon completes the restart", self.ended_by(signal.SIGINT))

    def test_interrupted_stop(self):
        for url in (None, self.http):
            with self.subTest(url=url):
                ctl = self.begin("stop", "slow") if url is None else \
                    self.spawn("stop", "other", url=url())
                status, _, err = self.signal_at_stop(ctl, signal.SIGINT,
                                                     "slow" if url is None else "other")
                self.assertEqual(-signal.SIGINT, status)
                self.assertIn("the daemon completes the current stop", err)
        for name in ("slow", "other"):
            self.d.wait_state(name, "STOPPED")

    def test_hang_up(self):
        self.ended_by(signal.SIGHUP)

    def test_kill(self):
        self.ended_by(signal.SIGKILL)

    def test_several_names(self):
        ctl = self.begin("restart", "slow", "cat", "other", "nobody", "cat:*")
        self.signal_at_stop(ctl, signal.SIGKILL)
        self.await_renewed("slow", "cat", "other")

    def test_all(self):
        ctl = self.begin("restart", "all")
        self.signal_at_stop(ctl, signal.SIGINT)
        self.await_renewed("slow", "cat", "other")

    def test_pattern(self):
        ctl = self.begin("restart", "*[a-z]*")
        self.signal_at_stop(ctl, signal.SIGTERM)
        self.await_renewed("slow", "cat", "other")

    def test_those_of_a_pattern_stop_together(self):
        ctl = self.begin("restart", "[so]*")
        self.d.wait_state("slow", "STOPPING")
        self.assertEqual("STOPPING", self.d.state("other"))
        out, _ = ctl.communicate(timeout=PATIENCE)
        self.assertEqual(["other: started", "other: stopped", "slow: started", "slow: stopped"],
                         sorted(out.split("\n")[:-1]))

    def test_update(self):
        ctl = self.begin("version")
        ctl.communicate(timeout=PATIENCE)
        self.d.configure(slow("slow", priority=1) + cat("fresh"))
        ctl = self.spawn("update")
        status, _, err = self.signal_at_stop(ctl, signal.SIGINT, "other")
        self.assertEqual(-signal.SIGINT, status)
        self.assertIn("the daemon completes the update", err)
        self.await_renewed("slow", "fresh")
        self.assertEqual({"slow:slow", "fresh:fresh"}, set(self.names()))

    def test_update_of_some(self):
        ctl = self.begin("version")
        ctl.communicate(timeout=PATIENCE)
        self.d.configure(slow("slow", priority=1) + cat("fresh"))
        done = self.d.reevectl("update", "fresh", "cat", "nobody")
        self.assertEqual(("ERROR: no such group: nobody\ncat: stopped\n"
                          "cat: removed process group\nfresh: added process group\n", 1),
                         (done.stdout, done.returncode))
        self.assertEqual({"slow:slow", "other:other", "fresh:fresh"}, set(self.names()))
        done = self.d.reevectl("update")
        self.assertEqual(("other: stopped\nother: removed process group\nslow: stopped\n"
                          "slow: updated process group\n", 0), (done.stdout, done.returncode))

    def test_a_stop_is_the_last_word(self):
        ctl = self.begin("restart", "slow")
        self.d.wait_state("slow", "STOPPING")
        with self.assertRaises(WireFault):
            self.control(self.d).call("process.stop", name="slow")
        out, _ = ctl.communicate(timeout=PATIENCE)
        self.assertEqual("slow: stopped\nslow: ERROR (abnormal termination)\n", out)
        self.assertEqual("STOPPED", self.d.state("slow"))

    def test_two_at_once(self):
        first = self.begin("restart", "slow")
        self.d.wait_state("slow", "STOPPING")
        second = self.spawn("restart", "slow")
        for ctl in first, second:
            ctl.communicate(timeout=PATIENCE)
        self.await_renewed("slow")
        self.assertEqual("RUNNING", self.d.state("slow"))

    def test_the_daemon_ends_meanwhile(self):
        ctl = self.begin("restart", "slow", "other")
        self.d.wait_state("slow", "STOPPING")
        with self.d.rpc() as s:
            s.supervisor.shutdown()
        ctl.communicate(timeout=PATIENCE)
        self.assertEqual(0, self.d.process.wait(PATIENCE))

    def test_too_many_jobs(self):
        self.begin("version").communicate(timeout=PATIENCE)
        w = self.control(self.d)
        for _ in range(16):
            w.call("process.restart", names=["slow"])
        with self.assertRaises(WireFault) as caught:
            w.call("all.restart")
        self.assertEqual(
            "FAILED: too many jobs are queued: at most 16 restarts and updates and 256 "
            "others of one client, and all HTTP clients of a reeve-rpcd count as one; call "
            "again later", caught.exception.message)


@reeve_only
class OverHttp(Interrupted):
    """Only reevectl knows the rest of the restart."""

    def test_hang_up(self):
        ctl = self.begin("version")
        ctl.communicate(timeout=PATIENCE)
        ctl = self.spawn("restart", "slow", url=self.http())
        self.assertEqual((0, "slow: stopped\nslow: started\n", ""),
                         self.signal_at_stop(ctl, signal.SIGHUP))

    def test_interrupt(self):
        self.begin("version").communicate(timeout=PATIENCE)
        ctl = self.spawn("restart", "slow", "other", url=self.http())
        status, _, err = self.signal_at_stop(ctl, signal.SIGINT)
        self.assertEqual(-signal.SIGINT, status)
        self.assertIn("to start them: reevectl start slow other", err)

    def test_update(self):
        self.begin("version").communicate(timeout=PATIENCE)
        self.d.configure(slow("slow", priority=1) + slow("other") + cat("cat"))
        ctl = self.spawn("update", url=self.http())
        status, out, _ = self.signal_at_stop(ctl, signal.SIGHUP)
        self.assertEqual((0, "slow: stopped\nslow: updated process group\n"), (status, out))
        self.d.configure(slow("slow", priority=2) + slow("other") + cat("cat"))
        ctl = self.spawn("update", url=self.http())
        status, _, err = self.signal_at_stop(ctl, signal.SIGINT)
        self.assertEqual(-signal.SIGINT, status)
        self.assertIn("reevectl update slow", err)

    def test_the_terminal_is_closed(self):
        self.begin("version").communicate(timeout=PATIENCE)
        pid, fd = pty.fork()
        if pid == 0:
            command = self.command("restart", "slow", url=self.http())
            os.execv(command[0], command)
        self.addCleanup(os.waitpid, pid, 0)
        self.d.wait_state("slow", "STOPPING")
        os.close(fd)
        self.await_renewed("slow")


if __name__ == "__main__":
    unittest.main()
