"""The station's own certificate: asked for, checked, taken over, and renewed before it expires (A02, A03)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
from cryptography.x509 import Certificate

from forecourt.charging.topology import Place
from forecourt.clock import Timer
from forecourt.pki import certificates, chains, keys
from forecourt.pki.certificates import InvalidCertificate
from forecourt.station import events
from forecourt.station.blocks.certificates.model import CertificateRequest, Identity, Pending, Use
from forecourt.station.blocks.certificates.store import CURRENT, PENDING, PREVIOUS, Certificates
from forecourt.station.core import Station

EARLY: Final = timedelta(days=30)
"""How long before the end a new certificate is asked for (A03.FR.02)."""

DAY_S: Final = 86_400.0
SWITCH_S: Final = 5.0
"""From taking over a certificate to connecting with it."""


class Renewal:
    """The timers."""

    __slots__ = ("look_timer", "sign_timer")

    def __init__(self, station: Station) -> None:
        self.look_timer: Timer | None = None
        self.sign_timer: Timer | None = None


def on_started(station: Station, event: events.Started) -> None:
    if station.storage.items(PENDING):
        _wait(station)


def on_registered(station: Station, event: events.Registered) -> None:
    _look(station)


def on_online(station: Station, event: events.Online) -> None:
    """A02.FR.10: whichever certificate the connection was made with stays, the other one goes (A02.FR.29)."""
    profile = station.model.integer("SecurityCtrlr", "SecurityProfile")
    if profile < 2:
        return
    held = station.part(Certificates)
    if held.old_root:
        held.old_root = False
    elif held.fallback is not None:
        held.fall_back_to(None)  # M05.FR.13
    if profile < 3:
        return
    before = held.identities.get(PREVIOUS)
    if before is None:
        return
    if held.going_back:
        held.keep(CURRENT, before)
        station.announce(events.Incident("DiscardedRenewedClientCertificate"))
    held.keep(PREVIOUS, None)
    held.going_back = False


def trigger(station: Station, place: Place | None) -> bool:
    """A02, F06: SignChargingStationCertificate."""
    station.later(lambda: _sign(station, triggered=True))
    return True


def answered(station: Station, accepted: bool) -> None:
    """A02.FR.17; refused, it is not asked again."""
    if accepted:
        _wait(station)
    else:
        _done(station)


def signed(station: Station, text: str, request_id: int | None) -> str:
    """CertificateSigned (A02.FR.06 to 08). Returns an empty text when the certificate is taken over, else why not."""
    held = station.part(Certificates)
    pending = held.pending
    try:
        if pending is None or request_id not in (None, pending.request_id):
            raise InvalidCertificate("nothing was asked for")
        leaf, *above = certificates.read(text)
        _check(station, pending, leaf)
        chains.verify(leaf, above, held.of(Use.CSMS), station.now())
    except InvalidCertificate as error:
        if pending is not None and request_id in (None, pending.request_id):
            _done(station)  # A02.FR.20
        fault = str(error)
        station.later(lambda: station.announce(events.Incident("InvalidChargingStationCertificate", fault)))
        return fault
    before = held.identities.get(CURRENT)
    _done(station)
    held.keep(CURRENT, Identity(key=pending.key, chain=text))
    if _in_use(station):
        held.keep(PREVIOUS, before)
        held.going_back = False
        station.after(SWITCH_S, station.reconnect)
    return ""


def _check(station: Station, pending: Pending, certificate: Certificate) -> None:
    """What a chain does not tell: that the certificate is for us (A00.FR.511). Raises InvalidCertificate."""
    if not keys.belongs(certificate, pending.key):
        raise InvalidCertificate("for another key")
    if certificates.common_name(certificate) != common_name(station):
        raise InvalidCertificate("for another station")


def common_name(station: Station) -> str:
    """A00.FR.511: the serial number; the identity where there is none."""
    return station.build.serial_number or station.build.identity


def _sign(station: Station, *, triggered: bool = False) -> None:
    """A02.FR.02, 03: with a new key, in place of what was asked for before."""
    held = station.part(Certificates)
    _done(station)
    held.ask(Pending(key=keys.new_key(), request_id=station.random.randint(1, 2**31 - 1)))
    _send(station, triggered=triggered)


def _send(station: Station, *, triggered: bool = False) -> None:
    held = station.part(Certificates)
    pending = held.pending
    if pending is None:
        return
    if not (station.online or triggered):
        _wait(station)
        return
    held.ask(msgspec.structs.replace(pending, sent=pending.sent + 1))
    organization = station.model.text("SecurityCtrlr", "OrganizationName")
    csr = keys.signing_request(pending.key, common_name=common_name(station), organization=organization)
    request = CertificateRequest(csr=csr, request_id=pending.request_id, triggered=triggered)
    station.say(request, ended=lambda heard: None if heard else _wait(station))


def _wait(station: Station) -> None:
    """A02.FR.17 to 19: the wait doubles each time, CertSigningRepeatTimes times."""
    renewal, pending = station.part(Renewal), station.part(Certificates).pending
    if renewal.sign_timer is not None:
        renewal.sign_timer.cancel()
        renewal.sign_timer = None
    if pending is None:
        return
    waits = max(0, pending.sent - 1)
    if waits <= station.model.integer("SecurityCtrlr", "CertSigningRepeatTimes"):
        wait_s = station.model.integer("SecurityCtrlr", "CertSigningWaitMinimum") * 2**waits
        renewal.sign_timer = station.after(wait_s, lambda: _send(station))


def _done(station: Station) -> None:
    renewal, held = station.part(Renewal), station.part(Certificates)
    if renewal.sign_timer is not None:
        renewal.sign_timer.cancel()
        renewal.sign_timer = None
    if held.pending is not None:
        held.ask(None)


def _look(station: Station) -> None:
    """A03.FR.02: once a day, while a certificate is what the station signs in with."""
    if not _in_use(station):
        return
    renewal, held = station.part(Renewal), station.part(Certificates)
    if renewal.look_timer is not None:
        renewal.look_timer.cancel()
        renewal.look_timer = None
    identity = held.identities.get(CURRENT)
    if identity is None:
        return
    renewal.look_timer = station.after(DAY_S, lambda: _look(station))
    leaf = certificates.read(identity.chain)[0]
    if leaf.not_valid_after_utc - station.now() < EARLY and held.pending is None and station.online:
        _sign(station)


def _in_use(station: Station) -> bool:
    return station.model.integer("SecurityCtrlr", "SecurityProfile") == 3
