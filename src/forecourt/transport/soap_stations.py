"""The stations that speak SOAP with a server: who they are, where they can be called, what they were answered."""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from forecourt.clock import Clock
from forecourt.ocpp.deviations import Reading
from forecourt.ocpp.replay import ReplayMemory
from forecourt.ocpp.soap import CHARGE_POINT, SECURITY_ERROR, FaultCode, SoapFault, SoapRequest
from forecourt.transport.admission import Authenticate, Caller, anyone
from forecourt.transport.handshake import MAX_IDENTITY_LENGTH, Credentials, Refuse, unauthorized
from forecourt.transport.http import HttpRequest
from forecourt.transport.observer import Observer
from forecourt.transport.outbound import Approve, Outbound, public_only
from forecourt.transport.soap_peer import SoapPeer
from forecourt.transport.tasks import Tasks

_MOST_STATIONS = 10_000


def proven(caller: Caller) -> bool:
    """Whether a station has shown credentials or a certificate."""
    return caller.credentials is not None or caller.certificate is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapSettings:
    """How a server speaks SOAP. The security whitepaper does not cover SOAP, so a station's word is not taken for much.

    `address_of` knows where the operator says that a station is called. Otherwise it is called where it says it listens
    (`From`), if `learns_from` believes it: by default one that has proven who it is, and none when anyone may come in.
    `approve` has to agree to each address in any case; the default is the public internet only. `credentials_of` and
    `tls` are shown to the station's service.
    """

    address_of: Callable[[str], str | None] = lambda identity: None
    learns_from: Callable[[Caller], bool] = proven
    approve: Approve = public_only
    credentials_of: Callable[[str], Credentials | None] = lambda identity: None
    tls: ssl.SSLContext | None = None
    timeout_s: float = 30.0


class SoapStation:
    """One station: what handlers are given, what it was answered, whose turn it is."""

    def __init__(self, peer: SoapPeer) -> None:
        self.peer = peer
        self.memory = ReplayMemory()
        self.turn = asyncio.Lock()
        self.learned: str | None = None


class SoapStations:
    """Judges SOAP requests and remembers who sent them. The longest silent are forgotten first."""

    def __init__(
        self,
        settings: SoapSettings,
        authenticate: Authenticate,
        *,
        tasks: Tasks,
        observer: Observer,
        reading: Reading,
        max_body_bytes: int,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._authenticate = authenticate
        self._tasks = tasks
        self._observer = observer
        self._reading = reading
        self._clock = clock
        self._outbound = Outbound(
            approve=settings.approve,
            tls=settings.tls,
            timeout_s=settings.timeout_s,
            max_body_bytes=max_body_bytes,
            clock=clock,
        )
        self._known: OrderedDict[str, SoapStation] = OrderedDict()

    def judge(self, asked: SoapRequest, request: HttpRequest) -> SoapStation | Refuse | SoapFault:
        """Tell which station a request comes from, if it may come in."""
        identity = asked.identity
        if identity is None or not _is_identity(identity):
            return SoapFault(
                code=FaultCode.SENDER, subcode=SECURITY_ERROR, reason="who is it? chargeBoxIdentity is wanted"
            )
        refusal = self._authenticate(identity, request)
        if request.credentials is not None and request.credentials.username != identity:
            return unauthorized("these are the credentials of somebody else")
        if refusal is not None:
            return refusal
        station = self._station(identity)
        if asked.from_address is not None and self._believes(request):
            station.learned = asked.from_address
        return station

    def peer(self, identity: str) -> SoapPeer:
        """Return what calls the station of that identity, whether or not it has been heard of."""
        return self._station(identity).peer

    async def close(self) -> None:
        """Give back what is held."""
        await self._outbound.close()

    def _believes(self, request: HttpRequest) -> bool:
        learns_from = self._settings.learns_from
        # Where anyone may come in, nobody has looked at the credentials.
        return learns_from(request) and not (learns_from is proven and self._authenticate is anyone)

    def _station(self, identity: str) -> SoapStation:
        station = self._known.get(identity)
        if station is None:
            station = self._known[identity] = self._make(identity)
        self._known.move_to_end(identity)
        if len(self._known) > _MOST_STATIONS:
            for name, silent in self._known.items():
                if not silent.turn.locked():
                    del self._known[name]
                    break
        return station

    def _make(self, identity: str) -> SoapStation:
        def address() -> str | None:
            given = self._settings.address_of(identity)
            return station.learned if given is None else given

        peer = SoapPeer(
            identity,
            CHARGE_POINT,
            address,
            self._outbound,
            self._tasks,
            self._observer,
            credentials=self._settings.credentials_of(identity),
            reading=self._reading,
            timeout_s=self._settings.timeout_s,
            clock=self._clock,
        )
        station = SoapStation(peer)
        return station


def _is_identity(identity: str) -> bool:
    return 0 < len(identity) <= MAX_IDENTITY_LENGTH and ":" not in identity and identity.isprintable()
