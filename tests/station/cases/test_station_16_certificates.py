"""Certification cases of 1.6 for stations: certificates of the security whitepaper."""

from __future__ import annotations

from typing import Any

from forecourt.ocpp import v16
from forecourt.ocpp.versions import V16
from tests.pki.authority import Holder, root
from tests.station.rig import Rig
from tests.station.signing import MAKER, OPERATOR, STRANGER, certified, chain_of, named, requests, subject


def install(rig: Rig, use: Any, holder: Holder) -> str:
    answer: v16.InstallCertificateResponse = rig.ask(
        v16.InstallCertificate(certificate_type=use, certificate=holder.pem)
    )
    return answer.status


def installed(rig: Rig, use: Any) -> list[v16.CertificateHashData]:
    answer = rig.ask(v16.GetInstalledCertificateIds(certificate_type=use))
    if answer.status == "NotFound":
        return []
    assert answer.status == "Accepted"
    return list(answer.certificate_hash_data)


def wire(holder: Holder) -> v16.CertificateHashData:
    data = named(holder)
    return v16.CertificateHashData(
        hash_algorithm="SHA256",
        issuer_name_hash=data.issuer_name,
        issuer_key_hash=data.issuer_key,
        serial_number=data.serial_number,
    )


def ask_to_sign(rig: Rig) -> str:
    rig.answers[v16.SignCertificate] = lambda request: v16.SignCertificateResponse(status="Accepted")
    asked = v16.ExtendedTriggerMessage(requested_message="SignChargePointCertificate")
    assert rig.ask(asked).status == "Accepted"
    return requests(rig)[-1]


def test_TC_074_CS_the_certificate_of_the_station_is_renewed() -> None:
    rig = certified(V16)
    rig.set("CpoName", "The operator")
    csr = ask_to_sign(rig)
    assert "O=The operator" in subject(csr)
    chain = OPERATOR.sign_request(csr)
    opened = rig.link.opened
    assert rig.ask(v16.CertificateSigned(certificate_chain=chain)).status == "Accepted"
    rig.time.advance(60)
    assert rig.link.opened == opened + 1
    assert rig.station.online
    assert chain_of(rig) == chain


def test_TC_075_1_CS_a_root_of_the_maker_is_installed() -> None:
    rig = certified(V16)
    assert install(rig, "ManufacturerRootCertificate", MAKER) == "Accepted"
    assert wire(MAKER) in installed(rig, "ManufacturerRootCertificate")


def test_TC_075_2_CS_a_root_of_the_central_system_is_installed() -> None:
    rig = certified(V16)
    assert install(rig, "CentralSystemRootCertificate", STRANGER) == "Accepted"
    assert wire(STRANGER) in installed(rig, "CentralSystemRootCertificate")


def test_TC_076_CS_a_root_is_deleted() -> None:
    rig = certified(V16)
    assert install(rig, "CentralSystemRootCertificate", STRANGER) == "Accepted"
    assert wire(STRANGER) in installed(rig, "CentralSystemRootCertificate")
    assert rig.ask(v16.DeleteCertificate(certificate_hash_data=wire(STRANGER))).status == "Accepted"
    assert installed(rig, "CentralSystemRootCertificate") == [wire(OPERATOR)]


def test_TC_077_CS_an_invalid_certificate_of_the_station_is_told() -> None:
    rig = certified(V16)
    csr = ask_to_sign(rig)
    answer = rig.ask(v16.CertificateSigned(certificate_chain=STRANGER.sign_request(csr)))
    assert answer.status == "Rejected"
    assert rig.last(v16.SecurityEventNotification).type == "InvalidChargePointCertificate"


def test_TC_078_CS_an_invalid_root_of_the_central_system_is_told() -> None:
    rig = certified(V16)
    assert install(rig, "CentralSystemRootCertificate", root("expired", days=10)) == "Rejected"
    assert rig.last(v16.SecurityEventNotification).type == "InvalidCentralSystemCertificate"
