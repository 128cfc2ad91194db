"""Certificates in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET, UnsetType

from forecourt.ocpp import v2
from forecourt.pki.certificates import HashData
from forecourt.station.blocks.certificates import actions, renewal
from forecourt.station.blocks.certificates.model import CertificateRequest, Use
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import knows


def on_install(station: Station, call: v2.InstallCertificate) -> v2.InstallCertificateResponse:
    """M05."""
    status, why = actions.install(station, Use(call.certificate_type), call.certificate)
    return v2.InstallCertificateResponse(
        status=cast(v2.InstallCertificateStatus, status), status_info=_info("InvalidCertificate", why)
    )


def on_delete(station: Station, call: v2.DeleteCertificate) -> v2.DeleteCertificateResponse:
    """M04."""
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
    return v2.DeleteCertificateResponse(status=cast(v2.DeleteCertificateStatus, status))


def on_get_installed(station: Station, call: v2.GetInstalledCertificateIds) -> v2.GetInstalledCertificateIdsResponse:
    """M03. There is no V2G certificate chain, as nothing here speaks ISO 15118."""
    asked = None
    if call.certificate_type is not UNSET:
        asked = {Use(use) for use in call.certificate_type if use in set(Use)}
    found = actions.installed(station, asked)
    return v2.GetInstalledCertificateIdsResponse(
        status="Accepted" if found else "NotFound",
        certificate_hash_data_chain=tuple(
            v2.CertificateHashDataChain(
                certificate_type=use.value,
                certificate_hash_data=v2.CertificateHashData(
                    hash_algorithm=cast(v2.HashAlgorithm, named.algorithm),
                    issuer_name_hash=named.issuer_name,
                    issuer_key_hash=named.issuer_key,
                    serial_number=named.serial_number,
                ),
            )
            for use, named in found
        )
        or UNSET,
    )


def on_signed(station: Station, call: v2.CertificateSigned) -> v2.CertificateSignedResponse:
    """A02. A certificate for ISO 15118 was never asked for."""
    if call.certificate_type not in (UNSET, "ChargingStationCertificate"):
        return v2.CertificateSignedResponse(status="Rejected", status_info=_info("UnsupportedParam", "type"))
    fault = renewal.signed(station, call.certificate_chain, None if call.request_id is UNSET else call.request_id)
    return v2.CertificateSignedResponse(
        status="Rejected" if fault else "Accepted", status_info=_info("InvalidCertificate", fault)
    )


def say_request(station: Station, request: CertificateRequest) -> v2.SignCertificate:
    known = knows(station, v2.SignCertificate, "request_id")
    return v2.SignCertificate(
        csr=request.csr,
        certificate_type="ChargingStationCertificate",
        request_id=request.request_id if known else UNSET,
    )


def heard_request(station: Station, request: CertificateRequest, answer: v2.SignCertificateResponse) -> None:
    renewal.answered(station, answer.status == "Accepted")


def _info(reason: str, why: str) -> v2.StatusInfo | UnsetType:
    return v2.StatusInfo(reason_code=reason, additional_info=why[:500]) if why else UNSET


HEARS: Final[Hears] = {
    v2.InstallCertificate: on_install,
    v2.DeleteCertificate: on_delete,
    v2.GetInstalledCertificateIds: on_get_installed,
    v2.CertificateSigned: on_signed,
}
SAYS: Final[Says] = {CertificateRequest: Said(v2.SignCertificate, say_request, heard_request)}
