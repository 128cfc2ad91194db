"""How often somebody may guess a password: five times in five minutes, per login and per address. In memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from forecourt.clock import Clock
from forecourt.csms.web.problems import TooManyRequests

MOST: Final = 5
WINDOW_S: Final = 300.0
_MOST_REMEMBERED: Final = 10_000


class Throttle:
    """Counts failures. What is forgotten first is what was tried first, so that memory is bounded."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, *names: str) -> None:
        """Raise TooManyRequests if any of `names` has failed too often lately."""
        now = self._clock.monotonic()
        for name in names:
            recent = [at for at in self._failures.get(name, ()) if now - at < WINDOW_S]
            if len(recent) >= MOST:
                wait_s = int(WINDOW_S - (now - recent[0])) + 1
                raise TooManyRequests("too_many_attempts", f"too many attempts; try again in {wait_s} seconds", wait_s)

    def failed(self, *names: str) -> None:
        """Remember that a guess was wrong."""
        now = self._clock.monotonic()
        for name in names:
            recent = [at for at in self._failures.pop(name, []) if now - at < WINDOW_S]
            self._failures[name] = [*recent, now]
        while len(self._failures) > _MOST_REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, login: str) -> None:
        """Forget the failures of a login. An address keeps its own: it may be guessing at others."""
        self._failures.pop(login, None)
