"""How long ago something was true."""

import time


class Freshness:
    """The last moment at which something was known. Threads can ask and set it without a lock."""

    def __init__(self) -> None:
        self._moment: tuple[float, float] | None = None

    def now(self) -> None:
        """It is known now."""
        self.at(moment())

    def at(self, moment: tuple[float, float]) -> None:
        """It was known at this moment. An earlier moment than the last one changes nothing."""
        if self._moment is None or moment > self._moment:
            self._moment = moment

    def age(self) -> float:
        """Returns the seconds since then; infinity if it was never known.

        The longer of what two clocks say: one of them stands still while a computer sleeps, the other can be set back.
        """
        known = self._moment
        if known is None:
            return float("inf")
        return max(time.monotonic() - known[0], time.time() - known[1])


def moment() -> tuple[float, float]:
    """Returns what the two clocks say now."""
    return time.monotonic(), time.time()
