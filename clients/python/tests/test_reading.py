"""Answers of the server, clocks and headers."""

import json
import unittest
from typing import Any
from unittest.mock import patch

from handstamp_follower.connection import Connection
from handstamp_follower.errors import InvalidToken, MissingToken, bearer
from handstamp_follower.feed import read_answer
from handstamp_follower.freshness import Freshness

ENTRIES: list[dict[str, Any]] = [{"sid": "a", "exp": 1}, {"jti": "b", "exp": 2}, {"sid": "c", "exp": 3}]
ANSWER: dict[str, Any] = {"cursor": "x.1", "entries": ENTRIES}


def read(*chunks: bytes) -> tuple[str, list[dict[str, Any]]]:
    taken: list[dict[str, Any]] = []
    return read_answer(chunks, taken.extend), taken


class Answers(unittest.TestCase):
    def test_an_answer_is_the_same_wherever_it_is_cut_into_pieces(self) -> None:
        for text in (json.dumps(ANSWER), json.dumps(ANSWER, separators=(",", ":")), json.dumps(ANSWER, indent=2)):
            for at in range(len(text)):
                self.assertEqual(read(text[:at].encode(), text[at:].encode()), ("x.1", ENTRIES), at)
            self.assertEqual(read(*(letter.encode() for letter in text)), ("x.1", ENTRIES))
        self.assertEqual(read(b'{"cursor":"x.1","entries":[]}'), ("x.1", []))
        self.assertEqual(read(json.dumps({"entries": ENTRIES, "cursor": "x.1"}).encode()), ("x.1", ENTRIES))

    def test_an_answer_that_is_cut_off_is_refused_wherever_that_was(self) -> None:
        text = json.dumps(ANSWER).encode()
        for end in range(len(text)):
            with self.assertRaises(ValueError, msg=str(end)):
                read(text[:end])

    def test_other_forms_are_refused(self) -> None:
        for text in (b"", b"[]", b"<html>", b'{"cursor":1,"entries":[]}', b'{"cursor":"x","entries":[1,2]}'):
            with self.assertRaises((ValueError, TypeError), msg=str(text)):
                read(text)


class Clocks(unittest.TestCase):
    def test_the_age_is_the_longer_of_what_two_clocks_say(self) -> None:
        for monotonic, wall, age in ((5.0, 5.0, 5.0), (5.0, 900.0, 900.0), (5.0, -900.0, 5.0), (0.0, 0.0, 0.0)):
            known = Freshness()
            known.at((1000.0, 2000.0))
            with patch("time.monotonic", return_value=1000 + monotonic), patch("time.time", return_value=2000 + wall):
                self.assertEqual(known.age(), age)

    def test_what_was_never_known_is_older_than_everything_and_an_answer_that_is_late_proves_nothing_new(self) -> None:
        known = Freshness()
        self.assertEqual(known.age(), float("inf"))
        known.at((1000.0, 2000.0))
        known.at((999.0, 1999.0))
        with patch("time.monotonic", return_value=1001.0), patch("time.time", return_value=2001.0):
            self.assertEqual(known.age(), 1)


class Requests(unittest.TestCase):
    def test_a_bearer_token_is_exactly_a_scheme_and_one_token(self) -> None:
        self.assertEqual([bearer("Bearer x"), bearer("bearer   x")], ["x", "x"])
        for header in ("x", "Bearer", "Basic x", "Bearer x y"):
            with self.assertRaises(InvalidToken):
                bearer(header)
        for missing in (None, ""):
            with self.assertRaises(MissingToken):
                bearer(missing)

    def test_a_secret_is_not_sent_without_https_except_on_this_machine(self) -> None:
        for address in ("http://id.example.org", "ftp://id.example.org", "id.example.org", ""):
            with self.assertRaises(ValueError, msg=address):
                Connection(address)
        for address in ("http://127.0.0.1:3000", "http://localhost:3000", "https://id.example.org"):
            Connection(address)


if __name__ == "__main__":
    unittest.main()
