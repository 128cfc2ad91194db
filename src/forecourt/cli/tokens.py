"""`forecourt token`: the cards of drivers, and why one was refused."""

from __future__ import annotations

import itertools
from typing import IO, Any, Final

import click

from forecourt.cli.remote import Api, options

KINDS: Final = ("ISO14443", "ISO15693", "eMAID", "KeyCode", "Local", "MacAddress", "Central")
MEDIA: Final = {"eMAID": "contract", "KeyCode": "code", "Local": "other", "MacAddress": "other", "Central": "app"}


@click.group()
def token() -> None:
    """Add, list and block the cards of drivers."""


@token.command("list")
@options
@click.option("--search", help="How the value, or what is printed on the card, begins.")
@click.option("--blocked", is_flag=True, help="Only those that are blocked.")
def list_tokens(api: Api, search: str | None, blocked: bool) -> None:
    """List the tokens."""
    columns = {
        "token": lambda one: one["value"],
        "kind": lambda one: one["kind"] or "any",
        "on the card": lambda one: one["visualNumber"],
        "group": lambda one: one["groupId"],
        "valid until": lambda one: one["validUntil"],
        "blocked": lambda one: (one["blockReason"] or True) if one["blocked"] else False,
    }
    items = list(api.all("/tokens", search=search, blocked="true" if blocked else None))
    api.table(items, columns, "There are no tokens. `forecourt token add VALUE` adds one.")


@token.command()
@options
@click.argument("value")
@click.option("--kind", type=click.Choice(KINDS), help="What it is; any kind fits if this is not said.")
@click.option("--group", default="", help="Of cards that stand in for each other.")
@click.option("--visual-number", default="", help="What is printed on the card.")
@click.option("--max-concurrent", type=click.IntRange(1), default=1, show_default=True, help="Sessions at a time.")
def add(api: Api, value: str, kind: str | None, group: str, visual_number: str, max_concurrent: int) -> None:
    """Add the token VALUE: the number a reader reads, which `forecourt token refused` shows after a card was held to it."""
    body: dict[str, Any] = {
        "value": value,
        "kind": kind or "",
        "medium": MEDIA.get(kind or "", "rfid"),
        "groupId": group,
        "visualNumber": visual_number,
        "maxConcurrent": max_concurrent,
    }
    made = api.ask("POST", "/tokens", body)
    api.show(made, f"{made['value']} may charge")


@token.command("import")
@options
@click.argument("sheet", metavar="FILE", type=click.File(encoding="utf-8"))
def import_tokens(api: Api, sheet: IO[str]) -> None:
    """Add the tokens of a CSV FILE (`-`: the standard input), or bring them up to date: the columns of an export, of which only
    `value` is needed. Ends with 1 when lines could not be taken."""
    done = api.ask("POST", "/tokens/import", {"csv": sheet.read()})
    lines = [f"line {one['line']}: {one['message']}" for one in done["refused"]]
    counts = f"{done['added']} added, {done['changed']} changed, {done['unchanged']} unchanged, {len(lines)} refused"
    api.show(done, "\n".join([*lines, counts]))
    if lines:
        raise click.exceptions.Exit(1)


@token.command()
@options
@click.argument("value")
@click.option("--reason", default="", help="For whoever wonders later.")
def block(api: Api, value: str, reason: str) -> None:
    """Refuse the token VALUE from now on."""
    done = api.ask("POST", f"/tokens/{_key(api, value)}/block", {"reason": reason})
    api.show(done, f"{done['value']} is blocked")


@token.command()
@options
@click.argument("value")
def unblock(api: Api, value: str) -> None:
    """Refuse the token VALUE no longer."""
    done = api.ask("POST", f"/tokens/{_key(api, value)}/unblock", {})
    api.show(done, f"{done['value']} may charge")


@token.command()
@options
@click.argument("value")
def remove(api: Api, value: str) -> None:
    """Know the token VALUE no longer. Its sessions stay on record."""
    api.ask("DELETE", f"/tokens/{_key(api, value)}")
    api.show({"removed": value}, f"{value} is removed")


@token.command()
@options
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many, the latest first."
)
def refused(api: Api, limit: int) -> None:
    """List the last tokens that a station was told to refuse, and why; also of cards that nobody knows."""
    items = list(itertools.islice(api.all("/token-judgements", refused="true"), limit))
    names = {key: _station(api, key) for key in {one["stationId"] for one in items}}
    columns = {
        "token": lambda one: one["token"],
        "at": lambda one: names[one["stationId"]],
        "told": lambda one: one["verdict"],
        "because": lambda one: one["reason"].replace("_", " "),
        "when": lambda one: one["at"],
    }
    api.table(items, columns, "No token was refused.")


def _key(api: Api, value: str) -> int:
    found: int = api.the_one("/tokens", "token", "value", value, value=value)["id"]
    return found


def _station(api: Api, key: int) -> str:
    name: str = api.ask("GET", f"/stations/{key}")["stationId"]
    return name
