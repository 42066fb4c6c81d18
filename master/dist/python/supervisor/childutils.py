"""What event listeners and other supervised programs need: the conversation with the daemon,
messages to it, and its API. See reeve-events(7)."""

import sys
import time
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

BEGIN = "<!--XSUPERVISOR:BEGIN-->"
END = "<!--XSUPERVISOR:END-->"


def getRPCTransport(env):
    """A transport to the daemon that the variables of a supervised program name."""
    return SupervisorTransport(env.get("SUPERVISOR_USERNAME", ""),
                               env.get("SUPERVISOR_PASSWORD", ""),
                               env["SUPERVISOR_SERVER_URL"])


def getRPCInterface(env):
    """The daemon's API: getRPCInterface(os.environ).supervisor.getState()."""
    # The transport knows the address; the URL is a form that has to be kept.
    return xmlrpc.client.ServerProxy("http://127.0.0.1", getRPCTransport(env))


def get_headers(line):
    """The pairs of a header line, or of a payload's first line."""
    return dict(pair.split(":", 1) for pair in line.split())


def eventdata(payload):
    """The pairs of a payload's first line, and the data that follows it."""
    head, _, data = payload.partition("\n")
    return get_headers(head), data


def get_asctime(now=None):
    """A time as the main log writes it."""
    now = time.time() if now is None else now
    return "%s,%03d" % (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)),
                        (now - int(now)) * 1000)


def _say(text, stream):
    stream.write(text)
    stream.flush()


class EventListenerProtocol:
    """The listener's side of the conversation."""

    def wait(self, stdin=sys.stdin, stdout=sys.stdout):
        """Says READY and returns the next event: its header as a dictionary, its payload."""
        self.ready(stdout)
        headers = get_headers(stdin.readline())
        return headers, stdin.read(int(headers["len"]))

    def ready(self, stdout=sys.stdout):
        _say("READY\n", stdout)

    def ok(self, stdout=sys.stdout):
        self.send("OK", stdout)

    def fail(self, stdout=sys.stdout):
        self.send("FAIL", stdout)

    def send(self, data, stdout=sys.stdout):
        """Any result; the daemon takes all but OK as a failure."""
        _say("RESULT %d\n%s" % (len(data.encode()), data), stdout)


class ProcessCommunicationsProtocol:
    """Messages in a program's output, which become PROCESS_COMMUNICATION events."""

    def send(self, msg, fp=sys.stdout):
        _say(BEGIN + msg + END, fp)

    def stdout(self, msg):
        self.send(msg, sys.stdout)

    def stderr(self, msg):
        self.send(msg, sys.stderr)


listener = EventListenerProtocol()
pcomm = ProcessCommunicationsProtocol()
