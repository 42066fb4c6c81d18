"""What is measured of open pages and of metrics, which reeve alone has (measure.py says how)."""

import contextlib
import http.client
import os
import select
import signal
import socket
import statistics
import time

import webdriver
from measure import QUIET, Bench, rows, sleeps, world
from reeve import free_port, program
from worlds import SLEEP, Responder, cpu

PAGES = 50
CHANGES = 20
SCRAPES = 5
FRESH = 2.1  # seconds that a sample serves
BREAK = 0.05  # seconds between two changes


class Pages:
    """Streams of events whose bytes are read and counted, not understood, because reading
    takes the processor from those who write."""

    def __init__(self, daemon):
        self.poll, self.socks = select.epoll(), {}
        for _ in range(PAGES):
            sock = socket.create_connection(("127.0.0.1", daemon.port))
            sock.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            sock.setblocking(False)
            self.socks[sock.fileno()] = sock
            self.poll.register(sock, select.EPOLLIN)

    def wait(self, mark):
        """Until each has read the mark."""
        waiting, rest = set(self.socks), dict.fromkeys(self.socks, b"")
        end = time.monotonic() + 60
        while waiting:
            if time.monotonic() > end:
                raise AssertionError("%d pages lack %r" % (len(waiting), mark))
            for fd, _ in self.poll.poll(1):
                with contextlib.suppress(BlockingIOError):
                    data = self.socks[fd].recv(65536)
                    if not data:
                        raise AssertionError("a page has ended")
                    rest[fd] += data
                    if mark in rest[fd]:
                        waiting.discard(fd)
                    rest[fd] = rest[fd][-len(mark):]

    def close(self):
        for sock in self.socks.values():
            sock.close()
        self.poll.close()


def usable(count):
    """Milliseconds until the list works in a browser, if one is installed. The first opening is
    not counted."""
    if webdriver.DRIVER is None:
        return {}
    with world("reeve", sleeps(count), count) as w, \
            contextlib.closing(webdriver.Browser()) as browser:
        taken = [browser.live("http://127.0.0.1:%d/" % w.daemon.port)
                 for _ in range(Bench.rounds + 1)]
    return {"page": {"reeve": taken[1:]}}


def change(w, pages, name, pid):
    """Milliseconds from the end of a process until the last page has it, and of CPU."""
    front_end = w.daemon.front_end()
    before = cpu(front_end)
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    pages.wait(b'"name":"%s"' % name.encode())
    seconds = time.monotonic() - began
    time.sleep(BREAK)
    return seconds * 1000, (cpu(front_end) - before) * 1000


def one_round(w, names):
    """The medians: the figures of the programs, every two seconds, are no change."""
    with w.daemon.rpc() as s:
        pids = [s.supervisor.getProcessInfo("k:" + name)["pid"] for name in names]
    with contextlib.closing(Pages(w.daemon)) as pages:
        pages.wait(b"event: snapshot-end")
        time.sleep(1)
        taken = [change(w, pages, name, pid) for name, pid in zip(names, pids)]
    return tuple(map(statistics.median, zip(*taken)))


def pages(count):
    """Once a round, with programs that are not started again."""
    number = CHANGES * Bench.rounds
    text = program("k", SLEEP, numprocs=number, startsecs=0, autorestart="false",
                   process_name="k_%(process_num)03d", **QUIET)
    with world("reeve", sleeps(count) + text, count + number) as w:
        names = ["k_%03d" % i for i in range(number)]
        taken = [one_round(w, names[i:i + CHANGES]) for i in range(0, number, CHANGES)]
    return rows(("pages", "pages, CPU"), {"reeve": taken})


def scrape(port, *pids):
    """The bytes of /metrics, and milliseconds of CPU of each process."""
    before = [cpu(pid) for pid in pids]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        size = len(connection.getresponse().read())
    time.sleep(BREAK)
    return size, *((cpu(pid) - b) * 1000 for pid, b in zip(pids, before))


def scrapes(w, bare):
    """The medians of reeve-rpcd and reeved, each with a sample of its own, and of the bare
    server that sends as many bytes."""
    taken = []
    for _ in range(SCRAPES):
        time.sleep(FRESH)
        ours = scrape(w.daemon.port, w.daemon.front_end(), w.daemon.pid)
        taken.append(ours[1:] + scrape(bare.port, bare.process.pid)[1:])
    return tuple(map(statistics.median, zip(*taken)))


def metrics(count):
    """The first scrape is not counted: it allocates."""
    with world("reeve", sleeps(count), count) as w:
        size = scrape(w.daemon.port)[0]
        with Responder(free_port(), size) as bare:
            time.sleep(BREAK)
            taken = [scrapes(w, bare) for _ in range(Bench.rounds)]
    front_ends, masters, bares = zip(*taken)
    return {"metrics": {"reeve": list(front_ends), "limit": list(bares)},
            "metrics, master": {"reeve": list(masters)}}
