"""xmlrpc.client over supervisor's own transport, as monitoring agents use it: unix://PATH."""

import sys
import xmlrpc.client

from supervisor.xmlrpc import SupervisorTransport

import outcomes

transport = SupervisorTransport(None, None, sys.argv[1])
server = xmlrpc.client.ServerProxy("http://127.0.0.1/RPC2", transport=transport)
outcomes.run(lambda method, args: getattr(server, method)(*args))
