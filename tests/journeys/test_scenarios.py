"""The scenarios of the examples, played by our station against our management system."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from forecourt.clock import SYSTEM
from forecourt.station.scenario.play import Play, Result, Status
from forecourt.station.scenario.script import read_scenario
from forecourt.station.setup import living
from tests.journeys.site import CARD, PASSWORD, Site

FOLDER = Path(__file__).resolve().parent.parent.parent / "examples/scenarios"
# That one needs the API: tests/cli/test_api_journey.py plays it.
FILES = sorted(file for file in FOLDER.glob("*.toml") if file.stem != "remote")


async def test_our_management_system_passes_the_examples_over_soap_too(site: Site) -> None:
    await passes(site, FOLDER / "rough.toml", site.soap_url, soap=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_our_management_system_passes_the_examples(site: Site, file: Path) -> None:
    await passes(site, file, site.url)


async def passes(site: Site, file: Path, url: str, *, soap: bool = False) -> None:
    await site.announce("CS001", soap=soap)
    await site.hand_out(CARD)
    scenario = read_scenario(file, {"card": CARD})
    setup = msgspec.structs.replace(scenario.station, url=url, password=PASSWORD)
    results: list[Result] = []
    async with living(setup, powered=False) as bench:
        good = await Play(scenario, bench, SYSTEM, seed=1, told=results.append).run()
    assert good, "\n".join(f"{one.number} {one.title}: {one.message}" for one in results if one.status is Status.FAILED)
    assert await site.rows("SELECT count(*) FROM transaction WHERE ended_at IS NULL") == [(0,)]
