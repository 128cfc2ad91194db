"""The words of certificates."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from forecourt.pki.certificates import HashData
from forecourt.station.hardware.interface import ContractRequest

ISO15118: Final = "ISO15118Ctrlr"
MOST_ROOTS: Final = 20
"""The limit of CertificateEntries."""


class Use(StrEnum):
    """InstallCertificateUseEnumType: what a root is trusted for."""

    CSMS = "CSMSRootCertificate"
    MANUFACTURER = "ManufacturerRootCertificate"
    V2G = "V2GRootCertificate"
    MO = "MORootCertificate"
    OEM = "OEMRootCertificate"


class Own(StrEnum):
    """CertificateSigningUseEnumType: what a certificate of the station itself is for."""

    STATION = "ChargingStationCertificate"
    """To sign in at the management system with."""
    V2G = "V2GCertificate"
    """To speak TLS with vehicles (ISO 15118)."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """A private key of the station and the certificate for it with its chain, leaf first, as PEM texts."""

    key: str
    chain: str

    def __repr__(self) -> str:
        return "Identity(...)"


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A key for which a certificate has been asked; `sent` counts the messages that did."""

    key: str
    request_id: int
    sent: int = 0

    def __repr__(self) -> str:
        return f"Pending({self.request_id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRequest:
    """SignCertificate: `csr` is PEM text."""

    csr: str
    request_id: int
    own: Own
    triggered: bool = False


class Staple(msgspec.Struct, frozen=True, kw_only=True):
    """What a responder has said of a certificate: an OCSPResponse in DER, and when it came."""

    response: bytes
    at: datetime


class StatusQuestion:
    """GetCertificateStatus. `response` is the OCSPResponse in DER, once there is one."""

    __slots__ = ("named", "responder", "response")

    def __init__(self, named: HashData, responder: str) -> None:
        self.named = named
        self.responder = responder
        self.response: bytes | None = None

    def told(self, text: str) -> None:
        """The answer as base64 (M06.FR.09)."""
        try:
            self.response = base64.b64decode(text, validate=True)
        except ValueError:
            self.response = None


class ContractQuestion:
    """Get15118EVCertificate. `answer` is what to hand to the vehicle, once there is something, `remaining` how many contracts more
    there are for it."""

    __slots__ = ("answer", "remaining", "request")

    def __init__(self, request: ContractRequest) -> None:
        self.request = request
        self.answer: str | None = None
        self.remaining = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where to learn whether a certificate is revoked: of a responder, or of `lists`."""

    named: HashData
    lists: bool
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """What was found out about a certificate, and until when that counts; `good` is None where nothing was."""

    named: HashData
    good: bool | None
    until: datetime


class RevocationQuestion:
    """GetCertificateChainStatus (2.1). `answers` are there once it is answered."""

    __slots__ = ("answers", "sources")

    def __init__(self, sources: tuple[Source, ...]) -> None:
        self.sources = sources
        self.answers: tuple[Revocation, ...] = ()
