"""Why a token is not accepted, with the status, code and message that Handstamp itself answers (its contract, section 4)."""


class NotAccepted(Exception):
    """The token is not accepted."""

    status = 401
    code = "invalid_token"
    message = "Invalid token"

    @property
    def body(self) -> dict[str, str]:
        """Returns the JSON body of the answer."""
        return {"code": self.code, "msg": self.message}

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers of the answer (RFC 6750)."""
        return {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class InvalidToken(NotAccepted):
    """The token has a wrong signature, issuer, audience, time or form. Answer 401."""


class RevokedToken(InvalidToken):
    """The session of the token has ended, or the token itself was revoked. Answer 401."""

    code = "token_revoked"
    message = "Token has been revoked"


class MissingToken(NotAccepted):
    """The request has no bearer token. Answer 401."""

    code = "missing_token"
    message = "Missing Authorization Header"

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers of the answer: the bare scheme (RFC 6750, section 3)."""
        return {"WWW-Authenticate": "Bearer"}


class Unknown(NotAccepted):
    """Nobody can say now whether the token was revoked. Answer 503."""

    status = 503
    code = "unavailable"
    message = "Temporarily unavailable"

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers of the answer."""
        return {"Retry-After": "1"}


def bearer(authorization: str | None) -> str:
    """Returns the token of an `Authorization` header.

    Raises `MissingToken` without a header, and `InvalidToken` unless it is `Bearer` and one token.
    """
    if not authorization:
        raise MissingToken
    words = authorization.split()
    if len(words) != 2 or words[0].lower() != "bearer":
        raise InvalidToken("expected: Authorization: Bearer <JWT>")
    return words[1]
