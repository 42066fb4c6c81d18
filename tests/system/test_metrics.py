"""/metrics, /healthz and /readyz."""

import base64
import glob
import http.client
import json
import os
import re
import signal
import time
import unittest

from reeve import ROOT, SANITIZED, Case, UnixConnection, cat, program, until

NAMED = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?[0-9.]+|[+-]Inf)$")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)')
OURS = {"reeve_process_state", "reeve_process_ready", "reeve_process_restarts_total",
        "reeve_process_cpu_seconds_total", "reeve_process_resident_memory_bytes",
        "reeve_process_start_time_seconds", "reeve_process_log_bytes_total",
        "supervisor_process_info", "supervisor_process_uptime", "node_supervisord_up",
        "node_supervisord_state", "node_supervisord_exit_status",
        "node_supervisord_start_time_seconds"}


def plain(value):
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)


class Metrics:
    """Parsed strictly: each metric once, with help and type before its samples; no sample
    twice."""

    def __init__(self, text):
        self.samples, self.types = {}, {}
        lines = text.split("\n")
        assert lines.pop() == "", "the text ends without a newline"
        name = None
        for line in lines:
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                assert name not in self.types, line
                helped = name
            elif line.startswith("# TYPE "):
                name, kind = line.split(" ")[2:]
                assert name == helped and name not in self.types, line
                assert (kind == "counter") == name.endswith("_total"), line
                self.types[name] = kind
            else:
                self.add(name, line)

    def add(self, metric, line):
        found = NAMED.fullmatch(line)
        assert found, line
        name, labels = found[1], found[2] or ""
        assert name == metric or self.types[metric] == "histogram" and \
            name in [metric + s for s in ("_bucket", "_sum", "_count")], line
        pairs = LABEL.findall(labels)
        assert "".join('%s="%s",' % p for p in pairs).rstrip(",") == labels, line
        key = name, tuple(sorted((k, plain(v)) for k, v in pairs))
        assert key not in self.samples, line
        self.samples[key] = float(found[3])

    def get(self, metric, **labels):
        return self.samples.get((metric, tuple(sorted(labels.items()))))

    def of(self, name):
        """The samples of a metric: a list of labels and value."""
        return [(dict(labels), v) for (n, labels), v in self.samples.items() if n == name]


def get(d, path, via="tcp", user=None, headers=None):
    c = http.client.HTTPConnection("127.0.0.1", d.port, timeout=60) if via == "tcp" else \
        UnixConnection(d.socket)
    headers = dict(headers or {})
    if user is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
    c.request("GET", path, headers=headers)
    response = c.getresponse()
    text = response.read().decode()
    c.close()
    return response, text


def scrape(d, **options):
    response, text = get(d, "/metrics", **options)
    assert response.status == 200, (response.status, text)
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Metrics(text)


