"""Minimal HTTP over unix://PATH: version 1.0, no Host, no keep-alive, a reply that ends with the
connection; and strings without a type element."""

import re
import socket
import sys

import outcomes

PATH = sys.argv[1].removeprefix("unix://")


def call(method, args):
    body = re.sub(b"</?string>", b"", outcomes.encoded(method, args))
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(PATH)
        s.sendall(b"POST /RPC2 HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        reply = b"".join(iter(lambda: s.recv(4096), b""))
    header, _, body = reply.partition(b"\r\n\r\n")
    if not re.match(rb"HTTP/1\.[01] 200 ", header):
        sys.exit("%s: %s" % (method, header))
    return outcomes.decoded(body)


outcomes.run(call)
