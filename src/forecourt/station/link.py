"""The station's end of its connection, as the station sees it. Who implements it knows sockets or a script; see `online` and `scripted`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from forecourt.ocpp.message import Message


@dataclass(frozen=True, slots=True)
class Failed:
    """A call brought no answer. `code` is the wire code of an error answer; None when nothing came, or the link broke."""

    code: str | None = None
    reason: str = ""


Answer: TypeAlias = Message | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where to connect, and how.

    Without `url` it is where the link was made for, with TLS where `security_profile` (A00) is 2 or 3. `password` is for Basic
    authentication, None where the link has to know; `roots` is what may vouch for the management system, `own` the
    station's certificate chain and key for profile 3, all PEM texts. `wildcards` allows names such as *.example.com.
    """

    identity: str
    security_profile: int = 0
    url: str | None = None
    password: str | None = None
    roots: str = ""
    own: tuple[str, str] | None = field(default=None, repr=False)
    wildcards: bool = False


class Link(Protocol):
    """One way to a management system. It tells the station `connected` and `disconnected`, and hands `receive` what it is asked."""

    def open(self, route: Route) -> None:
        """Try to connect, once. Either `connected` or `disconnected` of the station follows, not before this returns."""

    def close(self) -> None:
        """Hang up. No event follows."""

    def call(self, request: Message, done: Callable[[Answer], object]) -> None:
        """Send a request; `done` is called once, not before this returns. There is one at a time."""

    def send(self, message: Message) -> None:
        """Send what is never answered."""
