"""When lists are looked at, against a real database and the worker that does the jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from forecourt.charging.tokens import Token
from forecourt.clock import VirtualClock
from forecourt.csms.blocks.authorization import list_jobs, list_policy, tokens
from forecourt.csms.blocks.authorization.list_jobs import ListJobs
from forecourt.csms.blocks.authorization.list_model import ListMode, ListPolicy
from forecourt.csms.blocks.authorization.model import KnownToken, TokenData
from forecourt.csms.bus import LocalBus
from forecourt.csms.jobs import Worker
from forecourt.csms.stations.model import OrganisationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.journal import Journal
from forecourt.csms.store.work import Store
from forecourt.ocpp.versions import V16, V21
from tests.csms.blocks.authorization.world import (
    NOW,
    OPERATOR,
    PROVIDER,
    US,
    Wire,
    always,
    link_of,
    populate,
    rows,
    station_of,
)


@dataclass
class Scene:
    """Three connected stations, two of ours and one of another operator, and what keeps their lists."""

    store: Store
    clock: VirtualClock
    stations: Stations
    wires: dict[int, Wire]
    worker: Worker

    async def pass_time(self, **amount: float) -> None:
        """Let time pass and do what is then due."""
        await self.clock.advance(timedelta(**amount).total_seconds())
        await self.worker.run_due()

    async def add(self, *values: str, owner: OrganisationKey = US, **fields: Any) -> list[KnownToken]:
        async with self.store.work() as work:
            return [
                await tokens.add(work, owner, TokenData(token=Token(value, "ISO14443"), **fields)) for value in values
            ]

    def lists(self) -> dict[int, set[str]]:
        return {key: set(wire.kept.entries) for key, wire in self.wires.items()}

    async def run(self, statement: str, **values: Any) -> None:
        async with self.store.database.engine.begin() as connection:
            await connection.execute(text(statement), values)


@pytest.fixture
async def scene(store: Store) -> AsyncIterator[Scene]:
    await populate(store)
    clock = VirtualClock(NOW)
    # The same database, on a clock that can be advanced.
    journal = Journal(store.database, clock, linger_s=0.0)
    await journal.open()
    kept = Store(store.database, journal, clock)
    stations, wires = Stations(), {}
    for key, operator, version in ((1, US, V16), (2, US, V21), (3, OPERATOR, V21)):
        link, wires[key] = link_of(version, kept, station=station_of(key, operator))
        stations.add(link.station)
        stations.enter(link)
    kinds = list_jobs.kinds(ListJobs(kept, stations))
    worker = Worker(kinds, database=store.database, bus=LocalBus(clock), clock=clock, node="here")
    async with kept.work() as work:
        list_jobs.begin(work)
    await worker.run_due()
    yield Scene(kept, clock, stations, wires, worker)
    await journal.close()


async def test_a_station_that_was_never_looked_at_is_asked_for_its_version(scene: Scene) -> None:
    assert [wire.actions() for wire in scene.wires.values()] == [["GetLocalListVersion"]] * 3
    await scene.pass_time(minutes=10)
    assert [wire.actions() for wire in scene.wires.values()] == [["GetLocalListVersion"]] * 3


async def test_starting_twice_looks_once(scene: Scene) -> None:
    async with scene.store.work() as work:
        list_jobs.begin(work)
    assert await rows(scene.store, "SELECT count(*) FROM job") == [(1,)]


async def test_a_new_token_is_on_the_lists_of_its_operator_soon(scene: Scene) -> None:
    await scene.add("ONE", "TWO")
    assert scene.lists() == {1: set(), 2: set(), 3: set()}
    await scene.pass_time(seconds=3)
    assert scene.lists() == {1: {"one", "two"}, 2: {"one", "two"}, 3: set()}
    # Both in one message, and then nothing more is to be said.
    assert scene.wires[1].actions().count("SendLocalList") == 1
    said = len(scene.wires[1].told)
    await scene.pass_time(minutes=10)
    assert len(scene.wires[1].told) == said


async def test_a_blocked_token_leaves_every_list_it_was_on(scene: Scene) -> None:
    (one,) = await scene.add("ONE")
    await scene.add("TWO")
    await scene.pass_time(seconds=3)
    async with scene.store.work() as work:
        await tokens.block(work, one.key)
    await scene.pass_time(seconds=3)
    assert scene.lists() == {1: {"two"}, 2: {"two"}, 3: set()}


async def test_tokens_of_a_provider_follow_its_acceptance(scene: Scene) -> None:
    await scene.add("THEIRS", owner=PROVIDER)
    async with scene.store.work() as work:
        await tokens.accept_provider(work, OPERATOR, PROVIDER)
    await scene.pass_time(seconds=3)
    assert scene.lists() == {1: set(), 2: set(), 3: {"theirs"}}
    await scene.add("MORE", owner=PROVIDER)
    await scene.pass_time(seconds=3)
    assert scene.lists() == {1: set(), 2: set(), 3: {"theirs", "more"}}
    async with scene.store.work() as work:
        await tokens.drop_provider(work, OPERATOR, PROVIDER)
    await scene.pass_time(seconds=3)
    assert scene.lists() == {1: set(), 2: set(), 3: set()}


async def test_a_token_comes_and_goes_with_its_time(scene: Scene) -> None:
    hour = timedelta(hours=1)
    await scene.add("ONE", valid_from=NOW + hour, valid_until=NOW + 2 * hour)
    await scene.pass_time(minutes=30)
    assert scene.lists()[1] == set()
    await scene.pass_time(minutes=31)
    assert scene.lists()[1] == {"one"}
    await scene.pass_time(minutes=61)
    assert scene.lists()[1] == set()


async def test_a_station_that_was_away_gets_its_list_when_it_is_back(scene: Scene) -> None:
    link = scene.stations.link_of(scene.stations.of_key(station_of(1).key))
    scene.stations.leave(link)
    await scene.run("UPDATE station SET connected = false WHERE id = 1")
    await scene.add("ONE")
    await scene.pass_time(minutes=10)
    assert scene.lists() == {1: set(), 2: {"one"}, 3: set()}
    scene.stations.enter(link)
    await scene.run("UPDATE station SET connected = true WHERE id = 1")
    await scene.pass_time(seconds=61)
    assert scene.lists()[1] == {"one"}


async def test_a_station_connected_to_nobody_here_is_left_for_the_next_look(scene: Scene) -> None:
    link = scene.stations.link_of(scene.stations.of_key(station_of(1).key))
    scene.stations.leave(link)
    await scene.add("ONE")
    await scene.pass_time(minutes=5)
    assert scene.lists()[1] == set()
    scene.stations.enter(link)
    await scene.pass_time(seconds=61)
    assert scene.lists()[1] == {"one"}


async def test_after_a_boot_the_version_is_compared(scene: Scene) -> None:
    await scene.add("ONE")
    await scene.pass_time(seconds=3)
    wire = scene.wires[2]
    wire.kept = type(wire.kept)()
    wire.told.clear()
    await scene.run("UPDATE station SET booted_at = :now WHERE id = 2", now=scene.clock.now() + timedelta(seconds=1))
    await scene.pass_time(seconds=61)
    assert wire.actions() == ["GetLocalListVersion", "SendLocalList"]
    assert scene.lists()[2] == {"one"}


async def test_a_refused_list_is_tried_again_when_its_time_has_come(scene: Scene) -> None:
    wire = scene.wires[1]
    wire.answers["SendLocalList"] = always("Failed")
    await scene.add("ONE")
    await scene.pass_time(seconds=3)
    attempts = wire.actions().count("SendLocalList")
    assert attempts == 1
    await scene.pass_time(minutes=4)
    assert wire.actions().count("SendLocalList") == attempts
    del wire.answers["SendLocalList"]
    await scene.pass_time(minutes=2)
    assert scene.lists()[1] == {"one"}


async def test_a_station_without_lists_is_asked_again_only_after_it_booted(scene: Scene) -> None:
    wire = scene.wires[1]
    wire.answers["GetLocalListVersion"] = {"listVersion": -1}
    await scene.add("ONE")
    await scene.pass_time(seconds=3)
    wire.told.clear()
    await scene.add("TWO")
    await scene.pass_time(days=3)
    assert wire.told == []
    del wire.answers["GetLocalListVersion"]
    await scene.run("UPDATE station SET booted_at = :now WHERE id = 1", now=scene.clock.now())
    await scene.pass_time(seconds=61)
    assert scene.lists()[1] == {"one", "two"}


NOT_NOW: list[tuple[str, Callable[[Scene], Any]]] = [
    ("pending", lambda scene: scene.run("UPDATE station SET registration = 'Pending' WHERE id = 1")),
    ("disabled", lambda scene: scene.run("UPDATE station SET enabled = false WHERE id = 1")),
]


@pytest.mark.parametrize(("why", "act"), NOT_NOW, ids=[why for why, _ in NOT_NOW])
async def test_a_station_that_is_not_accepted_is_sent_nothing(
    scene: Scene, why: str, act: Callable[[Scene], Any]
) -> None:
    await act(scene)
    await scene.add("ONE")
    await scene.pass_time(minutes=5)
    assert scene.lists() == {1: set(), 2: {"one"}, 3: set()}


async def test_the_mode_of_a_station_goes_before_the_policy_of_its_operator(scene: Scene) -> None:
    async with scene.store.work() as work:
        await list_policy.set_policy(work, US, ListPolicy(mode=ListMode.LEFT_ALONE))
        await list_policy.set_mode(work, scene.stations.of_key(station_of(2).key), ListMode.KEPT)
    await scene.add("ONE")
    await scene.pass_time(seconds=61)
    assert scene.lists() == {1: set(), 2: {"one"}, 3: set()}
    async with scene.store.work() as work:
        await list_policy.set_policy(work, US, ListPolicy())
    await scene.pass_time(seconds=61)
    assert scene.lists() == {1: {"one"}, 2: {"one"}, 3: set()}


async def test_a_station_that_no_longer_exists_is_no_trouble(scene: Scene) -> None:
    scene.stations.forget(scene.stations.of_key(station_of(1).key))
    await scene.add("ONE")
    await scene.pass_time(minutes=5)
    assert scene.lists() == {1: set(), 2: {"one"}, 3: set()}
    assert await rows(scene.store, "SELECT count(*) FROM job WHERE dead_at IS NOT NULL OR last_error <> ''") == [(0,)]
