"""Memory is never the last word: what was not committed is not remembered, and what others did is read again."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from forecourt.csms.blocks.transactions.memory import Ongoing
from forecourt.csms.blocks.transactions.records import Open
from forecourt.csms.blocks.transactions.watching import Watch
from forecourt.csms.gateway.dispatch import Unanswerable
from forecourt.csms.stations.model import StationKey
from forecourt.csms.stations.registry import Stations
from forecourt.csms.store.entry import Entry
from forecourt.csms.store.errors import EntryRefused, StoreAway
from forecourt.csms.store.journal import Journal
from forecourt.csms.store.work import Work
from forecourt.ocpp.versions import V16, Version
from tests.csms.blocks.transactions.world import VERSIONS, Speaker, World

pytestmark = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)


def failing_once(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the journal fail with the next entry."""
    original, failures = Journal.commit, [error]

    async def commit(self: Journal, entry: Entry, hold_s: float) -> bool:
        if failures:
            raise failures.pop()
        return await original(self, entry, hold_s)

    monkeypatch.setattr(Journal, "commit", commit)


async def test_a_reading_that_was_refused_may_be_said_again(
    world: World, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await station.meter(30, 1050)
    failing_once(monkeypatch, EntryRefused("22003", "numeric value out of range"))
    with pytest.raises(AssertionError, match="not storable"):
        await station.meter(60, 1100)
    assert await station.say(*station.sent[-1]) == {}
    await station.end(120, 1200)
    assert (await world.record())["missing"] == []
    assert len(await world.rows("SELECT * FROM meter_value WHERE sampled->0->>'value' = '1100'")) == 1


async def test_what_was_not_committed_is_not_answered_and_comes_again(
    world: World, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await station.meter(30, 1050)
    failing_once(monkeypatch, StoreAway("the database went away"))
    with pytest.raises(Unanswerable):
        await station.meter(60, 1100)
    # The connection was let go; the station comes back and says it again.
    station.link = world.link(version, epoch=2)
    assert await station.say(*station.sent[-1]) == {}
    await station.end(120, 1200)
    assert (await world.record())["energy_imported_wh"] == 200


async def test_a_start_that_was_not_committed_leaves_nothing_behind(
    world: World, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Speaker(world, world.link(version))
    original, failures = Work.commit, [StoreAway("the database went away")]

    async def commit(self: Work) -> bool:
        if failures:
            raise failures.pop()
        return await original(self)

    monkeypatch.setattr(Work, "commit", commit)
    with pytest.raises(Unanswerable):
        await station.begin(0, 1000)
    assert await world.records() == []
    station.seq_no = 0
    station.link = world.link(version, epoch=2)
    await station.begin(0, 1000)
    await station.end(60, 1100)
    assert (await world.record())["energy_imported_wh"] == 100


async def test_a_new_connection_reads_what_others_have_done(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    await station.meter(30, 1050)
    async with world.store.database.engine.begin() as connection:
        await connection.execute(text("UPDATE transaction SET evse_id = 7"))
    ongoing = world.station.recall(Ongoing)
    assert ongoing.at(1) is not None
    station.link = world.link(version, epoch=2)
    await station.meter(60, 1100)
    assert (ongoing.at(1), ongoing.at(7) is not None) == (None, True)


async def test_the_record_of_a_running_transaction_follows_its_readings_now_and_then(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    for second in range(10, 131, 10):
        await world.clock.advance(10)
        await station.meter(second, 1000 + second)
    record = await world.record()
    assert 60 <= record["energy_imported_wh"] <= 130
    assert record["register_end_wh"] == 1000 + record["energy_imported_wh"]
    assert await world.kinds() == ["TransactionStarted"], "readings are no events"


async def test_many_kinds_of_readings_before_a_figure_is_wanted_are_counted(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    for step in range(80):
        phase = ("L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2")[step % 8]
        await station.meter(10 + step, 1000 + step) if step % 2 else await self_sampled(station, 10 + step, phase)
    await station.state(100, "Charging")
    ((_, updated),) = [one for one in await world.happened() if one[0] == "TransactionUpdated"]
    assert updated["energyImportedWh"] == "79"


async def self_sampled(station: Speaker, second: int, phase: str) -> None:
    sample = {"measurand": "Voltage", "phase": phase}
    if station.flat:
        await station.meter(second, 230, **sample)
    else:
        await station.event("Updated", second, "MeterValuePeriodic", samples=[{"value": 230, **sample}])


async def test_amounts_per_interval_add_up_whether_counted_in_memory_or_from_the_record(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000) if version is not V16 else await station.begin(0, 0)
    interval = {"measurand": "Energy.Active.Export.Interval"}
    for minute in range(1, 5):
        if station.flat:
            await station.meter(60 * minute, 25, **interval)
        else:
            samples = [{"value": 25, **interval}]
            await station.event("Updated", 60 * minute, "MeterValuePeriodic", samples=samples)
    await station.state(250, "Charging")
    ((_, updated),) = [one for one in await world.happened() if one[0] == "TransactionUpdated"]
    assert updated["energyExportedWh"] == "100"
    await station.end(300, 1800)
    assert (await world.record())["energy_exported_wh"] == 100


async def test_a_limit_of_a_station_that_is_gone_is_left_alone(world: World, version: Version) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    async with world.store.database.engine.begin() as connection:
        await connection.execute(text("UPDATE transaction SET limits_wanted = '{\"timeS\": 5}'"))

    async def stop(*_: object) -> None:
        raise AssertionError("nobody is asked")

    lonely = Watch(world.store, Stations(), world.clock, world.tasks, stop)
    assert await lonely.resume() == 1
    await world.clock.advance(60)


async def test_after_a_reconnection_what_is_open_is_read_beside_the_unit_of_work(
    world: World, version: Version
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    before = world.open_ones.queries
    station.link = world.link(version, epoch=2)
    await station.meter(30, 1050)
    await station.meter(60, 1100)
    assert world.open_ones.queries == before + 1
    await station.end(120, 1200)
    assert (await world.record())["energy_imported_wh"] == 200


async def test_what_is_changed_while_it_is_read_is_read_again(
    world: World, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = Speaker(world, world.link(version))
    await station.begin(0, 1000)
    station.link = world.link(version, epoch=2)
    original, reads = world.open_ones.of, list[Open]()

    async def of(key: StationKey) -> Open:
        found = await original(key)
        reads.append(found)
        if len(reads) == 1:
            world.station.recall(Ongoing).stale()
        return found

    monkeypatch.setattr(world.open_ones, "of", of)
    await station.meter(30, 1050)
    assert len(reads) == 2
    assert world.station.recall(Ongoing).epoch == 2
