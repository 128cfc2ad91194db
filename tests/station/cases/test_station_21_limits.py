"""Limits of transactions in 2.1 (E16), among them the certification cases for stations.

Part 6 wants the limit that is reached told again in TC_E_100, 106 and 107, and left out in TC_E_101, 102 and 104; E16.FR.01
and 03 say once, so it is told with LimitSet only. TC_E_105 names the wrong limit as reached. TC_E_102 sets no time in its script, but its
description does, and so do its validations.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from forecourt.charging.rates import Cap
from forecourt.charging.schedule import RateUnit
from forecourt.ocpp import v2
from forecourt.ocpp.versions import V21, V201
from forecourt.station.state import Limits
from tests.station.cases.test_station_21_resuming import power_cut, wanted
from tests.station.cases.test_station_201 import charging, events, got, statuses
from tests.station.rig import ACCEPTED, Rig


@pytest.fixture
def rig() -> Rig:
    made = Rig(V21)
    made.set("SampledDataCtrlr.TxUpdatedInterval", "0")
    return made


def answering(rig: Rig, **fields: Any) -> None:
    """The next answer to a TransactionEvent has these fields."""

    def once(request: v2.TransactionEvent) -> v2.TransactionEventResponse:
        del rig.answers[v2.TransactionEvent]
        info = UNSET if request.id_token is UNSET else ACCEPTED
        return v2.TransactionEventResponse(id_token_info=info, **fields)

    rig.answers[v2.TransactionEvent] = once


def imposed(rig: Rig, **limits: Any) -> v2.TransactionEvent:
    """The management system sets limits in the answer to what it asks for; returns what is told next."""
    rig.fresh()
    answering(rig, transaction_limit=v2.TransactionLimit(**limits))
    rig.ask(v2.TriggerMessage(requested_message="TransactionEvent"))
    asked, *told = events(rig)
    assert (asked.trigger_reason, asked.transaction_info.transaction_limit) == ("Trigger", UNSET)
    return told[0]


def limit(event: v2.TransactionEvent) -> dict[str, object]:
    told = event.transaction_info.transaction_limit
    names = ("max_energy", "max_time", "max_cost", "max_so_c")
    return {} if told is UNSET else {name: value for name in names if (value := getattr(told, name)) is not UNSET}


def confirmed(event: v2.TransactionEvent, **limits: object) -> None:
    assert (event.event_type, event.trigger_reason, limit(event)) == ("Updated", "LimitSet", limits)


def reached(rig: Rig, trigger: str) -> None:
    """The energy stops; the limit is not told again (E16.FR.01, 03)."""
    (event,) = [one for one in events(rig) if one.trigger_reason.endswith("LimitReached")]
    assert (event.event_type, event.trigger_reason, limit(event)) == ("Updated", trigger, {})
    assert event.transaction_info.charging_state == "SuspendedEVSE"
    assert rig.hardware.measure(rig.station.bays[1].evse_id).power_w == 0  # type: ignore[index]


def used_wh(rig: Rig) -> Decimal:
    bay = rig.station.bays[1]  # type: ignore[index]
    assert bay.transaction is not None
    return rig.hardware.measure(bay.evse_id).import_wh - bay.transaction.begin_wh


def wishes(rig: Rig, **limits: str) -> None:
    rig.fresh()
    rig.hardware.limit(Limits(**{name: Decimal(value) for name, value in limits.items()}))
    rig.time.advance(1)


def cost(rig: Rig, total: str) -> None:
    transaction = rig.station.bays[1].transaction  # type: ignore[index]
    assert transaction is not None
    rig.ask(v2.CostUpdated(total_cost=Decimal(total), transaction_id=transaction.id))


def test_E16_FR_05_energy_stops_at_the_limit_of_the_management_system(rig: Rig) -> None:
    charging(rig)
    confirmed(imposed(rig, max_energy=Decimal(2000)), max_energy=2000)
    confirmed(imposed(rig, max_energy=Decimal(200)), max_energy=200)
    rig.time.advance(600)
    reached(rig, "EnergyLimitReached")
    assert Decimal("199.9") < used_wh(rig) <= 200


def test_E16_FR_05_energy_stops_at_the_limit_when_the_power_changes_on_the_way(rig: Rig) -> None:
    charging(rig)
    rig.hardware.restrict(Cap(Decimal(7), RateUnit.A), evse_id=1)
    rig.time.advance(5)
    imposed(rig, max_energy=Decimal(1000))
    rig.time.advance(500)
    rig.hardware.restrict(None, evse_id=1)
    rig.time.advance(600)
    reached(rig, "EnergyLimitReached")
    assert Decimal("999.9") < used_wh(rig) <= 1000


def test_E16_FR_09_time_counts_from_the_begin_of_the_transaction(rig: Rig) -> None:
    charging(rig)
    began = rig.station.bays[1].transaction.began_at  # type: ignore[index, union-attr]
    confirmed(imposed(rig, max_time=3600), max_time=3600)
    confirmed(imposed(rig, max_time=300), max_time=300)
    rig.time.advance(600)
    reached(rig, "TimeLimitReached")
    assert (events(rig)[-1].timestamp - began).total_seconds() == 300


def test_TC_E_101_CS_a_limit_of_cost_of_the_driver(rig: Rig) -> None:
    charging(rig)
    wishes(rig, cost="45.30")
    confirmed(events(rig)[0], max_cost=Decimal("45.30"))
    rig.fresh()
    cost(rig, "44.30")
    rig.ask(v2.TriggerMessage(requested_message="TransactionEvent"))
    (told,) = events(rig)
    assert (told.event_type, told.trigger_reason, limit(told)) == ("Updated", "Trigger", {})
    cost(rig, "45.30")
    reached(rig, "CostLimitReached")


def test_TC_E_102_CS_limits_of_both(rig: Rig) -> None:
    charging(rig)
    confirmed(imposed(rig, max_energy=Decimal(20000), max_time=3600), max_energy=20000, max_time=3600)
    assert len(events(rig)) == 2
    wishes(rig, energy_wh="10000")
    confirmed(events(rig)[0], max_energy=10000, max_time=3600)
    wishes(rig, energy_wh="40000")
    assert events(rig) == []
    assert rig.hardware.shown is not None
    assert rig.hardware.shown[-1] == "Not possible"
    confirmed(imposed(rig, max_energy=Decimal(2000)), max_energy=2000, max_time=3600)
    rig.fresh()
    rig.time.advance(900)
    reached(rig, "EnergyLimitReached")
    assert Decimal("1999.9") < used_wh(rig) <= 2000


def test_TC_E_104_CS_a_limit_of_cost_with_the_cost_in_answers(rig: Rig) -> None:
    rig.set("TxCtrlr.TxStartPoint", "EVConnected")
    rig.fresh()
    answering(rig, transaction_limit=v2.TransactionLimit(max_cost=Decimal("99.13")))
    rig.hardware.plug()
    rig.time.advance(2)
    confirmed(events(rig)[1], max_cost=Decimal("99.13"))
    answering(rig, transaction_limit=v2.TransactionLimit(max_cost=Decimal("99.13")))
    rig.fresh()
    rig.hardware.swipe("TAG001")
    rig.time.advance(20)
    confirmed(next(one for one in events(rig) if one.trigger_reason == "LimitSet"), max_cost=Decimal("99.13"))
    assert events(rig)[-1].transaction_info.charging_state == "Charging"
    for total in ("50.34", "120.34"):
        rig.fresh()
        answering(rig, total_cost=Decimal(total))
        rig.ask(v2.TriggerMessage(requested_message="TransactionEvent"))
        assert limit(events(rig)[0]) == {}
    reached(rig, "CostLimitReached")


@pytest.mark.parametrize(("wish", "trigger"), [("energy_wh", "EnergyLimitReached"), ("time_s", "TimeLimitReached")])
def test_E16_FR_01_limits_of_the_driver(rig: Rig, wish: str, trigger: str) -> None:
    charging(rig)
    wishes(rig, **{wish: "200"})
    assert [(one.trigger_reason, list(limit(one).values())) for one in events(rig)] == [("LimitSet", [200])]
    rig.time.advance(400)
    reached(rig, trigger)


def test_E16_FR_05_energy_stops_at_a_state_of_charge(rig: Rig) -> None:
    charging(rig)
    confirmed(imposed(rig, max_so_c=42), max_so_c=42)
    rig.time.advance(1800)
    reached(rig, "SoCLimitReached")
    vehicle = rig.hardware.vehicle_at(1)
    assert vehicle is not None
    assert vehicle.soc == pytest.approx(0.42, abs=0.002)


@pytest.mark.parametrize(
    ("limits", "trigger", "reason"),
    [
        ({"max_energy": Decimal(200)}, "EnergyLimitReached", "EnergyLimitReached"),
        ({"max_time": 100}, "TimeLimitReached", "TimeLimitReached"),
        ({"max_cost": Decimal(-1)}, "CostLimitReached", "LocalOutOfCredit"),
        ({"max_so_c": 41}, "SoCLimitReached", "SOCLimitReached"),
    ],
)
def test_E16_FR_06_where_energy_ends_transactions_the_limit_does(
    rig: Rig, limits: dict[str, Any], trigger: str, reason: str
) -> None:
    rig.set("TxCtrlr.TxStopPoint", "EnergyTransfer")
    rig.fresh()
    charging(rig)
    cost(rig, "0")
    imposed(rig, **limits)
    rig.time.advance(900)
    event = events(rig)[-1]
    assert (event.event_type, event.trigger_reason, limit(event)) == ("Ended", trigger, {})
    assert event.transaction_info.stopped_reason == reason
    assert event.transaction_info.charging_state == "EVConnected"


def test_E16_FR_10_a_limit_that_is_passed_already_stops_the_energy_at_once(rig: Rig) -> None:
    charging(rig)
    told = imposed(rig, max_energy=Decimal(-5))
    confirmed(told, max_energy=-5)
    reached(rig, "EnergyLimitReached")


def test_E16_FR_14_energy_flows_again_when_the_limit_is_raised(rig: Rig) -> None:
    charging(rig)
    imposed(rig, max_energy=Decimal(200))
    rig.time.advance(600)
    reached(rig, "EnergyLimitReached")
    confirmed(imposed(rig, max_energy=Decimal(400)), max_energy=400)
    rig.fresh()
    rig.time.advance(5)
    assert events(rig)[-1].transaction_info.charging_state == "Charging"
    rig.time.advance(600)
    reached(rig, "EnergyLimitReached")
    assert Decimal("399.9") < used_wh(rig) <= 400


def test_E16_FR_13_what_is_not_supported_is_neither_confirmed_nor_followed() -> None:
    rig = Rig(V21, limits=("maxTime",))
    assert got(rig, "TxCtrlr", "SupportedLimits").attribute_value == "maxTime"
    charging(rig)
    confirmed(imposed(rig, max_time=3600, max_energy=Decimal(100)), max_time=3600)
    rig.fresh()
    answering(rig, transaction_limit=v2.TransactionLimit(max_energy=Decimal(100)))
    rig.ask(v2.TriggerMessage(requested_message="TransactionEvent"))
    assert [one.trigger_reason for one in events(rig)] == ["Trigger"]
    wishes(rig, energy_wh="100")
    rig.time.advance(600)
    assert not [one for one in events(rig) if "Limit" in one.trigger_reason]


def test_E16_in_2_0_1_there_are_no_limits() -> None:
    rig = Rig(V201)
    charging(rig)
    wishes(rig, energy_wh="100")
    rig.time.advance(600)
    assert not [one for one in events(rig) if "Limit" in one.trigger_reason]


@pytest.mark.parametrize("when", ["before", "after"])
def test_E17_a_limit_holds_over_a_loss_of_power(rig: Rig, when: str) -> None:
    wanted(rig, energy=True)
    charging(rig)
    imposed(rig, max_energy=Decimal(400))
    rig.time.advance(600 if when == "after" else 30)
    power_cut(rig)
    rig.time.advance(600)
    if when == "after":
        assert events(rig)[-1].transaction_info.charging_state == "SuspendedEVSE"
        assert [one.trigger_reason for one in events(rig)] == ["TxResumed"]
    else:
        reached(rig, "EnergyLimitReached")
    assert Decimal("399.9") < used_wh(rig) <= 400
    assert statuses(rig)[-1] == "Occupied"
