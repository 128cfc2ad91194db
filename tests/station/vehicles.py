"""Vehicles and stations that speak ISO 15118: the roots, the authorities below them, and what responders say."""

from __future__ import annotations

import base64
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.pki.certificates import HashData, hash_data, read
from forecourt.station.hardware.interface import Contract
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.pki.authority import BEGIN, Holder, root
from tests.station.rig import Rig
from tests.station.signing import wire

RESPONDER = "http://ocsp.example.com"
SECC_ID = "DE-ICE-S-0001"

V2G_ROOT = root("V2G root")
V2G_SUB1 = V2G_ROOT.issue("V2G sub 1", ca=True, responder=RESPONDER)
V2G_SUB2 = V2G_SUB1.issue("V2G sub 2", ca=True, responder=RESPONDER)


MO_ROOT = root("MO root")
MO_SUB1 = MO_ROOT.issue("MO sub 1", ca=True, responder=RESPONDER)
MO_SUB2 = MO_SUB1.issue("MO sub 2", ca=True, responder=RESPONDER)
EMAID = "DE8AA1A2B3C4D5"
LEAF = MO_SUB2.issue(EMAID, responder=RESPONDER)
CONTRACT = Contract(EMAID, LEAF.pem + MO_SUB2.pem + MO_SUB1.pem)
CONTRACT_NAMES: Final = (LEAF, MO_SUB2, MO_SUB1, MO_ROOT)


def arrives(rig: Rig, contract: Contract = CONTRACT, *, seconds: float = 30, evse_id: int = 1) -> Vehicle:
    """A vehicle with a contract is plugged in."""
    vehicle = Vehicle(Model(talks=True), soc=0.3)
    vehicle.contract = contract
    rig.hardware.plug(vehicle, evse_id=evse_id)
    rig.time.advance(seconds)
    return vehicle


def judges(rig: Rig, verdict: Any, certificate: Any) -> None:
    """What the management system will say to Authorize."""
    rig.answers[v2.Authorize] = lambda request: v2.AuthorizeResponse(
        id_token_info=v2.IdTokenInfo(status=verdict), certificate_status=certificate
    )


def install(rig: Rig, use: Any, holder: Holder) -> None:
    """The memory state CertificateInstalled."""
    assert rig.ask(v2.InstallCertificate(certificate_type=use, certificate=holder.pem)).status == "Accepted"


def ask_to_sign(rig: Rig) -> str:
    """TriggerMessage for SignV2GCertificate; returns the request."""
    assert rig.ask(v2.TriggerMessage(requested_message="SignV2GCertificate")).status == "Accepted"
    asked = rig.last(v2.SignCertificate)
    assert asked.certificate_type == "V2GCertificate"
    return asked.csr


def chain_for(csr: str, **more: Any) -> str:
    """What the management system sends back: the certificate, then the authorities below the root."""
    return V2G_SUB2.sign_request(csr, responder=RESPONDER, **more) + V2G_SUB2.pem + V2G_SUB1.pem


def hand_over(rig: Rig, chain: str) -> str:
    answer: v2.CertificateSignedResponse = rig.ask(
        v2.CertificateSigned(certificate_chain=chain, certificate_type="V2GCertificate")
    )
    return answer.status


def renewed(rig: Rig) -> str:
    """The memory state RenewV2GChargingStationCertificate; returns the chain."""
    rig.set("ISO15118Ctrlr.V2GCertificateInstallationEnabled", "true")
    rig.set("ISO15118Ctrlr.CountryName", "NL")
    rig.set("ISO15118Ctrlr.OrganizationName", "Forecourt")
    rig.set("ISO15118Ctrlr.SeccId", SECC_ID)
    rig.answers[v2.SignCertificate] = lambda request: v2.SignCertificateResponse(status="Accepted")
    chain = chain_for(ask_to_sign(rig))
    assert hand_over(rig, chain) == "Accepted"
    return chain


def equipped(version: Version, **build: Any) -> Rig:
    """A station that the V2G root was installed in."""
    rig = Rig(version, **build)
    install(rig, "V2GRootCertificate", V2G_ROOT)
    return rig


def named(*chain: Holder | x509.Certificate) -> list[HashData]:
    """The names of certificates each of which the next one has signed; the last one is not named."""
    plain = [one.certificate if isinstance(one, Holder) else one for one in chain]
    return [hash_data(one, signer) for one, signer in pairwise(plain)]


def v2g_names(chain: str) -> list[HashData]:
    return named(*read(chain), V2G_ROOT)


def good() -> Any:
    """Answer GetCertificateStatus as a management system does that knows all certificates of the station."""

    def answer(request: v2.GetCertificateStatus) -> v2.GetCertificateStatusResponse:
        return v2.GetCertificateStatusResponse(status="Accepted", ocsp_result=said_of(request.ocsp_request_data))

    return answer


def said_of(data: v2.OCSPRequestData, *, number: int | None = None) -> str:
    """An OCSPResponse that calls a certificate good, in base64."""
    response = (
        ocsp.OCSPResponseBuilder()
        .add_response_by_hash(
            issuer_name_hash=bytes.fromhex(data.issuer_name_hash),
            issuer_key_hash=bytes.fromhex(data.issuer_key_hash),
            serial_number=number or int(data.serial_number, 16),
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.GOOD,
            this_update=BEGIN,
            next_update=BEGIN + timedelta(days=3650),
            revocation_time=None,
            revocation_reason=None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, V2G_ROOT.certificate)
        .sign(V2G_ROOT.key, hashes.SHA256())
    )
    return base64.b64encode(response.public_bytes(serialization.Encoding.DER)).decode()


def asked_of(rig: Rig) -> list[v2.OCSPRequestData]:
    return [request.ocsp_request_data for request in rig.of(v2.GetCertificateStatus)]


def question(data: HashData) -> v2.OCSPRequestData:
    plain = wire(data)
    return v2.OCSPRequestData(
        hash_algorithm=plain.hash_algorithm,
        issuer_name_hash=plain.issuer_name_hash,
        issuer_key_hash=plain.issuer_key_hash,
        serial_number=plain.serial_number,
        responder_url=RESPONDER,
    )


def chains_listed(rig: Rig, *uses: Any) -> list[v2.CertificateHashDataChain]:
    """The reusable state GetInstalledCertificates."""
    answer = rig.ask(v2.GetInstalledCertificateIds(certificate_type=uses or UNSET))
    return [] if answer.status == "NotFound" else list(answer.certificate_hash_data_chain)
