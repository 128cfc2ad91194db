"""The virtual stations of the demo: what the management system has on record after they have lived for a moment."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from forecourt.charging.tokens import Token
from forecourt.cli.demo import configuration, passwords, provide
from forecourt.cli.demo_stations import fleet
from forecourt.cli.demo_stations.model import Car, Make
from forecourt.cli.demo_stations.station import Pace
from forecourt.csms import app
from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging
from forecourt.csms.blocks.transactions.references import reference_of
from forecourt.csms.config import Config, Database
from forecourt.csms.stations.commands import CommandStatus
from tests.journeys.site import Site

FAST: Final = Pace(
    first_s=(0.1, 0.3),
    idle_s=(0.1, 0.3),
    short_s=(0.01, 0.05),
    stay_s=(0.6, 1.0),
    sample_s=0.2,
    fault_s=(0.1, 0.2),
    connected_s=(0.8, 1.2),
    away_s=(0.4, 0.6),
    reconnect_s=0.05,
    heartbeat_s=2.0,
    fault_chance=0.2,
    stranger_chance=0.2,
)


def makes(*identities: str) -> list[Make]:
    return [make for make in fleet.MAKES if make.identity in identities]


@pytest.fixture
async def site(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A management system that knows the demo's network."""
    kept = passwords(tmp_path)
    config = configuration(tmp_path, kept, port=0, api_port=0)
    config = Config(
        **{name: getattr(config, name) for name in ("server", "api", "gateway", "soap", "charging")},
        database=Database(url=database_url, folder=tmp_path),
    )
    async with app.run(config) as csms:
        await provide(csms, kept)
        yield Site(csms)


@asynccontextmanager
async def living(
    site: Site, folder: Path, chosen: Sequence[Make], pace: Pace = FAST, seed: int = 3
) -> AsyncIterator[None]:
    passed = passwords(folder).stations
    memory = folder / "stations"
    async with fleet.stations(chosen, passed, port=site.csms.port, memory=memory, seed=seed, pace=pace):
        yield


CHARGING = "SELECT count(DISTINCT transaction_id) FROM meter_value WHERE transaction_id IS NOT NULL"
ENDED = (
    "SELECT count(DISTINCT s.wire_id) FROM transaction t JOIN station s ON s.id = t.station_id"
    " WHERE t.ended_at IS NOT NULL AND t.energy_imported_wh > 0 AND t.verdict = 'Accepted'"
)


async def test_sessions_come_and_go_over_all_four_doors_and_nothing_is_out_of_order(site: Site, tmp_path: Path) -> None:
    async with living(site, tmp_path, fleet.MAKES):
        await site.until(ENDED, [(len(fleet.MAKES) - 1,)])
        await site.until("SELECT count(*) > 0 FROM transaction WHERE offline", [(True,)])
        await site.until("SELECT count(*) > 0 FROM event WHERE kind = 'ReportCompleted'", [(True,)])
        assert await site.rows("SELECT wire_id FROM station WHERE registration = 'Pending'") == [("NEW-IN-TOWN",)]
    assert await site.rows("SELECT DISTINCT spoken_version FROM station ORDER BY 1") == [("1.6",), ("2.0.1",), ("2.1",)]
    assert await site.rows("SELECT * FROM deviation") == []
    assert await site.rows("SELECT wire_id FROM transaction WHERE missing <> '[]'") == []
    assert await site.rows("SELECT count(*) > 0 FROM meter_value WHERE sampled::text LIKE '%SoC%'") == [(True,)]


async def test_a_session_that_the_power_cut_short_ends_when_the_station_is_back(site: Site, tmp_path: Path) -> None:
    chosen = makes("HALL-DC-2", "GARAGE-01", "HARBOUR-01")
    for_ever = Pace(
        first_s=(0.1, 0.3),
        idle_s=(0.1, 0.3),
        short_s=(0.01, 0.05),
        stay_s=(600, 700),
        sample_s=0.2,
        stranger_chance=0,
        fault_chance=0,
    )
    nobody = Pace(first_s=(600, 700), idle_s=(600, 700), short_s=(600, 700), heartbeat_s=2.0)
    async with living(site, tmp_path, chosen, for_ever):
        await site.until(CHARGING, [(3,)])
    assert await site.rows("SELECT count(*) FROM transaction WHERE ended_at IS NULL") == [(3,)]
    async with living(site, tmp_path, chosen, nobody):
        await site.until("SELECT stop_reason, count(*) FROM transaction GROUP BY 1", [("PowerLoss", 3)])
    registers = "SELECT count(*) FROM transaction WHERE register_end_wh >= register_begin_wh"
    assert await site.rows(registers) == [(3,)]


@pytest.mark.parametrize("identity", ["GARAGE-01", "HARBOUR-01", "GARAGE-03", "GARAGE-04"])
async def test_a_station_charges_when_it_is_asked_to(site: Site, tmp_path: Path, identity: str) -> None:
    nobody = Pace(
        first_s=(600, 700),
        idle_s=(600, 700),
        short_s=(0.01, 0.02),
        stay_s=(600, 700),
        sample_s=0.2,
        stranger_chance=0,
        fault_chance=0,
    )
    (make,) = makes(identity)
    station = site.csms.stations.named(identity)
    assert station is not None
    card = fleet.cards_of(1)[0]
    async with living(site, tmp_path, [make], nobody):
        await site.until("SELECT count(*) FROM connector WHERE wire_status = 'Available'", [(1,)])
        begin = StartCharging(Token(card, "ISO14443"), evse_id=1)
        order = await site.csms.sending.ask(station, begin, asked_by="test")
        assert (await site.settled(order))[0] is CommandStatus.ACCEPTED
        await site.until(CHARGING, [(1,)])
        ((key,),) = await site.rows("SELECT id FROM transaction")
        async with site.csms.store.work() as work:
            end = StopCharging(await reference_of(work, station, key))
        order = await site.csms.sending.ask(station, end, asked_by="test")
        assert (await site.settled(order))[0] is CommandStatus.ACCEPTED
        await site.until("SELECT token_value, stop_reason FROM transaction", [(card, "Remote")])


async def test_a_station_that_nobody_announced_charges_once_it_is_accepted(site: Site, tmp_path: Path) -> None:
    slow_to_ask_again = dataclasses.replace(FAST, heartbeat_s=600.0)
    async with living(site, tmp_path, makes("NEW-IN-TOWN"), slow_to_ask_again):
        await site.until("SELECT registration FROM station WHERE wire_id = 'NEW-IN-TOWN'", [("Pending",)])
        station = site.csms.stations.named("NEW-IN-TOWN")
        assert station is not None
        await boots.accept(site.csms.store, site.csms.sending, site.csms.stations, station, "test")
        await site.until(CHARGING, [(1,)])


def test_a_battery_takes_less_towards_its_end_and_nothing_when_it_has_enough() -> None:
    car = Car(capacity_wh=50_000, max_w=100_000, percent=50, wanted_percent=95)
    assert car.power_w(150_000) == 100_000
    assert car.power_w(11_000) == 11_000
    car.take(20_000)
    assert car.percent == 90
    assert 0 < car.power_w(150_000) < 50_000
    car.take(50_000)
    assert car.percent == 100
    assert car.power_w(150_000) == 0
