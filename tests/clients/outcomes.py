"""Shared by the clients in Python: reads calls and prints their outcomes (see calls.json)."""

import json
import sys
import xmlrpc.client


def outcome(call, method, args):
    try:
        return {"value": call(method, args)}
    except xmlrpc.client.Fault as fault:
        return {"fault": [fault.faultCode, fault.faultString]}


def run(call):
    """call(method, args) returns a value or raises a Fault."""
    for method, *args in json.load(sys.stdin):
        print(json.dumps(outcome(call, method, args)), flush=True)


def encoded(method, args):
    return xmlrpc.client.dumps(tuple(args), method).encode()


def decoded(body):
    (value,), _ = xmlrpc.client.loads(body)
    return value
