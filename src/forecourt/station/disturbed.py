"""A link that can be disturbed: taken away and given back, as networks do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from forecourt.ocpp.message import Message
from forecourt.station.link import Answer
from forecourt.station.running import AttachedLink
from forecourt.station.timeline import Timeline

if TYPE_CHECKING:
    from forecourt.station.core import Station

_REFUSED_S: Final = 0.05


class DisturbedLink:
    """Passes everything on to the link of one station as long as it is `up`."""

    __slots__ = ("_link", "_station", "_timeline", "up")

    def __init__(self, link: AttachedLink, timeline: Timeline) -> None:
        self._link: Final = link
        self._timeline: Final = timeline
        self._station: Station | None = None
        self.up = True

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

    def open(self) -> None:
        if self.up:
            self._link.open()
        elif self._station is not None:
            self._timeline.after(_REFUSED_S, self._station.disconnected)

    def close(self) -> None:
        self._link.close()

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        self._link.call(request, done)

    def send(self, message: Message) -> None:
        self._link.send(message)
