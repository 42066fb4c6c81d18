"""What the steps of a case do on one side. Each takes the side and the step; those that
are compared return a text, in which only what differs by nature has been replaced."""

import http.client
import json
import os
import re
import shlex
import signal
import xmlrpc.client

from reeve import PATIENCE, UnixConnection, read, until

HEADERS = ("Content-Type", "WWW-Authenticate", "Location", "Allow")


def shown(text):
    """A text whose end can be seen."""
    return text if text.endswith("\n") or not text else text + "\n\\ no line end\n"


def ordered(step, lines):
    return sorted(lines) if step.unordered else lines


# --- supervisorctl ---

def ran(side, step, argv, text=""):
    status, out, err = side.ctl.run(argv, side.dir, text)
    side.learn()
    told = "exit status %d\n" % status
    for name, said in (("stdout", out), ("stderr", err)):
        lines = shown(side.normal.text(said)).splitlines(keepends=True)
        told += "".join(["--- %s\n" % name, *ordered(step, lines)]) if lines else ""
    return told


def ctl(side, step):
    words = shlex.split(side.fill(step.rest))
    return ran(side, step, ["-c", side.conf, "-s", side.url, *words])


def talk(side, step):
    return ran(side, step, ["-c", side.conf, "-s", side.url, *shlex.split(step.rest)],
               side.fill(step.block))


def supervisorctl(side, step):
    return ran(side, step, shlex.split(side.fill(step.rest)), side.fill(step.block))


# --- HTTP and XML-RPC ---

def exchange(side, method, path, body=None, headers=()):
    """(response, body) of one request on a connection of its own."""
    if side.via == "unix":
        connection = UnixConnection(side.socket)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def answer(side, step, body, method=""):
    """What came for a posted call: a value, a fault or an HTTP status."""
    response, data = exchange(side, "POST", "/RPC2", body, {"Content-Type": "text/xml"})
    side.learn()
    if response.status != 200:
        return "status %d\n" % response.status
    try:
        (value,), _ = xmlrpc.client.loads(data)
    except xmlrpc.client.Fault as fault:
        return "fault %d %s\n" % (fault.faultCode, side.normal.text(fault.faultString))
    if method == "supervisor.getPID":
        value = side.normal.pid(value)
    value = side.normal.value(value, step.without)
    if step.unordered and isinstance(value, list):
        value.sort(key=json.dumps)
    return json.dumps(value, indent=1, ensure_ascii=False, default=repr) + "\n"


def rpc(side, step):
    method, _, rest = side.fill(step.rest).partition(" ")
    params = json.loads(rest or "[]")
    body = xmlrpc.client.dumps(tuple(params), method, allow_none=True)
    return answer(side, step, body.encode(), method)


def post(side, step):
    return answer(side, step, side.fill(step.block).encode())


def http_request(side, step):
    method, path, *headers = shlex.split(side.fill(step.rest))
    pairs = [h.partition(": ")[::2] for h in headers]
    body = side.fill(step.block).encode() or None
    response, data = exchange(side, method, path, body, pairs)
    told = "%d %s\n" % (response.status, response.reason)
    told += "".join("%s: %s\n" % (name, side.normal.text(response.headers[name]))
                    for name in HEADERS if name in response.headers)
    return told + shown(side.normal.text(data.decode(errors="replace")))


# --- what lies around ---

def contents(side, step):
    data = read(side.path(step.rest), b"\\ not there\n")
    return shown(side.normal.text(data.decode(errors="replace")))


def told(side, step):
    """The next events of a listener's file, as many as are asked for."""
    name, count = step.rest.split()
    begin, end = side.told.get(name, 0), side.told.get(name, 0) + int(count)
    lines = until(lambda: (lambda all_: all_[begin:end] if len(all_) >= end else None)(
        side.file(name).decode().splitlines(keepends=True)),
        what="%s events in %s, which holds\n%s" % (count, name, side.file(name).decode()))
    side.told[name] = end
    side.learn()
    return "".join(ordered(step, [side.normal.text(line) for line in lines]))


def logged(side, step):
    """What the main log says of a listener or its pool since it was last asked."""
    name = re.escape(step.rest)
    line = re.compile(r"^\S+ \S+ (\w{4} (?:%s: |pool %s |event \d+ sent to listener %s$).*)"
                      % ((name,) * 3), re.M)
    log, begin = side.log(), side.logged.get(step.rest, 0)
    side.logged[step.rest] = len(log)
    return "".join(side.normal.text(m[1]) + "\n" for m in line.finditer(log, begin))


def write(side, step):
    with open(side.path(step.rest), "w", encoding="utf-8") as f:
        f.write(side.fill(step.block))


def remove(side, step):
    os.unlink(side.path(step.rest))


def holds(side, step):
    name, _, text = side.fill(step.rest).partition(" ")
    until(lambda: text.encode() in side.file(name), what="%r in %s" % (text, name))


def await_log(side, step):
    text = side.fill(step.rest)
    until(lambda: text in side.log(), what="%r in the log" % text)


def wait(side, step):
    """It may still be about to serve, or about to end before it starts anew."""
    name, *states = step.rest.split()

    def there():
        try:
            return side.state(name) in states
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
            return False
    until(there, what="%s to be %s" % (name, " or ".join(states)))


def configure(side, step):
    side.use(step.rest or "main")


def ended(side, _):
    """The daemon's own exit status, once it has one."""
    return "exit status %d\n" % side.wait_exit()


def again(side, _):
    """A new daemon after the end of the last."""
    side.starts += 1
    side.start()


def restarted(side, _):
    """Until the daemon has started anew and serves."""
    side.starts += 1
    side.wait_log("supervisord started with pid", count=side.starts)
    until(side.serving, what="the daemon to serve anew")


def kill(side, step):
    """The process itself, behind the daemon's back; its last pid in the log."""
    side.learn()
    pids = [pid for pid, name in side.normal.pids.items() if name == "{%s}" % step.rest]
    os.kill(pids[-1], signal.SIGKILL)


STEPS = {
    "ctl": ctl, "talk": talk, "supervisorctl": supervisorctl, "rpc": rpc, "post": post,
    "http": http_request, "contents": contents, "told": told, "logged": logged,
    "write": write, "remove": remove,
    "holds": holds, "await-log": await_log, "wait": wait, "configure": configure,
    "ended": ended, "again": again, "restarted": restarted, "kill": kill,
}
