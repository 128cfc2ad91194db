"""Certificates in the words of 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Final, cast

from msgspec import UNSET, UnsetType

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V201
from forecourt.pki.certificates import HashData
from forecourt.station.blocks.certificates import actions, renewal, v2g
from forecourt.station.blocks.certificates.model import (
    CertificateRequest,
    ContractQuestion,
    Own,
    Revocation,
    RevocationQuestion,
    StatusQuestion,
    Use,
)
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says
from forecourt.station.words.v2 import fits, knows, ocsp_data

_CHAIN: Final = "V2GCertificateChain"


def on_install(station: Station, call: v2.InstallCertificate) -> v2.InstallCertificateResponse:
    """M05."""
    status, why = actions.install(station, Use(call.certificate_type), call.certificate)
    return v2.InstallCertificateResponse(
        status=cast(v2.InstallCertificateStatus, status), status_info=_info("InvalidCertificate", why)
    )


def on_delete(station: Station, call: v2.DeleteCertificate) -> v2.DeleteCertificateResponse:
    """M04."""
    status = actions.delete(station, _named(call.certificate_hash_data))
    return v2.DeleteCertificateResponse(status=cast(v2.DeleteCertificateStatus, status))


def on_get_installed(station: Station, call: v2.GetInstalledCertificateIds) -> v2.GetInstalledCertificateIdsResponse:
    """M03."""
    asked = None
    if call.certificate_type is not UNSET:
        asked = {Use(use) for use in call.certificate_type if use in set(Use)}
    found = [
        v2.CertificateHashDataChain(certificate_type=use.value, certificate_hash_data=_wire(named))
        for use, named in actions.installed(station, asked)
    ]
    if call.certificate_type is UNSET or _CHAIN in call.certificate_type:
        found += _v2g_chain(station)
    return v2.GetInstalledCertificateIdsResponse(
        status="Accepted" if found else "NotFound", certificate_hash_data_chain=tuple(found) or UNSET
    )


def _v2g_chain(station: Station) -> list[v2.CertificateHashDataChain]:
    """M03.FR.05: authorities stand as children under the certificate that they have signed."""
    found = [_wire(named) for named in v2g.listed(station)]
    return [
        v2.CertificateHashDataChain(
            certificate_type=_CHAIN, certificate_hash_data=own, child_certificate_hash_data=tuple(found[1:5]) or UNSET
        )
        for own in found[:1]
    ]


def _wire(named: HashData) -> v2.CertificateHashData:
    return v2.CertificateHashData(
        hash_algorithm=cast(v2.HashAlgorithm, named.algorithm),
        issuer_name_hash=named.issuer_name,
        issuer_key_hash=named.issuer_key,
        serial_number=named.serial_number,
    )


def on_signed(station: Station, call: v2.CertificateSigned) -> v2.CertificateSignedResponse:
    """A02. One for vehicles of ISO 15118-20 was never asked for."""
    use = Own.STATION.value if call.certificate_type is UNSET else call.certificate_type
    if use not in set(Own):
        return v2.CertificateSignedResponse(status="Rejected", status_info=_info("UnsupportedParam", "type"))
    request_id = None if call.request_id is UNSET else call.request_id
    fault = renewal.signed(station, call.certificate_chain, request_id, Own(use))
    return v2.CertificateSignedResponse(
        status="Rejected" if fault else "Accepted", status_info=_info("InvalidCertificate", fault)
    )


def say_request(station: Station, request: CertificateRequest) -> v2.SignCertificate:
    known = knows(station, v2.SignCertificate, "request_id")
    return v2.SignCertificate(
        csr=request.csr,
        certificate_type=request.own.value,
        request_id=request.request_id if known else UNSET,
    )


def heard_request(station: Station, request: CertificateRequest, answer: v2.SignCertificateResponse) -> None:
    renewal.answered(station, request.own, answer.status == "Accepted")


def say_status(station: Station, question: StatusQuestion) -> v2.GetCertificateStatus | None:
    """M06. An address that is longer than the version lets it be cannot be said."""
    if not fits(station, v2.OCSPRequestData, "responder_url", question.responder):
        return None
    return v2.GetCertificateStatus(ocsp_request_data=ocsp_data(question.named, question.responder))


def heard_status(station: Station, question: StatusQuestion, answer: v2.GetCertificateStatusResponse) -> None:
    """M06.FR.02, 03."""
    if answer.status == "Accepted" and answer.ocsp_result is not UNSET:
        question.told(answer.ocsp_result)


def say_contract(station: Station, question: ContractQuestion) -> v2.Get15118EVCertificate | None:
    """M01, M02. What is longer than the version lets it be cannot be asked."""
    asked = question.request
    if not fits(station, v2.Get15118EVCertificate, "exi_request", asked.exi):
        return None
    several = knows(station, v2.Get15118EVCertificate, "maximum_contract_certificate_chains")
    return v2.Get15118EVCertificate(
        iso15118_schema_version=asked.schema,
        action="Update" if asked.renews else "Install",
        exi_request=asked.exi,
        maximum_contract_certificate_chains=UNSET if asked.most is None or not several else asked.most,
        prioritized_emaids=asked.first if asked.first and several else UNSET,
    )


def heard_contract(station: Station, question: ContractQuestion, answer: v2.Get15118EVCertificateResponse) -> None:
    if answer.status == "Accepted" and answer.exi_response:
        question.answer = answer.exi_response
        question.remaining = 0 if answer.remaining_contracts is UNSET else answer.remaining_contracts


def say_revocation(station: Station, question: RevocationQuestion) -> v2.GetCertificateChainStatus | None:
    """M07. New in 2.1."""
    if station.dialect.version is V201:
        return None
    return v2.GetCertificateChainStatus(
        certificate_status_requests=tuple(
            v2.CertificateStatusRequestInfo(
                certificate_hash_data=_wire(source.named),
                source="CRL" if source.lists else "OCSP",
                urls=source.addresses,
            )
            for source in question.sources
        )
    )


def heard_revocation(
    station: Station, question: RevocationQuestion, answer: v2.GetCertificateChainStatusResponse
) -> None:
    """M07.FR.02, 05: of what has failed nothing is known; what a responder does not know is not good."""
    question.answers = tuple(
        Revocation(
            named=_named(status.certificate_hash_data),
            good=None if status.status == "Failed" else status.status == "Good",
            until=status.next_update,
        )
        for status in answer.certificate_status
    )


def _named(told: v2.CertificateHashData) -> HashData:
    return HashData(
        algorithm=told.hash_algorithm,
        issuer_name=told.issuer_name_hash,
        issuer_key=told.issuer_key_hash,
        serial_number=told.serial_number,
    )


def _info(reason: str, why: str) -> v2.StatusInfo | UnsetType:
    return v2.StatusInfo(reason_code=reason, additional_info=why[:500]) if why else UNSET


HEARS: Final[Hears] = {
    v2.InstallCertificate: on_install,
    v2.DeleteCertificate: on_delete,
    v2.GetInstalledCertificateIds: on_get_installed,
    v2.CertificateSigned: on_signed,
}
SAYS: Final[Says] = {
    CertificateRequest: Said(v2.SignCertificate, say_request, heard_request),
    ContractQuestion: Said(v2.Get15118EVCertificate, say_contract, heard_contract),
    RevocationQuestion: Said(v2.GetCertificateChainStatus, say_revocation, heard_revocation),
    StatusQuestion: Said(v2.GetCertificateStatus, say_status, heard_status),
}
