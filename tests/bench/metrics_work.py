"""What is measured of requests, output, commands and events (measure.py says how)."""

import contextlib
import json
import os
import re
import subprocess
import tempfile
import time

from measure import QUIET, Bench, interleaved, sleeps, subjects, world
from reeve import BUILD, CHILD, alive, free_port, program, read, until
from worlds import LISTENER, Responder, call, cpu, limit, post

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
        return interleaved({who: lambda port=port: rate(port, body)
                        for who, port in ports.items()})


def get_state(count):
    return rates(count, "supervisor.getState")


def get_process_info(count):
    return rates(count, "supervisor.getProcessInfo", "p:p_00000")


def get_all(count):
    return rates(count, "supervisor.getAllProcessInfo")


# ---- output ----

def cost_of_output(who, count, size, line):
    """CPU of all its processes, what rotation takes included (cat has none). Nothing is
    asked while the writer lives."""
    text = program("writer", "%s flood %d %d" % (CHILD, size, line), autostart="false",
                   startsecs=0, autorestart="false", redirect_stderr="true",
                   stdout_logfile="{dir}/writer.log", stdout_logfile_backups=2)
    with world(who, text + sleeps(count - 1), count - 1) as w, w.daemon.rpc() as s:
        pids = w.pids()
        before = sum(map(cpu, pids))
        s.supervisor.startProcess("writer", False)
        writer = w.child("writer")
        until(lambda: not alive(writer), 600, every=0.05)
        until(lambda: s.supervisor.getProcessInfo("writer")["state"] == 100, every=0.2)
        return sum(map(cpu, pids)) - before


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
    return interleaved(measures)


def gigabyte(count):
    return output(count, 1 << 30, 65536)


def lines(count):
    return output(count, 300000 * 55, 55)


# ---- commands ----

def command_seconds(words):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(["hyperfine", "-N", "--warmup", "1", "--runs", "10", "--export-json",
                        out.name, " ".join(words)], check=True, capture_output=True)
        return json.load(out)["results"][0]["median"] * 1000


def status(count):
    tools = {"supervisord": "/usr/bin/supervisorctl", "reeve": os.path.join(BUILD, "reevectl")}
    with contextlib.ExitStack() as stack:
        confs = {who: stack.enter_context(world(who, sleeps(count), count)).daemon.conf
                 for who in subjects()}
        return interleaved({who: lambda who=who, conf=conf: command_seconds(
            [tools[who], "-c", conf, "status"]) for who, conf in confs.items()})


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
    return interleaved(measures)
