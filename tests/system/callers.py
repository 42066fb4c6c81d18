"""For tests of replaced reeve-rpcd processes: clients that call all the time, and programs that
can be broken."""

import http.client
import os
import shutil
import threading
import time
import xmlrpc.client

from reeve import BUILD, PATIENCE


class Caller(threading.Thread):
    """Calls as fast as it can, over one connection as long as that is kept, or over new
    ones. Notes each failure, and the longest time without an answer."""

    def __init__(self, daemon, method, *params, kept=True, check=None):
        super().__init__(daemon=True)
        self.daemon_, self.method, self.params = daemon, method, params
        self.kept, self.check = kept, check
        self.calls, self.failures, self.longest = 0, [], 0
        self.stopping = False
        self.start()

    def answer(self, connection):
        connection.request("POST", "/RPC2", xmlrpc.client.dumps(self.params, self.method),
                           {"Content-Type": "text/xml"})
        response = connection.getresponse()
        (value,), _ = xmlrpc.client.loads(response.read())
        if self.check is not None and not self.check(value):
            self.failures.append("%s returned %r" % (self.method, value))
        return self.kept and response.getheader("Connection") != "close"

    def failed(self, error):
        self.failures.append(repr(error))

    def run(self):
        connection = None
        while not self.stopping:
            began = time.monotonic()
            if connection is None:
                connection = http.client.HTTPConnection(
                    self.daemon_.host, self.daemon_.port, timeout=PATIENCE)
            try:
                goes_on = self.answer(connection)
            except (OSError, http.client.HTTPException, xmlrpc.client.Fault) as error:
                self.failed(error)
                goes_on = False
            if not goes_on:
                connection.close()
                connection = None
            self.calls += 1
            self.longest = max(self.longest, time.monotonic() - began)
        if connection is not None:
            connection.close()

    def stop(self):
        self.stopping = True
        self.join(PATIENCE)


def copied_build(case, source=BUILD):
    """A directory with copies of our programs, one of which can be broken."""
    directory = case.make().path("programs")
    os.mkdir(directory)
    for name in ("reeved", "reeve-rpcd", "reeve-verifier", "reevectl"):
        shutil.copy(os.path.join(source, name), directory)
    return directory


def put(directory, text):
    """Replaces the program reeve-rpcd by a script; None = removes it."""
    path = os.path.join(directory, "reeve-rpcd")
    if text is None:
        os.unlink(path)
        return
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + text)
    os.chmod(path + ".new", 0o755)
    os.rename(path + ".new", path)


def repair(directory, source=BUILD):
    path = os.path.join(directory, "reeve-rpcd")
    shutil.copy(os.path.join(source, "reeve-rpcd"), path + ".new")
    os.rename(path + ".new", path)
