"""Certificates in the words of the security whitepaper for 1.6."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.pki.certificates import HashData
from forecourt.station.blocks.certificates import actions, renewal
from forecourt.station.blocks.certificates.model import CertificateRequest, Own, Use
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says

_USES: Final = {"CentralSystemRootCertificate": Use.CSMS, "ManufacturerRootCertificate": Use.MANUFACTURER}


def on_install(station: Station, call: v16.InstallCertificate) -> v16.InstallCertificateResponse:
    """Whitepaper, 3.5 (M05)."""
    status, _ = actions.install(station, _USES[call.certificate_type], call.certificate)
    return v16.InstallCertificateResponse(status=cast(v16.InstallCertificateStatus, status))


def on_delete(station: Station, call: v16.DeleteCertificate) -> v16.DeleteCertificateResponse:
    """Whitepaper, 3.4 (M04)."""
    named = call.certificate_hash_data
    status = actions.delete(
        station,
        HashData(
            algorithm=named.hash_algorithm,
            issuer_name=named.issuer_name_hash,
            issuer_key=named.issuer_key_hash,
            serial_number=named.serial_number,
        ),
    )
    return v16.DeleteCertificateResponse(status=cast(v16.DeleteCertificateStatus, status))


def on_get_installed(station: Station, call: v16.GetInstalledCertificateIds) -> v16.GetInstalledCertificateIdsResponse:
    """Whitepaper, 3.3 (M03)."""
    found = actions.installed(station, (_USES[call.certificate_type],))
    return v16.GetInstalledCertificateIdsResponse(
        status="Accepted" if found else "NotFound",
        certificate_hash_data=tuple(
            v16.CertificateHashData(
                hash_algorithm=cast(v16.HashAlgorithm, named.algorithm),
                issuer_name_hash=named.issuer_name,
                issuer_key_hash=named.issuer_key,
                serial_number=named.serial_number,
            )
            for _, named in found
        )
        or UNSET,
    )


def on_signed(station: Station, call: v16.CertificateSigned) -> v16.CertificateSignedResponse:
    """Whitepaper, 3.1 (A02)."""
    fault = renewal.signed(station, call.certificate_chain, None)
    return v16.CertificateSignedResponse(status="Rejected" if fault else "Accepted")


def say_request(station: Station, request: CertificateRequest) -> v16.SignCertificate | None:
    """The whitepaper knows one certificate only."""
    return v16.SignCertificate(csr=request.csr) if request.own is Own.STATION else None


def heard_request(station: Station, request: CertificateRequest, answer: v16.SignCertificateResponse) -> None:
    renewal.answered(station, request.own, answer.status == "Accepted")


HEARS: Final[Hears] = {
    v16.InstallCertificate: on_install,
    v16.DeleteCertificate: on_delete,
    v16.GetInstalledCertificateIds: on_get_installed,
    v16.CertificateSigned: on_signed,
}
SAYS: Final[Says] = {CertificateRequest: Said(v16.SignCertificate, say_request, heard_request)}
