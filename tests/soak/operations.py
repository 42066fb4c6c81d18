"""The random operations of the soak test. Each is written to the journal before it begins."""

import contextlib
import os
import signal
import socket
import threading
import time
import traceback
import xmlrpc.client

from clients import ALREADY_STARTED, NOT_RUNNING, Caller, Cut
from reeve import SANITIZED, alive, until
from world import DEADLINE

# The signals that kill a front end. A sanitizer makes a report of SIGSEGV.
DEADLY = [signal.SIGKILL, signal.SIGABRT, signal.SIGSTOP] + (
    [] if SANITIZED else [signal.SIGSEGV, signal.SIGBUS])
# How often an operation is chosen, relative to the others.
WEIGHTS = {"read": 8, "stop_start": 6, "kill_child": 6, "signal_child": 3, "reevectl": 4,
           "clear_log": 2, "reread": 3, "upgrade": 3, "front_end": 2, "fill_disk": 1,
           "half_request": 2, "never_reads": 2, "garbage": 3, "wall_clock": 1, "jump": 1,
           "reopen": 1}
READS = (("supervisor.getAllConfigInfo",), ("supervisor.getState",), ("system.listMethods",),
         ("supervisor.readLog", -1000, 0), ("reeve.getAllProcessInfo",),
         ("supervisor.tailProcessStdoutLog", "crash", 0, 1000),
         ("supervisor.readProcessStdoutLog", "tick:tick_00", 0, 100),
         ("system.multicall", [{"methodName": "supervisor.getPID", "params": []}] * 5))
COMMANDS = (("status",), ("version",), ("pid",), ("avail",), ("tail", "crash"), ("maintail",),
            ("status", "nothing"), ("signal", "CONT", "idle:*"))
OPEN = 12  # abusive connections at once
YEAR = 365 * 86400
NS = 10 ** 9


