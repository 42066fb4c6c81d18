#!/usr/bin/python3
"""An event listener that writes each event to a file, one line each, as a JSON array of header
and payload. It reads characters, not bytes. Its results are the given ones in turn, else OK.

usage: listener.py FILE [RESULT ...]
"""

import itertools
import json
import sys


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    for result in itertools.cycle(sys.argv[2:] or ["OK"]):
        print("READY", flush=True)
        header = sys.stdin.readline()
        if not header:
            return
        payload = sys.stdin.read(int(header.rpartition("len:")[2]))
        with open(sys.argv[1], "a", encoding="utf-8") as f:
            f.write(json.dumps([header, payload], ensure_ascii=False) + "\n")
        print("RESULT %d\n%s" % (len(result), result), end="", flush=True)


if __name__ == "__main__":
    main()
