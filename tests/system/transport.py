"""A client of XML-RPC over TCP or a Unix socket."""

import http.client
import socket
import xmlrpc.client

# A busy machine and sanitizers slow everything down; a wait ends as soon as its condition is
# true.
PATIENCE = 30


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(self.path)


class Transport(xmlrpc.client.Transport):
    """A client of XML-RPC over TCP or a Unix socket; it keeps the raw reply."""

    def __init__(self, target, headers):
        super().__init__(headers=headers)
        self.target = target
        self.raw = b""

    def make_connection(self, host):
        if self._connection and self._connection[0] == host:
            return self._connection[1]
        if isinstance(self.target, str):
            made = UnixConnection(self.target)
        else:
            made = http.client.HTTPConnection(*self.target, timeout=PATIENCE)
        self._connection = host, made
        return made

    def parse_response(self, response):
        self.raw = response.read()
        parser, unmarshaller = self.getparser()
        parser.feed(self.raw)
        parser.close()
        return unmarshaller.close()
