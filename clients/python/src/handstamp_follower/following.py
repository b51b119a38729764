"""The two background threads. One waits for news in a long poll. While that is silent nobody can tell whether the server has
nothing to say or is gone, so the other asks four times within the bound, without waiting: each answer is a proof.
"""

import http.client
import logging
import time
import zlib
from collections.abc import Callable
from threading import Event, Thread
from typing import Any
from urllib.parse import quote, urlsplit

from .blocklist import BUCKETS, Blocklist
from .connection import Broken, Connection, body
from .feed import read_answer
from .freshness import Freshness, moment
from .keys import Keys, Metadata

WAIT = 10
"""Seconds of a long poll."""
TIMEOUT = 15.0
LONGEST_PAUSE = 1.0
KEEP_LONGER = 60
"""Seconds that an entry stays after its `exp`: this clock can be ahead of the server's, and be set back."""
SWEEP = 64
"""Buckets that each proof sweeps: with the default bound, all of them within 16 seconds."""

log = logging.getLogger("handstamp_follower")


class Following:
    """Fills blocklists and keys from the server, until it is stopped."""

    def __init__(
        self, issuer: str, authorization: str, stale_after: float, sessions: Blocklist, tokens: Blocklist, keys: Keys
    ) -> None:
        if stale_after <= 0:
            raise ValueError("stale_after must be more than 0 seconds")
        self.ready = Event()
        self.proof = Freshness()
        self.last_error: str | None = None
        self._issuer, self._authorization = issuer, authorization
        self._stale_after = stale_after
        self._sessions, self._tokens, self._keys = sessions, tokens, keys
        self._cursor: str | None = None
        self._has_cursor = Event()
        self._stopping = Event()
        self._feed = ""
        self._connections = [Connection(issuer), Connection(issuer)]
        self._threads = [
            Thread(target=self._repeat, args=(step, connection), name=f"handstamp-{step.__name__[1:]}", daemon=True)
            for step, connection in zip((self._prove, self._wait_for_news), self._connections, strict=True)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ends the threads, and waits for their end."""
        self._stopping.set()
        self._has_cursor.set()
        for connection in self._connections:
            connection.break_off()
        for thread in self._threads:
            thread.join(TIMEOUT)
        self.proof = Freshness()

    def _repeat(self, step: Callable[[Connection], float], connection: Connection) -> None:
        pause = self._stale_after / 4
        while not self._stopping.is_set():
            try:
                wait = step(connection)
                self.last_error = None
            except (Broken, OSError, http.client.HTTPException, ValueError, KeyError, zlib.error) as error:
                if self._stopping.is_set():
                    break
                connection.close()
                if self.last_error is None:
                    log.warning("%s does not answer: %r", self._issuer, error)
                self.last_error = repr(error)
                wait = min(pause, LONGEST_PAUSE)
            self._stopping.wait(wait)
        connection.close()

    def _prove(self, connection: Connection) -> float:
        began = time.monotonic()
        if not self._feed:
            found = Metadata(self._issuer)
            if urlsplit(found.revocations)[:2] != urlsplit(self._issuer)[:2]:
                raise Broken(f"the blocklist is at another server: {found.revocations}")
            self._keys.begin(found.keys)
            self._feed = urlsplit(found.revocations).path
        cursor = self._cursor
        if cursor is None:
            # Until it is there, the entries of before stay, and the proof grows old.
            self._ask(connection, None, {"Accept-Encoding": "gzip"}, TIMEOUT)
            self.ready.set()
            self._has_cursor.set()
        else:
            self._ask(connection, cursor, {}, max(self._stale_after, 0.1))
        for blocklist in (self._sessions, self._tokens):
            blocklist.sweep(time.time() - KEEP_LONGER, min(SWEEP, BUCKETS))
        return max(0.0, began + self._stale_after / 4 - time.monotonic()) if cursor else 0.0

    def _wait_for_news(self, connection: Connection) -> float:
        self._has_cursor.wait()
        cursor = self._cursor
        if cursor is not None and not self._stopping.is_set():
            self._keys.refresh()
            self._ask(connection, cursor, {"Prefer": f"wait={WAIT}"}, TIMEOUT)
        return 0.0

    def _ask(self, connection: Connection, after: str | None, headers: dict[str, str], timeout: float) -> None:
        """Takes in all that came after this cursor; without one, everything. Proves what was so when the request was sent."""
        sent = moment()
        path = self._feed if after is None else f"{self._feed}?after={quote(after)}"
        answer = connection.get(path, {"Authorization": self._authorization, **headers}, timeout)
        if answer.status == 410 and after is not None:
            answer.read()
            if self._cursor == after:
                self._has_cursor.clear()
                self._cursor = None
            return
        if answer.status != 200:
            raise Broken(f"{self._feed} answers {answer.status}")
        self._cursor = read_answer(body(answer), self._take)
        self.proof.at(sent)

    def _take(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            if "sid" in entry:
                self._sessions.add(entry["sid"], entry["exp"])
            else:
                self._tokens.add(entry["jti"], entry["exp"])
