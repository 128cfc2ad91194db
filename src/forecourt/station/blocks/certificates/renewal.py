"""The station's own certificates: asked for, checked, taken over, and renewed before they expire (A02, A03)."""

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
from forecourt.station.blocks.certificates import v2g
from forecourt.station.blocks.certificates.model import ISO15118, CertificateRequest, Identity, Own, Pending, Use
from forecourt.station.blocks.certificates.store import CURRENT, PENDING, PREVIOUS, V2G, Certificates
from forecourt.station.core import Station

EARLY: Final = timedelta(days=30)
"""How long before the end a new certificate is asked for (A03.FR.02)."""

DAY_S: Final = 86_400.0
SWITCH_S: Final = 5.0
"""From taking over a certificate to connecting with it."""


class Renewal:
    """The timers."""

    __slots__ = ("look_timer", "sign_timers")

    def __init__(self, station: Station) -> None:
        self.look_timer: Timer | None = None
        self.sign_timers: dict[Own, Timer] = {}


def on_started(station: Station, event: events.Started) -> None:
    for own, _ in station.storage.items(PENDING):
        _wait(station, Own(own))


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
    station.later(lambda: _sign(station, Own.STATION, triggered=True))
    return True


def trigger_v2g(station: Station, place: Place | None) -> bool:
    """A02, F06: SignV2GCertificate. One controller talks to the vehicles at all EVSEs."""
    if not _installs_v2g(station):
        return False
    station.later(lambda: _sign(station, Own.V2G, triggered=True))
    return True


def answered(station: Station, own: Own, accepted: bool) -> None:
    """A02.FR.17; refused, it is not asked again."""
    if accepted:
        _wait(station, own)
    else:
        _done(station, own)


def signed(station: Station, text: str, request_id: int | None, own: Own = Own.STATION) -> str:
    """CertificateSigned (A02.FR.06 to 08). Returns an empty text when the certificate is taken over, else why not."""
    held = station.part(Certificates)
    pending = held.pending.get(own)
    try:
        if pending is None or request_id not in (None, pending.request_id):
            raise InvalidCertificate("nothing was asked for")
        leaf, *above = certificates.read(text)
        _check(station, own, pending, leaf)
        chains.verify(leaf, above, held.of(Use.CSMS if own is Own.STATION else Use.V2G), station.now())
    except InvalidCertificate as error:
        if pending is not None and request_id in (None, pending.request_id):
            _done(station, own)  # A02.FR.20
        fault = str(error)
        station.later(lambda: station.announce(events.Incident("InvalidChargingStationCertificate", fault)))
        return fault
    _done(station, own)
    if own is Own.V2G:
        held.keep(V2G, Identity(key=pending.key, chain=text))
        station.later(lambda: v2g.renewed(station))
        _look_tomorrow(station)
        return ""
    before = held.identities.get(CURRENT)
    held.keep(CURRENT, Identity(key=pending.key, chain=text))
    if _in_use(station):
        held.keep(PREVIOUS, before)
        held.going_back = False
        station.after(SWITCH_S, station.reconnect)
    return ""


def _check(station: Station, own: Own, pending: Pending, certificate: Certificate) -> None:
    """What a chain does not tell: that the certificate is for us (A00.FR.511). Raises InvalidCertificate."""
    if not keys.belongs(certificate, pending.key):
        raise InvalidCertificate("for another key")
    if certificates.common_name(certificate) != common_name(station, own):
        raise InvalidCertificate("for another station")


def common_name(station: Station, own: Own = Own.STATION) -> str:
    """A00.FR.511: the serial number; the identity where there is none. For vehicles the SeccId, where there is one."""
    secc = station.model.text(ISO15118, "SeccId") if own is Own.V2G else ""
    return secc or station.build.serial_number or station.build.identity


def _sign(station: Station, own: Own, *, triggered: bool = False) -> None:
    """A02.FR.02, 03: with a new key, in place of what was asked for before."""
    held = station.part(Certificates)
    _done(station, own)
    held.ask(own, Pending(key=keys.new_key(), request_id=station.random.randint(1, 2**31 - 1)))
    _send(station, own, triggered=triggered)


def _send(station: Station, own: Own, *, triggered: bool = False) -> None:
    held = station.part(Certificates)
    pending = held.pending.get(own)
    if pending is None:
        return
    if not (station.online or triggered):
        _wait(station, own)
        return
    held.ask(own, msgspec.structs.replace(pending, sent=pending.sent + 1))
    csr = _csr(station, own, pending.key)
    request = CertificateRequest(csr=csr, request_id=pending.request_id, own=own, triggered=triggered)
    station.say(request, ended=lambda heard: None if heard else _wait(station, own))


def _csr(station: Station, own: Own, key: str) -> str:
    name, model = common_name(station, own), station.model
    organization = model.text("SecurityCtrlr", "OrganizationName")
    if own is Own.STATION:
        return keys.signing_request(key, common_name=name, organization=organization)
    return keys.signing_request(
        key,
        common_name=name,
        organization=model.text(ISO15118, "OrganizationName") or organization,
        country=model.text(ISO15118, "CountryName"),
        # ISO 15118-2, annex F: by this a vehicle knows that the certificate is that of a charging station.
        domain="CPO",
    )


def _wait(station: Station, own: Own) -> None:
    """A02.FR.17 to 19: the wait doubles each time, CertSigningRepeatTimes times."""
    renewal, pending = station.part(Renewal), station.part(Certificates).pending.get(own)
    _cancel(station, own)
    if pending is None:
        return
    waits = max(0, pending.sent - 1)
    if waits <= station.model.integer("SecurityCtrlr", "CertSigningRepeatTimes"):
        wait_s = station.model.integer("SecurityCtrlr", "CertSigningWaitMinimum") * 2**waits
        renewal.sign_timers[own] = station.after(wait_s, lambda: _send(station, own))


def _done(station: Station, own: Own) -> None:
    _cancel(station, own)
    held = station.part(Certificates)
    if own in held.pending:
        held.ask(own, None)


def _cancel(station: Station, own: Own) -> None:
    timer = station.part(Renewal).sign_timers.pop(own, None)
    if timer is not None:
        timer.cancel()


def _look(station: Station) -> None:
    """A03.FR.02: once a day, at the certificates that are in use."""
    held = station.part(Certificates) if _in_use(station) else station.made(Certificates)
    if held is None:
        return
    used = {Own.STATION: held.identities.get(CURRENT) if _in_use(station) else None, Own.V2G: held.identities.get(V2G)}
    if not any(used.values()):
        return
    _look_tomorrow(station)
    if not station.online:
        return
    for own, identity in used.items():
        if identity is None or own in held.pending or (own is Own.V2G and not _installs_v2g(station)):
            continue
        if certificates.read(identity.chain)[0].not_valid_after_utc - station.now() < EARLY:
            _sign(station, own)
    v2g.look(station)


def _look_tomorrow(station: Station) -> None:
    renewal = station.part(Renewal)
    if renewal.look_timer is not None:
        renewal.look_timer.cancel()
    renewal.look_timer = station.after(DAY_S, lambda: _look(station))


def _in_use(station: Station) -> bool:
    return station.model.integer("SecurityCtrlr", "SecurityProfile") == 3


def _installs_v2g(station: Station) -> bool:
    return station.model.flag(ISO15118, "V2GCertificateInstallationEnabled")
