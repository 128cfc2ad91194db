"""Certificates of vehicles (M07): who vouches for them, what is asked, how long an answer counts, and that doubt is no trust."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.pki.authority import Holder, root
from tests.station.rig import Rig
from tests.station.signing import wire
from tests.station.vehicles import CONTRACT, MO_ROOT, RESPONDER, install, judges, named

LISTS = "http://lists.example.com/revoked.crl"
OEM_ROOT = root("OEM root")
OEM_SUB = OEM_ROOT.issue("OEM sub", ca=True, lists=LISTS)
CAR = OEM_SUB.issue("WP0ZZZ00000000001", responder=RESPONDER)
CHAIN = CAR.pem + OEM_SUB.pem


def trusting(*, days: float = 3, bad: Holder | None = None, status: Any = "Good") -> Rig:
    """A station that knows the maker's root, and a management system that finds everything good but one, for so many days."""
    rig = Rig(V21)
    install(rig, "OEMRootCertificate", OEM_ROOT)
    number = None if bad is None else f"{bad.certificate.serial_number:x}"

    def answer(request: v2.GetCertificateChainStatus) -> v2.GetCertificateChainStatusResponse:
        return v2.GetCertificateChainStatusResponse(
            certificate_status=tuple(
                v2.CertificateStatus(
                    certificate_hash_data=asked.certificate_hash_data,
                    source=asked.source,
                    status=status if asked.certificate_hash_data.serial_number == number else "Good",
                    next_update=rig.time.now() + timedelta(days=days),
                )
                for asked in request.certificate_status_requests
            )
        )

    rig.answers[v2.GetCertificateChainStatus] = answer
    return rig


def comes(rig: Rig, chain: str = CHAIN) -> Vehicle:
    vehicle = Vehicle(Model(talks=True))
    vehicle.chain = chain
    rig.hardware.plug(vehicle)
    rig.time.advance(5)
    return vehicle


def leaves(rig: Rig) -> None:
    rig.hardware.unplug()
    rig.time.advance(1)
    rig.fresh()


def asked(rig: Rig) -> list[v2.CertificateStatusRequestInfo]:
    return [one for request in rig.of(v2.GetCertificateChainStatus) for one in request.certificate_status_requests]


def test_M07_FR_11_each_certificate_of_the_chain_is_asked_about() -> None:
    rig = trusting()
    assert comes(rig).trusted is True
    of_car, of_sub = named(CAR, OEM_SUB, OEM_ROOT)
    assert asked(rig) == [
        v2.CertificateStatusRequestInfo(certificate_hash_data=wire(of_car), source="OCSP", urls=(RESPONDER,)),
        v2.CertificateStatusRequestInfo(certificate_hash_data=wire(of_sub), source="CRL", urls=(LISTS,)),
    ]


def test_M07_FR_09_FR_10_what_is_known_is_not_asked_again_until_it_has_run_out() -> None:
    rig = trusting(days=3)
    comes(rig)
    leaves(rig)
    assert comes(rig).trusted is True
    assert asked(rig) == []
    leaves(rig)
    rig.time.advance(3 * 86_400)
    rig.fresh()
    assert comes(rig).trusted is True
    assert len(asked(rig)) == 2


def test_M07_FR_09_no_answer_counts_longer_than_a_week() -> None:
    rig = trusting(days=300)
    comes(rig)
    leaves(rig)
    rig.time.advance(6.9 * 86_400)
    comes(rig)
    assert asked(rig) == []
    leaves(rig)
    rig.time.advance(0.2 * 86_400)
    rig.fresh()
    comes(rig)
    assert len(asked(rig)) == 2


@pytest.mark.parametrize("status", ["Revoked", "Unknown", "Failed"])
@pytest.mark.parametrize("holder", [CAR, OEM_SUB], ids=["leaf", "authority"])
def test_M07_one_certificate_that_is_not_good_is_enough(status: str, holder: Holder) -> None:
    rig = trusting(bad=holder, status=status)
    vehicle = comes(rig)
    assert vehicle.trusted is False
    # A driver may still show a card, and the vehicle tells nothing.
    rig.hardware.swipe("TAG001")
    rig.time.advance(10)
    assert rig.of(v2.NotifyEVChargingNeeds) == []
    assert rig.last(v2.TransactionEvent).transaction_info.charging_state == "Charging"
    leaves(rig)
    comes(rig)
    # Of what has failed nothing is known; what is revoked stays so.
    assert len(asked(rig)) == (1 if status == "Failed" else 0)


STRANGER = root("OEM root")


@pytest.mark.parametrize(
    "chain",
    [
        STRANGER.issue("car", responder=RESPONDER).pem,
        OEM_ROOT.issue("car").pem,
        OEM_ROOT.issue("car", responder=RESPONDER, days=1).pem,
        "nonsense",
    ],
    ids=["of a stranger", "nobody can be asked about", "expired", "none"],
)
def test_a_chain_that_cannot_be_trusted_is_not_asked_about(chain: str) -> None:
    rig = trusting()
    assert comes(rig, chain).trusted is False
    assert asked(rig) == []


def test_without_connection_only_what_is_known_counts() -> None:
    rig = trusting()
    comes(rig)
    leaves(rig)
    rig.link.up = False
    rig.link.cut()
    assert comes(rig).trusted is True
    leaves(rig)
    other = OEM_SUB.issue("WP0ZZZ00000000002", responder=RESPONDER)
    assert comes(rig, other.pem + OEM_SUB.pem).trusted is False


def test_the_handshake_does_not_wait_for_ever() -> None:
    rig = trusting()
    rig.answers[v2.GetCertificateChainStatus] = lambda request: None
    vehicle = comes(rig)
    assert vehicle.trusted is None
    rig.time.advance(8)
    assert vehicle.trusted is False


def test_in_2_0_1_nobody_can_be_asked() -> None:
    rig = Rig(V201)
    install(rig, "V2GRootCertificate", OEM_ROOT)
    assert comes(rig).trusted is False


def test_a_vehicle_that_is_trusted_goes_on_with_its_contract() -> None:
    rig = trusting()
    install(rig, "MORootCertificate", MO_ROOT)
    judges(rig, "Accepted", "Accepted")
    vehicle = Vehicle(Model(talks=True))
    vehicle.chain, vehicle.contract = CHAIN, CONTRACT
    rig.hardware.plug(vehicle)
    rig.time.advance(30)
    assert (vehicle.trusted, vehicle.paid) == (True, True)
    assert rig.of(v2.NotifyEVChargingNeeds)


def test_an_answer_is_not_for_the_next_vehicle() -> None:
    rig = trusting()
    good, following = rig.answers[v2.GetCertificateChainStatus], Vehicle()

    def meanwhile(request: v2.GetCertificateChainStatus) -> Any:
        rig.hardware.unplug()
        rig.hardware.plug(following)
        return good(request)

    rig.answers[v2.GetCertificateChainStatus] = meanwhile
    assert comes(rig).trusted is None
    assert following.trusted is None
