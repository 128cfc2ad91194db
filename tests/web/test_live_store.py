"""The live store against the real server: a snapshot with the events after it is the next snapshot."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from forecourt.ocpp.versions import V16, V21, V201, Version
from tests.csms.api.charger import add
from tests.csms.api.system import Caller
from tests.journeys.driver import Driver, station
from tests.journeys.site import CARD
from tests.web.browsing import Dashboard
from tools.web.node import NODE, WEB

pytestmark = pytest.mark.asyncio(loop_scope="module")

FOLD = Path(__file__).with_name("fold.mjs")
UNTOLD = {"lastSeenAt", "lastAt", "receivedAt"}
"""When somebody was heard last: no event tells it, because it changes with every message and nobody waits for it."""


async def snapshot(caller: Caller) -> dict[str, list[dict[str, Any]]]:
    """All that there is, as lists show it."""
    return {
        "stations": (await caller.get("/stations", params={"limit": 500}))["items"],
        "transactions": (await caller.get("/transactions", params={"limit": 500}))["items"],
    }


def told(things: dict[str, list[dict[str, Any]]]) -> dict[str, dict[int, dict[str, Any]]]:
    """Things by number: lists have an order that no event changes."""
    return {name: {one["id"]: one for one in some} for name, some in things.items()}


async def folded(before: dict[str, list[dict[str, Any]]], events: list[dict[str, Any]]) -> dict[str, Any]:
    """What the dashboard makes of a snapshot and the events after it."""
    given = msgspec.json.encode({**before, "events": events})
    command: list[str | Path] = [NODE, "--disable-warning=ExperimentalWarning", FOLD]

    def run() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(command, input=given, capture_output=True, cwd=WEB, check=False)

    done = await asyncio.to_thread(run)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = msgspec.json.decode(done.stdout)
    return found


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two structures are not the same, a line each, but for what no event tells."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other} - UNTOLD, key=str)
        return [line for name in names for line in differences(one.get(name), other.get(name), f"{path}.{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            line for at, pair in enumerate(zip(one, other, strict=True)) for line in differences(*pair, f"{path}.{at}")
        ]
    if path.endswith(".unknownSince"):
        # Since it was heard last, which no event tells; that it is not known any more is what matters.
        one, other = one is not None, other is not None
    return [] if one == other else [f"{path}: {one!r} is not {other!r}"]


async def events_since(caller: Caller, cursor: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = await caller.get("/events", params={"cursor": cursor, "limit": 500})
        found += page["items"]
        cursor = page["next"]
        if not page["more"]:
            return found


async def a_life(there: Driver) -> None:
    """A session with all that can befall it, and a fault afterwards."""
    await there.connector("Charging", "Occupied", 10)
    await there.meter(2500, 60)
    await there.connector("SuspendedEV", "Occupied", 70)
    await there.stop(CARD, 4000, 120)
    await there.connector("Faulted", "Faulted", 130)
    await there.connector("Available", "Available", 140)


@pytest.mark.parametrize("version", [V16, V201, V21], ids=lambda version: version.name)
async def test_a_snapshot_and_the_events_after_it_come_to_the_next_snapshot(
    dashboard: Dashboard, version: Version
) -> None:
    platform = dashboard.system.platform
    identity = f"FOLDED-{version.name}"
    if not (await platform.get("/tokens", params={"search": CARD}))["items"]:
        await platform.post("/tokens", {"value": CARD, "kind": "ISO14443"})
    await add(platform, identity)
    url = f"ws://127.0.0.1:{dashboard.system.csms.port}/ocpp"
    async with station(url, identity, version) as there:
        await there.boot()
        await there.connector("Available", "Available")
        await there.start(CARD, 1000)
        # The cursor first: what happens between the two is in both, and folding it again changes nothing.
        cursor = (await platform.get("/events", params={"limit": 1}))["next"]
        before = await snapshot(platform)
        await a_life(there)
    await dashboard.settled(identity, connected=False)
    between = told(await snapshot(platform))
    first = told(await folded(before, await events_since(platform, cursor)))
    assert not (found := differences(first, between)), found
    # And back again.
    async with station(url, identity, version) as there:
        await there.boot(reason="PowerUp")
        await there.connector("Available", "Available", 200)
        after = told(await snapshot(platform))
        second = told(await folded(before, await events_since(platform, cursor)))
        assert not (found := differences(second, after)), found
    assert differences(told(before), between), "nothing has happened"
