"""Stations that come in over WebSocket: from the decision about the handshake to the end of the connection.

A connection belongs to one station from its first byte to its last. The newest connection of a station is its connection:
it takes over at once, and what becomes of the older one afterwards touches nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

import msgspec

from forecourt.clock import Clock
from forecourt.csms.config import Gateway as Policy
from forecourt.csms.gateway.arrivals import Arrivals
from forecourt.csms.gateway.calling import asked
from forecourt.csms.gateway.dispatch import Dispatch, Heard, Unanswerable
from forecourt.csms.gateway.handshake import Admitted, Doorkeeper, Turned
from forecourt.csms.gateway.newcomers import Mismatch, Newcomers, Shown, TooMany
from forecourt.csms.gateway.recording import Recording
from forecourt.csms.gateway.refusals import Refusals
from forecourt.csms.stations import actions
from forecourt.csms.stations.dialects import Dialect
from forecourt.csms.stations.habits.model import Catalogue
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.stations.sending import Sending
from forecourt.csms.store.errors import StoreError
from forecourt.errors import NoAnswer
from forecourt.ocpp import events
from forecourt.ocpp.deviations import Deviation, Reading
from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.session import Limits, Role, Session
from forecourt.ocpp.versions import Version
from forecourt.transport.closure import POLICY_VIOLATION, TRY_AGAIN_LATER, Closed
from forecourt.transport.handshake import Accept, Decision, Handshake
from forecourt.transport.link import WebSocketPeer
from forecourt.transport.memories import Memories
from forecourt.transport.observer import Observer
from forecourt.transport.peer import Peer, Withheld
from forecourt.transport.tasks import Tasks

_LOG = logging.getLogger("forecourt.gateway")

AnswerT = TypeVar("AnswerT", bound=Message)

TAKEN_OVER: Final = "a newer connection of this station has taken over"

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What connections are made of; put together once, at start."""

    doorkeeper: Doorkeeper
    refusals: Refusals
    newcomers: Newcomers
    arrivals: Arrivals
    dispatch: Dispatch
    recording: Recording
    stations: Stations
    dialects: Mapping[Version, Dialect]
    sending: Sending
    habits: Catalogue
    policy: Policy
    clock: Clock
    tasks: Tasks

    def reading_of(self, station: Station | None) -> Reading:
        """How to read what a station says, None being one that nobody knows yet. What it says of its make counts from the
        connection after its first boot on."""
        strict = self.policy.reading == "strict"
        if station is not None:
            strict = self.habits.reads_strictly(station, by_default=strict)
        return Reading.STRICT if strict else Reading.TOLERANT


