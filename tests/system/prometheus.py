"""Debian's Prometheus reads /metrics, with a password and with metrics_role=none, and answers
the queries of the dashboard and of the alert rules in rpcd/example. Not part of the system
suite: tests/run prometheus runs it, as part of check-long; it takes the packages of `make
long-deps`."""

import json
import os
import re
import shutil
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from reeve import ROOT, Case, cat, end_with_parent, free_port, program, until
from test_metrics import get

EXAMPLES = os.path.join(ROOT, "rpcd", "example")
ALERTS = os.path.join(EXAMPLES, "reeve-alerts.yml")
DASHBOARD = os.path.join(EXAMPLES, "reeve-dashboard.json")
MISSING = [name for name in ("prometheus", "promtool") if not shutil.which(name)]
PROGRAMS = (cat("web") + program("bad", "/bin/false", autostart="false", startretries=0) +
            program("failed", "/bin/sh -c 'exit 7'", startsecs=0, autorestart="false") +
            program("killed", "/bin/sh -c 'kill -9 $$'", startsecs=0, autorestart="false") +
            program("deaf", "/bin/sleep 1000", section="eventlistener",
                    events="REMOTE_COMMUNICATION") +
            "[user:prometheus]\npassword=secret\nrole=states\n"
            "[user:boss]\npassword=secret\nrole=admin\n")
# Of a dashboard; what Grafana would put in.
VARIABLES = {"$__rate_interval": "1m", "$job": "reeve", "$instance": ".*", "$group": ".*"}
OF = '{group="g",name="n"}'
READS = 'reeve_rpc_duration_seconds_bucket{method="supervisor.getState",le="%s"}'
# By alert: after how many minutes these series have raised it.
RAISED = {
    "ReeveDown": (2, {'up{job="reeve"}': "0x20"}),
    "ReeveMasterHangs": (2, {"supervisord_up": "0x20"}),
    "ReeveInternalError": (1, {"reeve_daemon_state": "2x20"}),
    "ReeveProgramFatal": (1, {"reeve_process_state" + OF: "200x20"}),
    "ReeveProgramRestarts": (15, {"reeve_process_restarts_total" + OF: "0+1x20"}),
    "ReeveProgramDoesNotStop": (6, {"reeve_process_state" + OF: "40x20"}),
    "ReeveProgramWritesMuch": (35, {"reeve_process_log_bytes_total" + OF: "0+700000000x40"}),
    "ReeveEventsDropped": (10, {'reeve_events_dropped_total{pool="p"}': "0 0 0+5x20"}),
    "ReeveFrontendRestarts": (15, {"reeve_frontend_restarts_total": "0+1x20"}),
    "ReeveRequestsRefused": (15, {'reeve_http_refused_requests_total{code="401"}': "0+20x20"}),
    "ReeveReadsSlow": (16, {READS % "0.1": "0+1x20", READS % "1": "0+10x20",
                            READS % "+Inf": "0+10x20"}),
}


def promtool(*words, text=None, cwd=None):
    done = subprocess.run(["promtool", *words], input=text, capture_output=True, text=True,
                          check=False, cwd=cwd, timeout=60)
    return done.returncode, done.stdout + done.stderr


def dashboard():
    with open(DASHBOARD, encoding="utf-8") as f:
        return json.load(f)


def expressions(panel):
    for target in panel.get("targets", ()):
        expr = target["expr"]
        for name, value in VARIABLES.items():
            expr = expr.replace(name, value)
        yield expr


def rules():
    """The names of the alerts."""
    with open(ALERTS, encoding="utf-8") as f:
        return re.findall(r"- alert: (\w+)", f.read())


