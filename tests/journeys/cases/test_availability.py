"""Certification cases of 2.0.1, block G: stations, EVSEs and connectors in and out of use."""

from __future__ import annotations

from typing import Any

import pytest

from forecourt.csms.blocks.availability.model import ChangeAvailability
from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool import ACCEPTED, RUNNING
from tests.journeys.cases.tool2 import Tool2, in_both_versions, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

STATION: tuple[()] = ()
EVSE = (1,)
CONNECTOR = (1, 1)

Place = tuple[int, ...]


def worded(place: Place) -> dict[str, Any]:
    """A place as the question must name it; what is not meant must be left out."""
    names = dict(zip(("id", "connector_id"), place, strict=False))
    return {"evse": names} if names else {}


async def changed(cs: Tool2, place: Place, *, operative: bool) -> None:
    """The operator takes a place in or out of use; the station does so at once and tells it."""
    cs.tool.answers["ChangeAvailability"] = {"status": "Accepted"}
    asked = await cs.tool.ordered(ChangeAvailability(operative, *place), "ChangeAvailability")
    word = "Operative" if operative else "Inoperative"
    assert asked == ({"operational_status": word, **worded(place)}, ACCEPTED, "Accepted")
    for evse_id in (1, 2) if place == STATION else (1,):
        await cs.status("Available" if operative else "Unavailable", evse_id)


async def test_TC_G_03_CSMS_an_evse_out_of_use(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await changed(cs, EVSE, operative=False)


async def test_TC_G_04_CSMS_an_evse_in_use_again(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await changed(cs, EVSE, operative=False)
        await changed(cs, EVSE, operative=True)


async def test_TC_G_05_CSMS_a_station_out_of_use(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await changed(cs, STATION, operative=False)


async def test_TC_G_06_CSMS_a_station_in_use_again(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await changed(cs, STATION, operative=False)
        await changed(cs, STATION, operative=True)


async def test_TC_G_07_CSMS_a_connector_out_of_use(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await changed(cs, CONNECTOR, operative=False)


async def test_TC_G_08_CSMS_a_connector_in_use_again(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await changed(cs, CONNECTOR, operative=False)
        await changed(cs, CONNECTOR, operative=True)


async def scheduled(cs: Tool2, place: Place) -> None:
    """While it charges, the operator takes a place out of use; the station will do so when the transaction is over."""
    await cs.all_connectors("Available")
    await cs.session.energy_transfer()
    cs.tool.answers["ChangeAvailability"] = {"status": "Scheduled"}
    asked = await cs.tool.ordered(ChangeAvailability(False, *place), "ChangeAvailability")
    assert asked == ({"operational_status": "Inoperative", **worded(place)}, RUNNING, "Scheduled")


async def over(cs: Tool2) -> None:
    """The transaction ends, the connector is out of use, and only now the command is finished."""
    await cs.session.ev_connected_post()
    await cs.session.ev_disconnected()
    status = "SELECT status FROM command WHERE station_id = :key AND kind = 'ChangeAvailability'"
    assert await cs.tool.site.rows(status, key=cs.tool.known.key) == [("running",)]
    await cs.status("Unavailable")
    await cs.tool.site.until(status, [("finished",)], key=cs.tool.known.key)


async def test_TC_G_11_CSMS_an_evse_out_of_use_after_its_transaction(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await scheduled(cs, EVSE)
        await over(cs)


async def test_TC_G_14_CSMS_a_station_out_of_use_after_its_transaction(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await scheduled(cs, STATION)
        await cs.status("Unavailable", 2)
        await over(cs)


async def test_TC_G_17_CSMS_a_connector_out_of_use_after_its_transaction(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await scheduled(cs, CONNECTOR)
        await over(cs)


async def test_TC_G_20_CSMS_a_lock_that_fails_is_on_record(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        await cs.booted()
        await cs.notify({"name": "ConnectorPlugRetentionLock"}, "Problem", "true")
        # G05.FR.03: what no block keeps in rows of its own is in the log of messages.
        logged = (
            "SELECT count(*) FROM message_log WHERE station_id = :key AND action = 'NotifyEvent'"
            " AND request LIKE '%ConnectorPlugRetentionLock%'"
        )
        await site.until(logged, [(1,)], key=cs.tool.known.key)
