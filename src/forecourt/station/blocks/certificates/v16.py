"""Certificates in the words of the security whitepaper for 1.6, and of the application note on Plug & Charge."""

from __future__ import annotations

from typing import Final, TypeVar, cast

import msgspec
from msgspec import UNSET

from forecourt.ocpp import v16
from forecourt.pki.certificates import HashData
from forecourt.station.blocks.certificates import actions, renewal, v2g
from forecourt.station.blocks.certificates.model import (
    ISO15118,
    CertificateRequest,
    ContractQuestion,
    Own,
    StatusQuestion,
    Use,
)
from forecourt.station.core import Station
from forecourt.station.dialects import Hears, Said, Says, Vendors
from forecourt.station.words.plug_and_charge import v16 as pnc

T = TypeVar("T")

_FOR_VEHICLES: Final = (Use.V2G.value, Use.MO.value)
_CHAIN: Final = "V2GCertificateChain"
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


def say_request(station: Station, request: CertificateRequest) -> v16.SignCertificate | v16.DataTransfer:
    """The whitepaper knows the certificate of the station only, the note that for vehicles."""
    if request.own is Own.STATION:
        return v16.SignCertificate(csr=request.csr)
    return pnc.wrapped("SignCertificate", pnc.SignCertificate(csr=request.csr, certificate_type=request.own.value))


def heard_request(
    station: Station, request: CertificateRequest, answer: v16.SignCertificateResponse | v16.DataTransferResponse
) -> None:
    """Note, 2.1: a central system that does not know these messages is not asked again."""
    told = pnc.unwrapped(answer, pnc.Status) if isinstance(answer, v16.DataTransferResponse) else answer
    renewal.answered(station, request.own, told is not None and told.status == "Accepted")


# Plug & Charge. Only what vehicles need goes this way (note, 2.3).


def on_pnc_trigger(station: Station, data: str) -> str:
    """Note, 6.9."""
    return _status("Accepted" if _enabled(station) and renewal.trigger_v2g(station, None) else "Rejected")


def on_pnc_signed(station: Station, data: str) -> str:
    """Note, 6.2."""
    call = _read(data, pnc.CertificateSigned)
    return _status("Rejected" if renewal.signed(station, call.certificate_chain, None, Own.V2G) else "Accepted")


def on_pnc_install(station: Station, data: str) -> str:
    """Note, 6.7."""
    call = _read(data, pnc.InstallCertificate)
    if not _enabled(station) or call.certificate_type not in _FOR_VEHICLES:
        return _status("Rejected")
    return _status(actions.install(station, Use(call.certificate_type), call.certificate)[0])


def on_pnc_delete(station: Station, data: str) -> str:
    """Note, 6.3."""
    named = _read(data, pnc.DeleteCertificate).certificate_hash_data.named
    return _status(actions.delete(station, named, (Use.V2G, Use.MO)))


def on_pnc_installed(station: Station, data: str) -> str:
    """Note, 6.6."""
    call = _read(data, pnc.GetInstalledCertificateIds)
    asked = (*_FOR_VEHICLES, _CHAIN) if call.certificate_type is UNSET else call.certificate_type
    uses = [Use(use) for use in asked if use in _FOR_VEHICLES]
    found = [
        pnc.HashDataChain(certificate_type=use.value, certificate_hash_data=pnc.HashData.of(named))
        for use, named in actions.installed(station, uses)
    ]
    if _CHAIN in asked and (chain := [pnc.HashData.of(named) for named in v2g.listed(station)]):
        children = tuple(chain[1:5]) or UNSET
        found.append(
            pnc.HashDataChain(
                certificate_type=_CHAIN, certificate_hash_data=chain[0], child_certificate_hash_data=children
            )
        )
    answer = pnc.InstalledCertificateIds(
        status="Accepted" if found else "NotFound", certificate_hash_data_chain=tuple(found) or UNSET
    )
    return msgspec.json.encode(answer).decode()


def say_status(station: Station, question: StatusQuestion) -> v16.DataTransfer | None:
    """Note, 6.5."""
    if not _enabled(station) or len(question.responder) > pnc.MAX_ADDRESS_LENGTH:
        return None
    content = pnc.GetCertificateStatus(ocsp_request_data=pnc.OcspData.of(question.named, question.responder))
    return pnc.wrapped("GetCertificateStatus", content)


def heard_status(station: Station, question: StatusQuestion, answer: v16.DataTransferResponse) -> None:
    told = pnc.unwrapped(answer, pnc.CertificateStatus)
    if told is not None and told.status == "Accepted":
        question.told(told.ocsp_result)


def say_contract(station: Station, question: ContractQuestion) -> v16.DataTransfer | None:
    """Note, 6.4."""
    asked = question.request
    if not _enabled(station) or len(asked.exi) > pnc.MAX_EXI_LENGTH:
        return None
    content = pnc.Get15118EVCertificate(
        iso15118_schema_version=asked.schema, action="Update" if asked.renews else "Install", exi_request=asked.exi
    )
    return pnc.wrapped("Get15118EVCertificate", content)


def heard_contract(station: Station, question: ContractQuestion, answer: v16.DataTransferResponse) -> None:
    told = pnc.unwrapped(answer, pnc.EVCertificate)
    if told is not None and told.status == "Accepted":
        question.answer = told.exi_response or None


def _enabled(station: Station) -> bool:
    return station.model.flag(ISO15118, "PnCEnabled")


def _read(data: str, kind: type[T]) -> T:
    """Raises ValueError, as does every handler of a vendor message for data that is none."""
    return msgspec.json.decode(data, type=kind)


def _status(status: str) -> str:
    return msgspec.json.encode(pnc.Status(status=status)).decode()


HEARS: Final[Hears] = {
    v16.InstallCertificate: on_install,
    v16.DeleteCertificate: on_delete,
    v16.GetInstalledCertificateIds: on_get_installed,
    v16.CertificateSigned: on_signed,
}
SAYS: Final[Says] = {
    CertificateRequest: Said(v16.SignCertificate, say_request, heard_request),
    ContractQuestion: Said(v16.DataTransfer, say_contract, heard_contract),
    StatusQuestion: Said(v16.DataTransfer, say_status, heard_status),
}
VENDORS: Final[Vendors] = {
    (pnc.VENDOR, "TriggerMessage"): on_pnc_trigger,
    (pnc.VENDOR, "CertificateSigned"): on_pnc_signed,
    (pnc.VENDOR, "InstallCertificate"): on_pnc_install,
    (pnc.VENDOR, "DeleteCertificate"): on_pnc_delete,
    (pnc.VENDOR, "GetInstalledCertificateIds"): on_pnc_installed,
}
