"""For event listeners and other supervised programs: the listener protocol, messages in
output, and the API. See reeve-events(7)."""

import sys
import time
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

BEGIN = "<!--XSUPERVISOR:BEGIN-->"
END = "<!--XSUPERVISOR:END-->"


def getRPCTransport(env):
    """A transport to the daemon, from the environment of a supervised program."""
    return SupervisorTransport(env.get("SUPERVISOR_USERNAME", ""),
                               env.get("SUPERVISOR_PASSWORD", ""),
                               env["SUPERVISOR_SERVER_URL"])


def getRPCInterface(env):
    """The daemon's API: getRPCInterface(os.environ).supervisor.getState()."""
    # ServerProxy requires a URL, but the transport has the address.
    return xmlrpc.client.ServerProxy("http://127.0.0.1", getRPCTransport(env))


def get_headers(line):
    """The tokens of a header line, or of a payload's first line, as a dictionary."""
    return dict(pair.split(":", 1) for pair in line.split())


def eventdata(payload):
    """The tokens of a payload's first line, and the data after that line."""
    head, _, data = payload.partition("\n")
    return get_headers(head), data


def get_asctime(now=None):
    """A time in the format of the main log."""
    now = time.time() if now is None else now
    return "%s,%03d" % (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)),
                        (now - int(now)) * 1000)


def _write(text, stream):
    stream.write(text)
    stream.flush()


class EventListenerProtocol:
    """The listener protocol, from the listener's side."""

    def wait(self, stdin=sys.stdin, stdout=sys.stdout):
        """Writes READY; returns the header of the next event as a dictionary, and its payload."""
        self.ready(stdout)
        headers = get_headers(stdin.readline())
        return headers, stdin.read(int(headers["len"]))

    def ready(self, stdout=sys.stdout):
        _write("READY\n", stdout)

    def ok(self, stdout=sys.stdout):
        self.send("OK", stdout)

    def fail(self, stdout=sys.stdout):
        self.send("FAIL", stdout)

    def send(self, data, stdout=sys.stdout):
        """Any result; the daemon treats all except OK as a failure."""
        _write("RESULT %d\n%s" % (len(data.encode()), data), stdout)


class ProcessCommunicationsProtocol:
    """Messages in a program's output, which become PROCESS_COMMUNICATION events."""

    def send(self, msg, fp=sys.stdout):
        _write(BEGIN + msg + END, fp)

    def stdout(self, msg):
        self.send(msg, sys.stdout)

    def stderr(self, msg):
        self.send(msg, sys.stderr)


listener = EventListenerProtocol()
pcomm = ProcessCommunicationsProtocol()
