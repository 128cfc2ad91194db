"""Contract certificates for vehicles: when a vehicle is told of a failure, and what ISO 15118-20 adds."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V16, V21, V201
from forecourt.station.hardware.vehicle import Vehicle
from tests.station.cases.test_station_201_installing import ANSWER, answers, comes
from tests.station.rig import Rig


def disabled(rig: Rig) -> None:
    rig.set("ISO15118Ctrlr.ContractCertificateInstallationEnabled", "false")


def offline(rig: Rig) -> None:
    rig.link.up = False
    rig.link.cut()


@pytest.mark.parametrize("prepare", [disabled, offline])
def test_where_nobody_can_or_may_be_asked_it_fails_at_once(prepare: Any) -> None:
    rig = Rig(V201)
    answers(rig, "Accepted")
    prepare(rig)
    vehicle = comes(rig)
    assert vehicle.received == [None]
    assert rig.of(v2.Get15118EVCertificate) == []


def test_M01_a_vehicle_does_not_wait_for_ever_and_what_comes_late_is_not_for_it() -> None:
    rig = Rig(V201)
    rig.answers[v2.Get15118EVCertificate] = lambda request: None
    vehicle = comes(rig)
    assert vehicle.received == [None]
    rig.time.advance(60)
    assert vehicle.received == [None]


def test_an_answer_is_not_for_the_next_vehicle() -> None:
    rig = Rig(V201)
    following = Vehicle()

    def meanwhile(request: v2.Get15118EVCertificate) -> v2.Get15118EVCertificateResponse:
        rig.hardware.unplug()
        rig.hardware.plug(following)
        return v2.Get15118EVCertificateResponse(status="Accepted", exi_response=ANSWER)

    rig.answers[v2.Get15118EVCertificate] = meanwhile
    assert comes(rig).received == []
    assert following.received == []


def test_an_accepted_answer_without_content_is_a_failure() -> None:
    rig = Rig(V201)
    response = v2.Get15118EVCertificateResponse(status="Accepted", exi_response="")
    rig.answers[v2.Get15118EVCertificate] = lambda request: response
    assert comes(rig).received == [None]


def test_M01_FR_03_FR_06_a_vehicle_gets_one_contract_after_another() -> None:
    rig = Rig(V21)
    left = [2, 1, 0]
    rig.answers[v2.Get15118EVCertificate] = lambda request: v2.Get15118EVCertificateResponse(
        status="Accepted", exi_response=f"{ANSWER}{len(left)}", remaining_contracts=left.pop(0)
    )
    vehicle = comes(rig, schema="urn:iso:std:iso:15118:-20:CommonMessages", most=3, first=("DE8AA1A2B3C4D5",))
    assert vehicle.received == [f"{ANSWER}{number}" for number in (3, 2, 1)]
    first, *others = rig.of(v2.Get15118EVCertificate)
    assert others == [first, first]
    assert first.maximum_contract_certificate_chains == 3
    assert first.prioritized_emaids == ("DE8AA1A2B3C4D5",)
    assert first.iso15118_schema_version == "urn:iso:std:iso:15118:-20:CommonMessages"


def test_in_2_0_1_there_is_no_word_for_several_contracts() -> None:
    rig = Rig(V201)
    answers(rig, "Accepted")
    comes(rig, most=3, first=("DE8AA1A2B3C4D5",))
    asked = rig.last(v2.Get15118EVCertificate)
    assert (asked.maximum_contract_certificate_chains, asked.prioritized_emaids) == (UNSET, UNSET)


def test_what_cannot_be_said_in_a_version_fails() -> None:
    rig = Rig(V201)
    answers(rig, "Accepted")
    vehicle = Vehicle()
    vehicle.asks = comes(Rig(V16)).asks
    assert vehicle.asks is not None
    long = type(vehicle.asks)(exi=5601 * "A")
    vehicle.asks = long
    rig.hardware.plug(vehicle)
    rig.time.advance(2)
    assert vehicle.received == [None]
    assert comes(Rig(V16)).received == [None]
