"""`forecourt fleet`: thousands of behaving stations, against a management system or in virtual time against one in memory."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table

from forecourt.cli.logs import log_to_stderr
from forecourt.cli.settings import BadSettings
from forecourt.cli.stopping import told_to_stop
from forecourt.clock import SYSTEM
from forecourt.ocpp.versions import VERSIONS, Version
from forecourt.station.fleet.accepting import Accepting
from forecourt.station.fleet.crowd import Crowd, Mix, Outages
from forecourt.station.fleet.habits import COMMUTERS, ByHour, Habits, LogNormal, Uniform
from forecourt.station.online import OnlineLink
from forecourt.station.scripted import ScriptedLink
from forecourt.station.timeline import RealTimeline, VirtualTimeline
from forecourt.transport import client_context, run
from forecourt.transport.running import allow_many_files, collect_seldom

_EQUALLY: Final = "1.6=1,2.0.1=1,2.1=1"
_STEP_S: Final = 60.0
_DRAIN_S: Final = 20.0
_LINE_EVERY_S: Final = 10.0


def _versions(context: click.Context, parameter: click.Parameter, value: str) -> tuple[tuple[float, Version], ...]:
    found = []
    for part in value.split(","):
        name, _, share = part.partition("=")
        version = VERSIONS.get(f"ocpp{name.strip()}")
        try:
            number = float(share or 1)
        except ValueError:
            number = -1
        if version is None or number < 0:
            raise click.BadParameter(f"{part!r}: a version (1.6, 2.0.1, 2.1), then = and its share")
        found.append((number, version))
    if not any(share for share, _ in found):
        raise click.BadParameter("all shares are 0")
    return tuple(found)


def _identities(context: click.Context, parameter: click.Parameter, value: str) -> str:
    try:
        if value.format(1) == value.format(2):
            raise click.BadParameter("all would be called the same: {:05} stands for the number")
    except (IndexError, KeyError, ValueError) as error:
        raise click.BadParameter(f"{value!r}: {{:05}} stands for the number, with zeros up to five places") from error
    return value


@dataclass(frozen=True, slots=True)
class Show:
    """Figures while it runs: a table in a terminal, a line now and then elsewhere; both beside the output."""

    console: Console
    live: Live | None
    real: bool

    def now(self, crowd: Crowd, elapsed_s: float) -> None:
        if self.live is not None:
            self.live.update(_table(crowd, elapsed_s, real=self.real), refresh=True)
        else:
            figures = crowd.figures
            self.console.print(
                f"{elapsed_s:.0f} s: {crowd.online} of {len(crowd)} online, {crowd.busy} transactions, {figures.said} answers,"
                f" {figures.failed} failed",
                soft_wrap=True,
            )


@click.command()
@click.argument("url", required=False)
@click.option("--stations", type=click.IntRange(1, 100_000), default=100, show_default=True)
@click.option("--versions", default=_EQUALLY, show_default=True, callback=_versions, help="Shares of OCPP versions.")
@click.option(
    "--dc", type=click.FloatRange(0, 1), default=0.2, show_default=True, help="Share of DC stations (150 kW)."
)
@click.option(
    "--per-day", type=click.FloatRange(0.01, 100_000), default=2.0, show_default=True, help="Arrivals at each."
)
@click.option("--stay", type=click.FloatRange(0.001, 48), default=3.0, show_default=True, help="Hours, the median.")
@click.option("--sampling", type=click.IntRange(0, 86_400), default=900, show_default=True, help="Seconds; 0: none.")
@click.option(
    "--hours",
    type=click.FloatRange(0, min_open=True),
    help="How long [default: 24 in virtual time, else until Ctrl-C].",
)
@click.option("--seed", type=int, default=1, show_default=True, help="The same number, the same stations and drivers.")
@click.option("--identities", default="CS{:05}", show_default=True, callback=_identities, help="Names, by number.")
@click.option("--password", help="Of every station.")
@click.option("--ca", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="PEM file with whom to trust.")
@click.option(
    "--card", "cards", multiple=True, help="What drivers hold up; may be repeated [default: one per station]."
)
@click.option(
    "--outages", type=click.FloatRange(0, 1000), default=0.0, help="How often a day each station loses its network."
)
@click.option("--print-cards", is_flag=True, help="Only print the cards, as CSV for `forecourt token import`.")
@click.option(
    "--ramp", type=click.FloatRange(0.1), default=50.0, show_default=True, help="Stations that start per second."
)
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@click.option("--verbose", is_flag=True, help="Log everything, not only warnings.")
def fleet(url: str | None, hours: float | None, print_cards: bool, as_json: bool, verbose: bool, **given: Any) -> None:
    """Run many stations with drivers at the management system URL (ws://...), in real time; without URL, in virtual time
    against a management system in memory that accepts everything.

    Drivers arrive at each station as a Poisson process with the hours of commuters (UTC) and stay for a log-normal time
    (sigma 0.7). Vehicles are drawn from six kinds, with a state of charge from 8 to 70 %, and want 20 to 90 % more. 1 % of
    the cards are unknown, 0.2 % of the visits find the place broken. With --outages the network of each station goes away as a
    Poisson process, for a log-normal time (median 2 minutes, sigma 1). At the end all leave and what waits is delivered.
    """
    log_to_stderr(verbose)
    habits = Habits(
        arrivals=ByHour(given["per_day"], COMMUTERS),
        stay_s=LogNormal(given["stay"] * 3600, 0.7, 1, 48 * 3600),
        first_s=None,
        hesitates_s=Uniform(5, 30),
    )
    mix = Mix(
        seed=given["seed"],
        identities=given["identities"],
        versions=given["versions"],
        direct=given["dc"],
        habits=habits,
        settings={"SampledDataCtrlr.TxUpdatedInterval": str(given["sampling"])},
        strangers=("5724A46E",),
        outages=Outages(per_day=given["outages"]) if given["outages"] else None,
    )
    if given["cards"]:
        cards: tuple[str, ...] = given["cards"]
        mix = replace(mix, cards_of=lambda number: cards)
    if print_cards:
        found = {card for number in range(1, given["stations"] + 1) for card in mix.cards_of(number)}
        click.echo("\n".join(["value,kind", *(f"{card},ISO14443" for card in sorted(found))]))
        return
    console = Console(stderr=True, highlight=False)
    ramp_s = given["stations"] / given["ramp"]
    with _showing(console, real=url is not None) as show:
        if url is None:
            summary = _virtually(mix, given["stations"], ramp_s, hours or 24.0, show)
        else:
            secure = url.startswith("wss:")
            mix = replace(mix, security_profile=0 if given["password"] is None else 2 if secure else 1)
            tls = _trusting(given["ca"]) if secure else None
            summary = run(_really(url, given["password"], tls, mix, given["stations"], ramp_s, hours, show))
    summary = {"seed": mix.seed, **summary}
    if as_json:
        click.echo(msgspec.json.encode(summary))
    else:
        click.echo("\n".join(f"{name.replace('_', ' '):<22}{_words(value)}" for name, value in summary.items()))


class _showing:
    """A live table where there is a terminal."""

    def __init__(self, console: Console, *, real: bool) -> None:
        self._console = console
        self._real = real
        self._live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None

    def __enter__(self) -> Show:
        if self._live is not None:
            self._live.start()
        return Show(self._console, self._live, self._real)

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()


def _virtually(mix: Mix, stations: int, ramp_s: float, hours: float, show: Show) -> dict[str, Any]:
    timeline = VirtualTimeline()
    csms = Accepting(timeline)
    began, shown_at = SYSTEM.monotonic(), SYSTEM.monotonic()
    crowd = Crowd(mix, stations, timeline, lambda build: ScriptedLink(timeline, build.versions[0], csms, checked=False))
    crowd.switch_on(ramp_s)
    before_wh = crowd.imported_wh
    try:
        while (elapsed_s := timeline.monotonic()) < hours * 3600:
            timeline.advance(min(_STEP_S, hours * 3600 - elapsed_s))
            if SYSTEM.monotonic() - shown_at >= (1.0 if show.live is not None else _LINE_EVERY_S):
                shown_at = SYSTEM.monotonic()
                show.now(crowd, timeline.monotonic())
    except KeyboardInterrupt:
        # What has happened until then is told.
        show.console.print("stopped")
    simulated_s = timeline.monotonic()
    crowd.send_home()
    timeline.advance(_DRAIN_S)
    took_s = SYSTEM.monotonic() - began
    return {
        **_counted(crowd, simulated_s, float(crowd.imported_wh - before_wh), took_s),
        "virtual_time_factor": round(simulated_s / took_s),
    }


async def _really(
    url: str,
    password: str | None,
    tls: ssl.SSLContext | None,
    mix: Mix,
    stations: int,
    ramp_s: float,
    hours: float | None,
    show: Show,
) -> dict[str, Any]:
    allow_many_files()
    timeline = RealTimeline(SYSTEM)
    links: list[OnlineLink] = []

    def link_of(build: object) -> OnlineLink:
        links.append(OnlineLink(url, password=password, tls=tls))
        return links[-1]

    crowd = Crowd(mix, stations, timeline, link_of)
    began = SYSTEM.monotonic()
    crowd.switch_on(ramp_s)
    collect_seldom()
    _again(
        timeline, 1.0 if show.live is not None else _LINE_EVERY_S, lambda: show.now(crowd, SYSTEM.monotonic() - began)
    )
    await told_to_stop(None if hours is None else hours * 3600)
    elapsed_s = SYSTEM.monotonic() - began
    crowd.send_home()
    try:
        async with SYSTEM.timeout(_DRAIN_S):
            while not crowd.idle:
                await SYSTEM.sleep(0.1)
    except TimeoutError:
        show.console.print("not everything could be delivered")
    summary = _counted(crowd, elapsed_s, float(crowd.imported_wh), elapsed_s)
    summary["online_at_the_end"] = crowd.online
    summary["answer_ms_p50"], summary["answer_ms_p99"] = crowd.figures.answer_ms(0.5), crowd.figures.answer_ms(0.99)
    crowd.switch_off()
    async with asyncio.TaskGroup() as group:
        for link in links:
            group.create_task(link.aclose())
    timeline.close()
    return summary


def _trusting(ca: Path | None) -> ssl.SSLContext:
    """One for all stations. Raises BadSettings."""
    try:
        return client_context(roots=None if ca is None else ca.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise BadSettings(f"{ca}: {error}") from error


def _again(timeline: RealTimeline, every_s: float, do: Callable[[], None]) -> None:
    def once() -> None:
        do()
        timeline.after(every_s, once)

    timeline.after(every_s, once)


def _counted(crowd: Crowd, elapsed_s: float, imported_wh: float, took_s: float) -> dict[str, Any]:
    figures = crowd.figures
    return {
        "stations": len(crowd),
        "versions": dict(sorted(crowd.versions.items())),
        "hours": round(elapsed_s / 3600, 3),
        "took_s": round(took_s, 1),
        "answers": figures.said,
        "answers_per_s": round(figures.said / took_s, 1),
        "calls_failed": figures.failed,
        "calls_of_the_csms": figures.asked,
        "transactions_begun": figures.begun,
        "transactions_ended": figures.ended,
        "energy_kwh": round(imported_wh / 1000, 1),
    }


def _table(crowd: Crowd, elapsed_s: float, *, real: bool) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 3, 0, 0))
    figures = crowd.figures
    hours, minutes = divmod(int(elapsed_s) // 60, 60)
    for title, value in (
        ("elapsed", f"{hours}:{minutes:02}:{int(elapsed_s) % 60:02}"),
        ("online", f"{crowd.online} of {len(crowd)}"),
        ("transactions", f"{crowd.busy} running, {figures.begun} begun, {figures.ended} ended"),
        ("charging", str(crowd.charging)),
        ("calls", f"{figures.said} answered, {figures.failed} failed, {figures.asked} of the management system"),
        # In virtual time they take as long as they are told to.
        *(
            [("answers within", f"{figures.answer_ms(0.5)} ms for half, {figures.answer_ms(0.99)} ms for 99 %")]
            if real
            else []
        ),
    ):
        table.add_row(title, value)
    return table


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {number}" for name, number in value.items())
    return str(value)
