"""Certification cases of 2.0.1 for stations: contract certificates for vehicles (M01, M02)."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.station.hardware.interface import ContractRequest
from forecourt.station.hardware.vehicle import Vehicle
from tests.station.cases.test_station_201 import version
from tests.station.rig import Rig
from tests.station.vehicles import CONTRACT, EMAID, MO_ROOT, equipped, install, judges

__all__ = ["version"]

ASKED, ANSWER = "gJgCAAAAAAAAAAAA", "gJgCAAAAAAAAAAAB"


@pytest.fixture
def rig(version: Version) -> Rig:
    rig = equipped(version)
    install(rig, "MORootCertificate", MO_ROOT)
    rig.set("ISO15118Ctrlr.ContractCertificateInstallationEnabled", "true")
    judges(rig, "Accepted", "Accepted")
    return rig


def comes(rig: Rig, *, renews: bool = False, **more: Any) -> Vehicle:
    """The reusable state EVConnectedPreSession, with a vehicle that wants a certificate."""
    vehicle = Vehicle()
    vehicle.contract = CONTRACT
    vehicle.asks = ContractRequest(exi=ASKED, renews=renews, **more)
    rig.hardware.plug(vehicle)
    rig.time.advance(10)
    return vehicle


def answers(rig: Rig, status: Any, **more: Any) -> None:
    response = v2.Get15118EVCertificateResponse(
        status=status, exi_response=ANSWER if status == "Accepted" else "", **more
    )
    rig.answers[v2.Get15118EVCertificate] = lambda request: response


def asked(rig: Rig, action: str) -> None:
    (request,) = rig.of(v2.Get15118EVCertificate)
    assert (request.action, request.exi_request) == (action, ASKED)
    assert request.iso15118_schema_version == "urn:iso:15118:2:2013:MsgDef"


def is_passed_on(rig: Rig, action: str) -> None:
    answers(rig, "Accepted")
    vehicle = comes(rig, renews=action == "Update")
    asked(rig, action)
    assert rig.last(v2.Authorize).id_token.id_token == EMAID
    assert rig.names().index("Get15118EVCertificate") < rig.names().index("Authorize")
    assert (vehicle.received, vehicle.paid) == ([ANSWER], True)


def is_refused(rig: Rig, action: str) -> None:
    answers(rig, "Failed")
    vehicle = comes(rig, renews=action == "Update")
    asked(rig, action)
    rig.time.advance(60)
    assert rig.of(v2.Authorize) == []
    assert vehicle.received == [None]


def test_TC_M_26_CS_a_contract_certificate_is_installed(rig: Rig) -> None:
    is_passed_on(rig, "Install")


def test_TC_M_27_CS_a_contract_certificate_cannot_be_installed(rig: Rig) -> None:
    is_refused(rig, "Install")


def test_TC_M_28_CS_a_contract_certificate_is_renewed(rig: Rig) -> None:
    is_passed_on(rig, "Update")


def test_TC_M_29_CS_a_contract_certificate_cannot_be_renewed(rig: Rig) -> None:
    is_refused(rig, "Update")
