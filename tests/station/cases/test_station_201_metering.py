"""Certification cases of 2.0.1 for stations about readings (block J)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec import UNSET

from forecourt.ocpp import v2
from tests.station.cases.test_station_201 import TAG, charging, events, rig, version
from tests.station.rig import Rig

__all__ = ["rig", "version"]

MEASURANDS = ("Energy.Active.Import.Register", "Power.Active.Import", "Voltage", "SoC")
CHOSEN = ",".join(MEASURANDS)
BEFORE = {"Energy.Active.Import.Register", "Power.Active.Import", "Voltage"}
"""SoC is known only with a vehicle."""


def checked(values: tuple[v2.MeterValue, ...], context: str | tuple[str, ...], measurands: set[str]) -> None:
    """Each has one of the contexts and every measurand; only SoC may be of the vehicle."""
    assert values
    for value in values:
        assert {sampled.context for sampled in value.sampled_value} <= (
            {context} if isinstance(context, str) else set(context)
        )
        found = {
            "Energy.Active.Import.Register" if sampled.measurand is UNSET else sampled.measurand
            for sampled in value.sampled_value
        }
        assert measurands <= found
        for sampled in value.sampled_value:
            assert sampled.location != "EV" or sampled.measurand == "SoC"


def even(moments: list[float], interval_s: float) -> None:
    assert len(moments) >= 2
    assert [later - earlier for earlier, later in pairwise(moments)] == [pytest.approx(interval_s)] * (len(moments) - 1)


def moments(values: list[v2.MeterValue]) -> list[float]:
    return [value.timestamp.timestamp() for value in values]


def leave(rig: Rig) -> v2.TransactionEvent:
    """StopAuthorized to ParkingBayUnoccupied; the event that ends the transaction."""
    rig.hardware.swipe(TAG)
    rig.time.advance(3)
    rig.hardware.unplug()
    rig.time.advance(3)
    (ended,) = [event for event in events(rig) if event.event_type == "Ended"]
    return ended


def test_TC_J_01_CS_by_the_clock_while_nothing_charges(rig: Rig) -> None:
    rig.set("AlignedDataCtrlr.Measurands", CHOSEN)
    rig.set("AlignedDataCtrlr.Interval", "60")
    rig.time.advance(190)
    told = rig.of(v2.MeterValues)
    for message in told:
        checked(message.meter_value, "Sample.Clock", BEFORE)
    for evse_id in (1, 2):
        even(moments([message.meter_value[0] for message in told if message.evse_id == evse_id]), 60)


def test_TC_J_02_CS_by_the_clock_while_it_charges(rig: Rig) -> None:
    rig.set("AlignedDataCtrlr.Measurands", CHOSEN)
    rig.set("AlignedDataCtrlr.Interval", "60")
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    charging(rig)
    rig.time.advance(200)
    told = [event for event in events(rig) if event.trigger_reason == "MeterValueClock"]
    for event in told:
        assert isinstance(event.meter_value, tuple)
        checked(event.meter_value, "Sample.Clock", set(MEASURANDS))
    even([event.timestamp.timestamp() for event in told], 60)
    idle = rig.of(v2.MeterValues)
    assert {message.evse_id for message in idle} == {2}
    even(moments([message.meter_value[0] for message in idle]), 60)


def test_TC_J_03_CS_by_the_clock_with_the_end(rig: Rig) -> None:
    rig.set("AlignedDataCtrlr.TxEndedMeasurands", CHOSEN)
    rig.set("AlignedDataCtrlr.TxEndedInterval", "60")
    rig.set("SampledDataCtrlr.TxEndedMeasurands", "")
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    began = rig.station.now()
    charging(rig)
    rig.time.advance(250)
    ended = leave(rig)
    assert isinstance(ended.meter_value, tuple)
    checked(ended.meter_value, "Sample.Clock", set(MEASURANDS))
    found = moments(list(ended.meter_value))
    even(found, 60)
    assert began.timestamp() <= found[0] <= found[-1] <= ended.timestamp.timestamp()
    assert "MeterValueClock" not in {event.trigger_reason for event in events(rig)}


def signed(event: v2.TransactionEvent) -> list[v2.SignedMeterValue]:
    assert isinstance(event.meter_value, tuple)
    found = [
        sampled.signed_meter_value
        for value in event.meter_value
        for sampled in value.sampled_value
        if sampled.measurand == "Energy.Active.Import.Register"
    ]
    assert all(isinstance(one, v2.SignedMeterValue) for one in found)
    return [one for one in found if isinstance(one, v2.SignedMeterValue)]


@pytest.mark.parametrize("keys", ["Never", "EveryMeterValue"])
def test_TC_J_04_CS_by_the_clock_signed(rig: Rig, keys: str) -> None:
    rig.set("AlignedDataCtrlr.TxEndedMeasurands", CHOSEN)
    rig.set("AlignedDataCtrlr.TxEndedInterval", "60")
    rig.set("AlignedDataCtrlr.SignReadings", "true")
    rig.set("SampledDataCtrlr.TxEndedMeasurands", "")
    rig.set("OCPPCommCtrlr.PublicKeyWithSignedMeterValue", keys)
    charging(rig)
    rig.time.advance(200)
    ended = leave(rig)
    assert isinstance(ended.meter_value, tuple)
    checked(ended.meter_value, "Sample.Clock", set(MEASURANDS))
    even(moments(list(ended.meter_value)), 60)
    for one in signed(ended):
        assert (one.public_key == "") is (keys == "Never")


@pytest.mark.parametrize("keys", ["Never", "EveryMeterValue"])
def test_TC_J_11_CS_with_the_end_signed(rig: Rig, keys: str) -> None:
    rig.set("SampledDataCtrlr.TxEndedMeasurands", CHOSEN)
    rig.set("SampledDataCtrlr.TxEndedInterval", "30")
    rig.set("SampledDataCtrlr.SignReadings", "true")
    rig.set("OCPPCommCtrlr.PublicKeyWithSignedMeterValue", keys)
    charging(rig)
    rig.time.advance(100)
    ended = leave(rig)
    assert isinstance(ended.meter_value, tuple)
    contexts = ("Transaction.Begin", "Sample.Periodic", "Transaction.End")
    checked(ended.meter_value, contexts, set(MEASURANDS))
    assert ended.meter_value[-1].sampled_value[0].context == "Transaction.End"
    for one in signed(ended):
        assert (one.public_key == "") is (keys == "Never")


def test_TC_J_06_CS_by_the_clock_but_not_during_transactions(rig: Rig) -> None:
    rig.set("AlignedDataCtrlr.Measurands", CHOSEN)
    rig.set("AlignedDataCtrlr.Interval", "60")
    rig.set("AlignedDataCtrlr.SendDuringIdle", "true")
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    rig.time.advance(130)
    for message in rig.of(v2.MeterValues):
        checked(message.meter_value, "Sample.Clock", BEFORE)
    assert len(rig.of(v2.MeterValues)) >= 4
    charging(rig)
    rig.time.advance(130)
    assert rig.of(v2.MeterValues) == []
    assert [event for event in events(rig) if event.meter_value is not UNSET] == []
    leave(rig)
    rig.fresh()
    rig.time.advance(130)
    for message in rig.of(v2.MeterValues):
        checked(message.meter_value, "Sample.Clock", BEFORE)
    assert len(rig.of(v2.MeterValues)) >= 4


def test_TC_J_07_CS_with_the_beginning(rig: Rig) -> None:
    rig.set("TxCtrlr.TxStartPoint", "EVConnected")
    rig.set("SampledDataCtrlr.TxStartedMeasurands", CHOSEN)
    rig.hardware.plug()
    rig.time.advance(2)
    (started,) = events(rig)
    assert started.event_type == "Started"
    assert isinstance(started.meter_value, tuple)
    checked(started.meter_value, "Transaction.Begin", set(MEASURANDS))


def test_TC_J_08_CS_with_the_beginning_as_the_evse_is_known(rig: Rig) -> None:
    rig.set("TxCtrlr.TxStartPoint", "Authorized")
    rig.set("SampledDataCtrlr.TxStartedMeasurands", CHOSEN)
    rig.hardware.swipe(TAG)
    rig.time.advance(2)
    first = next(event for event in events(rig) if event.evse is not UNSET)
    assert isinstance(first.meter_value, tuple)
    checked(first.meter_value, "Transaction.Begin", BEFORE)


def test_TC_J_09_CS_while_it_charges(rig: Rig) -> None:
    rig.set("SampledDataCtrlr.TxUpdatedMeasurands", CHOSEN)
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "30")
    charging(rig)
    rig.time.advance(200)
    told = [event for event in events(rig) if event.trigger_reason == "MeterValuePeriodic"]
    for event in told:
        assert isinstance(event.meter_value, tuple)
        checked(event.meter_value, "Sample.Periodic", set(MEASURANDS))
    even([event.timestamp.timestamp() for event in told], 30)


def test_TC_J_10_CS_with_the_end(rig: Rig) -> None:
    rig.set("SampledDataCtrlr.TxEndedMeasurands", CHOSEN)
    rig.set("SampledDataCtrlr.TxEndedInterval", "30")
    rig.set("AlignedDataCtrlr.TxEndedMeasurands", "")
    charging(rig)
    rig.time.advance(200)
    ended = leave(rig)
    assert isinstance(ended.meter_value, tuple)
    contexts = ("Transaction.Begin", "Sample.Periodic", "Transaction.End")
    checked(ended.meter_value, contexts, set(MEASURANDS))
    periodic = [value for value in ended.meter_value if value.sampled_value[0].context == "Sample.Periodic"]
    even(moments(periodic), 30)
    assert ended.meter_value[-1].sampled_value[0].context == "Transaction.End"
