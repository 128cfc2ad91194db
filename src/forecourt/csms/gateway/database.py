"""What the gateway does when the database goes away: for a while it holds what stations say, then it sends them away.

A station whose connection ends keeps its queue; one that gets an error or no answer counts an attempt and may discard what
it had to say (E13, 1.6 section 3.7.1). So after `hold_s` connections are closed with 1013 and handshakes get 503.
"""

from __future__ import annotations

from collections.abc import Callable

from forecourt.clock import Clock, Timer


class Availability:
    """Whether the database is there, and since when not. `change` is the journal's to call."""

    def __init__(self, clock: Clock, hold_s: float, send_away: Callable[[], None]) -> None:
        self.available = True
        self._present = True
        self._clock = clock
        self._hold_s = hold_s
        self._send_away = send_away
        self._timer: Timer | None = None

    def change(self, present: bool) -> None:
        """The database went away, or is back."""
        if present:
            self.available = self._present = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        elif self._present:
            self._present = False
            self._timer = self._clock.call_at(self._clock.monotonic() + self._hold_s, self._give_up)

    def is_available(self) -> bool:
        """Whether handshakes may be accepted."""
        return self.available

    def _give_up(self) -> None:
        self._timer = None
        if not self._present:
            self.available = False
            self._send_away()
