"""Python's xmlrpc.client on one connection: URL."""

import sys
import xmlrpc.client

import outcomes

with xmlrpc.client.ServerProxy(sys.argv[1]) as server:
    outcomes.run(lambda method, args: getattr(server, method)(*args))
