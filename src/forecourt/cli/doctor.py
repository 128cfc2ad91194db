"""`forecourt doctor`: what keeps stations from connecting, looked at one thing after another, with what to do about it."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from forecourt.cli import settings
from forecourt.cli.places import holder_of, lan_addresses
from forecourt.clock import SYSTEM
from forecourt.csms.config import Config
from forecourt.csms.store.engine import connect
from forecourt.csms.store.errors import StoreError
from forecourt.transport import run

SOON: Final = timedelta(days=30)
LEAST_FREE_BYTES: Final = 2 * 1024**3
LEAST_FILES: Final = 4096
OLDEST_CLOCK: Final = 2025


class Grade(Enum):
    """How something is."""

    GOOD = "[green]ok[/]"
    WARNING = "[yellow]warning[/]"
    BAD = "[red]failure[/]"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do about it."""

    what: str
    grade: Grade
    words: str
    advice: str = ""


@click.command()
@settings.options
def doctor(file: Path | None, data: Path | None) -> None:
    """Look for what keeps stations from connecting. Ends with code 1 if something is wrong."""
    config = settings.read(file, data)
    findings = list(examine(config, SYSTEM.now()))
    table = Table(show_header=False, box=None, padding=(0, 2))
    for finding in findings:
        table.add_row(
            finding.grade.value, finding.what, finding.words + (f"\n{finding.advice}" if finding.advice else "")
        )
    Console(highlight=False).print(table)
    if any(finding.grade is Grade.BAD for finding in findings):
        raise SystemExit(1)


def examine(config: Config, now: datetime) -> Iterator[Finding]:
    """Everything there is to look at."""
    yield _port("port for stations", config.server.host, config.server.port, "FORECOURT__SERVER__PORT")
    if config.api.enabled:
        yield _port("port of the API", config.api.host, config.api.port, "FORECOURT__API__PORT")
    yield _addresses()
    yield from _certificates(config, now)
    yield _clock(now)
    yield _disk(config.database.folder)
    yield _files(config)
    yield _database(config)


def _port(what: str, host: str, port: int, key: str) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return Finding(what, Grade.GOOD, f"{port} is free")
    except OSError as error:
        holder = holder_of(port)
        if "python" in holder or "forecourt" in holder:
            return Finding(what, Grade.GOOD, f"{port} is in use by {holder}, probably a server of ours")
        words = f"{port} cannot be had: {error.strerror}" + (f", {holder} has it" if holder else "")
        return Finding(what, Grade.BAD, words, f"end what has it, or set {key}")


def _addresses() -> Finding:
    found = lan_addresses()
    if found:
        return Finding("network", Grade.GOOD, f"this machine is reached at {', '.join(found)}")
    advice = "stations on other machines will not find this one"
    return Finding("network", Grade.WARNING, "this machine has no address in a network", advice)


def _certificates(config: Config, now: datetime) -> Iterator[Finding]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    if not config.tls.certificates:
        yield Finding("TLS", Grade.WARNING, "no certificate", "set tls.certificates for security profiles 2 and 3")
        return
    for certificate_file, key_file in config.tls.certificates:
        what = f"certificate {certificate_file}"
        try:
            chain = x509.load_pem_x509_certificates(certificate_file.read_bytes())
            private = load_pem_private_key(key_file.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            yield Finding(what, Grade.BAD, f"cannot be read: {error}")
            continue
        spki = Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        if private.public_key().public_bytes(*spki) != chain[0].public_key().public_bytes(*spki):
            yield Finding(what, Grade.BAD, f"the key in {key_file} is not its key")
            continue
        unlinked = next((one for one, above in itertools.pairwise(chain) if one.issuer != above.subject), None)
        if unlinked is not None:
            words = "the chain has a gap: what follows is not the issuer of " + unlinked.subject.rfc4514_string()
            yield Finding(
                what, Grade.BAD, words, "order the file: server, then its issuer, and so on, without the root"
            )
            continue
        ends = chain[0].not_valid_after_utc
        if ends <= now:
            yield Finding(what, Grade.BAD, f"expired on {ends:%Y-%m-%d}", "renew it; no station will connect")
        elif ends <= now + SOON:
            yield Finding(what, Grade.WARNING, f"expires on {ends:%Y-%m-%d}", "renew it")
        else:
            yield Finding(what, Grade.GOOD, f"valid until {ends:%Y-%m-%d}")
    yield from _revocations(config, now)


def _revocations(config: Config, now: datetime) -> Iterator[Finding]:
    from forecourt.csms.gateway.revocation import read_lists

    for file in config.tls.client_crl:
        what = f"revocation list {file}"
        try:
            roots = "" if config.tls.client_ca is None else config.tls.client_ca.read_text()
            lists = read_lists([file], roots).lists
        except (OSError, ValueError) as error:
            yield Finding(what, Grade.BAD, f"cannot be used: {error}", "without it the server does not start")
            continue
        late = next((one for one in lists if one.is_late(now)), None)
        count = sum(len(one.revoked) for one in lists)
        if late is not None:
            words = (
                f"should have been replaced on {late.next_update:%Y-%m-%d}; its {count} revoked certificates stay so"
            )
            yield Finding(what, Grade.WARNING, words, "fetch the newest list of this authority")
        else:
            yield Finding(what, Grade.GOOD, f"{count} certificates revoked")


def _clock(now: datetime) -> Finding:
    if now.year < OLDEST_CLOCK:
        return Finding("clock", Grade.BAD, f"it says {now:%Y-%m-%d}", "set it: stations take their time from here")
    return Finding("clock", Grade.GOOD, f"{now:%Y-%m-%d %H:%M} UTC")


def _disk(folder: Path) -> Finding:
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    words = f"{free / 1e9:.1f} GB free for {folder.resolve()}"
    if not os.access(there, os.W_OK):
        return Finding("disk", Grade.BAD, f"{there} cannot be written", "choose another folder with --data")
    if free < LEAST_FREE_BYTES:
        return Finding(
            "disk", Grade.WARNING, words, "when it is full, stations are sent away and keep what they have to say"
        )
    return Finding("disk", Grade.GOOD, words)


def _files(config: Config) -> Finding:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = config.gateway.max_connections
    words = f"{soft} open files allowed, {hard} at most"
    if hard < LEAST_FILES:
        return Finding("open files", Grade.WARNING, words, f"each station needs one; raise it (ulimit -n {wanted})")
    return Finding("open files", Grade.GOOD, words)


def _database(config: Config) -> Finding:
    if not config.database.url:
        return _embedded(config.database.folder / "database")

    async def look() -> str:
        database = connect(config.database.url, pool_size=1)
        try:
            began = SYSTEM.monotonic()
            release = await database.version()
            return f"PostgreSQL {release} answers in {(SYSTEM.monotonic() - began) * 1000:.0f} ms"
        finally:
            await database.close()

    return _tried("database", lambda: run(look()))


def _embedded(folder: Path) -> Finding:
    from forecourt.csms.store.programs import locate

    if not folder.exists():
        return _tried("database", lambda: f"embedded PostgreSQL {locate().major}, to be made at the first start")
    return _tried("database", lambda: f"embedded PostgreSQL {locate().major} in {folder.resolve()}")


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, Grade.GOOD, look())
    except (TimeoutError, StoreError, OSError) as error:
        return Finding(what, Grade.BAD, str(error))
