"""Verifies the access tokens of a Handstamp server, and rejects them as soon as their session has ended."""

from .errors import InvalidToken, RevokedToken, Unknown
from .follower import Follower

__all__ = ["Follower", "InvalidToken", "RevokedToken", "Unknown"]
