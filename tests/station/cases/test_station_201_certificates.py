"""Certification cases of 2.0.1 for stations: roots (M03, M04, M05) and the station's own certificate (A02)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, Version
from forecourt.pki.certificates import HashData, hash_data, read
from tests.pki.authority import Holder, root
from tests.station.cases.test_station_201 import rig, version
from tests.station.rig import Rig
from tests.station.signing import MAKER, OPERATOR, STRANGER, certified, chain_of, named, requests, wire

__all__ = ["rig", "version"]


def install(rig: Rig, use: Any, holder: Holder) -> str:
    answer: v2.InstallCertificateResponse = rig.ask(v2.InstallCertificate(certificate_type=use, certificate=holder.pem))
    return answer.status


def installed(rig: Rig, *uses: Any) -> list[tuple[str, v2.CertificateHashData]]:
    """The reusable state GetInstalledCertificates."""
    answer = rig.ask(v2.GetInstalledCertificateIds(certificate_type=uses or UNSET))
    if answer.status == "NotFound":
        assert answer.certificate_hash_data_chain is UNSET
        return []
    assert answer.status == "Accepted"
    return [(one.certificate_type, one.certificate_hash_data) for one in answer.certificate_hash_data_chain]


def delete(rig: Rig, data: HashData) -> str:
    answer: v2.DeleteCertificateResponse = rig.ask(v2.DeleteCertificate(certificate_hash_data=wire(data)))
    return answer.status


def installs(rig: Rig, use: str) -> None:
    holder = root(use)
    assert install(rig, use, holder) == "Accepted"
    assert installed(rig, use) == [(use, wire(named(holder)))]


def test_TC_M_01_CS_a_root_of_the_management_system_is_installed(rig: Rig) -> None:
    installs(rig, "CSMSRootCertificate")


def test_TC_M_02_CS_a_root_of_the_maker_is_installed(rig: Rig) -> None:
    installs(rig, "ManufacturerRootCertificate")


def test_TC_M_03_CS_a_V2G_root_is_installed(rig: Rig) -> None:
    installs(rig, "V2GRootCertificate")


def test_TC_M_04_CS_a_root_of_a_mobility_operator_is_installed(rig: Rig) -> None:
    installs(rig, "MORootCertificate")


def test_TC_M_07_CS_an_expired_root_is_rejected(rig: Rig) -> None:
    expired = root("expired", days=10)
    assert install(rig, "CSMSRootCertificate", expired) == "Rejected"
    assert installed(rig, "CSMSRootCertificate") == []


def test_TC_M_12_CS_roots_of_the_management_system_are_listed(rig: Rig) -> None:
    for holder in (OPERATOR, STRANGER):
        assert install(rig, "CSMSRootCertificate", holder) == "Accepted"
    found = installed(rig, "CSMSRootCertificate")
    assert len(found) == 2
    for holder in (OPERATOR, STRANGER):
        assert ("CSMSRootCertificate", wire(named(holder))) in found


def test_TC_M_13_CS_roots_of_the_maker_are_listed(rig: Rig) -> None:
    assert install(rig, "ManufacturerRootCertificate", MAKER) == "Accepted"
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    assert installed(rig, "ManufacturerRootCertificate") == [("ManufacturerRootCertificate", wire(named(MAKER)))]


def test_TC_M_14_CS_V2G_roots_are_listed(rig: Rig) -> None:
    lists(rig, "V2GRootCertificate")


def test_TC_M_16_CS_roots_of_mobility_operators_are_listed(rig: Rig) -> None:
    lists(rig, "MORootCertificate")


def lists(rig: Rig, use: Any) -> None:
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    assert install(rig, use, STRANGER) == "Accepted"
    assert installed(rig, use) == [(use, wire(named(STRANGER)))]


def both(rig: Rig) -> set[tuple[str, str]]:
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    assert install(rig, "ManufacturerRootCertificate", MAKER) == "Accepted"
    return {
        ("CSMSRootCertificate", named(OPERATOR).serial_number),
        ("ManufacturerRootCertificate", named(MAKER).serial_number),
    }


def test_TC_M_17_CS_roots_of_two_kinds_are_listed(rig: Rig) -> None:
    expected = both(rig)
    found = installed(rig, "CSMSRootCertificate", "ManufacturerRootCertificate")
    assert {(use, data.serial_number) for use, data in found} == expected


def test_TC_M_18_CS_all_roots_are_listed(rig: Rig) -> None:
    expected = both(rig)
    found = installed(rig)
    assert len(found) == 2
    assert {(use, data.serial_number) for use, data in found} == expected


def test_TC_M_19_CS_no_root_of_this_kind_is_found(rig: Rig) -> None:
    assert installed(rig, "MORootCertificate") == []


def test_TC_M_20_CS_a_root_is_deleted(rig: Rig) -> None:
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    ((_, data),) = installed(rig, "CSMSRootCertificate")
    answer = rig.ask(v2.DeleteCertificate(certificate_hash_data=data))
    assert answer.status == "Accepted"
    assert installed(rig, "CSMSRootCertificate") == []


def test_TC_M_22_CS_an_unknown_certificate_is_not_deleted(rig: Rig) -> None:
    assert install(rig, "CSMSRootCertificate", OPERATOR) == "Accepted"
    assert delete(rig, named(STRANGER)) == "NotFound"
    assert len(installed(rig, "CSMSRootCertificate")) == 1


def ask_to_sign(rig: Rig) -> str:
    """TriggerMessage for SignChargingStationCertificate; returns the request."""
    asked = v2.TriggerMessage(requested_message="SignChargingStationCertificate")
    assert rig.ask(asked).status == "Accepted"
    csr = requests(rig)[-1]
    assert csr.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    key = x509.load_pem_x509_csr(csr.encode()).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.key_size >= 224
    return csr


def hand_over(rig: Rig, chain: str) -> str:
    answer: v2.CertificateSignedResponse = rig.ask(
        v2.CertificateSigned(certificate_chain=chain, certificate_type="ChargingStationCertificate")
    )
    return answer.status


def renewed(rig: Rig) -> str:
    """The reusable state RenewChargingStationCertificate; returns the new certificate."""
    accept(rig)
    chain = OPERATOR.sign_request(ask_to_sign(rig))
    assert hand_over(rig, chain) == "Accepted"
    return chain


def accept(rig: Rig, status: Any = "Accepted") -> None:
    rig.answers[v2.SignCertificate] = lambda request: v2.SignCertificateResponse(status=status)


def test_TC_M_23_CS_the_certificate_of_the_station_is_not_deleted(version: Version) -> None:
    rig = certified(version)
    (leaf,) = read(renewed(rig))
    rig.time.advance(60)
    installed(rig)
    assert delete(rig, hash_data(leaf, OPERATOR.certificate)) in ("NotFound", "Failed")
    assert read(chain_of(rig)) == (leaf,)


def test_TC_A_11_CS_the_certificate_of_the_station_is_renewed(version: Version) -> None:
    rig = certified(version)
    before = chain_of(rig)
    chain = renewed(rig)
    opened = rig.link.opened
    rig.time.advance(60)
    assert rig.link.opened == opened + 1
    assert rig.station.online
    assert chain_of(rig) == chain != before


def test_TC_A_14_CS_an_invalid_certificate_is_rejected(version: Version) -> None:
    rig = certified(version)
    before = chain_of(rig)
    accept(rig)
    csr = ask_to_sign(rig)
    assert hand_over(rig, STRANGER.sign_request(csr)) == "Rejected"
    assert rig.last(v2.SecurityEventNotification).type == "InvalidChargingStationCertificate"
    assert chain_of(rig) == before


def test_TC_A_15_CS_a_request_for_a_certificate_is_rejected(version: Version) -> None:
    rig = certified(version)
    accept(rig, "Rejected")
    ask_to_sign(rig)
    rig.time.advance(7200)
    assert len(requests(rig)) == 1


def test_TC_A_23_CS_the_request_is_sent_again_while_no_certificate_comes(version: Version) -> None:
    rig = certified(version)
    rig.set("SecurityCtrlr.CertSigningWaitMinimum", "20")
    rig.set("SecurityCtrlr.CertSigningRepeatTimes", "1")
    accept(rig)
    ask_to_sign(rig)
    moments = [rig.time.monotonic() - 1]
    for _ in range(2000):
        before = len(requests(rig))
        rig.time.advance(0.1)
        moments += [rig.time.monotonic()] * (len(requests(rig)) - before)
    first, second, third = requests(rig)
    assert [later - earlier for earlier, later in pairwise(moments)] == pytest.approx([20, 40], abs=0.3)
    statuses = [hand_over(rig, OPERATOR.sign_request(csr)) for csr in (first, second, third)]
    assert set(statuses) <= {"Accepted", "Rejected"}
    assert "Accepted" in statuses


# With AdditionalRootCertificateCheck.

NEXT = OPERATOR.issue("Operator root 2", ca=True)
"""A root that the old one has signed."""


def succeeded(version: Version) -> Rig:
    """The memory state: a new root has been installed, the old one is there to fall back to."""
    rig = certified(version, evses=2, additional_root_check=True)
    assert install(rig, "CSMSRootCertificate", NEXT) == "Accepted"
    return rig


def served_by(rig: Rig, holder: Holder) -> None:
    """From now on the certificate of the management system goes back to this root."""
    rig.link.reached = lambda route: holder.pem in route.roots or "InvalidCsmsCertificate"


def of_next() -> HashData:
    return hash_data(NEXT.certificate, OPERATOR.certificate)


def restarted(rig: Rig) -> None:
    rig.fresh()
    assert rig.ask(v2.Reset(type="OnIdle")).status == "Accepted"
    rig.time.advance(60)
    assert rig.of(v2.BootNotification)


def test_TC_M_09_CS_a_root_that_the_old_one_has_not_signed_is_rejected(version: Version) -> None:
    rig = certified(version, additional_root_check=True)
    assert install(rig, "CSMSRootCertificate", STRANGER) == "Rejected"
    assert installed(rig, "CSMSRootCertificate") == [("CSMSRootCertificate", wire(named(OPERATOR)))]


def test_TC_M_30_CS_the_old_root_is_gone_once_the_new_one_has_served(version: Version) -> None:
    rig = succeeded(version)
    served_by(rig, NEXT)
    restarted(rig)
    assert installed(rig, "CSMSRootCertificate") == [("CSMSRootCertificate", wire(of_next()))]


def test_TC_M_31_CS_the_station_falls_back_to_the_old_root(version: Version) -> None:
    rig = succeeded(version)
    served_by(rig, OPERATOR)
    restarted(rig)
    assert ("CSMSRootCertificate", wire(named(OPERATOR))) in installed(rig, "CSMSRootCertificate")


def test_TC_M_101_CS_a_root_of_a_vehicle_manufacturer_is_installed() -> None:
    installs(Rig(V21), "OEMRootCertificate")
