"""Roots that are installed, listed and deleted (M03, M04, M05), and what others may know of certificates."""

from __future__ import annotations

from collections.abc import Collection

from cryptography import x509

from forecourt.charging.topology import Place
from forecourt.pki import certificates
from forecourt.pki.certificates import HashData, InvalidCertificate, hash_data
from forecourt.station import events
from forecourt.station.blocks.certificates.model import MOST_ROOTS, Identity, Use
from forecourt.station.blocks.certificates.store import CURRENT, PREVIOUS, Certificates
from forecourt.station.core import Station


def install(station: Station, use: Use, text: str) -> tuple[str, str]:
    """M05. Returns InstallCertificateStatusEnumType and, for people, why not."""
    held = station.part(Certificates)
    try:
        (certificate, *more) = certificates.read(text)
        if more:
            raise InvalidCertificate("more than one certificate")
        before = _before(station, use)
        if before is None or before == certificate:
            certificates.check_root(certificate, station.now())
        else:
            certificates.check_root(certificate, station.now(), before=before)  # M05.FR.10, 11
    except InvalidCertificate as error:
        if use is Use.CSMS:
            station.later(lambda: station.announce(events.Incident("InvalidCsmsCertificate", "to be installed")))
        return "Rejected", str(error)  # M05.FR.07
    if not held.has(use, certificate) and len(held.roots) >= MOST_ROOTS:
        return "Rejected", "no room"  # M05.FR.06
    if before is None or before == certificate:
        held.add(use, certificate)  # M05.FR.17
    else:
        held.add(use, certificate, before)
        held.fall_back_to(before)  # M05.FR.12
    return "Accepted", ""


def _before(station: Station, use: Use) -> x509.Certificate | None:
    """The one root that a new one has to follow, where that is how it is (AdditionalRootCertificateCheck)."""
    if use is not Use.CSMS or not station.build.additional_root_check:
        return None
    return next(iter(station.part(Certificates).at_stake()), None)


def change_root(station: Station, *, back: bool = False) -> None:
    """M05.FR.14: trust the other one of two roots, until there is a connection; with `back` the one before (M05.FR.16)."""
    held = station.part(Certificates)
    held.old_root = held.fallback is not None and (back or not held.old_root)


def at_stake(station: Station) -> str:
    """What may vouch for the management system now, as PEM text."""
    return certificates.write(station.part(Certificates).at_stake())


def delete(station: Station, named: HashData, uses: Collection[Use] = tuple(Use)) -> str:
    """M04, of roots for these uses. Returns DeleteCertificateStatusEnumType.

    The station's own certificate stays (M04.FR.06), and so does the last root with which it can know its management system.
    """
    held = station.part(Certificates)
    for use, certificate, signer in held.each():
        if use not in uses or not hash_data(certificate, signer, named.algorithm).same(named):
            continue
        if use is Use.CSMS and len(held.of(use)) == 1 and station.model.integer("SecurityCtrlr", "SecurityProfile") > 1:
            return "Failed"
        held.remove(use, certificate)
        return "Accepted"
    return "Failed" if any(_names(named, identity) for identity in held.identities.values()) else "NotFound"


def installed(station: Station, uses: Collection[Use] | None) -> list[tuple[Use, HashData]]:
    """M03.FR.04: all roots for these uses, or for any."""
    found = station.part(Certificates).each()
    return [(use, hash_data(root, signer)) for use, root, signer in found if uses is None or use in uses]


def entries(station: Station, place: Place) -> str:
    """CertificateEntries."""
    return str(len(station.part(Certificates).roots))


def roots(station: Station, use: Use) -> list[x509.Certificate]:
    """The roots that are trusted for a use."""
    return station.part(Certificates).of(use)


def trusted(station: Station, use: Use) -> str:
    """The roots for a use as PEM text, empty when there are none."""
    return certificates.write(roots(station, use))


def own(station: Station) -> Identity | None:
    """What the station shows who it is with."""
    held = station.part(Certificates)
    return held.identities.get(PREVIOUS if held.going_back else CURRENT)


def turn_back(station: Station) -> None:
    """A02.FR.28: nobody was reached with the one certificate, so the next round is with the other, if there is one."""
    held = station.part(Certificates)
    held.going_back = not held.going_back and PREVIOUS in held.identities


def _names(named: HashData, identity: Identity) -> bool:
    leaf, *above = certificates.read(identity.chain)
    if certificates.hash_data(leaf, above[0] if above else leaf, named.algorithm).same(named):
        return True
    # Without its issuer at hand, the number and the name of the issuer are all there is to compare.
    if above:
        return False
    own = certificates.hash_data(leaf, leaf, named.algorithm)
    return own.serial_number == named.serial_number.casefold().lstrip("0") and own.issuer_name == named.issuer_name
