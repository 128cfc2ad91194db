"""A connected station as the blocks see it, whichever door it came through."""

from __future__ import annotations

from typing import Protocol, TypeVar

from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.model import Station
from forecourt.ocpp.message import Message, Request

AnswerT = TypeVar("AnswerT", bound=Message)


class Door(Protocol):
    """What carries messages to a station: a WebSocket connection, or SOAP calls to its address."""

    async def call(self, message: Request[AnswerT], timeout_s: float | None) -> AnswerT:
        """Call the station and return its answer. Raises StationError."""

    def close(self, code: int, reason: str) -> None:
        """End the connection, if this door has one."""


class Link:
    """One connection of one station. `epoch` grows with every connection of the station; an older one changes nothing any more."""

    __slots__ = ("_door", "asked_for", "breaches", "dialect", "epoch", "is_soap", "station")

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

    async def call(self, message: Request[AnswerT], timeout_s: float | None = None) -> AnswerT:
        """Call the station and return its answer. Call it after our answer to the station has left (`Work.after_answer`).

        Raises Offline, NoAnswer, AnsweredError, and LocalProtocolError for what its version cannot say.
        """
        return await self._door.call(message, timeout_s)

    def close(self, code: int, reason: str) -> None:
        """End the connection."""
        self._door.close(code, reason)
