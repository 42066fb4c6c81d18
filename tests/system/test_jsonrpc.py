"""JSON-RPC 2.0 on /RPC2: the same methods, rights, bounds and faults as XML-RPC."""

import http.client
import json
import unittest

from reeve import Shared, cat, program, read, until
from transport import UnixConnection

MIB = 1 << 20
JSON = {"Content-Type": "application/json"}


class Client:
    """Posts bodies to /RPC2."""

    def __init__(self, daemon, via="tcp"):
        if via == "tcp":
            self.http = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
        else:
            self.http = UnixConnection(daemon.socket)

    def post(self, body, headers=JSON):
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        self.http.request("POST", "/RPC2", body, dict(headers))
        response = self.http.getresponse()
        return response, response.read()

    def answer(self, body, headers=JSON):
        response, text = self.post(body, headers)
        assert response.status == 200, (response.status, text)
        assert response.headers["Content-Type"] == "application/json", response.headers.items()
        return json.loads(text)

    def call(self, method, *params, ident=1):
        reply = self.answer(request(method, *params, ident=ident))
        assert reply["jsonrpc"] == "2.0" and reply["id"] == ident, reply
        return reply["result"] if "result" in reply else reply["error"]


def request(method, *params, ident=1):
    whole = {"jsonrpc": "2.0", "method": method, "params": list(params), "id": ident}
    if ident is Ellipsis:
        del whole["id"]
    return whole