class Operations:
    def __init__(self, world, chance):
        self.world, self.chance = world, chance
        self.caller = Caller(world)
        self.victims = world.having("victim", "lines")
        self.names = [n for n in WEIGHTS if self.possible(n)]
        self.sockets = []
        self.background = []

    def possible(self, name):
        if name in ("wall_clock", "jump"):
            return self.world.page is not None
        if name == "upgrade":
            return self.world.can_upgrade()
        return name != "fill_disk" or self.world.mounted

    def one(self):
        name = self.chance.choices(self.names, [WEIGHTS[n] for n in self.names])[0]
        operation = getattr(self, "do_" + name)
        try:
            operation()
        except Cut:
            pass
        except Exception:
            self.world.violation("%s: %s" % (name, traceback.format_exc()))
        self.world.count("operation " + name)

    def note(self, *words):
        self.world.note(" ".join(str(word) for word in words))

    def call(self, method, *parameters):
        """The result, or the fault."""
        try:
            return self.caller.call(method, *parameters)
        except xmlrpc.client.Fault as fault:
            return fault

    # --- requests ---

    def do_read(self):
        call = self.chance.choice(READS)
        self.note("read", *call[:2])
        answer = self.call(*call)
        if isinstance(answer, xmlrpc.client.Fault):
            self.world.violation("%s: %s" % (call[0], answer))

    def do_stop_start(self):
        p, wait = self.chance.choice(self.victims), self.chance.random() < 0.5
        restart = self.chance.random() < 0.3
        self.note("stop_start", p.full, "wait" if wait else "", "reevectl" if restart else "")
        if restart:
            self.command("restart", p.full)
            return
        for method in ("stop", "start"):
            answer = self.call("supervisor.%sProcess" % method, p.full, wait)
            # A process between two lives is not running, or already started.
            if answer is not True and getattr(answer, "faultCode", 0) not in (
                    ALREADY_STARTED, NOT_RUNNING):
                self.world.violation("%s of %s: %s" % (method, p.full, answer))
        if not wait:
            self.started(p)

    def started(self, p):
        """A start that came before the end of the process was refused."""
        def there():
            if self.call("supervisor.getProcessInfo", p.full)["statename"] == "RUNNING":
                return True
            self.call("supervisor.startProcess", p.full, False)
            return False
        until(there, timeout=DEADLINE, every=0.1, what=p.full)

    def command(self, *words):
        result = self.world.d.reevectl(*words, timeout=DEADLINE)
        for text in (result.stdout, result.stderr):
            if "Sanitizer" in text or "Traceback" in text:
                self.world.violation("reevectl %s: %s" % (" ".join(words), text[:2000]))
        if result.returncode < 0:
            self.world.violation("reevectl %s: ended by signal %d" % (
                " ".join(words), -result.returncode))
        return result

    def do_reevectl(self):
        words = self.chance.choice(COMMANDS)
        self.note("reevectl", *words)
        self.command(*words)

    def do_clear_log(self):
        """Of a program whose lines are not counted."""
        self.note("clear_log")
        self.call("supervisor.clearProcessLogs", self.world.the("rpcinterface").full)

    def do_reread(self):
        self.world.extra = not self.world.extra
        self.note("reread", "with extra" if self.world.extra else "without extra")
        self.world.write_configuration()
        self.command("update")
        self.expect_extra()

    def expect_extra(self):
        def fits():
            with contextlib.suppress(Cut):
                infos = self.call("supervisor.getAllProcessInfo")
                if ("extra" in {i["name"] for i in infos}) == self.world.extra:
                    return True
                self.command("update")
            return False
        until(fits, timeout=DEADLINE, every=0.2, what="the update")

    def do_reopen(self):
        self.note("reopen")
        os.kill(self.world.d.pid, signal.SIGUSR2)

    def do_upgrade(self):
        self.note("upgrade")
        self.world.upgrade()
        self.world.check_alive()

    # --- violence ---

    def do_kill_child(self):
        p = self.chance.choice(self.world.having("victim"))
        signo = self.chance.choice((signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV,
                                    signal.SIGHUP))
        info = self.call("supervisor.getProcessInfo", p.full)
        self.note("kill_child", p.full, info["pid"], signo.name)
        if info["pid"]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(info["pid"], signo)

    def do_signal_child(self):
        """Stops it, so that its output stops, and continues it."""
        p = self.chance.choice(self.victims)
        self.note("signal_child", p.full)
        for name in ("STOP", "CONT"):
            answer = self.call("supervisor.signalProcess", p.full, name)
            if answer is not True and getattr(answer, "faultCode", 0) != NOT_RUNNING:
                self.world.violation("signal %s to %s: %s" % (name, p.full, answer))
            time.sleep(0.05)

    def do_front_end(self):
        """Another one serves afterwards. One that is stopped is found by the watchdog, in the
        background."""
        pids, signo = sorted(self.world.front_ends()), self.chance.choice(DEADLY)
        pick = self.chance.random()
        if not pids or signo == signal.SIGSTOP and self.background:
            return
        pid = pids[int(pick * len(pids))]
        self.note("front_end", pid, signo.name)
        if signo == signal.SIGSTOP:
            self.background.append(threading.Thread(target=self.end_front_end,
                                                    args=(pid, signo), daemon=True))
            self.background[-1].start()
            return
        self.end_front_end(pid, signo)

    def end_front_end(self, pid, signo):
        with self.world.disturbance():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signo)
            # The watchdog may be that of an old process, which has 10 minutes.
            end = time.monotonic() + 30
            while alive(pid) and time.monotonic() < end:
                time.sleep(0.02)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            while alive(pid):
                time.sleep(0.02)

    def do_fill_disk(self):
        self.note("fill_disk")
        path = self.world.d.path("disk", "filler")
        with contextlib.suppress(OSError), open(path, "wb", buffering=0) as f:
            while True:
                f.write(b"x" * 1024)
        time.sleep(0.5)
        os.unlink(path)
        size = self.world.ledger("full")[-1].done
        until(lambda: self.world.ledger("full")[-1].done > size, timeout=DEADLINE,
              what="output of the program with the full disk")

    def do_half_request(self):
        self.note("half_request")
        s = self.connect()
        with contextlib.suppress(OSError):
            s.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<method")

    def do_never_reads(self):
        self.note("never_reads")
        s = self.connect()
        body = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo").encode()
        request = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (
            len(body), body)
        with contextlib.suppress(OSError):
            s.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
                      if self.chance.random() < 0.5 else request * 20)

    def do_garbage(self):
        data = self.chance.randbytes(self.chance.randrange(1, 2000))
        where = self.chance.choice(("tcp", "unix", "control"))
        self.note("garbage", where, data[:8].hex())
        with contextlib.suppress(OSError), self.garbage_socket(where) as s:
            s.settimeout(5)
            s.sendall(data + b"\r\n\r\n")
            s.recv(1000)

    def garbage_socket(self, where):
        if where != "control":
            return self.world.d.connect(where)
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(5)
        s.connect(self.world.d.control_path)
        return s

    def connect(self):
        """One of a bounded number of connections that stay open."""
        while len(self.sockets) >= OPEN:
            self.sockets.pop(0).close()
        s = self.world.d.connect("tcp")
        s.settimeout(0.5)
        self.sockets.append(s)
        return s

    # --- clocks ---

    def do_wall_clock(self):
        """Nothing may happen that a client sees."""
        step = self.chance.choice((3600, -3600, 86400, -7 * 86400, 10 * YEAR, -10 * YEAR, 0))
        self.note("wall_clock", step)
        self.world.page.set(wall_ns=step * NS)

    def do_jump(self):
        """A suspend of the machine: connections may be closed for their age."""
        step = self.chance.choice((1, 30, 600, 3600))
        self.note("jump", step)
        with self.world.disturbance():
            page = self.world.page
            page.set(mono_ns=page.get("mono_ns") + step * NS)
            time.sleep(3)

    # --- the end ---

    def settle(self):
        """Everything that was begun has ended; all programs run."""
        self.note("settle")
        for thread in self.background:
            thread.join(DEADLINE)
        for s in self.sockets:
            s.close()
        if self.world.page is not None:
            self.world.page.set(wall_ns=0)
        for p in self.world.having("victim"):
            with contextlib.suppress(Cut):
                self.started(p)
        self.caller.close()
