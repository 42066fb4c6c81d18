"""Event listeners: the events that they get, and listeners that violate the protocol."""

import os
import re
import select
import time
import unittest
import xmlrpc.client

from reeve import (BUILD, PATIENCE, SANITIZED, Case, WireFault, program, read, reeve_only,
                   until)

LISTENER = os.path.join(BUILD, "tests", "bin", "listener")
PYTHON = "/usr/bin/python3"
HEADER = re.compile(rb"ver:3\.0 server:(\S+) serial:(\d+) pool:(\S+) poolserial:(\d+) "
                    rb"eventname:(\S+) len:(\d+)\n")


def pool(name, events, command=None, **options):
    return program(name, command or "%s {dir}/%s.events" % (LISTENER, name),
                   section="eventlistener", **{"events": events, "startsecs": 0, **options})


def quiet(name, command="/bin/sleep 1000", **options):
    return program(name, command, **{"startsecs": 0, "stdout_logfile": "NONE",
                                     "stderr_logfile": "NONE", **options})


class Event:
    def __init__(self, match, payload):
        self.server, self.pool, self.name = (match[i].decode() for i in (1, 3, 5))
        self.serial, self.poolserial = int(match[2]), int(match[4])
        self.payload = payload

    @property
    def text(self):
        """The payload with pids masked."""
        return re.sub(r"pid:[1-9]\d*", "pid:N", self.payload.decode())


def parse(data, counts_bytes=True):
    """The events in a listener's file, without an incomplete one."""
    events, at = [], 0
    while True:
        match = HEADER.match(data, at)
        if match is None:
            return events
        end = match.end() + int(match[6])
        if len(data) <= end:
            return events
        events.append(Event(match, data[match.end():end]))
        at = end + 1


class Listening(Case):
    def begin(self, text, **options):
        self.d = self.daemon(text, **options)
        self.s = self.rpc(self.d).supervisor

    def events(self, name="l", *only):
        found = parse(read(self.d.path(name + ".events"), b""))
        return [e for e in found if not only or e.name in only]

    def await_events(self, count, name="l", *only):
        return until(lambda: (lambda e: e if len(e) >= count else None)(
            self.events(name, *only)), what="%d events for %s; log: %s" % (
                count, name, self.d.log()))

    def check_peak(self, most):
        """Asserts that the daemon never used more memory than so many kB."""
        with open("/proc/%d/status" % self.d.pid, encoding="ascii") as f:
            peak = int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1])
        if not SANITIZED:  # glibc keeps freed memory
            self.assertLess(peak, most)

    def await_log(self, text):
        until(lambda: text in self.d.log(), what="%r in %s" % (text, self.d.log()))


