"""A child of the daemon reads the configuration: a name service that hangs delays only the
calls that need the result."""

import os
import re
import select
import signal
import struct
import time
import unittest

from reeve import (LIBC, ROOT, SEAM, Case, Daemon, WireFault, alive, cat, children_of, program,
                   read, reeve_only, until)
from test_bare import may

# The file of host names is a FIFO: a process that looks a name up waits until somebody opens it
# for writing, and then does not find the name.
HOSTS = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0/hosts" /etc/hosts && '
         'mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"']
NAME = "somewhere.invalid"
WEB = """[fcgi-program:web]
command=/bin/cat
socket=tcp://%s:9000
autostart=false
""" % NAME


def frame(kind):
    """A frame of this kind without fields."""
    with open(os.path.join(ROOT, "master/config/document/document.h"), encoding="utf-8") as f:
        kinds = re.findall(r"^\tCONF_DOCUMENT_(\w+)", f.read(), re.M)
    kinds.remove("OBJECTS")  # the next one has the same number
    return struct.pack("II", 4, kinds.index(kind))


class Slow(Daemon):
    def command(self, *options):
        if not os.path.exists(self.path("hosts")):
            os.mkfifo(self.path("hosts"), 0o644)
            with open(self.path("nsswitch.conf"), "w", encoding="ascii") as f:
                f.write("passwd: files\ngroup: files\nhosts: files\n")
        return [*HOSTS, self.dir, *super().command(*options)]

    def reader(self):
        """The pid of the reading child, or None."""
        exe = os.readlink("/proc/%d/exe" % self.pid)
        for pid in children_of(self.pid):
            try:
                if os.readlink("/proc/%d/exe" % pid) == exe:
                    return pid
            except OSError:
                pass
        return None

    def release(self):
        """Waits until a process looks a name up, and lets it continue."""
        until(self.may_release)

    def may_release(self):
        try:
            os.close(os.open(self.path("hosts"), os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return False
        return True


@reeve_only
@unittest.skipUnless(may(["unshare", "--mount"]), "namespaces are not ours to make")
class Reader(Case):
    def begin(self, programs="", **options):
        d = Slow(cat("cat") + programs, **options)
        self.addCleanup(d.destroy)
        d.start()
        self.addCleanup(self.finish, d)
        return d

    def hanging(self, **options):
        """A daemon with a reread under way, its client and request, and the child's pid."""
        d = self.begin(**options)
        d.configure(cat("cat") + WEB)
        wire = self.control(d)
        request = wire.request("config.reread")
        return d, wire, request, self.wait_child(d)

    def wait_child(self, d):
        pid = until(d.reader, what="a child that reads")
        until(lambda: b" S " in read("/proc/%d/stat" % pid, b""), what="the child to hang")
        return pid

    def test_the_daemon_answers_meanwhile(self):
        d, wire, request, _ = self.hanging()
        s = self.rpc(d)
        slowest = 0
        for _ in range(50):
            began = time.monotonic()
            self.assertEqual("RUNNING", s.supervisor.getState()["statename"])
            self.assertEqual("RUNNING", s.supervisor.getProcessInfo("cat")["statename"])
            slowest = max(slowest, time.monotonic() - began)
        self.assertLess(slowest, 1)  # the hang has no end; the machine may be busy
        self.assertIs(True, s.supervisor.stopProcess("cat"))
        d.release()
        self.assertEqual(["web"], wire.answer(request)["added"])
        self.assertEqual("STOPPED", s.supervisor.getProcessInfo("cat")["statename"])
        until(lambda: d.reader() is None)

    def answer(self, d, wire, request):
        """The reply to a request that may wait for further readings."""
        until(lambda: (d.may_release(), select.select([wire.sock], [], [], 0)[0])[1])
        return wire.answer(request)

    def test_later_requests_share_one_more_reading(self):
        """The file may have been changed after the current reading began."""
        d, wire, request, pid = self.hanging()
        count = self.control(d).call("config.rows", **{"from": 0})["reread"]
        d.configure(cat("cat") + WEB + cat("new"))
        later = [self.control(d) for _ in range(3)]
        requests = [w.request("config.reread") for w in later]
        other = self.control(d)
        preview = other.request("config.preview")  # of another kind: needs its own reading
        self.control(d)  # greeted after the requests were received
        self.assertEqual(pid, d.reader())
        d.release()
        self.assertEqual(["web"], wire.answer(request)["added"])
        for w, r in zip(later, requests):
            self.assertEqual(["new", "web"], sorted(self.answer(d, w, r)["added"]))
        self.assertEqual(["new", "web"], sorted(self.answer(d, other, preview)["added"]))
        rows = self.control(d).call("config.rows", **{"from": 0})
        self.assertEqual(count + 2, rows["reread"])

    def hang_up_twice(self, text):
        """Two restarts are requested; the file has the text at the second one."""
        d = self.begin()
        d.configure(cat("cat") + WEB)
        os.kill(d.pid, signal.SIGHUP)
        self.wait_child(d)
        with open(d.conf, "a", encoding="ascii") as f:
            f.write(text)
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("received SIGHUP indicating restart request", count=2)
        until(lambda: (d.may_release(), d.log().count("supervisord started") == 2)[1])
        until(d.serving)
        self.assertEqual("STOPPED", d.info("web:web")["statename"])
        return d

    def test_a_later_restart(self):
        """The next run starts with the configuration of the last request."""
        self.hang_up_twice(cat("new")).wait_state("new", "RUNNING")

    def test_a_later_restart_that_is_refused(self):
        d = self.hang_up_twice("junk\n")
        self.assertRegex(d.log(), r"ERRO .*junk.*; the restart under way uses what was "
                         "checked for it\n")

    def test_an_update_is_done_without_its_client(self):
        d = self.begin()
        d.configure(cat("cat") + cat("new") + WEB)
        wire = d.control()
        wire.request("config.update", names=["new"])
        self.wait_child(d)
        wire.close()
        d.release()
        d.wait_log("spawned: 'new'")

    def test_the_child_exits(self):
        d, wire, request, pid = self.hanging()
        before = d.info("cat")
        os.kill(pid, signal.SIGKILL)
        with self.assertRaisesRegex(WireFault, "92 CANT_REREAD: the configuration reader "
                                    "failed: terminated by SIGKILL"):
            wire.answer(request)
        self.assertFault(10, "BAD_NAME: web", self.rpc(d).supervisor.addProcessGroup, "web")
        self.assertEqual(before["pid"], d.info("cat")["pid"])
        d.configure(cat("cat") + cat("new"))
        self.assertEqual(["new"], wire.call("config.reread")["added"])

    def test_the_child_sends_what_is_no_configuration(self):
        for sent, why in ((b"\0\0\0\0", "it sent a malformed frame"),
                          (frame("END"), r"\[supervisord\] is missing"),
                          (frame("GROUP"), r"a frame of unknown kind \d+"),
                          (frame("FOUND"), "malformed answer, or out of memory")):
            with self.subTest(why):
                d, wire, request, pid = self.hanging()
                before = d.info("cat")["pid"]
                os.write(self.socket_of(pid), sent)
                with self.assertRaisesRegex(WireFault, "92 CANT_REREAD: the configuration "
                                            "reader failed: " + why):
                    wire.answer(request)
                until(lambda child=pid: not alive(child), what="the child to be killed")
                self.assertFault(10, "BAD_NAME: web", self.rpc(d).supervisor.addProcessGroup,
                                 "web")
                self.assertEqual(before, d.info("cat")["pid"])
                d.configure(cat("cat") + cat("new"))
                self.assertEqual(["new"], wire.call("config.reread")["added"])

    def socket_of(self, pid):
        """The child's end of its socket: descriptor 3 of the child."""
        pidfd = os.pidfd_open(pid)
        self.addCleanup(os.close, pidfd)
        fd = LIBC.syscall(438, pidfd, 3, 0)  # pidfd_getfd
        if fd == -1:
            self.skipTest("no pidfd_getfd")
        self.addCleanup(os.close, fd)
        return fd

    def test_the_next_child_lives(self):
        """The death of one reading's child does not end the next reading."""
        d, wire, request, pid = self.hanging()
        other = self.control(d)
        preview = other.request("config.preview")
        self.control(d)  # greeted after the request was received
        os.kill(pid, signal.SIGKILL)
        with self.assertRaisesRegex(WireFault, "92 CANT_REREAD"):
            wire.answer(request)
        self.assertEqual(["web"], self.answer(d, other, preview)["added"])

    def test_what_the_child_has(self):
        d, wire, request, pid = self.hanging()
        self.assertEqual(["0", "1", "2", "3"], sorted(os.listdir("/proc/%d/fd" % pid)))
        status = dict(line.split(":\t", 1) for line in
                      read("/proc/%d/status" % pid).decode().splitlines())
        self.assertEqual(0, int(status["SigBlk"], 16))
        self.assertEqual(0, int(status["SigCgt"], 16))
        sockets = os.path.exists(d.socket), os.path.exists(d.path("supervisord.pid"))
        os.kill(d.pid, signal.SIGKILL)
        d.wait_exit()
        until(lambda: not alive(pid), what="the child to die with the daemon")
        self.assertEqual(sockets, (os.path.exists(d.socket),
                                   os.path.exists(d.path("supervisord.pid"))))

    def test_a_shutdown_does_not_wait(self):
        d, wire, request, pid = self.hanging()
        os.kill(d.pid, signal.SIGTERM)
        with self.assertRaisesRegex(WireFault, "6 SHUTDOWN_STATE"):
            wire.answer(request)
        self.assertEqual(0, d.wait_exit())
        self.assertFalse(alive(pid))

    def test_a_restart_waits(self):
        d = self.begin()
        d.configure(cat("cat") + WEB)
        pid = d.info("cat")["pid"]
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("received SIGHUP indicating restart request")
        self.wait_child(d)
        self.assertEqual(pid, d.info("cat")["pid"])
        d.release()
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        self.assertEqual("STOPPED", d.info("web:web")["statename"])

    def test_the_limit(self):
        """After thirty seconds an error; nothing is stopped."""
        d, wire, request, pid = self.hanging()
        wire.sock.settimeout(60)
        restart = self.control(d)
        began = time.monotonic()
        with self.assertRaisesRegex(WireFault, "92 CANT_REREAD: the configuration was not "
                                    "read within 30 s"):
            wire.answer(request)
        self.assertGreater(time.monotonic() - began, 20)
        until(lambda: not alive(pid))
        d.configure(cat("cat"))
        self.assertEqual([], restart.call("config.reread")["added"])


@reeve_only
class Checked(Case):
    """A restart starts with the configuration that it has checked."""

    def junk(self, d):
        with open(d.conf, "w", encoding="ascii") as f:
            f.write("junk\n")

    def test_the_file_is_not_read_again(self):
        d, stubborn = self.stubborn(cat("cat"))
        self.assertIs(True, self.rpc(d).supervisor.restart())
        d.wait_log("waiting for .*stubborn.* to die")
        self.junk(d)
        self.end_restart(d, stubborn)
        d.wait_state("cat", "RUNNING")
        self.assertEqual([], [line for line in d.log().splitlines() if "ERRO" in line])

    def test_a_refusal_does_not_stop_a_restart(self):
        d, stubborn = self.stubborn(cat("cat"))
        self.assertIs(True, self.rpc(d).supervisor.restart())
        d.wait_log("waiting for .*stubborn.* to die")
        self.junk(d)
        os.kill(d.pid, signal.SIGHUP)
        d.wait_log("ERRO .*no section headers.*; the restart under way uses what was checked "
                   "for it$")
        self.end_restart(d, stubborn)
        self.assertNotIn("nothing was stopped", d.log())

    @unittest.skipUnless(os.path.exists(os.path.join(SEAM, "reeved")), "no build with seam")
    def test_nor_after_an_exec(self):
        d = self.daemon(program("stubborn", "{child} ignore-term", startsecs=0,
                                autorestart="false", stdout_logfile="{dir}/stubborn.log"),
                        build=SEAM)
        until(lambda: d.file("stubborn.log"))
        stubborn = d.info("stubborn")["pid"]
        self.control(d).call("daemon.break", reason="a test")
        self.assertIs(True, self.rpc(d).supervisor.restart())
        self.junk(d)
        os.kill(stubborn, signal.SIGKILL)
        d.wait_log("supervisord started", count=2)
        until(d.serving)
        pid = d.wait_state("stubborn", "RUNNING")["pid"]
        self.assertNotIn("REEVE_DOCUMENT", read("/proc/%d/environ" % pid).decode())
        os.kill(pid, signal.SIGKILL)