class Server:
    """A Prometheus of our own that reads both daemons every second."""

    def __init__(self, directory, password, opened):
        self.url = "http://127.0.0.1:%d" % free_port()
        path = os.path.join(directory, "prometheus.yml")
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [ALERTS],
            "scrape_configs": [
                {"job_name": "reeve", "basic_auth": {"username": "prometheus",
                                                     "password": "secret"},
                 "static_configs": [{"targets": ["127.0.0.1:%d" % password.port]}]},
                {"job_name": "open",
                 "static_configs": [{"targets": ["127.0.0.1:%d" % opened.port]}]}]}
        with open(path, "w", encoding="utf-8") as f:
            json.dump(config, f)  # which is YAML
        with open(os.path.join(directory, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=" + path, "--log.level=warn",
                 "--storage.tsdb.path=" + os.path.join(directory, "data"),
                 "--web.listen-address=" + self.url.partition("//")[2]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory,
                preexec_fn=end_with_parent)

    def end(self):
        self.process.terminate()
        self.process.wait()

    def get(self, path, **query):
        """None while it does not serve yet."""
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as e:
            with e:
                return e.read().decode()
        except OSError:
            return None

    def api(self, what, **query):
        answer = json.loads(self.get("/api/v1/" + what, **query))
        assert answer["status"] == "success", (query, answer)
        return answer["data"]

    def query(self, expr):
        return self.api("query", query=expr)["result"]


@unittest.skipIf(MISSING, "not installed: %s; see make long-deps" % " ".join(MISSING))
class Scrape(Case):
    def begin(self):
        d = self.daemon(PROGRAMS)
        opened = self.daemon(cat("web"), tcp={"username": "u", "password": "p",
                                              "metrics_role": "none"})
        directory = d.path("prometheus")
        os.mkdir(directory)
        server = Server(directory, d, opened)
        self.addCleanup(server.end)
        until(lambda: (server.get("/-/ready") or "").startswith("Prometheus Server is Ready"),
              what=lambda: "Prometheus")
        return d, opened, server

    def test_dashboard_and_alerts(self):
        d, opened, server = self.begin()
        until(lambda: {t["labels"]["job"]: t["health"] for t in server.api(
            "targets")["activeTargets"]} == {"reeve": "up", "open": "up"}, every=0.2)
        for name in ("killed", "failed"):
            d.wait_state(name, "EXITED")
        s = self.rpc(d, "tcp", user="boss", password="secret").supervisor
        s.getState()
        self.assertFault(10, "BAD_NAME: none", s.getProcessInfo, "none")
        for panel in dashboard()["panels"]:
            for expr in expressions(panel):
                with self.subTest(panel["title"], expr=expr):
                    until(lambda e=expr: server.query(e), every=0.2, what=expr)
        self.assertEqual([], server.query('reeve_process_state{job="open",name!="web"}'))
        self.assertEqual(["20"], [r["value"][1] for r in server.query(
            'reeve_process_state{job="open",instance="127.0.0.1:%d"}' % opened.port)])
        self.check_alerts(d, server, s)

    def check_alerts(self, d, server, s):
        groups = server.api("rules")["groups"]
        until(lambda: all(r["health"] == "ok" for g in server.api("rules")["groups"]
                          for r in g["rules"]), every=0.2, what=groups)
        self.assertEqual(rules(), [r["name"] for g in groups for r in g["rules"]])
        self.assertEqual([], server.api("alerts")["alerts"])
        s.startProcess("bad", False)
        d.wait_state("bad", "FATAL")
        alert, = until(lambda: [a for a in server.api("alerts")["alerts"]
                                if a["state"] == "firing"], every=0.2)
        self.assertEqual(("ReeveProgramFatal", "bad", "bad", "critical"), tuple(
            alert["labels"][n] for n in ("alertname", "group", "name", "severity")))
        self.assertIn("bad:bad on 127.0.0.1:%d is FATAL" % d.port,
                      alert["annotations"]["summary"])

    def test_text(self):
        """promtool has nothing to say of the metrics, hostile names included."""
        d = self.daemon(PROGRAMS + "".join(map(cat, ('x"y', "back\\slash", "\u202ex", "{}=,"))))
        s = self.rpc(d, "tcp", user="boss", password="secret").supervisor
        self.assertFault(10, "BAD_NAME: none", s.getProcessInfo, "none")
        text = get(d, "/metrics", user="prometheus:secret")[1]
        self.assertIn("reeve_rpc_faults_total", text)
        self.assertEqual((0, ""), promtool("check", "metrics", text=text))


@unittest.skipIf(MISSING, "not installed: %s; see make long-deps" % " ".join(MISSING))
class Rules(Case):
    def test_syntax(self):
        status, out = promtool("check", "rules", ALERTS)
        self.assertEqual((0, True), (status, "%d rules found" % len(rules()) in out), out)

    def test_each_is_raised(self):
        """By series that are to raise it, and by no others."""
        self.assertEqual(rules(), list(RAISED))
        tests = [{
            "interval": "1m",
            "input_series": [{"series": s, "values": v} for s, v in series.items()],
            "promql_expr_test": [{
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                "eval_time": "%dm" % minutes,
                "exp_samples": [{"labels": '{alertname="%s"}' % name, "value": 1}]}]}
            for name, (minutes, series) in RAISED.items()]
        d = self.make()
        path = d.path("rules.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"rule_files": [ALERTS], "evaluation_interval": "1m",
                       "tests": tests}, f)
        status, out = promtool("test", "rules", path)
        self.assertEqual(0, status, out)


if __name__ == "__main__":
    unittest.main()
