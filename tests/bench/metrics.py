"""What is measured. A metric is a function of the number of programs that gives
{who: value}; who is one of COLUMNS. Rounds of those who are compared alternate, and the
middle one counts."""

import contextlib
import json
import os
import re
import socket
import statistics
import subprocess
import tempfile
import time

from reeve import BUILD, CHILD, free_port, program, read, until
from worlds import (LIMIT, LISTENER, SLEEP, Responder, Scanned, Supervised, call, cpu, limit,
                    memory)

COLUMNS = ("supervisord", "reeve", "limit", "s6", "runit")
BOTH = ("supervisord", "reeve")
QUIET = {"stdout_logfile": "NONE", "stderr_logfile": "NONE"}
SCANNERS = {"s6": ("s6-svscan", "-c", "4000"), "runit": ("runsvdir",)}


class Bench:
    """How thoroughly; set from the command line."""

    rounds = 3
    seconds = 3
    idle = 60
    only_reeve = False


def subjects():
    return ("reeve",) if Bench.only_reeve else BOTH


def sleeps(count, **options):
    """One section of so many processes; its group is p."""
    return program("p", SLEEP, numprocs=count, startsecs=0, autorestart="true",
                   process_name="p_%(process_num)05d", **{**QUIET, **options})


def sections(count, **options):
    """So many sections, each a group of its own."""
    return "".join(program("p%05d" % i, SLEEP, startsecs=0, **{**QUIET, **options})
                   for i in range(count))


def medians(measures, rounds=None):
    """Of several measures in turn: {who: function} to {who: median}."""
    taken = {who: [] for who in measures}
    for _ in range(rounds or Bench.rounds):
        for who, measure in measures.items():
            taken[who].append(measure())
    return {who: statistics.median(values) for who, values in taken.items()}


def world(who, text, count, **options):
    return Supervised(who, text, count, **options).start()


class Stamps:
    """Where `limit stamp` says when it began."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="reeve-bench-")
        self.path = os.path.join(self.dir, "s")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        os.unlink(self.path)
        os.rmdir(self.dir)

    def program(self, name):
        """A section of a program that says so."""
        return program(name, "%s stamp %s" % (LIMIT, self.path), startsecs=0,
                       autorestart="true", **QUIET)

    def next(self):
        pid, when = self.socket.recv(100).split()
        return int(pid), float(when)

    def revivals(self, kills):
        """Seconds from each kill to the next one's first line."""
        pid, _ = self.next()
        taken = []
        for _ in range(kills):
            began = time.clock_gettime(time.CLOCK_MONOTONIC)
            os.kill(pid, 9)
            pid, when = self.next()
            taken.append(when - began)
        return pid, taken


# ---- starting and stopping ----

def life_of(who, count):
    """Seconds to start all and to stop all. The last says itself that it runs: to look for
    it would take the machine from who is measured."""
    with Stamps() as stamps:
        text = "[group:g]\nprograms=p,z\n" + sleeps(count - 1) + stamps.program("z")
        with Supervised(who, text, count) as w:
            return w.start(stamps.next).seconds, w.stop()


def stop_of(who, count):
    with world(who, sections(count), count) as w:
        return w.stop()


def split_medians(measures):
    """Like medians(), of pairs."""
    taken = {who: [] for who in measures}
    for _ in range(Bench.rounds):
        for who, measure in measures.items():
            taken[who].append(measure())
    return [{who: statistics.median(pair[i] for pair in pairs)
             for who, pairs in taken.items()} for i in (0, 1)]


def start_and_stop(count):
    """One group: both are told by the same lives."""
    measures = {who: lambda who=who: life_of(who, count)
                for who in subjects()}
    measures["limit"] = lambda: limit("spawn", count, *SLEEP.split())
    started, stopped = split_medians(measures)
    if not Bench.only_reeve:
        for who, command in SCANNERS.items():
            with Scanned(command, count) as w:
                started[who] = w.start().seconds
    return {"start": started, "stop": stopped}


def stop_groups(count):
    measures = {who: lambda who=who: stop_of(who, count)
                for who in subjects()}
    measures["limit"] = lambda: limit("one-by-one", count, *SLEEP.split())[0]
    return medians(measures)


# ---- requests ----

WRK = """wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml"
wrk.body = %s
"""


