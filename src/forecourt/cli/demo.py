"""`forecourt demo`: a charging network on this machine alone, with a folder, a password and stations of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.markup import escape

from forecourt.cli.demo_folder import default_folder
from forecourt.cli.demo_stations import BLOCKED, MAKES, Make, cards_of, stations
from forecourt.cli.logs import log_to_stderr
from forecourt.cli.running import until_stopped
from forecourt.cli.serve import LOOPBACK, found_by_commands
from forecourt.cli.settings import Failure
from forecourt.csms.app import Csms
from forecourt.csms.config import Api, Charging, Config, Database, Gateway, Server, Soap

LOGIN: Final = "admin"
PORTS_TRIED: Final = 100
SECRETS: Final = "demo.json"
STATIONS: Final = "stations"
_SEED: Final = 1


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The passwords of the demo: its own, nobody else's, and shown at every start."""

    administrator: str
    stations: dict[str, str]


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for everything the demo keeps (default: forecourt/demo in the data folder of your account).",
)
@click.option("--seed", type=int, default=_SEED, show_default=True, help="Another number, another day at the stations.")
@click.option("--port", type=click.IntRange(1, 65535), default=8180, show_default=True, help="For stations.")
@click.option("--api-port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="For the API.")
@click.option("--verbose", is_flag=True, help="Log everything, not only warnings.")
def demo(data: Path | None, seed: int, port: int, api_port: int, verbose: bool) -> None:
    """Show a live charging network: a management system and stations of every version, until Ctrl-C.

    Everything stays on this machine. Where a port is taken, the next free one is used. A second start goes on with the same
    data; to begin anew, remove the folder.
    """
    log_to_stderr(verbose)
    folder = (data or default_folder()).absolute()
    console = Console(highlight=False)
    try:
        kept = passwords(folder)
    except OSError as error:
        raise Failure(f"{error.strerror}: {error.filename}") from error
    port = free_port(port)
    config = configuration(folder, kept, port=port, api_port=free_port(api_port, but=port))
    console.print("[bold]Forecourt demo[/]")

    async def say(csms: Csms) -> None:
        console.print(where(csms, folder, kept), soft_wrap=True)
        console.print("Ctrl-C ends it; the next start goes on with the same data.")

    def progress(words: str) -> None:
        # The password is shown below anyway.
        if "password" not in words:
            console.print(f"  {words}", soft_wrap=True, markup=False)

    until_stopped(live(config, folder, kept, seed, progress), config, say)
    console.print("ended")


@asynccontextmanager
async def live(
    config: Config, folder: Path, kept: Kept, seed: int, progress: Callable[[str], None]
) -> AsyncGenerator[Csms, None]:
    """The management system with its network, and the stations."""
    async with found_by_commands(config, progress) as csms:
        await provide(csms, kept)
        progress("the stations are coming")
        async with stations(MAKES, kept.stations, port=csms.port, memory=folder / STATIONS, seed=seed):
            yield csms


async def provide(csms: Csms, kept: Kept) -> None:
    """Let the management system know sites, stations and cards, unless it does."""
    from forecourt.cli.demo_network import announce

    cards = {
        f"{make.identity} {which}": card
        for number, make in enumerate(MAKES, 1)
        for which, card in enumerate(cards_of(number), 1)
    }
    await announce(csms, MAKES, kept.stations, cards=cards, blocked=BLOCKED)


def passwords(folder: Path) -> Kept:
    """The passwords in `folder`, which is made, as they are, at the first start; those of stations that are new are added. Raises OSError."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    (folder / STATIONS).mkdir(exist_ok=True)
    path = folder / SECRETS
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
    except FileNotFoundError:
        kept = Kept(administrator=secrets.token_urlsafe(12), stations={})
    except msgspec.DecodeError as error:
        raise Failure(f"{path} is damaged: {error}; remove the folder {folder} to begin anew") from error
    missing = {make.identity: secrets.token_hex(16) for make in MAKES if make.identity not in kept.stations}
    if missing:
        kept = msgspec.structs.replace(kept, stations={**kept.stations, **missing})
        half_done = path.with_suffix(".new")
        descriptor = os.open(half_done, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(kept), indent=2))
        os.replace(half_done, path)
    return kept


def configuration(folder: Path, kept: Kept, *, port: int, api_port: int) -> Config:
    """The settings of the demo: nothing is reached from outside this machine."""
    return Config(
        server=Server(host=LOOPBACK, port=port),
        api=Api(host=LOOPBACK, port=api_port, administrator_password=kept.administrator),
        database=Database(folder=folder),
        gateway=Gateway(registration="pending", heartbeat_interval_s=60, pending_interval_s=20),
        soap=Soap(trusted_networks=("127.0.0.0/8",)),
        charging=Charging(price_per_kwh="0.49"),
    )


def free_port(wanted: int, *, but: int = 0) -> int:
    """`wanted`, or the next port of this machine that nobody has; never `but`, which is promised already."""
    for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
        if port == but:
            continue
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise Failure(f"none of the ports {wanted} to {wanted + PORTS_TRIED - 1} is free")


def where(csms: Csms, folder: Path, kept: Kept) -> str:
    """What there is to see, and how to get in."""
    command = _command() + " station list" + ("" if folder == default_folder() else f" --data {folder}")
    doors = ", ".join(sorted({_door(make) for make in MAKES}))
    rows = (
        ("stations", f"{len(MAKES)} with {sum(make.outlets for make in MAKES)} outlets, over OCPP {doors}"),
        ("dashboard", f"[bold]http://{LOOPBACK}:{csms.api_port}/[/]"),
        ("API", f"http://{LOOPBACK}:{csms.api_port}/api/docs"),
        ("sign in", f"[bold]{LOGIN}[/] with the password [bold]{kept.administrator}[/] (of the first start)"),
        ("look", f"{escape(command)} (or token, site, user)"),
        ("your own", f"ws://{LOOPBACK}:{csms.port}/ocpp/ - what you connect waits for you to accept it"),
        ("data", f"{escape(str(folder))} - remove it to begin anew"),
    )
    return "\n".join(f"  {title:<10}{words}" for title, words in rows)


def _command() -> str:
    """How this program is called from here."""
    here = Path(sys.argv[0])
    if shutil.which("forecourt") == str(here) or not here.is_file():
        return "forecourt"
    return os.path.relpath(here)


def _door(make: Make) -> str:
    return make.version + ("S (SOAP)" if make.soap else "J" if make.version == "1.6" else "")
