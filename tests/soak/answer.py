"""The rpcinterface program of the soak test: x.echo(NUMBER)."""

import json
import socket

METHODS = [{"name": "echo", "signature": ["int", "int"]}]

with socket.socket(fileno=3) as s, s.makefile("rw", encoding="utf-8", newline="\n") as front_end:
    for line in front_end:
        request = json.loads(line)
        if request["method"] == "describe":
            result = {"methods": METHODS}
        else:
            result = request["params"]["params"][0]
        json.dump({"jsonrpc": "2.0", "id": request["id"], "result": result}, front_end)
        front_end.write("\n")
        front_end.flush()
