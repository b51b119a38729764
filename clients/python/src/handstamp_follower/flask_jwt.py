"""For Flask-JWT-Extended: `jwt.token_in_blocklist_loader(revoked_by(follower))`. It verifies the token itself."""

from collections.abc import Callable
from typing import Any

from flask import jsonify, make_response
from werkzeug.exceptions import HTTPException

from .errors import Unknown
from .follower import Follower


def revoked_by(follower: Follower) -> Callable[[dict[str, Any], dict[str, Any]], bool]:
    """Returns the callback. If the follower cannot know, the answer is 503."""

    def is_revoked(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
        try:
            return follower.is_revoked(claims)
        except Unknown as unknown:
            raise HTTPException(response=make_response(jsonify(unknown.body), unknown.status, unknown.headers)) from unknown

    return is_revoked
