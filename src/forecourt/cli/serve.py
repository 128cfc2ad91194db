"""`forecourt serve`: the management system, until it is stopped."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from forecourt.cli import settings
from forecourt.cli.logs import log_to_stderr
from forecourt.cli.places import in_url, lan_addresses
from forecourt.cli.running import prepared, until_stopped
from forecourt.cli.whereabouts import Whereabouts, announced
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
    console = Console(stderr=False, highlight=False, soft_wrap=True)

    async def say(csms: Csms) -> None:
        console.print(where(config, csms.port, csms.api_port))
        console.print("Ctrl-C ends it.")

    def progress(words: str) -> None:
        console.print(f"  {words}", markup=False)

    until_stopped(found_by_commands(config, progress), config, say)
    console.print("ended")


@asynccontextmanager
async def found_by_commands(config: Config, progress: Callable[[str], None]) -> AsyncGenerator[Csms, None]:
    """The management system, where `forecourt station` and the like find it."""
    async with prepared(config, progress) as csms:
        if not csms.api_port:
            yield csms
            return
        host = LOOPBACK if config.api.host in _EVERYWHERE else config.api.host
        told = Whereabouts(
            api_url=f"http://{in_url(host)}:{csms.api_port}",
            station_urls=station_urls(config, csms.port),
            ports=[csms.port, csms.api_port],
            process=os.getpid(),
        )
        with announced(config.database.folder, told):
            yield csms


def station_urls(config: Config, port: int) -> list[str]:
    """What stations connect to, without their identity: the public address if there is one, or every address of this machine."""
    path = config.gateway.path
    if config.server.public_url:
        return [config.server.public_url.rstrip("/") + path]
    scheme = "wss" if config.tls.certificates else "ws"
    return [f"{scheme}://{in_url(address)}:{port}{path}" for address in _reached_at(config.server.host)]


def where(config: Config, port: int, api_port: int) -> str:
    """What to type into chargers and browsers, and where things are. Lines of rich text, none of which may be cut: who reads a
    log wants whole addresses."""
    rows: list[tuple[str, str, str]] = []
    for url in station_urls(config, port):
        secure = url.startswith("wss:")
        profiles = (
            "profiles 2 and 3" if secure else "profiles 0 and 1" if config.gateway.allow_profile_0 else "profile 1"
        )
        rows.append(("stations", f"{url}/", f"OCPP 1.6J, 2.0.1, 2.1; security {profiles}"))
        if config.soap.enabled and not secure:
            rows.append(("", f"http://{url.partition('://')[2]}", "OCPP 1.6S (SOAP)"))
    if config.tls.certificates:
        rows.append(("TLS", ", ".join(str(certificate) for certificate, _ in config.tls.certificates), ""))
    else:
        rows.append(("TLS", "none", "set tls.certificates for security profiles 2 and 3"))
    if api_port:
        addresses = [f"http://{in_url(address)}:{api_port}" for address in _reached_at(config.api.host)]
        if config.dashboard.enabled:
            rows += [("dashboard", f"{address}/", "") for address in addresses]
        rows += [("API", f"{address}/api/docs", "") for address in addresses]
    database = "PostgreSQL at the address you gave" if config.database.url else "embedded PostgreSQL in the data folder"
    rows.append(("data", str(config.database.folder.resolve()), database))
    # An IPv6 address in brackets would be taken for markup.
    return "\n".join(f"  {title:<11}[bold]{escape(it)}[/]  {more}".rstrip() for title, it, more in rows)


def _reached_at(host: str) -> list[str]:
    """The addresses at which what listens on `host` is reached."""
    return (lan_addresses() or [LOOPBACK]) if host in _EVERYWHERE else [host]
