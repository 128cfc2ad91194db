"""People at a station: they come, charge, are refused, are called, and leave; the same seed brings the same people."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecourt.ocpp import v2, v16
from forecourt.ocpp.versions import V16, V201
from forecourt.station.fleet.driver import Drivers
from forecourt.station.fleet.habits import COMMUTERS, After, ByHour, Habits, LogNormal, Uniform
from forecourt.station.running import preset
from forecourt.station.storage import Memory
from tests.station.rig import Rig

PUNCTUAL = Habits(
    arrivals=After(Uniform(10_000, 10_000)),
    first_s=Uniform(100, 100),
    stay_s=Uniform(1000, 1000),
    soc=Uniform(0.2, 0.2),
    wants=Uniform(0.8, 0.8),
    hesitates_s=Uniform(5, 5),
    patience_s=30,
    token_first=0,
    strangers=0,
    faults=0,
)
NOBODY = replace(PUNCTUAL, first_s=Uniform(1e6, 1e6))


def with_drivers(rig: Rig, habits: Habits, name: str = "1") -> Drivers:
    drivers = Drivers(rig.powered, rig.hardware, rig.time, habits, name=name, cards=["TAG001"], strangers=["TAG666"])
    drivers.begin()
    return drivers


@pytest.mark.parametrize("token_first", [0, 1])
def test_a_driver_charges_and_leaves_and_the_next_one_comes(token_first: float) -> None:
    rig = Rig(V16)
    with_drivers(rig, replace(PUNCTUAL, token_first=token_first))
    rig.time.advance(99)
    assert not rig.heard
    rig.time.advance(1100)
    assert [type(one) for one in rig.heard if isinstance(one, v16.StartTransaction | v16.StopTransaction)] == [
        v16.StartTransaction,
        v16.StopTransaction,
    ]
    assert rig.last(v16.StopTransaction).id_tag == "TAG001"
    assert rig.last(v16.StatusNotification).status == "Available"
    rig.time.advance(10_000)
    assert len(rig.of(v16.StartTransaction)) == 2


def test_a_driver_who_is_refused_does_not_wait_for_ever() -> None:
    rig = Rig(V16)
    rig.answers[v16.Authorize] = lambda call: v16.AuthorizeResponse(id_tag_info=v16.IdTagInfo(status="Invalid"))
    with_drivers(rig, replace(PUNCTUAL, strangers=1))
    rig.time.advance(110)
    assert rig.last(v16.Authorize).id_tag == "TAG666"
    assert rig.last(v16.StatusNotification).status == "Preparing"
    rig.time.advance(40)
    assert rig.last(v16.StatusNotification).status == "Available"
    assert not rig.of(v16.StartTransaction)


def test_somebody_comes_when_the_management_system_starts_for_him_and_goes_when_it_stops() -> None:
    rig = Rig(V201)
    with_drivers(rig, NOBODY)
    token = v2.IdToken(id_token="TAG009", type="Central")
    rig.ask(v2.RequestStartTransaction(id_token=token, remote_start_id=1, evse_id=1))
    rig.time.advance(20)
    started = rig.of(v2.TransactionEvent)[0]
    assert started.event_type == "Started"
    rig.ask(v2.RequestStopTransaction(transaction_id=started.transaction_info.transaction_id))
    rig.time.advance(20)
    assert rig.last(v2.StatusNotification).connector_status == "Available"


def test_a_place_that_is_broken_is_mended_and_used_again() -> None:
    rig = Rig(V16)
    with_drivers(rig, replace(PUNCTUAL, faults=1, fault_s=Uniform(50, 50)))
    rig.time.advance(120)
    assert rig.last(v16.StatusNotification).status == "Faulted"
    rig.time.advance(40)
    assert rig.last(v16.StatusNotification).status == "Available"


def test_a_driver_whose_session_a_power_cut_ended_leaves_and_others_come() -> None:
    rig = Rig(V201)
    with_drivers(rig, PUNCTUAL)
    rig.time.advance(300)
    rig.powered.cut_power()
    rig.time.advance(60)
    rig.powered.power_on()
    rig.time.advance(60)
    assert rig.last(v2.TransactionEvent).transaction_info.stopped_reason == "PowerLoss"
    rig.time.advance(11_000)
    assert len({event.transaction_info.transaction_id for event in rig.of(v2.TransactionEvent)}) == 2


def test_nobody_moves_any_more_after_the_end() -> None:
    rig = Rig(V16)
    drivers = with_drivers(rig, PUNCTUAL)
    drivers.end()
    rig.time.advance(20_000)
    assert not rig.of(v16.StartTransaction)


def test_the_same_seed_brings_the_same_people() -> None:
    def told(name: str) -> list[v2.TransactionEvent]:
        rig = Rig(V201)
        with_drivers(rig, Habits(arrivals=After(Uniform(600, 6000))), name)
        rig.time.advance(86_400)
        return rig.of(v2.TransactionEvent)

    assert told("1 CS001") == told("1 CS001") != told("2 CS001")


def test_arrivals_are_as_many_as_stated_and_spread_over_the_day_as_stated() -> None:
    arrivals, chance = ByHour(4.0, COMMUTERS), random.Random(1)
    at, hours, days = datetime(2030, 1, 1, tzinfo=UTC), Counter[int](), 5000
    end = at + timedelta(days=days)
    while (at := at + timedelta(seconds=arrivals.wait_s(chance, at))) < end:
        hours[at.hour] += 1
    assert hours.total() / days == pytest.approx(4.0, rel=0.03)
    mean = sum(COMMUTERS) / len(COMMUTERS)
    for hour, weight in enumerate(COMMUTERS):
        assert hours[hour] * 24 / hours.total() == pytest.approx(weight / mean, abs=0.12)


def test_half_of_the_log_normal_numbers_are_below_the_median_and_none_beyond_the_ends() -> None:
    distribution, chance = LogNormal(100, 0.7, 30, 400), random.Random(1)
    drawn = [distribution.draw(chance) for _ in range(4000)]
    assert sum(one < 100 for one in drawn) / len(drawn) == pytest.approx(0.5, abs=0.03)
    assert (min(drawn), max(drawn)) == (30, 400)


def test_only_vehicles_for_dc_come_where_there_is_nothing_else() -> None:
    habits = Habits(direct_only=True)
    models = {habits.visit(random.Random(n), ["A"], []).model.dc_power_w for n in range(300)}
    assert 0 not in models
    assert len(models) == 5


def test_variables_are_set_before_the_first_start_and_what_was_set_since_stays() -> None:
    storage = Memory()
    preset(storage, {"SampledDataCtrlr.TxUpdatedInterval": "7", "OCPPCommCtrlr.MessageAttempts.TransactionEvent": "5"})
    rig = Rig(V201, storage=storage)
    assert rig.station.model.integer("SampledDataCtrlr", "TxUpdatedInterval") == 7
    assert rig.station.model.integer("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent") == 5
    rig.set("SampledDataCtrlr.TxUpdatedInterval", "9")
    rig.powered.cut_power()
    preset(storage, {"SampledDataCtrlr.TxUpdatedInterval": "7"})
    rig.powered.power_on()
    assert rig.station.model.integer("SampledDataCtrlr", "TxUpdatedInterval") == 9


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"SampledDataCtrlr.Nothing": "7"}, "no variable"), ({"SampledDataCtrlr.TxUpdatedInterval": "x"}, "no number")],
)
def test_a_variable_that_there_is_not_or_cannot_be_so_is_refused(settings: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        preset(Memory(), settings)
