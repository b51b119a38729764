"""A service that follows the blocklist, on standard input and output: answer.py ISSUER CLIENT SECRET. See talk.mjs."""

import gc
import json
import os
import sys
import threading
import time

import jwt

from handstamp_follower import Follower, InvalidToken, RevokedToken, Unknown

issuer, client, secret = sys.argv[1:4]
follower = Follower(issuer, client, secret)


def check(token):
    try:
        return f"accepted {follower.verify(token)['username']}"
    except RevokedToken:
        return "revoked"
    except InvalidToken as error:
        return f"invalid {str(error)!a}"
    except Unknown:
        return "unknown"


def fork(token):
    """What a process says that was forked from this one."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        follower.wait_until_ready()
        os.write(writing, f"{check(token)} {stop()}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    return os.read(reading, 1000).decode()


def watch(token):
    claims = jwt.decode(token, options={"verify_signature": False})
    print("watching", flush=True)
    while not follower.is_revoked(claims):
        time.sleep(0.0005)
    return "refused"


def cost(token, jwk, rounds=40, times=50):
    """Processor time of a check here, and of PyJWT alone with the same demands; the rounds take turns."""
    key = jwt.PyJWK(json.loads(jwk))

    def plain():
        jwt.get_unverified_header(token)
        jwt.decode(token, key, algorithms=[key.algorithm_name], issuer=issuer, audience="handstamp")

    spent = {"plain": [], "checked": []}
    for _ in range(rounds):
        for name, call in (("plain", plain), ("checked", lambda: follower.verify(token))):
            began = time.thread_time_ns()
            for _ in range(times):
                call()
            spent[name].append((time.thread_time_ns() - began) / times)
    return json.dumps(spent)


def resident(_=None):
    gc.collect()
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def ready(_=None):
    follower.wait_until_ready()
    return "ready"


def stop(_=None):
    follower.stop()
    return f"stopped {threading.active_count() - 1} left"


def state(_=None):
    return json.dumps({"stale": follower.stale, "entries": follower.entries, "error": follower.last_error})


COMMANDS = {"check": check, "fork": fork, "watch": watch, "cost": cost, "resident": resident, "ready": ready, "stop": stop, "state": state}
for line in sys.stdin:
    command, *words = line.split()
    print(COMMANDS[command](*words), flush=True)