class Connections:
    """Decides handshakes and carries the calls of connected stations to `Dispatch`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._memories = Memories()
        self._limits = Limits(
            message_size_bytes=parts.policy.max_message_bytes, call_timeout_s=parts.policy.call_timeout_s
        )
        self._open: dict[Peer, _Connection] = {}
        self._handlers = {
            version: {action.request: self._hear for action in version.actions.values() if action.from_station}
            for version in parts.dialects
        }

    def decide(self, handshake: Handshake) -> Decision:
        """What a listener asks of every upgrade. Does not wait."""
        decided = self._parts.doorkeeper.decide(handshake)
        if isinstance(decided, Turned):
            self._parts.refusals.note(handshake, decided, handshake.subprotocols)
            return decided.answer
        subprotocol = decided.version.subprotocol if handshake.subprotocols else None
        return Accept(self._receive(decided, handshake), subprotocol)

    def close_all(self, code: int, reason: str) -> None:
        """Send every station away, at the end or when the database does not come back."""
        for link in self._parts.stations.links():
            link.close(code, reason)

    def _receive(self, admitted: Admitted, handshake: Handshake) -> WebSocketPeer:
        reading = self._parts.reading_of(admitted.station)

        def make_session(wake: Callable[[], None]) -> Session:
            return Session(
                admitted.version,
                Role.CSMS,
                reading=reading,
                limits=self._limits,
                memory=self._memories.enter(admitted.wire_id),
                wake=wake,
            )

        given = handshake.credentials
        came_from = f"{handshake.peer.host}:{handshake.peer.port}"
        certificate = None if handshake.certificate is None else handshake.certificate.der
        password = None if given is None else given.password
        connection = _Connection(self._parts, admitted, password, certificate, came_from)
        peer = WebSocketPeer(
            admitted.wire_id,
            make_session,
            self._handlers[admitted.version],
            clock=self._parts.clock,
            tasks=self._parts.tasks,
            observer=connection,
            ended=self._ended,
        )
        connection.peer = peer
        self._open[peer] = connection
        return peer

    def _ended(self, peer: WebSocketPeer) -> None:
        self._open.pop(peer, None)
        self._memories.leave(peer.identity)

    async def _hear(self, peer: Peer, message: Any) -> Message:
        return await self._open[peer].hear(message)


class _Connection(Observer):
    """One connection: what joins a peer of the transport with a link of the domain."""

    peer: WebSocketPeer

    def __init__(
        self, parts: Parts, admitted: Admitted, password: bytes | None, certificate: bytes | None, came_from: str
    ) -> None:
        self._parts = parts
        self._station = admitted.station
        self._profile = admitted.profile
        self._password = password
        self._certificate = certificate
        self._shown = admitted.shown
        self._dialect = parts.dialects[admitted.version]
        self._came_from = came_from
        self._link: Link | None = None
        self._entering: asyncio.Event | None = None
        self._called_at: dict[int, float] = {}

    # The door of the link.

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        """Call the station. Raises StationError, and LocalProtocolError for what cannot be said."""
        waits_s = self._parts.policy.call_timeout_s if timeout_s is None else timeout_s
        began_s = self._called_at[id(message)] = self._parts.clock.monotonic()
        answer = self.peer.call(message, timeout_s=timeout_s, yields_after_s=yields_after_s)
        try:
            return await asked(answer, self.peer.identity, waits_s)
        except NoAnswer:
            if yields_after_s is None:
                raise
            # It may have given way long before that.
            waited_s = round(self._parts.clock.monotonic() - began_s, 1)
            raise NoAnswer(self.peer.identity, min(waited_s, waits_s)) from None
        finally:
            self._called_at.pop(id(message), None)

    def close(self, code: int, reason: str) -> None:
        """End the connection."""
        self.peer.close(code, reason)

    # Calls of the station.

    async def hear(self, message: Message) -> Message:
        """Answer a call of the station, after its commit. Raises Withheld, ProtocolError."""
        handled = self.peer.handled
        link = self._link or await self._entered()
        heard = (
            Heard("", type(message).__name__, message, b"{}")
            if handled is None  # a SEND, which nobody waits for
            else Heard(handled.id, handled.action, message, bytes(handled.payload), handled.deviations)
        )
        try:
            given = await self._parts.dispatch.answer(link, heard)
        except Unanswerable as error:
            raise Withheld(str(error)) from error
        if given.work is not None:
            for function in given.work.afterwards:
                self.peer.after_reply(partial(afterwards, function))
        if isinstance(given.answer, ProtocolError):
            raise given.answer
        return given.answer

    async def _entered(self) -> Link:
        """Wait until a station that nobody knew is known."""
        if self._entering is not None:
            await self._entering.wait()
        if self._link is None:
            raise Withheld("this station could not be made known")
        return self._link

    # What the transport observes.

    def opened(self, peer: Peer) -> None:
        if self._station is not None:
            self._parts.arrivals.note(self._station, self._profile, self._password, certificate=self._certificate)
            # Of thousands that stay for days it would be kept for nothing.
            self._certificate = None
            self._enter(self._station)
        else:
            self._entering = asyncio.Event()
            self._parts.tasks.start(self._welcome(self._entering))

    def noted(self, peer: Peer, event: events.Event) -> None:
        link = self._link
        if link is None:
            return
        if isinstance(event, events.Breach):
            self._parts.recording.breach(link, event)
        elif isinstance(event, events.Outcome):
            self._record_call(link, event)
        elif isinstance(event, events.CallRefused):
            self._parts.recording.refused(link, event)

    def closed(self, peer: Peer, how: Closed) -> None:
        link = self._link
        if link is None or not self._parts.stations.leave(link):
            return
        station, version = link.station, link.dialect.version.name
        self._parts.recording.soon(
            link,
            lambda work: actions.disconnected(
                work, station, epoch=link.epoch, version=version, code=how.code, reason=how.reason
            ),
        )

    def _enter(self, station: Station) -> None:
        station.epoch += 1
        link = Link(station, self._dialect, self, station.epoch)
        self._link = link
        earlier = self._parts.stations.enter(link)
        if earlier is not None:
            earlier.close(POLICY_VIOLATION, TAKEN_OVER)
        version, came_from = self._dialect.version.name, self._came_from
        self._parts.recording.soon(link, lambda work: actions.connected(work, station, version=version, peer=came_from))
        self._parts.sending.go_on(station)

    async def _welcome(self, entering: asyncio.Event) -> None:
        try:
            station = await self._parts.newcomers.welcome(self.peer.identity, self._shown or _NOTHING)
            if self.peer.is_connected:
                self._enter(station)
        except (StoreError, TooMany, Mismatch) as error:
            _LOG.warning("a station that nobody knows was sent away: %s", error)
            self.peer.close(TRY_AGAIN_LATER, "try again later")
        finally:
            entering.set()

    def _record_call(self, link: Link, outcome: events.Outcome) -> None:
        now = self._parts.clock.monotonic()
        answer, error = b"", ""
        deviations: tuple[Deviation, ...] = ()
        if isinstance(outcome, events.Answered):
            answer, deviations = _ENCODER.encode(outcome.message), outcome.deviations
        elif isinstance(outcome, events.AnsweredError | events.Unusable):
            error = str(outcome.code)
        else:
            error = type(outcome).__name__.lower()
        self._parts.recording.call(
            link,
            message_id=outcome.id,
            action=type(outcome.request).__name__,
            request=_ENCODER.encode(outcome.request),
            answer=answer,
            error=error,
            duration_s=now - self._called_at.get(id(outcome.request), now),
            deviations=deviations,
        )


_NOTHING: Final = Shown(SecurityProfile.NONE)


async def afterwards(function: Callable[[], Awaitable[None]]) -> None:
    """Do what waited for an answer to leave."""
    await function()
