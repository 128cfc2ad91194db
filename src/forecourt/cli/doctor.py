"""`forecourt doctor`: what keeps stations from connecting, looked at one thing after another, with what to do about it."""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Final

import click
from rich.markup import escape
from rich.table import Table

from forecourt.cli import settings, whereabouts
from forecourt.cli.doctor_database import look_at
from forecourt.cli.places import holder_of, lan_addresses
from forecourt.cli.screens import screen
from forecourt.clock import SYSTEM
from forecourt.csms.config import Config
from forecourt.csms.store.errors import StoreError

SOON: Final = timedelta(days=30)
LEAST_FREE_BYTES: Final = 2 * 1024**3
FULL_BYTES: Final = 256 * 1024**2
"""With less a database cannot be made, nor one go on for long."""
SPARE_FILES: Final = 200
"""Open files that are no stations: the database's connections, the API's callers, our own."""
OLDEST_CLOCK: Final = 2025
_CLOCK_IS_FREE: Final = 5
"""What Linux answers about a clock that nobody keeps right (TIME_ERROR)."""


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
        words = finding.words + (f"\n{finding.advice}" if finding.advice else "")
        # What stands in messages and paths is no markup.
        table.add_row(finding.grade.value, escape(finding.what), escape(words))
    screen().print(table)
    if any(finding.grade is Grade.BAD for finding in findings):
        raise SystemExit(1)


def examine(config: Config, now: datetime) -> Iterator[Finding]:
    """Everything there is to look at."""
    running = whereabouts.of(config.database.folder)
    yield _port("port for stations", config.server.host, config.server.port, "FORECOURT__SERVER__PORT", running)
    if config.api.enabled:
        yield _port("port of the API", config.api.host, config.api.port, "FORECOURT__API__PORT", running)
    yield _addresses()
    yield from _certificates(config, now)
    yield _clock(now)
    yield _disk(config.database.folder)
    yield _files(config)
    yield _database(config)


def _port(what: str, host: str, port: int, key: str, running: whereabouts.Whereabouts | None) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family):
            return Finding(what, Grade.GOOD, f"{port} is free" if port else "any that is free")
    except OSError as error:
        if running is not None and port in running.ports:
            return Finding(what, Grade.GOOD, f"{port} is that of the server that runs (pid {running.process})")
        if error.errno == errno.EACCES:
            advice = f"ports below 1024 need special rights; set {key} to a higher one"
            return Finding(what, Grade.BAD, f"{port} may not be had by this account", advice)
        holder = holder_of(port)
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
        begins, ends = chain[0].not_valid_before_utc, chain[0].not_valid_after_utc
        if begins > now:
            words = f"not valid before {begins:%Y-%m-%d %H:%M} UTC"
            yield Finding(what, Grade.BAD, words, "wait, or set the clock; no station will connect")
        elif ends <= now:
            yield Finding(what, Grade.BAD, f"expired on {ends:%Y-%m-%d}", "renew it; no station will connect")
        elif ends <= now + SOON:
            yield Finding(what, Grade.WARNING, f"expires on {ends:%Y-%m-%d}", "renew it")
        else:
            yield Finding(what, Grade.GOOD, f"valid until {ends:%Y-%m-%d}")
    yield from _roots(config, now)
    yield from _revocations(config, now)


def _roots(config: Config, now: datetime) -> Iterator[Finding]:
    from cryptography import x509

    file = config.tls.client_ca
    if file is None:
        return
    what = f"roots of stations {file}"
    try:
        roots = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        yield Finding(what, Grade.BAD, f"cannot be read: {error}", "without it the server does not start")
        return
    late = [one.subject.rfc4514_string() for one in roots if one.not_valid_after_utc <= now]
    if late:
        advice = "put the new one beside it; stations with certificates of an expired root are refused"
        yield Finding(what, Grade.WARNING, f"expired: {'; '.join(late)}", advice)
    else:
        yield Finding(what, Grade.GOOD, f"{len(roots)} of them")


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
    words = f"{now:%Y-%m-%d %H:%M} UTC"
    if now.year < OLDEST_CLOCK:
        return Finding("clock", Grade.BAD, f"it says {now:%Y-%m-%d}", "set it: stations take their time from here")
    if not clock_is_kept():
        advice = "have it kept by NTP (timedatectl set-ntp true): stations take their time from here"
        return Finding("clock", Grade.WARNING, f"{words}, and nobody keeps it right", advice)
    return Finding("clock", Grade.GOOD, words)


def clock_is_kept() -> bool:
    """Whether something keeps the clock of this machine right, as far as the system tells."""
    if sys.platform != "linux":
        return True
    # A request that is all zero asks and changes nothing. Its size is that of no system that is larger.
    asked = ctypes.create_string_buffer(512)
    return bool(ctypes.CDLL(None).adjtimex(asked) != _CLOCK_IS_FREE)


def _disk(folder: Path) -> Finding:
    there = folder.resolve()
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    words = f"{free / 1e9:.1f} GB free for {folder.resolve()}"
    if not os.access(there, os.W_OK):
        return Finding("disk", Grade.BAD, f"{there} cannot be written", "choose another folder with --data")
    advice = "when it is full, stations are sent away and keep what they have to say"
    if free < FULL_BYTES:
        return Finding("disk", Grade.BAD, words, advice)
    if free < LEAST_FREE_BYTES:
        return Finding("disk", Grade.WARNING, words, advice)
    return Finding("disk", Grade.GOOD, words)


def _files(config: Config) -> Finding:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = config.gateway.max_connections + SPARE_FILES
    words = f"{soft} open files allowed, {hard} at most"
    if hard != resource.RLIM_INFINITY and hard < wanted:
        advice = f"room for some {max(hard - SPARE_FILES, 0)} stations; raise it (ulimit -Hn {wanted}), or lower gateway.max_connections"
        return Finding("open files", Grade.WARNING, words, advice)
    return Finding("open files", Grade.GOOD, words)


def _database(config: Config) -> Finding:
    try:
        return Finding("database", Grade.GOOD, look_at(config))
    except (TimeoutError, StoreError, OSError) as error:
        return Finding("database", Grade.BAD, str(error))
