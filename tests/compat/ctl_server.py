"""Runs Debian's supervisorctl or supervisord many times without the quarter second that a
start takes: loads them once, and serves each request in a fork of this process.

usage: PYTHON ctl_server.py SOCKET

A request is one connection: a JSON object {"argv", "cwd", "env"} (argv begins with the path of
the program; env null = this process's environment) and three descriptors, which become stdin,
stdout and stderr. The reply is the exit status as text; closing the connection before ends the
command. The server runs until its stdin ends.
"""

import atexit
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import termios
import traceback

MODULES = ("supervisor.supervisorctl", "supervisor.supervisord", "supervisor.rpcinterface",
           "importlib.metadata", "readline")


def become(argv, cwd, env, fds):
    """In the child: runs the program as if it had been executed, and exits."""
    status = 1
    try:
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
        os.closerange(3, 64)
        if os.isatty(0):
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        os.chdir(cwd)
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
        sys.argv = argv
        runpy.run_path(argv[0], run_name="__main__")
        status = 0
    except SystemExit as e:
        status = e.code
    except BaseException:
        traceback.print_exc()
    if not isinstance(status, int):
        if status is not None:
            sys.stderr.write("%s\n" % status)
        status = 0 if status is None else 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status & 0xff)


def serve(connection):
    """Serves one request, in a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, fds, _, _ = socket.recv_fds(connection, 65536, 3)
    request = json.loads(data)
    pid = os.fork()
    if pid == 0:
        connection.close()
        become(request["argv"], request["cwd"], request["env"], fds)
    for fd in fds:
        os.close(fd)
    child = os.pidfd_open(pid)
    ready, _, _ = select.select([child, connection], [], [])
    if child not in ready:
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    connection.sendall(b"%d" % status)


def main():
    for name in MODULES:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen(64)
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection = listener.accept()[0]
            if os.fork() == 0:
                listener.close()
                try:
                    serve(connection)
                except OSError:
                    os._exit(1)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main()
