"""Where roots and the station's own keys are kept.

Keys lie in the storage of the station as they are. Who builds hardware gives it a storage that nobody else reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from forecourt.pki import certificates
from forecourt.station.blocks.certificates.model import Identity, Pending, Use
from forecourt.station.storage import Shelf, Storage

if TYPE_CHECKING:
    from forecourt.station.core import Station

ROOTS: Shelf[str] = Shelf("roots", str)
IDENTITIES: Shelf[Identity] = Shelf("identities", Identity)
PENDING: Shelf[Pending] = Shelf("pending_certificates", Pending)

CURRENT, PREVIOUS = "current", "previous"
_KEY = "0"


def trust(storage: Storage, use: Use, root: str) -> None:
    """Have a root trusted from the start on; for whoever makes or installs a station. Raises InvalidCertificate."""
    (certificate,) = certificates.read(root)
    storage.put(ROOTS, _name(use, certificate), root)


def endow(storage: Storage, identity: Identity) -> None:
    """Give a station its first certificate (A00.FR.801)."""
    storage.put(IDENTITIES, CURRENT, identity)


class Certificates:
    """What one station has of certificates. `going_back` says that it connects with its previous one, where there is one."""

    __slots__ = ("_station", "going_back", "identities", "pending", "roots")

    def __init__(self, station: Station) -> None:
        self._station = station
        storage = station.storage
        self.roots: dict[str, str] = dict(storage.items(ROOTS))
        self.going_back = False
        self.identities = dict(storage.items(IDENTITIES))
        self.pending: Pending | None = next((pending for _, pending in storage.items(PENDING)), None)

    def of(self, use: Use) -> list[x509.Certificate]:
        """The roots that are trusted for this."""
        prefix = f"{use}|"
        return [certificates.read(pem)[0] for name, pem in self.roots.items() if name.startswith(prefix)]

    def each(self) -> list[tuple[Use, x509.Certificate]]:
        return [(Use(name.partition("|")[0]), certificates.read(pem)[0]) for name, pem in self.roots.items()]

    def add(self, use: Use, certificate: x509.Certificate) -> None:
        name, pem = _name(use, certificate), certificates.write([certificate])
        self.roots[name] = pem
        self._station.storage.put(ROOTS, name, pem)

    def has(self, use: Use, certificate: x509.Certificate) -> bool:
        return _name(use, certificate) in self.roots

    def remove(self, use: Use, certificate: x509.Certificate) -> None:
        name = _name(use, certificate)
        del self.roots[name]
        self._station.storage.remove(ROOTS, name)

    def keep(self, name: str, identity: Identity | None) -> None:
        """Put an identity in its place, or nothing there."""
        if identity is None:
            self.identities.pop(name, None)
            self._station.storage.remove(IDENTITIES, name)
        else:
            self.identities[name] = identity
            self._station.storage.put(IDENTITIES, name, identity)

    def ask(self, pending: Pending | None) -> None:
        """Remember what is asked for, or that nothing is."""
        self.pending = pending
        if pending is None:
            self._station.storage.remove(PENDING, _KEY)
        else:
            self._station.storage.put(PENDING, _KEY, pending)


def _name(use: Use, certificate: x509.Certificate) -> str:
    return f"{use}|{certificates.fingerprint(certificate)}"
