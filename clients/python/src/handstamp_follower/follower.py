"""Follows the blocklist of a Handstamp server, so that a service rejects a token as soon as its session has ended."""

import asyncio
import os
import weakref
from base64 import b64encode
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote_plus

import jwt

from .blocklist import Blocklist
from .errors import InvalidToken, RevokedToken, Unknown
from .following import Following
from .keys import Keys

MOST_BYTES = 4096
REQUIRED = ["exp", "nbf", "iat", "iss", "aud", "sub", "sid", "jti"]


class Follower:
    """Verifies access tokens, and knows which were revoked. Any number of threads and of asyncio tasks can share it.

    Two background threads follow the server from the first moment. `stop`, or the end of a `with` block, ends them.

    If the last proof of the server is older than `stale_after` seconds, every check raises `Unknown`: answer 503 then.
    """

    def __init__(
        self,
        issuer: str,
        client: str,
        secret: str,
        stale_after: float = 1.0,
        *,
        audience: str = "handstamp",
        typ: str = "at+jwt",
    ) -> None:
        """`client` and `secret` are those of `handstamp client add`, `audience` and `typ` those of the tokens."""
        self._issuer, self._audience, self._typ = issuer, audience, typ
        credentials = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
        self._authorization = f"Basic {b64encode(credentials).decode()}"
        self._stale_after = stale_after
        self._sessions, self._tokens, self._keys = Blocklist(), Blocklist(), Keys()
        self._stopped = False
        self._follow()
        _followers.add(self)

    def _follow(self) -> None:
        self._following = Following(
            self._issuer, self._authorization, self._stale_after, self._sessions, self._tokens, self._keys
        )

    def verify(self, token: str) -> dict[str, Any]:
        """Returns the claims of a good token.

        Raises `InvalidToken` if the token is not good, `RevokedToken` if it was revoked, and `Unknown` if that is not known.
        """
        return self._verify(token, None)

    async def verify_async(self, token: str) -> dict[str, Any]:
        """Does the same for asyncio: it never blocks the event loop."""
        kid = _key_id(token)
        key = self._keys.find_at_once(kid)
        return self._verify(token, key or await asyncio.to_thread(self._keys.find, kid))

    def _verify(self, token: str, key: jwt.PyJWK | None) -> dict[str, Any]:
        key = key or self._keys.find(_key_id(token))
        try:
            decoded = jwt.decode_complete(
                token,
                key,
                algorithms=[key.algorithm_name],  # the key's, never the one in the token's header
                issuer=self._issuer,
                audience=self._audience,
                options={"require": REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise InvalidToken(str(error)) from error
        if decoded["header"].get("typ") != self._typ:
            raise InvalidToken("not an access token")
        claims: dict[str, Any] = decoded["payload"]
        if self.is_revoked(claims):
            raise RevokedToken("the session has ended")
        return claims

    def is_revoked(self, claims: Mapping[str, Any]) -> bool:
        """Says whether a token with these verified claims was revoked. A token without `sid` or `jti` is not the server's: true.

        Raises `Unknown` if the last proof of the server is too old.
        """
        if self.stale:
            raise Unknown(f"nothing heard from {self._issuer} for {self.age:.3f} s")
        session, token = claims.get("sid"), claims.get("jti")
        if not isinstance(session, str) or not isinstance(token, str):
            return True
        return session in self._sessions or token in self._tokens

    @property
    def stale(self) -> bool:
        """Whether every check raises `Unknown` now."""
        return self._following.proof.age() > self._stale_after

    @property
    def age(self) -> float:
        """Seconds since the moment up to which all sign-outs are known."""
        return self._following.proof.age()

    @property
    def entries(self) -> int:
        """The number of entries in memory."""
        return len(self._sessions) + len(self._tokens)

    @property
    def last_error(self) -> str | None:
        """What the last request to the server failed with; `None` if it did not fail."""
        return self._following.last_error

    def wait_until_ready(self, timeout: float = 30.0) -> None:
        """Waits for the first snapshot and the keys. Raises `Unknown` if they do not come."""
        if not self._following.ready.wait(timeout):
            raise Unknown(f"{self._issuer} is not ready: {self.last_error}")

    def stop(self) -> None:
        """Ends the threads, and waits for their end. From now on every check raises `Unknown`."""
        self._stopped = True
        self._following.stop()

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _after_fork(self) -> None:
        # Threads do not survive a fork, and the connections are the parent's. What was known stays known.
        if not self._stopped:
            self._sessions.after_fork()
            self._tokens.after_fork()
            self._keys.after_fork()
            self._follow()


def _key_id(token: str) -> str:
    if len(token) > MOST_BYTES:
        raise InvalidToken("the token is too long")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise InvalidToken(str(error)) from error
    if not isinstance(kid, str):
        raise InvalidToken("the token has no key id")
    return kid


_followers: "weakref.WeakSet[Follower]" = weakref.WeakSet()


def _follow_again() -> None:
    for follower in list(_followers):
        follower._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_follow_again)
