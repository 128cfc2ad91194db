"""Stations that come in over SOAP (OCPP 1.6-S). They have no connection: a station is online while it is heard.

The security whitepaper does not cover SOAP, so it is enabled station by station, and the address we call back is the
operator's, or learned only from a station that has proven who it is or stands in a network the operator named.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any, Final, TypeVar

import msgspec

from forecourt.csms.config import Soap as Policy
from forecourt.csms.gateway.calling import asked
from forecourt.csms.gateway.connections import TAKEN_OVER, Parts, afterwards
from forecourt.csms.gateway.dispatch import Heard, Unanswerable
from forecourt.csms.gateway.handshake import Turned, turned_for
from forecourt.csms.stations import actions
from forecourt.csms.stations.credentials import Verdict
from forecourt.csms.stations.link import Link
from forecourt.csms.stations.model import SecurityProfile, Station
from forecourt.csms.store.work import Work
from forecourt.ocpp import v16
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.errors import ProtocolError
from forecourt.ocpp.message import Message, Request
from forecourt.ocpp.soap import CENTRAL_SYSTEM
from forecourt.ocpp.versions import V16
from forecourt.transport.admission import Caller
from forecourt.transport.closure import GOING_AWAY, POLICY_VIOLATION
from forecourt.transport.handshake import Refuse, forbidden, not_found
from forecourt.transport.http import HttpHandler
from forecourt.transport.observer import Observer
from forecourt.transport.outbound import IpAddress, public_only
from forecourt.transport.peer import Peer, Withheld
from forecourt.transport.soap_endpoint import SoapEndpoint
from forecourt.transport.soap_stations import SoapSettings, SoapStations, proven

AnswerT = TypeVar("AnswerT", bound=Message)

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_SILENT_AFTER_HEARTBEATS: Final = 2
_NOT_OVER_SOAP: Final = "soap_not_enabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapParts:
    """What the SOAP door needs beyond what all connections are made of."""

    policy: Policy
    path: str
    tls: ssl.SSLContext | None = None


class SoapDoor:
    """The central system's service, and the way back to the stations."""

    def __init__(self, parts: Parts, soap: SoapParts) -> None:
        self._parts = parts
        self._soap = soap
        self._networks = [ip_network(network) for network in soap.policy.trusted_networks]
        self._dialect = parts.dialects[V16]
        self._shown: dict[str, bytes] = {}
        self._known = SoapStations(
            SoapSettings(
                address_of=self._address_of,
                learns_from=lambda caller: proven(caller) or self._trusts(caller.peer.host),
                approve=self._approve,
                tls=soap.tls,
                timeout_s=parts.policy.call_timeout_s,
            ),
            self._authenticate,
            tasks=parts.tasks,
            observer=Observer(),
            reading=parts.reading_of(None),
            max_body_bytes=parts.policy.max_message_bytes,
            clock=parts.clock,
        )
        handlers = {action.request: self._hear for action in V16.actions.values() if action.from_station}
        self.http: HttpHandler = SoapEndpoint(
            CENTRAL_SYSTEM,
            soap.path,
            handlers,
            self._known.judge,
            observer=Observer(),
            reading=self._reading_of,
        )

    async def close(self) -> None:
        """Give back what is held."""
        await self._known.close()

    def forget_silent(self) -> None:
        """Take stations for offline that were not heard for two heartbeats. Called every few seconds."""
        longest = timedelta(seconds=_SILENT_AFTER_HEARTBEATS * self._parts.policy.heartbeat_interval_s)
        oldest = self._parts.clock.now() - longest
        for link in self._parts.stations.links():
            seen = link.station.last_seen_at
            if link.is_soap and (seen is None or seen < oldest) and self._parts.stations.leave(link):
                self._parts.recording.soon(link, partial(_gone_silent, link))

    def _reading_of(self, wire_id: str | None) -> Reading:
        return self._parts.reading_of(None if wire_id is None else self._parts.stations.named(wire_id))

    # Who may come in.

    def _authenticate(self, wire_id: str, caller: Caller) -> Refuse | None:
        station = self._parts.stations.named(wire_id)
        decided = self._decide(station, wire_id, caller)
        if isinstance(decided, Turned):
            self._parts.refusals.note(caller, decided)
            return decided.answer if isinstance(decided.answer, Refuse) else forbidden(decided.detail)
        if station is not None:
            password = None if caller.credentials is None else caller.credentials.password
            link = self._parts.stations.link_if_any(station)
            self._parts.arrivals.note(station, decided, password, back=link is None or not link.is_soap)
            self._remember(station, password)
        return None

    def _decide(self, station: Station | None, wire_id: str, caller: Caller) -> SecurityProfile | Turned:
        if station is None or not self._soap.policy.enabled:
            detail = "no such station" if self._soap.policy.enabled else "nobody is let in over SOAP"
            reason = "unknown_station" if self._soap.policy.enabled else _NOT_OVER_SOAP
            return Turned(not_found("no such station"), wire_id, reason, detail)
        if not station.soap:
            detail = "this station is not enabled for SOAP"
            return Turned(forbidden(detail), wire_id, _NOT_OVER_SOAP, detail)
        if caller.credentials is not None and caller.credentials.username != wire_id:
            return turned_for(Verdict.WRONG_USERNAME, wire_id)
        # A station in a network the operator named is taken at its word.
        return self._parts.doorkeeper.check(station, caller, trusted=self._trusts(caller.peer.host))

    def _remember(self, station: Station, password: bytes | None) -> None:
        """Keep what a station has shown until it is known whether it boots, while a change of its password is open."""
        if password is not None and len(station.credentials.password_hmacs) > 1:
            self._shown[station.wire_id] = password
        else:
            self._shown.pop(station.wire_id, None)

    def _trusts(self, host: str) -> bool:
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def _approve(self, address: IpAddress, port: int) -> bool:
        """Whether we call back there: the public internet, or a network the operator named."""
        return public_only(address, port) or any(address in network for network in self._networks)

    def _address_of(self, wire_id: str) -> str | None:
        station = self._parts.stations.named(wire_id)
        return (station.soap_address or None) if station is not None else None

    # What stations say.

    async def _hear(self, peer: Peer, message: Any) -> Message:
        station = self._parts.stations.named(peer.identity)
        if station is None:
            raise Withheld("this station was removed")
        link = self._enter(station, peer)
        if isinstance(message, v16.BootNotification) and station.wire_id in self._shown:
            # It has come back, though it was never taken for offline.
            self._parts.arrivals.note(station, None, self._shown.pop(station.wire_id))
        handled = peer.handled
        if handled is None:
            raise Withheld("a call that nobody received")
        # The log holds JSON, whichever door a message came through. What was forgiven in it may not be written as it is.
        payload = _ENCODER.encode(message)
        heard = Heard(handled.id, handled.action, message, payload, handled.deviations)
        try:
            given = await self._parts.dispatch.answer(link, heard)
        except Unanswerable as error:
            raise Withheld(str(error)) from error
        if given.work is not None:
            for function in given.work.afterwards:
                peer.after_reply(partial(afterwards, function))
        if isinstance(given.answer, ProtocolError):
            raise given.answer
        return given.answer

    def _enter(self, station: Station, peer: Peer) -> Link:
        """The station's link, made when it is heard for the first time."""
        present = self._parts.stations.link_if_any(station)
        if present is not None and present.is_soap:
            return present
        station.epoch += 1
        link = Link(station, self._dialect, _Way(self._parts, peer), station.epoch, is_soap=True)
        self._parts.stations.enter(link)
        if present is not None:
            present.close(POLICY_VIOLATION, TAKEN_OVER)
        self._parts.recording.soon(link, lambda work: actions.connected(work, station, version=V16.name, peer="SOAP"))
        self._parts.sending.go_on(station)
        return link


def _gone_silent(link: Link, work: Work) -> None:
    actions.disconnected(
        work, link.station, epoch=link.epoch, version=V16.name, code=GOING_AWAY, reason="silent for two heartbeats"
    )


class _Way:
    """The door of a link: calls to the station's own service."""

    def __init__(self, parts: Parts, peer: Peer) -> None:
        self._parts = parts
        self._peer = peer

    async def call(
        self, message: Request[AnswerT], timeout_s: float | None, yields_after_s: float | None = None
    ) -> AnswerT:
        """Call the station; no call gives way to another here. Raises StationError."""
        waits_s = self._parts.policy.call_timeout_s if timeout_s is None else timeout_s
        return await asked(self._peer.call(message, timeout_s=timeout_s), self._peer.identity, waits_s)

    def close(self, code: int, reason: str) -> None:
        """There is no connection to end."""