class Json(Shared):
    programs = cat("cat", stdout_logfile="{dir}/cat.log") + cat("idle", autostart="false") \
        + program("gone", "/nonexistent/x", autostart="false", startretries=0)

    def setUp(self):
        super().setUp()
        self.c = Client(self.d)
        self.addCleanup(self.c.http.close)

    def assertError(self, code, reply, ident=None):
        self.assertEqual((code, ident), (reply["error"]["code"], reply["id"]), reply)
        self.assertNotIn("result", reply)

    def test_same_results(self):
        """Each method that reads returns the same data in both formats."""
        for name, params in (
                ("supervisor.getState", ()), ("supervisor.getPID", ()),
                ("supervisor.getAPIVersion", ()), ("supervisor.getIdentification", ()),
                ("supervisor.getAllConfigInfo", ()), ("supervisor.readLog", (0, 20)),
                ("supervisor.tailProcessStdoutLog", ("cat", 0, 100)),
                ("system.listMethods", ()), ("system.methodHelp", ("supervisor.startProcess",)),
                ("system.methodSignature", ("supervisor.startProcess",))):
            method = self.s
            for part in name.split("."):
                method = getattr(method, part)
            self.assertEqual(method(*params), self.c.call(name, *params), name)

    def test_processes(self):
        def timeless(rows):
            return [{k: v for k, v in row.items() if k not in ("now", "description")}
                    for row in rows]
        for space in ("supervisor", "reeve"):
            wanted = getattr(self.s, space).getAllProcessInfo()
            self.assertEqual(timeless(wanted),
                             timeless(self.c.call(space + ".getAllProcessInfo")))
            self.assertEqual(timeless(wanted[:1]),
                             timeless([self.c.call(space + ".getProcessInfo", "cat")]))

    def test_actions(self):
        self.assertIs(True, self.c.call("supervisor.startProcess", "idle"))
        self.assertEqual("RUNNING", self.d.info("idle")["statename"])
        self.assertEqual({"code": 60, "message": "ALREADY_STARTED: idle"},
                         self.c.call("supervisor.startProcess", "idle"))
        results = self.c.call("supervisor.stopAllProcesses")
        self.assertEqual({80}, {row["status"] for row in results})
        self.assertIs(True, self.c.call("supervisor.startProcess", "cat"))
        self.assertEqual(20, self.c.call("supervisor.startProcess", "gone")["code"])

    def test_faults(self):
        for method, params, code in (
                ("supervisor.nothing", [], 1), ("supervisor.getState", [1], 2),
                ("supervisor.getProcessInfo", [], 2), ("supervisor.getProcessInfo", [5], 2),
                ("supervisor.getProcessInfo", ["nope"], 10),
                ("supervisor.signalProcess", ["cat", "NOSUCH"], 11),
                ("system.methodHelp", ["x"], 4)):
            self.assertError(code, self.c.answer(request(method, *params)), 1)

    def test_named_params(self):
        def named(method, **params):
            return self.c.answer({"jsonrpc": "2.0", "method": method, "params": params,
                                  "id": "x"})
        self.assertEqual("cat", named("supervisor.getProcessInfo", name="cat")["result"]["name"])
        self.assertEqual(1, named("supervisor.getState")["result"]["statecode"])
        self.assertError(2, named("supervisor.getProcessInfo", title="cat"), "x")
        self.assertError(2, named("supervisor.startProcess", wait=True), "x")
        self.assertError(1, named("supervisor.nothing", name="cat"), "x")

    def test_ids(self):
        for ident in (0, -5, 1.5, "", "a\"\u20ac", None, 2 ** 62):
            self.c.call("supervisor.getState", ident=ident)
        self.assertError(-32600, self.c.answer(request("supervisor.getState", ident=[1])))
        self.assertError(-32600, self.c.answer(request("supervisor.getState", ident="x" * 300)))

    def test_notification(self):
        response, text = self.c.post(request("supervisor.getState", ident=...))
        self.assertEqual((204, b""), (response.status, text))
        response, text = self.c.post(request("supervisor.readLog", 0, 0, ident=...))
        self.assertEqual((204, b""), (response.status, text))
        response, text = self.c.post([request("supervisor.stopProcess", "idle", ident=...),
                                      request("nothing", ident=...)])
        self.assertEqual((204, b""), (response.status, text))

    def test_batch(self):
        replies = self.c.answer([
            request("supervisor.getPID", ident="a"), request("supervisor.getState", ident=...),
            request("supervisor.nothing", ident="b"), 5, {"jsonrpc": "2.0", "id": 3},
            request("supervisor.getAllProcessInfo", ident=4),
            request("supervisor.tailProcessStdoutLog", "cat", 0, 10, ident=5),
            request("system.multicall", [], ident=6)])
        self.assertEqual(["a", "b", None, 3, 4, 5, 6], [reply["id"] for reply in replies])
        self.assertEqual(self.s.supervisor.getPID(), replies[0]["result"])
        self.assertEqual([1, -32600, -32600],
                         [reply["error"]["code"] for reply in replies[1:4]])
        self.assertEqual(3, len(replies[4]["result"]))
        self.assertEqual(2, replies[6]["error"]["code"])

    def test_multicall(self):
        results = self.c.call("system.multicall", [
            {"methodName": "supervisor.getPID", "params": []},
            {"methodName": "supervisor.getProcessInfo", "params": ["x"]},
            {"methodName": "supervisor.getAllProcessInfo"}])
        self.assertEqual(self.s.supervisor.getPID(), results[0])
        self.assertEqual({"faultCode": 10, "faultString": "BAD_NAME: x"}, results[1])
        self.assertEqual(3, len(results[2]))

    def test_long_log(self):
        """Longer than a piece, with all kinds of bytes, in a batch between other results."""
        data = bytes(range(256)) * 2048
        with open(self.d.path("cat.log"), "wb") as f:
            f.write(data)
        replies = self.c.answer([request("supervisor.getPID"),
                                 request("supervisor.readProcessLog", "cat", 0, 0),
                                 request("supervisor.getPID")])
        text = replies[1]["result"]
        self.assertEqual(data.decode("utf-8", "replace"), text)
        self.assertEqual(replies[0], replies[2])

    def test_malformed(self):
        for body in ("{", "[", "[{},", "nul", "{\"a\":1,\"a\":1}", "\xff", "\0", "{}{}",
                     '{"jsonrpc":"2.0","method":"supervisor.getPID","id":' + "9" * 400 + "}",
                     '{"jsonrpc":"2.0","method":"supervisor.getPID","id":1e999}', " ",
                     "<?xml version='1.0'?><methodCall/>"):
            self.assertError(-32700, self.c.answer(body.encode("latin-1")))
        for body in ("[]", "5", '"x"', "{}", "[" * 100000, '{"a":' * 100 + "1" + "}" * 100,
                     "[%s]" % ",".join("1" * 300000)):
            self.assertError(-32600, self.c.answer(body))
        self.assertEqual(1, self.c.call("supervisor.getState")["statecode"])

    def test_huge_batches(self):
        """Clear answers, and memory is given back."""
        one = request("x", ident=1)
        many = json.dumps([one] * 100000)
        if len(many) > 4 * MIB:
            many = many.replace(" ", "")
        response, text = self.c.post(many)
        if response.status == 200:
            self.assertError(-32600, json.loads(text))
        else:
            self.assertEqual(413, response.status)
        c = Client(self.d)
        replies = c.answer([request("supervisor.getPID", ident=i) for i in range(20000)])
        self.assertEqual(list(range(20000)), [reply["id"] for reply in replies])
        c.http.close()
        until(lambda: resident(self.d) < 40 * MIB, what="little memory")

    def test_long_request(self):
        self.assertError(-32600, self.c.answer(request("x", "y" * (2 * MIB))))
        fault = self.c.call("supervisor.getProcessInfo", "y" * (MIB // 2))
        self.assertEqual(10, fault["code"])
        self.assertLess(len(fault["message"]), 300)

    def test_media_types(self):
        body = json.dumps(request("supervisor.getPID"))
        xml = "<?xml version='1.0'?><methodCall><methodName>supervisor.getPID</methodName>" \
            "</methodCall>"
        for kind in ("application/json", "application/json; charset=utf-8", "Application/JSON",
                     "application/json ;x"):
            self.c.answer(body, {"Content-Type": kind})
        for kind in ("application/jsonx", "text/json", "application/json-rpc", "x", ""):
            self.assertEqual(400, self.c.post(body, {"Content-Type": kind})[0].status, kind)
        for kind in ("text/xml", "text/plain", "application/x-www-form-urlencoded", "x"):
            response, text = self.c.post(xml, {"Content-Type": kind})
            self.assertEqual((200, "text/xml"),
                             (response.status, response.headers["Content-Type"]))
        self.assertEqual(200, self.c.post(xml, {})[0].status)

    def test_pages(self):
        """Bodies that any page could send are refused when a browser sends them."""
        xml = "<?xml version='1.0'?><methodCall><methodName>supervisor.getPID</methodName>" \
            "</methodCall>"
        own = {"Origin": "http://127.0.0.1:%d" % self.d.port}
        fetch = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
        for browser in (own, fetch, {**own, **fetch}):
            for kind in ("text/plain", "text/plain;charset=utf-8", "multipart/form-data; b=x",
                         "application/x-www-form-urlencoded"):
                response, _ = self.c.post(xml, {"Content-Type": kind, **browser})
                self.assertEqual(415, response.status)
            self.assertEqual(200, self.c.post(xml, {"Content-Type": "text/xml",
                                                    **browser})[0].status)
            response, text = self.c.post(request("supervisor.getPID"), {**JSON, **browser})
            self.assertEqual(200, response.status)
            for name in response.headers:
                self.assertNotIn("access-control", name.lower())
        response, _ = self.c.post(request("supervisor.getPID"),
                                  {**JSON, "Origin": "http://evil.example"})
        self.assertEqual(403, response.status)

    def test_preflight(self):
        self.c.http.request("OPTIONS", "/RPC2", headers={
            "Origin": "http://evil.example", "Access-Control-Request-Method": "POST"})
        response = self.c.http.getresponse()
        response.read()
        self.assertIn(response.status, (400, 403))
        self.assertFalse([n for n in response.headers if n.lower().startswith("access-control")])

    def test_logged(self):
        self.c.answer("{not json")
        self.d.wait_log("JSON-RPC request data '{not json' is invalid: not JSON")


class Roles(Shared):
    programs = cat("cat")
    options = {"tcp": {"unauthenticated_role": "states"}}

    def test_role(self):
        c = Client(self.d)
        self.addCleanup(c.http.close)
        self.assertEqual("cat", c.call("supervisor.getProcessInfo", "cat")["name"])
        error = c.call("supervisor.stopProcess", "cat")
        self.assertEqual(8, error["code"])
        self.assertIn("supervisor.stopProcess needs role operate", error["message"])


def resident(daemon):
    fields = read("/proc/%d/statm" % daemon.front_end()).split()
    return int(fields[1]) * 4096


if __name__ == "__main__":
    unittest.main()
