"""Variables that may be written act: those that no certification case sets."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V201
from forecourt.station.hardware.simulated import SimulatedHardware
from forecourt.station.link import Answer
from tests.station.rig import Rig


def contexts(rig: Rig) -> set[object]:
    return {
        sampled.context
        for event in rig.of(v2.TransactionEvent)
        for value in event.meter_value or ()
        for sampled in value.sampled_value
    }


@pytest.mark.parametrize("enabled", ["true", "false"])
@pytest.mark.parametrize(
    ("component", "interval", "context"),
    [
        ("SampledDataCtrlr", "TxUpdatedInterval", "Sample.Periodic"),
        ("AlignedDataCtrlr", "Interval", "Sample.Clock"),
    ],
)
def test_readings_are_taken_only_where_that_is_enabled(
    component: str, interval: str, context: str, enabled: str
) -> None:
    rig = Rig(V201)
    rig.set(f"{component}.{interval}", "60")
    rig.set(f"{component}.Enabled", enabled)
    rig.session(seconds=300)
    assert (context in contexts(rig)) is (enabled == "true")


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_without_authorization_whoever_plugs_in_charges(enabled: str) -> None:
    rig = Rig(V201)
    rig.set("AuthCtrlr.Enabled", enabled)
    rig.hardware.plug()
    rig.time.advance(60)
    assert (rig.hardware.measure(rig.station.bays[next(iter(rig.station.bays))].evse_id).import_wh > 0) is (
        enabled == "false"
    )


@pytest.mark.parametrize("allowed", ["true", "false"])
def test_LocalAuthorizeOffline_decides_about_the_known_while_nobody_can_be_asked(allowed: str) -> None:
    rig = Rig(V201)
    rig.set("AuthCtrlr.LocalAuthorizeOffline", allowed)
    rig.session(seconds=30)
    rig.hardware.swipe("TAG001")
    rig.time.advance(5)
    rig.hardware.unplug()
    rig.time.advance(5)
    rig.link.up = False
    rig.link.cut()
    rig.fresh()
    rig.session(seconds=30)
    bay = next(iter(rig.station.bays.values()))
    assert (bay.transaction is not None and bay.closed) is (allowed == "true")


@pytest.mark.parametrize("before", ["true", "false"])
def test_B02_transactions_begin_before_the_station_is_accepted_only_if_it_may(before: str) -> None:
    rig = Rig(V201)
    rig.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    rig.set("TxCtrlr.TxBeforeAcceptedEnabled", before)
    rig.powered.cut_power()
    accepted: list[bool] = []

    def boot(request: v2.BootNotification) -> Answer:
        status: Literal["Accepted", "Pending"] = "Accepted" if accepted else "Pending"
        return v2.BootNotificationResponse(status=status, current_time=rig.time.now(), interval=60)

    rig.answers[v2.BootNotification] = boot
    rig.powered.power_on()
    rig.time.advance(5)
    rig.fresh()
    rig.session(seconds=30)
    assert not rig.of(v2.TransactionEvent)
    rig.hardware.unplug()
    rig.time.advance(5)
    accepted.append(True)
    rig.time.advance(120)
    told = [event.event_type for event in rig.of(v2.TransactionEvent)]
    assert ("Started" in told and "Ended" in told) if before == "true" else told == []


def test_I02_costs_are_shown_in_the_currency_that_is_set() -> None:
    rig = Rig(V201)
    rig.set("TariffCostCtrlr.Currency", "SEK")
    rig.session(seconds=30)
    transaction_id = rig.last(v2.TransactionEvent).transaction_info.transaction_id
    rig.ask(v2.CostUpdated(total_cost=Decimal("3.00"), transaction_id=transaction_id))
    assert rig.hardware.shown == ["SEK 3.00 so far"]


@pytest.mark.parametrize("retries", [0, 2])
def test_ResetRetries_says_how_often_hardware_that_does_not_start_anew_is_told_again(
    retries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(V16)
    rig.set("ResetRetries", str(retries))
    tried: list[float] = []

    def restart(hardware: SimulatedHardware) -> bool:
        tried.append(rig.time.monotonic())
        return False

    monkeypatch.setattr(SimulatedHardware, "restart", restart)
    assert rig.ask(v16.Reset(type="Hard")).status == "Accepted"
    rig.time.advance(300)
    assert len(tried) == 1 + retries
