"""`forecourt station run`: one charging station, shown live in a terminal or told in lines, and handled by keys or by lines."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console

from forecourt.cli.logs import log_to_stderr
from forecourt.cli.settings import Failure
from forecourt.cli.station_options import options, setup_from, setup_in
from forecourt.cli.stopping import told_to_stop
from forecourt.cli.typed import typed_lines
from forecourt.clock import SYSTEM
from forecourt.station.disturbed import Impossible
from forecourt.station.setup import Setup, WrongSetup, living
from forecourt.station.workbench.doings import KINDS, Unplug, spoken
from forecourt.station.workbench.records import Record
from forecourt.station.workbench.workbench import Workbench
from forecourt.transport import run

_LEAVE_S: Final = 5.0
_HELP: Final = (
    f"state, variables [PREFIX], quit, or something to do: {', '.join(KINDS)} (`plug soc=0.3`, `swipe 04A1B2C3`)"
)


@click.command("run")
@click.argument("url", required=False)
@click.option(
    "--config", "file", type=click.Path(dir_okay=False, exists=True, path_type=Path), help="A TOML file with [station]."
)
@options
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for what it must not forget [default: nothing outlives the command].",
)
@click.option("--card", default="04A1B2C3", show_default=True, help="What the key s holds to the reader.")
@click.option("--plain", is_flag=True, help="Lines instead of the live view, also in a terminal.")
@click.option("--control", type=click.IntRange(0, 65535), metavar="PORT", help="Serve the control API (0: any port).")
@click.option("--control-host", default="127.0.0.1", show_default=True, help="Where.")
@click.option("--control-token", envvar="FORECOURT_CONTROL_TOKEN", help="What its callers show [default: made up].")
@click.option("--verbose", is_flag=True, help="Log everything, not only warnings.")
def run_station(
    url: str | None,
    file: Path | None,
    data: Path | None,
    card: str,
    plain: bool,
    control: int | None,
    control_host: str,
    control_token: str | None,
    verbose: bool,
    **given: Any,
) -> None:
    """Run a charging station that connects to URL, until Ctrl-C: ws://, wss://, or http:// for OCPP 1.6 over SOAP.

    In a terminal it is shown live and handled by keys. Elsewhere, or with --plain, what happens is told in lines, and lines on
    the standard input say what to do; `help` lists them. Without --data all leave at the end; with it, what runs is ended with
    PowerLoss at the next start.
    """
    log_to_stderr(verbose)
    setup = setup_from(setup_in(file), url, given)
    console = Console(highlight=False, markup=False, soft_wrap=True)
    terminal = console.is_terminal and sys.stdin.isatty() and not plain
    listening = None if control is None else (control_host, control, control_token or secrets.token_urlsafe(18))
    try:
        if data is not None:
            data.mkdir(parents=True, exist_ok=True)
        run(_run(setup, data, card, console, terminal=terminal, listening=listening))
    except (OSError, WrongSetup) as error:
        raise Failure(str(error)) from error


async def _run(
    setup: Setup,
    folder: Path | None,
    card: str,
    console: Console,
    *,
    terminal: bool,
    listening: tuple[str, int, str] | None,
) -> None:
    over = asyncio.Event()
    async with AsyncExitStack() as stack:
        bench = await stack.enter_async_context(living(setup, folder=folder, powered=False))
        if listening is not None:
            from forecourt.station.workbench.control import controlled

            host, port, token = listening
            port = await stack.enter_async_context(controlled(bench, token, host=host, port=port))
            console.print(f"control API: http://{host}:{port}/v1 with the token {token}")
        if terminal:
            from forecourt.cli.station_view import shown

            await stack.enter_async_context(shown(bench, setup.url, card, console, over))
        else:
            await stack.enter_async_context(_told(bench, console, over))
        bench.powered.power_on()
        await told_to_stop(also=over)
        if folder is None:
            await _take_leave(bench)


async def _take_leave(bench: Workbench) -> None:
    """Nothing is kept, so nobody could end later what runs now: all pull their cables, and what waits is delivered."""
    for evse in bench.state().evses:
        if evse.plugged:
            bench.do(Unplug(evse=evse.evse))
    try:
        async with SYSTEM.timeout(_LEAVE_S):
            while (station := bench.powered.station) is not None and station.online and not station.outbox.idle:
                await SYSTEM.sleep(0.05)
    except TimeoutError:
        return


@asynccontextmanager
async def _told(bench: Workbench, console: Console, over: asyncio.Event) -> AsyncGenerator[None, None]:
    """Tell what happens in lines, and do what lines say."""

    def tell(record: Record) -> None:
        console.print(f"{record.at:%H:%M:%S} {record.line()}")

    stop = bench.follow(tell)
    async with typed_lines() as lines, asyncio.TaskGroup() as group:
        listening = group.create_task(_obey(bench, console, lines, over))
        try:
            yield
        finally:
            listening.cancel()
            stop()


async def _obey(bench: Workbench, console: Console, lines: asyncio.Queue[str], over: asyncio.Event) -> None:
    while True:
        line = (await lines.get()).strip()
        if line == "quit":
            over.set()
        elif line:
            console.print(obeyed(bench, line), end="")


def obeyed(bench: Workbench, line: str) -> str:
    """Do what a line says; what there is to say to that, with the ends of its lines."""
    name, _, rest = line.partition(" ")
    try:
        match name:
            case "help":
                return _HELP + "\n"
            case "state":
                return msgspec.json.encode(bench.state()).decode() + "\n"
            case "variables":
                found = bench.variables().items()
                return "".join(f"{key}={value}\n" for key, value in found if key.startswith(rest.strip()))
            case _:
                bench.do(spoken(line))
    except Impossible as error:
        return f"cannot: {error}\n"
    return ""
