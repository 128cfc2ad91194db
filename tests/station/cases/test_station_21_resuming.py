"""Certification cases of 2.1 for stations about transactions that go on after a power loss or a reset (E17, B13)."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201
from tests.station.cases.test_station_201 import TAG, charging, events, got, put, statuses
from tests.station.rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig(V21, evses=2)


def wanted(rig: Rig, *, timeout_s: int = 999, energy: bool = False) -> None:
    rig.set("TxCtrlr.ResumptionTimeout", str(timeout_s))
    rig.set("TxCtrlr.AllowEnergyTransferResumption", str(energy).lower())
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")


def power_cut(rig: Rig, seconds: float = 30) -> None:
    rig.powered.cut_power()
    rig.fresh()
    rig.time.advance(seconds)
    rig.powered.power_on()
    rig.time.advance(20)


def booted(rig: Rig) -> None:
    assert rig.names()[0] == "BootNotification"
    assert (statuses(rig, 1)[-1], statuses(rig, 2)) == ("Occupied", ["Available"])
    assert rig.last(v2.SecurityEventNotification).type in ("StartupOfTheDevice", "ResetOrReboot")


def resumed(rig: Rig, transaction_id: str, state: str) -> None:
    assert {event.transaction_info.transaction_id for event in events(rig)} == {transaction_id}
    (event,) = [one for one in events(rig) if one.trigger_reason == "TxResumed"]
    assert (event.event_type, event.transaction_info.charging_state) == ("Updated", state)


@pytest.mark.parametrize(("case", "energy", "state"), [(112, False, "SuspendedEVSE"), (113, True, "Charging")])
def test_TC_E_112_CS_and_TC_E_113_CS_it_goes_on_after_a_power_loss(
    rig: Rig, case: int, energy: bool, state: str
) -> None:
    wanted(rig, energy=energy)
    transaction_id = charging(rig)
    told = rig.station.outbox.numbering(transaction_id).next_seq
    power_cut(rig)
    booted(rig)
    resumed(rig, transaction_id, state)
    assert [event.seq_no for event in events(rig)] == [told + n for n in range(len(events(rig)))]


def ended(rig: Rig) -> None:
    (event,) = events(rig)
    assert (event.event_type, event.trigger_reason) == ("Ended", "AbnormalCondition")
    assert event.transaction_info.stopped_reason == "PowerLoss"


def test_TC_E_115_CS_it_does_not_go_on_after_a_power_loss_where_the_time_is_0(rig: Rig) -> None:
    wanted(rig, timeout_s=0)
    charging(rig)
    power_cut(rig)
    ended(rig)


def test_TC_E_114_CS_a_station_that_cannot_resume_does_not() -> None:
    rig = Rig(V21, resumes=False)
    for variable in ("ResumptionTimeout", "AllowEnergyTransferResumption"):
        assert got(rig, "TxCtrlr", variable).attribute_status == "UnknownVariable"
        assert put(rig, "TxCtrlr", variable, "1").attribute_status == "UnknownVariable"
    rig.ask(v2.GetBaseReport(request_id=1, report_base="FullInventory"))
    rig.time.advance(60)
    reported = {data.variable.name for report in rig.of(v2.NotifyReport) for data in report.report_data or ()}
    assert "TxStopPoint" in reported
    assert not reported & {"ResumptionTimeout", "AllowEnergyTransferResumption"}
    rig.fresh()
    charging(rig)
    power_cut(rig)
    assert rig.names()[0] == "BootNotification"
    assert not [event for event in events(rig) if event.trigger_reason == "TxResumed"]
    ended(rig)


def test_TC_E_116_CS_it_does_not_go_on_after_too_long_a_power_loss(rig: Rig) -> None:
    wanted(rig, timeout_s=60)
    charging(rig)
    power_cut(rig, 61)
    booted(rig)
    ended(rig)


def reset(rig: Rig, evse_id: int | None = None) -> str:
    asked = v2.Reset(type="ImmediateAndResume", evse_id=UNSET if evse_id is None else evse_id)
    answer: v2.ResetResponse = rig.ask(asked)
    rig.time.advance(20)
    return answer.status


def test_TC_B_101_CS_a_reset_with_resuming_is_rejected_where_nothing_may_go_on(rig: Rig) -> None:
    wanted(rig, timeout_s=0)
    charging(rig)
    assert reset(rig) == "Rejected"
    assert events(rig) == []


@pytest.mark.parametrize(("case", "energy", "state"), [(102, False, "SuspendedEVSE"), (103, True, "Charging")])
def test_TC_B_102_CS_and_TC_B_103_CS_a_station_is_reset_and_its_transaction_goes_on(
    rig: Rig, case: int, energy: bool, state: str
) -> None:
    wanted(rig, energy=energy)
    transaction_id = charging(rig)
    assert reset(rig) == "Accepted"
    assert rig.last(v2.BootNotification).reason == "RemoteReset"
    assert (events(rig)[0].event_type, events(rig)[0].trigger_reason) == ("Updated", "ResetCommand")
    resumed(rig, transaction_id, state)
    assert statuses(rig, 1)[-1] == "Occupied"


def test_TC_B_104_CS_an_idle_station_is_reset_with_resuming(rig: Rig) -> None:
    wanted(rig)
    assert reset(rig) == "Accepted"
    assert rig.names()[0] == "BootNotification"
    assert rig.last(v2.BootNotification).reason == "RemoteReset"
    assert statuses(rig, 1) == statuses(rig, 2) == ["Available"]


def test_B13_FR_12_an_evse_is_reset_and_its_transaction_goes_on(rig: Rig) -> None:
    wanted(rig, energy=True)
    transaction_id = charging(rig)
    assert reset(rig, 1) == "Accepted"
    assert "BootNotification" not in rig.names()
    assert events(rig)[0].trigger_reason == "ResetCommand"
    resumed(rig, transaction_id, "Charging")


def test_B13_FR_23_after_a_reset_it_goes_on_however_long_that_took(rig: Rig) -> None:
    wanted(rig, timeout_s=1, energy=True)
    transaction_id = charging(rig)
    reset(rig)
    resumed(rig, transaction_id, "Charging")


def test_E17_FR_16_it_goes_on_without_a_vehicle_where_that_does_not_end_it(rig: Rig) -> None:
    wanted(rig, energy=True)
    rig.set("TxCtrlr.TxStopPoint", "Authorized")
    transaction_id = charging(rig)
    rig.powered.cut_power()
    rig.hardware.unplug()
    rig.fresh()
    rig.powered.power_on()
    rig.time.advance(10)
    resumed(rig, transaction_id, "Idle")


def test_E17_FR_17_it_ends_where_the_vehicle_has_gone(rig: Rig) -> None:
    wanted(rig, energy=True)
    charging(rig)
    rig.powered.cut_power()
    rig.hardware.unplug()
    rig.fresh()
    rig.powered.power_on()
    rig.time.advance(10)
    (event,) = events(rig)
    assert (event.event_type, event.trigger_reason) == ("Ended", "EVCommunicationLost")
    assert event.transaction_info.stopped_reason == "EVDisconnected"


def test_what_goes_on_without_energy_is_ended_by_its_driver(rig: Rig) -> None:
    wanted(rig)
    transaction_id = charging(rig)
    power_cut(rig)
    resumed(rig, transaction_id, "SuspendedEVSE")
    rig.hardware.swipe(TAG, evse_id=1)
    rig.time.advance(3)
    assert (events(rig)[-1].event_type, events(rig)[-1].trigger_reason) == ("Ended", "StopAuthorized")
    rig.hardware.unplug()
    rig.time.advance(3)
    rig.fresh()
    charging(rig)


def test_2_0_1_has_no_word_for_what_goes_on() -> None:
    rig = Rig(V201, evses=2)
    wanted(rig, energy=True)
    transaction_id = charging(rig)
    power_cut(rig)
    (event,) = events(rig)
    assert (event.event_type, event.trigger_reason) == ("Updated", "AbnormalCondition")
    assert (event.transaction_info.transaction_id, event.transaction_info.charging_state) == (
        transaction_id,
        "Charging",
    )
