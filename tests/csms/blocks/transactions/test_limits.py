"""Limits: refused where nobody can watch them, sent where the station can, and a stop in time everywhere."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from forecourt.charging.limits import LimitKind, Limits, Reporting
from forecourt.charging.quantities import Money
from forecourt.csms.blocks.transactions.actions import set_limits
from forecourt.csms.blocks.transactions.model import Ability, TransactionKey
from forecourt.errors import Conflict, Invalid, NotFound, Offline
from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.blocks.transactions.world import EUR, NOW, VERSIONS, Speaker, World

ALL = frozenset(kind.value for kind in LimitKind)
READS = Reporting(energy_every_s=60, soc_every_s=60)


def speaker(world: World, version: Version = V21, **more: Any) -> Speaker:
    return Speaker(world, world.link(version), **more)


async def limit(world: World, key: int = 1, **limits: Any) -> None:
    await set_limits(world.block, world.store, world.stations, TransactionKey(key), Limits(**limits))


async def advance_to(world: World, seconds: float) -> None:
    """Move our clock to a second of the session, and let what falls due happen."""
    elapsed = (world.clock.now() - NOW).total_seconds()
    await world.clock.advance(seconds - elapsed)
    while world.tasks._running:
        await world.clock.sleep(0)


def energy(limit_wh: int) -> dict[str, Any]:
    return {"energy_wh": Decimal(limit_wh)}


# Who may be given a limit.


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_limit_that_nobody_can_observe_is_refused_saying_why(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    with pytest.raises(Invalid) as caught:
        await limit(world, energy_wh=Decimal(5000), cost=Money(Decimal(10), EUR), soc_percent=80, time_s=600)
    assert dict(caught.value.fields) == {
        "energyWh": "the station sends no energy readings while a transaction runs",
        "cost": "there is no price",
        "socPercent": "the station sends no state of charge",
    }
    assert (await world.record())["limits_wanted"] is None


async def test_readings_that_come_too_seldom_cannot_be_watched_by(world: World) -> None:
    world.ability = Ability(Reporting(energy_every_s=3600))
    await speaker(world).begin(0, 1000)
    with pytest.raises(Invalid, match="seldom"):
        await limit(world, **energy(5000))


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_what_a_transaction_has_shown_so_far_is_known_of_its_station(world: World, version: Version) -> None:
    station = speaker(world, version)
    await station.begin(0, 1000)
    await station.meter(60, 1100)
    await station.meter(120, 1200)
    await limit(world, **energy(5000))
    assert (await world.record())["limits_wanted"] == {"energyWh": "5000"}


async def test_time_can_always_be_watched(world: World) -> None:
    await speaker(world, V16).begin(0, 1000)
    await limit(world, time_s=600)
    ((_, event),) = await world.happened("LimitSet")
    assert (event["by"], event["limits"]) == ("csms", {"maxTime": "600"})


async def test_what_has_no_transaction_or_an_ended_one_has_no_limits(world: World) -> None:
    with pytest.raises(NotFound):
        await limit(world, time_s=600)
    station = speaker(world)
    await station.begin(0, 1000)
    await station.end(60, 1100)
    with pytest.raises(Conflict):
        await limit(world, time_s=600)


async def test_a_cost_in_another_currency_than_the_price_is_refused(world: World) -> None:
    world.block = world.transactions(price="0.50")
    world.ability = Ability(READS)
    await speaker(world).begin(0, 1000)
    with pytest.raises(Invalid, match="currencies_differ"):
        await limit(world, cost=Money(Decimal(10), "GBP"))


# What the station is told.


async def test_TC_E_110_CSMS_E16_FR_02_a_limit_is_in_the_next_answer_and_not_repeated(world: World) -> None:
    world.ability = Ability(READS, ALL)
    station = speaker(world)
    await station.begin(0, 1000)
    await limit(world, **energy(5000))
    assert await station.meter(60, 1100) == {"transactionLimit": {"maxEnergy": 5000}}
    assert await station.meter(70, 1200) == {}
    info = {"transactionLimit": {"maxEnergy": 5000}}
    assert await station.event("Updated", 80, "LimitSet", info=info) == {}
    assert await station.meter(90, 1300) == {}
    record = await world.record()
    assert (record["limits_confirmed"], record["limits_told"]) == (["maxEnergy"], {"energyWh": "5000"})
    assert [event["by"] for _, event in await world.happened("LimitSet")] == ["csms", "station"]


async def test_E16_FR_03_a_limit_that_is_not_confirmed_is_sent_again_to_a_station_that_comes_back(world: World) -> None:
    world.ability = Ability(READS, ALL)
    station = speaker(world)
    await station.begin(0, 1000)
    await limit(world, time_s=600)
    assert await station.meter(60, 1100) == {"transactionLimit": {"maxTime": 600}}
    station.link = world.link(V21, epoch=2)
    assert await station.meter(90, 1200) == {"transactionLimit": {"maxTime": 600}}
    assert await station.meter(100, 1300) == {}
    assert (await world.record())["limits_confirmed"] == []


@pytest.mark.parametrize(
    ("version", "supported"), [(V21, frozenset({"maxTime"})), (V21, frozenset()), (V201, ALL), (V16, ALL)]
)
async def test_E16_FR_12_only_supported_limits_are_sent_and_none_where_there_are_no_words(
    world: World, version: Version, supported: frozenset[str]
) -> None:
    world.ability = Ability(READS, supported)
    station = speaker(world, version)
    await station.begin(0, 1000)
    await limit(world, **energy(5000))
    assert await station.meter(60, 1100) == {}
    assert (await world.record())["limits_wanted"] == {"energyWh": "5000"}


async def test_TC_E_106_CSMS_TC_E_107_CSMS_a_limit_of_the_driver_is_noted_and_not_answered(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    for limits in ({"maxEnergy": 6000}, {"maxTime": 900}):
        assert await station.event("Updated", 10, "LimitSet", info={"transactionLimit": limits}) == {}
    record = await world.record()
    assert (record["limits_told"], record["limits_wanted"]) == ({"energyWh": "6000", "timeS": 900}, None)


async def test_TC_E_102_CSMS_E16_FR_07_the_management_system_has_the_last_word(world: World) -> None:
    world.ability = Ability(READS, ALL)
    station = speaker(world)
    await station.begin(0, 1000)
    assert await station.event("Updated", 10, "LimitSet", info={"transactionLimit": {"maxEnergy": 6000}}) == {}
    await limit(world, **energy(10000))
    assert await station.meter(60, 1100) == {"transactionLimit": {"maxEnergy": 10000}}
    assert (await world.record())["limits_confirmed"] == []
    assert await station.event("Updated", 70, "LimitSet", info={"transactionLimit": {"maxEnergy": 20000}}) == {
        "transactionLimit": {"maxEnergy": 10000}
    }
    assert await station.event("Updated", 80, "LimitSet", info={"transactionLimit": {"maxEnergy": 10000}}) == {}
    assert (await world.record())["limits_confirmed"] == ["maxEnergy"]
    # E16.FR.08: what the station observes is low enough.
    assert await station.event("Updated", 90, "LimitSet", info={"transactionLimit": {"maxEnergy": 8000}}) == {}


async def test_E16_FR_17_a_limit_the_station_has_is_lifted_and_not_forgotten(world: World) -> None:
    world.ability = Ability(READS, ALL)
    station = speaker(world)
    await station.begin(0, 1000)
    await limit(world, **energy(5000))
    await station.meter(60, 1100)
    await limit(world, time_s=900)
    assert await station.meter(70, 1200) == {"transactionLimit": {"maxEnergy": 10_000_000, "maxTime": 900}}


async def test_TC_E_109_CSMS_E16_FR_11_a_cost_limit_comes_with_the_running_cost(world: World) -> None:
    world.block = world.transactions(price="0.50")
    world.ability = Ability(READS, ALL)
    world.first = Limits(cost=Money(Decimal(10), EUR))
    station = speaker(world)
    answer = await station.begin(0, 1000)
    assert (answer["transactionLimit"], answer["totalCost"]) == ({"maxCost": 10}, 0)
    limits = {"transactionLimit": {"maxCost": 10}}
    assert await station.event("Updated", 10, "LimitSet", info=limits) == {"totalCost": 0}
    assert await station.meter(60, 3000) == {"totalCost": 1.0}
    assert (await station.end(120, 4500))["totalCost"] == 1.75


async def test_TC_E_108_CSMS_E16_FR_16_who_reckons_the_cost_itself_is_not_told_it(world: World) -> None:
    world.block = world.transactions(price="0.50")
    station = speaker(world)
    await station.begin(0, 1000)
    cost = {
        "totalCost": {"currency": EUR, "typeOfCost": "NormalCost", "total": {"exclTax": 1}},
        "totalUsage": {"energy": 1, "chargingTime": 1, "idleTime": 1},
    }
    assert await station.event("Updated", 10, "RunningCost", costDetails=cost, wh=1500) == {}
    assert "totalCost" not in await station.end(120, 2500)


@pytest.mark.parametrize("version", [V201, V21], ids=lambda version: version.name)
async def test_the_final_cost_is_told_where_there_is_a_price(world: World, version: Version) -> None:
    world.block = world.transactions(price="0.50")
    station = speaker(world, version)
    assert "totalCost" not in await station.begin(0, 1000)
    assert (await station.end(120, 2500))["totalCost"] == 0.75


async def test_C17_FR_03_a_limit_that_cannot_be_watched_at_the_begin_is_left_out_and_remarked(world: World) -> None:
    world.first = Limits(time_s=600, soc_percent=80)
    await speaker(world).begin(0, 1000)
    record = await world.record()
    assert record["limits_wanted"] == {"timeS": 600}
    assert record["trail"]["record"] == [
        {"remark": "LIMIT_NOT_WATCHED", "detail": "socPercent: the station sends no state of charge"}
    ]


# What we do ourselves.


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
async def test_a_stop_is_asked_for_before_the_energy_limit_is_overshot(world: World, version: Version) -> None:
    """10 kW flow, the limit is 1 kWh: reached 360 s after the begin, asked for 5 s earlier, between two readings."""
    world.ability = Ability(replace(READS, energy_every_s=120))
    station = speaker(world, version)
    await station.begin(0, 0)
    await station.state(0, "Charging")
    await limit(world, **energy(1000))
    await advance_to(world, 180)
    await station.meter(180, 500)
    await advance_to(world, 300)
    await station.meter(300, 833)
    await advance_to(world, 350)
    assert world.stopped == []
    await advance_to(world, 356)
    ((wire_id, reference),) = world.stopped
    assert (wire_id, reference.number) == ("CS1", station.number or None)
    ((_, event),) = await world.happened("LimitReached")
    assert (event["by"], event["kind"]) == ("csms", "maxEnergy")
    await station.end(361, 1005, token=None, reason="Remote")
    record = await world.record()
    assert (record["limits_reached"], record["stop_reason"]) == (["maxEnergy"], "Remote")


async def test_a_limit_that_is_passed_already_is_stopped_at_after_the_answer(world: World) -> None:
    world.ability = Ability(READS)
    station = speaker(world, V16)
    await station.begin(0, 1000)
    await limit(world, **energy(500))
    await station.meter(60, 1400)
    assert world.stopped == []
    await station.meter(120, 1600)
    assert len(world.stopped) == 1


async def test_E16_FR_09_time_counts_from_the_start_also_when_nothing_is_heard(world: World) -> None:
    await speaker(world, V16).begin(0, 1000)
    await limit(world, time_s=600)
    await advance_to(world, 594)
    assert world.stopped == []
    await advance_to(world, 595)
    assert len(world.stopped) == 1


async def test_after_a_restart_limits_are_watched_again(world: World) -> None:
    station = speaker(world, V201)
    await station.begin(0, 1000)
    await limit(world, time_s=600)
    world.watch.forget(TransactionKey(1))
    station.lost()
    assert await world.watch.resume() == 1
    await advance_to(world, 596)
    assert len(world.stopped) == 1


async def test_who_does_not_stop_is_asked_again_until_it_does(world: World) -> None:
    world.stop_errors = [Offline("CS1")]
    station = speaker(world)
    await station.begin(0, 1000)
    await limit(world, time_s=60)
    for second, asked in ((56, 1), (100, 1), (117, 2), (180, 3)):
        await advance_to(world, second)
        assert len(world.stopped) == asked
    assert len(await world.happened("LimitReached")) == 1
    await station.end(181, 1500, token=None, reason="Remote")
    await advance_to(world, 400)
    assert len(world.stopped) == 3


async def test_a_state_of_charge_is_watched_with_the_pace_it_rises_at(world: World) -> None:
    world.ability = Ability(READS)
    station = speaker(world, V201)
    await station.begin(0, 1000)
    await station.state(1, "Charging")
    await limit(world, soc_percent=80)
    for second, soc in ((60, 70), (120, 72)):
        await advance_to(world, second)
        samples = [{"value": soc, "measurand": "SoC", "location": "EV"}]
        await station.event("Updated", second, "MeterValuePeriodic", samples=samples)
    # 2 percent a minute: 80 percent in four minutes.
    await advance_to(world, 350)
    assert world.stopped == []
    await advance_to(world, 356)
    assert len(world.stopped) == 1


async def test_a_cost_is_watched_by_the_price(world: World) -> None:
    world.block = world.transactions(price="0.50")
    world.ability = Ability(READS)
    station = speaker(world, V16)
    await station.begin(0, 0)
    await limit(world, cost=Money(Decimal("1.00"), EUR))
    await advance_to(world, 60)
    await station.meter(60, 1000)
    # On the whole a kWh a minute so far: two of them are a euro.
    await advance_to(world, 114)
    assert world.stopped == []
    await advance_to(world, 115)
    assert len(world.stopped) == 1


async def test_nothing_is_predicted_while_the_vehicle_takes_nothing(world: World) -> None:
    world.ability = Ability(READS)
    station = speaker(world, V201)
    await station.begin(0, 0)
    await station.state(1, "Charging")
    await limit(world, **energy(1000))
    await advance_to(world, 180)
    await station.meter(180, 500)
    await station.state(181, "SuspendedEV")
    await advance_to(world, 3600)
    assert world.stopped == []


async def test_E16_FR_06_a_limit_the_station_reached_itself_is_told_once(world: World) -> None:
    station = speaker(world)
    await station.begin(0, 1000)
    await station.event("Updated", 60, "EnergyLimitReached", state="SuspendedEVSE", wh=2000)
    await station.event("Ended", 90, "EnergyLimitReached", wh=2000)
    ((_, event),) = await world.happened("LimitReached")
    assert (event["by"], event["kind"]) == ("station", "maxEnergy")
    assert (await world.record())["limits_reached"] == ["maxEnergy"]
