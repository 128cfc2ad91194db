"""What was ordered out of use and is said to be in use is ordered again, until the station has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from forecourt.csms.blocks.availability import v2, v16
from forecourt.csms.blocks.availability.model import Availability, ChangeAvailability
from forecourt.csms.blocks.availability.upkeep import GRACE, KEEP, Upkeep
from forecourt.csms.jobs import Job
from forecourt.csms.stations.model import Station
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.opening import open_store
from forecourt.csms.store.work import Store
from forecourt.errors import Conflict
from forecourt.ocpp.versions import V16, Version
from tests.csms.blocks.availability.world import VERSIONS, Shifted, hear, link_of, populate, rows, say, words

MINUTE = timedelta(minutes=1)


class World:
    """A station that is connected, and the job that looks after it, on a clock that goes when it is told to."""

    def __init__(self, store: Store, clock: Shifted, version: Version) -> None:
        self.store, self.clock, self.version = store, clock, version
        block = Availability(store=store, finish=self._finish)
        dialect: Any = v16 if version is V16 else v2
        self.link, self.wire = link_of(version, dialect.hears(block), dialect.says(block))
        self.stations = Stations()
        self.stations.add(self.link.station)
        self.stations.enter(self.link)
        self.asked = 0
        self.refuses = False

    async def _finish(self, station: Station, request_id: int, *, failed: bool, reason: str) -> bool:
        return True

    async def _ask(self, station: Station, command: ChangeAvailability, *, asked_by: str) -> None:
        assert asked_by == "availability"
        self.asked += 1
        if self.refuses:
            raise Conflict("commands_waiting", "too many")
        await say(self.link, command)

    async def order(self, *, operative: bool = False, evse_id: int | None = 1, answer: str = "Accepted") -> None:
        self.wire.answers["ChangeAvailability"] = {"status": answer}
        await say(self.link, ChangeAvailability(operative=operative, evse_id=evse_id))
        self.wire.answers["ChangeAvailability"] = {"status": "Accepted"}
        self.clock.ahead += timedelta(seconds=1)

    async def says(self, word: str, connector: int = 1) -> None:
        if self.version is V16:
            more = {"connectorId": connector, "errorCode": "NoError", "status": word}
            await hear(self.store, self.link, "StatusNotification", more)
            return
        at = words(self.clock.now())
        more = {"timestamp": at, "connectorStatus": word, "evseId": connector, "connectorId": 1}
        await hear(self.store, self.link, "StatusNotification", more)

    async def due(self) -> list[float]:
        """In how many seconds the station is looked after, if it is to be."""
        found = await rows(self.store, f"SELECT run_at FROM job WHERE kind = '{KEEP}'")
        return [(at - self.clock.now()).total_seconds() for (at,) in found]

    async def keep(self) -> timedelta | None:
        """Look after it; how long until the next time."""
        job = Job(1, KEEP, {"station": self.link.station.key}, 1, 1)
        following = await Upkeep(self.store, self.stations, self._ask).keep(job)
        return None if following is None else following - self.clock.now()


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
async def world(database_url: str, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    clock = Shifted()
    async with open_store(database_url, clock, linger_s=0.0, hold_s=10.0) as store:
        await populate(store)
        yield World(store, clock, request.param)


async def test_a_station_that_is_in_use_against_its_order_is_ordered_again_ever_more_rarely(world: World) -> None:
    await world.says("Available")
    await world.order()
    assert await world.due() == []
    await world.says("Available")
    (due,) = await world.due()
    assert GRACE.total_seconds() - 5 < due <= GRACE.total_seconds()
    for times, pause in enumerate((MINUTE, 2 * MINUTE, 4 * MINUTE)):
        following = await world.keep()
        assert following is not None
        assert abs(following - pause) < timedelta(seconds=5)
        assert world.asked == times + 1
        # What it says before that changes nothing.
        world.clock.ahead += timedelta(seconds=30)
        await world.says("Available")
        await world.keep()
        assert world.asked == times + 1
        world.clock.ahead += pause
    assert len(world.wire.told) == 4
    await world.says("Unavailable")
    assert await world.keep() is None
    await world.says("Available")
    following = await world.keep()
    assert following is not None
    assert abs(following - MINUTE) < timedelta(seconds=5)


async def test_an_order_that_the_station_does_not_take_or_that_cannot_be_given_is_tried_again(world: World) -> None:
    await world.order()
    await world.says("Available")
    world.wire.answers["ChangeAvailability"] = {"status": "Rejected"}
    assert await world.keep() is not None
    world.clock.ahead += MINUTE
    world.refuses = True
    assert await world.keep() is not None
    assert world.asked == 2
    world.clock.ahead += 2 * MINUTE
    world.refuses = False
    world.wire.answers["ChangeAvailability"] = {"status": "Accepted"}
    await world.keep()
    world.clock.ahead += 4 * MINUTE
    assert await world.keep() is None
    assert world.asked == 3


async def test_a_station_that_is_away_is_looked_after_when_it_is_back(world: World) -> None:
    await world.order(evse_id=None)
    await world.says("Available")
    world.stations.leave(world.link)
    assert await world.keep() is not None
    assert world.asked == 0
    world.stations.enter(world.link)
    await world.keep()
    assert world.asked == 1


async def test_what_is_out_of_use_or_was_ordered_into_use_is_left_alone(world: World) -> None:
    for word in ("Unavailable", "Faulted"):
        await world.order()
        await world.says(word)
        await world.order(operative=True)
        await world.says(word)
    assert await world.due() == []
    # A part of what is out of use was ordered into use.
    await world.order(evse_id=None)
    await world.order(operative=True)
    await world.says("Available")
    assert await world.due() == []
    await world.says("Available", 2)
    assert len(await world.due()) == 1


async def test_what_is_scheduled_waits_for_what_is_occupied_and_no_longer(world: World) -> None:
    word = "Charging" if world.version is V16 else "Occupied"
    await world.says(word)
    await world.order(answer="Scheduled")
    await world.says("SuspendedEV" if world.version is V16 else "Occupied")
    assert await world.due() == []
    # It has lost its order, in a reset say.
    await world.says("Available")
    assert len(await world.due()) == 1
    await world.keep()
    assert world.asked == 1


async def test_a_station_that_was_removed_is_looked_after_no_more(world: World) -> None:
    world.stations.leave(world.link)
    world.stations.forget(world.link.station)
    assert await world.keep() is None
