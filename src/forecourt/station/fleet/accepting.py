"""A management system in memory that accepts everything: the other end of a fleet in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from forecourt.ocpp.message import Message
from forecourt.station.core import Station
from forecourt.station.fleet import v2, v16
from forecourt.station.link import Answer
from forecourt.station.timeline import Timeline


class Accepting:
    """A `Script` for the links of any number of stations. They beat every `interval_s` seconds when idle."""

    def __init__(self, timeline: Timeline, *, interval_s: int = 900) -> None:
        self.timeline: Final[Timeline] = timeline
        self.interval_s: Final[int] = interval_s
        self.number = 0

    def __call__(self, station: Station, request: Message) -> Answer:
        answer = _ANSWERS.get(type(request))
        if answer is not None:
            return answer(self, request)
        response: Any = station.dialect.version.action_of(request).response
        empty: Message = response()
        return empty

    def next_number(self) -> int:
        """For a transaction."""
        self.number += 1
        return self.number


_ANSWERS: Final[dict[type[Message], Callable[[Accepting, Any], Answer]]] = {**v16.ANSWERS, **v2.ANSWERS}
