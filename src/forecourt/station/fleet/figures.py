"""What a fleet has done, counted as it happens."""

from __future__ import annotations

import math
from collections import Counter
from typing import Final

from forecourt.station import events
from forecourt.station.core import Station
from forecourt.station.link import Failed
from forecourt.station.timeline import Timeline

_STEPS_PER_DOUBLING: Final = 8
_LEAST_S: Final = 1e-6


class Figures:
    """Watches the stations of a fleet: messages, failures, transactions, how long answers take."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline: Final = timeline
        self._sent_at: Final[dict[str, float]] = {}
        self._took: Final = Counter[int]()
        self.said = 0
        self.failed = 0
        self.asked = 0
        self.begun = 0
        self.ended = 0

    def see(self, station: Station, event: object) -> None:
        """A watcher (`Powered.watch`)."""
        match event:
            case events.Saying():
                self._sent_at[station.build.identity] = self._timeline.monotonic()
            case events.Answered():
                self._answered(station, failed=isinstance(event.answer, Failed))
            case events.Asked():
                self.asked += 1
            case events.TransactionBegan():
                self.begun += 1
            case events.TransactionEnded():
                self.ended += 1

    def answer_ms(self, share: float) -> float | None:
        """Milliseconds within which this share (0 to 1) of the answers came, to a tenth; None before the first."""
        wanted, seen = self._took.total() * share, 0
        for step in sorted(self._took):
            seen += self._took[step]
            if seen >= wanted:
                return round(_LEAST_S * 2 ** ((step + 1) / _STEPS_PER_DOUBLING) * 1000, 1)
        return None

    def _answered(self, station: Station, *, failed: bool) -> None:
        if failed:
            self.failed += 1
        else:
            self.said += 1
        sent_at = self._sent_at.pop(station.build.identity, None)
        if sent_at is not None:
            took_s = max(_LEAST_S, self._timeline.monotonic() - sent_at)
            # Steps of a twelfth: small enough for a percentile, and they take no memory.
            self._took[int(math.log2(took_s / _LEAST_S) * _STEPS_PER_DOUBLING)] += 1
