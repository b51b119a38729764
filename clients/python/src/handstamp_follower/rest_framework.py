"""For Django REST framework: an authentication class, and `HANDSTAMP_FOLLOWER` in the settings: a function that returns the
follower, or its dotted name.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed

from .errors import MissingToken, NotAccepted, Unknown, bearer
from .follower import Follower


@dataclass(frozen=True)
class SignedInUser:
    """The user that a token names. There is no row for it in this service's database."""

    id: str
    username: str
    roles: tuple[str, ...]
    is_authenticated: bool = True
    is_anonymous: bool = False
    is_active: bool = True

    @property
    def pk(self) -> str:
        """Returns the id: throttles of the framework count by it."""
        return self.id


class Unavailable(APIException):
    """Answers 503."""

    status_code = Unknown.status


class HandstampAuthentication(BaseAuthentication):
    """Sets `request.user` to a `SignedInUser`, and `request.auth` to the claims."""

    def authenticate(self, request: Any) -> tuple[SignedInUser, dict[str, Any]] | None:
        try:
            claims = _follower().verify(bearer(request.headers.get("Authorization")))
        except MissingToken:
            return None
        except Unknown as unknown:
            failed = Unavailable(unknown.body)
            failed.wait = 1  # the framework writes it to `Retry-After`
            raise failed from unknown
        except NotAccepted as error:
            raise AuthenticationFailed(error.body) from error
        return SignedInUser(claims["sub"], claims.get("username", ""), tuple(claims.get("roles", ()))), claims

    def authenticate_header(self, request: Any) -> str:
        """Makes the answer 401 instead of 403."""
        return "Bearer"


@cache
def _follower() -> Follower:
    found: Callable[[], Follower] | str = settings.HANDSTAMP_FOLLOWER
    made = (import_string(found) if isinstance(found, str) else found)()
    assert isinstance(made, Follower)
    # The first request waits for the first snapshot. If it does not come, this request and the next ones are answered 503.
    with suppress(Unknown):
        made.wait_until_ready(5)
    return made
