"""Certification cases of 2.0.1, block P: what vendors say beyond the specification."""

from __future__ import annotations

import pytest

from forecourt.ocpp.versions import Version
from tests.journeys.cases.tool2 import in_both_versions, station2
from tests.journeys.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="module"), in_both_versions]

CUSTOM = {"vendor_id": "org.example.nobody", "colour": "green"}


async def test_TC_P_02_CSMS_data_of_a_vendor_nobody_handles_is_not_accepted(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        answer = await cs.tool.say("DataTransfer", vendor_id="org.example.nobody", message_id="hello")
        assert answer.status in {"UnknownVendorId", "UnknownMessageId", "Rejected"}


async def test_TC_P_03_CSMS_data_of_a_vendor_inside_a_message_does_not_hurt(site: Site, version: Version) -> None:
    async with station2(site, version) as cs:
        said = {"timestamp": cs.tool.now(), "connector_status": "Occupied", "evse_id": 1, "connector_id": 1}
        await cs.tool.say("StatusNotification", **said, custom_data=CUSTOM)
        assert (1, 1, "Occupied") in await cs.tool.connectors()
        await cs.session.event("CablePluggedIn", state="EVConnected", custom=CUSTOM)
        await cs.session.goes_on("EVConnected", verdict="")
        kept = "SELECT count(*) FROM message_log WHERE station_id = :key AND request LIKE '%org.example.nobody%'"
        await site.until(kept, [(2,)], key=cs.tool.known.key)