class Kinds(Listening):
    """Each type of event and its payload."""

    def test_states_of_a_life(self):
        self.begin(pool("l", "PROCESS_STATE") + quiet("p", autostart="false") +
                   quiet("q", "/bin/sh -c 'exit 3'", autostart="false",
                         autorestart="false", startsecs=0))
        self.d.wait_state("l", "RUNNING")
        mark = len(self.await_events(2))
        self.s.startProcess("p")
        self.s.stopProcess("p")
        self.s.startProcess("q")
        self.d.wait_state("q", "EXITED")
        texts = [(e.name, e.text) for e in self.await_events(mark + 7)[mark:]]
        self.assertEqual([
            ("PROCESS_STATE_STARTING", "processname:p groupname:p from_state:STOPPED tries:0"),
            ("PROCESS_STATE_RUNNING", "processname:p groupname:p from_state:STARTING pid:N"),
            ("PROCESS_STATE_STOPPING", "processname:p groupname:p from_state:RUNNING pid:N"),
            ("PROCESS_STATE_STOPPED", "processname:p groupname:p from_state:STOPPING pid:N"),
            ("PROCESS_STATE_STARTING", "processname:q groupname:q from_state:STOPPED tries:0"),
            ("PROCESS_STATE_RUNNING", "processname:q groupname:q from_state:STARTING pid:N"),
            ("PROCESS_STATE_EXITED",
             "processname:q groupname:q from_state:RUNNING expected:0 pid:N"),
        ], texts)

    def test_backoff_and_fatal(self):
        self.begin(pool("l", "PROCESS_STATE_BACKOFF,PROCESS_STATE_FATAL") +
                   quiet("p", "/bin/false", startsecs=1, startretries=1))
        events = self.await_events(3)
        self.assertEqual([
            ("PROCESS_STATE_BACKOFF", "processname:p groupname:p from_state:STARTING tries:1"),
            ("PROCESS_STATE_BACKOFF", "processname:p groupname:p from_state:STARTING tries:2"),
            ("PROCESS_STATE_FATAL", "processname:p groupname:p from_state:BACKOFF"),
        ], [(e.name, e.text) for e in events])

    def test_stop_in_backoff_has_pid_0(self):
        self.begin(pool("l", "PROCESS_STATE_STOPPED") +
                   quiet("p", "/bin/false", startsecs=1, startretries=9))
        self.d.wait_state("p", "BACKOFF")
        self.s.stopProcess("p")
        event, = self.await_events(1)
        self.assertEqual(b"processname:p groupname:p from_state:BACKOFF pid:0", event.payload)

    def test_groups_come_and_go(self):
        self.begin(pool("l", "PROCESS_GROUP", priority=5) + quiet("before", priority=1) +
                   quiet("p", autostart="false", priority=9))
        self.s.removeProcessGroup("p")
        self.s.addProcessGroup("p")
        events = self.await_events(4)
        self.assertEqual([("PROCESS_GROUP_ADDED", "groupname:l\n"),
                          ("PROCESS_GROUP_ADDED", "groupname:p\n"),
                          ("PROCESS_GROUP_REMOVED", "groupname:p\n"),
                          ("PROCESS_GROUP_ADDED", "groupname:p\n")],
                         [(e.name, e.text) for e in events])

    def test_daemon_runs_and_stops(self):
        self.begin(pool("l", "SUPERVISOR_STATE_CHANGE") + quiet("p"))
        self.await_events(1)
        self.d.stop()
        self.assertEqual([("SUPERVISOR_STATE_CHANGE_RUNNING", b""),
                          ("SUPERVISOR_STATE_CHANGE_STOPPING", b"")],
                         [(e.name, e.payload) for e in self.events()])

    @reeve_only
    def test_the_last_stop_is_told(self):
        self.begin(pool("l", "PROCESS_STATE_STOPPED") + quiet("p"))
        self.d.wait_state("p", "RUNNING")
        self.d.wait_state("l", "RUNNING")
        self.d.stop()
        self.assertEqual(["processname:p groupname:p from_state:STOPPING pid:N"],
                         [e.text for e in self.events()])

    @reeve_only
    def test_pools_that_never_answer_share_a_second(self):
        self.begin("".join(pool("l%d" % i, "EVENT", "/bin/sh -c 'echo READY; exec sleep 1000'")
                           for i in range(12)))
        for i in range(12):
            self.d.wait_state("l%d" % i, "RUNNING")
        begun = time.monotonic()
        self.d.stop()
        self.assertLess(time.monotonic() - begun, 10)

    def test_remote_communication(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION"))
        for type_, data in (("a", "b"), ("", ""), ("x y", "line\nline\n"), (5, True)):
            self.s.sendRemoteCommEvent(type_, data)
        self.assertEqual(["type:a\nb", "type:\n", "type:x y\nline\nline\n", "type:5\nTrue"],
                         [e.text for e in self.await_events(4)])

    def test_remote_communication_of_what_is_no_text(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION"))
        when = xmlrpc.client.DateTime("20260102T03:04:05")
        for type_, data in ((when, when), (0.1, [1, "it's", when]), ("t", {"a": [True]})):
            self.s.sendRemoteCommEvent(type_, data)
        self.assertEqual(
            ["type:2026-01-02 03:04:05\n2026-01-02 03:04:05",
             "type:0.1\n[1, \"it's\", datetime.datetime(2026, 1, 2, 3, 4, 5)]",
             "type:t\n{'a': [True]}"],
            [e.text for e in self.await_events(3)])

    @reeve_only
    def test_many_in_one_request(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION"))
        wire = self.control(self.d)
        for more in (["t"], ["t", "x"] * 64, ["t", 1], "tx"):
            with self.assertRaises(WireFault) as caught:
                wire.call("event.send", type="t", data="none", more=more)
            self.assertEqual(2, caught.exception.code)
        wire.call("event.send", type="t", data="first", more=["", "", "u", "third"])
        self.assertEqual(["type:t\nfirst", "type:\n", "type:u\nthird"],
                         [e.text for e in self.await_events(3)])

    def test_a_multicall(self):
        """Events inside a stream of data, in order."""
        self.begin(pool("l", "REMOTE_COMMUNICATION", buffer_size=1000))
        calls = [{"methodName": "supervisor.sendRemoteCommEvent", "params": ["t", str(i)]}
                 for i in range(300)]
        calls.insert(100, {"methodName": "supervisor.getPID", "params": []})
        calls.insert(200, {"methodName": "supervisor.sendRemoteCommEvent", "params": ["t"]})
        results = self.rpc(self.d).system.multicall(calls)
        self.assertEqual(self.d.pid, results.pop(100))
        self.assertEqual(2, results.pop(199)["faultCode"])
        self.assertEqual([True] * 300, results)
        self.assertEqual(["type:t\n%d" % i for i in range(300)],
                         [e.text for e in self.await_events(300)])

    def test_tick(self):
        self.begin(pool("l", "TICK_5"))
        event, = self.await_events(1)
        when = int(event.text.partition("when:")[2])
        self.assertEqual(0, when % 5)
        self.assertLess(abs(time.time() - when), 20)

    def test_log(self):
        self.begin(pool("l", "PROCESS_LOG") + quiet(
            "p", "/bin/sh -c 'echo out; sleep 0.2; echo err >&2; exec sleep 1000'",
            stdout_events_enabled="true", stderr_events_enabled="true"))
        self.assertEqual([
            ("PROCESS_LOG_STDOUT", "processname:p groupname:p pid:N channel:stdout\nout\n"),
            ("PROCESS_LOG_STDERR", "processname:p groupname:p pid:N channel:stderr\nerr\n"),
        ], [(e.name, e.text) for e in self.await_events(2)])

    def test_communication(self):
        self.begin(pool("l", "PROCESS_COMMUNICATION") + program(
            "p", "/bin/sh -c 'printf \"a<!--XSUPERVISOR:BEGIN-->hello<!--XSUPERVISOR:"
            "END-->b and some more text than a token has\"; exec sleep 1000'", startsecs=0,
            stdout_capture_maxbytes="1KB", stdout_logfile="{dir}/p.log"))
        event, = self.await_events(1)
        self.assertEqual("processname:p groupname:p pid:N\nhello", event.text)
        until(lambda: read(self.d.path("p.log")) == b"ab and some more text than a token has")


class Serials(Listening):
    def test_both_count_from_zero_and_the_pool_s_own_has_no_gaps(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION") + pool("m", "PROCESS_STATE"))
        for i in range(3):
            self.s.sendRemoteCommEvent("t", str(i))
        events = self.await_events(3)
        self.assertEqual([0, 1, 2], [e.poolserial for e in events])
        self.assertEqual(sorted(e.serial for e in events), [e.serial for e in events])
        self.assertEqual(0, self.await_events(1, "m")[0].serial)
        self.assertEqual(("supervisor", "l"), (events[0].server, events[0].pool))

    def test_an_event_of_two_subscriptions_comes_twice(self):
        self.begin(pool("l", "PROCESS_GROUP,PROCESS_GROUP_ADDED"))
        first, second = self.await_events(2)[:2]
        self.assertEqual((first.serial, first.poolserial, first.payload),
                         (second.serial, second.poolserial, second.payload))


class Results(Listening):
    def test_a_rejected_event_comes_again(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION",
                        "%s {dir}/l.events FAIL FAIL OK" % LISTENER))
        self.s.sendRemoteCommEvent("t", "once")
        events = self.await_events(3)
        self.assertEqual(1, len({(e.serial, e.poolserial, e.payload) for e in events}))
        self.await_log("WARN l: event was rejected")
        self.s.sendRemoteCommEvent("t", "again")
        self.assertEqual("type:t\nagain", self.await_events(4)[3].text)

    @reeve_only
    def test_other_pools_do_not_get_it_again(self):
        """supervisord sends it to each pool with a process of the same priority."""
        self.begin(pool("l", "REMOTE_COMMUNICATION",
                        "%s {dir}/l.events FAIL FAIL OK" % LISTENER) +
                   pool("m", "REMOTE_COMMUNICATION"))
        self.s.sendRemoteCommEvent("t", "once")
        self.await_events(3)
        self.s.sendRemoteCommEvent("t", "last")
        self.await_events(2, "m")
        self.assertEqual(["type:t\nonce", "type:t\nlast"], [e.text for e in self.events("m")])

    def test_event_of_a_listener_that_exits_is_sent_again(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION", "/bin/sh -c 'if mkdir {dir}/first; then "
                        "echo READY; read x; exit 1; fi; exec %s {dir}/l.events'" % LISTENER))
        self.s.sendRemoteCommEvent("t", "survives")
        self.assertEqual("type:t\nsurvives", self.await_events(1)[0].text)


class Errors(Listening):
    """A listener that violates the protocol is UNKNOWN, and still RUNNING."""

    UNKNOWN = ("has entered the UNKNOWN state and will no longer receive events, this usually "
               "indicates the process violated the eventlistener protocol")

    def script(self, text):
        self.begin(pool("l", "REMOTE_COMMUNICATION",
                        "/bin/sh -c '%s; exec sleep 1000'" % text))
        self.s.sendRemoteCommEvent("t", "x")
        self.await_log("WARN l: " + self.UNKNOWN)
        self.assertEqual("RUNNING", self.d.state("l"))

    def test_nonsense(self):
        self.script("echo HELLO WORLD")

    def test_a_word_while_ready(self):
        self.script("echo READY; sleep 0.3; echo READY")

    def test_a_result_without_a_number(self):
        self.script("echo READY; read x; echo RESULT two")
        self.assertIn("WARN l: bad result line: 'RESULT two'", self.d.log())

    @reeve_only
    def test_a_negative_result(self):
        self.script("echo READY; read x; echo RESULT -5")
        self.assertIn("WARN l: bad result line: 'RESULT -5'", self.d.log())

    def test_it_listens_again_when_restarted(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION", "/bin/sh -c 'if mkdir {dir}/first; then "
                        "echo NONSENSE; exec sleep 1000; fi; exec %s {dir}/l.events'" % LISTENER))
        self.await_log(self.UNKNOWN)
        self.s.sendRemoteCommEvent("t", "x")
        self.s.stopProcess("l")
        self.s.startProcess("l")
        self.assertEqual("type:t\nx", self.await_events(1)[0].text)


class Buffers(Listening):
    SLEEPER = "/bin/sleep 1000"

    def test_the_oldest_gives_way(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION", self.SLEEPER, buffer_size=3))
        for i in range(5):
            self.s.sendRemoteCommEvent("t", str(i))
        self.await_log("ERRO pool l event buffer overflowed, discarding event 0")
        self.await_log("ERRO pool l event buffer overflowed, discarding event 1")
        self.assertNotIn("discarding event 2", self.d.log())

    @reeve_only
    def test_a_flood_of_overflows(self):
        """After the first ten lines, one line a minute with a count."""
        self.begin(pool("l", "REMOTE_COMMUNICATION", self.SLEEPER, buffer_size=3))
        for i in range(30):
            self.s.sendRemoteCommEvent("t", str(i))
        self.await_log("ERRO pool l event buffer overflowed, discarding event 9")
        self.s.getState()
        self.assertEqual(10, self.d.log().count("event buffer overflowed"))

    @reeve_only
    def test_a_start_of_many_fits_by_default(self):
        names = ["p%d" % i for i in range(60)]
        self.begin(pool("l", "PROCESS_STATE,PROCESS_GROUP") +
                   "".join(quiet(name) for name in names))
        for kind in ("PROCESS_STATE_STARTING", "PROCESS_STATE_RUNNING"):
            until(lambda kind=kind: set(names) <= {
                e.text.split()[0].partition(":")[2] for e in self.events("l", kind)},
                what="%s of all" % kind)
        self.assertNotIn("overflowed", self.d.log())

    @reeve_only
    def test_a_flood_of_output_is_bounded(self):
        """A child that writes 200 MB, and a listener that never reads."""
        self.begin(pool("l", "PROCESS_LOG", self.SLEEPER) + quiet(
            "p", "/bin/sh -c 'head -c 200000000 /dev/zero; echo done >{dir}/done; "
            "exec sleep 1000'", stdout_events_enabled="true"))
        until(lambda: os.path.exists(self.d.path("done")), what="the flood to end")
        self.check_peak(40000)

    def test_an_event_larger_than_the_pipe(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION"))
        data = "x" * 900000
        self.s.sendRemoteCommEvent("t", data)
        self.s.sendRemoteCommEvent("t", "next")
        self.assertEqual(["type:t\n" + data, "type:t\nnext"],
                         [e.text for e in self.await_events(2)])

    @reeve_only
    def test_an_event_of_megabytes(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION"))
        self.s.sendRemoteCommEvent("t", "y" * 3000000)
        self.assertEqual(3000007, len(self.await_events(1)[0].payload))

    @reeve_only
    def test_nonsense_without_end_delays_nobody(self):
        self.begin(pool("l", "EVENT", "/usr/bin/yes") + quiet("p", autostart="false"))
        self.await_log("has entered the UNKNOWN state")
        begun = time.monotonic()
        for _ in range(5):
            self.s.startProcess("p")
            self.s.stopProcess("p")
        self.assertLess(time.monotonic() - begun, 5)


# As the listener of supervisor_stdout does: the event is the result.
ECHO = r"""import sys
while True:
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    line = sys.stdin.readline()
    data = sys.stdin.read(int(line.split("len:")[1]))
    sys.stdout.write("RESULT %d\n%s" % (len(data), data))
    sys.stdout.flush()
"""


@reeve_only
class Handlers(Listening):
    """result_handler= is Python code, which only supervisord can run."""

    def echo(self, handler, programs, stdout=None):
        self.d = self.make(pool("l", "PROCESS_LOG", PYTHON + " {dir}/echo.py",
                                result_handler=handler, buffer_size=1000) + programs,
                           supervisord={"silent": "true"})
        with open(self.d.path("echo.py"), "w", encoding="ascii") as f:
            f.write(ECHO)
        self.d.start(stdout=stdout)
        self.addCleanup(self.finish, self.d)

    def test_another(self):
        """No result is a failure, so no event is sent again."""
        self.begin(pool("l", "REMOTE_COMMUNICATION", "%s {dir}/l.events FAIL" % LISTENER,
                        result_handler="my.module:handler"))
        self.s = self.rpc(self.d).supervisor
        for text in ("one", "two", "three"):
            self.s.sendRemoteCommEvent("t", text)
        self.assertEqual(["type:t\none", "type:t\ntwo", "type:t\nthree"],
                         [e.text for e in self.await_events(3)])
        self.assertNotIn("rejected", self.d.log())
        self.d.wait_log(r"WARN \[eventlistener:l\] result_handler=my.module:handler is Python "
                        "code, which reeve does not run; every result is accepted")

    def test_supervisor_stdout(self):
        self.echo("supervisor_stdout:event_handler",
                  quiet("p", "/bin/sh -c 'echo one; echo; echo two >&2; exec sleep 1000'",
                        stdout_events_enabled="true", stderr_events_enabled="true"))
        lines = until(lambda: (lambda t: t if len(t) > 2 else None)(
            [line for line in self.d.output().splitlines() if line.startswith("p ")]))
        self.assertEqual(["p stderr | two", "p stdout | ", "p stdout | one"], sorted(lines))
        self.assertNotIn("rejected", self.d.log())
        self.assertNotIn("result_handler", self.d.log())

    def test_slow_reader(self):
        """Nothing is lost, and the daemon does not wait."""
        ours, theirs = os.pipe()
        self.addCleanup(os.close, ours)
        self.echo("supervisor_stdout : event_handler",
                  quiet("p", "{child} flood 500000 100", autorestart="false",
                        stdout_events_enabled="true"), theirs)
        os.close(theirs)
        self.d.wait_state("p", "EXITED")
        got, letters = b"", 0
        while letters < 495000:
            self.assertTrue(select.select([ours], [], [], PATIENCE)[0], letters)
            got += os.read(ours, 65536)
            letters = len(re.sub(rb"(?m)^p stdout \| |[^a-z]", b"", got))


class Lengths(Listening):
    """len: counts characters or bytes."""

    def test_characters(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION", "/bin/sh -c 'echo READY; head -n 1 "
                        ">{dir}/header; exec sleep 1000'"))
        self.s.sendRemoteCommEvent("t\u00e9", "\u20ac")
        header = until(lambda: read(self.d.path("header"), b""))
        self.assertTrue(header.endswith(b" len:9\n"), header)

    @reeve_only
    def test_bytes(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION", event_length="bytes"))
        self.s.sendRemoteCommEvent("t\u00e9", "\u20ac")
        self.assertEqual("type:t\u00e9\n\u20ac".encode(), self.await_events(1)[0].payload)

    def test_what_is_no_utf8(self):
        self.begin(pool("l", "PROCESS_LOG_STDOUT") + quiet(
            "p", r"""/bin/sh -c 'printf "a\377b"; exec sleep 1000'""",
            stdout_events_enabled="true"))
        event, = self.await_events(1)
        self.assertEqual("processname:p groupname:p pid:N channel:stdout\n"
                         r"Undecodable: b'a\xffb'", event.text)


class Others(Listening):
    """Listeners of other projects, or like them."""

    def test_childutils(self):
        script = ("import sys\nfrom supervisor import childutils\n"
                  "while True:\n"
                  "    headers, payload = childutils.listener.wait()\n"
                  "    with open(sys.argv[1], 'a') as f:\n"
                  "        print(headers['eventname'], payload, file=f)\n"
                  "    childutils.listener.ok()\n")
        d = self.make()
        with open(d.path("listener.py"), "w", encoding="utf-8") as f:
            f.write(script)
        d.configure(pool("l", "REMOTE_COMMUNICATION",
                         PYTHON + " {dir}/listener.py {dir}/told"))
        d.start()
        self.addCleanup(self.finish, d)
        s = self.rpc(d).supervisor
        for word in ("one", "tw\u00f6", "three"):
            s.sendRemoteCommEvent("t", word)
        until(lambda: read(d.path("told"), b"").decode() == "".join(
            "REMOTE_COMMUNICATION type:t\n%s\n" % w for w in ("one", "tw\u00f6", "three")),
            what="three events")

    def test_shell(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION", "/bin/sh {dir}/l.sh", autostart="false"))
        with open(self.d.path("l.sh"), "w", encoding="utf-8") as f:
            f.write('while echo READY && read header; do\n'
                    '    data=$(dd bs=1 count="${header##*len:}" 2>/dev/null)\n'
                    '    echo "$data" >>"$(dirname "$0")/told"\n'
                    '    printf "RESULT 2\\nOK"\n'
                    'done\n')
        self.s.startProcess("l")
        for word in ("one", "two"):
            self.s.sendRemoteCommEvent("t", word)
        until(lambda: read(self.d.path("told"), b"") == b"type:t\none\ntype:t\ntwo\n",
              what="two events")


@reeve_only
class Hundred(Listening):
    """A hundred thousand events through four listeners."""

    COUNT, BATCH = 100000, 500

    def test_none_is_lost_and_each_listener_has_them_in_order(self):
        self.begin(pool("l", "REMOTE_COMMUNICATION",
                        "%s {dir}/l%%(process_num)d.events" % LISTENER, numprocs=4,
                        process_name="l%(process_num)d", buffer_size=self.COUNT,
                        stdout_logfile="NONE"))
        wire = self.control(self.d)
        for at in range(0, self.COUNT, self.BATCH):
            for i in range(at, at + self.BATCH):
                last = wire.request("event.send", type="t", data="%06d" % i)
            wire.answer(last)
        until(lambda: sum(self.counts()) == self.COUNT, what="all events")
        files = [[int(e.payload[-6:]) for e in self.events("l%d" % i)] for i in range(4)]
        for numbers in files:
            self.assertEqual(sorted(numbers), numbers)
        self.assertEqual(list(range(self.COUNT)), sorted(sum(files, [])))
        self.assertNotIn("overflowed", self.d.log())
        self.check_peak(60000)

    def counts(self):
        return [read(self.d.path("l%d.events" % i), b"").count(b"ver:3.0") for i in range(4)]


if __name__ == "__main__":
    unittest.main()
