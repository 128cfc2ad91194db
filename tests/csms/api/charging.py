"""Sessions at stations of these tests, driven by the PyPI package `ocpp`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from forecourt.csms.stations.model import SiteKey, Station
from forecourt.ocpp.versions import V16, Version
from tests.csms.api.system import System
from tests.journeys.driver import Driver, answer, station
from tests.journeys.site import CARD, Site


async def announced(system: System, wire_id: str = "CP-1", *, site: int | None = None) -> Station:
    """A station that exists, on a site if one is named."""
    known = await Site(system.csms).announce(wire_id)
    if site is not None:
        async with system.csms.store.work() as work:
            await (await work.sql()).exec_driver_sql(f"UPDATE station SET site_id = {site} WHERE id = {known.key}")
        known.site = SiteKey(site)
    return known


@asynccontextmanager
async def connected(
    system: System,
    wire_id: str = "CP-1",
    version: Version = V16,
    answers: Mapping[str, Callable[[], Any]] | None = None,
) -> AsyncGenerator[Driver, None]:
    """The station, connected and booted. It agrees to stop what it is asked to stop."""
    stopping = "RemoteStopTransaction" if version is V16 else "RequestStopTransaction"
    # A new card has the station asked for its local list; what the package does not answer at all holds up the next question.
    said = {"list_version": -1} if version is V16 else {"version_number": 0}
    known = {
        stopping: answer(version, stopping, status="Accepted"),
        "GetLocalListVersion": answer(version, "GetLocalListVersion", **said),
        "SendLocalList": answer(version, "SendLocalList", status="Accepted"),
        **(answers or {}),
    }
    async with station(f"ws://127.0.0.1:{system.port}/ocpp", wire_id, version, known) as driver:
        assert (await driver.boot()).status == "Accepted"
        yield driver


async def card(system: System, value: str = CARD) -> None:
    """A driver's card."""
    await Site(system.csms).hand_out(value)
