"""What is measured of starting, stopping and reviving (measure.py says how)."""

import contextlib
import http.client
import multiprocessing
import signal
import time

from measure import Bench, Stamps, interleaved, rows, sections, sleeps, subjects, world
from reeve import free_port
from worlds import (SLEEP, STAMP, Bare, Responder, Scanned, Supervised, call, limit, post,
                    with_us)

SCANNERS = {"s6": (("s6-svscan", "-c", "4000"), signal.SIGTERM),
            "runit": (("runsvdir",), signal.SIGHUP)}


def life_of(who, count):
    """Seconds to start all and to stop all. The last says itself that it runs: to look for
    it would take the machine from who is measured."""
    with Stamps() as stamps:
        text = "[group:g]\nprograms=p,z\n" + sleeps(count - 1) + stamps.program("z")
        with Supervised(who, text, count) as w:
            return w.start(stamps.next).seconds, w.stop()


def scanned(who, count):
    return Scanned(*SCANNERS[who], count)


def scanned_start(who, count):
    with scanned(who, count) as w:
        return (w.start().seconds,)


def start_and_stop(count):
    """One group: both are told by the same lives."""
    measures = {who: lambda who=who: life_of(who, count) for who in subjects()}
    measures["limit"] = lambda: limit("spawn", count, *SLEEP.split())
    if not Bench.only_reeve:
        measures.update({who: lambda who=who: scanned_start(who, count) for who in SCANNERS})
    return rows(("start", "stop"), interleaved(measures))


def stop_of(who, count):
    with world(who, sections(count), count) as w:
        return w.stop()


def stop_groups(count):
    measures = {who: lambda who=who: stop_of(who, count)
                for who in subjects()}
    measures["limit"] = lambda: limit("one-by-one", count, *SLEEP.split())[0]
    return interleaved(measures)


# ---- a killed program ----

KILLS = 300  # a round: a 99th percentile is the third of them
SLOW_KILLS = 10  # of who needs a second for each


def ask(port):
    """For ever, over one connection."""
    with_us()()
    body = call("supervisor.getProcessInfo", "stamp")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while True:
        connection.request("POST", "/RPC2", body, {"Content-Type": "text/xml"})
        connection.getresponse().read()
        time.sleep(0.005)


@contextlib.contextmanager
def asked(port):
    """Meanwhile it is asked every 5 ms, by another process."""
    asker = multiprocessing.get_context("fork").Process(target=ask, args=(port,))
    asker.start()
    try:
        yield
        if not asker.is_alive():
            raise AssertionError("nobody asked")
    finally:
        asker.kill()
        asker.join()


def revivals(stamps, port=None, kills=KILLS):
    """Median and 99th percentile of a round, in ms; the latter of enough kills only."""
    with asked(port) if port else contextlib.nullcontext():
        taken = stamps.revivals(kills)
    nth = [taken[len(taken) * percent // 100] * 1000 for percent in (50, 99)]
    return nth if kills >= KILLS else nth[:1]


def revive(count):
    """At rest and while asked: supervisord revives at the turn after it saw a death, a
    second later unless requests give it turns. All are there all the time."""
    with contextlib.ExitStack() as stack:
        stamps, ports = {}, {}
        for who in subjects():
            stamps[who] = stack.enter_context(Stamps())
            w = stack.enter_context(world(
                who, stamps[who].program("stamp") + sleeps(count - 1), count))
            ports[who] = w.daemon.port
        size = len(w.post("supervisor.getProcessInfo", "stamp"))
        stamps["limit"] = stack.enter_context(Stamps())
        stack.enter_context(Bare("respawn", STAMP, stamps["limit"].path))
        ports["limit"] = stack.enter_context(Responder(free_port(), size)).port
        for s in stamps.values():
            s.next()
        rest = {who: lambda who=who, s=s: revivals(
            s, kills=SLOW_KILLS if who == "supervisord" else KILLS)
            for who, s in stamps.items()}
        busy = {who: lambda who=who, s=s: revivals(s, ports[who])
                for who, s in stamps.items()}
        return {**rows(("revive", "revive p99"), interleaved(rest)),
                **rows(("revive asked", "revive asked p99"), interleaved(busy))}


# ---- starting on request ----

def start_rate(count):
    """startProcess without waiting, one after another: a second; and with an audit log."""
    def supervised(who, **options):
        with world(who, sleeps(count, autostart="false"), 0, supervisord=options) as w:
            return count / post(w.daemon.port, [
                call("supervisor.startProcess", "p:p_%05d" % i, False)
                for i in range(count)])
    def limits():
        value = count / limit("spawn", count, *SLEEP.split())[0]
        return value, value
    measures = {who: lambda who=who: (supervised(who),) for who in subjects()}
    measures["reeve"] = lambda: (supervised("reeve"),
                                 supervised("reeve", audit_log="audit.log"))
    measures["limit"] = limits
    return rows(("start rate", "start rate, recorded"), interleaved(measures))
