"""The words of certificates: how one is known, what happens to it, and what this block needs of the rest of the program."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from forecourt.csms.stations.model import Station
from forecourt.csms.store.announced import Event
from forecourt.csms.store.work import Store

if TYPE_CHECKING:
    from forecourt.csms.blocks.certificates.authority import StationAuthority

SOON: Final = timedelta(days=21)
"""How long before its end a certificate that is in use wants looking at. Stations renew their own a month before (A03.FR.02):
what is left by then needs somebody."""


class Holder(StrEnum):
    """Who proves itself with a certificate: a station, this server to stations, or who has signed those of stations."""

    STATION = "station"
    SERVER = "server"
    AUTHORITY = "authority"


class Origin(StrEnum):
    """How a certificate came to be known: made here with its key, shown at a handshake, or a file of this server."""

    ISSUED = "issued"
    SHOWN = "shown"
    FILE = "file"


@dataclass(slots=True)
class InUse:
    """What is remembered of a station: the fingerprint of the certificate it has shown last, empty if none."""

    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class OwnCertificates:
    """PEM texts of this server: a chain for each of its certificates, and the roots that stations' certificates come from."""

    chains: tuple[str, ...] = ()
    client_roots: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What this block needs. `names` are those that the O of a station's certificate may say, the first one for new ones;
    `own` what the listener serves. `revoked` are the fingerprints that no handshake is let in with."""

    store: Store
    authority: StationAuthority
    names: Callable[[Station], tuple[str, ...]]
    own: Callable[[], OwnCertificates]
    revoked: set[str] = field(default_factory=set)


class CertificateIssued(Event, frozen=True, kw_only=True):
    """A new certificate was made for a station."""

    organisation_id: int
    station_id: int
    serial: str
    valid_to: datetime


class CertificateInUse(Event, frozen=True, kw_only=True):
    """A station has connected with another certificate than before."""

    organisation_id: int
    station_id: int
    serial: str
    valid_to: datetime


class CertificateRevoked(Event, frozen=True, kw_only=True):
    """A certificate of a station opens no handshake any more."""

    organisation_id: int
    station_id: int
    serial: str
    revoked_by: str


class CertificateExpiring(Event, frozen=True, kw_only=True):
    """A certificate that is in use ends soon. Told once. Without a station it is one of this server's own; `holder` says which."""

    organisation_id: int | None
    station_id: int | None
    holder: str
    serial: str
    subject: str
    valid_to: datetime
