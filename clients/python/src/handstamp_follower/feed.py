"""Reads answers of `GET /revocations` piece by piece, so that a snapshot of a million entries is never in memory as text.

Knows the form of an answer: `{"cursor":"…","entries":[{"sid"|"jti":"…","exp":…},…]}`. Does not know HTTP.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

SPACE_AND_COMMA = b", \t\r\n"


def read_answer(chunks: Iterable[bytes], take: Callable[[list[dict[str, Any]]], None]) -> str:
    """Gives the entries to `take`, in parts, and returns the cursor.

    Raises `ValueError` if the answer has another form, or is cut off. What `take` got before is true all the same.
    """
    head, rest, tail = b"", b"", b""
    for chunk in chunks:
        if tail:
            tail += chunk
            continue
        rest += chunk
        if not head:
            # Ids are base64url and numbers: the first bracket opens the list, and the next one closes it.
            head, bracket, rest = rest.partition(b"[")
            if not bracket:
                head, rest = b"", head
                continue
            head += bracket
        end = rest.find(b"]")
        if end >= 0:
            rest, tail = rest[:end], rest[end:]
        whole = rest.rfind(b"}") + 1
        if whole:
            take(json.loads(b"[" + rest[:whole].lstrip(SPACE_AND_COMMA) + b"]"))
        rest = rest[whole:]
    if rest.strip():
        raise ValueError("the answer is cut off, or is no list of entries")
    cursor = json.loads(head + tail)["cursor"]
    if not isinstance(cursor, str):
        raise ValueError("the cursor is no text")
    return cursor
