"""A station's surroundings that can be disturbed: a network that goes away or mangles messages, a clock that jumps, a disk that is
full. Each wraps the real thing and passes everything on while nobody disturbs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, runtime_checkable

from forecourt.clock import Timer
from forecourt.ocpp.message import Message
from forecourt.station.link import Answer, Route
from forecourt.station.running import AttachedLink
from forecourt.station.storage import Shelf, Storage, StorageFailed
from forecourt.station.timeline import Timeline

if TYPE_CHECKING:
    from forecourt.station.core import Station

V = TypeVar("V")

_REFUSED_S: Final = 0.05


class What(StrEnum):
    """What happens to a call of the station."""

    DROP = "drop"
    """It never arrives."""
    DROP_ANSWER = "drop-answer"
    """It arrives, its answer does not."""
    DELAY = "delay"
    """It leaves later."""
    DELAY_ANSWER = "delay-answer"
    DUPLICATE = "duplicate"
    """It is said twice, each time with an id of its own."""
    MALFORMED = "malformed"
    """Before it comes something that is no message."""


class Impossible(Exception):
    """What was asked for cannot be done here; says why, for people."""


@dataclass(slots=True, kw_only=True)
class Disturbance:
    """`action` is the one concerned, `*` any; `times` is how often, `by_s` for how long a delay. `text` is what is malformed."""

    what: What
    action: str = "*"
    times: int = 1
    by_s: float = 0.0
    text: str = '[2,"no end'


@runtime_checkable
class Garbling(Protocol):
    """A link over which anything can be sent."""

    def send_text(self, text: str) -> None:
        """Send this instead of a message."""


class DisturbedLink:
    """Passes everything on to the link of one station as long as it is `up`, except for what the `disturbances` concern."""

    __slots__ = ("_link", "_station", "_timeline", "disturbances", "up")

    def __init__(self, link: AttachedLink, timeline: Timeline) -> None:
        self._link: Final = link
        self._timeline: Final = timeline
        self._station: Station | None = None
        self.disturbances: list[Disturbance] = []
        self.up = True

    def disturb(self, disturbance: Disturbance) -> None:
        """Have it happen to the next calls. Raises Impossible where the link is not made for it."""
        if disturbance.what is What.MALFORMED and not isinstance(self._link, Garbling):
            raise Impossible("only a WebSocket can carry what is malformed")
        self.disturbances.append(disturbance)

    def take_away(self) -> None:
        """Break the connection, and let none come about until it is given back."""
        self.up = False
        self.cut()

    def give_back(self) -> None:
        """The station comes back by itself, after its usual wait."""
        self.up = True

    def cut(self) -> None:
        """Break the connection once."""
        if self._station is not None and self._station.connected_now:
            self._station.reconnect()

    def attach(self, station: Station) -> None:
        self._station = station
        self._link.attach(station)

    def open(self, route: Route) -> None:
        if self.up:
            self._link.open(route)
        elif self._station is not None:
            self._timeline.after(_REFUSED_S, self._station.disconnected)

    def close(self) -> None:
        self._link.close()

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        found = self._next_of(type(request).__name__)
        if found is None:
            self._link.call(request, done)
            return
        match found.what:
            case What.DROP:
                return
            case What.DROP_ANSWER:
                self._link.call(request, _unheard)
            case What.DELAY:
                self._timeline.after(found.by_s, lambda: self._link.call(request, done))
            case What.DELAY_ANSWER:
                self._link.call(request, lambda answer: self._timeline.after(found.by_s, lambda: done(answer)))
            case What.DUPLICATE:
                self._link.call(request, done)
                self._link.call(request, _unheard)
            case What.MALFORMED:
                if isinstance(self._link, Garbling):
                    self._link.send_text(found.text)
                self._link.call(request, done)

    def send(self, message: Message) -> None:
        self._link.send(message)

    def _next_of(self, action: str) -> Disturbance | None:
        found = next((one for one in self.disturbances if one.action in ("*", action)), None)
        if found is not None:
            found.times -= 1
            if found.times <= 0:
                self.disturbances.remove(found)
        return found


def _unheard(answer: Answer) -> None:
    """Nobody is told."""


class SteppedTimeline:
    """The time of day can jump by `offset`; waiting takes as long as it does."""

    __slots__ = ("_timeline", "offset")

    def __init__(self, timeline: Timeline) -> None:
        self._timeline: Final = timeline
        self.offset = timedelta(0)

    def now(self) -> datetime:
        return self._timeline.now() + self.offset

    def monotonic(self) -> float:
        return self._timeline.monotonic()

    def after(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        return self._timeline.after(delay_s, callback)


class DisturbedStorage:
    """Keeps nothing more while it is `full`."""

    __slots__ = ("_storage", "full")

    def __init__(self, storage: Storage) -> None:
        self._storage: Final = storage
        self.full = False

    def put(self, shelf: Shelf[V], key: str, value: V) -> None:
        if self.full:
            raise StorageFailed("the disk is full")
        self._storage.put(shelf, key, value)

    def remove(self, shelf: Shelf[V], key: str) -> None:
        if self.full:
            raise StorageFailed("the disk is full")
        self._storage.remove(shelf, key)

    def items(self, shelf: Shelf[V]) -> list[tuple[str, V]]:
        return self._storage.items(shelf)

    def commit(self) -> None:
        self._storage.commit()

    def lose(self) -> None:
        self._storage.lose()
