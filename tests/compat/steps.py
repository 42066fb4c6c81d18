"""What the steps of a case do on one side. Each takes the side and the step; those that
are compared return a text, in which only what differs by nature has been replaced."""

import contextlib
import http.client
import json
import os
import re
import shlex
import signal
import stat
import xml.parsers.expat
import xmlrpc.client

import cases
from reeve import PATIENCE, UnixConnection, read, until

OURS = re.compile(rb"<value><string>reeve\.\w+</string></value>\n")
HEADERS = ("Content-Type", "WWW-Authenticate", "Location", "Allow")


def shown(text):
    """A text whose end can be seen."""
    return text if text.endswith("\n") or not text else text + "\n\\ no line end\n"


def ordered(step, lines):
    return sorted(lines) if step.unordered else lines


# --- supervisorctl ---

def ran(side, step, argv, text=""):
    status, out, err = side.ctl.run(argv, side.dir, text, env=side.environment())
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


def terminal(side, step):
    argv = ["-c", side.conf, "-s", side.url, *shlex.split(step.rest)]
    lines = side.fill(step.block).replace("\\t", "\t").splitlines()
    env = {**side.environment(), "TERM": "dumb"}
    status, said = side.ctl.converse(argv, side.dir, lines, env)
    side.learn()
    return "exit status %d\n%s" % (status, side.normal.text(said.replace("\r", "")))


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


def shared_methods(side, data):
    """A document without reeve's own methods, which only our system.listMethods names."""
    return OURS.sub(b"", data) if side.subject == "reeve" else data


def answer(side, step, body, method=""):
    """What came for a posted call: a value, a fault or an HTTP status."""
    response, data = exchange(side, "POST", "/RPC2", body, {"Content-Type": "text/xml"})
    side.learn()
    if response.status != 200:
        return "status %d\n" % response.status
    try:
        (value,), _ = xmlrpc.client.loads(shared_methods(side, data))
    except xml.parsers.expat.ExpatError:
        return "no document\n"
    except xmlrpc.client.Fault as fault:
        return "fault %d %s\n" % (fault.faultCode, side.normal.text(fault.faultString))
    if method == "supervisor.getPID":
        value = side.normal.pid(value)
    value = side.normal.value(value, step.without)
    if step.unordered and isinstance(value, list):
        value.sort(key=json.dumps)
    return json.dumps(value, indent=1, ensure_ascii=False, default=repr) + "\n"


def called(side, method, without):
    """What a call without arguments answers, but for these members."""
    step = cases.Step(0, "%srpc %s" % ("".join("without:%s " % m for m in without), method))
    return rpc(side, step)


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
    data = shared_methods(side, data).decode(errors="replace")
    return told + shown(side.normal.text(data))


# --- what lies around ---

def contents(side, step):
    data = read(side.path(step.rest), b"\\ not there\n").decode(errors="replace")
    lines = shown(side.normal.text(data)).splitlines(keepends=True)
    return "".join(ordered(step, lines))


# Warnings about settings that cannot work, which supervisord does not have: reeve.conf(5).
FINDING = re.compile(r"WARN \S+:\d+: \[")


def mainlog(side, step):
    """The main log's lines, without their times, since this was last asked; a pattern
    chooses among them."""
    whole = side.normal.text(side.log()).splitlines(keepends=True)
    new, side.compared = whole[side.compared:], len(whole)
    lines = [line.removeprefix("{time} ") for line in new]
    return "".join(ordered(step, [line for line in lines if re.search(step.rest, line) and
                                  not FINDING.match(line)]))


def files(side, step):
    """What lies in the daemon's directory, with modes; our control sockets apart."""
    lines = []
    for base, directories, names in os.walk(side.path(step.rest)):
        if base == side.path("bin"):
            continue
        for name in directories + names:
            path = os.path.join(base, name)
            if not name.endswith(".pid.ctl") and path != side.path("bin"):
                lines.append("%s %s\n" % (stat.filemode(os.lstat(path).st_mode), path))
    return "".join(sorted(side.normal.text("".join(lines)).splitlines(keepends=True)))


def five_digits(line):
    """A line of a listener's file, its length as if the payload's pid had five digits."""
    pid = re.search(r'", "[^"\\]*\bpid:(\d+)', line)
    return line if pid is None else re.sub(
        r"len:(\d+)", lambda m: "len:%d" % (int(m[1]) + 5 - len(pid[1])), line, count=1)


def told(side, step):
    """The next events of a listener's file, as many as are asked for."""
    name, count = step.rest.split()
    begin, end = side.told.get(name, 0), side.told.get(name, 0) + int(count)
    lines = until(lambda: (lambda all_: all_[begin:end] if len(all_) >= end else None)(
        side.file(name).decode().splitlines(keepends=True)),
        what="%s events in %s, which holds\n%s" % (count, name, side.file(name).decode()))
    side.told[name] = end
    side.learn()
    return "".join(ordered(step, [side.normal.text(five_digits(line)) for line in lines]))


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


def raw(side, step):
    """FILE TIMES TEXT, with the escapes of Python's strings."""
    name, times, text = step.rest.split(" ", 2)
    data = text.encode().decode("unicode_escape").encode("latin-1")
    with open(side.path(name), "wb") as f:
        f.write(data * int(times))


def mode(side, step):
    """FILE OCTAL"""
    name, _, text = step.rest.partition(" ")
    os.chmod(side.path(name), int(text, 8))


def run_through(side, step):
    """Starts it and waits until it has ended; it may have before the call returns, which
    only supervisord calls a fault."""
    with side.rpc() as s, contextlib.suppress(xmlrpc.client.Fault):
        s.supervisor.startProcess(step.rest, False)
    until(lambda: side.state(step.rest) in ("EXITED", "FATAL"), what="%s to end" % step.rest)


def fifo(side, step):
    os.mkfifo(side.path(step.rest))


def rename(side, step):
    old, new = step.rest.split()
    os.rename(side.path(old), side.path(new))


def length(side, step):
    """FILE NUMBER"""
    name, number = step.rest.split()
    until(lambda: os.path.exists(side.path(name)) and len(side.file(name)) == int(number),
          what="%s bytes in %s" % (number, name))


def remove(side, step):
    os.unlink(side.path(step.rest))


def holds(side, step):
    name, _, text = side.fill(step.rest).partition(" ")
    until(lambda: text.encode() in side.file(name), what="%r in %s" % (text, name))


def lines_of(side, step):
    """FILE NUMBER"""
    name, _, number = step.rest.partition(" ")
    until(lambda: side.file(name).count(b"\n") >= int(number), what="lines in " + name)


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


def daemon(side, step):
    """A signal to the daemon itself."""
    os.kill(side.pid, getattr(signal, "SIG" + step.rest))


def kill(side, step):
    """The process itself, behind the daemon's back; its last pid in the log."""
    side.learn()
    pids = [pid for pid, name in side.normal.pids.items() if name == "{%s}" % step.rest]
    os.kill(pids[-1], signal.SIGKILL)


STEPS = {
    "ctl": ctl, "talk": talk, "terminal": terminal, "supervisorctl": supervisorctl,
    "rpc": rpc, "post": post, "http": http_request, "contents": contents, "told": told,
    "logged": logged, "mainlog": mainlog, "files": files, "ended": ended, "write": write,
    "bytes": raw, "mode": mode, "fifo": fifo, "remove": remove, "rename": rename,
    "holds": holds, "lines": lines_of, "length": length, "await-log": await_log,
    "wait": wait, "run": run_through, "configure": configure, "again": again,
    "restarted": restarted, "kill": kill, "daemon": daemon,
}
