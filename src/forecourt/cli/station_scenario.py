"""`forecourt station scenario`: play journeys that are written down, against a management system or dry."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console

from forecourt.cli.logs import log_to_stderr
from forecourt.cli.settings import BadSettings, Failure
from forecourt.cli.station_options import options, setup_from
from forecourt.clock import SYSTEM, VirtualClock
from forecourt.station.scenario.dry import dry
from forecourt.station.scenario.play import Play, Result, Status
from forecourt.station.scenario.report import junit
from forecourt.station.scenario.script import Scenario, WrongScenario, read_scenario
from forecourt.station.setup import Setup, WrongSetup, living
from forecourt.transport import run

_DRY_URL: Final = "ws://dry"
_STEP_S: Final = 0.25
_MARKS: Final = {Status.PASSED: "ok", Status.FAILED: "FAILED", Status.SKIPPED: "skipped"}


def _values(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text}: NAME=VALUE")
        found[name] = value
    return found


@click.command("scenario")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--url", help="Where the station connects, if the file does not say so.")
@options
@click.option("--dry", "is_dry", is_flag=True, help="In virtual time, against one in memory that accepts everything.")
@click.option("--let", "values", multiple=True, callback=_values, metavar="NAME=VALUE", help="For ${NAME} in the file.")
@click.option(
    "--junit", "report", type=click.Path(dir_okay=False, path_type=Path), help="Where to write a JUnit report."
)
@click.option("--verbose", is_flag=True, help="Log everything, not only warnings.")
def scenario(
    files: tuple[Path, ...],
    url: str | None,
    is_dry: bool,
    values: dict[str, str],
    report: Path | None,
    verbose: bool,
    **given: Any,
) -> None:
    """Play the scenarios of FILES, one after another, each with a new station. Ends with 1 when one of them fails.

    --seed also chooses among what a scenario leaves to chance (default: 1).
    """
    log_to_stderr(verbose)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    played: list[tuple[str, list[Result]]] = []
    plays: list[tuple[Scenario, Setup]] = []
    for file in files:
        try:
            found = read_scenario(file, values)
        except (WrongScenario, OSError) as error:
            raise BadSettings(str(error)) from error
        plays.append((found, setup_from(found.station, _DRY_URL if is_dry else url, given)))
    good = True
    for found, setup in plays:
        results: list[Result] = []
        played.append((found.name, results))
        console.print(found.name)

        def told(result: Result, results: list[Result] = results) -> None:
            results.append(result)
            console.print(f"  {_MARKS[result.status]:<8}{result.number:<6} {result.title} ({result.took_s:.1f} s)")
            for line in result.message.splitlines():
                console.print(f"          {line}")

        try:
            good &= run(_dry(found, setup, told) if is_dry else _real(found, setup, told))
        except (WrongSetup, OSError) as error:
            raise Failure(str(error)) from error
    if report is not None:
        report.write_bytes(junit(played))
    if not good:
        raise click.exceptions.Exit(1)


async def _real(found: Scenario, setup: Setup, told: Any) -> bool:
    async with living(setup, powered=False) as bench:
        return await Play(found, bench, SYSTEM, seed=setup.seed or 1, told=told).run()


async def _dry(found: Scenario, setup: Setup, told: Any) -> bool:
    clock = VirtualClock()
    bench = dry(msgspec.structs.replace(setup, url=_DRY_URL), clock)
    async with asyncio.TaskGroup() as group:
        playing = group.create_task(Play(found, bench, clock, seed=setup.seed or 1, told=told).run())
        while not playing.done():
            await clock.advance(_STEP_S)
    return playing.result()
