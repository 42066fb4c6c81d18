"""curl over a Unix socket (unix://PATH): one process per call, with the Host header of some
clients and a handshake before the body."""

import subprocess
import sys

import outcomes

COMMAND = ["curl", "-sS", "--fail", "--unix-socket", sys.argv[1].removeprefix("unix://"),
           "-H", "Host: unix", "-H", "Expect: 100-continue", "-H", "Content-Type: text/xml",
           "--data-binary", "@-", "http://unix/RPC2"]


def call(method, args):
    return outcomes.decoded(subprocess.run(COMMAND, input=outcomes.encoded(method, args),
                                           stdout=subprocess.PIPE, check=True).stdout)


outcomes.run(call)
