"""The station's end of its connection, as the station sees it. Who implements it knows sockets or a script; see `online` and `scripted`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from forecourt.ocpp.message import Message


@dataclass(frozen=True, slots=True)
class Failed:
    """A call brought no answer. `code` is the wire code of an error answer; None when nothing came, or the link broke."""

    code: str | None = None
    reason: str = ""


Answer: TypeAlias = Message | Failed


class Link(Protocol):
    """One way to a management system. It tells the station `connected` and `disconnected`, and hands `receive` what it is asked."""

    def open(self) -> None:
        """Try to connect, once. Either `connected` or `disconnected` of the station follows, not before this returns."""

    def close(self) -> None:
        """Hang up. No event follows."""

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        """Send a request; `done` is called once, not before this returns. There is one at a time."""

    def send(self, message: Message) -> None:
        """Send what is never answered."""