class Programs(Case):
    def test_figures(self):
        d = self.daemon(
            cat("cat", stdout_logfile="{dir}/cat.log") + cat("idle", autostart="false") +
            program("once", "/bin/sh -c 'echo 12345; exit 7'", autorestart="false", startsecs=0,
                    stdout_logfile="{dir}/once.log") +
            program("bad", "/bin/sh -c 'kill -9 $$'", startsecs=1, startretries=1))
        d.wait_state("cat", "RUNNING")
        d.wait_state("once", "EXITED")
        d.wait_state("bad", "FATAL")
        m = scrape(d)
        info, now = d.info("cat"), time.time()
        both = {"name": "cat", "group": "cat"}
        self.assertEqual(20, m.get("reeve_process_state", **both))
        self.assertEqual(1, m.get("reeve_process_ready", **both))
        self.assertEqual(0, m.get("reeve_process_restarts_total", **both))
        self.assertIsNone(m.get("reeve_process_last_exit_status", **both))
        self.assertEqual(info["start"], m.get("reeve_process_start_time_seconds", **both))
        self.assertEqual(1, m.get("reeve_process_processes", **both))
        self.assertGreater(m.get("reeve_process_resident_memory_bytes", **both), 100000)
        self.assertGreaterEqual(m.get("reeve_process_cpu_seconds_total", **both), 0)
        once = {"name": "once", "group": "once"}
        self.assertEqual(7, m.get("reeve_process_last_exit_status", **once))
        self.assertEqual(6, m.get("reeve_process_log_bytes_total", stream="stdout", **once))
        self.assertEqual(0, m.get("reeve_process_log_bytes_total", stream="stderr", **once))
        bad = {"name": "bad", "group": "bad"}
        self.assertEqual(9, m.get("reeve_process_last_exit_signal", **bad))
        self.assertIsNone(m.get("reeve_process_last_exit_status", **bad))
        self.assertEqual(1, m.get("reeve_process_restarts_total", **bad))
        # Of other exporters.
        self.assertEqual(1, m.get("supervisord_up"))
        self.assertEqual(1, m.get("supervisor_process_info", state="RUNNING", exit_status="0",
                                  **both))
        self.assertEqual(0, m.get("supervisor_process_info", state="EXITED", exit_status="7",
                                  **once))
        self.assertLess(abs(now - info["start"] -
                            m.get("supervisor_process_uptime", **both)), 30)
        self.assertIsNone(m.get("supervisor_process_uptime", **once))
        self.assertEqual(1, m.get("node_supervisord_up", **both))
        self.assertEqual(0, m.get("node_supervisord_up", **once))
        self.assertEqual(7, m.get("node_supervisord_exit_status", **once))
        self.assertEqual(info["start"], m.get("node_supervisord_start_time_seconds", **both))
        self.assertLessEqual(OURS, set(m.types))
        # Of the daemon.
        self.assertEqual(1, m.get("reeve_daemon_state"))
        self.assertLess(abs(m.get("reeve_daemon_start_time_seconds") +
                            m.get("reeve_daemon_uptime_seconds") - now), 30)
        self.assertEqual({"RUNNING": 1, "STOPPED": 1, "EXITED": 1, "FATAL": 1},
                         {labels["state"]: v for labels, v in m.of("reeve_processes") if v})
        self.assertEqual(1, len(m.of("reeve_info")))

    def test_hostile_names(self):
        names = ['x"y', "back\\slash", "back\\nslash", "<b>&amp", "\u202etfel", "\u540d\u524d",
                 "{}=,", "q\\\"", "a" * 200, "x\u0085y", "x\u2028y"]
        d = self.daemon("".join(cat(n) for n in names))
        m = scrape(d)
        self.assertEqual(set(names),
                         {labels["name"] for labels, _ in m.of("reeve_process_state")})
        self.assertEqual(set(names),
                         {labels["group"] for labels, _ in m.of("supervisor_process_info")})

    def test_calls(self):
        """Each call is counted once, also within a multicall or a batch."""
        d = self.daemon(cat("cat"))
        s = self.rpc(d, "tcp")
        before = self.calls(d, "supervisor.getPID")
        for _ in range(3):
            s.supervisor.getPID()
        s.system.multicall([{"methodName": "supervisor.getPID", "params": []}] * 2 +
                           [{"methodName": "supervisor.getProcessInfo", "params": ["no"]}])
        until(lambda: self.calls(d, "supervisor.getPID") == before + 5)
        m = scrape(d)
        self.assertEqual(1, m.get("reeve_rpc_duration_seconds_count", method="system.multicall"))
        self.assertEqual(1, m.get("reeve_rpc_faults_total", method="supervisor.getProcessInfo"))
        self.assertEqual(0, m.get("reeve_rpc_faults_total", method="supervisor.getPID"))
        events = [{"methodName": "supervisor.sendRemoteCommEvent", "params": ["a", "b"]}] * 70
        s.system.multicall(events + [{"methodName": "supervisor.getState", "params": []}])
        until(lambda: self.calls(d, "supervisor.sendRemoteCommEvent") == 70)
        self.assertEqual(1, self.calls(d, "supervisor.getState"))
        buckets = {labels["le"]: v for labels, v in scrape(d).of(
            "reeve_rpc_duration_seconds_bucket") if labels["method"] == "supervisor.getPID"}
        self.assertEqual(sorted(buckets.values()), [buckets[le] for le in sorted(
            buckets, key=lambda le: float("inf") if le == "+Inf" else float(le))])
        self.assertEqual(before + 5, buckets["+Inf"])

    @staticmethod
    def calls(d, method):
        return scrape(d).get("reeve_rpc_duration_seconds_count", method=method) or 0

    def test_waiting_calls_take_long(self):
        d = self.daemon(program("slow", "/bin/cat", startsecs=1, autostart="false"))
        self.rpc(d).supervisor.startProcess("slow")
        m = scrape(d)
        self.assertGreaterEqual(
            m.get("reeve_rpc_duration_seconds_sum", method="supervisor.startProcess"), 0.9)
        self.assertEqual(0, m.get("reeve_rpc_duration_seconds_bucket",
                                  method="supervisor.startProcess", le="0.5"))

    def test_events(self):
        d = self.daemon(cat("cat") + program(
            "deaf", "/bin/sleep 1000", section="eventlistener", events="REMOTE_COMMUNICATION",
            buffer_size=10))
        s = self.rpc(d)
        for i in range(13):
            s.supervisor.sendRemoteCommEvent("t", str(i))
        until(lambda: scrape(d).get("reeve_events_dropped_total", pool="deaf") == 3)
        self.assertEqual(10, scrape(d).get("reeve_event_queue_length", pool="deaf"))

    def test_listeners(self):
        d = self.daemon(cat("cat"))
        held = [d.connect() for _ in range(4)]
        for s in held:
            self.addCleanup(s.close)
        until(lambda: scrape(d).get("reeve_http_connections", listener="inet_http_server") >= 4)
        get(d, "/none")
        until(lambda: scrape(d).get("reeve_http_refused_requests_total",
                                    listener="inet_http_server", code="404") == 1)
        self.assertEqual(0, scrape(d).get("reeve_http_streams", listener="inet_http_server",
                                          kind="events"))

    def test_restarts_of_the_front_end(self):
        d = self.daemon(cat("cat"))
        self.assertEqual(0, scrape(d).get("reeve_frontend_restarts_total"))
        pid = d.front_end()
        os.kill(pid, signal.SIGKILL)
        until(lambda: d.front_end() not in (None, pid))
        until(lambda: self.scraped(d).get("reeve_frontend_restarts_total") == 1)

    def scraped(self, d):
        return until(lambda: self.try_scrape(d))

    @staticmethod
    def try_scrape(d):
        try:
            return scrape(d)
        except OSError:
            return None

    def test_many(self):
        """1000 programs cost at most 5 ms of CPU."""
        d = self.daemon("[program:many]\ncommand=/bin/cat\nnumprocs=1000\nautostart=false\n"
                        "process_name=worker_%%(process_num)04d\n".replace("%%", "%"))
        self.assertEqual(1000, len(scrape(d).of("reeve_process_state")))
        pid, costs = d.front_end(), []
        for _ in range(5):
            time.sleep(1.05)  # the text is shared for a second
            before = cpu_seconds(pid)
            text = get(d, "/metrics")[1]
            costs.append(cpu_seconds(pid) - before)
        self.assertEqual(1000, len(Metrics(text).of("node_supervisord_up")))
        if not SANITIZED:
            self.assertLess(min(costs), 0.005, costs)


