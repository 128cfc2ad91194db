"""A look at all that happens on the wire, for message logs, counters and the lists of who is connected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecourt.ocpp.events import Event
from forecourt.transport.closure import Closed

if TYPE_CHECKING:
    from forecourt.transport.peer import Peer


class Observer:
    """Sees all that happens on the connections it is given to. Its methods do nothing; override what is of interest.

    They are called in the middle of things: none may raise, wait, or call the peer.
    """

    def opened(self, peer: Peer) -> None:
        """A connection is there."""

    def heard(self, peer: Peer, message: bytes) -> None:
        """A message came in, before anything is made of it."""

    def said(self, peer: Peer, message: bytes) -> None:
        """A message goes out."""

    def noted(self, peer: Peer, event: Event) -> None:
        """The session has something to tell: calls, outcomes, deviations, breaches of the rules."""

    def closed(self, peer: Peer, how: Closed) -> None:
        """The connection is gone."""
