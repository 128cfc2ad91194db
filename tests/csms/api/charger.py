"""Stations of these tests: added through the API, connected by the PyPI package `ocpp`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from forecourt.ocpp.versions import V16, Version
from tests.csms.api.system import Caller, System
from tests.journeys.driver import Driver, answer, station
from tests.journeys.site import PASSWORD


async def add(caller: Caller, wire_id: str = "CP", **more: Any) -> dict[str, Any]:
    """A new station, with `PASSWORD`."""
    made: dict[str, Any] = await caller.post("/stations", {"stationId": wire_id, "password": PASSWORD, **more})
    return made


@asynccontextmanager
async def connected(
    system: System, wire_id: str = "CP", version: Version = V16, answers: Mapping[str, Callable[[], Any]] | None = None
) -> AsyncGenerator[Driver, None]:
    """The station, connected and booted. It accepts resets unless it is told to answer otherwise."""
    known = {"Reset": answer(version, "Reset", status="Accepted"), **(answers or {})}
    async with station(f"ws://127.0.0.1:{system.port}/ocpp", wire_id, version, known) as driver:
        assert (await driver.boot()).status == "Accepted"
        yield driver
