"""The keys that verify tokens: the server's JWKS, at the address that its metadata has (RFC 8414)."""

import json
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import jwt

from .connection import Broken, Connection, body
from .errors import InvalidToken, Unknown
from .freshness import Freshness

TIMEOUT = 5.0
REFRESH_AFTER = 300.0
"""Seconds. The server publishes a key at least so long before it signs."""
TOO_OLD_AFTER = 900.0
COOLDOWN = 10.0
"""Seconds between two fetches because of an unknown key id: anyone can send unknown ids."""
METADATA = "/.well-known/oauth-authorization-server"


class Metadata:
    """What the server says about itself."""

    def __init__(self, issuer: str) -> None:
        found = fetch(issuer.rstrip("/") + METADATA)
        if found.get("issuer") != issuer:
            raise Broken(f"the metadata of {issuer!r} is of another issuer: {found.get('issuer')!r}")
        self.keys = str(found["jwks_uri"])
        self.revocations = str(found["revocations_endpoint"])


class Keys:
    """The last JWKS. Any number of threads can ask; one at a time fetches."""

    def __init__(self) -> None:
        self._address: str | None = None
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = Freshness()
        self._tried = Freshness()
        self._asked = Freshness()
        self._fetching = Lock()

    def begin(self, address: str) -> None:
        """Fetches the keys from this address, and from now on."""
        self._address = address
        self._fetch()

    def after_fork(self) -> None:
        """In a new process: the thread that fetched is not there, and may have held the lock."""
        self._fetching = Lock()

    def refresh(self) -> None:
        """Fetches the keys again if they are older than 5 minutes, at most every 10 seconds."""
        if self._fetched.age() > REFRESH_AFTER and self._tried.age() > COOLDOWN:
            with self._fetching:
                self._fetch()

    def find_at_once(self, kid: str) -> jwt.PyJWK | None:
        """Returns the key with this id. `None` if the last set has none.

        Raises `Unknown` if no set was fetched for a quarter of an hour: a key may have been withdrawn.
        """
        if self._fetched.age() > TOO_OLD_AFTER:
            raise Unknown("the keys are too old")
        return self._keys.get(kid)

    def find(self, kid: str) -> jwt.PyJWK:
        """Returns the key with this id. For an unknown id it fetches the set again, but not every time."""
        key = self.find_at_once(kid)
        if key is None:
            with self._fetching:
                if self._keys.get(kid) is None and self._asked.age() > COOLDOWN:
                    self._asked.now()
                    try:
                        self._fetch()
                    except (Broken, OSError, ValueError) as error:
                        raise Unknown(f"the keys could not be fetched: {error}") from error
            key = self._keys.get(kid)
        if key is None:
            raise InvalidToken("the key is unknown")
        return key

    def _fetch(self) -> None:
        assert self._address is not None
        self._tried.now()
        keys = fetch(self._address)["keys"]
        self._keys = {key.key_id: key for key in map(_usable, keys) if key and key.key_id}
        self._fetched.now()


def _usable(key: dict[str, Any]) -> jwt.PyJWK | None:
    # One key of a kind that PyJWT does not know must not stop the others.
    try:
        return jwt.PyJWK(key) if "alg" in key else None
    except jwt.PyJWTError:
        return None


def fetch(address: str) -> dict[str, Any]:
    """Fetches a JSON object. Raises `Broken` if the server has none."""
    parts = urlsplit(address)
    connection = Connection(address)
    try:
        answer = connection.get(parts.path or "/", {"Accept": "application/json"}, TIMEOUT)
        if answer.status != 200:
            raise Broken(f"{address} answers {answer.status}")
        found = json.loads(b"".join(body(answer)))
    finally:
        connection.close()
    if not isinstance(found, dict):
        raise Broken(f"{address} has no JSON object")
    return found
