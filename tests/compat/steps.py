"""The steps of a case on one side. A function takes the side and the step; if the step is
compared, it returns a text, in which normal.py has replaced pids, times and places."""

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
from reeve import PATIENCE, read, until
from transport import UnixConnection

OURS = re.compile(rb"<value><string>reeve\.\w+</string></value>\n")
HEADERS = ("Content-Type", "WWW-Authenticate", "Location", "Allow")


def shown(text):
    """The text, with a mark if it does not end with a newline."""
    return text if text.endswith("\n") or not text else text + "\n\\ no line end\n"


def ordered(step, lines):
    return sorted(lines) if step.unordered else lines


# --- supervisorctl ---

def has_pid_command(words, lines=""):
    """Whether supervisorctl runs the command pid, whose output is pids alone."""
    return "pid" in words or re.search(r"^\s*pid\b", lines, re.M) is not None


def ran(side, step, argv, text=""):
    status, out, err = side.ctl.run(argv, side.dir, text, env=side.environment())
    side.learn()
    result = "exit status %d\n" % status
    for name, output in (("stdout", out), ("stderr", err)):
        output = side.normal.text(output, has_pid_command(argv, text))
        lines = shown(output).splitlines(keepends=True)
        result += "".join(["--- %s\n" % name, *ordered(step, lines)]) if lines else ""
    return result


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
    lines = side.fill(step.block).replace("\\t", "\t")
    env = {**side.environment(), "TERM": "dumb"}
    status, output = side.ctl.converse(argv, side.dir, lines.splitlines(), env)
    side.learn()
    return "exit status %d\n%s" % (status, side.normal.text(
        output.replace("\r", ""), has_pid_command(argv, lines)))


# --- HTTP and XML-RPC ---

def exchange(side, method, path, body=None, headers=()):
    """(response, body) of one request on a new connection."""
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
    """The result of system.listMethods without reeve's own methods."""
    return OURS.sub(b"", data) if side.subject == "reeve" else data


def answer(side, step, body, method=""):
    """The reply to a posted call: a value, a fault or an HTTP status."""
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
    """The reply to a call without arguments, without these members."""
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
    head = "%d %s\n" % (response.status, response.reason)
    head += "".join("%s: %s\n" % (name, side.normal.text(response.headers[name]))
                    for name in HEADERS if name in response.headers)
    data = shared_methods(side, data).decode(errors="replace")
    return head + shown(side.normal.text(data))


# --- files and the daemon ---

def contents(side, step):
    data = read(side.path(step.rest), b"\\ not there\n").decode(errors="replace")
    text = side.normal.text(data, step.rest.endswith(".pid"))
    return "".join(ordered(step, shown(text).splitlines(keepends=True)))


# A warning about an option that cannot work; supervisord does not log any.
FINDING = re.compile(r"WARN \S+:\d+: \[")


def mainlog(side, step):
    """The lines of the main log since the last such step, without their times; with a pattern
    only those that match."""
    whole = side.normal.text(side.log()).splitlines(keepends=True)
    new, side.compared = whole[side.compared:], len(whole)
    lines = [line.removeprefix("{time} ") for line in new]
    return "".join(ordered(step, [line for line in lines if re.search(step.rest, line) and
                                  not FINDING.match(line)]))


def files(side, step):
    """The files in the daemon's directory with their modes, except for control sockets."""
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
    """A line of a listener's file with the length that it has if the pid has five digits."""
    pid = re.search(r'", "[^"\\]*\bpid:(\d+)', line)
    return line if pid is None else re.sub(
        r"len:(\d+)", lambda m: "len:%d" % (int(m[1]) + 5 - len(pid[1])), line, count=1)


def events(side, step):
    """The next events in a listener's file, as many as the step says."""
    name, count = step.rest.split()
    begin = side.events.get(name, 0)
    end = begin + int(count)
    lines = until(lambda: (lambda all_: all_[begin:end] if len(all_) >= end else None)(
        side.file(name).decode().splitlines(keepends=True)),
        what="%s events in %s, which holds\n%s" % (count, name, side.file(name).decode()))
    side.events[name] = end
    side.learn()
    return "".join(ordered(step, [side.normal.text(five_digits(line)) for line in lines]))


def logged(side, step):
    """The lines of the main log about a listener or its pool since the last such step."""
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
    """Starts the process and waits for its end. Ending before the call returns is a fault for
    supervisord only."""
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
    """Waits for a state; the daemon may be starting or restarting."""
    name, *states = step.rest.split()

    def reached():
        try:
            return side.state(name) in states
        except (OSError, http.client.HTTPException, xmlrpc.client.Fault):
            return False
    until(reached, what="%s to be %s" % (name, " or ".join(states)))


def configure(side, step):
    side.use(step.rest or "main")


def ended(side, _):
    """Waits for the end of the daemon; its exit status."""
    return "exit status %d\n" % side.wait_exit()


def again(side, _):
    """Starts a new daemon after the end of the last one."""
    side.starts += 1
    side.start()


def restarted(side, _):
    """Waits until the daemon has restarted and answers."""
    side.starts += 1
    side.wait_log("supervisord started with pid", count=side.starts)
    until(side.serving, what="the daemon to answer after its restart")


def daemon(side, step):
    """Sends a signal to the daemon."""
    os.kill(side.pid, getattr(signal, "SIG" + step.rest))


def kill(side, step):
    """Kills the process, without a command to the daemon."""
    side.learn()
    pids = [pid for pid, name in side.normal.pids.items() if name == "{%s}" % step.rest]
    os.kill(pids[-1], signal.SIGKILL)


STEPS = {
    "ctl": ctl, "talk": talk, "terminal": terminal, "supervisorctl": supervisorctl,
    "rpc": rpc, "post": post, "http": http_request, "contents": contents, "events": events,
    "logged": logged, "mainlog": mainlog, "files": files, "ended": ended, "write": write,
    "bytes": raw, "mode": mode, "fifo": fifo, "remove": remove, "rename": rename,
    "holds": holds, "lines": lines_of, "length": length, "await-log": await_log,
    "wait": wait, "run": run_through, "configure": configure, "again": again,
    "restarted": restarted, "kill": kill, "daemon": daemon,
}
