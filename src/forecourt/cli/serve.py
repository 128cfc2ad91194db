"""`forecourt serve`: the management system, until it is stopped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from forecourt.cli import settings
from forecourt.cli.logs import log_to_stderr
from forecourt.cli.places import in_url, lan_addresses
from forecourt.cli.running import prepared, until_stopped
from forecourt.cli.whereabouts import announced
from forecourt.csms.app import Csms
from forecourt.csms.config import Config

LOOPBACK = "127.0.0.1"
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


@click.command()
@settings.options
@click.option("--verbose", is_flag=True, help="Log everything, not only warnings.")
def serve(file: Path | None, data: Path | None, verbose: bool) -> None:
    """Run the management system until Ctrl-C.

    Without settings it keeps its data in var/forecourt with a database of its own, takes stations on port 8180 of every
    network, and serves the API on port 8080 of this machine only.
    """
    config = settings.read(file, data)
    log_to_stderr(verbose)
    console = Console(stderr=False, highlight=False)

    async def say(csms: Csms) -> None:
        console.print(where(config, csms))
        console.print("Ctrl-C ends it.")

    until_stopped(found_by_commands(config, lambda words: console.print(f"  {words}")), config, say)
    console.print("ended")


@asynccontextmanager
async def found_by_commands(config: Config, progress: Callable[[str], None]) -> AsyncGenerator[Csms, None]:
    """The management system, where `forecourt station` and the like find it."""
    async with prepared(config, progress) as csms:
        if not csms.api_port:
            yield csms
            return
        host = LOOPBACK if config.api.host in _EVERYWHERE else config.api.host
        with announced(config.database.folder, f"http://{in_url(host)}:{csms.api_port}", station_urls(config, csms)):
            yield csms


def station_urls(config: Config, csms: Csms) -> list[str]:
    """What stations connect to, without their identity; by every address of this machine."""
    addresses = lan_addresses() if config.server.host in _EVERYWHERE else [config.server.host]
    scheme = "wss" if config.tls.certificates else "ws"
    path = config.gateway.path
    return [f"{scheme}://{in_url(address)}:{csms.port}{path}" for address in addresses or [LOOPBACK]]


def where(config: Config, csms: Csms) -> Table:
    """What to type into chargers and browsers, and where things are."""
    table = Table(show_header=False, box=None, padding=(0, 2))
    secure = bool(config.tls.certificates)
    for url in station_urls(config, csms):
        profiles = "2 and 3" if secure else "0 and 1" if config.gateway.allow_profile_0 else "1"
        table.add_row("stations", f"[bold]{url}/[/]", f"OCPP 1.6J, 2.0.1, 2.1; security profiles {profiles}")
        if config.soap.enabled and not secure:
            table.add_row("", f"http://{url.partition('://')[2]}", "OCPP 1.6S (SOAP)")
    if not secure:
        table.add_row("", "[yellow]no TLS[/]", "set tls.certificates for security profiles 2 and 3")
    if csms.api_port:
        table.add_row("API", f"[bold]http://{in_url(config.api.host or 'localhost')}:{csms.api_port}/api/docs[/]", "")
    database = "PostgreSQL at the address you gave" if config.database.url else "embedded PostgreSQL in the data folder"
    table.add_row("data", str(config.database.folder.resolve()), database)
    return table
