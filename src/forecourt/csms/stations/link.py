"""A connected station as the blocks see it, whichever door it came through."""

from __future__ import annotations

from typing import Final, Protocol, TypeVar

from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.model import Station
from forecourt.ocpp.message import Message, Request

AnswerT = TypeVar("AnswerT", bound=Message)

YIELDS_AFTER_S: Final = 3.0
"""How long somebody's command may wait for the answer to a call that nobody waits for."""


class Door(Protocol):
    """What carries messages to a station: a WebSocket connection, or SOAP calls to its address."""

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        """Call the station and return its answer. Raises StationError.

        With `yields_after_s` the call gives way to others, which wait no longer than that for its answer.
        """

    def close(self, code: int, reason: str) -> None:
        """End the connection, if this door has one."""


class Link:
    """One connection of one station. `epoch` grows with every connection of the station; an older one changes nothing any more."""

    __slots__ = ("_door", "_yields_after_s", "asked_for", "breaches", "dialect", "epoch", "is_soap", "station")

    def __init__(self, station: Station, dialect: Dialect, door: Door, epoch: int, *, is_soap: bool = False) -> None:
        self.station = station
        self.dialect = dialect
        self.epoch = epoch
        self.is_soap = is_soap
        self.asked_for: frozenset[str] = frozenset()
        """Actions this station was asked to send although it is not accepted yet (B02.FR.02)."""
        self.breaches = 0
        """How often the peer broke the rules of the protocol on this connection."""
        self._door = door
        self._yields_after_s: float | None = None

    def in_background(self) -> Link:
        """The same connection for calls that nobody waits for: those of people go before them, and past them."""
        quiet = Link(self.station, self.dialect, self._door, self.epoch, is_soap=self.is_soap)
        quiet._yields_after_s = YIELDS_AFTER_S
        return quiet

    async def call(self, message: Request[AnswerT], timeout_s: float | None = None) -> AnswerT:
        """Call the station and return its answer. Call it after our answer to the station has left (`Work.after_answer`).

        Raises Offline, NoAnswer, AnsweredError, and LocalProtocolError for what its version cannot say.
        """
        if self._yields_after_s is None:
            return await self._door.call(message, timeout_s)
        return await self._door.call(message, timeout_s, self._yields_after_s)

    def close(self, code: int, reason: str) -> None:
        """End the connection."""
        self._door.close(code, reason)
