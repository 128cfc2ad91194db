"""The virtual stations of the demo: what the management system has on record after they have lived for a moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from forecourt.charging.tokens import Token
from forecourt.cli.demo import configuration, passwords, provide
from forecourt.cli.demo_stations import MAKES, PATIENT, Make, Pace, cards_of, stations
from forecourt.csms import app
from forecourt.csms.blocks.provisioning import boots
from forecourt.csms.blocks.remote_control.model import StartCharging, StopCharging
from forecourt.csms.blocks.transactions.references import reference_of
from forecourt.csms.config import Config, Database
from forecourt.csms.stations.commands import CommandStatus
from forecourt.station.fleet.habits import After, Habits, Uniform
from tests.journeys.site import Site

QUICK: Final = {
    **PATIENT.settings,
    "SampledDataCtrlr.TxUpdatedInterval": "1",
    "OCPPCommCtrlr.RetryBackOffWaitMinimum": "1",
    "OCPPCommCtrlr.RetryBackOffRandomRange": "0",
}
FAST: Final = Pace(
    habits=Habits(
        arrivals=After(Uniform(0.1, 0.3)),
        first_s=Uniform(2, 3),
        stay_s=Uniform(2.5, 3.5),
        hesitates_s=Uniform(0.05, 0.1),
        patience_s=3,
        strangers=0.05,
        faults=0.1,
        fault_s=Uniform(0.1, 0.2),
    ),
    connected_s=Uniform(3, 4),
    away_s=Uniform(1, 1.5),
    settings=QUICK,
)
FOR_EVER: Final = replace(
    FAST,
    habits=replace(FAST.habits, stay_s=Uniform(600, 700), wants=Uniform(1, 1), patience_s=10, strangers=0, faults=0),
)
NOBODY: Final = replace(FOR_EVER, habits=replace(FOR_EVER.habits, first_s=Uniform(600, 700)))


def makes(*identities: str) -> list[Make]:
    return [make for make in MAKES if make.identity in identities]


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
    async with stations(chosen, passed, port=site.csms.port, memory=memory, seed=seed, pace=pace):
        yield


CHARGING = "SELECT count(DISTINCT transaction_id) FROM meter_value WHERE transaction_id IS NOT NULL"
ENDED = (
    "SELECT count(DISTINCT s.wire_id) FROM transaction t JOIN station s ON s.id = t.station_id"
    " WHERE t.ended_at IS NOT NULL AND t.energy_imported_wh > 0 AND t.verdict = 'Accepted'"
)


async def test_sessions_come_and_go_over_all_four_doors_and_nothing_is_out_of_order(site: Site, tmp_path: Path) -> None:
    async with living(site, tmp_path, MAKES):
        await site.until(ENDED, [(len(MAKES) - 1,)])
        await site.until("SELECT count(*) > 0 FROM transaction WHERE offline", [(True,)])
        await site.until("SELECT count(*) > 0 FROM event WHERE kind = 'ReportCompleted'", [(True,)])
        assert await site.rows("SELECT wire_id FROM station WHERE registration = 'Pending'") == [("NEW-IN-TOWN",)]
    assert await site.rows("SELECT DISTINCT spoken_version FROM station ORDER BY 1") == [("1.6",), ("2.0.1",), ("2.1",)]
    assert await site.rows("SELECT * FROM deviation") == []
    assert await site.rows("SELECT wire_id FROM transaction WHERE missing <> '[]'") == []
    assert await site.rows("SELECT count(*) > 0 FROM meter_value WHERE sampled::text LIKE '%SoC%'") == [(True,)]


async def test_a_session_that_the_power_cut_short_ends_when_the_station_is_back(site: Site, tmp_path: Path) -> None:
    chosen = makes("HALL-DC-2", "GARAGE-01", "HARBOUR-01")
    async with living(site, tmp_path, chosen, FOR_EVER):
        await site.until(CHARGING, [(3,)])
    assert await site.rows("SELECT count(*) FROM transaction WHERE ended_at IS NULL") == [(3,)]
    async with living(site, tmp_path, chosen, NOBODY):
        await site.until("SELECT stop_reason, count(*) FROM transaction GROUP BY 1", [("PowerLoss", 3)])
    registers = "SELECT count(*) FROM transaction WHERE register_end_wh >= register_begin_wh"
    assert await site.rows(registers) == [(3,)]


@pytest.mark.parametrize("identity", ["GARAGE-01", "HARBOUR-01", "GARAGE-03", "GARAGE-04"])
async def test_a_station_charges_when_it_is_asked_to(site: Site, tmp_path: Path, identity: str) -> None:
    (make,) = makes(identity)
    station = site.csms.stations.named(identity)
    assert station is not None
    card = cards_of(1)[0]
    async with living(site, tmp_path, [make], NOBODY):
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
    async with living(site, tmp_path, makes("NEW-IN-TOWN"), FAST):
        await site.until("SELECT registration FROM station WHERE wire_id = 'NEW-IN-TOWN'", [("Pending",)])
        station = site.csms.stations.named("NEW-IN-TOWN")
        assert station is not None
        await boots.accept(site.csms.store, site.csms.sending, site.csms.stations, station, "test")
        await site.until(CHARGING, [(1,)])
