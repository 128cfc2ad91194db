"""How often somebody may guess a password: five times in five minutes per login, and more from one address. In memory."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from forecourt.clock import Clock
from forecourt.csms.web.problems import TooManyRequests

MOST_PER_LOGIN: Final = 5
MOST_PER_PEER: Final = 30
"""Many people may sit behind one address."""
WINDOW_S: Final = 300.0
_MOST_REMEMBERED: Final = 10_000


class Throttle:
    """Counts attempts before they are made, so that many at once gain nothing. Memory is bounded: what was tried longest
    ago is forgotten first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._attempts: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def attempt(self, login: str, peer: str) -> None:
        """Count an attempt. Raises TooManyRequests if there were too many lately; that one does not count."""
        now = self._clock.monotonic()
        lately = {}
        for name, most in ((("login", login.casefold()), MOST_PER_LOGIN), (("peer", peer), MOST_PER_PEER)):
            lately[name] = [at for at in self._attempts.get(name, ()) if now - at < WINDOW_S]
            if len(lately[name]) >= most:
                wait_s = int(WINDOW_S - (now - lately[name][0])) + 1
                raise TooManyRequests("too_many_attempts", f"too many attempts; try again in {wait_s} seconds", wait_s)
        for name, before in lately.items():
            self._attempts[name] = [*before, now]
            self._attempts.move_to_end(name)
        while len(self._attempts) > _MOST_REMEMBERED:
            self._attempts.popitem(last=False)

    def succeeded(self, login: str, peer: str) -> None:
        """Forget the attempts on a login, and the last one of an address: it may be guessing at others."""
        self._attempts.pop(("login", login.casefold()), None)
        left = self._attempts.get(("peer", peer))
        if left:
            left.pop()
