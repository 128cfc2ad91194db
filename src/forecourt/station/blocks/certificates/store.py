"""Where roots and the station's own keys are kept.

Keys lie in the storage of the station as they are. Who builds hardware gives it a storage that nobody else reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from forecourt.pki import certificates
from forecourt.station.blocks.certificates.model import Identity, Own, Pending, Staple, Use
from forecourt.station.storage import Shelf, Storage

if TYPE_CHECKING:
    from forecourt.station.core import Station

ROOTS: Shelf[str] = Shelf("roots", str)
IDENTITIES: Shelf[Identity] = Shelf("identities", Identity)
FALLBACK: Shelf[str] = Shelf("root_fallback", str)
"""The name of the root of the management system that another has taken the place of (M05.FR.12)."""
PENDING: Shelf[Pending] = Shelf("pending_certificates", Pending)
"""By what the certificate is for."""
STAPLES: Shelf[Staple] = Shelf("staples", Staple)
"""By the fingerprint of the certificate that it is about."""

CURRENT, PREVIOUS, V2G = "current", "previous", "v2g"
_KEY = "0"


def trust(storage: Storage, use: Use, root: str) -> None:
    """Have a root trusted from the start on; for whoever makes or installs a station. Raises InvalidCertificate."""
    (certificate,) = certificates.read(root)
    storage.put(ROOTS, _name(use, certificate), root)


def endow(storage: Storage, identity: Identity, own: Own = Own.STATION) -> None:
    """Give a station its first certificate (A00.FR.801)."""
    storage.put(IDENTITIES, CURRENT if own is Own.STATION else V2G, identity)


class Certificates:
    """What one station has of certificates.

    `going_back` says that it connects with its previous one, where there is one; `old_root` that it trusts the root that is
    only there to fall back to, whose name is `fallback`. `staples` are what responders said of the certificates for vehicles.
    """

    __slots__ = ("_station", "fallback", "going_back", "identities", "old_root", "pending", "roots", "staples")

    def __init__(self, station: Station) -> None:
        self._station = station
        storage = station.storage
        self.roots: dict[str, str] = dict(storage.items(ROOTS))
        self.fallback: str | None = next((name for _, name in storage.items(FALLBACK)), None)
        self.old_root = False
        self.going_back = False
        self.identities = dict(storage.items(IDENTITIES))
        self.pending = {Own(name): pending for name, pending in storage.items(PENDING)}
        self.staples = dict(storage.items(STAPLES))

    def of(self, use: Use) -> list[x509.Certificate]:
        """The roots that are trusted for this."""
        prefix = f"{use}|"
        return [certificates.read(pem)[0] for name, pem in self.roots.items() if name.startswith(prefix)]

    def each(self) -> list[tuple[Use, x509.Certificate, x509.Certificate]]:
        """Every root with who has signed it."""
        found = ((Use(name.partition("|")[0]), certificates.read(pem)) for name, pem in self.roots.items())
        return [(use, chain[0], chain[-1]) for use, chain in found]

    def at_stake(self) -> list[x509.Certificate]:
        """The roots one of which must vouch for the management system now."""
        if self.fallback is None:
            return self.of(Use.CSMS)
        return [one for one in self.of(Use.CSMS) if (_name(Use.CSMS, one) == self.fallback) is self.old_root]

    def add(self, use: Use, certificate: x509.Certificate, *signers: x509.Certificate) -> None:
        name, pem = _name(use, certificate), certificates.write([certificate, *signers])
        self.roots[name] = pem
        self._station.storage.put(ROOTS, name, pem)

    def fall_back_to(self, certificate: x509.Certificate | None) -> None:
        """What to fall back to, in place of what was; None for nothing."""
        before, self.old_root = self.fallback, False
        self.fallback = None if certificate is None else _name(Use.CSMS, certificate)
        if before is not None and before != self.fallback:
            self.roots.pop(before, None)
            self._station.storage.remove(ROOTS, before)
        if self.fallback is None:
            self._station.storage.remove(FALLBACK, _KEY)
        else:
            self._station.storage.put(FALLBACK, _KEY, self.fallback)

    def has(self, use: Use, certificate: x509.Certificate) -> bool:
        return _name(use, certificate) in self.roots

    def remove(self, use: Use, certificate: x509.Certificate) -> None:
        name = _name(use, certificate)
        del self.roots[name]
        self._station.storage.remove(ROOTS, name)
        if use is Use.CSMS and self.fallback is not None:
            # Of two, the one that is left is all there is to trust.
            self.fallback, self.old_root = None, False
            self._station.storage.remove(FALLBACK, _KEY)

    def keep(self, name: str, identity: Identity | None) -> None:
        """Put an identity in its place, or nothing there."""
        if identity is None:
            self.identities.pop(name, None)
            self._station.storage.remove(IDENTITIES, name)
        else:
            self.identities[name] = identity
            self._station.storage.put(IDENTITIES, name, identity)

    def ask(self, own: Own, pending: Pending | None) -> None:
        """Remember what is asked for, or that nothing is."""
        if pending is None:
            self.pending.pop(own, None)
            self._station.storage.remove(PENDING, own.value)
        else:
            self.pending[own] = pending
            self._station.storage.put(PENDING, own.value, pending)

    def staple(self, fingerprint: str, staple: Staple | None) -> None:
        """Remember what was said of a certificate, or nothing more of it."""
        if staple is None:
            self.staples.pop(fingerprint, None)
            self._station.storage.remove(STAPLES, fingerprint)
        else:
            self.staples[fingerprint] = staple
            self._station.storage.put(STAPLES, fingerprint, staple)


def _name(use: Use, certificate: x509.Certificate) -> str:
    return f"{use}|{certificates.fingerprint(certificate)}"
