"""XML-RPC to the daemon, over TCP or a Unix socket."""

import base64
import http.client
import socket
import urllib.parse
import xmlrpc.client


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self._path)


class SupervisorTransport(xmlrpc.client.Transport):
    """For xmlrpc.client.ServerProxy; its own URL is then ignored."""

    def __init__(self, username=None, password=None, serverurl=None):
        super().__init__()
        self._url = urllib.parse.urlsplit(serverurl)
        if self._url.scheme not in ("unix", "http"):
            raise ValueError("Unknown protocol for serverurl %s" % serverurl)
        if username:
            text = base64.b64encode(("%s:%s" % (username, password or "")).encode())
            self._headers = [*self._headers, ("Authorization", "Basic " + text.decode())]

    def make_connection(self, host):
        if self._connection and self._connection[0] == host:
            return self._connection[1]
        if self._url.scheme == "unix":
            made = _UnixConnection(self._url.netloc + self._url.path)
        else:
            made = http.client.HTTPConnection(self._url.netloc)
        self._connection = host, made
        return made
