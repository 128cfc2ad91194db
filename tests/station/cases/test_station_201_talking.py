"""Certification cases of 2.0.1 for stations: schedules and ends that vehicles agree on (E15, K15, K17, N10; ISO 15118)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import Version
from forecourt.station.hardware.vehicle import Model, Vehicle
from tests.station.cases.test_station_201 import version
from tests.station.cases.test_station_201_contracts import charges, prepared, told
from tests.station.cases.test_station_201_customer import asked
from tests.station.rig import Rig
from tests.station.signing import wire
from tests.station.test_smart_charging import accepted, amperes, profile, schedule
from tests.station.vehicles import CONTRACT, LEAF, MO_SUB2, arrives, judges, named

__all__ = ["version"]

BEFORE_CHARGING_S = 1.2
"""The vehicle is authorized and has told its needs, but takes nothing yet."""


@pytest.fixture
def rig(version: Version) -> Rig:
    rig = prepared(version)
    judges(rig, "Accepted", "Accepted")
    return rig


def authorized(rig: Rig, *, seconds: float = BEFORE_CHARGING_S) -> str:
    """The reusable states EVConnectedPreSession and Authorized15118; with more seconds EnergyTransferStarted too."""
    arrives(rig, seconds=seconds)
    (event,) = [event for event in told(rig) if event.trigger_reason == "Authorized"]
    assert event.event_type in ("Started", "Updated")
    assert event.id_token is not UNSET
    needs = rig.last(v2.NotifyEVChargingNeeds)
    assert needs.evse_id == 1
    ac, dc = needs.charging_needs.ac_charging_parameters, needs.charging_needs.dc_charging_parameters
    assert (ac is UNSET) is not (dc is UNSET)
    return event.transaction_info.transaction_id


def charges_from(rig: Rig, *, offline: bool = False) -> None:
    (event,) = [event for event in told(rig) if event.transaction_info.charging_state == "Charging"][:1]
    assert event.trigger_reason == "ChargingStateChanged"
    assert event.offline is (True if offline else UNSET)


def follows(rig: Rig, limit: float) -> None:
    """What the vehicle says it will do is within what was set, and it does so."""
    said = rig.last(v2.NotifyEVChargingSchedule)
    assert said.evse_id == 1
    assert said.charging_schedule.charging_rate_unit == "A"
    first, *others = said.charging_schedule.charging_schedule_period
    assert first.start_period == 0
    most = Decimal(str(limit))
    assert all(period.limit is not UNSET and period.limit <= most for period in (first, *others))
    rig.time.advance(5)
    assert 0 < amperes(rig) <= most


def sets(rig: Rig, transaction_id: str, limit: float, **more: Any) -> None:
    accepted(rig, profile(schedule((0, limit), **more), purpose="TxProfile", transaction_id=transaction_id))


def test_TC_K_53_CS_a_schedule_is_agreed(rig: Rig) -> None:
    transaction_id = authorized(rig)
    assert [event.transaction_info.charging_state for event in told(rig)][-1] == "EVConnected"
    sets(rig, transaction_id, 6)
    follows(rig, 6)
    names = rig.names()
    assert names.index("NotifyEVChargingNeeds") < names.index("NotifyEVChargingSchedule")
    charges_from(rig)


def test_TC_K_54_CS_no_schedule_is_offered(rig: Rig) -> None:
    rejected = v2.NotifyEVChargingNeedsResponse(status="Rejected")
    rig.answers[v2.NotifyEVChargingNeeds] = lambda request: rejected
    authorized(rig, seconds=30)
    assert all(said.evse_id == 1 for said in rig.of(v2.NotifyEVChargingSchedule))
    charges_from(rig)


def test_TC_K_56_CS_a_schedule_while_offline(rig: Rig) -> None:
    rig.set("OCPPCommCtrlr.RetryBackOffWaitMinimum", "10")
    now = rig.time.now()
    accepted(rig, profile(schedule((0, 6), start=now, duration=400)))
    rig.fresh()
    authorized(rig)
    rig.link.up = False
    rig.link.cut()
    rig.time.advance(90)
    assert amperes(rig) == 6
    rig.link.up = True
    rig.time.advance(90)
    charges_from(rig, offline=True)


def test_TC_K_57_CS_the_vehicle_asks_for_another_schedule(rig: Rig) -> None:
    transaction_id = authorized(rig, seconds=30)
    charges_from(rig)
    rig.fresh()
    rig.hardware.renegotiate()
    rig.time.advance(2)
    (needs,) = rig.of(v2.NotifyEVChargingNeeds)
    assert needs.evse_id == 1
    sets(rig, transaction_id, 10, duration=300)
    follows(rig, 10)


def test_TC_K_58_CS_the_management_system_asks_for_another_schedule(rig: Rig) -> None:
    transaction_id = authorized(rig, seconds=30)
    charges_from(rig)
    rig.fresh()
    sets(rig, transaction_id, 8)
    follows(rig, 8)
    assert amperes(rig) == 8


@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EnergyTransfer", "EVConnected"])
def test_TC_E_46_CS_the_vehicle_ends_the_session(rig: Rig, stop: str) -> None:
    rig.set("TxCtrlr.TxStopPoint", stop)
    arrives(rig)
    charges(rig)
    rig.fresh()
    rig.hardware.end_session()
    rig.time.advance(2)
    (event,) = told(rig)
    assert event.trigger_reason == "StopAuthorized"
    assert event.transaction_info.charging_state == "EVConnected"
    if stop == "EVConnected":
        assert event.event_type == "Updated"
        # E15.FR.04: it is told once.
        rig.hardware.end_session()
        rig.time.advance(2)
        assert len(told(rig)) == 1
    else:
        assert event.event_type == "Ended"
        assert event.transaction_info.stopped_reason == "StoppedByEV"


def test_TC_N_63_CS_a_customer_is_erased_by_a_certificate(rig: Rig) -> None:
    rig.set("ISO15118Ctrlr.ContractCertificateInstallationEnabled", "true")
    arrives(rig)
    charges(rig)
    rig.hardware.end_session()
    rig.time.advance(2)
    certificate = wire(named(LEAF, MO_SUB2)[0])
    # No contract is kept, so there is nothing to report before it is erased, nor afterwards.
    assert asked(rig, report=True, clear=True, customer_certificate=certificate) == ""
    assert asked(rig, report=True, customer_certificate=certificate) == ""


def test_TC_E_54_CS_it_ends_when_the_vehicle_is_disconnected(rig: Rig) -> None:
    rig.set("TxCtrlr.TxStopPoint", "EVConnected")
    rig.set("TxCtrlr.StopTxOnEVSideDisconnect", "false")
    vehicle = Vehicle(Model(talks=True), soc=0.3, target=0.3005)
    vehicle.contract = CONTRACT
    rig.hardware.plug(vehicle)
    rig.time.advance(30)
    suspended = told(rig)[-1]
    assert (suspended.event_type, suspended.trigger_reason) == ("Updated", "ChargingStateChanged")
    assert suspended.transaction_info.charging_state == "SuspendedEV"
    rig.fresh()
    rig.hardware.unplug(cable_left=True)
    rig.time.advance(2)
    (event,) = told(rig)
    assert (event.event_type, event.trigger_reason) == ("Ended", "EVCommunicationLost")
    assert event.transaction_info.charging_state == "Idle"
    assert event.transaction_info.stopped_reason in ("StoppedByEV", "EVDisconnected")
