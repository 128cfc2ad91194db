"""Plug & Charge in 1.6: messages like those of 2.0.1 as JSON in DataTransfer, by the OCA's application note of 2020."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar, cast

import msgspec
from msgspec import UNSET, UnsetType

from forecourt.charging.local_authorization import TokenInfo
from forecourt.charging.tokens import Verdict
from forecourt.ocpp import v16
from forecourt.pki import certificates

VENDOR: Final = "org.openchargealliance.iso15118pnc"
MAX_CERTIFICATE_LENGTH: Final = 5500
MAX_EXI_LENGTH: Final = 5600
MAX_ADDRESS_LENGTH: Final = 512


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    pass


T = TypeVar("T", bound=_Part)


class HashData(_Part, frozen=True):
    hash_algorithm: v16.HashAlgorithm
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str

    @classmethod
    def of(cls, named: certificates.HashData) -> HashData:
        return cls(
            hash_algorithm=cast(v16.HashAlgorithm, named.algorithm),
            issuer_name_hash=named.issuer_name,
            issuer_key_hash=named.issuer_key,
            serial_number=named.serial_number,
        )

    @property
    def named(self) -> certificates.HashData:
        return certificates.HashData(
            algorithm=self.hash_algorithm,
            issuer_name=self.issuer_name_hash,
            issuer_key=self.issuer_key_hash,
            serial_number=self.serial_number,
        )


class OcspData(_Part, frozen=True):
    hash_algorithm: v16.HashAlgorithm
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str
    responder_url: str = msgspec.field(name="responderURL")

    @classmethod
    def of(cls, named: certificates.HashData, responder: str) -> OcspData:
        return cls(
            hash_algorithm=cast(v16.HashAlgorithm, named.algorithm),
            issuer_name_hash=named.issuer_name,
            issuer_key_hash=named.issuer_key,
            serial_number=named.serial_number,
            responder_url=responder,
        )


class HashDataChain(_Part, frozen=True):
    certificate_type: str
    certificate_hash_data: HashData
    child_certificate_hash_data: tuple[HashData, ...] | UnsetType = UNSET


class IdToken(_Part, frozen=True):
    id_token: str


class IdTokenInfo(_Part, frozen=True):
    """One status of `AuthorizationStatusEnumType`: the five of 1.6."""

    status: str
    cache_expiry_date_time: datetime | UnsetType = UNSET

    @property
    def info(self) -> TokenInfo:
        """A word that is none of the five is a refusal."""
        until = None if self.cache_expiry_date_time is UNSET else self.cache_expiry_date_time
        verdict = Verdict(self.status) if self.status in set(Verdict) else Verdict.INVALID
        return TokenInfo(verdict=verdict, expires_at=until)


class Authorize(_Part, frozen=True):
    id_token: IdToken
    certificate: str | UnsetType = UNSET
    iso15118_certificate_hash_data: tuple[OcspData, ...] | UnsetType = msgspec.field(
        default=UNSET, name="iso15118CertificateHashData"
    )


class Authorized(_Part, frozen=True):
    id_token_info: IdTokenInfo
    certificate_status: str = ""


class SignCertificate(_Part, frozen=True):
    csr: str
    certificate_type: str


class GetCertificateStatus(_Part, frozen=True):
    ocsp_request_data: OcspData


class CertificateStatus(_Part, frozen=True):
    status: str
    ocsp_result: str = ""


class Get15118EVCertificate(_Part, frozen=True):
    iso15118_schema_version: str = msgspec.field(name="iso15118SchemaVersion")
    action: str
    exi_request: str


class EVCertificate(_Part, frozen=True):
    status: str
    exi_response: str = ""


class CertificateSigned(_Part, frozen=True):
    certificate_chain: str


class DeleteCertificate(_Part, frozen=True):
    certificate_hash_data: HashData


class GetInstalledCertificateIds(_Part, frozen=True):
    certificate_type: tuple[str, ...] | UnsetType = UNSET


class InstalledCertificateIds(_Part, frozen=True):
    status: str
    certificate_hash_data_chain: tuple[HashDataChain, ...] | UnsetType = UNSET


class InstallCertificate(_Part, frozen=True):
    certificate_type: str
    certificate: str


class Status(_Part, frozen=True):
    """All that most answers are."""

    status: str


def wrapped(message_id: str, content: _Part) -> v16.DataTransfer:
    """A message of ours."""
    return v16.DataTransfer(vendor_id=VENDOR, message_id=message_id, data=msgspec.json.encode(content).decode())


def unwrapped(answer: v16.DataTransferResponse, kind: type[T]) -> T | None:
    """The answer to it; None where the central system does not know it, or has said something else."""
    if answer.status != "Accepted" or answer.data is UNSET:
        return None
    try:
        return msgspec.json.decode(answer.data, type=kind)
    except msgspec.DecodeError:
        return None