def rate(port, body):
    """Requests a second over 16 kept connections."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(WRK % json.dumps(body.decode()))
        script.flush()
        out = subprocess.run(["wrk", "-t1", "-c16", "-d%ds" % Bench.seconds, "-s",
                              script.name, "http://127.0.0.1:%d/RPC2" % port], check=True,
                             capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        raise AssertionError(out)
    return float(re.search(r"Requests/sec: +([\d.]+)", out)[1])


def rates(count, method, *params):
    body = call(method, *params)
    with contextlib.ExitStack() as stack:
        worlds = {who: stack.enter_context(world(who, sleeps(count), count))
                  for who in subjects()}
        replies = {who: w.post(method, *params) for who, w in worlds.items()}
        for who, reply in replies.items():  # a fault is fast, and 200 too
            if b"<methodResponse>" not in reply or b"<fault>" in reply:
                raise AssertionError("%s answers %s: %r" % (who, method, reply[:500]))
        size = len(replies["reeve"])
        ports = {who: w.daemon.port for who, w in worlds.items()}
        ports["limit"] = stack.enter_context(Responder(free_port(), size)).port
        return medians({who: lambda port=port: rate(port, body)
                        for who, port in ports.items()})


def get_state(count):
    return rates(count, "supervisor.getState")


def get_process_info(count):
    return rates(count, "supervisor.getProcessInfo", "p:p_00000")


def get_all(count):
    return rates(count, "supervisor.getAllProcessInfo")


# ---- a killed program ----

def revive_supervised(who, count, kills):
    with Stamps() as stamps:
        text = stamps.program("stamp") + sleeps(count - 1)
        with world(who, text, count):
            return stamps.revivals(kills)[1]


def revive_bare(kills):
    with Stamps() as stamps:
        bare = subprocess.Popen([LIMIT, "respawn", LIMIT, "stamp", stamps.path])
        last, taken = stamps.revivals(kills)
        bare.kill()
        bare.wait()
        os.kill(last, 9)
        return taken


def revive(count):
    """Median and 99th percentile, in milliseconds."""
    kills = 100 if Bench.rounds < 3 else 300
    taken = {who: revive_supervised(who, count, kills if who == "reeve" else kills // 10)
             for who in subjects()}
    taken["limit"] = revive_bare(kills)

    def nth(share):
        return {who: sorted(t)[int(len(t) * share)] * 1000 for who, t in taken.items()}
    return {"revive": nth(0.5), "revive p99": nth(0.99)}


# ---- at rest ----

def resident(count):
    pss, uss = {}, {}
    for who in subjects():
        with world(who, sleeps(count), count) as w:
            time.sleep(2)
            figures = [memory(pid) for pid in w.pids()]
            pss[who], uss[who] = (sum(f[i] for f in figures) / 1024 for i in (0, 1))
    if not Bench.only_reeve:
        for who, command in SCANNERS.items():
            with Scanned(command, count) as w:
                figures = [memory(pid) for pid in w.start().pids()]
                pss[who], uss[who] = (sum(f[i] for f in figures) / 1024 for i in (0, 1))
    return {"PSS": pss, "USS": uss}


def held(who, text, count):
    with world(who, text, count) as w:
        return len(os.listdir("/proc/%d/fd" % w.daemon.pid))


def descriptors(count):
    """More than with one program, for each of the others."""
    found = {}
    for name, options in (("both logs", {"stdout_logfile": "AUTO", "stderr_logfile": "AUTO"}),
                          ("redirected", {"stdout_logfile": "AUTO",
                                          "redirect_stderr": "true"}),
                          ("no logs", {})):
        found["descriptors, " + name] = row = {}
        for who in subjects():
            more = held(who, sleeps(count, **options), count) - \
                held(who, sleeps(1, **options), 1)
            row[who] = more / (count - 1)
    return found


def switches(pid):
    return sum(map(int, re.findall(r"ctxt_switches:\t(\d+)",
                                   read("/proc/%d/status" % pid).decode())))


def idle(count):
    """How often the kernel ran them, a minute."""
    found = {}
    for who in subjects():
        with world(who, sleeps(count), count) as w:
            time.sleep(2)
            before = [switches(pid) for pid in w.pids()]
            time.sleep(Bench.idle)
            after = [switches(pid) for pid in w.pids()]
            found[who] = sum(a - b for a, b in zip(after, before)) * 60 / Bench.idle
    return found


# ---- output ----

def cost_of_output(who, count, size, line):
    text = program("writer", "%s flood %d %d" % (CHILD, size, line), autostart="false",
                   startsecs=0, autorestart="false", redirect_stderr="true",
                   stdout_logfile="{dir}/writer.log", stdout_logfile_backups=2)
    with world(who, text + sleeps(count), count) as w:
        before = cpu(w.daemon.pid)
        with w.daemon.rpc() as s:
            s.supervisor.startProcess("writer", False)
            until(lambda: s.supervisor.getProcessInfo("writer")["state"] == 100, 600,
                  every=0.2)
        return cpu(w.daemon.pid) - before


def cost_of_cat(size, line):
    with tempfile.NamedTemporaryFile() as log:
        with subprocess.Popen([CHILD, "flood", str(size), str(line)],
                              stdout=subprocess.PIPE) as writer:
            cat = subprocess.Popen(["cat"], stdin=writer.stdout, stdout=log)
            used = os.wait4(cat.pid, 0)[2]
            cat.returncode = 0
    return used.ru_utime + used.ru_stime


def output(count, size, line):
    measures = {who: lambda who=who: cost_of_output(who, count, size, line)
                for who in subjects()}
    measures["limit"] = lambda: cost_of_cat(size, line)
    return medians(measures)


def gigabyte(count):
    return output(count, 1 << 30, 65536)


def lines(count):
    return output(count, 300000 * 55, 55)


# ---- commands ----

def command_seconds(words):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(["hyperfine", "-N", "--warmup", "2", "--runs", "20", "--export-json",
                        out.name, " ".join(words)], check=True, capture_output=True)
        return json.load(out)["results"][0]["median"] * 1000


def status(count):
    found = {}
    for who in subjects():
        tool = "/usr/bin/supervisorctl" if who == "supervisord" else \
            os.path.join(BUILD, "reevectl")
        with world(who, sleeps(count), count) as w:
            found[who] = command_seconds([tool, "-c", w.daemon.conf, "status"])
    return found


def post(port, bodies, cpus=None):
    """Seconds for all bodies over one connection, each after the answer before."""
    with tempfile.NamedTemporaryFile() as file:
        for body in bodies:
            file.write(b"%d\n%s" % (len(body), body))
        file.flush()
        return limit("post", port, file.name, cpus=cpus)[0]


def start_rate(count):
    """startProcess without waiting, one after another: a second."""
    def supervised(who):
        with world(who, sleeps(count, autostart="false"), 0) as w:
            until(w.daemon.serving)
            return count / post(w.daemon.port, [
                call("supervisor.startProcess", "p:p_%05d" % i, False)
                for i in range(count)])
    measures = {who: lambda who=who: supervised(who) for who in subjects()}
    measures["limit"] = lambda: count / limit("spawn", count, *SLEEP.split())[0]
    return medians(measures)


# ---- events ----

EVENTS = 20000
EVENTS_A_CALL = 100
EVENT = "x" * 40


def event_rate(who):
    text = program("l", "%s /dev/null" % LISTENER, section="eventlistener",
                   events="REMOTE_COMMUNICATION", buffer_size=EVENTS, **QUIET)
    one = {"methodName": "supervisor.sendRemoteCommEvent", "params": ["t", EVENT]}
    body = call("system.multicall", [one] * EVENTS_A_CALL)
    with world(who, text, 1, cpus="0") as w:
        listener = w.child("l:l")
        began = time.monotonic()
        post(w.daemon.port, [body] * (EVENTS // EVENTS_A_CALL), cpus="0")
        until(lambda: events_taken(listener) >= EVENTS, 120, every=0.005)
        return EVENTS / (time.monotonic() - began)


def events_taken(pid):
    """Each costs the listener three writes: the event, the result and READY."""
    return int(re.search(rb"^syscw: (\d+)", read("/proc/%d/io" % pid), re.M)[1]) // 3


def events(_count):
    payload = len("type:t\n" + EVENT)
    measures = {who: lambda who=who: event_rate(who) for who in subjects()}
    measures["limit"] = lambda: EVENTS / limit("pingpong", EVENTS, payload, LISTENER,
                                               "/dev/null", cpus="0")[0]
    return medians(measures)
