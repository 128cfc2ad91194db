"""A link without sockets: the station's messages go to a function that plays the management system.

Every message passes the codec of the version spoken, so what could not be said on a wire cannot be said here either;
`checked=False` leaves that out, for fleets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.message import Message
from forecourt.ocpp.reading import read
from forecourt.ocpp.versions import Version
from forecourt.ocpp.writing import write
from forecourt.station.link import Answer, Failed, Route
from forecourt.station.timeline import Timeline

if TYPE_CHECKING:
    from forecourt.station.core import Station


class Script(Protocol):
    """The management system."""

    def __call__(self, station: Station, request: Message) -> Answer | None:
        """The answer to a request; None to give none."""


class ScriptedLink:
    """The link of one station to a `Script`. `up` says whether the management system can be reached at all,
    `opened` counts the attempts.
    `reached` says whether it can be reached in this way; a text is the security event that comes of it."""

    __slots__ = (
        "_checked",
        "_delay_s",
        "_open",
        "_script",
        "_station",
        "_timeline",
        "opened",
        "reached",
        "up",
        "version",
    )

    def __init__(
        self, timeline: Timeline, version: Version, script: Script, *, delay_s: float = 0.02, checked: bool = True
    ) -> None:
        self._timeline: Final = timeline
        self._script: Final = script
        self._delay_s: Final = delay_s
        self._checked: Final = checked
        self._station: Station | None = None
        self._open = False
        self.version = version
        self.up = True
        self.opened = 0
        self.reached: Callable[[Route], bool | str] = lambda route: True

    def attach(self, station: Station) -> None:
        """Whose link this is; another one after a restart."""
        self._station = station
        self._open = False

    # What the station asks.

    def open(self, route: Route) -> None:
        station = self._station
        self.opened += 1
        self._timeline.after(self._delay_s, lambda: self._connect(station, route))

    def close(self) -> None:
        self._open = False

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        station = self._station
        heard = self._through(request)
        self._timeline.after(self._delay_s, lambda: self._deliver(station, heard, done))

    def send(self, message: Message) -> None:
        station, heard = self._station, self._through(message)
        if station is not None:
            self._timeline.after(self._delay_s, lambda: self._script(station, heard) if self._open else None)

    # What the script does.

    def ask(self, request: Message) -> Answer:
        """Ask the station, as the management system."""
        station = self._station
        if station is None or not self._open:
            return Failed(reason="not connected")
        try:
            answer: Answer = self._through(station.receive(self._through(request)))
        except ProtocolError as error:
            answer = Failed(str(error.code), error.reason)
        self._timeline.after(0.0, station.proceed)
        return answer

    def cut(self) -> None:
        """Break the connection; with `up`, the station comes back by itself."""
        if self._open and self._station is not None:
            self._open = False
            self._station.disconnected()

    def _connect(self, station: Station | None, route: Route) -> None:
        if station is None or station is not self._station or not station.on:
            return
        reached = self.reached(route) if self.up else False
        if reached is True:
            self._open = True
            station.connected(self.version)
        else:
            station.disconnected(reached or None)

    def _deliver(self, station: Station | None, request: Message, done: Callable[[Answer], object]) -> None:
        if station is None or station is not self._station or not self._open:
            return
        answer = self._script(station, request)
        if answer is None:
            return
        told = answer if isinstance(answer, Failed) else self._through(answer)
        self._timeline.after(self._delay_s, lambda: self._answer(station, told, done))

    def _answer(self, station: Station, answer: Answer, done: Callable[[Answer], object]) -> None:
        if station is self._station and self._open:
            done(answer)

    def _through(self, message: Message) -> Message:
        if not self._checked:
            return message
        return read(self.version, type(message), write(self.version, message)).message