def cpu_seconds(pid):
    """Exact, unlike the ticks of /proc/PID/stat."""
    with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
        return int(f.read().split()[0]) / 1e9


USERS = """[user:all]
password=pw
role=states
[user:few]
password=pw
role=view
programs=web
[user:nothing]
password=pw
role=none
"""


class Examples(Case):
    """The dashboard and the alert rules; tests/run prometheus evaluates them."""

    EXAMPLES = os.path.join(ROOT, "rpcd", "example")

    def test_metrics_exist(self):
        d = self.daemon(cat("cat") + program(
            "hear", "/bin/cat", section="eventlistener", events="TICK_5"))
        self.rpc(d, "tcp").supervisor.getPID()
        types = set(scrape(d).types)
        for path in glob.glob(os.path.join(self.EXAMPLES, "*.[jy]*")):
            with open(path, encoding="utf-8") as f:
                names = set(re.findall(r"\b(?:reeve|supervisord?)_[a-z_]+", f.read()))
            self.assertGreater(len(names), 5)
            self.assertEqual(set(), {re.sub("_(bucket|count)$", "", n) for n in names} - types)

    def test_dashboard(self):
        with open(os.path.join(self.EXAMPLES, "reeve-dashboard.json"), encoding="utf-8") as f:
            panels = json.load(f)["panels"]
        self.assertEqual(list(range(1, len(panels) + 1)), [p["id"] for p in panels])
        cells = [(x, y) for p in panels for g in [p["gridPos"]]
                 for x in range(g["x"], g["x"] + g["w"]) for y in range(g["y"], g["y"] + g["h"])]
        self.assertEqual(len(cells), len(set(cells)), "panels overlap")
        self.assertLess(max(x for x, _ in cells), 24)
        for panel in panels:
            refs = [t["refId"] for t in panel.get("targets", ())]
            self.assertEqual(len(refs), len(set(refs)))
            self.assertTrue(panel["type"] == "row" or refs and panel["description"])


