"""Limits that are known before their transaction begins: whose they are, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from forecourt.charging.limits import LimitKind, Limits, Reporting
from forecourt.charging.tokens import Token
from forecourt.csms.blocks.transactions.actions import Promise, check_limits, promise, promised, withdraw
from forecourt.csms.blocks.transactions.model import Ability, LimitsBody, LimitsData
from forecourt.errors import Invalid
from forecourt.ocpp.versions import V16, V21, Version
from tests.csms.blocks.transactions.world import BOTH_2, CARD, FRIEND, Speaker, World

ALL = frozenset(kind.value for kind in LimitKind)
READS = Reporting(energy_every_s=60, soc_every_s=60)
START = {"remoteStartId": 42}


@pytest.fixture(autouse=True)
def promising(world: World) -> None:
    world.first_limits = promised
    world.block = world.transactions()
    world.ability = Ability(READS, ALL)


async def keep(
    world: World, energy_wh: int, number: int | None = None, token: str = CARD, evse_id: int | None = 1
) -> int:
    async with world.store.work() as work:
        limits = LimitsData.of(Limits(energy_wh=Decimal(energy_wh)))
        return await promise(work, world.station, Promise(limits, number, Token(token), evse_id))


async def kept(world: World) -> int:
    ((count,),) = await world.rows("SELECT count(*) FROM transaction_promise")
    return int(count)


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_E16_FR_02_they_are_told_in_the_first_answer_to_the_start_they_came_with(
    world: World, version: Version
) -> None:
    await keep(world, 9000, 41)
    await keep(world, 5000, 42)
    station = Speaker(world, world.link(version))
    answer = await station.event("Started", 0, "RemoteStart", wh=1000, state="EVConnected", info=START)
    told = {"transactionLimit": {"maxEnergy": 5000}} if version is V21 else {}
    assert {name: answer[name] for name in answer if name == "transactionLimit"} == told
    assert (await world.record())["limits_wanted"] == {"energyWh": "5000"}
    assert await kept(world) == 1
    assert "transactionLimit" not in await station.meter(60, 1100)


async def test_E16_FR_02_F01_FR_13_they_are_told_to_a_transaction_that_waited_for_the_start(world: World) -> None:
    station = Speaker(world, world.link(V21))
    await station.event("Started", 0, "CablePluggedIn", wh=1000, state="EVConnected")
    await keep(world, 5000, 42)
    answer = await station.event("Updated", 5, "RemoteStart", info=START)
    assert answer["transactionLimit"] == {"maxEnergy": 5000}


async def test_E16_FR_12_what_the_station_does_not_observe_itself_is_watched_and_not_told(world: World) -> None:
    world.ability = Ability(READS, frozenset({"maxTime"}))
    await keep(world, 5000, 42)
    station = Speaker(world, world.link(V21))
    assert "transactionLimit" not in await station.event("Started", 0, "RemoteStart", wh=1000, info=START)
    assert (await world.record())["limits_wanted"] == {"energyWh": "5000"}


@pytest.mark.parametrize("version", BOTH_2, ids=lambda version: version.name)
async def test_a_session_of_the_same_token_that_names_no_start_has_none_of_them(world: World, version: Version) -> None:
    await keep(world, 5000, 42)
    await keep(world, 6000, None)
    await Speaker(world, world.link(version)).begin(0, 1000)
    assert (await world.record())["limits_wanted"] is None
    assert await kept(world) == 2


async def test_in_1_6_the_next_session_of_the_token_has_them(world: World) -> None:
    await keep(world, 9000, 42)
    await keep(world, 4000)
    await keep(world, 5000)
    await Speaker(world, world.link(V16)).begin(0, 1000)
    assert (await world.record())["limits_wanted"] == {"energyWh": "5000"}
    assert await kept(world) == 1


@pytest.mark.parametrize(("token", "evse_id"), [(FRIEND, 1), (CARD, 2)], ids=["another token", "another place"])
async def test_in_1_6_another_session_has_none_of_them(world: World, token: str, evse_id: int) -> None:
    await keep(world, 5000, token=token, evse_id=evse_id)
    await Speaker(world, world.link(V16)).begin(0, 1000)
    assert (await world.record())["limits_wanted"] is None
    assert await kept(world) == 1


async def test_in_1_6_a_start_without_a_place_may_begin_anywhere(world: World) -> None:
    await keep(world, 5000, evse_id=None)
    await Speaker(world, world.link(V16), evse_id=2).begin(0, 1000)
    assert (await world.record())["limits_wanted"] == {"energyWh": "5000"}


@pytest.mark.parametrize(("minutes", "has"), [(10, True), (11, False)])
async def test_in_1_6_a_session_long_after_is_another(world: World, minutes: int, has: bool) -> None:
    await keep(world, 5000)
    await world.clock.advance(timedelta(minutes=minutes).total_seconds())
    await Speaker(world, world.link(V16)).begin(60 * minutes, 1000)
    assert ((await world.record())["limits_wanted"] is not None) is has


async def test_what_nobody_claimed_is_forgotten_a_day_later(world: World) -> None:
    first = await keep(world, 1000, 1)
    await world.clock.advance(86_400)
    await keep(world, 2000, 2)
    assert await kept(world) == 2
    await world.clock.advance(1)
    last = await keep(world, 3000, 3)
    assert await world.rows("SELECT min(id), max(id), count(*) FROM transaction_promise") == [(first + 1, last, 2)]


async def test_what_is_withdrawn_is_forgotten(world: World) -> None:
    one, other = await keep(world, 1000, 1), await keep(world, 2000, 2)
    async with world.store.work() as work:
        await withdraw(work, one)
    assert await world.rows("SELECT id FROM transaction_promise") == [(other,)]


# What may be asked for.

ASKED = LimitsBody(energy_wh=5000, time_s=600, cost="10", soc_percent=80)


async def faults(world: World) -> dict[str, str]:
    async with world.store.work() as work:
        try:
            await check_limits(world.block, work, world.station, ASKED)
        except Invalid as error:
            return dict(error.fields)
    return {}


async def test_a_limit_that_nobody_could_observe_is_refused_before_the_start(world: World) -> None:
    world.ability = Ability(Reporting())
    assert await faults(world) == {
        "limits.energyWh": "the station sends no energy readings while a transaction runs",
        "limits.cost": "there is no price",
        "limits.socPercent": "the station sends no state of charge",
    }


async def test_what_the_station_observes_itself_it_need_not_report_to_us(world: World) -> None:
    world.block = world.transactions(price="0.50")
    world.ability = Ability(Reporting(), ALL)
    # Its cost is reckoned here, by readings that do not come.
    assert await faults(world) == {"limits.cost": "the station sends no energy readings while a transaction runs"}
    world.ability = Ability(READS, frozenset())
    assert await faults(world) == {}