class Rights(Case):
    def names(self, d, **options):
        return {labels["name"] for labels, _ in scrape(d, **options).of("reeve_process_state")}

    def statuses(self, d, path, users=(None, "all:pw", "few:pw", "nothing:pw", "all:wrong")):
        return [get(d, path, user=u)[0].status for u in users]

    def test_users(self):
        d = self.daemon(cat("web") + cat("db") + program(
            "hear", "/bin/cat", section="eventlistener", events="TICK_5") + USERS)
        self.assertEqual([401, 200, 200, 403, 401], self.statuses(d, "/metrics"))
        self.assertEqual({"web", "db", "hear"}, self.names(d, user="all:pw"))
        self.assertEqual({"web"}, self.names(d, user="few:pw"))
        m = scrape(d, user="few:pw")
        self.assertEqual([], m.of("reeve_event_queue_length"))
        self.assertEqual(1, sum(v for _, v in m.of("reeve_processes")))
        self.assertEqual(1, len(scrape(d, user="all:pw").of("reeve_event_queue_length")))

    def test_open(self):
        """metrics_role=none needs no credentials; wrong ones are refused."""
        d = self.daemon(cat("web") + cat("db") + USERS, tcp={"metrics_role": "none"})
        self.assertEqual([200, 200, 200, 200, 401], self.statuses(d, "/metrics"))
        self.assertEqual({"web", "db"}, self.names(d))
        self.assertEqual({"web"}, self.names(d, user="few:pw"))
        self.assertEqual([401, 200, 200, 403, 401], self.statuses(d, "/"))

    def test_closed(self):
        d = self.daemon(cat("web") + USERS, tcp={"metrics_role": "view"})
        self.assertEqual([401, 403, 200, 403, 401], self.statuses(d, "/metrics"))

    def test_open_with_a_password(self):
        d = self.daemon(cat("web"), tcp={"username": "u", "password": "p",
                                         "metrics_role": "none"})
        self.assertEqual(200, get(d, "/metrics")[0].status)
        self.assertEqual(401, get(d, "/metrics", user="u:wrong")[0].status)
        self.assertEqual(401, get(d, "/")[0].status)


class Health(Case):
    def test_ready(self):
        d = self.daemon(cat("web") + cat("db", autostart="false"))
        until(lambda: get(d, "/readyz")[0].status == 200)
        self.assertEqual("ok\n", get(d, "/readyz")[1])
        self.assertEqual(200, get(d, "/healthz")[0].status)
        s = self.rpc(d).supervisor
        s.stopProcess("web")
        response, text = get(d, "/readyz")
        self.assertEqual((503, "web STOPPED\n"), (response.status, text))
        self.assertEqual(200, get(d, "/healthz")[0].status)
        self.assertEqual(503, get(d, "/readyz?program=db")[0].status)
        s.startProcess("db")
        self.assertEqual(200, get(d, "/readyz?program=db")[0].status)
        self.assertEqual(404, get(d, "/readyz?program=none")[0].status)

    def test_fatal(self):
        """A FATAL program counts even if it is not started with the daemon."""
        d = self.daemon(cat("web") + program("bad", "/bin/false", autostart="false",
                                             startretries=0))
        until(lambda: get(d, "/readyz")[0].status == 200)
        self.rpc(d).supervisor.startProcess("bad", False)
        d.wait_state("bad", "FATAL")
        response, text = get(d, "/readyz")
        self.assertEqual((503, "bad FATAL\n"), (response.status, text))

    def test_without_credentials(self):
        d = self.daemon(cat("web", autostart="false") + program(
            "bad", "/nonexistent/x", startretries=0) + USERS)
        until(lambda: get(d, "/readyz", user="all:pw")[1] == "bad FATAL\n")
        self.assertEqual("not ready\n", get(d, "/readyz")[1])
        self.assertEqual("not ready\n", get(d, "/readyz", user="nothing:pw")[1])
        self.assertEqual(200, get(d, "/healthz")[0].status)
        self.assertEqual(200, get(d, "/healthz", user="nothing:pw")[0].status)
        self.assertEqual(401, get(d, "/healthz", user="all:wrong")[0].status)
        # What a restricted user does not see does not exist.
        self.assertEqual(200, get(d, "/readyz", user="few:pw")[0].status)
        for user, status in ((None, 401), ("nothing:pw", 403), ("few:pw", 404), ("all:pw", 503)):
            self.assertEqual(status, get(d, "/readyz?program=bad", user=user)[0].status, user)

    def test_listener_that_is_closed(self):
        d = self.daemon(cat("web"), tcp={"unauthenticated_role": "none"})
        self.assertEqual(403, get(d, "/healthz")[0].status)
        self.assertEqual(403, get(d, "/readyz")[0].status)

    def test_master_that_hangs(self):
        d = self.daemon(cat("web"))
        until(lambda: get(d, "/readyz")[0].status == 200)
        os.kill(d.process.pid, signal.SIGSTOP)
        try:
            time.sleep(0.6)  # an answer serves for half a second
            self.assertEqual(503, get(d, "/healthz")[0].status)
            self.assertEqual(503, get(d, "/readyz")[0].status)
        finally:
            os.kill(d.process.pid, signal.SIGCONT)
        until(lambda: get(d, "/healthz")[0].status == 200)


if __name__ == "__main__":
    unittest.main()
